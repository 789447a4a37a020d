/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of a device, and what the files of the plugin share. */
#ifndef MDEVS_AP_AP_H
#define MDEVS_AP_AP_H

#include <pthread.h>

#include <vfiod/plugin.h>

#include "host.h"
#include "queue.h"

/* As in <linux/vfio.h> from Linux 6.3 on. */
enum {
	AP_REQ_IRQ_INDEX,
	AP_NUM_IRQS,
};

struct ap {
	/*
	 * Guards what follows; held over changes of the matrix and while
	 * pages are pinned and unpinned. host.c's lock is inside.
	 */
	pthread_mutex_t lock;
	struct ap_share share;
	struct ap_queues queues;
	struct vfio_eventfd *request; /* the REQ interrupt, or NULL */
};

/* The ioctl op. */
long ap_ioctl(struct vfio_device *vdev, unsigned int cmd, uint64_t arg);

/* guest.c: what a guest would do, through files. */
ssize_t ap_aqic_show(struct vfio_device *vdev, char *buf, size_t size);
ssize_t ap_aqic_store(struct vfio_device *vdev, const char *buf, size_t size);
ssize_t ap_reply_store(struct vfio_device *vdev, const char *buf, size_t size);

#define AP_NR_ATTRIBUTES 12
extern const struct vfiod_attribute ap_attributes[AP_NR_ATTRIBUTES];

#endif
