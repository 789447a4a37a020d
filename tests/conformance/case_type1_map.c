// SPDX-License-Identifier: BSD-3-Clause
/* VFIO_IOMMU_MAP_DMA. An odd param is type v2, an even one v1. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "helpers_type1.h"

#define IOVA 0x100000UL
#define TAKEN 0x200000UL
#define READ VFIO_DMA_MAP_FLAG_READ
#define WRITE VFIO_DMA_MAP_FLAG_WRITE
#define VADDR VFIO_DMA_MAP_FLAG_VADDR

static struct vfio_iommu_type1_dma_map good(const void *vaddr)
{
	return (struct vfio_iommu_type1_dma_map){
		.argsz = sizeof(struct vfio_iommu_type1_dma_map),
		.flags = READ | WRITE,
		.vaddr = (uintptr_t)vaddr,
		.iova = IOVA,
		.size = 2 * C_PAGE,
	};
}

/* ---- flags, argsz, and where the struct is ---- */

static void flags(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	char *a = c_mem(c, "A", C_PAGE, 0);
	uint32_t value = (uint32_t)(c->param >> 1);

	c_map(c, container, a, IOVA, C_PAGE, value);
	/* And over what is there. */
	c_map(c, container, a, IOVA, C_PAGE, value);
	c_map(c, container, a, IOVA + C_PAGE, C_PAGE, READ | value);
	c_iommu_info(c, container, 72);
	c_unmap(c, container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, NULL);
}

static void argsz(struct ctx *c)
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	struct vfio_iommu_type1_dma_map map =
		good(c_mem(c, "A", 2 * C_PAGE, 0));

	T1_EACH(c, n)
	{
		map.argsz = (uint32_t)n;
		c_arg(c, container, &IOMMU_MAP_DMA, &map, sizeof(map));
		t1_clear(container);
	}
}

/* The struct's first bytes, then nothing that is mapped. */
static void end(struct ctx *c)
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	struct vfio_iommu_type1_dma_map map = good(T1_NOWHERE);

	T1_EACH(c, len)
	{
		map.argsz = sizeof(map);
		c_arg(c, container, &IOMMU_MAP_DMA, &map, (size_t)len);
		map.argsz = (uint32_t)len;
		c_arg(c, container, &IOMMU_MAP_DMA, &map, (size_t)len);
		map.argsz = 0;
		c_arg(c, container, &IOMMU_MAP_DMA, &map, (size_t)len);
	}
}

static void clear(struct ctx *c)
{
	t1_clear(c_fd(c, "container"));
}

static void pointers(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	struct vfio_iommu_type1_dma_map map =
		good(c_mem(c, "A", 2 * C_PAGE, 0));

	t1_pointers(c, container, &IOMMU_MAP_DMA, &map, sizeof(map), clear);
}

CASES
{
	long n;

	for (n = 0; n < 16; n++) {
		conform_add(flags, n << 1 | 1, 0, "type1/map/flags/v2/0x%lx",
			    n);
		conform_add(flags, n << 1, 0, "type1/map/flags/v1/0x%lx", n);
	}
	for (n = 4; n < 32; n += 3)
		conform_add(flags, 1L << n << 1 | 1, 0,
			    "type1/map/flags/v2/bit-%ld", n);
	for (n = 0; n <= 40; n += T1_BLOCK)
		conform_add(argsz, n, 0, "type1/map/argsz/%02ld", n);
	conform_add(argsz, 0x7ffffffc, 0, "type1/map/argsz/0x7ffffffc");
	conform_add(argsz, 0xfffffffc, 0, "type1/map/argsz/0xfffffffc");
	for (n = 0; n < 32; n += T1_BLOCK)
		conform_add(end, n, 0, "type1/map/end/%02ld", n);
	conform_add(pointers, 1, 0, "type1/map/pointer/v2");
	conform_add(pointers, 0, 0, "type1/map/pointer/v1");
}

/* ---- two errors at once ---- */

#define FAULT(name, member, value) \
	T1_FAULT(name, vfio_iommu_type1_dma_map, member, value)

