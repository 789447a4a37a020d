// SPDX-License-Identifier: BSD-3-Clause
/* IOMMU_GET_INFO, MAP_DMA and UNMAP_DMA as an unprivileged client sees them */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"

#define V1 VFIO_TYPE1_IOMMU
#define V2 VFIO_TYPE1v2_IOMMU
#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define TOP (~0UL - PAGE + 1)

static struct vfio_session session;

static void open_v1(void)
{
	session = vfio_session_open(DEV_MTTY2, V1);
}

static void open_v2(void)
{
	session = vfio_session_open(DEV_MTTY2, V2);
}

static void close_session(void)
{
	vfio_session_close(&session);
}

static int map_raw(uint32_t argsz, uint32_t flags, uint64_t vaddr,
		   uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_map map = { argsz, flags, vaddr, iova,
						size };

	return vfio_ioctl(session.container, VFIO_IOMMU_MAP_DMA, &map);
}

static int map_pages(uint64_t page, uint64_t pages)
{
	return vfio_map(session.container, page * PAGE, NULL, pages * PAGE);
}

/* The number of pages unmapped, or the negative errno. */
static int64_t unmap_pages(uint64_t page, uint64_t pages)
{
	int64_t ret =
		vfio_unmap(session.container, page * PAGE, pages * PAGE, 0);

	return ret < 0 ? ret : ret / (int64_t)PAGE;
}

/* The whole answer of a new emulated-only container, byte for byte. */
static const uint8_t new_info[72] = {
	0x48, 0,    0,	  0,	3,    0,    0,	  0, /* argsz, flags */
	0,    0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* iova_pgsizes */
	24,   0,    0,	  0,	0,    0,    0,	  0, /* cap_offset */
	2,    0,    1,	  0,	0x38, 0,    0,	  0, /* MIGRATION */
	0,    0,    0,	  0,	0,    0,    0,	  0, /* flags */
	0,    0x10, 0,	  0,	0,    0,    0,	  0, /* pgsize_bitmap */
	0,    0,    0,	  0x10, 0,    0,    0,	  0, /* max_dirty_bitmap_size */
	3,    0,    1,	  0,	0,    0,    0,	  0, /* DMA_AVAIL */
	0xff, 0xff, 0,	  0,	0,    0,    0,	  0, /* avail */
};

START_TEST(info_bytes)
{
	uint8_t buf[80];

	memset(buf, 0xee, sizeof(buf));
	memcpy(buf, new_info, 4);
	ck_ok(vfio_ioctl(session.container, VFIO_IOMMU_GET_INFO, buf));
	ck_assert_mem_eq(buf, new_info, sizeof(new_info));
	ck_assert_uint_eq(buf[72], 0xee);
}
END_TEST

/* How many bytes are written back, and what argsz becomes. */
static const struct {
	uint32_t argsz;
	int result;
	uint32_t argsz_after;
	size_t written;
} info_calls[] = {
	{ 0, -EINVAL, 0, 0 }, { 15, -EINVAL, 15, 0 }, { 16, 0, 72, 16 },
	{ 20, 0, 72, 20 },    { 24, 0, 72, 24 },      { 71, 0, 72, 24 },
	{ 72, 0, 72, 72 },    { 100, 0, 100, 72 },
};

START_TEST(info_argsz)
{
	uint8_t buf[128];

	memset(buf, 0xee, sizeof(buf));
	memcpy(buf, &info_calls[_i].argsz, 4);
	ck_assert_int_eq(vfio_ioctl(session.container, VFIO_IOMMU_GET_INFO,
				    buf),
			 info_calls[_i].result);
	ck_assert_mem_eq(buf, &info_calls[_i].argsz_after, 4);
	for (size_t i = 4; i < sizeof(buf); i++)
		ck_assert_msg((buf[i] != 0xee) == (i < info_calls[_i].written),
			      "byte %zu of argsz %u is %#x", i,
			      info_calls[_i].argsz, buf[i]);
}
END_TEST

