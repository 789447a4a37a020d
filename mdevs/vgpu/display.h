/* SPDX-License-Identifier: BSD-3-Clause */
/* What the guest displays: QUERY_GFX_PLANE and GET_GFX_DMABUF. */
#ifndef VGPU_DISPLAY_H
#define VGPU_DISPLAY_H

#include <stdint.h>

struct vgpu;

/* Both in the context of the ioctl, with its argument. */
long vgpu_display_query(struct vgpu *vgpu, uint64_t arg);
long vgpu_display_get_dmabuf(struct vgpu *vgpu, uint64_t arg);

#endif
