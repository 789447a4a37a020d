/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device's polls: its plugin's functions that look at memory which clients
 * have mapped (include/vfiod/plugin.h).
 */
#ifndef VFIOD_DAEMON_POLL_H
#define VFIOD_DAEMON_POLL_H

struct pager;
struct vfiod_polls;

/* Those of a device that is about to be made; NULL for ENOMEM. */
struct vfiod_polls *polls_create(struct pager *pager);
/*
 * After the plugin's release, between events_stop() and events_destroy(): free
 * what it has left of device @name, and say so.
 */
void polls_destroy(struct vfiod_polls *polls, const char *name);

#endif
