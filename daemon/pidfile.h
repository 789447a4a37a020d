/* SPDX-License-Identifier: BSD-3-Clause */
/* That there is one service only: a locked file that holds its pid. */
#ifndef VFIOD_DAEMON_PIDFILE_H
#define VFIOD_DAEMON_PIDFILE_H

#include <sys/types.h>

#define PIDFILE_PATH "/run/vfiod.pid"

/*
 * Take it: an fd to keep open, or -EBUSY with the *@owner that has it, or
 * another negative errno. The lock is kept over fork(2).
 */
int pidfile_lock(pid_t *owner);
/* Write the pid of this process into it. 0 or a negative errno. */
int pidfile_write(int fd);
/* Give it back; the file goes. */
void pidfile_unlock(int fd);

#endif
