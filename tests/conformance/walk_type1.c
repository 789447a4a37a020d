// SPDX-License-Identifier: BSD-3-Clause
/* Walks: mappings of a few pages that nearly collide, v1 and v2. */
#include <string.h>
#include "states.h"

#define BASE 0x100000UL
#define PAGES 32

static struct {
	unsigned char *memory, *bitmap;
	bool v2;
} walk;

static void begin(struct ctx *c, unsigned long type)
{
	c_ready(c, type);
	walk.v2 = type == VFIO_TYPE1v2_IOMMU;
	walk.memory = c_mem(c, "A", PAGES * C_PAGE, C_UNWATCHED);
	walk.bitmap = c_mem(c, "bitmap", C_PAGE, 0);
}

static uint64_t some_size(struct ctx *c)
{
	static const uint64_t odd[] = { 0,    1,       C_PAGE - 1, C_PAGE + 1,
					-1UL, -C_PAGE, 1UL << 63,  1UL << 40 };

	if (c_random(c, 24))
		return C_PAGE * (1 + c_random(c, 4));
	return C_PICK(c, odd);
}

static uint64_t some_iova(struct ctx *c)
{
	static const uint64_t odd[] = {
		0, 1, BASE + 1, BASE + C_PAGE / 2, -1UL, -C_PAGE, 1UL << 63
	};

	if (c_random(c, 24))
		return BASE + C_PAGE * c_random(c, PAGES - 4);
	return C_PICK(c, odd);
}

static void do_map(struct ctx *c)
{
	static const uint32_t flags[] = { 1, 1, 2, 0, 4, 5, 8 };
	uint64_t iova = some_iova(c), size = some_size(c);

	/* An entry that ends at 2^64 breaks the kernel's own search. */
	if (iova + size == 0)
		return;
	c_map(c, c_fd(c, "container"), walk.memory, iova, size,
	      c_random(c, 6) ? 3 : C_PICK(c, flags));
}

static void do_unmap(struct ctx *c)
{
	static const uint32_t flags[] = { 2, 2, 4, 8 };
	uint32_t flag = c_random(c, 8) ? 0 : C_PICK(c, flags);
	uint64_t iova = some_iova(c), size = some_size(c);

	if (flag == VFIO_DMA_UNMAP_FLAG_ALL && c_random(c, 4))
		iova = size = 0;
	if (c_random(c, 8))
		c_unmap(c, c_fd(c, "container"), iova, size, flag, NULL);
	else
		c_unmap(c, c_fd(c, "container"), BASE, PAGES * C_PAGE, 0, NULL);
}

static void do_info(struct ctx *c)
{
	c_iommu_info(c, c_fd(c, "container"), 72);
}

static void do_dirty(struct ctx *c)
{
	static const uint32_t flags[] = { 1, 1, 1, 1, 1, 2, 2, 0, 3, 8 };

	c_dirty(c, c_fd(c, "container"), C_PICK(c, flags));
}

static void do_dirty_get(struct ctx *c)
{
	static const uint64_t bitmap_sizes[] = { 8, 8, 8, 16, 7, 0, 4096 };

	c_dirty_get(c, c_fd(c, "container"), some_iova(c), some_size(c),
		    c_random(c, 12) ? C_PAGE : 2 * C_PAGE, walk.bitmap,
		    C_PICK(c, bitmap_sizes));
}

static void do_dirty_unmap(struct ctx *c)
{
	struct {
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_bitmap bitmap;
	} arg = {
		.unmap.argsz = sizeof(arg),
		.unmap.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
		.unmap.iova = some_iova(c),
		.unmap.size = some_size(c),
		.bitmap.pgsize = c_random(c, 12) ? C_PAGE : 2 * C_PAGE,
		.bitmap.size = 8 * c_random(c, 3),
		.bitmap.data = (void *)walk.bitmap,
	};

	c_arg(c, c_fd(c, "container"), &IOMMU_UNMAP_DMA, &arg, sizeof(arg));
}

static void wild(struct ctx *c)
{
	static const unsigned long pointers[] = { 0, 1, C_KERNEL, -1UL, -8UL };
	static const struct c_cmd *const commands[] = {
		&IOMMU_GET_INFO,    &IOMMU_MAP_DMA, &IOMMU_UNMAP_DMA,
		&IOMMU_DIRTY_PAGES, &IOMMU_ENABLE,
	};

	c_ioctl(c, c_fd(c, "container"), C_PICK(c, commands),
		C_PICK(c, pointers));
}

/* v1 has no dirty tracking: there is only one answer. */
static void do_track(struct ctx *c)
{
	static case_fn *const steps[] = { do_dirty, do_dirty_get, do_dirty_get,
					  do_dirty_unmap };

	if (walk.v2 || !c_random(c, 4))
		C_PICK(c, steps)(c);
	else
		do_unmap(c);
}

static void step(struct ctx *c)
{
	static case_fn *const steps[] = {
		do_map,	  do_map,   do_map,   do_map,	do_map,	  do_map,
		do_unmap, do_unmap, do_unmap, do_unmap, do_unmap, do_info,
		do_track, do_track, do_track, do_track, wild,
	};

	C_PICK(c, steps)(c);
}

WALK("type1")
{
	if (c_step_first(c))
		begin(c, VFIO_TYPE1_IOMMU);
	step(c);
}

WALK("type1v2")
{
	if (c_step_first(c))
		begin(c, VFIO_TYPE1v2_IOMMU);
	step(c);
}
