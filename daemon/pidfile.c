// SPDX-License-Identifier: BSD-3-Clause
#include "pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static pid_t read_pid(int fd)
{
	char text[16];
	ssize_t n;

	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return atoi(text);
}

int pidfile_lock(pid_t *owner)
{
	int fd, ret;

	fd = open(PIDFILE_PATH, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	ret = errno == EWOULDBLOCK ? -EBUSY : -errno;
	*owner = read_pid(fd);
	close(fd);
	return ret;
}

int pidfile_write(int fd)
{
	if (ftruncate(fd, 0) || dprintf(fd, "%d\n", getpid()) < 0)
		return -errno;
	return 0;
}

/* Removed before it is unlocked: who locks it next has it by its name. */
void pidfile_unlock(int fd)
{
	unlink(PIDFILE_PATH);
	close(fd);
}
