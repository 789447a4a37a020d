// SPDX-License-Identifier: BSD-3-Clause
/*
 * VFIO_IOMMU_UNMAP_DMA; case_type1_unmap_dirty.c has it with a bitmap. An odd
 * param is type v2, an even one v1.
 */
#include <string.h>
#include "helpers_type1.h"

#define IOVA 0x100000UL
#define SIZE (4 * C_PAGE)
#define READ VFIO_DMA_MAP_FLAG_READ
#define ALL VFIO_DMA_UNMAP_FLAG_ALL

#define LEN offsetof(struct t1_range, bitmap)

/* Without a bitmap: of its struct there are LEN bytes. */
static struct t1_range good(void)
{
	return (struct t1_range){
		.argsz = LEN,
		.iova = IOVA,
		.size = SIZE,
	};
}

/* One mapping and nothing else. */
static void one(int container, const void *vaddr)
{
	t1_clear(container);
	t1_map(container, vaddr, IOVA, SIZE);
}

/* ---- flags, argsz, and where the struct is ---- */

static void flags(struct ctx *c)
{
	static const struct {
		uint64_t iova, size;
	} ranges[] = {
		{ IOVA, SIZE },
		{ 0, 0 },
		{ IOVA, 0 },
		{ 0, SIZE },
		{ 0, IOVA + SIZE },
		{ IOVA, C_PAGE },
		{ 1, 0 },
		{ 0, 1 },
		{ 0, -1UL },
		{ 0, -C_PAGE },
		{ C_PAGE, -2 * C_PAGE },
	};
	int container = c_ready(c, T1_V2(c)).container;
	char *a = c_mem(c, "A", SIZE, 0);
	long i;

	for (i = 0; i < T1_COUNT(ranges); i++) {
		one(container, a);
		c_unmap(c, container, ranges[i].iova, ranges[i].size,
			(uint32_t)(c->param >> 1), NULL);
		c_say(c, "    avail %u", t1_avail(container));
	}
}

static void argsz(struct ctx *c)
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	char *a = c_mem(c, "A", SIZE, 0);
	struct t1_range unmap = good();

	T1_EACH(c, n)
	{
		one(container, a);
		unmap = good();
		unmap.argsz = (uint32_t)n;
		c_arg(c, container, &IOMMU_UNMAP_DMA, &unmap, LEN);
		c_say(c, "    avail %u", t1_avail(container));
	}
}

static void end(struct ctx *c)
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	char *a = c_mem(c, "A", SIZE, 0);
	struct t1_range unmap = good();

	one(container, a);
	T1_EACH(c, len)
	{
		unmap.argsz = LEN;
		c_arg(c, container, &IOMMU_UNMAP_DMA, &unmap, (size_t)len);
		unmap.argsz = (uint32_t)len;
		c_arg(c, container, &IOMMU_UNMAP_DMA, &unmap, (size_t)len);
		unmap.argsz = 0;
		c_arg(c, container, &IOMMU_UNMAP_DMA, &unmap, (size_t)len);
		c_say(c, "    avail %u", t1_avail(container));
	}
}

static void again(struct ctx *c)
{
	int container = c_fd(c, "container");

	c_say(c, "    avail %u", t1_avail(container));
	one(container, NULL);
}

static void pointers(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	struct t1_range unmap = good();

	one(container, NULL);
	t1_pointers(c, container, &IOMMU_UNMAP_DMA, &unmap, LEN, again);
	again(c);
}

CASES
{
	long n;

	for (n = 0; n < 16; n++) {
		conform_add(flags, n << 1 | 1, 0, "type1/unmap/flags/v2/0x%lx",
			    n);
		conform_add(flags, n << 1, 0, "type1/unmap/flags/v1/0x%lx", n);
	}
	for (n = 4; n < 32; n += 3)
		conform_add(flags, 1L << n << 1 | 1, 0,
			    "type1/unmap/flags/v2/bit-%ld", n);
	for (n = 0; n <= 50; n += T1_BLOCK)
		conform_add(argsz, n, 0, "type1/unmap/argsz/%02ld", n);
	conform_add(argsz, 0x7ffffffc, 0, "type1/unmap/argsz/0x7ffffffc");
	conform_add(argsz, 0xfffffffc, 0, "type1/unmap/argsz/0xfffffffc");
	for (n = 0; n < 24; n += T1_BLOCK)
		conform_add(end, n, 0, "type1/unmap/end/%02ld", n);
	conform_add(pointers, 1, 0, "type1/unmap/pointer/v2");
	conform_add(pointers, 0, 0, "type1/unmap/pointer/v1");
}

