// SPDX-License-Identifier: BSD-3-Clause
/*
 * Which words of a bitmap are written: by a GET of dirty pages, and by UNMAP
 * with GET_DIRTY_BITMAP. The bitmap is full of ones before. Tracking begins
 * anew for each: the kernel keeps what it read from the client's bitmap.
 */
#include <string.h>
#include "helpers_type1.h"

#define IOVA 0x10000000UL
#define MOST 520
#define READ VFIO_DMA_MAP_FLAG_READ
#define START VFIO_IOMMU_DIRTY_PAGES_FLAG_START
#define STOP VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP

struct rig {
	int container;
	char *a;
	unsigned char *bitmap;
};

static struct rig rig(struct ctx *c)
{
	struct rig r = { .container =
				 c_ready(c, VFIO_TYPE1v2_IOMMU).container };

	r.a = c_mem(c, "A", MOST * C_PAGE, C_UNWATCHED);
	r.bitmap = c_mem(c, "bitmap", C_PAGE, 0);
	return r;
}

/* Without a record. */
static void begin(const struct rig *r)
{
	struct vfio_iommu_type1_dirty_bitmap dirty = { .argsz = sizeof(dirty) };

	dirty.flags = STOP;
	c_quiet(r->container, &IOMMU_DIRTY_PAGES, &dirty);
	t1_clear(r->container);
	dirty.flags = START;
	c_quiet(r->container, &IOMMU_DIRTY_PAGES, &dirty);
	memset(r->bitmap, 0xff, C_PAGE);
}

static uint64_t bytes_for(uint64_t pages)
{
	return (pages + 63) / 64 * 8;
}

static void look(struct ctx *c, const struct rig *r, uint64_t iova,
		 uint64_t pages)
{
	c_dirty_get(c, r->container, iova, pages * C_PAGE, C_PAGE, r->bitmap,
		    bytes_for(pages));
}

/* ---- one mapping, at each offset from the range's begin ---- */

static const unsigned int counts[] = { 1,   2,	 8,   31,  32,	63,  64, 65,
				       127, 128, 129, 192, 511, 512, 513 };
static const unsigned int offsets[] = { 0,  1,	2,  7,	 31,  32,  33, 62,
					63, 64, 65, 127, 128, 129, 500 };

static void count(struct ctx *c)
{
	uint64_t pages = counts[c->param];
	struct rig r = rig(c);
	long i;

	for (i = 0; i < T1_COUNT(offsets); i++) {
		begin(&r);
		c_map(c, r.container, r.a, IOVA, pages * C_PAGE, READ);
		look(c, &r, IOVA - offsets[i] * C_PAGE, offsets[i] + pages);
		begin(&r);
		t1_map(r.container, r.a, IOVA, pages * C_PAGE);
		c_note(c, "one page more at the end");
		look(c, &r, IOVA - offsets[i] * C_PAGE, offsets[i] + pages + 1);
	}
}

/* Unmapped at once: nothing was read, or kept, before. */
static void unmap_only(struct ctx *c)
{
	uint64_t pages = counts[c->param];
	struct rig r = rig(c);
	struct t1_range unmap;
	long i;

	for (i = 0; i < T1_COUNT(offsets); i++) {
		begin(&r);
		t1_map(r.container, r.a, IOVA, pages * C_PAGE);
		unmap = t1_unmap(IOVA - offsets[i] * C_PAGE,
				 (offsets[i] + pages) * C_PAGE, r.bitmap,
				 bytes_for(offsets[i] + pages));
		c_arg(c, r.container, &IOMMU_UNMAP_DMA, &unmap, sizeof(unmap));
	}
}

CASES
{
	long i;

	for (i = 0; i < T1_COUNT(counts); i++) {
		conform_add(count, i, 0, "type1/bitmap/pages/%u", counts[i]);
		conform_add(unmap_only, i, 0, "type1/bitmap/unmap/%u",
			    counts[i]);
	}
}

/* ---- several in a word, and far from each other ---- */

