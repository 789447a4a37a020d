/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The subchannel: takes functions (start, halt, clear), executes programs on
 * the device's thread, and has a status when it is done. The errnos are what
 * vfio-ccw makes of the condition codes.
 */
#ifndef MDEVS_CCW_SUBCHANNEL_H
#define MDEVS_CCW_SUBCHANNEL_H

#include <pthread.h>

#include <vfiod/plugin.h>
#include <linux/vfio_ccw.h>

#include "execute.h"

#define SUBCHANNEL_CHPID 0x10 /* of its only channel path */

struct subchannel {
	struct vfiod_timer *timer;
	void (*interrupt)(void *arg);
	void *arg;
	struct disk disk;
	/* Guards what follows, the disk and what is executed on it. Inside
	 * struct vfio_ccw's io_lock. */
	pthread_mutex_t lock;
	bool path; /* is there a way to the device? */
	bool running;
	struct execution execution; /* while it runs */
	bool pending; /* a status has not been fetched yet */
	struct scsw status; /* the last one */
};

/*
 * Called by the subchannel's timer when a status is pending, without a lock:
 * @interrupt fetches it. 0, or an errno of disk_open() or ENOMEM.
 */
int subchannel_init(struct subchannel *sch, struct vfio_device *vdev,
		    const char *path, void (*interrupt)(void *arg), void *arg);
void subchannel_fini(struct subchannel *sch);

/*
 * EBUSY: something runs, or a status is pending; ENODEV: no path. @program has
 * to stay until the status has been fetched, or it has been quiesced.
 */
int subchannel_start(struct subchannel *sch, const struct program *program);
/* EBUSY: a status is pending; ENODEV. */
int subchannel_halt(struct subchannel *sch);
int subchannel_clear(struct subchannel *sch);

/*
 * After this nothing runs, and no program is looked at: what ran was halted.
 * A status may be pending.
 */
void subchannel_quiesce(struct subchannel *sch);

/* Take the pending status: an interruption-response block (IRB). */
bool subchannel_fetch_status(struct subchannel *sch,
			     uint8_t irb[IRB_AREA_SIZE]);
/* The subchannel-information block. */
void subchannel_store(struct subchannel *sch, uint8_t schib[SCHIB_AREA_SIZE]);

/* The path comes or goes; what runs is halted. False: it is so already. */
bool subchannel_set_path(struct subchannel *sch, bool path);
bool subchannel_has_path(struct subchannel *sch);

#endif
