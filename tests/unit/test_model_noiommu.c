// SPDX-License-Identifier: BSD-3-Clause
/* noiommu groups: their capability, their driver; the list of drivers. */
#include <errno.h>
#include <linux/capability.h>

#include "model_rig.h"
#include "suites.h"

static struct model m;

static void allow_rawio(bool allow)
{
	host_client_allow(&m.client, CAP_SYS_RAWIO, allow);
}

static void setup(void)
{
	model_setup(&m);
	ck_assert_int_eq(vfio_register_iommu_driver(&m.drivers, &vfio_noiommu),
			 0);
	allow_rawio(true);
}

static void teardown(void)
{
	model_teardown(&m);
}

static int extension(uint64_t n)
{
	return vfio_container_ioctl(m.container, VFIO_CHECK_EXTENSION, n);
}

static void assert_extensions(const int want[11])
{
	for (uint64_t n = 0; n < 11; n++)
		ck_assert_int_eq(extension(n), want[n]);
	ck_assert_int_eq(extension(1ULL << 32 | VFIO_NOIOMMU_IOMMU), 0);
	ck_assert_int_eq(extension(UINT64_MAX), 0);
}

static void add(int i, enum vfio_group_type type)
{
	model_add(&m, i, type, &model_plugin, &model_type);
	ck_assert_int_eq(model_group_open(&m, i), 0);
}

static void attach(int i)
{
	add(i, VFIO_NO_IOMMU);
	ck_assert_int_eq(model_set_container(&m, i, m.container_fd), 0);
}

static void ready(void)
{
	attach(0);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_NOIOMMU_IOMMU), 0);
	model_open(&m, 0);
}

START_TEST(names)
{
	add(0, VFIO_EMULATED_IOMMU);
	add(1, VFIO_NO_IOMMU);
	ck_assert_str_eq(m.devs[0].group->name, "0");
	ck_assert_str_eq(m.devs[1].group->name, "noiommu-1");
}
END_TEST

/* Without groups all drivers answer, with groups those that fit them. */
START_TEST(extensions)
{
	static const int any[11] = { 0, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0 };
	static const int type1[11] = { 0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0 };
	static const int noiommu[11] = { [VFIO_NOIOMMU_IOMMU] = 1 };

	assert_extensions(any);
	attach(0);
	assert_extensions(noiommu);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_NOIOMMU_IOMMU), 0);
	assert_extensions(noiommu);
	model_group_close(&m, 0);
	assert_extensions(any);
	add(1, VFIO_EMULATED_IOMMU);
	ck_assert_int_eq(model_set_container(&m, 1, m.container_fd), 0);
	assert_extensions(type1);
}
END_TEST

START_TEST(set_iommu)
{
	attach(0);
	for (uint64_t type = 0; type < 13; type++)
		if (type != VFIO_NOIOMMU_IOMMU)
			ck_assert_int_eq(model_set_iommu(&m, type), -ENODEV);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_NOIOMMU_IOMMU), 0);
	for (uint64_t type = 0; type < 13; type++)
		ck_assert_int_eq(model_set_iommu(&m, type), -EINVAL);
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_NOIOMMU_IOMMU), -EINVAL);
}
END_TEST

START_TEST(not_for_other_groups)
{
	add(0, VFIO_EMULATED_IOMMU);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), 0);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_NOIOMMU_IOMMU), -ENODEV);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_TYPE1v2_IOMMU), 0);
}
END_TEST

/* Of the container's ioctls the driver has CHECK_EXTENSION. */
START_TEST(ioctls)
{
	attach(0);
	ck_assert_int_eq(model_map(&m, 0, 0), -EINVAL);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_NOIOMMU_IOMMU), 0);
	ck_assert_int_eq(
		vfio_container_ioctl(m.container, VFIO_GET_API_VERSION, 0), 0);
	for (unsigned int n = 3; n < 22; n++)
		ck_assert_int_eq(
			vfio_container_ioctl(m.container,
					     _IO(VFIO_TYPE, VFIO_BASE + n), 0),
			-ENOTTY);
	ck_assert_int_eq(model_map(&m, 0, 0), -ENOTTY);
	ck_assert_int_eq(model_unmap(&m, 0), -ENOTTY);
}
END_TEST

