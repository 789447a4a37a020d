/* SPDX-License-Identifier: BSD-3-Clause */
/* The registers of BAR0. struct vgpu's lock guards them. */
#ifndef VGPU_MMIO_H
#define VGPU_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "gm.h"

struct vgpu;

struct vgpu_mmio {
	uint32_t *regs; /* by offset / 4 */
};

/* 0 or -ENOMEM; the registers as after a reset. */
int vgpu_mmio_init(struct vgpu_mmio *mmio, const struct vgpu_gm *gm);
void vgpu_mmio_fini(struct vgpu_mmio *mmio);
void vgpu_mmio_reset(struct vgpu_mmio *mmio, const struct vgpu_gm *gm);

/* A register as it is kept, without what an access to it does. */
uint32_t vgpu_mmio_get(const struct vgpu_mmio *mmio, unsigned int reg);
void vgpu_mmio_put(struct vgpu_mmio *mmio, unsigned int reg, uint32_t value);

/*
 * An access of a client, of 1, 2, 4 aligned bytes at @offset of BAR0; in the
 * GTT also of 8. Takes the lock. 0; -EFAULT: there is nothing; -ENOMEM: the
 * engine cannot be started.
 */
int vgpu_mmio_access(struct vgpu *vgpu, uint64_t offset, void *buf,
		     unsigned int len, bool write);

#endif
