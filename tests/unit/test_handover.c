// SPDX-License-Identifier: BSD-3-Clause
#include "handover_rig.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int ask_once(struct rig_shared *s)
{
	int fd = rig_ask();

	s->count = fd;
	return rig_check_fd(fd);
}

START_TEST(plain)
{
	struct rig r;
	int fd;

	rig_start(&r, ask_once);
	fd = rig_serve(&r, NULL);
	ck_assert_int_ge(fd, 0);
	rig_wait_state(&r, 'Z');
	ck_assert_int_eq(r.shared->count, fd);
	rig_finish(&r);
}
END_TEST

/* How long it takes is for the benchmark to say. */
START_TEST(many)
{
	struct rig r;

	rig_start(&r, rig_ask_repeatedly);
	for (int i = 0; i < RIG_REPEAT; i++)
		ck_assert_int_ge(rig_serve(&r, NULL), 0);
	rig_finish(&r);
}
END_TEST

static int expect_enoent(struct rig_shared *s)
{
	(void)s;
	return rig_ask() == -ENOENT ? 0 : 1;
}

START_TEST(no_such_file)
{
	struct rig r;

	rig_start(&r, expect_enoent);
	ck_assert_int_eq(rig_serve(&r, "/nowhere/at/all"), -ENOENT);
	rig_finish(&r);
}
END_TEST

START_TEST(longest_path)
{
	char path[HANDOVER_PATH_MAX + 1];
	struct rig_handover h;
	struct rig r;

	memset(path, '/', sizeof(path));
	rig_start(&r, ask_once);
	ck_assert(rig_next(&r, &h.notif));
	path[HANDOVER_PATH_MAX] = '\0';
	rig_handover_start(&h, &r, path);
	ck_assert_int_eq(rig_handover_end(&h), -ENAMETOOLONG);
	ck_assert(!h.request.answered);
	path[HANDOVER_PATH_MAX - 1] = '\0';
	memcpy(path + HANDOVER_PATH_MAX - 1 - strlen(r.shared->path),
	       r.shared->path, strlen(r.shared->path));
	rig_handover_start(&h, &r, path);
	ck_assert_int_ge(rig_handover_end(&h), 0);
	rig_finish(&r);
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
	struct rig r;

	rig_start(&r, expect_emfile);
	ck_assert_int_eq(rig_serve(&r, NULL), -EMFILE);
	rig_finish(&r);
}
END_TEST

/* ---- many threads ---- */

START_TEST(many_threads)
{
	static struct rig_handover h[RIG_THREADS * RIG_EACH];
	struct rig r;
	int i;

	rig_start(&r, rig_ask_in_threads);
	for (i = 0; i < RIG_THREADS * RIG_EACH; i++) {
		ck_assert(rig_next(&r, &h[i].notif));
		rig_handover_start(&h[i], &r, NULL);
	}
	for (i = 0; i < RIG_THREADS * RIG_EACH; i++)
		ck_assert_int_ge(rig_handover_end(&h[i]), 0);
	rig_finish(&r);
}
END_TEST

/* ---- clients under a tracer ---- */

static int expect_ebusy(struct rig_shared *s)
{
	(void)s;
	return rig_ask() == -EBUSY ? 0 : 1;
}

START_TEST(traced_already)
{
	struct rig_handover h;
	struct rig r;
	pid_t tracer;

	rig_start(&r, expect_ebusy);
	ck_assert(rig_next(&r, &h.notif));
	tracer = rig_trace(&r, rig_trace_idly);
	rig_handover_start(&h, &r, NULL);
	ck_assert_int_eq(rig_handover_end(&h), -EBUSY);
	ck_assert(!h.request.answered);
	ck_assert_int_eq(handover_notif_answer(r.listener, h.notif.id, -EBUSY),
			 0);
	kill(tracer, SIGKILL);
	ck_assert_int_eq(waitpid(tracer, NULL, 0), tracer);
	rig_finish(&r);
}
END_TEST

static void *nothing(void *arg)
{
	*(pid_t *)arg = gettid();
	return NULL;
}

START_TEST(gone_already)
{
	struct handover h = { .path = "/" };
	pthread_t thread;

	pthread_create(&thread, NULL, nothing, &h.tid);
	pthread_join(thread, NULL);
	while (kill(h.tid, 0) == 0)
		rig_sleep_us(100);
	ck_assert_int_eq(handover_ptrace(&h), -ESRCH);
	ck_assert(!h.answered);
}
END_TEST