/* ---- every relation of a range to mappings ---- */

/* param: type, layout, first page. */
static void relation(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	char *a = c_mem(c, "A", 16 * C_PAGE, C_UNWATCHED);
	const struct t1_layout *layout = &t1_layouts[c->param >> 1 & 7];
	unsigned long first = (unsigned long)c->param >> 4, count;

	for (count = 1; first + count <= T1_LAST; count++) {
		t1_lay(container, layout, a);
		c_unmap(c, container, T1_IOVA(first), count * C_PAGE, 0, NULL);
		t1_left(c, container, a);
	}
}

CASES
{
	long layout, first, type;

	for (type = 0; type < 2; type++)
		for (layout = 0; layout < T1_NR_LAYOUTS; layout++)
			for (first = T1_FIRST; first < T1_LAST; first++)
				conform_add(
					relation,
					first << 4 | layout << 1 | type, 0,
					"type1/unmap/relation/v%ld/%s/%02ld",
					type + 1, t1_layouts[layout].name,
					first);
}

/* Ranges whose ends are not pages' ends. */
static void odd(struct ctx *c)
{
	static const uint64_t by[] = { 1, 8, 512, 2048, 4095 };
	int container = c_ready(c, T1_V2(c)).container;
	char *a = c_mem(c, "A", SIZE, 0);
	long i;

	for (i = 0; i < T1_COUNT(by); i++) {
		one(container, a);
		c_unmap(c, container, IOVA + by[i], SIZE, 0, NULL);
		c_unmap(c, container, IOVA - by[i], SIZE, 0, NULL);
		c_unmap(c, container, IOVA, SIZE + by[i], 0, NULL);
		c_unmap(c, container, IOVA, SIZE - by[i], 0, NULL);
		c_unmap(c, container, IOVA + by[i], SIZE - by[i], 0, NULL);
		c_unmap(c, container, by[i], 0, 0, NULL);
		c_unmap(c, container, by[i], 0, ALL, NULL);
		c_unmap(c, container, 0, by[i], ALL, NULL);
		t1_left(c, container, a);
	}
}

/* ALL on the first param mappings of nine. */
static void all(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	char *a = c_mem(c, "A", 9 * C_PAGE, C_UNWATCHED);
	long i;

	for (i = 0; i < c->param >> 1; i++)
		t1_map(container, a, (uint64_t)i * i * 0x1000000000UL,
		       (uint64_t)(i + 1) * C_PAGE);
	c_iommu_info(c, container, 72);
	c_unmap(c, container, 0, 0, ALL, NULL);
	c_iommu_info(c, container, 72);
	c_unmap(c, container, 0, 0, ALL, NULL);
}

/* Sizes up to the end, of which no mapping touches the last byte. */
static void huge(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	char *a = c_mem(c, "A", SIZE, 0);
	int shift;

	for (shift = 21; shift < 64; shift++) {
		one(container, a);
		c_unmap(c, container, 0, 1ULL << shift, 0, NULL);
		one(container, a);
		c_unmap(c, container, IOVA, (1ULL << shift) - IOVA, 0, NULL);
		one(container, a);
		c_unmap(c, container, IOVA, -(1ULL << shift), 0, NULL);
		c_unmap(c, container, -(1ULL << shift), 1ULL << shift, 0, NULL);
		c_unmap(c, container, -(1ULL << shift),
			(1ULL << shift) + C_PAGE, 0, NULL);
	}
	one(container, a);
	c_unmap(c, container, 0, -2 * C_PAGE, 0, NULL);
	one(container, a);
	c_unmap(c, container, 0, -C_PAGE, 0, NULL);
	c_iommu_info(c, container, 72);
}

CASES
{
	long i, type;

	for (type = 0; type < 2; type++) {
		conform_add(odd, type, 0, "type1/unmap/odd/v%ld", type + 1);
		conform_add(huge, type, 0, "type1/unmap/huge/v%ld", type + 1);
		for (i = 0; i < 10; i++)
			conform_add(all, i << 1 | type, 0,
				    "type1/unmap/all/v%ld/%ld", type + 1, i);
	}
}

/* The range, not a mapping, ends at 2^64. */
static void to_the_end(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	char *a = c_mem(c, "A", SIZE, 0);

	t1_map(container, a, -2 * C_PAGE, C_PAGE);
	c_unmap(c, container, -C_PAGE, C_PAGE, 0, NULL);
	c_unmap(c, container, -2 * C_PAGE, 2 * C_PAGE, 0, NULL);
	c_unmap(c, container, -8 * C_PAGE, 8 * C_PAGE, 0, NULL);
	c_unmap(c, container, -2 * C_PAGE, C_PAGE, 0, NULL);
	c_iommu_info(c, container, 72);
}

