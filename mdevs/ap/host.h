/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine that the devices divide among them: which queues there are,
 * which ones the host keeps, and that no two devices have the same. The
 * kernel's matrix_dev.
 */
#ifndef MDEVS_AP_HOST_H
#define MDEVS_AP_HOST_H

#include <sys/queue.h>

#include "matrix.h"

/* Devices that there can be: the kernel's MAX_ZDEV_ENTRIES_EXT. */
#define AP_MAX_DEVICES 256U
/* The adapter that the host's own drivers have, in all domains. */
#define AP_HOST_ADAPTER 0U

/* A device's part. */
struct ap_share {
	LIST_ENTRY(ap_share) next;
	struct ap_matrix matrix; /* changed by host.c only */
};

/* -ENOSPC: there are too many. */
int ap_host_join(struct ap_share *share);
void ap_host_leave(struct ap_share *share);
unsigned int ap_host_room(void);

struct ap_matrix ap_host_get(const struct ap_share *share);

/*
 * Give the device @matrix instead of what it has: 0, or, and nothing is
 * changed, EADDRNOTAVAIL (a queue is the host's), EADDRINUSE (or another
 * device's), ENODEV (a number is too large), in this order.
 */
int ap_host_set(struct ap_share *share, const struct ap_matrix *matrix);

#endif
