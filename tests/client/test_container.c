// SPDX-License-Identifier: BSD-3-Clause
/* The container's own ioctls: versions, extensions, SET_IOMMU, lifetime. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"

#define EXTENSIONS 14

/* Index: the extension; those not named, and -1, are 0. */
static const int unset_extensions[EXTENSIONS] = {
	[VFIO_TYPE1_IOMMU] = 1,
	[VFIO_TYPE1v2_IOMMU] = 1,
	[VFIO_TYPE1_NESTING_IOMMU] = 1,
	[VFIO_NOIOMMU_IOMMU] = 1, /* one of the devices is of that kind */
	[VFIO_UNMAP_ALL] = 1,
};
static const int set_extensions[EXTENSIONS] = {
	[VFIO_TYPE1_IOMMU] = 1,	 [VFIO_TYPE1v2_IOMMU] = 1,
	[VFIO_DMA_CC_IOMMU] = 1, [VFIO_TYPE1_NESTING_IOMMU] = 1,
	[VFIO_UNMAP_ALL] = 1,
};

static void check_extensions(int container, const int *expected)
{
	for (long ext = -1; ext < EXTENSIONS; ext++)
		ck_assert_msg(vfio_ioctl(container, VFIO_CHECK_EXTENSION,
					 (void *)ext) ==
				      (ext < 0 ? 0 : expected[ext]),
			      "extension %ld", ext);
}

START_TEST(version_needs_no_argument)
{
	int container = ck_fd(vfio_open_container());

	ck_ok(vfio_ioctl(container, VFIO_GET_API_VERSION, NULL));
	ck_ok(vfio_ioctl(container, VFIO_GET_API_VERSION, (void *)-1));
	close(container);
}
END_TEST

START_TEST(extensions_without_iommu)
{
	int container = ck_fd(vfio_open_container());

	check_extensions(container, unset_extensions);
	close(container);
}
END_TEST

START_TEST(extensions_with_iommu)
{
	const unsigned long types[] = { VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU };

	for (size_t i = 0; i < 2; i++) {
		struct vfio_session s = vfio_session_open(DEV_MTTY2, types[i]);

		check_extensions(s.container, set_extensions);
		vfio_session_close(&s);
	}
}
END_TEST

START_TEST(other_ioctls_without_iommu)
{
	int container = ck_fd(vfio_open_container());

	for (unsigned int n = 3; n < 24; n++)
		ck_assert_int_eq(vfio_ioctl(container,
					    VFIO_TYPE << 8 | (VFIO_BASE + n),
					    NULL),
				 -EINVAL);
	ck_assert_int_eq(vfio_ioctl(container, _IO('x', 77), NULL), -EINVAL);
	close(container);
}
END_TEST

/* Numbers that a type1 container knows: 0, 1, 2 and 12, 13, 14, 17. */
START_TEST(other_ioctls_with_iommu)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);

	for (unsigned int n = 3; n < 24; n++) {
		bool known = (n >= 12 && n <= 14) || n == 17;

		ck_assert_int_eq(vfio_ioctl(s.container,
					    VFIO_TYPE << 8 | (VFIO_BASE + n),
					    NULL),
				 known ? -EFAULT : -ENOTTY);
	}
	ck_assert_int_eq(vfio_ioctl(s.container, _IO('x', 77), NULL), -ENOTTY);
	vfio_session_close(&s);
}
END_TEST

static int set_iommu(int container, long type)
{
	return vfio_ioctl(container, VFIO_SET_IOMMU, (void *)type);
}

START_TEST(set_iommu_without_group)
{
	int container = ck_fd(vfio_open_container());
	const long types[] = { 1, 3, 6, 8, 77, -1 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		ck_assert_int_eq(set_iommu(container, types[i]), -EINVAL);
	close(container);
}
END_TEST

START_TEST(set_iommu_in_order)
{
	static const struct {
		long type;
		int result;
	} calls[] = {
		{ 77, -ENODEV }, { 0, -ENODEV }, { 2, -ENODEV },
		{ 8, -ENODEV },	 { 9, -EINVAL }, { 10, -ENODEV },
		{ 3, 0 },	 { 3, -EINVAL }, { 1, -EINVAL },
		{ 77, -EINVAL },
	};
	int container = ck_fd(vfio_open_container());
	int group = ck_fd(vfio_open_group(DEV_MTTY2));

	ck_ok(vfio_set_container(group, container));
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		ck_assert_int_eq(set_iommu(container, calls[i].type),
				 calls[i].result);
	close(group);
	close(container);
}
END_TEST

/* The last group takes the type and the mappings with it. */
START_TEST(set_iommu_again_after_last_group)
{
	const long types[] = { 3, 1, 6, 3 };
	int container = ck_fd(vfio_open_container());
	int group = ck_fd(vfio_open_group(DEV_MTTY2));

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		ck_ok(vfio_set_container(group, container));
		ck_ok(set_iommu(container, types[i]));
		ck_assert_int_eq(vfio_dma_avail(container), 65535);
		ck_ok(vfio_map(container, 0, NULL, PAGE));
		ck_assert_int_eq(vfio_dma_avail(container), 65534);
		ck_ok(vfio_ioctl(group, VFIO_GROUP_UNSET_CONTAINER, NULL));
		ck_assert_int_eq(vfio_map(container, 0, NULL, PAGE), -EINVAL);
		ck_assert_int_eq(set_iommu(container, types[i]), -EINVAL);
	}
	close(group);
	close(container);
}
END_TEST