/* Pages from the range's begin; it is as long as the last needs. */
static const struct {
	const char *name;
	struct {
		unsigned int first, count;
	} map[4];
} sets[] = {
	{ "two-in-a-word", { { 0, 4 }, { 8, 4 } } },
	{ "three-in-a-word", { { 1, 1 }, { 5, 2 }, { 60, 4 } } },
	{ "adjoining", { { 0, 3 }, { 3, 5 }, { 8, 1 } } },
	{ "across-a-word", { { 60, 8 }, { 70, 2 } } },
	{ "to-a-words-end", { { 0, 64 }, { 64, 64 } } },
	{ "a-word-between", { { 0, 1 }, { 130, 1 } } },
	{ "words-between", { { 3, 2 }, { 400, 2 }, { 1000, 20 } } },
	{ "in-the-last-word", { { 500, 3 } } },
};

/* Another mapping's bits in a word stay: those that a pattern has set. */
static void set(struct ctx *c)
{
	static const int patterns[] = { 0xff, 0x00, 0x55, 0x01, 0x80 };
	struct rig r = rig(c);
	uint64_t pages = 0;
	long i, j;

	for (i = 0; i < T1_COUNT(patterns); i++) {
		begin(&r);
		for (j = 0; j < 4 && sets[c->param].map[j].count; j++) {
			unsigned int first = sets[c->param].map[j].first;
			unsigned int n = sets[c->param].map[j].count;

			c_map(c, r.container, r.a, IOVA + first * C_PAGE,
			      n * C_PAGE, READ);
			pages = first + n;
		}
		memset(r.bitmap, patterns[i], C_PAGE);
		c_note(c, "over %02x", (unsigned int)patterns[i]);
		c_dirty_get(c, r.container, IOVA, pages * C_PAGE, C_PAGE,
			    r.bitmap, bytes_for(pages));
	}
}

static void set_unmap(struct ctx *c)
{
	struct rig r = rig(c);
	struct t1_range unmap;
	uint64_t pages = 0;
	long j;

	begin(&r);
	for (j = 0; j < 4 && sets[c->param].map[j].count; j++) {
		pages = sets[c->param].map[j].first +
			sets[c->param].map[j].count;
		t1_map(r.container, r.a,
		       IOVA + sets[c->param].map[j].first * C_PAGE,
		       sets[c->param].map[j].count * C_PAGE);
	}
	unmap = t1_unmap(IOVA, pages * C_PAGE, r.bitmap, bytes_for(pages));
	c_arg(c, r.container, &IOMMU_UNMAP_DMA, &unmap, sizeof(unmap));
	c_iommu_info(c, r.container, 72);
}

CASES
{
	long i;

	for (i = 0; i < T1_COUNT(sets); i++) {
		conform_add(set, i, 0, "type1/bitmap/set/%s", sets[i].name);
		conform_add(set_unmap, i, 0, "type1/bitmap/set-unmap/%s",
			    sets[i].name);
	}
}

/* ---- every relation of a range to mappings ---- */

/* param: layout, first page. */
static void relation(struct ctx *c)
{
	const struct t1_layout *layout = &t1_layouts[c->param & 7];
	unsigned long first = (unsigned long)c->param >> 3, pages;
	struct rig r = rig(c);
	struct t1_range unmap;

	for (pages = 1; first + pages <= T1_LAST; pages++) {
		begin(&r);
		t1_lay(r.container, layout, r.a);
		c_dirty_get(c, r.container, T1_IOVA(first), pages * C_PAGE,
			    C_PAGE, r.bitmap, 8);
		begin(&r);
		t1_lay(r.container, layout, r.a);
		unmap = t1_unmap(T1_IOVA(first), pages * C_PAGE, r.bitmap, 8);
		c_arg(c, r.container, &IOMMU_UNMAP_DMA, &unmap, sizeof(unmap));
		t1_left(c, r.container, r.a);
	}
}

CASES
{
	long layout, first;

	for (layout = 0; layout < T1_NR_LAYOUTS; layout++)
		for (first = T1_FIRST; first < T1_LAST; first++)
			conform_add(relation, first << 3 | layout, 0,
				    "type1/bitmap/relation/%s/%02ld",
				    t1_layouts[layout].name, first);
}

/* ---- a bitmap that ends before the mappings do ---- */

