// SPDX-License-Identifier: BSD-3-Clause
/* Signals and stops that meet a client in the middle of a handover. */
#include "handover_rig.h"

#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

static struct rig_shared *here;

static void count_signal(int sig)
{
	(void)sig;
	here->count++;
}

static void ignore_signal(int sig)
{
	(void)sig;
}

static int ask_in_storm(struct rig_shared *s)
{
	struct itimerval often = { { 0, 100 }, { 0, 100 } };
	struct itimerval never = { { 0, 0 }, { 0, 0 } };
	sigset_t before, after;
	int rc;

	here = s;
	rig_on_signal(SIGRTMIN, count_signal);
	rig_on_signal(SIGALRM, ignore_signal);
	sigprocmask(SIG_SETMASK, NULL, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	rc = rig_ask_repeatedly(s);
	setitimer(ITIMER_REAL, &never, NULL);
	sigprocmask(SIG_SETMASK, NULL, &after);
	if (rc)
		return rc;
	if (memcmp(&before, &after, 8))
		return 2;
	while (!s->go)
		rig_sleep_us(100);
	return 0;
}

struct storm {
	pid_t pid;
	atomic_bool end;
	atomic_long sent;
	int signal[2]; /* sent in turn */
	long pause_us;
};

static void *send_signals(void *arg)
{
	struct storm *storm = arg;
	long i;

	for (i = 0; !storm->end || i % 2; i++) {
		if (kill(storm->pid, storm->signal[i % 2]) == 0)
			storm->sent++;
		rig_sleep_us(storm->pause_us);
	}
	return NULL;
}

START_TEST(signal_storm)
{
	struct storm storm = { .signal = { SIGRTMIN, SIGRTMIN } };
	pthread_t sender;
	struct rig r;
	int i;

	rig_start(&r, ask_in_storm);
	storm.pid = r.pid;
	for (i = 0; i < RIG_REPEAT; i++) {
		while (storm.sent < i)
			rig_sleep_us(100);
		ck_assert_int_ge(rig_serve(&r, NULL), 0);
		if (i == 0) /* the handlers are there now */
			pthread_create(&sender, NULL, send_signals, &storm);
	}
	storm.end = true;
	pthread_join(sender, NULL);
	r.shared->go = 1;
	rig_wait_step(&r, RIG_REPEAT);
	rig_wait_state(&r, 'Z');
	rig_assert_signals(r.shared->count, storm.sent);
	rig_finish(&r);
}
END_TEST

START_TEST(stop_storm)
{
	struct storm storm = { .signal = { SIGSTOP, SIGCONT }, .pause_us = 30 };
	pthread_t sender;
	struct rig r;
	int i;

	rig_start(&r, rig_ask_repeatedly);
	storm.pid = r.pid;
	pthread_create(&sender, NULL, send_signals, &storm);
	for (i = 0; i < RIG_REPEAT; i++)
		ck_assert_int_ge(rig_serve(&r, NULL), 0);
	storm.end = true;
	pthread_join(sender, NULL);
	rig_finish(&r);
}
END_TEST

START_TEST(stopped_before)
{
	struct rig_handover h;
	struct rig r;
	int i;

	rig_start(&r, rig_ask_repeatedly);
	ck_assert(rig_next(&r, &h.notif));
	kill(r.pid, SIGSTOP);
	rig_handover_start(&h, &r, NULL);
	ck_assert_int_ge(rig_handover_end(&h), 0);
	rig_wait_state(&r, 'T');
	ck_assert_int_eq(r.shared->step, 0);
	kill(r.pid, SIGCONT);
	rig_wait_step(&r, 1);
	for (i = 1; i < RIG_REPEAT; i++)
		ck_assert_int_ge(rig_serve(&r, NULL), 0);
	rig_finish(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handover_signals");
	TCase *tc = tcase_create("ptrace");

	tcase_set_timeout(tc, RIG_TIMEOUT);
	tcase_add_test(tc, signal_storm);
	tcase_add_test(tc, stop_storm);
	tcase_add_test(tc, stopped_before);
	suite_add_tcase(suite, tc);
	return rig_run(suite);
}
