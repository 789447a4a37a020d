/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The event loops of devices: timers and watched fds of plugins
 * (include/vfiod/plugin.h), on one thread for each device that has any.
 */
#ifndef VFIOD_DAEMON_EVENTS_H
#define VFIOD_DAEMON_EVENTS_H

struct vfiod_events;

/* The loop of a device that is about to be made; NULL for ENOMEM. */
struct vfiod_events *events_create(void);

/*
 * From now on its thread may run; until then the process stays
 * single-threaded, whatever plugins ask for. 0 or a negative errno.
 */
int events_start(struct vfiod_events *events);

/* No callback runs any more. Before the plugin's release. */
void events_stop(struct vfiod_events *events);

/* After release: free what it has left of device @name, and say so. */
void events_destroy(struct vfiod_events *events, const char *name);

#endif
