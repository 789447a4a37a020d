// SPDX-License-Identifier: BSD-3-Clause
/* The container: its ioctls, its groups, its life. */
#include <errno.h>

#include "model_rig.h"
#include "suites.h"

static struct model m;

static void setup(void)
{
	model_setup(&m);
}

static void teardown(void)
{
	model_teardown(&m);
}

static int extension(uint64_t n)
{
	return vfio_container_ioctl(m.container, VFIO_CHECK_EXTENSION, n);
}

static void attach(int i)
{
	model_attach(&m, i, &model_plugin, &model_type);
}

static void set_iommu(uint64_t type)
{
	ck_assert_int_eq(model_set_iommu(&m, type), 0);
}

START_TEST(api_version)
{
	ck_assert_int_eq(
		vfio_container_ioctl(m.container, VFIO_GET_API_VERSION, 0), 0);
	ck_assert_int_eq(vfio_container_ioctl(m.container, VFIO_GET_API_VERSION,
					      ~0UL),
			 0);
}
END_TEST

/* Commands 3 up, and some that are no VFIO commands at all. */
static void assert_all_answer(int want)
{
	static const unsigned int others[] = { 0, 1, 0x3b63, 0x3b80, ~0U };

	for (unsigned int n = 3; n < 22; n++) {
		if (want == -ENOTTY &&
		    (n == 12 || n == 13 || n == 14 || n == 17))
			continue;
		ck_assert_int_eq(
			vfio_container_ioctl(m.container,
					     _IO(VFIO_TYPE, VFIO_BASE + n), 0),
			want);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert_int_eq(
			vfio_container_ioctl(m.container, others[i], 0), want);
}

/* EINVAL before there is a driver, with a group or without. */
START_TEST(dispatch)
{
	assert_all_answer(-EINVAL);
	attach(0);
	assert_all_answer(-EINVAL);
	set_iommu(VFIO_TYPE1v2_IOMMU);
	assert_all_answer(-ENOTTY);
	ck_assert_int_eq(vfio_container_ioctl(m.container, VFIO_IOMMU_GET_INFO,
					      0),
			 -EFAULT);
}
END_TEST

static const uint64_t unknown_extensions[] = {
	11, 77, UINT32_MAX, 1ULL << 32, (1ULL << 32) + 1, UINT64_MAX
};

static void assert_extensions(const int want[11])
{
	for (uint64_t n = 0; n < 11; n++)
		ck_assert_int_eq(extension(n), want[n]);
	for (size_t i = 0; i < 6; i++)
		ck_assert_int_eq(extension(unknown_extensions[i]), 0);
}

/* DMA_CC, 4, is vacuously true of emulated groups; 10 is not for them. */
START_TEST(extensions)
{
	static const int before[11] = { 0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0 };
	static const int after[11] = { 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0 };

	assert_extensions(before);
	attach(0);
	assert_extensions(before);
	set_iommu(_i ? VFIO_TYPE1v2_IOMMU : VFIO_TYPE1_IOMMU);
	assert_extensions(after);
	model_group_close(&m, 0);
	assert_extensions(before);
}
END_TEST

static void assert_set_iommu_always(int want)
{
	for (uint64_t type = 0; type < 13; type++)
		ck_assert_int_eq(model_set_iommu(&m, type), want);
	ck_assert_int_eq(model_set_iommu(&m, 77), want);
	ck_assert_int_eq(model_set_iommu(&m, UINT64_MAX), want);
}

/* Without a group, and with a driver, whatever the type. */
START_TEST(set_iommu_state_first)
{
	assert_set_iommu_always(-EINVAL);
	attach(0);
	set_iommu(VFIO_TYPE1v2_IOMMU);
	assert_set_iommu_always(-EINVAL);
}
END_TEST

/* 9 is an extension that type1 has, and not a type. */
START_TEST(set_iommu_types)
{
	static const uint64_t absent[] = {
		0, 2, 4, 5, 7, 8, 10, 77, UINT64_MAX, (1ULL << 32) + 1
	};

	attach(0);
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		ck_assert_int_eq(model_set_iommu(&m, absent[i]), -ENODEV);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_UNMAP_ALL), -EINVAL);
	/* No failure has left a driver behind. */
	ck_assert_int_eq(model_map(&m, 0, 0), -EINVAL);
	set_iommu(_i);
	ck_assert_int_eq(model_map(&m, 0, 0), 0);
}
END_TEST