START_TEST(open_needs_capability)
{
	model_add(&m, 0, VFIO_NO_IOMMU, &model_plugin, &model_type);
	allow_rawio(false);
	ck_assert_int_eq(model_group_open(&m, 0), -EPERM);
	allow_rawio(true);
	ck_assert_int_eq(model_group_open(&m, 0), 0);
	/* The capability comes before the group's state. */
	allow_rawio(false);
	ck_assert_int_eq(vfio_group_open(m.devs[0].group), -EPERM);
	allow_rawio(true);
	ck_assert_int_eq(vfio_group_open(m.devs[0].group), -EBUSY);
}
END_TEST

/* So too before the container's other groups. */
START_TEST(set_container_needs_capability)
{
	add(0, VFIO_NO_IOMMU);
	add(1, VFIO_NO_IOMMU);
	allow_rawio(false);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), -EPERM);
	ck_assert_int_eq(model_unset_container(&m, 0), -EINVAL);
	allow_rawio(true);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), 0);
	/* To leave needs none; whether the group is set comes first. */
	allow_rawio(false);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), -EINVAL);
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
}
END_TEST

START_TEST(set_iommu_needs_capability)
{
	attach(0);
	allow_rawio(false);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_TYPE1v2_IOMMU), -ENODEV);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_NOIOMMU_IOMMU), -EPERM);
	ck_assert_int_eq(extension(VFIO_NOIOMMU_IOMMU), 1);
	allow_rawio(true);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_NOIOMMU_IOMMU), 0);
}
END_TEST

static int get(struct vfio_device_file **file)
{
	return model_get_device(&m, 0, "dev0", file);
}

/* Of the first open it is asked, not of further ones. */
START_TEST(get_device_needs_capability)
{
	struct vfio_device_file *file;

	attach(0);
	allow_rawio(false);
	/* No driver comes before no permission. */
	ck_assert_int_eq(get(&file), -EINVAL);
	allow_rawio(true);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_NOIOMMU_IOMMU), 0);
	allow_rawio(false);
	ck_assert_int_eq(get(&file), -EPERM);
	ck_assert_int_eq(model_get_device(&m, 0, "dev1", &file), -ENODEV);
	allow_rawio(true);
	model_open(&m, 0);
	allow_rawio(false);
	ck_assert_int_eq(get(&file), 0);
	vfio_device_file_release(file);
}
END_TEST

/* A thread that serves no client has no capability either. */
START_TEST(nobody_is_not_capable)
{
	ck_assert(vfio_capable(CAP_SYS_RAWIO));
	ck_assert(!vfio_capable(CAP_SYS_ADMIN));
	vfio_set_current(NULL);
	ck_assert(!vfio_capable(CAP_SYS_RAWIO));
	vfio_set_current(&m.client.client);
}
END_TEST

START_TEST(does_not_mix)
{
	add(0, VFIO_NO_IOMMU);
	add(1, VFIO_EMULATED_IOMMU);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), 0);
	ck_assert_int_eq(model_set_container(&m, 1, m.container_fd), -EPERM);
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
	/* Its kind goes with its groups. */
	ck_assert_int_eq(model_set_container(&m, 1, m.container_fd), 0);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), -EPERM);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_TYPE1v2_IOMMU), 0);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), -EPERM);
}
END_TEST

START_TEST(two_groups)
{
	ready();
	attach(1);
	ck_assert_int_eq(model_unset_container(&m, 0), -EBUSY);
	model_close(&m, 0);
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
	ck_assert_int_eq(model_map(&m, 0, 0), -ENOTTY);
	ck_assert_int_eq(model_unset_container(&m, 1), 0);
	ck_assert_int_eq(model_map(&m, 0, 0), -EINVAL);
}
END_TEST

