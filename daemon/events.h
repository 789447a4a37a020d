/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The event loops of devices: timers and watched fds of plugins
 * (include/vfiod/plugin.h), on one thread for each device that has any.
 */
#ifndef VFIOD_DAEMON_EVENTS_H
#define VFIOD_DAEMON_EVENTS_H

struct vfiod_events;

/*
 * End a device's loop, and free what is left on it. After the plugin's
 * release. NULL is allowed: a device without a loop.
 */
void events_destroy(struct vfiod_events *events);

#endif
