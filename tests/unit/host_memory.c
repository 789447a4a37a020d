// SPDX-License-Identifier: BSD-3-Clause
/* Devices' memory in the unit tests: plain memory that nobody maps. */
#include <stdlib.h>
#include <string.h>

#include <vfiod/plugin.h>

#include "host.h"

struct memory {
	struct vfio_memory base;
	uint32_t nr;
};

int vfio_memory_create(const struct vfiod_type *type, const char *name,
		       struct vfio_memory **out)
{
	struct memory *m = calloc(1, sizeof(*m));

	(void)name;
	m->nr = type->nr_regions;
	m->base.regions = calloc(m->nr, sizeof(*m->base.regions));
	for (uint32_t i = 0; i < m->nr; i++) {
		const struct vfiod_region *region = &type->regions[i];

		if (!(region->flags & VFIO_REGION_INFO_FLAG_MMAP))
			continue;
		m->base.regions[i] =
			aligned_alloc(VFIO_PAGE_SIZE, region->size);
		memset(m->base.regions[i], 0, region->size);
	}
	*out = &m->base;
	return 0;
}

void vfio_memory_hold(struct vfio_memory *memory)
{
	(void)memory;
}

void vfio_memory_unhold(struct vfio_memory *memory)
{
	(void)memory;
}

void vfio_memory_renew(struct vfio_memory *memory)
{
	(void)memory;
}

void vfio_memory_destroy(struct vfio_memory *base)
{
	struct memory *m = (struct memory *)base;

	for (uint32_t i = 0; i < m->nr; i++)
		free(base->regions[i]);
	free(base->regions);
	free(m);
}
