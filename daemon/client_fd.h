/* SPDX-License-Identifier: BSD-3-Clause */
/* The fd table of a client's thread. Any thread of ours. */
#ifndef VFIOD_DAEMON_CLIENT_FD_H
#define VFIOD_DAEMON_CLIENT_FD_H

#include <sys/types.h>

/*
 * The file that has number @fd in thread @tid, as an fd of ours, O_CLOEXEC:
 * -EBADF if it has none, or one opened with O_PATH; -EPERM, -ESRCH, -EMFILE.
 */
int client_fd(pid_t tid, int fd);

/* Is a number left below its RLIMIT_NOFILE? 0, -EMFILE. */
int client_fd_check_room(pid_t tid);

#endif
