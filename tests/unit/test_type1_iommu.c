// SPDX-License-Identifier: BSD-3-Clause
/* type1 with a group behind an IOMMU: what can be mapped, and what it costs. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "../../backend/iova.h"
#include "rig.h"
#include "suites.h"

#define MIB 0x100000ULL
#define MSI_START 0xfee00000ULL
#define MSI_END 0xfeefffffULL
#define APERTURE (1ULL << 39)

static struct rig rig;

static void set_up(unsigned long type)
{
	static const enum vfio_group_type kinds[] = { VFIO_IOMMU, VFIO_IOMMU };

	rig_setup_kinds(&rig, kinds, 2);
	ck_assert_int_eq(rig_set_container(&rig, 0), 0);
	ck_assert_int_eq(
		vfio_container_ioctl(rig.container, VFIO_SET_IOMMU, type), 0);
}

static void setup_v2(void)
{
	set_up(VFIO_TYPE1v2_IOMMU);
}

static void setup_v1(void)
{
	set_up(VFIO_TYPE1_IOMMU);
}

static void teardown(void)
{
	rig_teardown(&rig);
}

static int map(uint64_t iova, uint64_t npages, uint32_t flags)
{
	return rig_map(&rig, iova, npages * PAGE, rig.mem, flags);
}

/* The bytes that Linux 6.12 gave for argsz 120, with QEMU's intel-iommu. */
static const uint8_t info_120[120] = "\x78\0\0\0\3\0\0\0"
				     "\0\x10\x20\x40\0\0\0\0"
				     "\x18\0\0\0\0\0\0\0"
				     "\2\0\1\0\x38\0\0\0"
				     "\0\0\0\0\0\0\0\0"
				     "\0\x10\0\0\0\0\0\0"
				     "\0\0\0\x10\0\0\0\0"
				     "\3\0\1\0\x48\0\0\0"
				     "\xff\xff\0\0\0\0\0\0"
				     "\1\0\1\0\0\0\0\0"
				     "\2\0\0\0\0\0\0\0"
				     "\0\0\0\0\0\0\0\0"
				     "\xff\xff\xdf\xfe\0\0\0\0"
				     "\0\0\xf0\xfe\0\0\0\0"
				     "\xff\xff\xff\xff\x7f\0\0\0";

START_TEST(info)
{
	uint8_t buf[128];
	uint32_t argsz = 120;

	memset(buf, 0xaa, sizeof(buf));
	memcpy(buf, &argsz, sizeof(argsz));
	ck_assert_int_eq(rig_ioctl(&rig, VFIO_IOMMU_GET_INFO, buf, 128), 0);
	ck_assert_mem_eq(buf, info_120, 120);
	ck_assert_uint_eq(buf[120], 0xaa);
	argsz = 119;
	memcpy(buf, &argsz, sizeof(argsz));
	ck_assert_int_eq(rig_ioctl(&rig, VFIO_IOMMU_GET_INFO, buf, 128), 0);
	memcpy(&argsz, buf, sizeof(argsz));
	ck_assert_uint_eq(argsz, 120);
}
END_TEST

START_TEST(extensions)
{
	static const int want[] = { 0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0 };

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		ck_assert_int_eq(vfio_container_ioctl(rig.container,
						      VFIO_CHECK_EXTENSION, i),
				 want[i]);
}
END_TEST

START_TEST(map_in_ranges)
{
	ck_assert_int_eq(map(MSI_START - PAGE, 1, RIG_RW), 0);
	ck_assert_int_eq(map(MSI_END + 1, 1, RIG_RW), 0);
	ck_assert_int_eq(map(MSI_START, 1, RIG_RW), -EINVAL);
	ck_assert_int_eq(map(MSI_END + 1 - PAGE, 1, RIG_RW), -EINVAL);
	ck_assert_int_eq(map(MSI_START - 2 * PAGE, 1, RIG_RW), 0);
	ck_assert_int_eq(map(MSI_START - 4 * PAGE, 2, RIG_RW), 0);
	ck_assert_int_eq(map(APERTURE - PAGE, 1, RIG_RW), 0);
	ck_assert_int_eq(map(APERTURE - 3 * PAGE, 1, RIG_RW), 0);
	ck_assert_int_eq(map(APERTURE, 1, RIG_RW), -EINVAL);
	ck_assert_int_eq(map(-PAGE, 1, RIG_RW), -EINVAL);
	/* What is mapped there comes first. */
	ck_assert_int_eq(map(MSI_START - PAGE, 2, RIG_RW), -EEXIST);
	ck_assert_int_eq(map(APERTURE - PAGE, 2, RIG_RW), -EEXIST);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65535 - 6);
}
END_TEST