static const struct t1_fault faults[] = {
	FAULT("argsz-31", argsz, 31),
	FAULT("argsz-0", argsz, 0),
	FAULT("flags-none", flags, 0),
	FAULT("flags-unknown", flags, READ | 8),
	FAULT("flags-vaddr", flags, VADDR),
	FAULT("flags-vaddr-read", flags, VADDR | READ),
	FAULT("size-0", size, 0),
	FAULT("size-1", size, 1),
	FAULT("size-odd", size, C_PAGE + 0x800),
	FAULT("size-wraps", size, -C_PAGE),
	FAULT("iova-1", iova, IOVA + 1),
	FAULT("iova-wraps", iova, -C_PAGE),
	FAULT("iova-taken", iova, TAKEN),
	FAULT("iova-half-taken", iova, TAKEN - C_PAGE),
	FAULT("vaddr-1", vaddr, 1),
	FAULT("vaddr-wraps", vaddr, -C_PAGE),
	FAULT("vaddr-kernel", vaddr, C_KERNEL),
	FAULT("vaddr-null", vaddr, 0),
};

/* The fault alone, and with every later one: each pair comes once. */
static void order(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	char *a = c_mem(c, "A", 2 * C_PAGE, 0);
	const struct t1_fault *one = &faults[c->param >> 1];
	struct vfio_iommu_type1_dma_map map;
	long i;

	for (i = c->param >> 1; i < T1_COUNT(faults); i++) {
		if (faults[i].offset == one->offset && &faults[i] != one)
			continue;
		t1_clear(container);
		t1_map(container, a, TAKEN, 2 * C_PAGE);
		map = good(a);
		t1_fault(&map, one, &faults[i]);
		c_note(c, "and %s", faults[i].name);
		c_arg(c, container, &IOMMU_MAP_DMA, &map, sizeof(map));
	}
}

CASES
{
	long i;

	for (i = 0; i < T1_COUNT(faults); i++) {
		conform_add(order, i << 1 | 1, 0, "type1/map/order/v2/%s",
			    faults[i].name);
		conform_add(order, i << 1, 0, "type1/map/order/v1/%s",
			    faults[i].name);
	}
}

/* ---- sizes and offsets ---- */

/* Any address will do where nothing is pinned: NULL is one that cannot wrap. */
static void one_size(struct ctx *c, int container, uint64_t size)
{
	c_map(c, container, NULL, 0, size, READ);
	c_map(c, container, NULL, 0, size, READ);
	c_map(c, container, NULL, size - C_PAGE, C_PAGE, READ);
	c_map(c, container, NULL, size, C_PAGE, READ);
	c_unmap(c, container, 0, C_PAGE, 0, NULL);
	c_unmap(c, container, 0, size, 0, NULL);
	c_map(c, container, NULL, 1ULL << 62, size, READ);
	c_unmap(c, container, 0, 1ULL << 63, 0, NULL);
	/* An entry that ends at 2^64 breaks the kernel's own search. */
	c_map(c, container, NULL, -size - C_PAGE, size, READ);
	c_unmap(c, container, -size - C_PAGE, size, 0, NULL);
	c_unmap(c, container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, NULL);
}

static void size(struct ctx *c)
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;

	T1_EACH(c, shift)
	one_size(c, container, 1ULL << shift);
}

static const uint64_t odd_offsets[] = { 1, 7, 8, 511, 512, 2048, 4088, 4095 };

static void offset(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	uint64_t odd = odd_offsets[c->param >> 1];
	char *a = c_mem(c, "A", 2 * C_PAGE, 0);

	c_map(c, container, a + odd, IOVA, C_PAGE, READ);
	c_map(c, container, a, IOVA + odd, C_PAGE, READ);
	c_map(c, container, a + odd, IOVA + odd, C_PAGE, READ);
	c_map(c, container, a, IOVA, odd, READ);
	c_map(c, container, a, IOVA, C_PAGE + odd, READ);
	c_map(c, container, a + odd, IOVA, C_PAGE - odd, READ);
	c_map(c, container, a, -C_PAGE + odd, C_PAGE, READ);
	c_map(c, container, a, -odd, odd, READ);
}

