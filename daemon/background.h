/* SPDX-License-Identifier: BSD-3-Clause */
/* Going to the background once all is ready. */
#ifndef VFIOD_DAEMON_BACKGROUND_H
#define VFIOD_DAEMON_BACKGROUND_H

/*
 * Fork while single-threaded: the child returns an fd for
 * background_ready(), or a negative errno; the parent ends with the status
 * that the child ends with before it is ready, or with 0 once it is.
 */
int background_start(void);

/* Tell the parent; leave the terminal; log to syslog from now on. */
void background_ready(int fd);

#endif
