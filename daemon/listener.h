/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls that the seccomp filter of `vfiod run` reports. */
#ifndef VFIOD_DAEMON_LISTENER_H
#define VFIOD_DAEMON_LISTENER_H

struct daemon;
struct heir;

/*
 * Take one and see to it; @heir is told. On the main thread, when @fd is
 * readable.
 */
void listener_serve(struct daemon *daemon, int fd, const struct heir *heir);

#endif