START_TEST(state_stays_while_a_group_is_left)
{
	int container = ck_fd(vfio_open_container());
	int one = ck_fd(vfio_open_group(DEV_MTTY2));
	int two = ck_fd(vfio_open_group(DEV_MTTY1));

	ck_ok(vfio_set_container(one, container));
	ck_ok(set_iommu(container, VFIO_TYPE1v2_IOMMU));
	ck_ok(vfio_set_container(two, container));
	ck_ok(vfio_map(container, 0, NULL, PAGE));
	ck_ok(vfio_ioctl(one, VFIO_GROUP_UNSET_CONTAINER, NULL));
	ck_assert_int_eq(vfio_dma_avail(container), 65534);
	close(two);
	ck_assert_int_eq(vfio_dma_avail(container), -EINVAL);
	close(one);
	close(container);
}
END_TEST

START_TEST(state_outlives_the_container_fd)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int device;

	close(s.container);
	s.container = -1;
	ck_assert_int_eq(vfio_group_flags(s.group), 3);
	ck_ok(vfio_ioctl(s.device, VFIO_DEVICE_GET_INFO, &info));
	device = ck_fd(vfio_get_device(s.group, DEV_MTTY2));
	close(device);
	vfio_session_close(&s);
}
END_TEST

START_TEST(each_open_is_another_container)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	int other = ck_fd(vfio_open_container());
	int same = ck_fd(dup(s.container));

	ck_assert_int_eq(vfio_dma_avail(other), -EINVAL);
	ck_ok(vfio_map(s.container, 0, NULL, PAGE));
	ck_assert_int_eq(vfio_dma_avail(same), 65534);
	close(same);
	ck_assert_int_eq(vfio_dma_avail(s.container), 65534);
	close(other);
	vfio_session_close(&s);
}
END_TEST

START_TEST(read_only_is_enough)
{
	int container = ck_fd(vfio_open(CONTAINER_PATH, O_RDONLY));
	int group = ck_fd(vfio_open(vfio_group_path(DEV_MTTY2), O_RDONLY));
	int device;
	uint16_t vendor = 0;

	ck_ok(vfio_set_container(group, container));
	ck_ok(set_iommu(container, VFIO_TYPE1v2_IOMMU));
	ck_ok(vfio_map(container, 0, NULL, PAGE));
	ck_assert_int_eq(vfio_unmap(container, 0, PAGE, 0), PAGE);
	device = ck_fd(vfio_get_device(group, DEV_MTTY2));
	ck_assert_int_eq(pread(device, &vendor, 2, REGION(7)), 2);
	ck_assert_int_eq(pwrite(device, &vendor, 1, REGION(7)), 1);
	close(device);
	close(group);
	close(container);
}
END_TEST

/* The device fd, too, is polled like any file without a poll op. */
START_TEST(file_operations_that_do_nothing)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	const int fds[] = { s.container, s.group, s.device };
	char c = 0;

	for (size_t i = 0; i < 3; i++) {
		struct pollfd pfd = { fds[i], POLLIN | POLLOUT | POLLPRI, 0 };

		ck_assert_int_eq(poll(&pfd, 1, 0), 1);
		ck_assert_int_eq(pfd.revents, POLLIN | POLLOUT);
	}
	for (size_t i = 0; i < 2; i++) {
		ck_assert(read(fds[i], &c, 1) < 0 && errno == EINVAL);
		ck_assert(write(fds[i], &c, 1) < 0 && errno == EINVAL);
		ck_assert(pread(fds[i], &c, 1, 0) < 0 && errno == EINVAL);
		ck_assert(pwrite(fds[i], &c, 1, 0) < 0 && errno == EINVAL);
		ck_assert_ptr_eq(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fds[i],
				      0),
				 MAP_FAILED);
		ck_assert_int_eq(errno, ENODEV);
	}
	vfio_session_close(&s);
}
END_TEST

/* SPDK looks for the container among its fds by this name. */
START_TEST(proc_names_the_node)
{
	int container = ck_fd(vfio_open_container());
	int group = ck_fd(vfio_open_group(DEV_MTTY2));
	const int fds[] = { container, group };
	const char *names[] = { CONTAINER_PATH, vfio_group_path(DEV_MTTY2) };

	for (size_t i = 0; i < 2; i++) {
		char path[64], target[128] = "";

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[i]);
		ck_assert(readlink(path, target, sizeof(target) - 1) > 0);
		ck_assert_str_eq(target, names[i]);
	}
	close(group);
	close(container);
}
END_TEST

Suite *container_suite(void)
{
	Suite *suite = suite_create("container");
	TCase *tc = client_case(suite, "container");

	tcase_add_test(tc, version_needs_no_argument);
	tcase_add_test(tc, extensions_without_iommu);
	tcase_add_test(tc, extensions_with_iommu);
	tcase_add_test(tc, other_ioctls_without_iommu);
	tcase_add_test(tc, other_ioctls_with_iommu);
	tcase_add_test(tc, set_iommu_without_group);
	tcase_add_test(tc, set_iommu_in_order);
	tcase_add_test(tc, set_iommu_again_after_last_group);
	tcase_add_test(tc, state_stays_while_a_group_is_left);
	tcase_add_test(tc, state_outlives_the_container_fd);
	tcase_add_test(tc, each_open_is_another_container);
	tcase_add_test(tc, read_only_is_enough);
	tcase_add_test(tc, file_operations_that_do_nothing);
	tcase_add_test(tc, proc_names_the_node);
	return suite;
}
