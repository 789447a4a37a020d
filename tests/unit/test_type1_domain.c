// SPDX-License-Identifier: BSD-3-Clause
/*
 * type1: groups of several kinds and IOMMUs in one container; their coming and
 * going, dirty pages, and mappings that change hands.
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "rig.h"
#include "suites.h"

#define MIB 0x100000ULL
#define MSI_START 0xfee00000ULL
#define APERTURE (1ULL << 39)

/* Devices 0 and 1 are behind IOMMUs, 2 is emulated. */
#define EMULATED 2

static struct rig rig;

static void setup(void)
{
	static const enum vfio_group_type kinds[] = { VFIO_IOMMU, VFIO_IOMMU,
						      VFIO_EMULATED_IOMMU };

	rig_setup_kinds(&rig, kinds, RIG_DEVICES);
}

static void teardown(void)
{
	rig_teardown(&rig);
}

/* A container with device @i; others come later. */
static void start(int i)
{
	ck_assert_int_eq(rig_set_container(&rig, i), 0);
	ck_assert_int_eq(vfio_container_ioctl(rig.container, VFIO_SET_IOMMU,
					      VFIO_TYPE1v2_IOMMU),
			 0);
}

static void attach(int i)
{
	ck_assert_int_eq(rig_set_container(&rig, i), 0);
}

static void detach(int i)
{
	ck_assert_int_eq(rig_unset_container(&rig, i), 0);
}

static int map(uint64_t iova, uint64_t npages, uint32_t flags)
{
	return rig_map(&rig, iova, npages * PAGE, rig.mem, flags);
}

static int extension(uint64_t n)
{
	return vfio_container_ioctl(rig.container, VFIO_CHECK_EXTENSION, n);
}

struct info {
	struct vfio_iommu_type1_info info;
	struct vfio_iommu_type1_info_cap_migration migration;
	struct vfio_iommu_type1_info_dma_avail avail;
	struct {
		struct vfio_info_cap_header header;
		uint32_t nr;
		uint32_t reserved;
		struct vfio_iova_range ranges[4];
	} iovas;
};

static struct info get_info(void)
{
	struct info arg = { .info.argsz = sizeof(arg) };

	ck_assert_int_eq(
		rig_ioctl(&rig, VFIO_IOMMU_GET_INFO, &arg, sizeof(arg)), 0);
	return arg;
}