static int expect_eio(struct rig_shared *s)
{
	(void)s;
	return rig_ask() == -EIO ? 0 : 1;
}

static void answer_eio(void *opaque, int result)
{
	struct rig_handover *h = opaque;

	(void)result;
	handover_notif_answer(h->rig->listener, h->notif.id, -EIO);
}

/* A connection that goes away answers for itself. */
START_TEST(answered_by_others)
{
	struct rig_handover h;
	struct rig r;

	rig_start(&r, expect_eio);
	ck_assert(rig_next(&r, &h.notif));
	h.rig = &r;
	h.request = (struct handover){ .tid = h.notif.tid,
				       .path = r.shared->path,
				       .answer = answer_eio,
				       .opaque = &h };
	ck_assert_int_eq(handover_ptrace(&h.request), -EIO);
	rig_finish(&r);
}
END_TEST

/* ---- the number goes into memory ---- */

static int told_fd(struct rig_shared *s)
{
	if (rig_ask())
		return 1;
	return rig_check_fd(s->number);
}

static int serve_at(struct rig *r, const void *number_at)
{
	struct rig_handover h;

	ck_assert(rig_next(r, &h.notif));
	rig_handover_prepare(&h, r, NULL);
	h.request.number_at = (uintptr_t)number_at;
	rig_handover_run(&h);
	return rig_handover_end(&h);
}

START_TEST(number_in_memory)
{
	struct rig r;

	rig_start(&r, told_fd);
	r.shared->number = -1;
	/* The page is at the same address in the client. */
	ck_assert_int_eq(serve_at(&r, &r.shared->number), 0);
	rig_finish(&r);
}
END_TEST

static int count_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Nobody knows of the fd: it must not stay. */
static int expect_efault(struct rig_shared *s)
{
	int before = count_fds();

	(void)s;
	if (rig_ask() != -EFAULT)
		return 1;
	return count_fds() == before ? 0 : 2;
}

START_TEST(number_in_bad_memory)
{
	static const char constant[8] = "read it";
	struct rig r;

	rig_start(&r, expect_efault);
	/* _i: not there, and not to be written. */
	ck_assert_int_eq(serve_at(&r, _i ? constant : (void *)8), -EFAULT);
	rig_finish(&r);
}
END_TEST

static int expect_emfile_only(struct rig_shared *s)
{
	int ret = expect_emfile(s);

	return ret ? ret : s->number != -1;
}

START_TEST(number_of_none)
{
	struct rig r;

	rig_start(&r, expect_emfile_only);
	r.shared->number = -1;
	ck_assert_int_eq(serve_at(&r, &r.shared->number), -EMFILE);
	rig_finish(&r);
}
END_TEST

static int expect_write_only(struct rig_shared *s)
{
	int fd = rig_ask();

	(void)s;
	if (fd < 0 || (fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY)
		return 1;
	return close(fd);
}

START_TEST(access_mode)
{
	struct rig_handover h;
	struct rig r;

	rig_start(&r, expect_write_only);
	ck_assert(rig_next(&r, &h.notif));
	rig_handover_prepare(&h, &r, NULL);
	h.request.flags = O_WRONLY;
	rig_handover_run(&h);
	ck_assert_int_ge(rig_handover_end(&h), 0);
	rig_finish(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handover");
	TCase *tc = tcase_create("ptrace");

	tcase_set_timeout(tc, RIG_TIMEOUT);
	tcase_add_test(tc, plain);
	tcase_add_test(tc, many);
	tcase_add_test(tc, no_such_file);
	tcase_add_test(tc, longest_path);
	tcase_add_test(tc, table_full);
	tcase_add_test(tc, many_threads);
	tcase_add_test(tc, traced_already);
	tcase_add_test(tc, gone_already);
	tcase_add_test(tc, answered_by_others);
	tcase_add_test(tc, number_in_memory);
	tcase_add_loop_test(tc, number_in_bad_memory, 0, 2);
	tcase_add_test(tc, number_of_none);
	tcase_add_test(tc, access_mode);
	suite_add_tcase(suite, tc);
	return rig_run(suite);
}