CASES
{
	conform_add(to_the_end, 1, 0, "type1/unmap/to-the-end/v2");
	conform_add(to_the_end, 0, 0, "type1/unmap/to-the-end/v1");
}

/* ---- two errors at once ---- */

#define FAULT(name, member, value) T1_FAULT(name, t1_range, member, value)

static const struct t1_fault faults[] = {
	FAULT("argsz-23", argsz, 23),
	FAULT("argsz-0", argsz, 0),
	FAULT("flags-unknown", flags, 8),
	FAULT("flags-dirty", flags, 1),
	FAULT("flags-all", flags, 2),
	FAULT("flags-dirty-all", flags, 3),
	FAULT("flags-vaddr", flags, 4),
	FAULT("flags-dirty-vaddr", flags, 5),
	FAULT("flags-all-vaddr", flags, 6),
	FAULT("flags-all-unknown", flags, 10),
	FAULT("iova-1", iova, IOVA + 1),
	FAULT("iova-0", iova, 0),
	FAULT("iova-middle", iova, IOVA + C_PAGE),
	FAULT("iova-wraps", iova, -C_PAGE),
	FAULT("size-0", size, 0),
	FAULT("size-1", size, 1),
	FAULT("size-middle", size, 2 * C_PAGE),
	FAULT("size-wraps", size, -C_PAGE),
};

/* The fault alone, and with every later one: each pair comes once. */
static void order(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	char *a = c_mem(c, "A", SIZE, 0);
	const struct t1_fault *first = &faults[c->param >> 1];
	struct t1_range unmap;
	long i;

	for (i = c->param >> 1; i < T1_COUNT(faults); i++) {
		if (faults[i].offset == first->offset && &faults[i] != first)
			continue;
		one(container, a);
		unmap = good();
		t1_fault(&unmap, first, &faults[i]);
		c_note(c, "and %s", faults[i].name);
		c_arg(c, container, &IOMMU_UNMAP_DMA, &unmap, LEN);
		c_say(c, "    avail %u", t1_avail(container));
	}
}

CASES
{
	long i, type;

	for (type = 0; type < 2; type++)
		for (i = 0; i < T1_COUNT(faults); i++)
			conform_add(order, i << 1 | type, 0,
				    "type1/unmap/order/v%ld/%s", type + 1,
				    faults[i].name);
}

/* ---- who unmaps ---- */

static void map_there(struct ctx *c)
{
	c_map(c, c_fd(c, "container"), (void *)C_PAGE, IOVA, SIZE, READ);
}

static void unmap_there(struct ctx *c)
{
	c_unmap(c, c_fd(c, "container"), IOVA, SIZE, 0, NULL);
}

CASE("type1/unmap/other-process/maps")
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	struct c_actor *b = c_process(c, "B");

	c_on(b, map_there);
	c_map(c, container, NULL, IOVA, SIZE, READ);
	c_unmap(c, container, IOVA, SIZE, 0, NULL);
	c_on(b, map_there);
	c_end(b, 0);
	c_iommu_info(c, container, 72);
	c_map(c, container, NULL, IOVA, SIZE, READ);
	c_unmap(c, container, IOVA, SIZE, 0, NULL);
}

CASE("type1/unmap/other-process/unmaps")
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	char *a = c_mem(c, "A", SIZE, 0);
	struct c_actor *b = c_process(c, "B");

	c_map(c, container, a, IOVA, SIZE, READ);
	c_on(b, unmap_there);
	c_iommu_info(c, container, 72);
	c_unmap(c, container, IOVA, SIZE, 0, NULL);
	c_end(b, 9);
}

CASE("type1/unmap/other-process/killed")
{
	int container = c_ready(c, VFIO_TYPE1_IOMMU).container;
	struct c_actor *b = c_process(c, "B");

	c_on(b, map_there);
	c_end(b, 9);
	c_unmap(c, container, IOVA + C_PAGE, C_PAGE, 0, NULL);
	c_unmap(c, container, IOVA, C_PAGE, 0, NULL);
}

CASE("type1/unmap/thread")
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	struct c_actor *b = c_thread(c, "B");

	c_on(b, map_there);
	c_unmap(c, container, IOVA, C_PAGE, 0, NULL);
	c_on(b, unmap_there);
	c_unmap(c, container, IOVA, SIZE, 0, NULL);
}
