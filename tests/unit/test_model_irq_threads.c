// SPDX-License-Identifier: BSD-3-Clause
/* Interrupts: clients, the device and its closing at the same time. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "model_irq.h"
#include "suites.h"

static struct irq_rig r;

static void setup(void)
{
	irq_setup(&r);
}

static void teardown(void)
{
	irq_teardown(&r);
}

static void start(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	ck_assert_int_eq(pthread_create(thread, NULL, fn, arg), 0);
}

static void join(pthread_t thread)
{
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

/* What the client's blocking read(2) does. */
static void wait_for(struct host_eventfd *eventfd)
{
	pthread_mutex_lock(&eventfd->lock);
	while (!eventfd->count)
		pthread_cond_wait(&eventfd->changed, &eventfd->lock);
	eventfd->count = 0;
	pthread_mutex_unlock(&eventfd->lock);
}

static void enable_intx(void)
{
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_int_eq(irq_set(&r, INTX, FDS | UNMASK, 0, 1, &r.fds[1]), 0);
}

/* While the line is up every unmask brings one more, and none is lost. */
#define ROUNDS 300

START_TEST(line_held_up)
{
	enable_intx();
	ck_assert_int_eq(irq_line(&r, true), 1);
	for (int i = 0; i < ROUNDS; i++) {
		wait_for(r.eventfds[0]);
		host_eventfd_write(r.eventfds[1], 1);
	}
	wait_for(r.eventfds[0]);
	host_eventfd_settle(r.eventfds[1]);
	ck_assert_uint_eq(host_eventfd_read(r.eventfds[0]), 0);
}
END_TEST

/* A device that holds the line until the client has seen to it. */
static atomic_bool pending;

static void *driver_thread(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		wait_for(r.eventfds[0]);
		/* The access that makes the device let the line down. */
		irq_line(&r, false);
		atomic_store(&pending, false);
		host_eventfd_write(r.eventfds[1], 1);
	}
	return NULL;
}

START_TEST(line_up_and_down)
{
	pthread_t thread;

	enable_intx();
	start(&thread, driver_thread, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		atomic_store(&pending, true);
		irq_line(&r, true);
		while (atomic_load(&pending))
			sched_yield();
	}
	join(thread);
}
END_TEST

/*
 * All that a device can do, at any time, open or not; all that clients can
 * do with files that they open and close.
 */
#define CLIENTS 3
#define CALLS 4000

static atomic_bool stop;

static void *device_thread(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	while (!atomic_load(&stop)) {
		uint32_t index = rand_r(&seed) % NR_IRQS;
		int ret = vfiod_irq_trigger(r.m.devs[0].vdev, index,
					    rand_r(&seed) % 9);

		ck_assert_int_le(ret, 1);
		irq_line(&r, rand_r(&seed) % 2);
	}
	return NULL;
}

struct caller {
	unsigned int seed;
	uint64_t at; /* a page of its own */
	struct vfio_device_file *file;
};

static int any_fd(struct caller *c)
{
	int i = rand_r(&c->seed) % (IRQ_EVENTFDS + 2);

	if (i == IRQ_EVENTFDS)
		return r.other_fd;
	return i > IRQ_EVENTFDS ? -1 : r.fds[i];
}

static void any_set(struct caller *c)
{
	static const uint32_t data[] = { NONE, BOOL, FDS, FDS, FDS };
	static const uint32_t actions[] = { MASK,    UNMASK,  UNMASK,
					    TRIGGER, TRIGGER, TRIGGER };
	const struct vfio_irq_set header = {
		.flags = data[rand_r(&c->seed) % 5] |
			 actions[rand_r(&c->seed) % 6],
		.index = rand_r(&c->seed) % NR_IRQS,
		.start = rand_r(&c->seed) % 4 ? 0 : rand_r(&c->seed) % 4,
		.count = rand_r(&c->seed) % 2 ? 1 : rand_r(&c->seed) % 5,
	};
	int32_t fds[5];

	for (int i = 0; i < 5; i++)
		fds[i] = any_fd(c);
	ck_assert_int_le(irq_set_at(c->file, c->at, &header, fds), 0);
	host_eventfd_write(r.eventfds[rand_r(&c->seed) % IRQ_EVENTFDS], 1);
}

static void reopen(struct caller *c)
{
	vfio_device_file_release(c->file);
	ck_assert_int_eq(vfio_copy_to_user(c->at, "dev0", 5), 0);
	ck_assert_int_eq(
		vfio_group_get_device(r.m.devs[0].group, c->at, &c->file), 0);
}

static void *client_thread(void *arg)
{
	struct caller *c = arg;

	vfio_set_current(&r.m.client.client);
	ck_assert_int_eq(vfio_copy_to_user(c->at, "dev0", 5), 0);
	ck_assert_int_eq(
		vfio_group_get_device(r.m.devs[0].group, c->at, &c->file), 0);
	for (int i = 0; i < CALLS; i++) {
		if (rand_r(&c->seed) % 8)
			any_set(c);
		else
			reopen(c);
	}
	vfio_device_file_release(c->file);
	return NULL;
}

START_TEST(crowd)
{
	struct caller callers[CLIENTS];
	pthread_t clients[CLIENTS], device[2];

	model_close(&r.m, 0);
	for (uintptr_t i = 0; i < 2; i++)
		start(&device[i], device_thread, (void *)(100 + i));
	for (int i = 0; i < CLIENTS; i++) {
		callers[i] = (struct caller){
			.seed = i + 1,
			.at = r.m.mem + i * PAGE,
		};
		start(&clients[i], client_thread, &callers[i]);
	}
	for (int i = 0; i < CLIENTS; i++)
		join(clients[i]);
	/* Closed: nothing is left, though the device goes on. */
	for (int i = 0; i < IRQ_EVENTFDS; i++)
		ck_assert_uint_eq(irq_refs(&r, i), 0);
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		join(device[i]);
}
END_TEST

Suite *model_irq_threads_suite(void)
{
	Suite *suite = suite_create("model irq threads");
	TCase *tc = tcase_create("threads");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, line_held_up);
	tcase_add_test(tc, line_up_and_down);
	tcase_add_test(tc, crowd);
	suite_add_tcase(suite, tc);
	return suite;
}