/* What IOVA_RANGE says; none is that there is no such capability. */
static void assert_iovas(const struct vfio_iova_range *want, uint32_t nr)
{
	struct info arg = get_info();

	if (!nr) {
		ck_assert_uint_eq(arg.avail.header.next, 0);
		return;
	}
	ck_assert_uint_eq(arg.iovas.header.id,
			  VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	ck_assert_uint_eq(arg.iovas.header.next, 0);
	ck_assert_uint_eq(arg.iovas.nr, nr);
	ck_assert_mem_eq(arg.iovas.ranges, want, nr * sizeof(*want));
}

static const struct vfio_iova_range vtd[] = {
	{ 0, MSI_START - 1 },
	{ MSI_START + MIB, APERTURE - 1 },
};
static const struct vfio_iova_range all[] = { { 0, UINT64_MAX } };

/* ---- mappings from before an IOMMU ---- */

START_TEST(emulated_first)
{
	start(EMULATED);
	assert_iovas(NULL, 0);
	ck_assert_int_eq(map(0, 20, RIG_RW), 0);
	ck_assert_int_eq(map(MIB, 10, RIG_R), 0);
	ck_assert_uint_eq(rig_locked(&rig), 0);
	ck_assert_int_eq(extension(VFIO_DMA_CC_IOMMU), 1);
	attach(0);
	assert_iovas(vtd, 2);
	ck_assert_uint_eq(rig_locked(&rig), 30);
	ck_assert_int_eq(extension(VFIO_DMA_CC_IOMMU), 0);
	ck_assert_int_eq(extension(VFIO_UPDATE_VADDR), 0);
	attach(1);
	ck_assert_uint_eq(rig_locked(&rig), 30);
	ck_assert_int_eq(rig_unmapped(&rig, 0, 20 * PAGE), 20 * PAGE);
	ck_assert_uint_eq(rig_locked(&rig), 10);
	detach(0);
	ck_assert_uint_eq(rig_locked(&rig), 10);
	assert_iovas(vtd, 2);
	detach(1);
	ck_assert_uint_eq(rig_locked(&rig), 0);
	assert_iovas(all, 1);
	ck_assert_uint_eq(get_info().info.iova_pgsizes, ~(PAGE - 1));
	ck_assert_int_eq(rig_unmap_all(&rig), 10 * PAGE);
}
END_TEST

/* The emulated one goes: the mappings stay, with all their charge. */
START_TEST(emulated_leaves)
{
	start(EMULATED);
	attach(0);
	ck_assert_int_eq(map(0, 20, RIG_RW), 0);
	ck_assert_int_eq(extension(VFIO_UPDATE_VADDR), 0);
	detach(EMULATED);
	ck_assert_int_eq(extension(VFIO_UPDATE_VADDR), 1);
	ck_assert_uint_eq(rig_locked(&rig), 20);
	detach(0);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

/* Each page is charged once, whatever pins it. */
START_TEST(pins_before)
{
	rig_set_container(&rig, EMULATED);
	start(0);
	detach(0);
	rig_open(&rig, EMULATED);
	ck_assert_int_eq(map(0, 20, RIG_RW), 0);
	ck_assert_int_eq(recorder_pin(rig.devs[EMULATED], 0, RIG_RW), 1);
	ck_assert_int_eq(recorder_pin(rig.devs[EMULATED], 9 * PAGE, RIG_RW), 1);
	ck_assert_int_eq(recorder_pin(rig.devs[EMULATED], 9 * PAGE + 8, RIG_RW),
			 1);
	ck_assert_uint_eq(rig_locked(&rig), 3);
	/* 18 more than there are pins. */
	atomic_store(&rig.mm->memlock, 20);
	ck_assert_int_eq(rig_set_container(&rig, 0), -ENOMEM);
	ck_assert_uint_eq(rig_locked(&rig), 3);
	atomic_store(&rig.mm->memlock, 21);
	attach(0);
	ck_assert_uint_eq(rig_locked(&rig), 20);
	recorder_unpin(rig.devs[EMULATED], 9 * PAGE);
	ck_assert_uint_eq(rig_locked(&rig), 20);
	detach(0);
	ck_assert_uint_eq(rig_locked(&rig), 2);
	recorder_unpin(rig.devs[EMULATED], 0);
	recorder_unpin(rig.devs[EMULATED], 9 * PAGE + 8);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

/* More pins than pages: their charge comes back, limit or not. */
START_TEST(pins_of_one_page)
{
	start(EMULATED);
	rig_open(&rig, EMULATED);
	ck_assert_int_eq(map(0, 1, RIG_RW), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(
			recorder_pin(rig.devs[EMULATED], 8 * i, RIG_RW), 1);
	attach(0);
	ck_assert_uint_eq(rig_locked(&rig), 1);
	atomic_store(&rig.mm->memlock, 1);
	detach(0);
	ck_assert_uint_eq(rig_locked(&rig), 3);
}
END_TEST

/* A group that cannot be attached leaves all as it was. */
START_TEST(attach_fails)
{
	start(EMULATED);
	ck_assert_int_eq(map(0, 20, RIG_RW), 0);
	ck_assert_int_eq(rig_map(&rig, MIB, PAGE, 0, RIG_R), 0);
	ck_assert_int_eq(rig_set_container(&rig, 0), -EFAULT);
	ck_assert_uint_eq(rig_locked(&rig), 0);
	ck_assert_int_eq(rig_unmapped(&rig, MIB, PAGE), PAGE);
	ck_assert_int_eq(map(MSI_START, 1, RIG_RW), 0);
	ck_assert_int_eq(rig_set_container(&rig, 0), -EINVAL);
	ck_assert_int_eq(rig_unmapped(&rig, MSI_START, PAGE), PAGE);
	ck_assert_int_eq(map(APERTURE - PAGE, 2, RIG_RW), 0);
	ck_assert_int_eq(rig_set_container(&rig, 0), -EFAULT);
	ck_assert_uint_eq(rig_locked(&rig), 0);
	ck_assert_int_eq(rig_unmapped(&rig, APERTURE - PAGE, 2 * PAGE),
			 2 * PAGE);
	assert_iovas(NULL, 0);
	attach(0);
	ck_assert_uint_eq(rig_locked(&rig), 20);
}
END_TEST

/* ---- IOMMUs that are not the same ---- */

static const struct vfio_iommu_reserved low_reserved[] = {
	{ { 0x8000, 0xffff }, VFIO_RESV_RESERVED },
	{ { 0x100000, 0x1fffff }, VFIO_RESV_DIRECT_RELAXABLE },
	{ { 0x200000, 0x3fffff }, VFIO_RESV_DIRECT },
};
static const struct vfio_iommu_geometry low = {
	.aperture = { 0x1000, 0xffffffff },
	.pgsize_bitmap = 0x200 | 0x1000 | 0x200000,
	.coherent = true,
	.nr_reserved = 3,
	.reserved = low_reserved,
};

START_TEST(intersection)
{
	static const struct vfio_iova_range want[] = {
		{ 0x1000, 0x7fff },
		{ 0x10000, 0x1fffff },
		{ 0x400000, MSI_START - 1 },
		{ MSI_START + MIB, 0xffffffff },
	};

	start(0);
	rig.groups[1]->geometry = &low;
	attach(1);
	assert_iovas(want, 4);
	ck_assert_uint_eq(get_info().info.iova_pgsizes, 0x201000);
	ck_assert_int_eq(extension(VFIO_DMA_CC_IOMMU), 0);
	ck_assert_int_eq(map(0, 1, RIG_RW), -EINVAL);
	ck_assert_int_eq(map(0x200000, 1, RIG_RW), -EINVAL);
	ck_assert_int_eq(map(0x400000, 1, RIG_RW), 0);
	detach(0);
	ck_assert_int_eq(extension(VFIO_DMA_CC_IOMMU), 1);
	ck_assert_int_eq(map(MSI_START, 1, RIG_RW), 0);
	ck_assert_int_eq(rig_unmapped(&rig, MSI_START, PAGE), PAGE);
	attach(0);
	detach(1);
	assert_iovas(vtd, 2);
	ck_assert_uint_eq(rig_locked(&rig), 1);
}
END_TEST

START_TEST(conflicts)
{
	static const struct vfio_iommu_geometry high = {
		.aperture = { APERTURE, UINT64_MAX },
		.pgsize_bitmap = PAGE,
	};
	static const uint64_t outside[] = { 0, 0x8000, 0x3ff000, 1ULL << 32 };

	start(0);
	rig.groups[1]->geometry = &low;
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		ck_assert_int_eq(map(outside[i], 1, RIG_RW), 0);
		ck_assert_int_eq(rig_set_container(&rig, 1), -EINVAL);
		ck_assert_int_eq(rig_unmap_all(&rig), PAGE);
	}
	/* Nothing in common. */
	rig.groups[1]->geometry = &high;
	ck_assert_int_eq(rig_set_container(&rig, 1), -EINVAL);
	assert_iovas(vtd, 2);
	ck_assert_int_eq(map(0, 1, RIG_RW), 0);
}
END_TEST

/* ---- dirty pages ---- */

#define BITMAP (rig.mem + 128 * PAGE)

static int dirty(uint32_t flags)
{
	struct vfio_iommu_type1_dirty_bitmap arg = {
		.argsz = sizeof(arg),
		.flags = flags,
	};

	return rig_ioctl(&rig, VFIO_IOMMU_DIRTY_PAGES, &arg, sizeof(arg));
}

/* The bits of the 64 pages from 0 on. */
static uint64_t get_dirty(void)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap dirty;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} arg = {
		.dirty.argsz = sizeof(arg),
		.dirty.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
		.get.size = 64 * PAGE,
		.get.bitmap = { PAGE, 8, (void *)(uintptr_t)BITMAP },
	};
	uint64_t bits;

	memset(host_mm_ptr(rig.mm, BITMAP), 0, 8);
	ck_assert_int_eq(
		rig_ioctl(&rig, VFIO_IOMMU_DIRTY_PAGES, &arg, sizeof(arg)), 0);
	memcpy(&bits, host_mm_ptr(rig.mm, BITMAP), 8);
	return bits;
}

static void start_dirty(void)
{
	ck_assert_int_eq(map(0, 4, RIG_RW), 0);
	ck_assert_int_eq(map(8 * PAGE, 2, RIG_RW), 0);
	ck_assert_int_eq(dirty(VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
}

/* Nobody knows what a device behind an IOMMU writes. */
START_TEST(all_dirty)
{
	start(0);
	start_dirty();
	ck_assert_uint_eq(get_dirty(), 0x30f);
	ck_assert_uint_eq(get_dirty(), 0x30f);
	ck_assert_int_eq(map(16 * PAGE, 1, RIG_R), 0);
	ck_assert_uint_eq(get_dirty(), 0x1030f);
}
END_TEST

START_TEST(all_dirty_at_unmap)
{
	struct {
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_bitmap bitmap;
	} arg = {
		.unmap.argsz = sizeof(arg),
		.unmap.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
		.unmap.size = 64 * PAGE,
		.bitmap = { PAGE, 8, (void *)(uintptr_t)BITMAP },
	};
	uint64_t bits;

	start(0);
	start_dirty();
	ck_assert_int_eq(
		rig_ioctl(&rig, VFIO_IOMMU_UNMAP_DMA, &arg, sizeof(arg)), 0);
	ck_assert_uint_eq(arg.unmap.size, 6 * PAGE);
	memcpy(&bits, host_mm_ptr(rig.mm, BITMAP), 8);
	ck_assert_uint_eq(bits, 0x30f);
}
END_TEST

/* Every group must have pinned; a failed pin is none. */
START_TEST(pinning_promotes)
{
	struct vfio_page *page;

	start(0);
	attach(1);
	rig_open(&rig, 0);
	rig_open(&rig, 1);
	start_dirty();
	ck_assert_int_eq(vfiod_pin_pages(rig.devs[0], MIB, 1, RIG_R, &page),
			 -EINVAL);
	ck_assert_int_eq(recorder_pin(rig.devs[1], PAGE, RIG_RW), 1);
	ck_assert_uint_eq(get_dirty(), 0x30f);
	ck_assert_int_eq(recorder_pin(rig.devs[0], 0, RIG_RW), 1);
	ck_assert_uint_eq(get_dirty(), 0x3);
	recorder_unpin(rig.devs[0], 0);
	/* It was dirty when it was last looked at. */
	ck_assert_uint_eq(get_dirty(), 0x3);
	ck_assert_uint_eq(get_dirty(), 0x2);
	recorder_unpin(rig.devs[1], PAGE);
}
END_TEST

/* What it may have written stays known for one look more. */
START_TEST(non_pinning_group_leaves)
{
	start(0);
	attach(EMULATED);
	start_dirty();
	ck_assert_uint_eq(get_dirty(), 0x30f);
	detach(0);
	ck_assert_uint_eq(get_dirty(), 0x30f);
	ck_assert_uint_eq(get_dirty(), 0);
	attach(0);
	ck_assert_uint_eq(get_dirty(), 0x30f);
}
END_TEST

/* The last word of a bitmap ends with the mapping. */
START_TEST(all_dirty_of_many)
{
	start(0);
	ck_assert_int_eq(map(0, 70, RIG_R), 0);
	ck_assert_int_eq(dirty(VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	ck_assert_int_eq(map(70 * PAGE, 58, RIG_R), 0);
	for (int i = 0; i < 2; i++) {
		struct {
			struct vfio_iommu_type1_dirty_bitmap dirty;
			struct vfio_iommu_type1_dirty_bitmap_get get;
		} arg = {
			.dirty.argsz = sizeof(arg),
			.dirty.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
			.get.size = (i ? 128 : 70) * PAGE,
			.get.bitmap = { PAGE, 16, (void *)(uintptr_t)BITMAP },
		};
		uint64_t bits[2];

		memset(host_mm_ptr(rig.mm, BITMAP), 0, 16);
		ck_assert_int_eq(rig_ioctl(&rig, VFIO_IOMMU_DIRTY_PAGES, &arg,
					   sizeof(arg)),
				 0);
		memcpy(bits, host_mm_ptr(rig.mm, BITMAP), 16);
		ck_assert_uint_eq(bits[0], UINT64_MAX);
		ck_assert_uint_eq(bits[1], i ? UINT64_MAX : 0x3f);
	}
}
END_TEST

/* ---- mappings that another process takes over ---- */

#define OTHER_BASE (1ULL << 40)

static int map_vaddr(uint64_t vaddr, uint64_t npages)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_MAP_FLAG_VADDR,
		.vaddr = vaddr,
		.size = npages * PAGE,
	};
	uint64_t at = vfio_current() == &rig.client.client ? rig.args :
							     OTHER_BASE;

	ck_assert_int_eq(vfio_copy_to_user(at, &arg, sizeof(arg)), 0);
	return vfio_container_ioctl(rig.container, VFIO_IOMMU_MAP_DMA, at);
}

static void invalidate(uint64_t npages)
{
	uint64_t n;

	ck_assert_int_eq(rig_unmap(&rig, 0, npages * PAGE,
				   VFIO_DMA_UNMAP_FLAG_VADDR, &n),
			 0);
	ck_assert_uint_eq(n, npages * PAGE);
}

START_TEST(owner_changes)
{
	struct host_mm *mm = host_mm_create(OTHER_BASE, 16);
	struct host_client other;
	uint64_t value = 7;

	host_client_init(&other, mm);
	start(0);
	rig_open(&rig, 0);
	ck_assert_int_eq(map(0, 10, RIG_RW), 0);
	invalidate(10);
	ck_assert_int_eq(rig_set_container(&rig, 1), -EBUSY);
	vfio_set_current(&other.client);
	atomic_store(&mm->memlock, 9);
	ck_assert_int_eq(map_vaddr(OTHER_BASE, 10), -ENOMEM);
	ck_assert_uint_eq(rig_locked(&rig), 10);
	atomic_store(&mm->memlock, 10);
	ck_assert_int_eq(map_vaddr(OTHER_BASE, 10), 0);
	ck_assert_uint_eq(rig_locked(&rig), 0);
	ck_assert_uint_eq(host_mm_locked(mm), 10);
	ck_assert_int_eq(vfiod_dma_rw(rig.devs[0], 0, &value, 8, true), 0);
	ck_assert_mem_eq(host_mm_ptr(mm, OTHER_BASE), &value, 8);
	vfio_set_current(&rig.client.client);
	ck_assert_int_eq(rig_unmap_all(&rig), 10 * PAGE);
	ck_assert_uint_eq(host_mm_locked(mm), 0);
	host_mm_destroy(mm);
}
END_TEST

/* The same process keeps the right that it mapped with, and its charge. */
START_TEST(owner_stays)
{
	start(0);
	atomic_store(&rig.mm->memlock, 5);
	host_client_allow(&rig.client, CAP_IPC_LOCK, true);
	ck_assert_int_eq(map(0, 10, RIG_RW), 0);
	host_client_allow(&rig.client, CAP_IPC_LOCK, false);
	invalidate(10);
	ck_assert_int_eq(map_vaddr(rig.mem + 20 * PAGE, 10), 0);
	ck_assert_uint_eq(rig_locked(&rig), 10);
}
END_TEST

static void add_dirty_tests(TCase *tc)
{
	tcase_add_test(tc, all_dirty);
	tcase_add_test(tc, all_dirty_at_unmap);
	tcase_add_test(tc, all_dirty_of_many);
	tcase_add_test(tc, pinning_promotes);
	tcase_add_test(tc, non_pinning_group_leaves);
}

Suite *type1_domain_suite(void)
{
	Suite *suite = suite_create("type1 domain");
	TCase *tc = tcase_create("domain");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, emulated_first);
	tcase_add_test(tc, emulated_leaves);
	tcase_add_test(tc, pins_before);
	tcase_add_test(tc, pins_of_one_page);
	tcase_add_test(tc, attach_fails);
	tcase_add_test(tc, intersection);
	tcase_add_test(tc, conflicts);
	add_dirty_tests(tc);
	tcase_add_test(tc, owner_changes);
	tcase_add_test(tc, owner_stays);
	suite_add_tcase(suite, tc);
	return suite;
}
