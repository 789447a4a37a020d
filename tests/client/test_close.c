// SPDX-License-Identifier: BSD-3-Clause
/*
 * Closing: in any order, by the last holder, and at once: what is free by
 * the kernel's rules is free when close(2) or wait(2) has returned.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

static void close_in_order(struct vfio_session *s, const int *order)
{
	const int fds[] = { s->container, s->group, s->device };

	for (int i = 0; i < 3; i++)
		close(fds[order[i]]);
}

START_TEST(reopen_at_once)
{
	static const int orders[6][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};

	for (int i = 0; i < 500; i++) {
		struct vfio_session s;

		ck_assert_msg(vfio_session_try(&s, DEV_MTTY2,
					       VFIO_TYPE1v2_IOMMU) == 0,
			      "round %d", i);
		close_in_order(&s, orders[i % 6]);
	}
}
END_TEST

START_TEST(unset_at_once)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);

	for (int i = 0; i < 200; i++) {
		close(s.device);
		ck_ok(vfio_ioctl(s.group, VFIO_GROUP_UNSET_CONTAINER, NULL));
		ck_ok(vfio_set_container(s.group, s.container));
		ck_ok(vfio_ioctl(s.container, VFIO_SET_IOMMU,
				 (void *)VFIO_TYPE1_IOMMU));
		s.device = ck_fd(vfio_get_device(s.group, DEV_MTTY2));
	}
	vfio_session_close(&s);
}
END_TEST

/* Closing the group lets go of the container, whose state ends with it. */
START_TEST(container_is_unset_at_once)
{
	int container = ck_fd(vfio_open_container());

	for (int i = 0; i < 100; i++) {
		int group = ck_fd(vfio_open_group(DEV_MTTY2));

		ck_ok(vfio_set_container(group, container));
		ck_ok(vfio_ioctl(container, VFIO_SET_IOMMU,
				 (void *)VFIO_TYPE1v2_IOMMU));
		ck_ok(vfio_map(container, 0, NULL, PAGE));
		close(group);
		ck_assert_int_eq(vfio_dma_avail(container), -EINVAL);
	}
	close(container);
}
END_TEST

START_TEST(device_holds_its_group)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	struct vfio_device_info info = { .argsz = sizeof(info) };

	close(s.group);
	close(s.container);
	ck_assert_int_eq(vfio_open_group(DEV_MTTY2), -EBUSY);
	ck_ok(vfio_ioctl(s.device, VFIO_DEVICE_GET_INFO, &info));
	close(s.device);
	close(ck_fd(vfio_open_group(DEV_MTTY2)));
}
END_TEST

START_TEST(dup_holds_too)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	int device = ck_fd(fcntl(s.device, F_DUPFD_CLOEXEC, 0));

	vfio_session_close(&s);
	ck_assert_int_eq(vfio_open_group(DEV_MTTY2), -EBUSY);
	close(device);
	close(ck_fd(vfio_open_group(DEV_MTTY2)));
}
END_TEST

static int close_and_look(void *arg)
{
	struct vfio_session s = *(struct vfio_session *)arg;

	vfio_session_close(&s);
	return vfio_open_group(DEV_MTTY2) != -EBUSY;
}

START_TEST(close_in_a_child)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);

	ck_ok(in_child(close_and_look, &s));
	ck_assert_int_eq(vfio_dma_avail(s.container), 65535);
	ck_assert_int_eq(vfio_open_group(DEV_MTTY2), -EBUSY);
	vfio_session_close(&s);
	ck_ok(vfio_device_is_free(DEV_MTTY2));
}
END_TEST

static int hold_and_exit(void *arg)
{
	struct vfio_session s;

	(void)arg;
	if (vfio_session_try(&s, DEV_MTTY2, VFIO_TYPE1v2_IOMMU))
		return 1;
	return vfio_map(s.container, 0, NULL, PAGE) ? 2 : 0;
}

START_TEST(reopen_after_exit)
{
	for (int i = 0; i < 100; i++)
		ck_ok(in_child(hold_and_exit, NULL));
	ck_ok(vfio_device_is_free(DEV_MTTY2));
}
END_TEST

static void hold_until_killed(int ready)
{
	if (hold_and_exit(NULL) == 0 && write(ready, "", 1) == 1)
		for (;;)
			pause();
	_exit(1);
}

START_TEST(reopen_after_kill)
{
	int ready[2], status;
	char c;

	ck_ok(pipe2(ready, O_CLOEXEC));
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		if (!pid)
			hold_until_killed(ready[1]);
		ck_assert_int_eq(read(ready[0], &c, 1), 1);
		ck_ok(kill(pid, SIGKILL));
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSIGNALED(status));
		close(ck_fd(vfio_open_group(DEV_MTTY2)));
	}
	close(ready[0]);
	close(ready[1]);
}
END_TEST

union fd_message {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static void send_fd(int socket, int fd)
{
	struct iovec iov = { "", 1 };
	union fd_message control = { .header = {
					     .cmsg_len = CMSG_LEN(sizeof(int)),
					     .cmsg_level = SOL_SOCKET,
					     .cmsg_type = SCM_RIGHTS,
				     } };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	ck_assert_int_eq(sendmsg(socket, &msg, 0), 1);
}

static int receive_fd(int socket)
{
	char c;
	struct iovec iov = { &c, 1 };
	union fd_message control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fd;

	ck_assert_int_eq(recvmsg(socket, &msg, MSG_CMSG_CLOEXEC), 1);
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* An fd on its way through a socket is open, wherever it comes out. */
START_TEST(fd_in_flight)
{
	int group = ck_fd(vfio_open_group(DEV_MTTY2));
	int pair[2];

	ck_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	send_fd(pair[0], group);
	close(group);
	ck_assert_int_eq(vfio_open_group(DEV_MTTY2), -EBUSY);
	group = receive_fd(pair[1]);
	ck_assert_int_eq(vfio_group_flags(group), VFIO_GROUP_FLAGS_VIABLE);
	close(group);
	group = ck_fd(vfio_open_group(DEV_MTTY2));
	close(group);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

Suite *close_suite(void)
{
	Suite *suite = suite_create("close");
	TCase *tc = client_case(suite, "close");

	tcase_add_test(tc, reopen_at_once);
	tcase_add_test(tc, unset_at_once);
	tcase_add_test(tc, container_is_unset_at_once);
	tcase_add_test(tc, device_holds_its_group);
	tcase_add_test(tc, dup_holds_too);
	tcase_add_test(tc, close_in_a_child);
	tcase_add_test(tc, reopen_after_exit);
	tcase_add_test(tc, reopen_after_kill);
	tcase_add_test(tc, fd_in_flight);
	return suite;
}
