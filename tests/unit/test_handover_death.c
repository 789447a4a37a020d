// SPDX-License-Identifier: BSD-3-Clause
/* Clients that end in the middle of a handover. */
#include "handover_rig.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void *end_by_exec(void *arg)
{
	struct rig_shared *s = arg;

	while (!s->go)
		;
	execl("/bin/true", "true", NULL);
	return NULL;
}

static void *end_by_exit(void *arg)
{
	struct rig_shared *s = arg;

	while (!s->go)
		;
	_exit(0);
}

/* The ioctl comes from the first thread or from another. */
static int ask_and_exec(struct rig_shared *s)
{
	pthread_t other;

	pthread_create(&other, NULL, end_by_exec, s);
	return rig_ask_repeatedly(s);
}

static int ask_and_exit(struct rig_shared *s)
{
	pthread_t other;

	pthread_create(&other, NULL, end_by_exit, s);
	return rig_ask_repeatedly(s);
}

static void *ask_always(void *arg)
{
	rig_ask_repeatedly(arg);
	return NULL;
}

static int exec_beside(struct rig_shared *s)
{
	pthread_t other;

	pthread_create(&other, NULL, ask_always, s);
	end_by_exec(s);
	return 1;
}

static void end_in_the_middle(int (*body)(struct rig_shared *), bool kill_it,
			      unsigned int seed)
{
	struct rig_handover h;
	long begin;
	struct rig r;
	int rc;

	rig_start(&r, body);
	ck_assert(rig_next(&r, &h.notif));
	rig_handover_start(&h, &r, NULL);
	for (begin = rig_micros(); rig_micros() - begin < rand_r(&seed) % 200;)
		;
	if (kill_it)
		kill(r.pid, SIGKILL);
	else
		r.shared->go = 1;
	rc = rig_handover_end(&h);
	/* EPERM: seized in the instant in which an exec changed threads. */
	ck_assert_msg(rc >= 0 || rc == -ESRCH ||
			      (rc == -EPERM && !h.request.answered),
		      "handover: %d", rc);
	while (!kill_it && rig_next(&r, &h.notif))
		handover_notif_answer(r.listener, h.notif.id, -EIO);
	rig_wait(&r);
	rig_clean(&r);
}

START_TEST(killed)
{
	unsigned int i;

	for (i = 0; i < 100; i++)
		end_in_the_middle(rig_ask_repeatedly, true, i);
}
END_TEST

START_TEST(killed_with_threads)
{
	unsigned int i;

	for (i = 0; i < 20; i++)
		end_in_the_middle(rig_ask_in_threads, true, i);
}
END_TEST

START_TEST(other_thread_ends_it)
{
	static int (*const body[])(struct rig_shared *) = { ask_and_exec,
							    ask_and_exit,
							    exec_beside };
	unsigned int i;

	for (i = 0; i < 60; i++)
		end_in_the_middle(body[i % 3], false, i);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handover_death");
	TCase *tc = tcase_create("ptrace");

	tcase_set_timeout(tc, RIG_TIMEOUT);
	tcase_add_test(tc, killed);
	tcase_add_test(tc, killed_with_threads);
	tcase_add_test(tc, other_thread_ends_it);
	suite_add_tcase(suite, tc);
	return rig_run(suite);
}