START_TEST(map_errors)
{
	ck_assert_int_eq(map_raw(31, RW, 0, 0, PAGE), -EINVAL);
	ck_assert_int_eq(map_raw(32, 0, 0, 0, PAGE), -EINVAL);
	ck_assert_int_eq(map_raw(32, 8 | RW, 0, 0, PAGE), -EINVAL);
	ck_assert_int_eq(map_raw(32, RW, 0, 0, 0), -EINVAL);
	ck_assert_int_eq(map_raw(32, RW, 1, 0, PAGE), -EINVAL);
	ck_assert_int_eq(map_raw(32, RW, 0, 512, PAGE), -EINVAL);
	ck_assert_int_eq(map_raw(32, RW, 0, 0, PAGE + 1), -EINVAL);
	ck_assert_int_eq(map_raw(32, RW, 0, TOP, 2 * PAGE), -EINVAL);
	ck_assert_int_eq(map_raw(32, RW, TOP, 0, 2 * PAGE), -EINVAL);
	ck_assert_int_eq(map_raw(32, 4, 0, 0, PAGE), -ENOENT);
	ck_assert_int_eq(map_raw(32, 4 | RW, 0, 0, PAGE), -EINVAL);
	ck_assert_int_eq(vfio_dma_avail(session.container), 65535);
	ck_ok(map_raw(32, RW, 0, 0, PAGE));
	ck_assert_int_eq(map_raw(32, RW, 0, 0, PAGE), -EEXIST);
	ck_assert_int_eq(map_raw(32, 4, 0, 0, PAGE), -EINVAL);
	ck_assert_int_eq(vfio_dma_avail(session.container), 65534);
}
END_TEST

/* With emulated groups only, nobody looks at the memory when it is mapped. */
START_TEST(map_of_anything)
{
	ck_ok(map_raw(32, VFIO_DMA_MAP_FLAG_READ, 0, 0, PAGE));
	ck_ok(map_raw(32, VFIO_DMA_MAP_FLAG_WRITE, 0xffffffff81000000, PAGE,
		      PAGE));
	ck_ok(map_raw(4096, RW, 1UL << 50, 1UL << 40, 1UL << 36));
	ck_assert_int_eq(vfio_unmap(session.container, 0, 0,
				    VFIO_DMA_UNMAP_FLAG_ALL),
			 2 * PAGE + (1L << 36));
}
END_TEST

START_TEST(map_from_bad_memory)
{
	char *page = page_before_hole();
	struct vfio_iommu_type1_dma_map *map =
		(void *)(page + PAGE - sizeof(*map));

	*map = (struct vfio_iommu_type1_dma_map){ 32, RW, 0, 0, PAGE };
	ck_ok(mprotect(page, PAGE, PROT_READ));
	ck_ok(vfio_ioctl(session.container, VFIO_IOMMU_MAP_DMA, map));
	ck_ok(mprotect(page, PAGE, PROT_READ | PROT_WRITE));
	/* A short argsz does not save who is too near the end. */
	memmove(page + PAGE - 16, map, 16);
	ck_assert_int_eq(vfio_ioctl(session.container, VFIO_IOMMU_MAP_DMA,
				    page + PAGE - 16),
			 -EFAULT);
	ck_assert_int_eq(vfio_ioctl(session.container, VFIO_IOMMU_UNMAP_DMA,
				    page + PAGE - 16),
			 -EFAULT);
	ck_assert_int_eq(vfio_dma_avail(session.container), 65534);
}
END_TEST

START_TEST(unmap_errors)
{
	static const struct {
		uint32_t argsz, flags;
		uint64_t iova, size;
		int result;
	} calls[] = {
		{ 23, 0, 0, PAGE, -EINVAL }, { 24, 8, 0, PAGE, -EINVAL },
		{ 24, 3, 0, PAGE, -EINVAL }, { 24, 5, 0, PAGE, -EINVAL },
		{ 24, 1, 0, PAGE, -EINVAL }, { 24, 4, 0, PAGE, -EBUSY },
		{ 24, 6, 0, 0, -EBUSY },     { 24, 4, 1, PAGE, -EBUSY },
		{ 24, 0, 1, PAGE, -EINVAL }, { 24, 0, 0, 0, -EINVAL },
		{ 24, 0, 0, 1, -EINVAL },    { 24, 2, PAGE, 0, -EINVAL },
		{ 24, 2, 0, PAGE, -EINVAL }, { 24, 0, TOP, 2 * PAGE, -EINVAL },
	};

	ck_ok(map_pages(0, 1));
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct vfio_iommu_type1_dma_unmap unmap = {
			.argsz = calls[i].argsz,
			.flags = calls[i].flags,
			.iova = calls[i].iova,
			.size = calls[i].size,
		};

		ck_assert_int_eq(vfio_ioctl(session.container,
					    VFIO_IOMMU_UNMAP_DMA, &unmap),
				 calls[i].result);
		ck_assert_uint_eq(unmap.size, calls[i].size);
	}
	ck_assert_int_eq(unmap_pages(0, 1), 1);
}
END_TEST

