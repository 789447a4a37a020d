// SPDX-License-Identifier: BSD-3-Clause
/* The VADDR flags of UNMAP and MAP: refused where a group is emulated. */
#include <fcntl.h>
#include "helpers_type1.h"

#define IOVA 0x100000UL
#define SIZE (4 * C_PAGE)
#define READ VFIO_DMA_MAP_FLAG_READ
#define MAP_VADDR VFIO_DMA_MAP_FLAG_VADDR
#define ALL VFIO_DMA_UNMAP_FLAG_ALL
#define VADDR VFIO_DMA_UNMAP_FLAG_VADDR

static const struct {
	const char *name;
	uint64_t iova, size;
} ranges[] = {
	{ "exact", IOVA, SIZE },
	{ "first-part", IOVA, C_PAGE },
	{ "last-part", IOVA + C_PAGE, SIZE - C_PAGE },
	{ "middle", IOVA + C_PAGE, C_PAGE },
	{ "more", IOVA - C_PAGE, SIZE + 2 * C_PAGE },
	{ "second", IOVA + SIZE, C_PAGE },
	{ "both", IOVA, SIZE + C_PAGE },
	{ "below", IOVA - C_PAGE, C_PAGE },
	{ "above", IOVA + SIZE + C_PAGE, C_PAGE },
	{ "far", 1UL << 40, C_PAGE },
	{ "nothing", 0, 0 },
	{ "size-0", IOVA, 0 },
	{ "odd-size", IOVA, SIZE + 1 },
	{ "odd-iova", IOVA + 1, SIZE },
	{ "wraps", -C_PAGE, 2 * C_PAGE },
};

/* Invalidate, then validate. Two mappings adjoin; the other is at 2^30. */
static void range(struct ctx *c)
{
	uint64_t iova = ranges[c->param >> 1].iova;
	uint64_t size = ranges[c->param >> 1].size;
	int container = c_ready(c, T1_V2(c)).container;
	char *a = c_mem(c, "A", 8 * C_PAGE, 0);

	c_map(c, container, a, IOVA, SIZE, READ);
	c_map(c, container, a + SIZE, IOVA + SIZE, C_PAGE, READ);
	c_map(c, container, a, 1UL << 30, C_PAGE, READ);
	c_map(c, container, a, iova, size, MAP_VADDR);
	c_unmap(c, container, iova, size, VADDR, NULL);
	c_unmap(c, container, iova, size, VADDR, NULL);
	c_map(c, container, a, iova, size, MAP_VADDR);
	c_map(c, container, a + C_PAGE, iova, size, MAP_VADDR);
	c_map(c, container, a, iova, size, MAP_VADDR | READ);
	c_unmap(c, container, iova, size, VADDR | ALL, NULL);
	c_unmap(c, container, iova, size, VADDR | 1, NULL);
	c_unmap(c, container, 0, 0, VADDR | ALL, NULL);
	c_unmap(c, container, iova, size, 0, NULL);
	c_iommu_info(c, container, 72);
	c_unmap(c, container, 0, 0, ALL, NULL);
	c_unmap(c, container, iova, size, VADDR, NULL);
	c_unmap(c, container, 0, 0, VADDR | ALL, NULL);
	c_map(c, container, a, iova, size, MAP_VADDR);
}

CASES
{
	long i, type;

	for (type = 0; type < 2; type++)
		for (i = 0; i < T1_COUNT(ranges); i++)
			conform_add(range, i << 1 | type, 0,
				    "type1/vaddr/v%ld/%s", type + 1,
				    ranges[i].name);
}

CASE_FLAGS("type1/vaddr/two-groups", CASE_TWO_GROUPS)
{
	struct c_ready r = c_ready(c, VFIO_TYPE1v2_IOMMU);
	int group2 = c_open(c, "group2", c->group[1], O_RDWR);
	char *a = c_mem(c, "A", SIZE, 0);

	c_map(c, r.container, a, IOVA, SIZE, READ);
	c_unmap(c, r.container, IOVA, SIZE, VADDR, NULL);
	c_set_container(c, group2, r.container);
	c_ioctl(c, r.container, &CHECK_EXTENSION, VFIO_UPDATE_VADDR);
	c_map(c, r.container, a, IOVA, SIZE, MAP_VADDR);
	c_set_container(c, group2, r.container);
	c_unmap(c, r.container, IOVA, SIZE, VADDR, NULL);
	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
	c_unmap(c, r.container, IOVA, SIZE, VADDR, NULL);
	c_unmap(c, r.container, IOVA, SIZE, 0, NULL);
}
