// SPDX-License-Identifier: BSD-3-Clause
/* type1: DIRTY_PAGES, and UNMAP_DMA with a bitmap. */
#include <errno.h>
#include <string.h>

#include "rig.h"
#include "suites.h"

#define MIB 0x100000ULL
#define START VFIO_IOMMU_DIRTY_PAGES_FLAG_START
#define STOP VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP
#define GET VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP

static struct rig rig;

static void setup(void)
{
	rig_setup(&rig, VFIO_TYPE1v2_IOMMU, 2);
	rig_open(&rig, 0);
	rig_open(&rig, 1);
}

static void setup_v1(void)
{
	rig_setup(&rig, VFIO_TYPE1_IOMMU, 1);
}

static void teardown(void)
{
	rig_teardown(&rig);
}

static void map_pages(uint64_t iova, uint64_t n)
{
	ck_assert_int_eq(rig_map(&rig, iova, n * PAGE, rig.mem, RIG_RW), 0);
}

static void write_to(uint64_t iova, size_t len)
{
	uint8_t buf[4096] = { 0 };

	ck_assert_int_eq(vfiod_dma_rw(rig.devs[0], iova, buf, len, true), 0);
}

/* What comes behind the 8-byte header, and then the bitmap's address. */
struct dirty {
	uint32_t argsz;
	uint32_t flags;
	struct vfio_iommu_type1_dirty_bitmap_get range;
};

static int dirty(uint32_t flags)
{
	struct dirty arg = { .argsz = 8, .flags = flags };

	return rig_ioctl(&rig, VFIO_IOMMU_DIRTY_PAGES, &arg, sizeof(arg));
}

/* The bitmap is the last page of memory. */
#define BITMAP_PAGE (RIG_PAGES - 1)

static uint64_t bitmap_address(void)
{
	return rig.mem + BITMAP_PAGE * PAGE;
}

static uint64_t *bitmap(void)
{
	return host_mm_ptr(rig.mm, bitmap_address());
}

static struct dirty get_arg(uint64_t iova, uint64_t npages, uint64_t size)
{
	return (struct dirty){
		.argsz = sizeof(struct dirty),
		.flags = GET,
		.range = {
			.iova = iova,
			.size = npages * PAGE,
			.bitmap = {
				.pgsize = PAGE,
				.size = size,
				.data = (void *)(uintptr_t)bitmap_address(),
			},
		},
	};
}

static int get_with(struct dirty arg)
{
	return rig_ioctl(&rig, VFIO_IOMMU_DIRTY_PAGES, &arg, sizeof(arg));
}

static int get(uint64_t iova, uint64_t npages)
{
	return get_with(get_arg(iova, npages, (npages + 63) / 64 * 8));
}

/* The first word of the bitmap of these pages; it was zero before. */
static uint64_t get_word(uint64_t iova, uint64_t npages)
{
	memset(bitmap(), 0, PAGE);
	ck_assert_int_eq(get(iova, npages), 0);
	return bitmap()[0];
}

START_TEST(v1_has_none)
{
	ck_assert_int_eq(dirty(START), -EACCES);
	ck_assert_int_eq(vfio_container_ioctl(rig.container,
					      VFIO_IOMMU_DIRTY_PAGES, 0),
			 -EACCES);
}
END_TEST

START_TEST(flags)
{
	uint64_t end = rig.mem + RIG_PAGES * PAGE;
	struct dirty arg = { .argsz = 7, .flags = START };

	ck_assert_int_eq(dirty(0), -EINVAL);
	ck_assert_int_eq(dirty(START | STOP), -EINVAL);
	ck_assert_int_eq(dirty(GET | STOP), -EINVAL);
	ck_assert_int_eq(dirty(8), -EINVAL);
	ck_assert_int_eq(dirty(START | 8), -EINVAL);
	ck_assert_int_eq(get_with(arg), -EINVAL);
	ck_assert_int_eq(vfio_container_ioctl(rig.container,
					      VFIO_IOMMU_DIRTY_PAGES, end - 7),
			 -EFAULT);
	ck_assert_int_eq(dirty(STOP), 0);
	ck_assert_int_eq(dirty(START), 0);
	ck_assert_int_eq(dirty(START), 0);
	ck_assert_int_eq(dirty(STOP), 0);
}
END_TEST

