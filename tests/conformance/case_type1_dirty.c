// SPDX-License-Identifier: BSD-3-Clause
/*
 * VFIO_IOMMU_DIRTY_PAGES. No device of these pins or writes memory: what is
 * seen of a bitmap is which words are written, for it is full of ones before.
 */
#include <string.h>
#include "helpers_type1.h"

#define IOVA 0x100000UL
#define SIZE (4 * C_PAGE)
#define READ VFIO_DMA_MAP_FLAG_READ
#define START VFIO_IOMMU_DIRTY_PAGES_FLAG_START
#define STOP VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP
#define GET VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP

/* Tracking is on, one mapping is there; the bitmap is full. */
struct rig {
	int container;
	unsigned char *bitmap;
};

static struct rig rig(struct ctx *c, uint64_t size)
{
	struct rig r = { .container =
				 c_ready(c, VFIO_TYPE1v2_IOMMU).container };
	char *a = c_mem(c, "A", size, C_UNWATCHED);

	r.bitmap = c_mem(c, "bitmap", 2 * C_PAGE, 0);
	memset(r.bitmap, 0xff, 2 * C_PAGE);
	c_dirty(c, r.container, START);
	c_map(c, r.container, a, IOVA, size, READ);
	return r;
}

/* ---- flags, argsz, and where the struct is ---- */

static void flags(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	unsigned char *bitmap = c_mem(c, "bitmap", C_PAGE, 0);
	uint32_t value = (uint32_t)(c->param >> 1);
	struct t1_range arg;

	t1_map(container, bitmap, IOVA, C_PAGE);
	c_dirty(c, container, value);
	arg = t1_get(IOVA, C_PAGE, bitmap, 8);
	arg.flags = value;
	memset(bitmap, 0xff, 16);
	c_arg(c, container, &IOMMU_DIRTY_PAGES, &arg, sizeof(arg));
	c_dirty(c, container, START);
	c_arg(c, container, &IOMMU_DIRTY_PAGES, &arg, sizeof(arg));
	/* Is it still on? */
	c_dirty_get(c, container, IOVA, C_PAGE, C_PAGE, bitmap, 8);
}

static void argsz(struct ctx *c)
{
	struct rig r = rig(c, SIZE);
	struct t1_range arg = t1_get(IOVA, SIZE, r.bitmap, 8);

	T1_EACH(c, n)
	{
		memset(r.bitmap, 0xff, C_PAGE);
		arg.argsz = (uint32_t)n;
		arg.flags = GET;
		c_arg(c, r.container, &IOMMU_DIRTY_PAGES, &arg, sizeof(arg));
		arg.flags = STOP;
		c_arg(c, r.container, &IOMMU_DIRTY_PAGES, &arg, sizeof(arg));
		c_dirty_get(c, r.container, IOVA, SIZE, C_PAGE, r.bitmap, 8);
		arg.flags = START;
		c_arg(c, r.container, &IOMMU_DIRTY_PAGES, &arg, sizeof(arg));
		c_dirty_get(c, r.container, IOVA, SIZE, C_PAGE, r.bitmap, 8);
	}
}

static void end(struct ctx *c)
{
	static const uint32_t sizes[] = { 0, 7, 8, 47, 48, 0xffffffff };
	struct rig r = rig(c, SIZE);
	struct t1_range arg = t1_get(IOVA, SIZE, T1_NOWHERE, 8);
	uint32_t flag;
	long i;

	for (i = 0; i < T1_COUNT(sizes); i++) {
		arg.argsz = sizes[i];
		for (flag = 0; flag <= GET; flag = flag ? 2 * flag : 1) {
			arg.flags = flag;
			c_arg(c, r.container, &IOMMU_DIRTY_PAGES, &arg,
			      (size_t)c->param);
		}
	}
}

