// SPDX-License-Identifier: BSD-3-Clause
/*
 * No store to polled memory is lost while its poll falls asleep: stores at each
 * place of the way from a device's last look to its sleep, two of them at
 * each two places; and many at about that time. One that is lost is waited for
 * until the test's time is over.
 *
 * The memory has a doorbell, another value each time, and a command, which is
 * the same each time and which the device takes away.
 */
#include <check.h>
#include <event2/thread.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "../../backend/device.h"
#include "../../daemon/events.h"
#include "../../daemon/memory.h"
#include "../../daemon/poll.h"

#define REPEATS 10
#define ROUNDS 4000
#define ROUNDS_LOADED 400
#define NR_BUSY 3
#define COMMAND 1
/* A turn is 50 us; a step is no divisor of anything. */
#define DELAY_MIN 40000
#define DELAY_SPAN 60000
#define DELAY_STEP 1237

enum word { DOORBELL, COMMANDS, WORDS };

/* In the order in which they are passed. */
enum place {
	BEFORE_KEEP,
	AFTER_KEEP,
	IN_LOOK,
	BEFORE_DROP,
	AFTER_DROP,
	ASLEEP,
	PLACES
};

struct strike {
	enum place place;
	enum word word;
};

static const struct vfiod_region region = { .size = WORDS * sizeof(uint64_t) };
static const struct vfiod_type type = { .nr_regions = 1, .regions = &region };
static struct vfio_device vdev = {
	.type = &type,
	.users = VFIO_DEVICE_IN_USE,
};
static struct vfiod_poll *poll;
static uint64_t memory[WORDS];
static atomic_uint_least64_t rung, answer;
static atomic_uint commands;
/* The device's thread works off what the test has put there. */
static struct strike strikes[2];
static atomic_uint nr_strikes;
static bool last_look; /* the device's: since the memory was kept */
static int signal_fd;
static atomic_bool armed; /* the next access is told of */
/* A store is done before the memory goes to sleep, or it finds it asleep. */
static pthread_mutex_t page_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool idle; /* it sleeps */

void *vfiod_region_memory(const struct vfio_device *device, unsigned int index)
{
	(void)device, (void)index;
	return memory;
}

/* By anybody, the device too. */
static void access_memory(void)
{
	if (atomic_exchange(&armed, false))
		eventfd_write(signal_fd, 1);
}

static void store(enum word word)
{
	uint64_t value = COMMAND;

	if (word == DOORBELL)
		value = atomic_fetch_add(&rung, 1) + 1;
	pthread_mutex_lock(&page_lock);
	access_memory();
	__atomic_store_n(&memory[word], value, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&page_lock);
}

static void pass(enum place place)
{
	unsigned int left = atomic_load(&nr_strikes);

	while (left && strikes[2 - left].place == place) {
		store(strikes[2 - left].word);
		atomic_store(&nr_strikes, --left);
	}
}

int memory_watch(struct vfio_memory *handle, struct pager *pager, int signal)
{
	(void)handle, (void)pager;
	signal_fd = signal;
	return 0;
}

static void load(uint64_t *words)
{
	for (enum word i = 0; i < WORDS; i++)
		words[i] = __atomic_load_n(&memory[i], __ATOMIC_ACQUIRE);
}

void memory_keep(const struct vfio_memory *handle, uint32_t index,
		 uint64_t offset, uint64_t *seen, uint64_t size)
{
	(void)handle, (void)index, (void)offset, (void)size;
	pass(BEFORE_KEEP);
	access_memory();
	load(seen);
	last_look = true;
	pass(AFTER_KEEP);
}

int memory_sleep(struct vfio_memory *handle, uint32_t index, uint64_t offset,
		 const uint64_t *seen, uint64_t size)
{
	uint64_t dropped[WORDS];

	(void)handle, (void)index, (void)offset;
	pass(BEFORE_DROP);
	pthread_mutex_lock(&page_lock);
	atomic_store(&armed, true);
	load(dropped);
	pthread_mutex_unlock(&page_lock);
	pass(AFTER_DROP);
	if (memcmp(dropped, seen, size))
		return 1;
	pass(ASLEEP);
	atomic_store(&idle, true);
	return 0;
}