START_TEST(pinned_and_written)
{
	ck_assert_int_eq(dirty(START), 0);
	map_pages(MIB, 8);
	for (int i = 1; i <= 2; i++)
		ck_assert_int_eq(
			recorder_pin(rig.devs[0], MIB + i * PAGE, RIG_RW), 1);
	write_to(MIB + 4 * PAGE, 4);
	ck_assert_uint_eq(get_word(MIB, 8), 0x16);
	ck_assert_uint_eq(get_word(MIB, 8), 0x06);
	ck_assert_int_eq(get(MIB + PAGE, 7), -EINVAL);
	ck_assert_int_eq(get(MIB, 7), -EINVAL);
	ck_assert_int_eq(get(MIB - PAGE, 8), -EINVAL);
	ck_assert_uint_eq(get_word(2 * MIB, 8), 0);
	/* As long as it is pinned, and once more. */
	recorder_unpin(rig.devs[0], MIB + PAGE);
	ck_assert_uint_eq(get_word(MIB, 8), 0x06);
	ck_assert_uint_eq(get_word(MIB, 8), 0x04);
}
END_TEST

/* A write that touches several pages, and one that fails. */
START_TEST(written_pages)
{
	ck_assert_int_eq(dirty(START), 0);
	map_pages(0, 3);
	map_pages(3 * PAGE, 5);
	write_to(2 * PAGE + 100, 4096);
	write_to(6 * PAGE, 4096);
	ck_assert_uint_eq(get_word(0, 8), 0x4c);
	host_mm_protect(rig.mm, RIG_ARGS, 1, HOST_READ);
	ck_assert_int_eq(vfiod_dma_rw(rig.devs[0], 0, (char[]){ 0 }, 1, true),
			 -EFAULT);
	ck_assert_uint_eq(get_word(0, 8), 0);
}
END_TEST

START_TEST(pinned_before_start)
{
	map_pages(0, 70);
	ck_assert_int_eq(recorder_pin(rig.devs[1], 65 * PAGE + 5, RIG_RW), 1);
	write_to(0, 1);
	ck_assert_int_eq(dirty(START), 0);
	ck_assert_uint_eq(get_word(0, 70), 0);
	ck_assert_uint_eq(bitmap()[1], 2);
	/* Stopping forgets. */
	write_to(0, 1);
	ck_assert_int_eq(dirty(STOP), 0);
	ck_assert_int_eq(get(0, 70), -EINVAL);
	ck_assert_int_eq(dirty(START), 0);
	ck_assert_uint_eq(get_word(0, 70), 0);
	ck_assert_uint_eq(bitmap()[1], 2);
}
END_TEST

/* A pin that failed has left its mark by then, as in the kernel. */
START_TEST(failed_pin)
{
	struct vfio_page *pages[2];

	ck_assert_int_eq(dirty(START), 0);
	map_pages(0, 1);
	ck_assert_int_eq(vfiod_pin_pages(rig.devs[0], 0, 2, RIG_RW, pages),
			 -EINVAL);
	ck_assert_uint_eq(get_word(0, 1), 1);
	ck_assert_uint_eq(get_word(0, 1), 0);
}
END_TEST

/* Only words with a mapped page are written. */
START_TEST(holes)
{
	ck_assert_int_eq(dirty(START), 0);
	map_pages(64 * PAGE, 1);
	map_pages(200 * PAGE, 100);
	write_to(64 * PAGE, 1);
	write_to(255 * PAGE, 1);
	write_to(256 * PAGE, 1);
	memset(bitmap(), 0x55, 64);
	ck_assert_int_eq(get(0, 400), 0);
	ck_assert_uint_eq(bitmap()[0], 0x5555555555555555);
	ck_assert_uint_eq(bitmap()[1], 1);
	ck_assert_uint_eq(bitmap()[2], 0x5555555555555555);
	/* Page 200 is bit 8 of its word: what was there stays. */
	ck_assert_uint_eq(bitmap()[3], 0x5555555555555555 | 1ULL << 63);
	ck_assert_uint_eq(bitmap()[4], 1);
	ck_assert_uint_eq(bitmap()[5], 0x5555555555555555);
}
END_TEST

