// SPDX-License-Identifier: BSD-3-Clause
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <vfiod/plugin.h>

#include "../backend/device.h"
#include "log.h"

#define LINE_MAX_BYTES 1024

/* Set before there are clients. */
static int max_level = LOG_LEVEL_WARNING;
static bool journal;
static bool use_syslog;

void log_set_level(enum log_level level)
{
	max_level = level;
	journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_to_syslog(void)
{
	openlog("vfiod", LOG_PID, LOG_DAEMON);
	use_syslog = true;
}

/* One write(2) a line, so that lines of several threads do not mix. */
static void log_line(int level, const char *prefix, const char *fmt,
		     va_list args)
{
	char line[LINE_MAX_BYTES];
	size_t n = 0;
	int len;

	if (level > max_level)
		return;
	if (journal)
		n += snprintf(line, sizeof(line), "<%d>", level);
	n += snprintf(line + n, sizeof(line) - n, "vfiod: %s", prefix);
	if (n > sizeof(line) / 2)
		n = sizeof(line) / 2;
	len = vsnprintf(line + n, sizeof(line) - n - 1, fmt, args);
	if (len > 0)
		n += len;
	if (n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	if (use_syslog) {
		line[n] = '\0';
		syslog(level, "%s", line + strlen("vfiod: "));
		return;
	}
	line[n++] = '\n';
	/* There is nobody to tell that stderr is gone. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

void vfio_log(int level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(level, "", fmt, args);
	va_end(args);
}

void vfiod_log(struct vfio_device *vdev, enum vfiod_log_level level,
	       const char *fmt, ...)
{
	char prefix[128];
	va_list args;

	snprintf(prefix, sizeof(prefix), "%s: %s: ", vdev->plugin->name,
		 vdev->name);
	va_start(args, fmt);
	log_line(level, prefix, fmt, args);
	va_end(args);
}
