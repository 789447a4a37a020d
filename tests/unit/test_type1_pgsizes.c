// SPDX-License-Identifier: BSD-3-Clause
/* type1: IOMMUs whose pages are not the processor's. */
#include <errno.h>
#include <string.h>

#include "rig.h"
#include "suites.h"

#define KIB64 0x10000ULL
#define MIB2 0x200000ULL

static struct rig rig;
static struct vfio_iommu_geometry geometries[2];
/* 64 KiB and more, and for the bitmap, at such an address in the client. */
static uint64_t memory, bitmap;

static void setup(void)
{
	static const enum vfio_group_type kinds[] = { VFIO_IOMMU, VFIO_IOMMU,
						      VFIO_EMULATED_IOMMU };

	rig_setup_kinds(&rig, kinds, RIG_DEVICES);
	memory = (rig.mem + KIB64 - 1) & ~(KIB64 - 1);
	bitmap = memory + 4 * KIB64;
	for (int i = 0; i < 2; i++) {
		geometries[i] = vfio_iommu_vtd;
		rig.groups[i]->geometry = &geometries[i];
	}
}

static void teardown(void)
{
	rig_teardown(&rig);
}

/* Device 0 behind an IOMMU with pages of these sizes. */
static void start(uint64_t sizes)
{
	geometries[0].pgsize_bitmap = sizes;
	ck_assert_int_eq(rig_set_container(&rig, 0), 0);
	ck_assert_int_eq(vfio_container_ioctl(rig.container, VFIO_SET_IOMMU,
					      VFIO_TYPE1v2_IOMMU),
			 0);
}

/* And device 1, behind another. */
static int add(uint64_t sizes)
{
	geometries[1].pgsize_bitmap = sizes;
	return rig_set_container(&rig, 1);
}

static uint64_t shown(void)
{
	struct vfio_iommu_type1_info arg = { .argsz = sizeof(arg) };

	ck_assert_int_eq(
		rig_ioctl(&rig, VFIO_IOMMU_GET_INFO, &arg, sizeof(arg)), 0);
	return arg.iova_pgsizes;
}

static int map(uint64_t iova, uint64_t size)
{
	return rig_map(&rig, iova, size, memory, RIG_RW);
}

/* ---- what is shown ---- */

static const struct {
	uint64_t one, two; /* no second IOMMU: 0 */
	uint64_t shown;
} sizes[] = {
	{ 0x1000, 0, 0x1000 },
	{ 0x10000 | MIB2, 0, 0x10000 | MIB2 },
	/* The processor's page stands for smaller ones. */
	{ 0x200 | MIB2, 0, 0x1000 | MIB2 },
	{ 0x200 | 0x400, 0, 0x1000 },
	{ 0x1000 | MIB2, 0x1000 | 0x10000, 0x1000 },
	{ 0x1000 | MIB2, 0x10000 | MIB2, MIB2 },
	/* Not before those are compared. */
	{ 0x200 | MIB2, 0x1000 | MIB2, MIB2 },
};

START_TEST(info)
{
	start(sizes[_i].one);
	if (sizes[_i].two) {
		ck_assert_uint_ne(shown(), sizes[_i].shown);
		ck_assert_int_eq(add(sizes[_i].two), 0);
	}
	ck_assert_uint_eq(shown(), sizes[_i].shown);
}
END_TEST

START_TEST(nothing_in_common)
{
	start(0x1000 | MIB2);
	ck_assert_int_eq(add(0x200 | 0x10000), -EINVAL);
	ck_assert_uint_eq(shown(), 0x1000 | MIB2);
	ck_assert_int_eq(add(MIB2), 0);
	ck_assert_int_eq(rig_unset_container(&rig, 0), 0);
	ck_assert_uint_eq(shown(), MIB2);
}
END_TEST

/* ---- what can be mapped ---- */

START_TEST(alignment)
{
	start(KIB64 | MIB2);
	ck_assert_int_eq(map(0, PAGE), -EINVAL);
	ck_assert_int_eq(map(0, KIB64 + PAGE), -EINVAL);
	ck_assert_int_eq(map(PAGE, KIB64), -EINVAL);
	ck_assert_int_eq(rig_map(&rig, 0, KIB64, memory + PAGE, RIG_RW),
			 -EINVAL);
	ck_assert_int_eq(map(0, KIB64), 0);
	ck_assert_int_eq(map(3 * KIB64, 2 * KIB64), 0);
	ck_assert_int_eq(rig_unmapped(&rig, 0, PAGE), -EINVAL);
	ck_assert_int_eq(rig_unmapped(&rig, PAGE, KIB64), -EINVAL);
	ck_assert_int_eq(rig_unmapped(&rig, 0, 3 * KIB64), KIB64);
	ck_assert_uint_eq(rig_locked(&rig), 2 * KIB64 / PAGE);
}
END_TEST

