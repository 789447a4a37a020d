// SPDX-License-Identifier: BSD-3-Clause
/* GROUP_GET_DEVICE_FD: names, the order of checks, the fd that comes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client.h"

#define ABSENT "00000000-0000-0000-0000-000000000000"

static int get_named(int group, const char *name)
{
	return vfio_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
}

/* An unknown name is ENODEV in every state, a known one has its turn after. */
START_TEST(order_of_checks)
{
	int container = ck_fd(vfio_open_container());
	int group = ck_fd(vfio_open_group(DEV_MTTY2));

	ck_assert_int_eq(get_named(group, ABSENT), -ENODEV);
	ck_assert_int_eq(vfio_get_device(group, DEV_MTTY2), -EINVAL);
	ck_ok(vfio_set_container(group, container));
	ck_assert_int_eq(get_named(group, ABSENT), -ENODEV);
	ck_assert_int_eq(vfio_get_device(group, DEV_MTTY2), -EINVAL);
	ck_ok(vfio_ioctl(container, VFIO_SET_IOMMU, (void *)VFIO_TYPE1_IOMMU));
	ck_assert_int_eq(get_named(group, ABSENT), -ENODEV);
	close(ck_fd(vfio_get_device(group, DEV_MTTY2)));
	close(group);
	close(container);
}
END_TEST

START_TEST(wrong_names)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	char *name = strdup(vfio_device_name(DEV_MTTY2));
	char longer[64];

	strcpy(longer, name);
	strcat(longer, " ");
	ck_assert_int_eq(get_named(s.group, longer), -ENODEV);
	ck_assert_int_eq(get_named(s.group, name + 1), -ENODEV);
	ck_assert_int_eq(get_named(s.group, ""), -ENODEV);
	ck_assert_int_eq(vfio_get_device(s.group, DEV_MTTY1), -ENODEV);
	name[strlen(name) - 1] = '\0';
	ck_assert_int_eq(get_named(s.group, name), -ENODEV);
	free(name);
	vfio_session_close(&s);
}
END_TEST

START_TEST(names_in_bad_memory)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	const char *name = vfio_device_name(DEV_MTTY2);
	char *end = page_before_hole() + PAGE;

	ck_assert_int_eq(get_named(s.group, NULL), -EFAULT);
	ck_assert_int_eq(get_named(s.group, end), -EFAULT);
	memcpy(end - 4, name, 4);
	ck_assert_int_eq(get_named(s.group, end - 4), -EFAULT);
	memcpy(end - strlen(name) - 1, name, strlen(name) + 1);
	close(ck_fd(get_named(s.group, end - strlen(name) - 1)));
	vfio_session_close(&s);
}
END_TEST

START_TEST(long_names)
{
	int group = ck_fd(vfio_open_group(DEV_MTTY2));
	char *name = malloc(2 * PAGE);

	ck_assert_ptr_nonnull(name);
	memset(name, 'a', 2 * PAGE);
	name[2 * PAGE - 1] = '\0';
	ck_assert_int_eq(get_named(group, name), -EINVAL);
	name[PAGE] = '\0';
	ck_assert_int_eq(get_named(group, name), -EINVAL);
	name[PAGE - 1] = '\0';
	ck_assert_int_eq(get_named(group, name), -ENODEV);
	free(name);
	close(group);
}
END_TEST

START_TEST(fd_flags)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);

	ck_assert_int_eq(fcntl(s.device, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(s.device, F_GETFL) & O_ACCMODE, O_RDWR);
	vfio_session_close(&s);
}
END_TEST

START_TEST(fd_is_the_lowest_free)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	int low = ck_fd(vfio_open("/dev/null", O_RDONLY));
	int high = ck_fd(vfio_open("/dev/null", O_RDONLY));

	close(low);
	ck_assert_int_eq(vfio_get_device(s.group, DEV_MTTY2), low);
	close(low);
	close(high);
	vfio_session_close(&s);
}
END_TEST

/* Each is another file, with a position of its own, of the same device. */
START_TEST(several_fds_of_a_device)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	int second = ck_fd(vfio_get_device(s.group, DEV_MTTY2));
	uint8_t byte = 0x5a;

	ck_assert_int_ne(second, s.device);
	ck_assert_int_eq(pwrite(s.device, &byte, 1, REGION(0) + 7), 1);
	close(s.device);
	s.device = -1;
	byte = 0;
	ck_assert_int_eq(pread(second, &byte, 1, REGION(0) + 7), 1);
	ck_assert_uint_eq(byte, 0x5a);
	close(second);
	vfio_session_close(&s);
}
END_TEST

START_TEST(no_room_for_an_fd)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	struct rlimit old, none;

	close(s.device);
	ck_ok(getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = (rlim_t)s.device;
	ck_ok(setrlimit(RLIMIT_NOFILE, &none));
	ck_assert_int_eq(vfio_get_device(s.group, DEV_MTTY2), -EMFILE);
	ck_assert_int_eq(get_named(s.group, ABSENT), -ENODEV);
	ck_ok(setrlimit(RLIMIT_NOFILE, &old));
	/* Nothing of the device stayed open. */
	ck_ok(vfio_ioctl(s.group, VFIO_GROUP_UNSET_CONTAINER, NULL));
	s.device = -1;
	vfio_session_close(&s);
}
END_TEST

START_TEST(device_ioctls_that_are_none)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	const unsigned int none[] = { 0, 1, 2, 3, 4, 5, 6, 16, 19, 20, 23 };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_int_eq(vfio_ioctl(s.device,
					    VFIO_TYPE << 8 |
						    (VFIO_BASE + none[i]),
					    NULL),
				 -ENOTTY);
	ck_assert_int_eq(vfio_ioctl(s.device, _IO('x', 77), NULL), -ENOTTY);
	vfio_session_close(&s);
}
END_TEST

Suite *getfd_suite(void)
{
	Suite *suite = suite_create("getfd");
	TCase *tc = client_case(suite, "getfd");

	tcase_add_test(tc, order_of_checks);
	tcase_add_test(tc, wrong_names);
	tcase_add_test(tc, names_in_bad_memory);
	tcase_add_test(tc, long_names);
	tcase_add_test(tc, fd_flags);
	tcase_add_test(tc, fd_is_the_lowest_free);
	tcase_add_test(tc, several_fds_of_a_device);
	tcase_add_test(tc, no_room_for_an_fd);
	tcase_add_test(tc, device_ioctls_that_are_none);
	return suite;
}
