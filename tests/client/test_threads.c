// SPDX-License-Identifier: BSD-3-Clause
/* Threads of one client, and signals that come while it calls. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "client.h"

#define THREADS 16

static struct vfio_session session;

static void open_session(void)
{
	session = vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
}

static void close_session(void)
{
	vfio_session_close(&session);
}

struct asker {
	pthread_t thread;
	pthread_barrier_t *start;
	int fd;
};

static void *ask(void *arg)
{
	struct asker *asker = arg;

	pthread_barrier_wait(asker->start);
	asker->fd = vfio_get_device(session.group, DEV_MTTY2);
	return NULL;
}

static void check_askers(const struct asker *askers)
{
	for (int i = 0; i < THREADS; i++) {
		uint16_t vendor = 0;

		ck_assert_int_ge(askers[i].fd, 0);
		for (int j = 0; j < i; j++)
			ck_assert_int_ne(askers[i].fd, askers[j].fd);
		ck_assert_int_eq(pread(askers[i].fd, &vendor, 2, REGION(7)), 2);
		ck_assert_uint_eq(vendor, 0x4348);
	}
	for (int i = 0; i < THREADS; i++)
		close(askers[i].fd);
}

START_TEST(all_ask_at_once)
{
	struct asker askers[THREADS];
	pthread_barrier_t start;

	ck_ok(pthread_barrier_init(&start, NULL, THREADS));
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < THREADS; i++) {
			askers[i].start = &start;
			ck_ok(pthread_create(&askers[i].thread, NULL, ask,
					     &askers[i]));
		}
		for (int i = 0; i < THREADS; i++)
			ck_ok(pthread_join(askers[i].thread, NULL));
		check_askers(askers);
	}
	pthread_barrier_destroy(&start);
}
END_TEST

struct loner {
	int container;
	int group;
	int device;
};

/* A thread whose fd table is its own: numbers mean something else in it. */
static void *with_own_fds(void *arg)
{
	struct loner *loner = arg;

	loner->device = -1;
	if (unshare(CLONE_FILES))
		return NULL;
	loner->container = vfio_open_container();
	loner->group = vfio_open_group(DEV_MTTY1);
	if (vfio_set_container(loner->group, loner->container) ||
	    vfio_ioctl(loner->container, VFIO_SET_IOMMU,
		       (void *)VFIO_TYPE1v2_IOMMU))
		return NULL;
	loner->device = vfio_get_device(loner->group, DEV_MTTY1);
	return NULL;
}

START_TEST(thread_with_own_fd_table)
{
	struct loner loner = { 0 };
	pthread_t thread;

	ck_ok(pthread_create(&thread, NULL, with_own_fds, &loner));
	ck_ok(pthread_join(thread, NULL));
	ck_assert_int_ge(loner.device, 0);
	ck_assert(fcntl(loner.device, F_GETFD) < 0);
	ck_assert(fcntl(loner.container, F_GETFD) < 0);
	/* pthread_join() returns before the thread's files are closed. */
	for (int i = 0; vfio_device_is_free(DEV_MTTY1) && i < 1000; i++)
		usleep(10000);
	ck_ok(vfio_device_is_free(DEV_MTTY1));
}
END_TEST

static volatile sig_atomic_t alarms;

static void count_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void storm(bool on, int flags)
{
	struct sigaction action = { .sa_handler = count_alarm,
				    .sa_flags = flags };
	struct itimerval timer = { 0 };

	timer.it_value.tv_usec = timer.it_interval.tv_usec = on ? 1000 : 0;
	ck_ok(sigaction(SIGALRM, &action, NULL));
	ck_ok(setitimer(ITIMER_REAL, &timer, NULL));
}

/*
 * The one difference (README): where vfiod run's seccomp filter reports the
 * call, a signal that comes before vfiod has heard of it interrupts it, if
 * its handler was set without SA_RESTART. By ptrace it cannot happen.
 */
static int device_in_a_storm(bool restart)
{
	const char *transport = getenv("CLIENT_TRANSPORT");
	bool by_seccomp = transport && (!strcmp(transport, "fuse") ||
					!strcmp(transport, "fuse-user"));
	int device;

	do {
		device = vfio_get_device(session.group, DEV_MTTY2);
	} while (device == -EINTR && by_seccomp && !restart);
	return device;
}

static void calls_in_a_storm(bool restart)
{
	uint16_t vendor = 0;
	int device = ck_fd(device_in_a_storm(restart));

	ck_assert_int_eq(pread(device, &vendor, 2, REGION(7)), 2);
	ck_ok(vfio_map(session.container, 0, NULL, PAGE));
	ck_assert_int_eq(vfio_dma_avail(session.container), 65534);
	ck_assert_int_eq(vfio_unmap(session.container, 0, PAGE, 0), PAGE);
	ck_ok(vfio_ioctl(device, VFIO_DEVICE_RESET, NULL));
	close(device);
}

/* Calls of VFIO's cannot be interrupted, restarted or not. */
START_TEST(signal_storm)
{
	sigset_t blocked;

	storm(true, _i ? SA_RESTART : 0);
	for (int i = 0; i < 200 || (alarms < 50 && i < 100000); i++)
		calls_in_a_storm(_i);
	storm(false, 0);
	ck_assert_int_ge(alarms, 50);
	ck_ok(sigprocmask(SIG_BLOCK, NULL, &blocked));
	ck_assert(!sigismember(&blocked, SIGALRM));
}
END_TEST

/* A signal that is blocked during the call is still pending after it. */
START_TEST(pending_signal_stays)
{
	sigset_t set, pending;
	int device;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ck_ok(sigprocmask(SIG_BLOCK, &set, NULL));
	ck_ok(raise(SIGUSR1));
	device = ck_fd(vfio_get_device(session.group, DEV_MTTY2));
	ck_ok(sigpending(&pending));
	ck_assert(sigismember(&pending, SIGUSR1));
	close(device);
}
END_TEST

static void *storm_caller(void *arg)
{
	int *failed = arg;

	for (int i = 0; i < 100; i++) {
		int device = vfio_get_device(session.group, DEV_MTTY2);

		if (device < 0)
			*failed = device;
		else
			close(device);
	}
	return NULL;
}

START_TEST(signal_storm_over_threads)
{
	pthread_t threads[4];
	int failed[4] = { 0 };

	storm(true, 0);
	for (int i = 0; i < 4; i++)
		ck_ok(pthread_create(&threads[i], NULL, storm_caller,
				     &failed[i]));
	for (int i = 0; i < 4; i++) {
		ck_ok(pthread_join(threads[i], NULL));
		ck_ok(failed[i]);
	}
	storm(false, 0);
}
END_TEST

Suite *threads_suite(void)
{
	Suite *suite = suite_create("threads");
	TCase *tc = client_case(suite, "threads");

	tcase_add_checked_fixture(tc, open_session, close_session);
	tcase_add_test(tc, all_ask_at_once);
	tcase_add_test(tc, thread_with_own_fd_table);
	tcase_add_loop_test(tc, signal_storm, 0, 2);
	tcase_add_test(tc, pending_signal_stays);
	tcase_add_test(tc, signal_storm_over_threads);
	return suite;
}