START_TEST(map_charges)
{
	ck_assert_int_eq(map(0, 100, RIG_RW), 0);
	ck_assert_int_eq(map(MIB, 50, RIG_R), 0);
	ck_assert_uint_eq(rig_locked(&rig), 150);
	ck_assert_int_eq(rig_unmapped(&rig, 0, 100 * PAGE), 100 * PAGE);
	ck_assert_uint_eq(rig_locked(&rig), 50);
	ck_assert_int_eq(rig_unmap_all(&rig), 50 * PAGE);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

START_TEST(map_up_to_limit)
{
	atomic_store(&rig.mm->memlock, 40);
	ck_assert_int_eq(map(0, 41, RIG_RW), -ENOMEM);
	ck_assert_uint_eq(rig_locked(&rig), 0);
	ck_assert_int_eq(map(0, 30, RIG_RW), 0);
	ck_assert_int_eq(map(MIB, 11, RIG_RW), -ENOMEM);
	ck_assert_int_eq(map(MIB, 10, RIG_RW), 0);
	ck_assert_int_eq(map(2 * MIB, 1, RIG_RW), -ENOMEM);
	ck_assert_uint_eq(rig_locked(&rig), 40);
	host_client_allow(&rig.client, CAP_IPC_LOCK, true);
	ck_assert_int_eq(map(2 * MIB, 100, RIG_RW), 0);
	host_client_allow(&rig.client, CAP_IPC_LOCK, false);
	ck_assert_uint_eq(rig_locked(&rig), 140);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65535 - 3);
}
END_TEST

/* Pages 20 to 29 can be read, 30 to 39 not even that. */
static void protect(void)
{
	host_mm_protect(rig.mm, RIG_ARGS + 20, 10, HOST_READ);
	host_mm_protect(rig.mm, RIG_ARGS + 30, 10, 0);
}

START_TEST(map_checks_memory)
{
	protect();
	ck_assert_int_eq(map(0, 20, RIG_RW), 0);
	ck_assert_int_eq(map(MIB, 21, RIG_RW), -EFAULT);
	ck_assert_int_eq(map(MIB, 21, RIG_W), -EFAULT);
	ck_assert_int_eq(map(MIB, 30, RIG_R), 0);
	ck_assert_int_eq(map(2 * MIB, 31, RIG_R), -EFAULT);
	ck_assert_int_eq(rig_map(&rig, 2 * MIB, PAGE, rig.mem + MIB, RIG_R),
			 -EFAULT);
	ck_assert_int_eq(rig_map(&rig, 2 * MIB, PAGE, -PAGE, RIG_R), -EFAULT);
	ck_assert_uint_eq(rig_locked(&rig), 50);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65535 - 2);
}
END_TEST

