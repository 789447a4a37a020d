// SPDX-License-Identifier: BSD-3-Clause
#include "handover_rig.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the daemon does for one call; the client's fd number or an errno. */
static int give(const struct rig *r)
{
	struct handover_notif n;
	int fd, rc;

	do {
		if (!rig_next(r, &n))
			return -EPIPE;
		fd = open(r->shared->path, O_RDWR | O_CLOEXEC);
		ck_assert_int_ge(fd, 0);
		rc = handover_notif_addfd(r->listener, n.id, fd);
		close(fd);
		if (rc >= 0 &&
		    handover_notif_answer(r->listener, n.id, rc) == -ENOENT)
			rc = -ENOENT;
	} while (rc == -ENOENT);
	return rc;
}

START_TEST(fd_given)
{
	struct rig r;
	int i;

	rig_start(&r, rig_ask_repeatedly);
	for (i = 0; i < RIG_REPEAT; i++)
		ck_assert_int_ge(give(&r), 0);
	rig_finish(&r);
}
END_TEST

static int ask_others(struct rig_shared *s)
{
	int pipefd[2], n = 5, rc;

	(void)s;
	if (pipe(pipefd) || write(pipefd[1], "abc", 3) != 3)
		return 1;
	if (ioctl(pipefd[0], FIONREAD, &n) || n != 3)
		return 2;
	rc = ioctl(pipefd[0], VFIO_GROUP_GET_DEVICE_FD - 1, 0);
	if (rc != -1 || errno != ENOTTY)
		return 3;
	rc = ioctl(pipefd[0], VFIO_GROUP_GET_DEVICE_FD, "ours");
	return rc == -1 && errno == ENOTTY ? 0 : 4;
}

START_TEST(others_pass)
{
	struct handover_notif n;
	struct rig r;

	rig_start(&r, ask_others);
	ck_assert(rig_next(&r, &n));
	ck_assert_int_eq(n.tid, r.pid);
	ck_assert_int_ge(n.fd, 0);
	ck_assert_int_ne(n.arg[2], 0);
	ck_assert_int_eq(handover_notif_valid(r.listener, n.id), 0);
	ck_assert_int_eq(handover_notif_continue(r.listener, n.id), 0);
	ck_assert(!rig_next(&r, &n)); /* the end, and nothing else before */
	rig_finish(&r);
}
END_TEST

static int expect_erange(struct rig_shared *s)
{
	(void)s;
	return rig_ask() == -ERANGE ? 0 : 1;
}

START_TEST(error_given)
{
	struct handover_notif n;
	struct rig r;

	rig_start(&r, expect_erange);
	ck_assert(rig_next(&r, &n));
	ck_assert_int_eq(handover_notif_answer(r.listener, n.id, -ERANGE), 0);
	ck_assert_int_eq(rig_wait(&r), 0);
	ck_assert_int_eq(handover_notif_answer(r.listener, n.id, -ERANGE),
			 -ENOENT);
	rig_clean(&r);
}
END_TEST

static int expect_emfile(struct rig_shared *s)
{
	struct rlimit none = { 0, 0 };

	(void)s;
	setrlimit(RLIMIT_NOFILE, &none);
	return rig_ask() == -EMFILE ? 0 : 1;
}

START_TEST(table_full)
{
	struct handover_notif n;
	struct rig r;

	rig_start(&r, expect_emfile);
	ck_assert(rig_next(&r, &n));
	ck_assert_int_eq(handover_notif_addfd(r.listener, n.id, r.pidfd),
			 -EMFILE);
	ck_assert_int_eq(handover_notif_answer(r.listener, n.id, -EMFILE), 0);
	rig_finish(&r);
}
END_TEST

static int expect_enosys(struct rig_shared *s)
{
	(void)s;
	return rig_ask() == -ENOSYS ? 0 : 1;
}

START_TEST(daemon_gone)
{
	struct handover_notif n;
	struct rig r;

	rig_start(&r, expect_enosys);
	ck_assert(rig_next(&r, &n));
	close(r.listener);
	ck_assert_int_eq(WEXITSTATUS(rig_wait(&r)), 0);
	r.listener = -1;
	rig_clean(&r);
}
END_TEST

/* ---- signals and death ---- */