CASE("type1/bitmap/unwritable-later")
{
	struct rig r = rig(c);
	struct t1_range unmap;

	begin(&r);
	c_map(c, r.container, r.a, IOVA, C_PAGE, READ);
	c_map(c, r.container, r.a, IOVA + 64 * C_PAGE, C_PAGE, READ);
	c_map(c, r.container, r.a, IOVA + 128 * C_PAGE, C_PAGE, READ);
	/* Only the first word is memory. */
	c_dirty_get(c, r.container, IOVA, 129 * C_PAGE, C_PAGE,
		    r.bitmap + C_PAGE - 8, 24);
	c_dirty_get(c, r.container, IOVA, C_PAGE, C_PAGE, r.bitmap + C_PAGE - 8,
		    24);
	unmap = t1_unmap(IOVA, 129 * C_PAGE, r.bitmap + C_PAGE - 8, 24);
	c_arg(c, r.container, &IOMMU_UNMAP_DMA, &unmap, sizeof(unmap));
	/* The first mapping is gone. */
	c_iommu_info(c, r.container, 72);
	c_unmap(c, r.container, IOVA, 129 * C_PAGE, 0, NULL);
}

/* More than a page of bitmap: what of it is written where it ends early? */
CASE("type1/bitmap/unwritable-part")
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	unsigned char *bitmap = c_mem(c, "bitmap", C_PAGE, 0);
	uint64_t size = (uint64_t)C_PAGE * 40000;

	c_dirty(c, container, START);
	c_map(c, container, NULL, IOVA, size, READ);
	memset(bitmap, 0xff, C_PAGE);
	c_dirty_get(c, container, IOVA, size, C_PAGE, bitmap, 5000);
	memset(bitmap, 0xff, C_PAGE);
	c_dirty_get(c, container, IOVA, size, C_PAGE, bitmap + 8, 5000);
	c_unmap(c, container, IOVA, size, 0, NULL);
}

/* Large ones, of more pages than a message has room for. */
static void large(struct ctx *c)
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	uint64_t pages = (uint64_t)c->param;
	size_t len = bytes_for(pages + 64);
	unsigned char *bitmap = c_mem(c, "bitmap", len, 0);

	c_dirty(c, container, START);
	c_map(c, container, NULL, IOVA, pages * C_PAGE, READ);
	memset(bitmap, 0xff, len);
	c_dirty_get(c, container, IOVA, pages * C_PAGE, C_PAGE, bitmap,
		    bytes_for(pages));
	memset(bitmap, 0xff, len);
	c_dirty_get(c, container, IOVA - 63 * C_PAGE, (pages + 63) * C_PAGE,
		    C_PAGE, bitmap, bytes_for(pages + 63));
	c_unmap(c, container, IOVA, pages * C_PAGE, 0, NULL);
}

CASES
{
	static const long sizes[] = { 4095,    4096,	      4097,
				      32767,   32768,	      32769,
				      1 << 18, (1 << 20) + 1, 1 << 22 };
	long i;

	for (i = 0; i < T1_COUNT(sizes); i++)
		conform_add(large, sizes[i], 0, "type1/bitmap/large/%ld",
			    sizes[i]);
}

/* ---- what the kernel keeps of the client's bits ---- */

/* Ones from the client's first word turn up again in the next bitmap. */
CASE("type1/bitmap/kept")
{
	struct rig r = rig(c);

	begin(&r);
	c_map(c, r.container, r.a, IOVA, 2 * C_PAGE, READ);
	c_dirty_get(c, r.container, IOVA - C_PAGE, 3 * C_PAGE, C_PAGE, r.bitmap,
		    8);
	memset(r.bitmap, 0, C_PAGE);
	c_dirty_get(c, r.container, IOVA, 2 * C_PAGE, C_PAGE, r.bitmap, 8);
}

/* The range ends at 2^64; no mapping does. */
CASE("type1/bitmap/to-the-end")
{
	struct rig r = rig(c);

	begin(&r);
	c_map(c, r.container, r.a, -3 * C_PAGE, C_PAGE, READ);
	c_dirty_get(c, r.container, -3 * C_PAGE, 2 * C_PAGE, C_PAGE, r.bitmap,
		    8);
	c_dirty_get(c, r.container, -3 * C_PAGE, 3 * C_PAGE, C_PAGE, r.bitmap,
		    8);
	c_dirty_get(c, r.container, -C_PAGE, C_PAGE, C_PAGE, r.bitmap, 8);
	c_dirty_get(c, r.container, -C_PAGE, 2 * C_PAGE, C_PAGE, r.bitmap, 8);
}
