/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interrupt state of a device, between irq.c (life, delivery) and
 * irq_set.c (what SET_IRQS does to it).
 */
#ifndef VFIOD_BACKEND_IRQ_STATE_H
#define VFIOD_BACKEND_IRQ_STATE_H

#include <pthread.h>

#include <vfiod/plugin.h>

#include "host.h"
#include "irq.h"

#define VFIO_IRQ_NONE (-1)

struct vfio_irqs {
	const struct vfiod_type *type;
	/*
	 * One SET_IRQS at a time, the kernel's igate; outside lock. An unmask
	 * watch is set and ended under it alone, since its callback takes
	 * lock.
	 */
	pthread_mutex_t set_lock;
	struct vfio_eventfd *unmask; /* set_lock */
	/* A leaf: guards the rest. Changed only with set_lock held too. */
	pthread_mutex_t lock;
	int active; /* the INTX or MSI index in use, or VFIO_IRQ_NONE */
	unsigned int nr_vectors; /* an MSI index: allocated so far */
	bool masked; /* INTx; changed by delivery and unmask alone */
	bool intx_disabled; /* changed by the device alone */
	bool line; /* INTx is up; changed by the device alone */
	bool messages_off; /* by the client, since MSI is in use */
	struct vfio_eventfd ***triggers; /* [index][vector], NULL: none */
};

/* Replace one trigger by @eventfd, which may be NULL, and drop the old. */
void vfio_irq_replace(struct vfio_irqs *irqs, unsigned int index,
		      unsigned int vector, struct vfio_eventfd *eventfd);
/* Signal a trigger if it is set, whatever the mask says. */
bool vfio_irq_signal(struct vfio_irqs *irqs, unsigned int index,
		     unsigned int vector);
/* Turn off the active index. set_lock is held. */
void vfio_irq_disable_active(struct vfio_irqs *irqs);
void vfio_irq_mask(struct vfio_irqs *irqs);
/* A line that is still up is delivered again. */
void vfio_irq_unmask(struct vfio_irqs *irqs);

#endif
