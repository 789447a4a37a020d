/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests to our own FUSE mount. A thread that waits for the answer to a
 * request cannot be killed once the request has been read. Were it to share
 * the fd of /dev/fuse, a SIGKILL would leave it waiting for a server that has
 * died, and the connection open because it waits. So whatever opens, asks or
 * closes a file that may be ours runs on a thread with an fd table of its
 * own, which starts out with stdin, stdout and stderr only: the connection
 * then goes with the other threads, and with it the wait. Nothing else may
 * run there, for what it opened would be gone with the thread.
 */
#ifndef VFIOD_DAEMON_ASIDE_H
#define VFIOD_DAEMON_ASIDE_H

/*
 * Run @fn on such a thread and wait until it returns. It must close what it
 * opens. 0 or a negative errno: no thread was to be had, @fn did not run.
 */
int aside_call(void (*fn)(void *arg), void *arg);

/*
 * A copy, on such a thread, of the fd that the other threads have under this
 * number: a new fd or a negative errno.
 */
int aside_take_fd(int fd);

#endif
