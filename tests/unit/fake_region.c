// SPDX-License-Identifier: BSD-3-Clause
#include "fake_region.h"

#include <string.h>

#include <vfiod/plugin.h>

/* Of the one region that a plugin here has. */
#define SIZE (16UL << 20)

static uint8_t memory[SIZE] __attribute__((aligned(4096)));

void fake_region_reset(void)
{
	memset(memory, 0, sizeof(memory));
}

void *vfiod_region_memory(const struct vfio_device *vdev, unsigned int index)
{
	const struct vfiod_type *type = vfiod_device_type(vdev);

	if (index >= type->nr_regions ||
	    !(type->regions[index].flags & VFIO_REGION_INFO_FLAG_MMAP))
		return NULL;
	return memory;
}