/* Mappings that share a word, asked for together and from either side. */
START_TEST(shared_words)
{
	ck_assert_int_eq(dirty(START), 0);
	map_pages(0, 5);
	map_pages(5 * PAGE, 70);
	map_pages(75 * PAGE, 3);
	write_to(4 * PAGE, 1);
	write_to(5 * PAGE, 1);
	write_to(74 * PAGE, 1);
	write_to(77 * PAGE, 1);
	ck_assert_uint_eq(get_word(0, 78), 0x30);
	ck_assert_uint_eq(bitmap()[1], 1 << 10 | 1 << 13);
	write_to(5 * PAGE, 1);
	write_to(74 * PAGE, 1);
	/* With another base no bits of the last time are left. */
	ck_assert_uint_eq(get_word(5 * PAGE, 73), 1);
	ck_assert_uint_eq(bitmap()[1], 1 << 5);
	write_to(5 * PAGE, 1);
	ck_assert_uint_eq(get_word(5 * PAGE, 70), 1);
	ck_assert_uint_eq(bitmap()[1], 0);
}
END_TEST

/*
 * Larger than what is written at a time: bit k is page k. What was in the
 * first word, below the mapping, stays there and comes nowhere else.
 */
START_TEST(large)
{
	const uint64_t n = 40000, words = (n + 2 + 63) / 64;
	struct dirty arg = get_arg(0, n + 2, words * 8);
	uint64_t *bits = host_mm_ptr(rig.mm, rig.mem);

	ck_assert_int_eq(dirty(START), 0);
	ck_assert_int_eq(rig_map(&rig, PAGE, n * PAGE, 0, RIG_RW), 0);
	ck_assert_int_eq(rig_map(&rig, (n + 1) * PAGE, PAGE, rig.mem, RIG_RW),
			 0);
	write_to((n + 1) * PAGE, 1);
	memset(bits, 0, words * 8);
	bits[0] = 1;
	arg.range.bitmap.data = (void *)(uintptr_t)rig.mem;
	ck_assert_int_eq(get_with(arg), 0);
	for (uint64_t i = 0; i < words; i++) {
		uint64_t want = i ? 0 : 1;

		if (i == (n + 1) / 64)
			want |= 1ULL << (n + 1) % 64;
		ck_assert_uint_eq(bits[i], want);
	}
}
END_TEST

START_TEST(top_of_address_space)
{
	ck_assert_int_eq(dirty(START), 0);
	map_pages(-3 * PAGE, 2);
	write_to(-2 * PAGE, 1);
	ck_assert_uint_eq(get_word(-3 * PAGE, 2), 2);
	/* The end counts as a wrap, as in Linux. */
	ck_assert_int_eq(get(-PAGE, 1), -EINVAL);
	ck_assert_int_eq(get(-PAGE, 2), -EINVAL);
}
END_TEST

START_TEST(get_arguments)
{
	struct dirty arg;
	int i = 0;
	const struct {
		uint64_t iova, size, pgsize, bytes;
	} bad[] = {
		{ 0, 0, PAGE, 8 }, /* size 0 */
		{ 0, PAGE / 2, PAGE, 8 }, /* no whole page */
		{ 0, PAGE + 1, PAGE, 8 }, /* unaligned */
		{ 1, PAGE, PAGE, 8 },
		{ -PAGE, 2 * PAGE, PAGE, 8 }, /* wraps */
		{ 0, PAGE, PAGE, 0 }, /* no bitmap */
		{ 0, PAGE, PAGE, 7 },
		{ 0, 65 * PAGE, PAGE, 8 }, /* short by a bit */
		{ 0, 65 * PAGE, PAGE, 15 },
		{ 0, PAGE, PAGE, 0x10000001 }, /* too large */
		{ 0, PAGE, 0, 8 },
		{ 0, 2 * PAGE, 2 * PAGE, 8 },
		{ 0, PAGE, 3 * PAGE, 8 }, /* lowest bit is right, but */
		{ 0, PAGE, 1, 512 },
		{ 0, -PAGE, PAGE, 8 },
	};

	ck_assert_int_eq(dirty(START), 0);
	for (i = 0; i < (int)(sizeof(bad) / sizeof(bad[0])); i++) {
		arg = get_arg(bad[i].iova, 0, bad[i].bytes);
		arg.range.size = bad[i].size;
		arg.range.bitmap.pgsize = bad[i].pgsize;
		ck_assert_int_eq(get_with(arg), -EINVAL);
	}
	arg = get_arg(0, 1, 8);
	arg.argsz = 47;
	ck_assert_int_eq(get_with(arg), -EINVAL);
	arg.argsz = 48;
	ck_assert_int_eq(get_with(arg), 0);
	arg.range.bitmap.data = (void *)0xffff888000000000;
	ck_assert_int_eq(get_with(arg), -EINVAL);
	arg.range.bitmap.data = (void *)-4ULL;
	ck_assert_int_eq(get_with(arg), -EINVAL);
	/* It may end where user addresses do, and no later. */
	arg.range.bitmap.data = (void *)((1ULL << 47) - PAGE - 8);
	ck_assert_int_eq(get_with(arg), 0);
	arg.range.bitmap.data = (void *)((1ULL << 47) - PAGE - 7);
	ck_assert_int_eq(get_with(arg), -EINVAL);
	/* Larger than needed, up to 256 MiB, and nobody reads behind. */
	ck_assert_int_eq(get_with(get_arg(0, 1, 0x10000000)), 0);
}
END_TEST