static void pointers(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	unsigned char *bitmap = c_mem(c, "bitmap", C_PAGE, 0);
	struct t1_range arg = t1_get(IOVA, SIZE, bitmap, 8);

	memset(bitmap, 0xff, C_PAGE);
	t1_map(container, bitmap, IOVA, SIZE);
	c_dirty(c, container, START);
	arg.flags = (uint32_t)(c->param >> 1);
	t1_pointers(c, container, &IOMMU_DIRTY_PAGES, &arg, sizeof(arg), NULL);
}

CASES
{
	long n, type;

	for (n = 0; n < 16; n++)
		conform_add(flags, n << 1 | 1, 0, "type1/dirty/flags/v2/0x%lx",
			    n);
	for (n = 0; n < 8; n++)
		conform_add(flags, n << 1, 0, "type1/dirty/flags/v1/0x%lx", n);
	for (n = 4; n < 32; n += 3)
		conform_add(flags, (1L << n | 1) << 1 | 1, 0,
			    "type1/dirty/flags/v2/bit-%ld", n);
	for (n = 0; n <= 56; n += T1_BLOCK)
		conform_add(argsz, n, 0, "type1/dirty/argsz/%02ld", n);
	conform_add(argsz, 0x7ffffffc, 0, "type1/dirty/argsz/0x7ffffffc");
	conform_add(argsz, 0xfffffffc, 0, "type1/dirty/argsz/0xfffffffc");
	for (n = 0; n <= 48; n += n < 12 || n > 44 ? 1 : 4)
		conform_add(end, n, 0, "type1/dirty/end/%02ld", n);
	for (type = 0; type < 2; type++)
		for (n = 1; n <= 4; n *= 2)
			conform_add(pointers, n << 1 | type, 0,
				    "type1/dirty/pointer/v%ld/%ld", type + 1,
				    n);
}

/* ---- two errors at once ---- */

#define RANGE(name, member, value) T1_FAULT(name, t1_range, member, value)

static const struct t1_fault faults[] = {
	RANGE("argsz-7", argsz, 7),
	RANGE("argsz-8", argsz, 8),
	RANGE("argsz-47", argsz, 47),
	RANGE("flags-none", flags, 0),
	RANGE("flags-get-start", flags, GET | START),
	RANGE("flags-unknown", flags, GET | 8),
	RANGE("iova-1", iova, IOVA + 1),
	RANGE("iova-middle", iova, IOVA + C_PAGE),
	RANGE("iova-wraps", iova, -C_PAGE),
	RANGE("iova-elsewhere", iova, 0),
	RANGE("size-0", size, 0),
	RANGE("size-1", size, 1),
	RANGE("size-odd", size, C_PAGE + 1),
	RANGE("size-middle", size, 2 * C_PAGE),
	RANGE("size-wraps", size, -C_PAGE),
	RANGE("pgsize-8192", bitmap.pgsize, 2 * C_PAGE),
	RANGE("pgsize-512", bitmap.pgsize, 512),
	RANGE("pgsize-5000", bitmap.pgsize, 5000),
	RANGE("bitmap-size-0", bitmap.size, 0),
	RANGE("bitmap-size-7", bitmap.size, 7),
	RANGE("bitmap-size-most", bitmap.size, 0x10000000),
	RANGE("bitmap-size-more", bitmap.size, 0x10000001),
	RANGE("data-null", bitmap.data, 0),
	RANGE("data-1", bitmap.data, 1),
	RANGE("data-kernel", bitmap.data, C_KERNEL),
	RANGE("data-top", bitmap.data, -8UL),
};

/*
 * The fault alone, and with every later one: each pair comes once.
 * param & 1: tracking is on.
 */
static void order(struct ctx *c)
{
	const struct t1_fault *one = &faults[c->param >> 1];
	struct rig r = rig(c, SIZE);
	struct t1_range arg;
	long i;

	if (!(c->param & 1))
		c_dirty(c, r.container, STOP);
	for (i = c->param >> 1; i < T1_COUNT(faults); i++) {
		if (faults[i].offset == one->offset && &faults[i] != one)
			continue;
		arg = t1_get(IOVA, SIZE, r.bitmap, 8);
		t1_fault(&arg, one, &faults[i]);
		c_note(c, "and %s", faults[i].name);
		c_arg(c, r.container, &IOMMU_DIRTY_PAGES, &arg, sizeof(arg));
	}
}