START_TEST(unmap_v2)
{
	ck_ok(map_pages(16, 4));
	ck_assert_int_eq(unmap_pages(16, 2), -EINVAL);
	ck_assert_int_eq(unmap_pages(18, 2), -EINVAL);
	ck_assert_int_eq(unmap_pages(17, 1), -EINVAL);
	ck_assert_int_eq(unmap_pages(8, 16), 4);
	ck_assert_int_eq(unmap_pages(8, 16), 0);
	ck_ok(map_pages(16, 2));
	ck_ok(map_pages(18, 2));
	ck_ok(map_pages(30, 1));
	ck_assert_int_eq(unmap_pages(16, 3), -EINVAL);
	ck_assert_int_eq(unmap_pages(16, 15), 5);
	ck_assert_int_eq(vfio_unmap(session.container, 0, 0,
				    VFIO_DMA_UNMAP_FLAG_ALL),
			 0);
}
END_TEST

START_TEST(unmap_v1)
{
	ck_ok(map_pages(16, 4));
	ck_assert_int_eq(unmap_pages(18, 2), 0);
	ck_assert_int_eq(unmap_pages(17, 1), 0);
	ck_assert_int_eq(unmap_pages(16, 1), 4);
	ck_ok(map_pages(16, 2));
	ck_ok(map_pages(18, 2));
	ck_ok(map_pages(20, 2));
	ck_assert_int_eq(unmap_pages(17, 4), 0);
	ck_assert_int_eq(unmap_pages(18, 3), 4);
	ck_assert_int_eq(vfio_unmap(session.container, 0, 0,
				    VFIO_DMA_UNMAP_FLAG_ALL),
			 2 * PAGE);
}
END_TEST

/* The result cannot be told, the mapping is gone all the same. */
START_TEST(unmap_into_read_only_memory)
{
	char *page = page_before_hole();
	struct vfio_iommu_type1_dma_unmap *unmap = (void *)page;

	ck_ok(map_pages(0, 1));
	unmap->argsz = sizeof(*unmap);
	unmap->size = PAGE;
	ck_ok(mprotect(page, PAGE, PROT_READ));
	ck_assert_int_eq(vfio_ioctl(session.container, VFIO_IOMMU_UNMAP_DMA,
				    unmap),
			 -EFAULT);
	ck_assert_int_eq(vfio_dma_avail(session.container), 65535);
}
END_TEST

START_TEST(entry_limit)
{
	for (unsigned int i = 0; i < 65535; i++)
		ck_ok(map_pages(2UL * i, 1));
	ck_assert_int_eq(vfio_dma_avail(session.container), 0);
	ck_assert_int_eq(map_pages(1, 1), -ENOSPC);
	ck_assert_int_eq(map_pages(0, 1), -EEXIST);
	ck_assert_int_eq(unmap_pages(2 * 4711, 1), 1);
	ck_ok(map_pages(1, 1));
	ck_assert_int_eq(map_pages(3, 1), -ENOSPC);
	ck_assert_int_eq(vfio_unmap(session.container, 0, 0,
				    VFIO_DMA_UNMAP_FLAG_ALL),
			 65535 * (int64_t)PAGE);
	ck_assert_int_eq(vfio_dma_avail(session.container), 65535);
}
END_TEST

static TCase *type1_case(Suite *suite, const char *name, SFun open)
{
	TCase *tc = client_case(suite, name);

	tcase_add_checked_fixture(tc, open, close_session);
	return tc;
}

Suite *type1_suite(void)
{
	Suite *suite = suite_create("type1");
	TCase *v1 = type1_case(suite, "type1 v1", open_v1);
	TCase *v2 = type1_case(suite, "type1 v2", open_v2);

	tcase_add_test(v1, map_errors);
	tcase_add_test(v1, unmap_errors);
	tcase_add_test(v1, unmap_v1);
	tcase_add_test(v2, info_bytes);
	tcase_add_loop_test(v2, info_argsz, 0,
			    sizeof(info_calls) / sizeof(info_calls[0]));
	tcase_add_test(v2, map_errors);
	tcase_add_test(v2, map_of_anything);
	tcase_add_test(v2, map_from_bad_memory);
	tcase_add_test(v2, unmap_errors);
	tcase_add_test(v2, unmap_v2);
	tcase_add_test(v2, unmap_into_read_only_memory);
	tcase_add_test(v2, entry_limit);
	return suite;
}
