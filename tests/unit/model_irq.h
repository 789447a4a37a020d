/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the interrupt tests start from: an open device with interrupts like a
 * PCI device's, and a client with eventfds.
 */
#ifndef TESTS_UNIT_MODEL_IRQ_H
#define TESTS_UNIT_MODEL_IRQ_H

#include "model_rig.h"

/* The indices. MSI has 4 vectors, MSI-X 8, EMPTY none; ABSENT is not there. */
enum { INTX, MSI, MSIX, ERR, REQ, EMPTY, ABSENT, NR_IRQS };

#define NONE VFIO_IRQ_SET_DATA_NONE
#define BOOL VFIO_IRQ_SET_DATA_BOOL
#define FDS VFIO_IRQ_SET_DATA_EVENTFD
#define MASK VFIO_IRQ_SET_ACTION_MASK
#define UNMASK VFIO_IRQ_SET_ACTION_UNMASK
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER

#define IRQ_EVENTFDS 8

struct irq_rig {
	struct model m;
	struct host_eventfd *eventfds[IRQ_EVENTFDS];
	int fds[IRQ_EVENTFDS]; /* their numbers */
	int other_fd; /* no eventfd */
};

/* Teardown looks that the model has given back all eventfds. */
void irq_setup(struct irq_rig *r);
void irq_teardown(struct irq_rig *r);

/* SET_IRQS with as much of @data as @flags and @count say. */
int irq_set(struct irq_rig *r, uint32_t index, uint32_t flags, uint32_t start,
	    uint32_t count, const void *data);
/* The same by another thread: the structure is written to @at. */
int irq_set_at(struct vfio_device_file *file, uint64_t at,
	       const struct vfio_irq_set *header, const void *data);
/* Set the eventfd of an index's first interrupt; turn an index off. */
int irq_fd(struct irq_rig *r, uint32_t index, int fd);
int irq_off(struct irq_rig *r, uint32_t index);

/* What the device does. */
int irq_trigger(struct irq_rig *r, uint32_t index, uint32_t vector);
int irq_line(struct irq_rig *r, bool up);

/* Of eventfd @i: the signals since the last look; the model's references. */
uint64_t irq_came(struct irq_rig *r, int i);
unsigned int irq_refs(struct irq_rig *r, int i);

#endif
