/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The EDID region: registers of VFIO (struct vfio_region_gfx_edid) by which
 * the client says what monitor the guest has, and the EDID. The owner locks.
 */
#ifndef VGPU_EDID_H
#define VGPU_EDID_H

#include <stdbool.h>
#include <stdint.h>

#include <vfiod/plugin.h>

#define VGPU_EDID_SIZE 128
#define VGPU_EDID_OFFSET 2048

struct vgpu_edid {
	struct vfio_region_gfx_edid regs;
	uint8_t blob[VGPU_EDID_SIZE];
};

/* A monitor of that resolution: 1024x768 or 1920x1200. */
void vgpu_edid_init(struct vgpu_edid *edid, unsigned int xres,
		    unsigned int yres);
/*
 * One access to the region. 0; -EINVAL: outside, not a whole register, or a
 * value that cannot be; -EPERM: a register that is read-only.
 */
int vgpu_edid_access(struct vgpu_edid *edid, uint64_t offset, void *buf,
		     unsigned int len, bool write);

#endif