static void wraps(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	char *a = c_mem(c, "A", C_PAGE, 0);
	int shift;

	for (shift = 12; shift < 64; shift++) {
		c_map(c, container, a, -(1ULL << shift),
		      (1ULL << shift) + C_PAGE, READ);
		c_map(c, container, (void *)-(1UL << shift), IOVA,
		      (1ULL << shift) + C_PAGE, READ);
		c_map(c, container, a, C_PAGE << (shift - 12), -C_PAGE, READ);
	}
	c_map(c, container, a, -C_PAGE, -C_PAGE, READ);
	c_map(c, container, a, -C_PAGE, 2 * C_PAGE, READ);
	c_map(c, container, (void *)-C_PAGE, IOVA, C_PAGE, READ);
	c_map(c, container, (void *)-C_PAGE, IOVA + C_PAGE, 2 * C_PAGE, READ);
	c_map(c, container, NULL, 0, -C_PAGE, READ);
	c_unmap(c, container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, NULL);
	c_map(c, container, NULL, 0, -C_PAGE, READ);
	c_unmap(c, container, 0, -C_PAGE, 0, NULL);
	c_map(c, container, NULL, C_PAGE, -2 * C_PAGE, READ);
	c_unmap(c, container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, NULL);
}

CASES
{
	long i;

	for (i = 0; i < 64; i += T1_BLOCK)
		conform_add(size, i, 0, "type1/map/size/2^%02ld", i);
	for (i = 0; i < T1_COUNT(odd_offsets); i++) {
		conform_add(offset, i << 1 | 1, 0, "type1/map/offset/v2/%lu",
			    (unsigned long)odd_offsets[i]);
		conform_add(offset, i << 1, 0, "type1/map/offset/v1/%lu",
			    (unsigned long)odd_offsets[i]);
	}
	conform_add(wraps, 1, 0, "type1/map/wraps/v2");
	conform_add(wraps, 0, 0, "type1/map/wraps/v1");
}

/* ---- over and beside what is mapped ---- */

/* param: type, layout, first page. */
static void overlap(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	char *a = c_mem(c, "A", 16 * C_PAGE, C_UNWATCHED);
	const struct t1_layout *layout = &t1_layouts[c->param >> 1 & 7];
	unsigned long first = (unsigned long)c->param >> 4, count;

	for (count = 1; first + count <= T1_LAST; count++) {
		t1_lay(container, layout, a);
		c_map(c, container, a, T1_IOVA(first), count * C_PAGE, READ);
		t1_left(c, container, a);
	}
}

CASES
{
	long layout, first;

	for (layout = 0; layout < T1_NR_LAYOUTS; layout++)
		for (first = T1_FIRST; first < T1_LAST; first++)
			conform_add(overlap, first << 4 | layout << 1 | 1, 0,
				    "type1/map/overlap/%s/%02ld",
				    t1_layouts[layout].name, first);
}

/* ---- what the address is of ---- */

static void map_unmap(struct ctx *c, const void *vaddr)
{
	int container = c_fd(c, "container");

	c_map(c, container, vaddr, IOVA, C_PAGE, READ);
	c_unmap(c, container, IOVA, C_PAGE, 0, NULL);
	c_map(c, container, vaddr, IOVA, C_PAGE, WRITE);
	c_unmap(c, container, IOVA, C_PAGE, 0, NULL);
	c_map(c, container, vaddr, IOVA, C_PAGE, READ | WRITE);
	c_unmap(c, container, IOVA, C_PAGE, 0, NULL);
}

CASE("type1/map/vaddr/null")
{
	c_ready(c, VFIO_TYPE1v2_IOMMU);
	map_unmap(c, NULL);
}

CASE("type1/map/vaddr/kernel")
{
	c_ready(c, VFIO_TYPE1v2_IOMMU);
	map_unmap(c, (void *)C_KERNEL);
}