CASES
{
	long i;

	for (i = 0; i < T1_COUNT(faults); i++) {
		conform_add(order, i << 1 | 1, 0, "type1/dirty/order/%s",
			    faults[i].name);
		conform_add(order, i << 1, 0, "type1/dirty/order/off/%s",
			    faults[i].name);
	}
}

/* ---- page sizes, and sizes and places of the bitmap ---- */

static const uint64_t pgsizes[] = {
	1,    2,      512,	 2048,	    4095,      4096, 4097,    0x1800,
	8192, 0x3000, 1UL << 21, 1UL << 32, 1UL << 63, -1UL, -4096UL,
};

/* 0 is left out: the kernel looks for its first bit, whatever that is. */
static void pgsize(struct ctx *c)
{
	struct rig r = rig(c, SIZE);

	c_dirty_get(c, r.container, IOVA, SIZE, pgsizes[c->param], r.bitmap, 8);
	c_dirty_get(c, r.container, IOVA, SIZE, pgsizes[c->param], r.bitmap,
		    C_PAGE);
	c_dirty_get(c, r.container, 0, 1UL << 33, pgsizes[c->param], r.bitmap,
		    0x10000000);
}

static void bitmap_size(struct ctx *c)
{
	static const unsigned int pages[] = { 1, 63, 64, 65, 128, 129, 192 };
	struct rig r = rig(c, C_PAGE);
	long i;

	T1_EACH(c, size)
	for (i = 0; i < T1_COUNT(pages); i++)
		c_dirty_get(c, r.container, IOVA, pages[i] * C_PAGE, C_PAGE,
			    r.bitmap, (uint64_t)size);
}

CASES
{
	long n;

	for (n = 0; n < T1_COUNT(pgsizes); n++)
		conform_add(pgsize, n, 0, "type1/dirty/pgsize/0x%lx",
			    (unsigned long)pgsizes[n]);
	for (n = 0; n <= 26; n += T1_BLOCK)
		conform_add(bitmap_size, n, 0, "type1/dirty/bitmap-size/%02ld",
			    n);
	conform_add(bitmap_size, 0xffffffc, 0,
		    "type1/dirty/bitmap-size/0xffffffc");
	conform_add(bitmap_size, (1L << 32) - 4, 0,
		    "type1/dirty/bitmap-size/0xfffffffc");
	conform_add(bitmap_size, -4, 0, "type1/dirty/bitmap-size/-4");
}

/* Where the bitmap is not to be written, a hole and a mapping. */
static void bitmap_at(struct ctx *c, void *at)
{
	int container = c_fd(c, "container");

	c_dirty_get(c, container, IOVA, SIZE, C_PAGE, at, 8);
	c_dirty_get(c, container, IOVA + SIZE, SIZE, C_PAGE, at, 8);
	c_dirty_get(c, container, IOVA - C_PAGE, SIZE + C_PAGE, C_PAGE, at, 8);
	c_dirty_get(c, container, IOVA, SIZE, C_PAGE, at, 0x10000000);
}

CASE("type1/dirty/bitmap-at/null")
{
	rig(c, SIZE);
	bitmap_at(c, NULL);
}

CASE("type1/dirty/bitmap-at/kernel")
{
	rig(c, SIZE);
	bitmap_at(c, (void *)C_KERNEL);
	bitmap_at(c, (void *)(1UL << 63));
	bitmap_at(c, (void *)-8UL);
	bitmap_at(c, (void *)-1UL);
}

CASE("type1/dirty/bitmap-at/read-only")
{
	uint64_t ones = -1UL;

	rig(c, SIZE);
	bitmap_at(c, c_read_only(c, &ones, sizeof(ones)));
}

