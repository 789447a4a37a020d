/* SPDX-License-Identifier: BSD-3-Clause */
/* The interrupts: I/O, channel report, request; an eventfd each. */
#ifndef MDEVS_CCW_IRQ_H
#define MDEVS_CCW_IRQ_H

#include <pthread.h>

#include <vfiod/plugin.h>

struct ccw_irqs {
	pthread_mutex_t lock; /* guards what follows; a leaf */
	struct vfio_eventfd *trigger[VFIO_CCW_NUM_IRQS];
};

/* False: the client has set none. */
bool ccw_irq_signal(struct ccw_irqs *irqs, unsigned int index);
/* Take all away. */
void ccw_irqs_drop(struct ccw_irqs *irqs);
/* VFIO_DEVICE_SET_IRQS (vfio_ccw_mdev_set_irqs()). */
long ccw_irqs_set(struct ccw_irqs *irqs, uint64_t arg);

#endif
