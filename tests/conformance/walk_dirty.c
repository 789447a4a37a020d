// SPDX-License-Identifier: BSD-3-Clause
/*
 * Walks: dirty tracking. The kernel reads what is in a word of the bitmap that
 * a mapping does not begin, and may show it later: either mappings begin where
 * words do, and the bitmap is full of ones so that each word written is seen,
 * or they begin anywhere, and it is empty.
 */
#include <string.h>
#include "helpers_type1.h"

#define WORD 64 /* pages to a word of the bitmap */
#define PLACES 6

static struct {
	unsigned char *memory, *bitmap;
	unsigned int grain; /* pages between places */
} walk;

static void begin(struct ctx *c, unsigned int grain)
{
	c_ready(c, VFIO_TYPE1v2_IOMMU);
	walk.memory = c_mem(c, "A", C_PAGE, C_UNWATCHED);
	walk.bitmap = c_mem(c, "bitmap", C_PAGE, 0);
	walk.grain = grain;
}

static uint64_t some_iova(struct ctx *c)
{
	static const uint64_t odd[] = { 0, 1, T1_IOVA(0) + 1, 1UL << 63 };

	if (c_random(c, 24))
		return T1_IOVA(walk.grain * c_random(c, PLACES));
	return C_PICK(c, odd);
}

/* Up to two places, and at times a page more or less. */
static uint64_t some_size(struct ctx *c)
{
	static const uint64_t odd[] = { 0, 1, C_PAGE + 1, 1UL << 40, -1UL };
	uint64_t pages = walk.grain * (1 + c_random(c, 2));

	if (!c_random(c, 24))
		return C_PICK(c, odd);
	if (!c_random(c, 8))
		pages += c_random(c, 2) ? 1 : -1UL;
	else if (!c_random(c, 4))
		pages = 1 + c_random(c, walk.grain);
	return C_PAGE * pages;
}

/* All that is, most of the time; a mapping must not be cut in two. */
static void some_range(struct ctx *c, struct t1_range *r)
{
	r->iova = some_iova(c);
	r->size = some_size(c);
	if (c_random(c, 2)) {
		r->iova = T1_IOVA(0);
		r->size = C_PAGE * walk.grain * (PLACES + 2);
	}
}

static void some_bitmap(struct ctx *c, struct t1_range *r)
{
	static const uint64_t pgsizes[] = { 2 * C_PAGE, 512, 1, C_PAGE + 1 };
	uint64_t words = (r->size / C_PAGE + WORD - 1) / WORD;

	r->bitmap.pgsize = c_random(c, 16) ? C_PAGE : C_PICK(c, pgsizes);
	if (!c_random(c, 16))
		words = c_random(c, 4);
	r->bitmap.size = 8 * words;
	r->bitmap.data = (void *)walk.bitmap;
	if (!c_random(c, 32))
		r->bitmap.data = (void *)(c_random(c, 2) ? C_KERNEL : 0);
	memset(walk.bitmap, walk.grain == WORD ? 0xff : 0, C_PAGE);
}

static void do_map(struct ctx *c)
{
	c_map(c, c_fd(c, "container"), walk.memory, some_iova(c), some_size(c),
	      c_random(c, 16) ? 3 : 0);
}

static void do_unmap(struct ctx *c)
{
	uint64_t iova = some_iova(c);

	if (c_random(c, 8))
		c_unmap(c, c_fd(c, "container"), iova, some_size(c), 0, NULL);
	else
		c_unmap(c, c_fd(c, "container"), 0, 0, VFIO_DMA_UNMAP_FLAG_ALL,
			NULL);
}

static void do_unmap_get(struct ctx *c)
{
	struct t1_range r = t1_unmap(0, 0, NULL, 0);

	some_range(c, &r);
	some_bitmap(c, &r);
	if (!c_random(c, 16))
		r.flags |= VFIO_DMA_UNMAP_FLAG_ALL;
	c_arg(c, c_fd(c, "container"), &IOMMU_UNMAP_DMA, &r, sizeof(r));
}

static void do_get(struct ctx *c)
{
	struct t1_range r = t1_get(0, 0, NULL, 0);

	some_range(c, &r);
	some_bitmap(c, &r);
	c_arg(c, c_fd(c, "container"), &IOMMU_DIRTY_PAGES, &r, sizeof(r));
}

/* Mostly on. */
static void do_switch(struct ctx *c)
{
	static const uint32_t flags[] = { 1, 1, 1, 1, 1, 1, 2, 0, 3, 8 };

	c_dirty(c, c_fd(c, "container"), C_PICK(c, flags));
}

static void do_info(struct ctx *c)
{
	static const uint32_t sizes[] = { 16, 24, 72, 71, 128 };

	c_iommu_info(c, c_fd(c, "container"), C_PICK(c, sizes));
}

static void step(struct ctx *c)
{
	static case_fn *const steps[] = {
		do_map,	  do_map,	do_map,	      do_map,	 do_map,
		do_unmap, do_unmap,	do_unmap,     do_unmap,	 do_get,
		do_get,	  do_get,	do_get,	      do_get,	 do_get,
		do_get,	  do_unmap_get, do_unmap_get, do_switch, do_info,
	};

	C_PICK(c, steps)(c);
}

WALK("dirty")
{
	if (c_step_first(c))
		begin(c, WORD);
	step(c);
}

WALK("dirty-near")
{
	if (c_step_first(c))
		begin(c, 5);
	step(c);
}