/* What is mapped already must be pages of the new IOMMU. */
START_TEST(mapped_before)
{
	start(0x1000);
	ck_assert_int_eq(map(KIB64, KIB64 + PAGE), 0);
	ck_assert_int_eq(add(0x1000 | KIB64), 0);
	ck_assert_int_eq(rig_unset_container(&rig, 1), 0);
	ck_assert_int_eq(rig_set_container(&rig, 2), 0);
	ck_assert_int_eq(rig_unset_container(&rig, 0), 0);
	ck_assert_int_eq(add(KIB64), -EINVAL);
	ck_assert_uint_eq(rig_locked(&rig), 0);
	ck_assert_int_eq(rig_unmap_all(&rig), KIB64 + PAGE);
	ck_assert_int_eq(rig_map(&rig, 0, KIB64, memory + PAGE, RIG_RW), 0);
	ck_assert_int_eq(add(KIB64), -EINVAL);
	ck_assert_int_eq(rig_unmap_all(&rig), KIB64);
	ck_assert_int_eq(map(KIB64, KIB64), 0);
	ck_assert_int_eq(add(KIB64), 0);
	ck_assert_uint_eq(rig_locked(&rig), KIB64 / PAGE);
}
END_TEST

/* ---- dirty pages ---- */

static int get_dirty(uint64_t size, uint64_t pgsize)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap dirty;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} arg = {
		.dirty.argsz = sizeof(arg),
		.dirty.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
		.get.size = size,
		.get.bitmap = { pgsize, 16, (void *)(uintptr_t)bitmap },
	};

	memset(host_mm_ptr(rig.mm, bitmap), 0, 24);
	return rig_ioctl(&rig, VFIO_IOMMU_DIRTY_PAGES, &arg, sizeof(arg));
}

static void assert_dirty(uint64_t size, uint64_t pgsize, uint64_t first,
			 uint64_t second)
{
	const uint64_t want[] = { first, second, 0 };

	ck_assert_int_eq(get_dirty(size, pgsize), 0);
	ck_assert_mem_eq(host_mm_ptr(rig.mm, bitmap), want, sizeof(want));
}

static void start_dirty(void)
{
	struct vfio_iommu_type1_dirty_bitmap arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_START,
	};

	ck_assert_int_eq(
		rig_ioctl(&rig, VFIO_IOMMU_DIRTY_PAGES, &arg, sizeof(arg)), 0);
}

static void pin(int i, uint64_t iova)
{
	ck_assert_int_eq(recorder_pin(rig.devs[i], iova, RIG_RW), 1);
}

/* A bit is set for any page of the processor's in that of the IOMMU. */
START_TEST(large_bits)
{
	start(KIB64);
	rig_open(&rig, 0);
	ck_assert_int_eq(map(3 * KIB64, 2 * KIB64), 0);
	ck_assert_int_eq(map(5 * KIB64, KIB64), 0);
	ck_assert_int_eq(map(63 * KIB64, 3 * KIB64), 0);
	start_dirty();
	pin(0, 3 * KIB64 + 9 * PAGE);
	pin(0, 6 * KIB64 - PAGE);
	pin(0, 64 * KIB64);
	pin(0, 64 * KIB64 + PAGE);
	ck_assert_int_eq(get_dirty(128 * KIB64, PAGE), -EINVAL);
	ck_assert_int_eq(get_dirty(128 * KIB64 + PAGE, KIB64), -EINVAL);
	for (int i = 0; i < 2; i++)
		assert_dirty(128 * KIB64, KIB64, 1 << 3 | 1 << 5, 1);
	recorder_unpin(rig.devs[0], 3 * KIB64 + 9 * PAGE);
	recorder_unpin(rig.devs[0], 6 * KIB64 - PAGE);
	recorder_unpin(rig.devs[0], 64 * KIB64);
	assert_dirty(128 * KIB64, KIB64, 1 << 3 | 1 << 5, 1);
	assert_dirty(128 * KIB64, KIB64, 0, 1);
	recorder_unpin(rig.devs[0], 64 * KIB64 + PAGE);
}
END_TEST

START_TEST(all_dirty)
{
	start(KIB64);
	ck_assert_int_eq(map(KIB64, 2 * KIB64), 0);
	ck_assert_int_eq(map(62 * KIB64, 4 * KIB64), 0);
	start_dirty();
	assert_dirty(128 * KIB64, KIB64, 6 | 3ULL << 62, 3);
}
END_TEST

/* Mappings that are a part of what became the page: bits of their own page. */
START_TEST(parts_of_pages)
{
	start(KIB64 | MIB2);
	ck_assert_int_eq(map(0, KIB64), 0);
	ck_assert_int_eq(map(MIB2 - KIB64, 2 * KIB64), 0);
	ck_assert_int_eq(map(5 * MIB2 + KIB64, KIB64), 0);
	start_dirty();
	ck_assert_int_eq(add(0x1000 | MIB2), 0);
	assert_dirty(64 * MIB2, MIB2, 1 | 1 << 1 | 1 << 5, 0);
	ck_assert_int_eq(map(64 * MIB2, KIB64), -EINVAL);
	/* And its bits are as they were when that is over. */
	ck_assert_int_eq(rig_unset_container(&rig, 1), 0);
	assert_dirty(64 * KIB64, KIB64, 1 | 3ULL << 31, 0);
}
END_TEST

Suite *type1_pgsizes_suite(void)
{
	Suite *suite = suite_create("type1 pgsizes");
	TCase *tc = tcase_create("pgsizes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, info, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_test(tc, nothing_in_common);
	tcase_add_test(tc, alignment);
	tcase_add_test(tc, mapped_before);
	tcase_add_test(tc, large_bits);
	tcase_add_test(tc, all_dirty);
	tcase_add_test(tc, parts_of_pages);
	suite_add_tcase(suite, tc);
	return suite;
}