START_TEST(get_faults)
{
	uint64_t end = rig.mem + RIG_PAGES * PAGE;
	struct dirty arg = get_arg(0, 1, 8);

	ck_assert_int_eq(dirty(START), 0);
	memcpy(host_mm_ptr(rig.mm, end - 47), &arg, 47);
	ck_assert_int_eq(vfio_container_ioctl(rig.container,
					      VFIO_IOMMU_DIRTY_PAGES, end - 47),
			 -EFAULT);
	map_pages(0, 1);
	map_pages(PAGE, 1);
	write_to(0, 1);
	host_mm_protect(rig.mm, RIG_ARGS + BITMAP_PAGE, 1, HOST_READ);
	ck_assert_int_eq(get(0, 1), -EFAULT);
	host_mm_protect(rig.mm, RIG_ARGS + BITMAP_PAGE, 1, 0);
	ck_assert_int_eq(get(PAGE, 1), -EFAULT);
	host_mm_protect(rig.mm, RIG_ARGS + BITMAP_PAGE, 1,
			HOST_READ | HOST_WRITE);
	/* What could not be told is still dirty. */
	ck_assert_uint_eq(get_word(0, 2), 1);
}
END_TEST

/* 2^31 - 1 pages can be tracked, one more cannot. */
START_TEST(too_large_to_track)
{
	const uint64_t limit = 0x7fffffffULL;

	ck_assert_int_eq(rig_map(&rig, 0, PAGE, 0, RIG_RW), 0);
	ck_assert_int_eq(rig_map(&rig, PAGE, (limit + 1) * PAGE, 0, RIG_RW), 0);
	ck_assert_int_eq(dirty(START), -EINVAL);
	ck_assert_int_eq(get(0, 1), -EINVAL);
	ck_assert_int_eq(rig_unmapped(&rig, PAGE, (limit + 1) * PAGE),
			 (limit + 1) * PAGE);
	ck_assert_int_eq(dirty(START), 0);
	ck_assert_int_eq(rig_map(&rig, PAGE, (limit + 1) * PAGE, 0, RIG_RW),
			 -EINVAL);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65534);
	ck_assert_uint_eq(atomic_load(&rig.mm->mm.refs), 2);
}
END_TEST

/* UNMAP_DMA that hands over what was dirty. */
struct unmap_dirty {
	uint32_t argsz;
	uint32_t flags;
	uint64_t iova;
	uint64_t size;
	struct vfio_bitmap bitmap;
};

static struct unmap_dirty unmap_arg(uint64_t iova, uint64_t npages)
{
	struct dirty get = get_arg(iova, npages, (npages + 63) / 64 * 8);

	return (struct unmap_dirty){
		.argsz = sizeof(struct unmap_dirty),
		.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
		.iova = iova,
		.size = npages * PAGE,
		.bitmap = get.range.bitmap,
	};
}

static int64_t unmap_with(struct unmap_dirty arg)
{
	uint64_t size = arg.size;
	int ret = rig_ioctl(&rig, VFIO_IOMMU_UNMAP_DMA, &arg, sizeof(arg));

	if (ret)
		ck_assert_uint_eq(arg.size, size);
	return ret ? ret : (int64_t)arg.size;
}

/* Pages that the callbacks unpin were dirty until then. */
START_TEST(unmap_bitmap)
{
	ck_assert_int_eq(dirty(START), 0);
	map_pages(MIB, 2);
	map_pages(MIB + 4 * PAGE, 4);
	ck_assert_int_eq(recorder_pin(rig.devs[0], MIB + 5 * PAGE, RIG_RW), 1);
	write_to(MIB + PAGE, 1);
	memset(bitmap(), 0, PAGE);
	ck_assert_int_eq(unmap_with(unmap_arg(MIB, 8)), 6 * PAGE);
	ck_assert_uint_eq(bitmap()[0], 0x22);
	rig_assert_rounds(&rig, 2, 1, MIB + 4 * PAGE, 4 * PAGE);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65535);
}
END_TEST

