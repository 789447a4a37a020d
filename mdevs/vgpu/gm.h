/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the vGPUs of the one physical GPU share: its graphics memory (4 GiB of
 * addresses, of which the first are the aperture), its fence registers, the
 * numbers of the vGPUs. Fixed parts of it go to each.
 */
#ifndef VGPU_GM_H
#define VGPU_GM_H

#include <stdbool.h>
#include <stdint.h>

#define VGPU_APERTURE_SIZE ((uint64_t)1 << 30)
#define VGPU_GM_SIZE ((uint64_t)4 << 30)

struct vgpu_type;

/* A vGPU's part: graphics addresses in bytes. */
struct vgpu_gm {
	int id; /* from 1 on */
	uint64_t low_base; /* in the aperture */
	uint64_t low_size;
	uint64_t high_base; /* behind the aperture */
	uint64_t high_size;
	unsigned int fences;
};

/* How many more vGPUs of that type; any thread. */
unsigned int vgpu_gm_available(const struct vgpu_type *type);
/* 0, or -ENOSPC; any thread. */
int vgpu_gm_take(struct vgpu_gm *gm, const struct vgpu_type *type);
void vgpu_gm_give_back(const struct vgpu_gm *gm);

/* Is all of [@address, @address + @size) in the vGPU's part, on one side? */
bool vgpu_gm_holds(const struct vgpu_gm *gm, uint64_t address, uint64_t size);

#endif
