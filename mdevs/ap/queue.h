/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The queues of a device, as far as they have interrupts enabled: each such
 * has its notification indicator byte (NIB) in a pinned page of the client.
 */
#ifndef MDEVS_AP_QUEUE_H
#define MDEVS_AP_QUEUE_H

#include <vfiod/plugin.h>

#include "matrix.h"

#define AP_MAX_ISC 7U

struct ap_queue {
	uint64_t nib; /* IOVA; 0: no interrupt */
	struct vfio_page *page; /* the pinned one with the NIB in it */
	unsigned int isc; /* the guest's interruption subclass */
};

struct ap_queues {
	struct vfio_device *vdev;
	struct ap_queue queue[AP_MAX_ADAPTER + 1][AP_MAX_DOMAIN + 1];
};

/*
 * vfio_ap_irq_enable(): pin the page of @nib, and let go of the one before.
 * 0, or EINVAL (@nib is 0, @isc too large), or what vfiod_pin_pages() says,
 * and then all is as it was.
 */
int ap_queue_enable(struct ap_queues *queues, struct ap_queue *queue,
		    uint64_t nib, unsigned int isc);
void ap_queue_disable(struct ap_queues *queues, struct ap_queue *queue);

/* A reply has come: set the NIB. EINVAL: its interrupt is not enabled. */
int ap_queue_notify(struct ap_queue *queue);

/* Disable those whose NIB is in the range; those that @matrix has not; all. */
void ap_queues_unmap(struct ap_queues *queues, uint64_t iova, uint64_t length);
void ap_queues_restrict(struct ap_queues *queues,
			const struct ap_matrix *matrix);
void ap_queues_reset(struct ap_queues *queues);

/* A line for each that is enabled: "02.0004 0x1000 3", as far as they fit. */
size_t ap_queues_show(const struct ap_queues *queues, char *buf, size_t size);

#endif
