/* SPDX-License-Identifier: BSD-3-Clause */
/* What tells the types of vGPU apart. */
#ifndef VGPU_TYPES_H
#define VGPU_TYPES_H

#include <stdint.h>

#include <vfiod/plugin.h>

/* Regions behind those that every PCI device has. */
enum {
	VGPU_OPREGION_INDEX = VFIO_PCI_NUM_REGIONS,
	VGPU_EDID_INDEX,
	VGPU_NUM_REGIONS,
};

#define VGPU_CONFIG_SIZE 4096

/* Sizes in bytes. */
struct vgpu_type {
	uint64_t low_size;
	uint64_t high_size;
	unsigned int fences;
	unsigned int xres;
	unsigned int yres;
};

#define VGPU_NR_TYPES 4
/* The @data of each is a struct vgpu_type. */
extern const struct vfiod_type vgpu_types[VGPU_NR_TYPES];

#endif
