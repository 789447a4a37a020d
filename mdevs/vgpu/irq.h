/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts: one MSI. The rules of SET_IRQS are kvmgt's, not those of
 * vfiod's tables. struct vgpu's lock guards it.
 */
#ifndef VGPU_IRQ_H
#define VGPU_IRQ_H

#include <stdint.h>

#include <vfiod/plugin.h>

struct vgpu;

struct vgpu_irq {
	struct vfio_eventfd *msi; /* NULL: none is set */
};

/*
 * SET_IRQS with the address of its argument, in the context of that ioctl;
 * takes the lock.
 */
long vgpu_irq_set(struct vgpu *vgpu, uint64_t arg);

/* These with the lock held. */
void vgpu_irq_release(struct vgpu_irq *irq);
/* An engine has an interrupt: @bit of group 0. */
void vgpu_irq_raise(struct vgpu *vgpu, uint32_t bit);
/* The MSI, when an interrupt is pending and all switches are on. */
void vgpu_irq_update(struct vgpu *vgpu);

#endif