/* The container leads to no memory; the checks before it are as anywhere. */
START_TEST(services)
{
	struct vfio_device *vdev;
	struct vfio_page *pages[1];
	char byte = 0;

	ready();
	vdev = m.devs[0].vdev;
	ck_assert_int_eq(vfiod_pin_pages(vdev, 0, 1, 1, pages), -ENOTTY);
	ck_assert_int_eq(vfiod_pin_pages(vdev, 0, 0, 1, pages), -EINVAL);
	ck_assert_int_eq(vfiod_pin_pages(vdev, 0, 513, 1, pages), -E2BIG);
	vfiod_unpin_pages(vdev, 0, 1);
	ck_assert_int_eq(vfiod_dma_rw(vdev, 0, &byte, 1, false), -ENOTTY);
	ck_assert_int_eq(vfiod_dma_rw(vdev, 0, &byte, 0, false), -EINVAL);
	model_close(&m, 0);
	ck_assert_int_eq(vfiod_pin_pages(vdev, 0, 1, 1, pages), -EINVAL);
	ck_assert_int_eq(vfiod_dma_rw(vdev, 0, &byte, 1, false), -EINVAL);
}
END_TEST

/* ---- the list of drivers ---- */

static int order[3], nr_asked;

static int ask_first(void *data, unsigned int cmd, uint64_t arg)
{
	(void)data, (void)cmd;
	order[nr_asked++] = 1;
	return arg == 100;
}

static int ask_second(void *data, unsigned int cmd, uint64_t arg)
{
	(void)data, (void)cmd;
	order[nr_asked++] = 2;
	return arg == 200 ? -EIO : arg == 201;
}

static const struct vfio_iommu_driver_ops first = { .ioctl = ask_first };
static const struct vfio_iommu_driver_ops second = { .ioctl = ask_second };

START_TEST(newest_is_asked_first)
{
	struct vfio_iommu_drivers drivers = SLIST_HEAD_INITIALIZER(drivers);
	struct vfio_container *container = vfio_container_create(&drivers);

	nr_asked = 0;
	ck_assert_int_eq(
		vfio_container_ioctl(container, VFIO_CHECK_EXTENSION, 100), 0);
	ck_assert_int_eq(vfio_register_iommu_driver(&drivers, &first), 0);
	ck_assert_int_eq(vfio_register_iommu_driver(&drivers, &second), 0);
	ck_assert_int_eq(
		vfio_container_ioctl(container, VFIO_CHECK_EXTENSION, 100), 1);
	ck_assert_int_eq(nr_asked, 2);
	ck_assert_int_eq(order[0], 2);
	ck_assert_int_eq(order[1], 1);
	/* Who says yes ends it; an error is a no. */
	nr_asked = 0;
	ck_assert_int_eq(
		vfio_container_ioctl(container, VFIO_CHECK_EXTENSION, 201), 1);
	ck_assert_int_eq(nr_asked, 1);
	ck_assert_int_eq(
		vfio_container_ioctl(container, VFIO_CHECK_EXTENSION, 200), 0);
	vfio_container_put(container);
	vfio_unregister_iommu_drivers(&drivers);
	ck_assert(SLIST_EMPTY(&drivers));
}
END_TEST

static int register_device(void *data, struct vfio_device *vdev)
{
	(void)data, (void)vdev;
	return 0;
}

START_TEST(register_rules)
{
	const struct vfio_iommu_driver_ops half = {
		.register_device = register_device,
	};

	ck_assert_int_eq(vfio_register_iommu_driver(&m.drivers, &vfio_noiommu),
			 -EINVAL);
	ck_assert_int_eq(vfio_register_iommu_driver(&m.drivers, &half),
			 -EINVAL);
}
END_TEST

Suite *model_noiommu_suite(void)
{
	Suite *suite = suite_create("model noiommu");
	TCase *tc = tcase_create("noiommu");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, names);
	tcase_add_test(tc, extensions);
	tcase_add_test(tc, set_iommu);
	tcase_add_test(tc, not_for_other_groups);
	tcase_add_test(tc, ioctls);
	tcase_add_test(tc, open_needs_capability);
	tcase_add_test(tc, set_container_needs_capability);
	tcase_add_test(tc, set_iommu_needs_capability);
	tcase_add_test(tc, get_device_needs_capability);
	tcase_add_test(tc, nobody_is_not_capable);
	tcase_add_test(tc, does_not_mix);
	tcase_add_test(tc, two_groups);
	tcase_add_test(tc, services);
	tcase_add_test(tc, newest_is_asked_first);
	tcase_add_test(tc, register_rules);
	suite_add_tcase(suite, tc);
	return suite;
}
