// SPDX-License-Identifier: BSD-3-Clause
/* The group: exclusive open, status, SET_CONTAINER, UNSET_CONTAINER. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"

START_TEST(opens_once)
{
	int group = ck_fd(vfio_open_group(DEV_MTTY2));
	int other = ck_fd(vfio_open_group(DEV_MTTY1));
	int same = ck_fd(dup(group));

	ck_assert_int_eq(vfio_open_group(DEV_MTTY2), -EBUSY);
	close(group);
	ck_assert_int_eq(vfio_open_group(DEV_MTTY2), -EBUSY);
	close(same);
	group = ck_fd(vfio_open_group(DEV_MTTY2));
	close(group);
	close(other);
}
END_TEST

START_TEST(no_such_group)
{
	ck_assert_int_eq(vfio_open("/dev/vfio/123456", O_RDWR), -ENOENT);
	ck_assert_int_eq(vfio_open("/dev/vfio/noiommu-0", O_RDWR), -ENOENT);
}
END_TEST

START_TEST(status_argsz)
{
	static const struct {
		uint32_t argsz;
		int result;
	} calls[] = { { 0, -EINVAL }, { 7, -EINVAL }, { 8, 0 },
		      { 9, 0 },	      { 4096, 0 },    { UINT32_MAX, 0 } };
	int group = ck_fd(vfio_open_group(DEV_MTTY2));

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		uint32_t st[3] = { calls[i].argsz, 0xdeadbeef, 0xfeedface };

		ck_assert_int_eq(vfio_ioctl(group, VFIO_GROUP_GET_STATUS, st),
				 calls[i].result);
		ck_assert_uint_eq(st[0], calls[i].argsz);
		ck_assert_uint_eq(st[1], calls[i].result ? 0xdeadbeef : 1);
		ck_assert_uint_eq(st[2], 0xfeedface);
	}
	close(group);
}
END_TEST

START_TEST(status_of_bad_memory)
{
	int group = ck_fd(vfio_open_group(DEV_MTTY2));
	char *page = page_before_hole();
	uint32_t *last = (uint32_t *)(page + PAGE - 4);

	*last = 4;
	ck_assert_int_eq(vfio_ioctl(group, VFIO_GROUP_GET_STATUS, NULL),
			 -EFAULT);
	ck_assert_int_eq(vfio_ioctl(group, VFIO_GROUP_GET_STATUS, last),
			 -EFAULT);
	*--last = 8;
	ck_ok(vfio_ioctl(group, VFIO_GROUP_GET_STATUS, last));
	ck_ok(mprotect(page, PAGE, PROT_READ));
	ck_assert_int_eq(vfio_ioctl(group, VFIO_GROUP_GET_STATUS, last),
			 -EFAULT);
	close(group);
}
END_TEST

START_TEST(status_follows_the_container)
{
	int container = ck_fd(vfio_open_container());
	int group = ck_fd(vfio_open_group(DEV_MTTY2));

	ck_assert_int_eq(vfio_group_flags(group), VFIO_GROUP_FLAGS_VIABLE);
	ck_ok(vfio_set_container(group, container));
	ck_assert_int_eq(vfio_group_flags(group),
			 VFIO_GROUP_FLAGS_VIABLE |
				 VFIO_GROUP_FLAGS_CONTAINER_SET);
	ck_ok(vfio_ioctl(group, VFIO_GROUP_UNSET_CONTAINER, NULL));
	ck_assert_int_eq(vfio_group_flags(group), VFIO_GROUP_FLAGS_VIABLE);
	close(group);
	close(container);
}
END_TEST

/* An fd that was closed. */
static int closed_fd(void)
{
	int fd = ck_fd(eventfd(0, EFD_CLOEXEC));

	close(fd);
	return fd;
}

START_TEST(set_container_fds)
{
	int container = ck_fd(vfio_open_container());
	int group = ck_fd(vfio_open_group(DEV_MTTY2));
	int other = ck_fd(vfio_open_group(DEV_MTTY1));
	int event = ck_fd(eventfd(0, EFD_CLOEXEC));
	int null = ck_fd(vfio_open("/dev/null", O_RDWR));
	const int wrong[] = { group, other, event, null };

	ck_assert_int_eq(vfio_ioctl(group, VFIO_GROUP_SET_CONTAINER, NULL),
			 -EFAULT);
	ck_assert_int_eq(vfio_set_container(group, -1), -EBADF);
	ck_assert_int_eq(vfio_set_container(group, closed_fd()), -EBADF);
	ck_assert_int_eq(vfio_set_container(group, 1 << 30), -EBADF);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_int_eq(vfio_set_container(group, wrong[i]), -EBADFD);
	ck_ok(vfio_set_container(group, container));
	close(null);
	close(event);
	close(other);
	close(group);
	close(container);
}
END_TEST

