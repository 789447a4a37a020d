/* SPDX-License-Identifier: BSD-3-Clause */
/* The fd table of a client's thread. Any thread of ours. */
#ifndef VFIOD_DAEMON_CLIENT_FD_H
#define VFIOD_DAEMON_CLIENT_FD_H

#include <stdbool.h>
#include <sys/types.h>

struct stat;

/*
 * The file that has number @fd in thread @tid, as an fd of ours, O_CLOEXEC:
 * -EBADF if it has none, or one opened with O_PATH; -EPERM, -ESRCH, -EMFILE.
 */
int client_fd(pid_t tid, int fd);

/*
 * What is known of that file without opening it or asking whoever serves it:
 * st_dev, st_ino, st_mode and st_rdev of @st are filled in. -EBADF; -EACCES
 * for a process that made itself undumpable.
 */
int client_fd_stat(pid_t tid, int fd, struct stat *st);

/*
 * Was it opened below @dir, by a path of ours? Nobody at all is asked, not even
 * its file system; any file can have such a path, though.
 */
bool client_fd_is_below(pid_t tid, int fd, const char *dir);

/* Was it opened with O_PATH? To most calls, ioctl(2) too, it is no fd then. */
bool client_fd_is_path(pid_t tid, int fd);

/* Is a number left below its RLIMIT_NOFILE? 0, -EMFILE. */
int client_fd_check_room(pid_t tid);

#endif