START_TEST(unmap_arguments)
{
	struct unmap_dirty arg = unmap_arg(0, 1);

	map_pages(0, 1);
	ck_assert_int_eq(unmap_with(arg), -EINVAL); /* not tracking */
	ck_assert_int_eq(dirty(START), 0);
	arg.argsz = 47;
	ck_assert_int_eq(unmap_with(arg), -EINVAL);
	arg = unmap_arg(0, 1);
	arg.bitmap.pgsize = 2 * PAGE;
	ck_assert_int_eq(unmap_with(arg), -EINVAL);
	arg.bitmap.pgsize = 0;
	ck_assert_int_eq(unmap_with(arg), -EINVAL);
	arg = unmap_arg(0, 1);
	arg.bitmap.size = 7;
	ck_assert_int_eq(unmap_with(arg), -EINVAL);
	arg = unmap_arg(0, 1);
	arg.bitmap.data = (void *)-4096ULL;
	ck_assert_int_eq(unmap_with(arg), -EINVAL);
	ck_assert_int_eq(unmap_with(unmap_arg(0, 1)), PAGE);
}
END_TEST

/* An unwritable bitmap: EFAULT, but what came before is gone. */
START_TEST(unmap_faults)
{
	struct unmap_dirty arg = unmap_arg(0, 128);

	ck_assert_int_eq(dirty(START), 0);
	map_pages(0, 64);
	map_pages(64 * PAGE, 64);
	arg.bitmap.data = (void *)(uintptr_t)(bitmap_address() - 8);
	host_mm_protect(rig.mm, RIG_ARGS + BITMAP_PAGE, 1, HOST_READ);
	ck_assert_int_eq(unmap_with(arg), -EFAULT);
	host_mm_protect(rig.mm, RIG_ARGS + BITMAP_PAGE, 1,
			HOST_READ | HOST_WRITE);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65534);
	ck_assert_int_eq(rig_unmap_all(&rig), 64 * PAGE);
}
END_TEST

static void stopping_hook(struct vfio_device *vdev, uint64_t iova,
			  uint64_t length, void *arg)
{
	(void)vdev;
	(void)iova;
	(void)length;
	(void)arg;
	ck_assert_int_eq(dirty(STOP), 0);
}

/* Tracking ends while devices are asked: there is no bitmap to hand over. */
START_TEST(unmap_stopped_meanwhile)
{
	struct unmap_dirty arg = unmap_arg(0, 2);

	ck_assert_int_eq(dirty(START), 0);
	map_pages(0, 1);
	map_pages(PAGE, 1);
	ck_assert_int_eq(recorder_pin(rig.devs[0], PAGE, RIG_RW), 1);
	recorder_of(rig.devs[1])->hook = stopping_hook;
	/* The hook's ioctl uses the usual place for arguments. */
	memcpy(host_mm_ptr(rig.mm, rig.mem), &arg, sizeof(arg));
	ck_assert_int_eq(vfio_container_ioctl(rig.container,
					      VFIO_IOMMU_UNMAP_DMA, rig.mem),
			 -EINVAL);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65534);
	ck_assert_int_eq(rig_unmap_all(&rig), PAGE);
}
END_TEST

Suite *type1_dirty_suite(void)
{
	Suite *suite = suite_create("type1 dirty");
	TCase *tc = tcase_create("v2"), *v1 = tcase_create("v1");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, flags);
	tcase_add_test(tc, pinned_and_written);
	tcase_add_test(tc, written_pages);
	tcase_add_test(tc, pinned_before_start);
	tcase_add_test(tc, failed_pin);
	tcase_add_test(tc, holes);
	tcase_add_test(tc, shared_words);
	tcase_add_test(tc, large);
	tcase_add_test(tc, top_of_address_space);
	tcase_add_test(tc, get_arguments);
	tcase_add_test(tc, get_faults);
	tcase_add_test(tc, too_large_to_track);
	tcase_add_test(tc, unmap_bitmap);
	tcase_add_test(tc, unmap_arguments);
	tcase_add_test(tc, unmap_faults);
	tcase_add_test(tc, unmap_stopped_meanwhile);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(v1, setup_v1, teardown);
	tcase_add_test(v1, v1_has_none);
	suite_add_tcase(suite, v1);
	return suite;
}