START_TEST(set_container_to_a_device)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	int group = ck_fd(vfio_open_group(DEV_MTTY1));

	ck_assert_int_eq(vfio_set_container(group, s.device), -EBADFD);
	close(group);
	vfio_session_close(&s);
}
END_TEST

/* The fd is looked at before the state is. */
START_TEST(set_container_twice)
{
	int container = ck_fd(vfio_open_container());
	int other = ck_fd(vfio_open_container());
	int group = ck_fd(vfio_open_group(DEV_MTTY2));
	int event = ck_fd(eventfd(0, EFD_CLOEXEC));

	ck_ok(vfio_set_container(group, container));
	ck_assert_int_eq(vfio_set_container(group, container), -EINVAL);
	ck_assert_int_eq(vfio_set_container(group, other), -EINVAL);
	ck_assert_int_eq(vfio_set_container(group, -1), -EBADF);
	ck_assert_int_eq(vfio_set_container(group, event), -EINVAL);
	close(event);
	close(group);
	close(other);
	close(container);
}
END_TEST

START_TEST(set_container_at_page_end)
{
	int container = ck_fd(vfio_open_container());
	int group = ck_fd(vfio_open_group(DEV_MTTY2));
	char *end = page_before_hole() + PAGE;

	memcpy(end - 4, &container, 4);
	ck_assert_int_eq(vfio_ioctl(group, VFIO_GROUP_SET_CONTAINER, end - 3),
			 -EFAULT);
	ck_ok(vfio_ioctl(group, VFIO_GROUP_SET_CONTAINER, end - 4));
	close(group);
	close(container);
}
END_TEST

START_TEST(unset_container)
{
	struct vfio_session s;
	int group = ck_fd(vfio_open_group(DEV_MTTY2));
	int second;

	ck_assert_int_eq(vfio_ioctl(group, VFIO_GROUP_UNSET_CONTAINER, NULL),
			 -EINVAL);
	close(group);
	s = vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	second = ck_fd(vfio_get_device(s.group, DEV_MTTY2));
	ck_assert_int_eq(vfio_ioctl(s.group, VFIO_GROUP_UNSET_CONTAINER, NULL),
			 -EBUSY);
	close(s.device);
	s.device = -1;
	ck_assert_int_eq(vfio_ioctl(s.group, VFIO_GROUP_UNSET_CONTAINER, NULL),
			 -EBUSY);
	close(second);
	ck_ok(vfio_ioctl(s.group, VFIO_GROUP_UNSET_CONTAINER, NULL));
	ck_assert_int_eq(vfio_ioctl(s.group, VFIO_GROUP_UNSET_CONTAINER, NULL),
			 -EINVAL);
	vfio_session_close(&s);
}
END_TEST

/* Groups know the numbers 3 to 6 only. */
START_TEST(other_ioctls)
{
	int group = ck_fd(vfio_open_group(DEV_MTTY2));

	for (unsigned int n = 0; n < 24; n++)
		if (n < 3 || n > 6)
			ck_assert_int_eq(vfio_ioctl(group,
						    VFIO_TYPE << 8 |
							    (VFIO_BASE + n),
						    NULL),
					 -ENOTTY);
	ck_assert_int_eq(vfio_ioctl(group, _IO('x', 77), NULL), -ENOTTY);
	close(group);
}
END_TEST

Suite *group_suite(void)
{
	Suite *suite = suite_create("group");
	TCase *tc = client_case(suite, "group");

	tcase_add_test(tc, opens_once);
	tcase_add_test(tc, no_such_group);
	tcase_add_test(tc, status_argsz);
	tcase_add_test(tc, status_of_bad_memory);
	tcase_add_test(tc, status_follows_the_container);
	tcase_add_test(tc, set_container_fds);
	tcase_add_test(tc, set_container_to_a_device);
	tcase_add_test(tc, set_container_twice);
	tcase_add_test(tc, set_container_at_page_end);
	tcase_add_test(tc, unset_container);
	tcase_add_test(tc, other_ioctls);
	return suite;
}