START_TEST(outlives_its_file)
{
	struct vfio_page *page;
	uint8_t byte = 42;

	attach(0);
	set_iommu(VFIO_TYPE1v2_IOMMU);
	model_open(&m, 0);
	ck_assert_int_eq(model_map(&m, PAGE, 0), 0);
	ck_assert_int_eq(vfiod_pin_pages(m.devs[0].vdev, PAGE, 1, 3, &page), 1);
	model_container_close(&m);
	ck_assert_int_eq(vfiod_dma_rw(m.devs[0].vdev, PAGE + 5, &byte, 1, true),
			 0);
	ck_assert_uint_eq(*(uint8_t *)host_mm_ptr(m.mm, m.mem + 5), 42);
	ck_assert_int_eq(vfiod_page_rw(page, 5, &byte, 1, false), 0);
	ck_assert_uint_eq(host_mm_locked(m.mm), 1);
	vfiod_unpin_pages(m.devs[0].vdev, PAGE, 1);
	/* Opened again it is there as before. */
	model_close(&m, 0);
	model_open(&m, 0);
	ck_assert_int_eq(vfiod_dma_rw(m.devs[0].vdev, PAGE, &byte, 1, true), 0);
	model_close(&m, 0);
	/* Only the mapping and the test itself refer to the process. */
	ck_assert_uint_gt(atomic_load(&m.mm->mm.refs), 1);
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
	ck_assert_uint_eq(atomic_load(&m.mm->mm.refs), 1);
}
END_TEST

static int64_t unmap_first_of_two(void)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.vaddr = m.mem,
		.size = 2 * PAGE,
	};

	ck_assert_int_eq(model_container_ioctl(&m, VFIO_IOMMU_MAP_DMA, &map,
					       sizeof(map)),
			 0);
	return model_unmap(&m, 0);
}

/* It is of another kind afterwards, and empty. */
START_TEST(state_goes_with_last_group)
{
	attach(0);
	set_iommu(VFIO_TYPE1v2_IOMMU);
	ck_assert_int_eq(unmap_first_of_two(), -EINVAL);
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
	ck_assert_uint_eq(atomic_load(&m.mm->mm.refs), 1);
	ck_assert_int_eq(model_map(&m, 0, 0), -EINVAL);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_TYPE1v2_IOMMU), -EINVAL);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), 0);
	ck_assert_int_eq(model_map(&m, 0, 0), -EINVAL);
	set_iommu(VFIO_TYPE1_IOMMU);
	ck_assert_int_eq(unmap_first_of_two(), 2 * PAGE);
}
END_TEST

START_TEST(state_stays_with_one_of_two)
{
	attach(0);
	set_iommu(VFIO_TYPE1v2_IOMMU);
	ck_assert_int_eq(model_map(&m, 0, 0), 0);
	/* A group that comes later finds what is there. */
	attach(1);
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
	ck_assert_int_eq(model_map(&m, 0, 0), -EEXIST);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_TYPE1_IOMMU), -EINVAL);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), 0);
	model_group_close(&m, 1);
	ck_assert_int_eq(model_unmap(&m, 0), PAGE);
	model_group_close(&m, 0);
	ck_assert_int_eq(model_unmap(&m, 0), -EINVAL);
}
END_TEST

/* All groups, or none; the container can be given up in any order. */
START_TEST(many_groups)
{
	for (int i = 0; i < MODEL_DEVICES; i++)
		attach(i);
	set_iommu(VFIO_TYPE1v2_IOMMU);
	for (int i = 0; i < MODEL_DEVICES; i++)
		model_open(&m, (i + _i) % MODEL_DEVICES);
	model_container_close(&m);
	for (int i = 0; i < MODEL_DEVICES; i++)
		model_group_close(&m, (i + _i) % MODEL_DEVICES);
	for (int i = 0; i < MODEL_DEVICES; i++)
		ck_assert_ptr_nonnull(m.devs[i].group->container);
	for (int i = 0; i < MODEL_DEVICES; i++) {
		model_close(&m, (i + _i) % MODEL_DEVICES);
		ck_assert_ptr_null(
			m.devs[(i + _i) % MODEL_DEVICES].group->container);
	}
}
END_TEST

/*
 * A group that the driver refuses, as type1 does one whose IOMMU can map
 * nothing: those before it are let go again.
 */