static struct rig_shared *here;

static void count_signal(int sig)
{
	(void)sig;
	here->count++;
}

static int ask_and_count(struct rig_shared *s)
{
	int rc;

	here = s;
	rig_on_signal(SIGRTMIN, count_signal);
	rc = rig_ask_repeatedly(s);
	while (!s->go)
		rig_sleep_us(100);
	return rc;
}

START_TEST(signals)
{
	long sent = 0;
	struct rig r;
	int i;

	rig_start(&r, ask_and_count);
	for (i = 0; i < RIG_REPEAT; i++) {
		if (i && kill(r.pid, SIGRTMIN) == 0)
			sent++;
		ck_assert_int_ge(give(&r), 0);
	}
	r.shared->go = 1;
	rig_wait_state(&r, 'Z');
	rig_assert_signals(r.shared->count, sent);
	rig_finish(&r);
}
END_TEST

START_TEST(killed)
{
	struct handover_notif n;
	struct rig r;
	int i;

	for (i = 0; i < 20; i++) {
		rig_start(&r, rig_ask_repeatedly);
		ck_assert(rig_next(&r, &n));
		kill(r.pid, SIGKILL);
		if (i % 2) /* else: while it dies */
			rig_wait(&r);
		else
			while (handover_notif_valid(r.listener, n.id) == 0)
				rig_sleep_us(50);
		ck_assert_int_eq(handover_notif_addfd(r.listener, n.id,
						      r.pidfd),
				 -ENOENT);
		ck_assert_int_eq(handover_notif_continue(r.listener, n.id),
				 -ENOENT);
		if (i % 2 == 0)
			rig_wait(&r);
		rig_clean(&r);
	}
}
END_TEST

/* If it fails, the client goes on without it, and the status says so. */
static int trace_calls(const struct rig *r)
{
	int status;
	long rc;

	rc = ptrace(PTRACE_INTERRUPT, r->pid, 0, 0);
	r->shared->go = 1;
	while (rc == 0) {
		if (waitpid(r->pid, &status, __WALL) != r->pid)
			return 2;
		if (!WIFSTOPPED(status))
			return 0;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			r->shared->count++;
		rc = ptrace(PTRACE_SYSCALL, r->pid, 0, 0);
	}
	return 1;
}

static int ask_when_told(struct rig_shared *s)
{
	while (!s->go)
		rig_sleep_us(100);
	return rig_ask_repeatedly(s);
}

START_TEST(under_tracer)
{
	struct rig r;
	pid_t tracer;
	int i, status;

	rig_start(&r, ask_when_told);
	tracer = rig_trace(&r, trace_calls);
	for (i = 0; i < RIG_REPEAT; i++)
		ck_assert_int_ge(give(&r), 0);
	ck_assert_int_eq(waitpid(tracer, &status, 0), tracer);
	ck_assert_int_eq(status, 0);
	ck_assert_int_gt(r.shared->count, RIG_REPEAT);
	rig_finish(&r);
}
END_TEST

/* ---- installing ---- */

static int install_again(struct rig_shared *s)
{
	(void)s;
	if (handover_filter_install(0) != -EBUSY)
		return 1;
	/* The caller is privileged: setuid programs must go on working. */
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

START_TEST(second_listener)
{
	struct rig r;

	rig_start(&r, install_again);
	rig_finish(&r);
}
END_TEST

START_TEST(unprivileged)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (setresuid(65534, 65534, 65534))
			_exit(1);
		if (handover_filter_install(0) < 0)
			_exit(2);
		_exit(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 3);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handover_seccomp");
	TCase *tc = tcase_create("seccomp");

	tcase_set_timeout(tc, RIG_TIMEOUT);
	tcase_add_test(tc, fd_given);
	tcase_add_test(tc, others_pass);
	tcase_add_test(tc, error_given);
	tcase_add_test(tc, table_full);
	tcase_add_test(tc, daemon_gone);
	tcase_add_test(tc, signals);
	tcase_add_test(tc, killed);
	tcase_add_test(tc, under_tracer);
	tcase_add_test(tc, second_listener);
	tcase_add_test(tc, unprivileged);
	suite_add_tcase(suite, tc);
	return rig_run(suite);
}