CASE("type1/dirty/bitmap-at/no-access")
{
	uint64_t ones = -1UL;

	rig(c, SIZE);
	bitmap_at(c, c_no_access(c, &ones, sizeof(ones)));
}

CASE("type1/dirty/bitmap-at/odd-address")
{
	unsigned char *at = rig(c, SIZE).bitmap;
	int i;

	for (i = 1; i < 8; i++)
		bitmap_at(c, at + 16 * i + i);
}

CASE("type1/dirty/bitmap-at/page-border")
{
	unsigned char *at = rig(c, SIZE).bitmap;

	bitmap_at(c, at + C_PAGE - 4);
	bitmap_at(c, at + 2 * C_PAGE - 8);
	/* The last four bytes are not there. */
	bitmap_at(c, at + 2 * C_PAGE - 4);
}

CASE("type1/dirty/bitmap-at/argument")
{
	struct rig r = rig(c, SIZE);
	unsigned char *arg = c_mem(c, "G", C_PAGE, 0);
	struct t1_range get = t1_get(IOVA, SIZE, arg + 8, 8);

	memcpy(arg, &get, sizeof(get));
	c_arg_at(c, r.container, &IOMMU_DIRTY_PAGES, arg);
	c_arg_at(c, r.container, &IOMMU_DIRTY_PAGES, arg);
}

/* ---- on and off ---- */

CASE("type1/dirty/on-off")
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	unsigned char *bitmap = c_mem(c, "bitmap", C_PAGE, 0);
	char *a = c_mem(c, "A", SIZE, C_UNWATCHED);

	memset(bitmap, 0xff, 64);
	c_dirty(c, container, STOP);
	c_dirty_get(c, container, IOVA, SIZE, C_PAGE, bitmap, 8);
	c_dirty(c, container, START);
	c_dirty(c, container, START);
	c_dirty_get(c, container, IOVA, SIZE, C_PAGE, bitmap, 8);
	c_map(c, container, a, IOVA, SIZE, READ);
	c_dirty_get(c, container, IOVA, SIZE, C_PAGE, bitmap, 8);
	c_dirty(c, container, STOP);
	c_dirty_get(c, container, IOVA, SIZE, C_PAGE, bitmap, 8);
	c_dirty(c, container, STOP);
	c_dirty(c, container, START);
	memset(bitmap, 0xff, 64);
	c_dirty_get(c, container, IOVA, SIZE, C_PAGE, bitmap, 8);
	c_unmap(c, container, IOVA, SIZE, 0, NULL);
	memset(bitmap, 0xff, 64);
	c_dirty_get(c, container, IOVA, SIZE, C_PAGE, bitmap, 8);
	c_dirty(c, container, STOP);
}

/* A bitmap has an end: 2^31 pages are too many. */
CASE("type1/dirty/too-large/start")
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;

	c_map(c, container, NULL, 0, C_PAGE, READ);
	c_map(c, container, NULL, 1UL << 44, 1UL << 43, READ);
	c_dirty(c, container, START);
	/* It is off now. */
	c_map(c, container, NULL, 1UL << 45, 1UL << 44, READ);
	c_unmap(c, container, 1UL << 44, 1UL << 43, 0, NULL);
	c_unmap(c, container, 1UL << 45, 1UL << 44, 0, NULL);
	c_dirty(c, container, START);
	c_dirty(c, container, STOP);
}

CASE("type1/dirty/too-large/map")
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;

	c_dirty(c, container, START);
	c_map(c, container, NULL, 0, 1UL << 43, READ);
	c_map(c, container, NULL, 0, 1UL << 62, READ);
	c_iommu_info(c, container, 72);
	/* Nothing of it is left. */
	c_map(c, container, NULL, 0, 1UL << 32, READ);
	c_unmap(c, container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, NULL);
	c_dirty(c, container, STOP);
}
