// SPDX-License-Identifier: BSD-3-Clause
/* The log of the test host. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

#define LOG_LINES 64

static struct {
	pthread_mutex_t lock;
	unsigned int n; /* lines ever; the last LOG_LINES are kept */
	int level[LOG_LINES];
	char line[LOG_LINES][256];
} log_kept = { .lock = PTHREAD_MUTEX_INITIALIZER };

void vfio_log(int level, const char *fmt, ...)
{
	va_list args;
	unsigned int i;

	pthread_mutex_lock(&log_kept.lock);
	i = log_kept.n++ % LOG_LINES;
	log_kept.level[i] = level;
	va_start(args, fmt);
	vsnprintf(log_kept.line[i], sizeof(log_kept.line[i]), fmt, args);
	va_end(args);
	pthread_mutex_unlock(&log_kept.lock);
}

static unsigned int log_kept_lines(void)
{
	return log_kept.n < LOG_LINES ? log_kept.n : LOG_LINES;
}

unsigned int host_log_count(int level)
{
	unsigned int n = 0;

	pthread_mutex_lock(&log_kept.lock);
	for (unsigned int i = 0; i < log_kept_lines(); i++)
		n += log_kept.level[i] == level;
	pthread_mutex_unlock(&log_kept.lock);
	return n;
}

bool host_log_has(const char *text)
{
	bool found = false;

	pthread_mutex_lock(&log_kept.lock);
	for (unsigned int i = 0; i < log_kept_lines(); i++)
		found |= strstr(log_kept.line[i], text) != NULL;
	pthread_mutex_unlock(&log_kept.lock);
	return found;
}

void host_log_clear(void)
{
	pthread_mutex_lock(&log_kept.lock);
	log_kept.n = 0;
	pthread_mutex_unlock(&log_kept.lock);
}
