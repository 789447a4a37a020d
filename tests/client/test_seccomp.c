// SPDX-License-Identifier: BSD-3-Clause
/*
 * A client that may not open files any more. The kernel would give it the
 * device; vfiod may have to refuse, but the client lives, and nothing stays
 * open of what it did not get.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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

static const uint32_t answers[] = {
	SECCOMP_RET_ERRNO | EPERM,
	SECCOMP_RET_TRAP,
	SECCOMP_RET_KILL_PROCESS,
};

static int forbid_openat(uint32_t answer)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* 0: it got the device, 1: it was refused; others are failures. */
static int ask_under_filter(void *arg)
{
	int device;

	if (forbid_openat(*(const uint32_t *)arg))
		return 100;
	device = vfio_get_device(session.group, DEV_MTTY2);
	if (vfio_group_flags(session.group) != 3)
		return 101;
	if (device >= 0)
		close(device);
	return device < 0;
}

START_TEST(openat_is_forbidden)
{
	uint32_t answer = answers[_i];

	for (int i = 0; i < 10; i++)
		ck_assert_int_le(in_child(ask_under_filter, &answer), 1);
	close(session.device);
	session.device = -1;
	ck_ok(vfio_ioctl(session.group, VFIO_GROUP_UNSET_CONTAINER, NULL));
}
END_TEST

Suite *seccomp_suite(void)
{
	Suite *suite = suite_create("seccomp");
	TCase *tc = client_case(suite, "seccomp");

	tcase_add_checked_fixture(tc, open_session, close_session);
	tcase_add_loop_test(tc, openat_is_forbidden, 0,
			    sizeof(answers) / sizeof(answers[0]));
	return suite;
}
