/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmap of devices for clients of `vfiod run`, where there is no FUSE
 * passthrough: the seccomp filter reports it, and the client is made to map
 * the device's memory.
 */
#ifndef VFIOD_DAEMON_DEVICE_MAP_H
#define VFIOD_DAEMON_DEVICE_MAP_H

struct daemon;
struct handover_notif;

/*
 * The mmap @n has come to the listener: let it go on if it is of something
 * else, else answer it on a thread of its own. On the main thread: all that
 * maps files comes by here, and none of it may ask our own mount.
 */
void device_map(struct daemon *daemon, int listener,
		const struct handover_notif *n);

#endif
