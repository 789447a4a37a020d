// SPDX-License-Identifier: BSD-3-Clause
/* VFIO_IOMMU_UNMAP_DMA with a bitmap: its checks. case_type1_bitmap.c: data. */
#include <string.h>
#include "helpers_type1.h"

#define IOVA 0x100000UL
#define SIZE (4 * C_PAGE)
#define DIRTY VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP
#define ALL VFIO_DMA_UNMAP_FLAG_ALL
#define VADDR VFIO_DMA_UNMAP_FLAG_VADDR

struct rig {
	int container;
	char *a;
	unsigned char *bitmap;
};

static struct rig rig(struct ctx *c, unsigned long type)
{
	struct rig r = { .container = c_ready(c, type).container };

	r.a = c_mem(c, "A", SIZE, C_UNWATCHED);
	r.bitmap = c_mem(c, "bitmap", C_PAGE, 0);
	memset(r.bitmap, 0xff, C_PAGE);
	t1_map(r.container, r.a, IOVA, SIZE);
	if (type == VFIO_TYPE1v2_IOMMU)
		c_dirty(c, r.container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
	return r;
}

/* One mapping and nothing else. */
static void anew(const struct rig *r)
{
	t1_clear(r->container);
	t1_map(r->container, r->a, IOVA, SIZE);
	memset(r->bitmap, 0xff, C_PAGE);
}

static void unmap(struct ctx *c, const struct rig *r, struct t1_range *arg)
{
	c_arg(c, r->container, &IOMMU_UNMAP_DMA, arg, sizeof(*arg));
	c_say(c, "    avail %u", t1_avail(r->container));
}

/* ---- argsz, and where the struct is ---- */

static void argsz(struct ctx *c)
{
	struct rig r = rig(c, VFIO_TYPE1v2_IOMMU);
	struct t1_range arg;

	T1_EACH(c, n)
	{
		anew(&r);
		arg = t1_unmap(IOVA, SIZE, r.bitmap, 8);
		arg.argsz = (uint32_t)n;
		unmap(c, &r, &arg);
	}
}

static void end(struct ctx *c)
{
	static const uint32_t sizes[] = { 0, 24, 47, 48, 0xffffffff };
	struct rig r = rig(c, VFIO_TYPE1v2_IOMMU);
	struct t1_range arg;
	long i;

	for (i = 0; i < T1_COUNT(sizes); i++) {
		arg = t1_unmap(IOVA, SIZE, T1_NOWHERE, 8);
		arg.argsz = sizes[i];
		c_arg(c, r.container, &IOMMU_UNMAP_DMA, &arg, (size_t)c->param);
		c_say(c, "    avail %u", t1_avail(r.container));
	}
}

static void again(struct ctx *c)
{
	int container = c_fd(c, "container");

	c_say(c, "    avail %u", t1_avail(container));
	t1_clear(container);
	t1_map(container, NULL, IOVA, SIZE);
}

static void pointers(struct ctx *c)
{
	struct rig r = rig(c, T1_V2(c));
	struct t1_range arg = t1_unmap(IOVA, SIZE, r.bitmap, 8);

	t1_pointers(c, r.container, &IOMMU_UNMAP_DMA, &arg, sizeof(arg), again);
	again(c);
}

CASES
{
	long n;

	for (n = 0; n <= 56; n += T1_BLOCK)
		conform_add(argsz, n, 0, "type1/unmap-dirty/argsz/%02ld", n);
	conform_add(argsz, 0xfffffffc, 0, "type1/unmap-dirty/argsz/0xfffffffc");
	for (n = 16; n <= 48; n += n < 44 ? 4 : 1)
		conform_add(end, n, 0, "type1/unmap-dirty/end/%02ld", n);
	conform_add(pointers, 1, 0, "type1/unmap-dirty/pointer/v2");
	conform_add(pointers, 0, 0, "type1/unmap-dirty/pointer/v1");
}

/* ---- two errors at once ---- */

#define UNMAP(name, member, value) T1_FAULT(name, t1_range, member, value)

static const struct t1_fault faults[] = {
	UNMAP("argsz-23", argsz, 23),
	UNMAP("argsz-47", argsz, 47),
	UNMAP("flags-unknown", flags, DIRTY | 8),
	UNMAP("flags-all", flags, DIRTY | ALL),
	UNMAP("flags-vaddr", flags, DIRTY | VADDR),
	UNMAP("iova-1", iova, IOVA + 1),
	UNMAP("iova-middle", iova, IOVA + C_PAGE),
	UNMAP("iova-wraps", iova, -C_PAGE),
	UNMAP("size-0", size, 0),
	UNMAP("size-1", size, 1),
	UNMAP("size-middle", size, 2 * C_PAGE),
	UNMAP("size-wraps", size, -C_PAGE),
	UNMAP("pgsize-1", bitmap.pgsize, 1),
	UNMAP("pgsize-8192", bitmap.pgsize, 2 * C_PAGE),
	UNMAP("pgsize-5000", bitmap.pgsize, 5000),
	UNMAP("pgsize-2^63", bitmap.pgsize, 1UL << 63),
	UNMAP("bitmap-size-0", bitmap.size, 0),
	UNMAP("bitmap-size-7", bitmap.size, 7),
	UNMAP("bitmap-size-most", bitmap.size, 0x10000000),
	UNMAP("bitmap-size-more", bitmap.size, 0x10000001),
	UNMAP("data-null", bitmap.data, 0),
	UNMAP("data-kernel", bitmap.data, C_KERNEL),
	UNMAP("data-top", bitmap.data, -8UL),
};

enum tracking { OFF, ON, V1 };

/* Each pair of faults comes once. param: state, fault. */
static void order(struct ctx *c)
{
	const struct t1_fault *one = &faults[c->param >> 2];
	enum tracking state = c->param & 3;
	struct rig r =
		rig(c, state == V1 ? VFIO_TYPE1_IOMMU : VFIO_TYPE1v2_IOMMU);
	struct t1_range arg;
	long i;

	if (state == OFF)
		c_dirty(c, r.container, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
	for (i = c->param >> 2; i < T1_COUNT(faults); i++) {
		if (faults[i].offset == one->offset && &faults[i] != one)
			continue;
		anew(&r);
		arg = t1_unmap(IOVA, SIZE, r.bitmap, 8);
		t1_fault(&arg, one, &faults[i]);
		c_note(c, "and %s", faults[i].name);
		unmap(c, &r, &arg);
	}
}

CASES
{
	static const char *const names[] = { "off", "on", "v1" };
	long i;
	int state;

	for (state = OFF; state <= V1; state++)
		for (i = 0; i < T1_COUNT(faults); i++)
			conform_add(order, i << 2 | state, 0,
				    "type1/unmap-dirty/order/%s/%s",
				    names[state], faults[i].name);
}

/* ---- bitmap sizes, and bitmaps that are not to be written ---- */

static void bitmap_size(struct ctx *c)
{
	static const unsigned int pages[] = { 1, 4, 63, 64, 65, 128, 129, 192 };
	struct rig r = rig(c, VFIO_TYPE1v2_IOMMU);
	struct t1_range arg;
	long i;

	T1_EACH(c, size)
	{
		for (i = 0; i < T1_COUNT(pages); i++) {
			anew(&r);
			arg = t1_unmap(IOVA, pages[i] * C_PAGE, r.bitmap,
				       (uint64_t)size);
			unmap(c, &r, &arg);
		}
	}
}

static void bitmap_at(struct ctx *c, struct rig *r, void *at)
{
	struct t1_range arg = t1_unmap(IOVA + SIZE, SIZE, at, 8);

	anew(r);
	unmap(c, r, &arg);
	arg = t1_unmap(IOVA, SIZE, at, 8);
	unmap(c, r, &arg);
	/* It has failed, the mapping is still there. */
	c_unmap(c, r->container, IOVA, SIZE, 0, NULL);
	anew(r);
	arg = t1_unmap(IOVA - C_PAGE, SIZE + C_PAGE, at, 8);
	unmap(c, r, &arg);
}

CASE("type1/unmap-dirty/bitmap-at")
{
	struct rig r = rig(c, VFIO_TYPE1v2_IOMMU);
	uint64_t ones = -1UL;

	bitmap_at(c, &r, NULL);
	bitmap_at(c, &r, (void *)1);
	bitmap_at(c, &r, (void *)C_KERNEL);
	bitmap_at(c, &r, (void *)-8UL);
	bitmap_at(c, &r, c_read_only(c, &ones, sizeof(ones)));
	bitmap_at(c, &r, c_no_access(c, &ones, sizeof(ones)));
	bitmap_at(c, &r, r.bitmap + 3);
	bitmap_at(c, &r, r.bitmap + C_PAGE - 8);
	bitmap_at(c, &r, r.bitmap + C_PAGE - 4);
}

CASES
{
	long n;

	for (n = 0; n <= 26; n += T1_BLOCK)
		conform_add(bitmap_size, n, 0,
			    "type1/unmap-dirty/bitmap-size/%02ld", n);
}

/*
 * The bitmap lies in the argument; not where its own address is, of which any
 * byte may be 0 already.
 */
CASE("type1/unmap-dirty/bitmap-in-argument")
{
	struct rig r = rig(c, VFIO_TYPE1v2_IOMMU);
	unsigned char *at = c_mem(c, "U", C_PAGE, 0);
	struct t1_range arg;
	int i;

	for (i = 0; i < 40; i += 8) {
		anew(&r);
		arg = t1_unmap(IOVA, SIZE, at + i, 8);
		memcpy(at, &arg, sizeof(arg));
		c_arg_at(c, r.container, &IOMMU_UNMAP_DMA, at);
	}
}
