// SPDX-License-Identifier: BSD-3-Clause
/* fork, vfork, threads and changes of credentials between the calls. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

static struct vfio_session session;

static void open_session(void)
{
	session = vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
}

static void close_session(void)
{
	vfio_session_close(&session);
}

/* 0 when everything works that somebody with the fds may do. */
static int use_session(void)
{
	uint16_t vendor = 0;
	int device = vfio_get_device(session.group, DEV_MTTY2);

	if (device < 0)
		return -device;
	if (pread(device, &vendor, 2, REGION(7)) != 2 || vendor != 0x4348)
		return 250;
	close(device);
	if (vfio_map(session.container, PAGE, NULL, PAGE))
		return 251;
	if (vfio_unmap(session.container, PAGE, PAGE, 0) != PAGE)
		return 252;
	return vfio_group_flags(session.group) == 3 ? 0 : 253;
}

static void *use_in_thread(void *arg)
{
	*(int *)arg = use_session();
	return NULL;
}

static int use_from_thread(void *arg)
{
	pthread_t thread;
	int result = 254;

	(void)arg;
	if (pthread_create(&thread, NULL, use_in_thread, &result) ||
	    pthread_join(thread, NULL))
		return 255;
	return result;
}

static int use(void *arg)
{
	(void)arg;
	return use_session();
}

START_TEST(other_thread)
{
	ck_ok(use_from_thread(NULL));
}
END_TEST

START_TEST(forked_child)
{
	ck_ok(in_child(use, NULL));
	ck_ok(in_child(use_from_thread, NULL));
}
END_TEST

/* What a child gets does not appear in its parent. */
static int get_and_keep(void *arg)
{
	(void)arg;
	return vfio_get_device(session.group, DEV_MTTY2) < 0;
}

START_TEST(child_gets_its_own)
{
	int next = ck_fd(dup(session.group));

	close(next);
	ck_ok(in_child(get_and_keep, NULL));
	ck_assert(fcntl(next, F_GETFD) < 0 && errno == EBADF);
	close(session.device);
	session.device = -1;
	ck_ok(vfio_ioctl(session.group, VFIO_GROUP_UNSET_CONTAINER, NULL));
}
END_TEST

/* The parent stands still in vfork(2) and shares its memory. */
START_TEST(vforked_child)
{
	volatile int result = -1;
	int status;
	pid_t pid = vfork();

	if (!pid) {
		result = vfio_get_device(session.group, DEV_MTTY2);
		_exit(0);
	}
	ck_assert_int_ge(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_ge(result, 0);
	ck_assert(fcntl(result, F_GETFD) < 0 && errno == EBADF);
}
END_TEST

static int use_undumpable(void *arg)
{
	(void)arg;
	if (prctl(PR_SET_DUMPABLE, 0))
		return 255;
	return use_session();
}

START_TEST(undumpable)
{
	ck_ok(in_child(use_undumpable, NULL));
}
END_TEST

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { { 0 } };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       syscall(SYS_capset, &header, data);
}

static int use_without_capabilities(void *arg)
{
	(void)arg;
	return drop_capabilities() ? 255 : use_session();
}

START_TEST(without_capabilities)
{
	ck_ok(in_child(use_without_capabilities, NULL));
}
END_TEST

/* Is there another user that this one can become? */
static bool can_be_nobody(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(setresgid(65534, 65534, 65534) ||
		      setresuid(65534, 65534, 65534));
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static int use_as_nobody(void *arg)
{
	(void)arg;
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 255;
	return use_session();
}

/* Who opened the nodes may hand them to somebody with fewer rights. */
START_TEST(as_nobody)
{
	ck_ok(in_child(use_as_nobody, NULL));
}
END_TEST

/* Memory and fds are those of the one who calls, not of who opened. */
static int map_in_child(void *arg)
{
	(void)arg;
	return vfio_map(session.container, 0, NULL, PAGE) ? 1 : 0;
}

START_TEST(mapping_of_a_dead_child_stays)
{
	ck_ok(in_child(map_in_child, NULL));
	ck_assert_int_eq(vfio_map(session.container, 0, NULL, PAGE), -EEXIST);
	ck_assert_int_eq(vfio_unmap(session.container, 0, PAGE, 0), PAGE);
}
END_TEST

static int set_container_in_child(void *arg)
{
	const int number = 700;
	int group = vfio_open_group(DEV_MTTY1);

	(void)arg;
	if (dup2(session.container, number) != number)
		return 1;
	return vfio_set_container(group, number) ? 2 : 0;
}

START_TEST(fd_numbers_of_the_caller)
{
	int group = ck_fd(vfio_open_group(DEV_MTTY1));

	ck_assert_int_eq(vfio_set_container(group, 700), -EBADF);
	close(group);
	ck_ok(in_child(set_container_in_child, NULL));
}
END_TEST

Suite *process_suite(void)
{
	Suite *suite = suite_create("process");
	TCase *tc = client_case(suite, "process");

	tcase_add_checked_fixture(tc, open_session, close_session);
	tcase_add_test(tc, other_thread);
	tcase_add_test(tc, forked_child);
	tcase_add_test(tc, child_gets_its_own);
	tcase_add_test(tc, vforked_child);
	tcase_add_test(tc, undumpable);
	tcase_add_test(tc, without_capabilities);
	if (can_be_nobody())
		tcase_add_test(tc, as_nobody);
	tcase_add_test(tc, mapping_of_a_dead_child_stays);
	tcase_add_test(tc, fd_numbers_of_the_caller);
	return suite;
}