/* Page by page, so it is the first error that is told. */
START_TEST(map_first_error)
{
	protect();
	atomic_store(&rig.mm->memlock, 25);
	ck_assert_int_eq(map(0, 40, RIG_RW), -EFAULT);
	ck_assert_int_eq(map(0, 40, RIG_R), -ENOMEM);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

/* Pages that are charged already are pinned for nothing. */
START_TEST(pins_are_free)
{
	struct vfio_page *pages[4];

	rig_open(&rig, 0);
	ck_assert_int_eq(map(0, 10, RIG_RW), 0);
	atomic_store(&rig.mm->memlock, 10);
	ck_assert_int_eq(vfiod_pin_pages(rig.devs[0], 0, 4, RIG_RW, pages), 4);
	ck_assert_int_eq(
		vfiod_pin_pages(rig.devs[0], 9 * PAGE + 8, 1, RIG_R, pages), 1);
	ck_assert_uint_eq(rig_locked(&rig), 10);
	vfiod_unpin_pages(rig.devs[0], 0, 4);
	vfiod_unpin_pages(rig.devs[0], 9 * PAGE + 8, 1);
	ck_assert_uint_eq(rig_locked(&rig), 10);
	ck_assert_int_eq(rig_unmapped(&rig, 0, 10 * PAGE), 10 * PAGE);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

/* And are unpinned when they are unmapped, as ever. */
START_TEST(unmap_asks_devices)
{
	rig_open(&rig, 0);
	ck_assert_int_eq(map(0, 10, RIG_RW), 0);
	ck_assert_int_eq(recorder_pin(rig.devs[0], PAGE, RIG_RW), 1);
	ck_assert_int_eq(rig_unmapped(&rig, 0, 10 * PAGE), 10 * PAGE);
	rig_assert_rounds(&rig, 1, 1, 0, 10 * PAGE);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

static int dma(uint64_t iova, void *buf, bool write)
{
	return vfiod_dma_rw(rig.devs[0], iova, buf, 8, write);
}

/* What the device does is DMA: the direction's right will do. */
START_TEST(dma_rights)
{
	uint64_t value = 42, back = 0;

	rig_open(&rig, 0);
	ck_assert_int_eq(map(0, 1, RIG_W), 0);
	ck_assert_int_eq(map(MIB, 1, RIG_R), 0);
	ck_assert_int_eq(dma(16, &value, true), 0);
	ck_assert_int_eq(dma(16, &back, false), -EPERM);
	ck_assert_int_eq(dma(MIB + 16, &value, true), -EPERM);
	ck_assert_int_eq(dma(MIB + 16, &back, false), 0);
	ck_assert_uint_eq(back, 42);
	ck_assert_int_eq(dma(2 * MIB, &value, true), -EINVAL);
}
END_TEST

/* Whoever makes the device work, and while a new address is awaited. */
START_TEST(dma_context)
{
	struct host_mm *mm = host_mm_create(1ULL << 40, 1);
	struct host_client other;
	uint64_t value = 42, n;

	host_client_init(&other, mm);
	rig_open(&rig, 0);
	ck_assert_int_eq(map(0, 1, RIG_RW), 0);
	vfio_set_current(&other.client);
	ck_assert_int_eq(dma(0, &value, true), 0);
	vfio_set_current(&rig.client.client);
	ck_assert_int_eq(
		rig_unmap(&rig, 0, PAGE, VFIO_DMA_UNMAP_FLAG_VADDR, &n), 0);
	ck_assert_int_eq(dma(8, &value, true), 0);
	ck_assert_mem_eq(host_mm_ptr(rig.mm, rig.mem), &value, 8);
	ck_assert_mem_eq(host_mm_ptr(rig.mm, rig.mem + 8), &value, 8);
	host_mm_destroy(mm);
}
END_TEST

/* v1 unmaps whole mappings, and from their start only. */
/* To the pages as they were mapped, if these are shared memory. */
START_TEST(dma_is_held)
{
	uint64_t value = 42, n;

	rig.mm->shared = true;
	rig_open(&rig, 0);
	ck_assert_int_eq(map(0, 2, RIG_RW), 0);
	ck_assert_uint_eq(atomic_load(&rig.mm->holds), 1);
	host_mm_protect(rig.mm, RIG_ARGS, 2, 0);
	ck_assert_int_eq(dma(PAGE, &value, true), 0);
	ck_assert_mem_eq(host_mm_ptr(rig.mm, rig.mem + PAGE), &value, 8);
	/* A new address is one of other memory. */
	ck_assert_int_eq(
		rig_unmap(&rig, 0, 2 * PAGE, VFIO_DMA_UNMAP_FLAG_VADDR, &n), 0);
	ck_assert_int_eq(rig_map(&rig, 0, 2 * PAGE, rig.mem + 4 * PAGE,
				 VFIO_DMA_MAP_FLAG_VADDR),
			 0);
	ck_assert_uint_eq(atomic_load(&rig.mm->holds), 1);
	ck_assert_int_eq(dma(PAGE, &value, true), 0);
	ck_assert_mem_eq(host_mm_ptr(rig.mm, rig.mem + 5 * PAGE), &value, 8);
	ck_assert_int_gt(rig_unmapped(&rig, 0, 2 * PAGE), 0);
	ck_assert_uint_eq(atomic_load(&rig.mm->holds), 0);
}
END_TEST

START_TEST(v1_unmap)
{
	ck_assert_int_eq(map(0, 8, RIG_RW), 0);
	ck_assert_int_eq(rig_unmapped(&rig, PAGE, PAGE), 0);
	ck_assert_uint_eq(rig_locked(&rig), 8);
	ck_assert_int_eq(rig_unmapped(&rig, 0, PAGE), 8 * PAGE);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

START_TEST(goes_with_last_group)
{
	ck_assert_int_eq(map(0, 8, RIG_RW), 0);
	ck_assert_int_eq(rig_set_container(&rig, 1), 0);
	ck_assert_int_eq(rig_unset_container(&rig, 0), 0);
	ck_assert_uint_eq(rig_locked(&rig), 8);
	ck_assert_int_eq(rig_unset_container(&rig, 1), 0);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

/* VT-d has no nesting: the group cannot be attached. */
START_TEST(no_nesting)
{
	ck_assert_int_eq(rig_unset_container(&rig, 0), 0);
	ck_assert_int_eq(rig_set_container(&rig, 0), 0);
	ck_assert_int_eq(vfio_container_ioctl(rig.container, VFIO_SET_IOMMU,
					      VFIO_TYPE1_NESTING_IOMMU),
			 -EINVAL);
	ck_assert_int_eq(vfio_container_ioctl(rig.container, VFIO_SET_IOMMU,
					      VFIO_TYPE1v2_IOMMU),
			 0);
}
END_TEST

/* ---- lists of ranges ---- */

static void assert_list(struct vfio_iova_list *list,
			const struct vfio_iova_range *want, size_t nr)
{
	ck_assert_uint_eq(list->nr, nr);
	for (size_t i = 0; i < nr; i++) {
		ck_assert_uint_eq(list->ranges[i].start, want[i].start);
		ck_assert_uint_eq(list->ranges[i].end, want[i].end);
	}
}

static void exclude(struct vfio_iova_list *list, uint64_t start, uint64_t end)
{
	const struct vfio_iova_range range = { start, end };

	ck_assert_int_eq(vfio_iova_exclude(list, &range), 0);
}

static void confine(struct vfio_iova_list *list, uint64_t start, uint64_t end)
{
	const struct vfio_iova_range range = { start, end };

	ck_assert_int_eq(vfio_iova_confine(list, &range), 0);
}

START_TEST(list_exclude)
{
	static const struct vfio_iova_range left[] = { { 10, 19 }, { 41, 99 } };
	struct vfio_iova_list list = { 0 };

	ck_assert_int_eq(vfio_iova_init(&list), 0);
	exclude(&list, 0, 9);
	exclude(&list, 100, UINT64_MAX);
	exclude(&list, 20, 29);
	exclude(&list, 31, 40);
	/* The one between goes, and nothing else. */
	exclude(&list, 30, 30);
	exclude(&list, 25, 35);
	assert_list(&list, left, 2);
	ck_assert(vfio_iova_allows(&list, 10, 19));
	ck_assert(!vfio_iova_allows(&list, 9, 10));
	ck_assert(!vfio_iova_allows(&list, 19, 20));
	ck_assert(!vfio_iova_allows(&list, 19, 41));
	ck_assert(vfio_iova_allows(&list, 50, 50));
	exclude(&list, 0, UINT64_MAX);
	assert_list(&list, NULL, 0);
	vfio_iova_free(&list);
	ck_assert(vfio_iova_allows(&list, 0, UINT64_MAX));
}
END_TEST

START_TEST(list_confine)
{
	static const struct vfio_iova_range all = { 0, UINT64_MAX };
	static const struct vfio_iova_range left[] = { { 5, 9 }, { 20, 30 } };
	struct vfio_iova_list list = { 0 };

	ck_assert_int_eq(vfio_iova_init(&list), 0);
	confine(&list, 0, UINT64_MAX);
	assert_list(&list, &all, 1);
	exclude(&list, 10, 19);
	confine(&list, 5, UINT64_MAX);
	confine(&list, 0, 30);
	assert_list(&list, left, 2);
	confine(&list, 12, 15);
	assert_list(&list, NULL, 0);
	vfio_iova_free(&list);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, info);
	tcase_add_test(tc, extensions);
	tcase_add_test(tc, map_in_ranges);
	tcase_add_test(tc, map_charges);
	tcase_add_test(tc, map_up_to_limit);
	tcase_add_test(tc, map_checks_memory);
	tcase_add_test(tc, map_first_error);
	tcase_add_test(tc, dma_rights);
	tcase_add_test(tc, dma_context);
	tcase_add_test(tc, dma_is_held);
	tcase_add_test(tc, goes_with_last_group);
	tcase_add_test(tc, no_nesting);
}

Suite *type1_iommu_suite(void)
{
	Suite *suite = suite_create("type1 iommu");
	TCase *v2 = tcase_create("v2"), *v1 = tcase_create("v1");

	tcase_add_checked_fixture(v2, setup_v2, teardown);
	tcase_add_checked_fixture(v1, setup_v1, teardown);
	add_tests(v2);
	add_tests(v1);
	tcase_add_test(v2, pins_are_free);
	tcase_add_test(v2, unmap_asks_devices);
	tcase_add_test(v2, list_exclude);
	tcase_add_test(v2, list_confine);
	tcase_add_test(v1, v1_unmap);
	suite_add_tcase(suite, v2);
	suite_add_tcase(suite, v1);
	return suite;
}