CASE("type1/map/vaddr/read-only")
{
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_ready(c, VFIO_TYPE1v2_IOMMU);
	c_protect(c, a, C_PAGE, PROT_READ);
	map_unmap(c, a);
}

CASE("type1/map/vaddr/no-access")
{
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_ready(c, VFIO_TYPE1v2_IOMMU);
	c_protect(c, a, C_PAGE, PROT_NONE);
	map_unmap(c, a);
}

CASE("type1/map/vaddr/not-mapped")
{
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_ready(c, VFIO_TYPE1v2_IOMMU);
	map_unmap(c, a + C_PAGE);
}

CASE("type1/map/vaddr/partly-mapped")
{
	char *a = c_mem(c, "A", 3 * C_PAGE, C_UNWATCHED);
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;

	munmap(a, C_PAGE);
	c_map(c, container, a, IOVA, 3 * C_PAGE, READ);
	c_map(c, container, a + 2 * C_PAGE, 2 * IOVA, 3 * C_PAGE, READ);
	c_iommu_info(c, container, 72);
	c_unmap(c, container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, NULL);
}

CASE("type1/map/vaddr/unmapped-later")
{
	char *a = c_mem(c, "A", C_PAGE, C_UNWATCHED);
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;

	c_map(c, container, a, IOVA, C_PAGE, READ | WRITE);
	munmap(a, C_PAGE);
	c_map(c, container, a, IOVA, C_PAGE, READ | WRITE);
	c_iommu_info(c, container, 72);
	c_unmap(c, container, IOVA, C_PAGE, 0, NULL);
}

CASE("type1/map/vaddr/same-twice")
{
	char *a = c_mem(c, "A", C_PAGE, 0);
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;

	c_map(c, container, a, IOVA, C_PAGE, READ | WRITE);
	c_map(c, container, a, IOVA + C_PAGE, C_PAGE, READ | WRITE);
	c_map(c, container, a, 0, C_PAGE, READ | WRITE);
	/* They adjoin, and are still two. */
	c_unmap(c, container, IOVA, C_PAGE, 0, NULL);
	c_unmap(c, container, 0, 2 * IOVA, 0, NULL);
}

/* ---- the limit ---- */

/* Every second page: nothing could be joined. */
static long fill(int container, const void *vaddr, long n)
{
	long i, result = 0;

	for (i = 0; i < n && !result; i++)
		result = t1_map(container, vaddr,
				(uint64_t)(2 * i + 2) * C_PAGE, C_PAGE);
	return result;
}

CASE_FLAGS("type1/map/limit", CASE_SLOW)
{
	char *a = c_mem(c, "A", 4 * C_PAGE, C_UNWATCHED);
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;

	c_did(c, fill(container, a, 65535), "65535 entries");
	c_iommu_info(c, container, 72);
	/* Full: which error comes first? */
	c_map(c, container, a, 0, C_PAGE, READ);
	c_map(c, container, a, 2 * C_PAGE, C_PAGE, READ);
	c_map(c, container, a, 0, C_PAGE, 0);
	c_map(c, container, a, 0, 1, READ);
	c_map(c, container, a, 0, C_PAGE, VADDR);
	c_map(c, container, a, -C_PAGE, 2 * C_PAGE, READ);
	c_unmap(c, container, C_PAGE, C_PAGE, 0, NULL);
	c_map(c, container, a, 0, C_PAGE, READ);
	/* One goes, one comes. */
	c_unmap(c, container, 2 * C_PAGE, C_PAGE, 0, NULL);
	c_iommu_info(c, container, 72);
	c_map(c, container, a, 0, 4 * C_PAGE, READ);
	c_map(c, container, a, 0, 3 * C_PAGE, READ);
	c_map(c, container, a, 3 * C_PAGE, C_PAGE, READ);
	c_iommu_info(c, container, 72);
	c_unmap(c, container, 0, 1ULL << 28, 0, NULL);
	c_iommu_info(c, container, 72);
	c_unmap(c, container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, NULL);
	c_iommu_info(c, container, 72);
}