START_TEST(attach_fails)
{
	const struct vfio_iommu_reserved all = {
		.range = { 0, UINT64_MAX },
		.type = VFIO_RESV_RESERVED,
	};
	const struct vfio_iommu_geometry nothing = {
		.aperture = all.range,
		.pgsize_bitmap = PAGE,
		.nr_reserved = 1,
		.reserved = &all,
	};

	attach(0);
	model_add(&m, 1, VFIO_IOMMU, &model_plugin, &model_type);
	m.devs[1].group->geometry = &nothing;
	ck_assert_int_eq(model_group_open(&m, 1), 0);
	ck_assert_int_eq(model_set_container(&m, 1, m.container_fd), 0);
	attach(2);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_TYPE1v2_IOMMU), -EINVAL);
	ck_assert_int_eq(model_map(&m, 0, 0), -EINVAL);
	ck_assert_int_eq(model_unset_container(&m, 1), 0);
	set_iommu(VFIO_TYPE1v2_IOMMU);
	ck_assert_int_eq(model_map(&m, 0, 0), 0);
	/* Nor does it come later. */
	ck_assert_int_eq(model_set_container(&m, 1, m.container_fd), -EINVAL);
	ck_assert_int_eq(model_unset_container(&m, 1), -EINVAL);
	ck_assert_uint_eq(atomic_load(&m.container->refs), 3);
}
END_TEST

/* Two containers know nothing of each other. */
START_TEST(two_containers)
{
	struct vfio_container *other = vfio_container_create(&m.drivers);
	int fd = host_client_add_container(&m.client, other);

	attach(0);
	model_add(&m, 1, VFIO_EMULATED_IOMMU, &model_plugin, &model_type);
	ck_assert_int_eq(model_group_open(&m, 1), 0);
	ck_assert_int_eq(model_set_container(&m, 1, fd), 0);
	set_iommu(VFIO_TYPE1v2_IOMMU);
	ck_assert_int_eq(model_map(&m, 0, 0), 0);
	ck_assert_int_eq(vfio_container_ioctl(other, VFIO_IOMMU_GET_INFO, 0),
			 -EINVAL);
	ck_assert_int_eq(vfio_container_ioctl(other, VFIO_SET_IOMMU,
					      VFIO_TYPE1_IOMMU),
			 0);
	ck_assert_int_eq(model_unmap(&m, 0), PAGE);
	vfio_container_put(other);
}
END_TEST

/* A group comes and goes while a device is asked to unpin. */
static void attaching_unmap(struct vfio_device *vdev, uint64_t iova,
			    uint64_t length)
{
	(void)length;
	ck_assert_int_eq(model_set_container(&m, 1, m.container_fd), 0);
	ck_assert_int_eq(model_unset_container(&m, 1), 0);
	vfiod_unpin_pages(vdev, iova, 1);
}

START_TEST(attach_while_unmapping)
{
	static const struct vfiod_plugin attaching = {
		.name = "attaching",
		.init = model_init,
		.dma_unmap = attaching_unmap,
	};
	struct vfio_page *page;

	model_attach(&m, 0, &attaching, &model_type);
	model_add(&m, 1, VFIO_EMULATED_IOMMU, &model_plugin, &model_type);
	ck_assert_int_eq(model_group_open(&m, 1), 0);
	set_iommu(VFIO_TYPE1v2_IOMMU);
	model_open(&m, 0);
	ck_assert_int_eq(model_map(&m, 0, 0), 0);
	ck_assert_int_eq(vfiod_pin_pages(m.devs[0].vdev, 0, 1,
					 VFIO_DMA_MAP_FLAG_READ, &page),
			 1);
	ck_assert_int_eq(model_unmap(&m, 0), PAGE);
}
END_TEST

Suite *model_container_suite(void)
{
	Suite *suite = suite_create("model container");
	TCase *tc = tcase_create("container");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, api_version);
	tcase_add_test(tc, dispatch);
	tcase_add_loop_test(tc, extensions, 0, 2);
	tcase_add_test(tc, set_iommu_state_first);
	tcase_add_loop_test(tc, set_iommu_types, VFIO_TYPE1_IOMMU,
			    VFIO_TYPE1_IOMMU + 1);
	tcase_add_loop_test(tc, set_iommu_types, VFIO_TYPE1v2_IOMMU,
			    VFIO_TYPE1v2_IOMMU + 1);
	tcase_add_loop_test(tc, set_iommu_types, VFIO_TYPE1_NESTING_IOMMU,
			    VFIO_TYPE1_NESTING_IOMMU + 1);
	tcase_add_test(tc, outlives_its_file);
	tcase_add_test(tc, state_goes_with_last_group);
	tcase_add_test(tc, state_stays_with_one_of_two);
	tcase_add_loop_test(tc, many_groups, 0, MODEL_DEVICES);
	tcase_add_test(tc, attach_fails);
	tcase_add_test(tc, two_containers);
	tcase_add_test(tc, attach_while_unmapping);
	suite_add_tcase(suite, tc);
	return suite;
}