static bool look(void *arg)
{
	uint64_t value, command;

	(void)arg;
	access_memory();
	value = __atomic_load_n(&memory[DOORBELL], __ATOMIC_ACQUIRE);
	command = __atomic_exchange_n(&memory[COMMANDS], 0, __ATOMIC_ACQ_REL);
	atomic_store(&idle, false);
	if (last_look)
		pass(IN_LOOK);
	last_look = false;
	if (command)
		atomic_fetch_add(&commands, 1);
	return atomic_exchange(&answer, value) != value || command;
}

static void setup(void)
{
	ck_assert_int_eq(evthread_use_pthreads(), 0);
	vdev.events = events_create();
	vdev.polls = polls_create(NULL);
	ck_assert(vdev.events && vdev.polls);
	ck_assert_int_eq(events_start(vdev.events), 0);
	poll = vfiod_poll_new(&vdev, 0, 0, sizeof(memory), look, NULL);
	ck_assert_ptr_nonnull(poll);
}

static void teardown(void)
{
	events_stop(vdev.events);
	vfiod_poll_free(poll);
	polls_destroy(vdev.polls, "dut");
	events_destroy(vdev.events, "dut");
}

static void nap(long nsec)
{
	const struct timespec ts = { .tv_nsec = nsec };

	nanosleep(&ts, NULL);
}

/* All that was stored has been found. */
static void wait_for_device(void)
{
	while (atomic_load(&nr_strikes) ||
	       atomic_load(&answer) != atomic_load(&rung) ||
	       __atomic_load_n(&memory[COMMANDS], __ATOMIC_ACQUIRE))
		nap(10000);
}

/* They come when the device gets idle the next time; nothing else does. */
static void strike(struct strike first, struct strike second)
{
	while (!atomic_load(&idle))
		nap(10000);
	strikes[0] = first;
	strikes[1] = second;
	atomic_store(&nr_strikes, 2);
	store(DOORBELL);
	wait_for_device();
}

/* Each loop has the two kinds of stores in one of the four ways. */
START_TEST(each_place)
{
	enum word first = _i & 1, second = _i >> 1;

	for (unsigned int i = 0; i < REPEATS; i++)
		for (enum place a = 0; a < PLACES; a++)
			for (enum place b = 0; b < PLACES; b++)
				strike((struct strike){ a, first },
				       (struct strike){ b, second });
	if (first == COMMANDS || second == COMMANDS)
		ck_assert_uint_ge(atomic_load(&commands),
				  REPEATS * PLACES * PLACES);
	else
		ck_assert_uint_eq(atomic_load(&answer),
				  3 * REPEATS * PLACES * PLACES);
}
END_TEST

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Awake, as a sleep ends when it likes. */
static void delay(uint64_t nsec)
{
	uint64_t end = now() + nsec;

	while (now() < end)
		;
}

static atomic_bool stop;

static void *keep_busy(void *arg)
{
	while (!atomic_load(&stop))
		;
	return arg;
}

static void alternate(unsigned int rounds)
{
	for (unsigned int i = 0; i < rounds; i++) {
		store(i % 2 ? COMMANDS : DOORBELL);
		wait_for_device();
		delay(DELAY_MIN + i * DELAY_STEP % DELAY_SPAN);
	}
	ck_assert_uint_eq(atomic_load(&answer), rounds / 2);
	ck_assert_uint_eq(atomic_load(&commands), rounds / 2);
}

START_TEST(about_the_time)
{
	alternate(ROUNDS);
}
END_TEST

/* All are preempted, anywhere. */
START_TEST(about_the_time_on_a_busy_machine)
{
	pthread_t busy[NR_BUSY];

	for (unsigned int i = 0; i < NR_BUSY; i++)
		ck_assert_int_eq(
			pthread_create(&busy[i], NULL, keep_busy, NULL), 0);
	alternate(ROUNDS_LOADED);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < NR_BUSY; i++)
		pthread_join(busy[i], NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("poll edges");
	TCase *tc = tcase_create("edges");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, each_place, 0, WORDS * WORDS);
	tcase_add_test(tc, about_the_time);
	tcase_add_test(tc, about_the_time_on_a_busy_machine);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
