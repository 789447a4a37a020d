/* SPDX-License-Identifier: BSD-3-Clause */
/* The OpRegion: what Intel's firmware tells its graphics driver. Constant. */
#ifndef VGPU_OPREGION_H
#define VGPU_OPREGION_H

#include <stdint.h>

#define VGPU_OPREGION_SIZE 8192

/* 0, or -EINVAL: over the end. */
int vgpu_opregion_read(uint64_t offset, void *buf, unsigned int len);

#endif
