/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interrupts of a device that are declared in its type's table: what
 * the client has set by SET_IRQS, and their delivery. The rules are
 * vfio-pci's (drivers/vfio/pci/vfio_pci_intrs.c).
 */
#ifndef VFIOD_BACKEND_IRQ_H
#define VFIOD_BACKEND_IRQ_H

#include <stdbool.h>
#include <stdint.h>

struct vfio_device;
struct vfio_irqs;

/* NULL for ENOMEM. One lock inside, a leaf: it is taken inside all others. */
struct vfio_irqs *vfio_irqs_create(const struct vfio_device *vdev);
void vfio_irqs_destroy(struct vfio_irqs *irqs);

/* VFIO_DEVICE_SET_IRQS; @arg is the client's address of the structure. */
int vfio_irqs_set(struct vfio_irqs *irqs, uint64_t arg);
/* The device was closed: everything off, all eventfds given back. */
void vfio_irqs_disable(struct vfio_irqs *irqs);

/* How many vectors of @index, an INTx or MSI one, are in use: 0 for none. */
unsigned int vfio_irqs_vectors(struct vfio_irqs *irqs, unsigned int index);
/* The client's INTx disable bit: while it is set, INTx stays masked. */
void vfio_irqs_disable_intx(struct vfio_irqs *irqs, bool disabled);
/*
 * vfio_pci_intx_mask(), vfio_pci_intx_unmask(): INTx as if by the client; true
 * if it is in use and was not masked. A line that is up when INTx is unmasked
 * is delivered.
 */
bool vfio_irqs_mask_intx(struct vfio_irqs *irqs);
void vfio_irqs_unmask_intx(struct vfio_irqs *irqs);
/*
 * The client's bit to enable messages, written while they are in use: without
 * it the device sends none, until they are set up anew.
 */
void vfio_irqs_disable_messages(struct vfio_irqs *irqs, bool disabled);
/* Does the device send messages of @index, MSI or MSI-X? */
bool vfio_irqs_sends(struct vfio_irqs *irqs, unsigned int index);
/* Is the INTx line up? */
bool vfio_irqs_line_is_up(struct vfio_irqs *irqs);

/* vfiod_irq_trigger(), vfiod_irq_line(). */
int vfio_irqs_trigger(struct vfio_irqs *irqs, unsigned int index,
		      unsigned int vector);
int vfio_irqs_line(struct vfio_irqs *irqs, unsigned int index, bool up);

#endif
