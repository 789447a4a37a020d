/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of a device, and what the files of the plugin share. */
#ifndef MDEVS_CCW_CCW_H
#define MDEVS_CCW_CCW_H

#include <pthread.h>

#include <linux/vfio_ccw.h>
#include <vfiod/plugin.h>

#include "irq.h"
#include "program.h"
#include "subchannel.h"

#define CCW_OFFSET_SHIFT 10

/* The indices of the regions that vfio-ccw adds when it is opened. */
enum {
	CCW_ASYNC_REGION_INDEX = VFIO_CCW_NUM_REGIONS,
	CCW_SCHIB_REGION_INDEX,
	CCW_CRW_REGION_INDEX,
	CCW_NUM_REGIONS,
};

enum ccw_state {
	CCW_STANDBY, /* not open */
	CCW_IDLE,
	CCW_PENDING, /* program is loaded, and its status has not come */
};

/* Channel reports that have not been read; what is too much is dropped. */
#define CCW_MAX_REPORTS 16
struct ccw_reports {
	unsigned int first, nr;
	uint32_t crw[CCW_MAX_REPORTS];
};

struct vfio_ccw {
	struct subchannel sch;
	struct ccw_irqs irqs;
	/* Guards what follows; the kernel's io_mutex. The locks of sch and
	 * irqs are inside. */
	pthread_mutex_t io_lock;
	enum ccw_state state;
	struct program program;
	struct ccw_io_region io;
	struct ccw_cmd_region cmd;
	struct ccw_reports reports;
};

/*
 * fsm.c: the state machine. All but the interrupt with io_lock held. The
 * errno is what the kernel leaves in the ret_code of a region.
 */
int ccw_fsm_io_request(struct vfio_ccw *ccw);
int ccw_fsm_async_request(struct vfio_ccw *ccw);
void ccw_fsm_open(struct vfio_ccw *ccw);
/* All that runs is halted, all pages are unpinned. True: the client is to be
 * told by the I/O interrupt, when io_lock is free again. */
bool ccw_fsm_close(struct vfio_ccw *ccw);
/* subchannel_init()'s interrupt; @arg is the struct vfio_ccw. */
void ccw_fsm_interrupt(void *arg);

/* regions.c: the read and write ops. */
ssize_t ccw_read(struct vfio_device *vdev, void *buf, size_t count,
		 uint64_t pos);
ssize_t ccw_write(struct vfio_device *vdev, const void *buf, size_t count,
		  uint64_t pos);

/*
 * report.c: channel reports, and the file by which a path is taken away and
 * given back.
 */
uint32_t ccw_report_take(struct ccw_reports *reports);
ssize_t ccw_path_show(struct vfio_device *vdev, char *buf, size_t size);
ssize_t ccw_path_store(struct vfio_device *vdev, const char *buf, size_t size);

#endif
