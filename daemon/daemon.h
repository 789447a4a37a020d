/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The running daemon: what all its parts share. One object, made by main.c,
 * given to whoever needs it.
 */
#ifndef VFIOD_DAEMON_DAEMON_H
#define VFIOD_DAEMON_DAEMON_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "../backend/driver.h"
#include "account.h"
#include "closing.h"
#include "eventfd.h"
#include "ticket.h"

struct cuse_front;
struct event_base;
struct file;
struct fuse_front;
struct mm_table;
struct options;
struct plugins;

struct daemon {
	const struct options *options;
	struct event_base *base; /* the main thread's event loop */
	struct mm_table *mms;
	struct eventfds eventfds;
	struct account account;
	struct tickets tickets;
	struct closing closing;
	pthread_mutex_t files_lock; /* a leaf; guards the list */
	LIST_HEAD(, file) files; /* all that are open */
	struct devices *devices;
	struct vfio_iommu_drivers drivers; /* constant once devices are made */
	struct cuse_front *cuse; /* /dev/vfio of the service; else NULL */
	struct fuse_front *fuse; /* /dev/vfio in run mode; device files */
	/* Where clients find the device files, a directory. */
	const char *device_dir;
	atomic_uint jobs; /* threads of fd_job.h right now */
	/* Clients descend from this process: `vfiod run`. */
	bool is_run;
	/* They have the filter of handover_filter_install() besides. Set
	 * once, while the first of them is being started. */
	atomic_bool hooked;
};

/* 0, or a negative errno with one line in @why (@size bytes). */
int daemon_init(struct daemon *daemon, const struct options *options, char *why,
		size_t size);
/*
 * Make the devices that the options ask for, and register the IOMMU drivers
 * that can serve them. 0 or a negative errno, with a line in @why.
 */
int daemon_make_devices(struct daemon *daemon, struct plugins *plugins,
			char *why, size_t size);
/* After the front ends have ended, and all their threads. */
void daemon_fini(struct daemon *daemon);

#endif
