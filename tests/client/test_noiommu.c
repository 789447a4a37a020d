// SPDX-License-Identifier: BSD-3-Clause
/*
 * A noiommu group: its node, CAP_SYS_RAWIO at each step, its container. Without
 * the capability on the machine, as an ordinary user has it, the first step is
 * the last.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

static bool privileged(void)
{
	return set_cap(CAP_SYS_RAWIO, true);
}

static int extension(int container, unsigned long n)
{
	return vfio_ioctl(container, VFIO_CHECK_EXTENSION, (void *)n);
}

START_TEST(node)
{
	ck_assert_ptr_eq(strstr(vfio_group_path(DEV_NOIOMMU),
				"/dev/vfio/noiommu-"),
			 vfio_group_path(DEV_NOIOMMU));
	ck_assert_ptr_null(strstr(vfio_group_path(DEV_MTTY2), "noiommu"));
}
END_TEST

START_TEST(unprivileged)
{
	set_cap(CAP_SYS_RAWIO, false);
	ck_assert_int_eq(vfio_open_group(DEV_NOIOMMU), -EPERM);
	if (!privileged())
		return;
	close(ck_fd(vfio_open_group(DEV_NOIOMMU)));
}
END_TEST

/* The machine has a noiommu device, so a container can become one. */
START_TEST(extension_of_empty_container)
{
	int container = ck_fd(vfio_open_container());

	ck_assert_int_eq(extension(container, VFIO_NOIOMMU_IOMMU), 1);
	ck_assert_int_eq(extension(container, VFIO_TYPE1v2_IOMMU), 1);
	close(container);
}
END_TEST

START_TEST(extension_with_other_group)
{
	struct vfio_session s = { .container = ck_fd(vfio_open_container()) };
	void *type = (void *)VFIO_NOIOMMU_IOMMU;

	s.group = ck_fd(vfio_open_group(DEV_MTTY2));
	ck_ok(vfio_set_container(s.group, s.container));
	ck_assert_int_eq(extension(s.container, VFIO_NOIOMMU_IOMMU), 0);
	ck_assert_int_eq(vfio_ioctl(s.container, VFIO_SET_IOMMU, type),
			 -ENODEV);
	close(s.group);
	close(s.container);
}
END_TEST

START_TEST(each_step_needs_capability)
{
	void *type = (void *)VFIO_NOIOMMU_IOMMU;
	int container = ck_fd(vfio_open_container()), group, device;

	if (!privileged()) {
		close(container);
		return;
	}
	group = ck_fd(vfio_open_group(DEV_NOIOMMU));
	set_cap(CAP_SYS_RAWIO, false);
	ck_assert_int_eq(vfio_set_container(group, container), -EPERM);
	set_cap(CAP_SYS_RAWIO, true);
	ck_ok(vfio_set_container(group, container));
	set_cap(CAP_SYS_RAWIO, false);
	ck_assert_int_eq(vfio_ioctl(container, VFIO_SET_IOMMU, type), -EPERM);
	set_cap(CAP_SYS_RAWIO, true);
	ck_ok(vfio_ioctl(container, VFIO_SET_IOMMU, type));
	set_cap(CAP_SYS_RAWIO, false);
	ck_assert_int_eq(vfio_get_device(group, DEV_NOIOMMU), -EPERM);
	set_cap(CAP_SYS_RAWIO, true);
	device = ck_fd(vfio_get_device(group, DEV_NOIOMMU));
	close(device);
	close(group);
	close(container);
}
END_TEST

/* The device itself is as ever. */
START_TEST(session)
{
	struct vfio_session s;
	uint16_t vendor = 0;
	int type1;

	if (!privileged())
		return;
	type1 = vfio_session_try(&s, DEV_NOIOMMU, VFIO_TYPE1v2_IOMMU);
	ck_assert_int_eq(type1, -ENODEV);
	s = vfio_session_open(DEV_NOIOMMU, VFIO_NOIOMMU_IOMMU);
	ck_assert_int_eq(extension(s.container, VFIO_TYPE1v2_IOMMU), 0);
	ck_assert_int_eq(vfio_map(s.container, 0, &s, PAGE), -ENOTTY);
	ck_assert_int_eq(vfio_unmap(s.container, 0, PAGE, 0), -ENOTTY);
	ck_assert_int_eq(pread(s.device, &vendor, 2,
			       REGION(VFIO_PCI_CONFIG_REGION_INDEX)),
			 2);
	ck_assert_uint_eq(vendor, 0x4348);
	vfio_session_close(&s);
}
END_TEST

START_TEST(does_not_mix)
{
	int container = ck_fd(vfio_open_container()), group, other;

	if (!privileged()) {
		close(container);
		return;
	}
	group = ck_fd(vfio_open_group(DEV_NOIOMMU));
	other = ck_fd(vfio_open_group(DEV_MTTY2));
	ck_ok(vfio_set_container(other, container));
	ck_assert_int_eq(vfio_set_container(group, container), -EPERM);
	ck_ok(vfio_ioctl(other, VFIO_GROUP_UNSET_CONTAINER, NULL));
	ck_ok(vfio_set_container(group, container));
	ck_assert_int_eq(vfio_set_container(other, container), -EPERM);
	close(other);
	close(group);
	close(container);
}
END_TEST

Suite *noiommu_suite(void)
{
	Suite *suite = suite_create("client noiommu");
	TCase *tc = client_case(suite, "noiommu");

	tcase_add_test(tc, node);
	tcase_add_test(tc, unprivileged);
	tcase_add_test(tc, extension_of_empty_container);
	tcase_add_test(tc, extension_with_other_group);
	tcase_add_test(tc, each_step_needs_capability);
	tcase_add_test(tc, session);
	tcase_add_test(tc, does_not_mix);
	return suite;
}
