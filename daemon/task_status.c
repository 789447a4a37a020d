// SPDX-License-Identifier: BSD-3-Clause
#include "task_status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_SIZE 8192

static int read_status(pid_t tid, char *buf, size_t size)
{
	char path[40] = "/proc/thread-self/status";
	ssize_t n;
	int fd;

	if (tid)
		snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ESRCH ? -ESRCH : -errno;
	/* One read gives all of it: the file is made whole at that moment. */
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	buf[n] = '\0';
	return 0;
}

/* What follows the field's name, or NULL. */
static const char *find(const char *buf, const char *field)
{
	size_t len = strlen(field);
	const char *line;

	for (line = strchr(buf, '\n'); line; line = strchr(line, '\n')) {
		line++;
		if (strncmp(line, field, len) == 0)
			return line + len;
	}
	return NULL;
}

int task_status_number(pid_t tid, const char *field, long *value)
{
	char buf[STATUS_SIZE];
	const char *text;
	int rc;

	rc = read_status(tid, buf, sizeof(buf));
	if (rc < 0)
		return rc;
	text = find(buf, field);
	if (!text)
		return -ENODATA;
	*value = strtol(text, NULL, 10);
	return 0;
}

bool task_is_dead(pid_t tid)
{
	char buf[STATUS_SIZE];
	const char *state;

	if (read_status(tid, buf, sizeof(buf)) < 0)
		return true;
	state = find(buf, "State:\t");
	return state && (*state == 'Z' || *state == 'X');
}
