// SPDX-License-Identifier: BSD-3-Clause
/*
 * Polls of devices (daemon/poll.h), on memory and devices of the test's own:
 * all once with memory that sleeps, once with memory that cannot, and once with
 * memory that somebody reads all the time. What has to happen is waited for;
 * that something does not happen is shown by what happens after it.
 */
#include <check.h>
#include <errno.h>
#include <event2/thread.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../../backend/device.h"
#include "../../daemon/events.h"
#include "../../daemon/memory.h"
#include "../../daemon/poll.h"
#include "host.h"

#define WORDS 512
#define SIZE (WORDS * sizeof(uint64_t))
#define NR_DEVICES 8
#define NR_STORES 300
/* In 20 ms, of a device that only rests; a turn has more. */
#define MANY_LOOKS 200
/* Less than there are in a turn without a look at the clock. */
#define FEW_LOOKS 8

struct dut {
	struct vfio_device vdev;
	uint64_t memory[WORDS]; /* of region 1 */
	int signal; /* of who accesses it while it sleeps */
	atomic_bool asleep;
	struct vfiod_poll *poll;
	atomic_uint_least64_t answer; /* to what is stored in memory[0] */
	atomic_uint looks;
	unsigned int looks_before; /* the last time it was to sleep */
	atomic_uint rests; /* in a row, without a turn in between */
	atomic_bool always; /* say that there was something to do */
	atomic_uint_least64_t scribble; /* device's own store, if not 0 */
	atomic_bool hold; /* wait for go in each look */
	sem_t held, go;
};

static const struct vfiod_region regions[2] = { [1] = { .size = SIZE } };
static const struct vfiod_type type = { .nr_regions = 2, .regions = regions };
/* The memory of all. Or is it there again at once when it sleeps? */
static bool can_sleep, comes_back;
static struct dut duts[NR_DEVICES];
/* A store is done before the memory goes to sleep, or it finds it asleep. */
static pthread_mutex_t page_lock = PTHREAD_MUTEX_INITIALIZER;

/* The model has it where the device has memory; here region 1 has some. */
void *vfiod_region_memory(const struct vfio_device *vdev, unsigned int index)
{
	return index == 1 ? ((struct dut *)vdev)->memory : NULL;
}

/* The model's handle of the memory stands for the device. */
static struct dut *dut_of(const struct vfio_memory *memory)
{
	return (struct dut *)memory;
}

int memory_watch(struct vfio_memory *memory, struct pager *pager, int signal)
{
	(void)pager;
	dut_of(memory)->signal = signal;
	return can_sleep || comes_back ? 0 : -ENXIO;
}

/* By anybody, the device too. */
static void access_memory(struct dut *dut)
{
	if (atomic_exchange(&dut->asleep, false))
		eventfd_write(dut->signal, 1);
}

static void load(const struct dut *dut, uint64_t *words)
{
	for (unsigned int i = 0; i < WORDS; i++)
		words[i] = __atomic_load_n(&dut->memory[i], __ATOMIC_ACQUIRE);
}

void memory_keep(const struct vfio_memory *memory, uint32_t index,
		 uint64_t offset, uint64_t *seen, uint64_t size)
{
	ck_assert(index == 1 && offset == 0 && size == SIZE);
	access_memory(dut_of(memory));
	load(dut_of(memory), seen);
}

static void count_rests(struct dut *dut)
{
	unsigned int looks = atomic_load(&dut->looks);

	if (looks - dut->looks_before > FEW_LOOKS)
		atomic_store(&dut->rests, 0);
	else
		atomic_fetch_add(&dut->rests, 1);
	dut->looks_before = looks;
}

int memory_sleep(struct vfio_memory *memory, uint32_t index, uint64_t offset,
		 const uint64_t *seen, uint64_t size)
{
	struct dut *dut = dut_of(memory);
	uint64_t now[WORDS];

	ck_assert(index == 1 && offset == 0 && size == SIZE);
	count_rests(dut);
	if (!can_sleep)
		return comes_back ? 1 : -ENXIO;
	pthread_mutex_lock(&page_lock);
	atomic_store(&dut->asleep, true);
	load(dut, now);
	pthread_mutex_unlock(&page_lock);
	return memcmp(now, seen, SIZE) != 0;
}

static void store(struct dut *dut, unsigned int word, uint64_t value)
{
	pthread_mutex_lock(&page_lock);
	access_memory(dut);
	__atomic_store_n(&dut->memory[word], value, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&page_lock);
}

static bool look(void *arg)
{
	struct dut *dut = arg;
	uint64_t rung, scribble = atomic_exchange(&dut->scribble, 0);

	access_memory(dut);
	rung = __atomic_load_n(&dut->memory[0], __ATOMIC_ACQUIRE);
	if (atomic_load(&dut->hold)) {
		sem_post(&dut->held);
		sem_wait(&dut->go);
	}
	if (scribble)
		store(dut, WORDS - 1, scribble);
	atomic_fetch_add(&dut->looks, 1);
	if (atomic_exchange(&dut->answer, rung) != rung)
		return true;
	return atomic_load(&dut->always);
}

static void setup_device(struct dut *dut)
{
	dut->vdev.type = &type;
	atomic_init(&dut->vdev.users, VFIO_DEVICE_IN_USE);
	dut->vdev.events = events_create();
	dut->vdev.memory = (struct vfio_memory *)dut;
	dut->vdev.polls = polls_create(NULL);
	ck_assert(dut->vdev.events && dut->vdev.polls);
	ck_assert_int_eq(events_start(dut->vdev.events), 0);
	sem_init(&dut->held, 0, 0);
	sem_init(&dut->go, 0, 0);
	dut->poll = vfiod_poll_new(&dut->vdev, 1, 0, SIZE, look, dut);
	ck_assert_ptr_nonnull(dut->poll);
}

static void setup(void)
{
	ck_assert_int_eq(evthread_use_pthreads(), 0);
	for (unsigned int i = 0; i < NR_DEVICES; i++)
		setup_device(&duts[i]);
}

static void setup_sleepers(void)
{
	can_sleep = true;
	setup();
}

static void setup_read(void)
{
	comes_back = true;
	setup();
}

static void teardown(void)
{
	for (unsigned int i = 0; i < NR_DEVICES; i++) {
		events_stop(duts[i].vdev.events);
		vfiod_poll_free(duts[i].poll);
		polls_destroy(duts[i].vdev.polls, "dut");
		events_destroy(duts[i].vdev.events, "dut");
	}
}

static void nap(long usec)
{
	const struct timespec ts = { .tv_nsec = usec * 1000 };

	nanosleep(&ts, NULL);
}

static void wait_for_answer(struct dut *dut, uint64_t value)
{
	while (atomic_load(&dut->answer) != value)
		nap(10);
}

/*
 * Until it is looked at no more, or now and then only, which never comes if it
 * stays hot.
 */
static unsigned int wait_for_idle(struct dut *dut)
{
	unsigned int before, after = atomic_load(&dut->looks);

	do {
		before = after;
		nap(20000);
		after = atomic_load(&dut->looks);
	} while ((can_sleep ? before != after : after - before > MANY_LOOKS) ||
		 !after);
	return after;
}

START_TEST(hot_store)
{
	atomic_store(&duts[0].always, true);
	for (unsigned int i = 1; i <= NR_STORES; i++) {
		store(&duts[0], 0, i);
		wait_for_answer(&duts[0], i);
	}
}
END_TEST

START_TEST(idle_store)
{
	for (unsigned int i = 1; i <= 10; i++) {
		wait_for_idle(&duts[0]);
		store(&duts[0], 0, i);
		wait_for_answer(&duts[0], i);
	}
}
END_TEST

/* From the first word to the last. */
START_TEST(idle_any_word)
{
	for (unsigned int i = 0; i < WORDS; i += WORDS - 1) {
		unsigned int looks = wait_for_idle(&duts[0]);

		store(&duts[0], i, 1);
		while (atomic_load(&duts[0].looks) == looks)
			nap(10);
	}
}
END_TEST

/* As it does while a client waits for a register to change. */
START_TEST(store_after_many_accesses)
{
	for (unsigned int i = 1; i <= 10; i++) {
		for (unsigned int k = 0; k < NR_STORES; k++) {
			access_memory(&duts[0]);
			nap(k % 150);
		}
		store(&duts[0], 0, i);
		wait_for_answer(&duts[0], i);
	}
	wait_for_idle(&duts[0]);
}
END_TEST

/* The pauses go over where a device gets idle. */
START_TEST(store_while_it_gets_idle)
{
	for (unsigned int i = 1; i <= NR_STORES; i++) {
		store(&duts[0], 0, i);
		wait_for_answer(&duts[0], i);
		nap(i % 150);
	}
}
END_TEST

/* What the device stores itself is one change, and no more. */
START_TEST(own_store)
{
	for (unsigned int i = 1; i <= 5; i++) {
		wait_for_idle(&duts[0]);
		atomic_store(&duts[0].scribble, i);
		store(&duts[0], 0, i);
		wait_for_answer(&duts[0], i);
	}
	wait_for_idle(&duts[0]);
}
END_TEST

/* Each has been idle; they get hot together. */
START_TEST(many_devices)
{
	for (unsigned int i = 0; i < NR_DEVICES; i++)
		wait_for_idle(&duts[i]);
	for (unsigned int i = 0; i < NR_DEVICES; i++)
		store(&duts[i], 0, i + 1);
	for (unsigned int i = 0; i < NR_DEVICES; i++)
		wait_for_answer(&duts[i], i + 1);
}
END_TEST

START_TEST(one_sleeps_in_its_look)
{
	wait_for_idle(&duts[1]);
	atomic_store(&duts[0].hold, true);
	store(&duts[0], 0, 1);
	sem_wait(&duts[0].held);
	for (unsigned int i = 1; i <= 10; i++) {
		store(&duts[1], 0, i);
		wait_for_answer(&duts[1], i);
	}
	ck_assert_uint_eq(atomic_load(&duts[0].answer), 0);
	atomic_store(&duts[0].hold, false);
	sem_post(&duts[0].go);
	wait_for_answer(&duts[0], 1);
}
END_TEST

static void post(void *arg)
{
	sem_post(arg);
}

static void drain(void *arg)
{
	uint8_t byte;

	ck_assert_int_eq(read(((int *)arg)[0], &byte, 1), 1);
	sem_post(&duts[0].go);
}

START_TEST(timers_and_fds_while_hot)
{
	struct vfio_device *vdev = &duts[0].vdev;
	struct vfiod_timer *timer;
	struct vfiod_watch *watch;
	int fds[2];

	atomic_store(&duts[0].always, true);
	timer = vfiod_timer_new(vdev, post, &duts[0].held);
	ck_assert_int_eq(pipe(fds), 0);
	watch = vfiod_watch_new(vdev, fds[0], drain, fds);
	ck_assert(timer && watch);
	for (unsigned int i = 0; i < 10; i++) {
		ck_assert_int_eq(vfiod_timer_arm(timer, 1000000), 0);
		sem_wait(&duts[0].held);
		ck_assert_int_eq(write(fds[1], "x", 1), 1);
		sem_wait(&duts[0].go);
	}
	vfiod_timer_free(timer);
	vfiod_watch_free(watch);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(two_polls_of_a_device)
{
	static struct dut other = { .always = true };
	struct dut *dut = &duts[0];
	struct vfiod_poll *second;

	atomic_store(&dut->always, true);
	second = vfiod_poll_new(&dut->vdev, 1, 0, SIZE, look, &other);
	ck_assert_ptr_nonnull(second);
	for (unsigned int i = 1; i <= NR_STORES; i++) {
		store(&other, 0, i);
		store(dut, 0, i);
		wait_for_answer(&other, i);
		wait_for_answer(dut, i);
	}
	vfiod_poll_free(second);
}
END_TEST

/* None keeps the other awake by its looks. */
START_TEST(two_polls_sleep)
{
	struct dut *dut = &duts[0];
	struct vfiod_poll *second;

	second = vfiod_poll_new(&dut->vdev, 1, 0, SIZE, look, dut);
	ck_assert_ptr_nonnull(second);
	for (unsigned int i = 1; i <= 10; i++) {
		wait_for_idle(dut);
		store(dut, 0, i);
		wait_for_answer(dut, i);
	}
	vfiod_poll_free(second);
}
END_TEST

static void make_again(struct dut *dut)
{
	dut->poll = vfiod_poll_new(&dut->vdev, 1, 0, SIZE, look, dut);
	ck_assert_ptr_nonnull(dut->poll);
}

/* Hot, idle, and at any time in between. */
START_TEST(free_at_any_time)
{
	struct dut *dut = &duts[0];

	for (unsigned int i = 0; i < NR_STORES; i++) {
		unsigned int looks;

		atomic_store(&dut->always, i % 2);
		store(dut, 0, i);
		nap(i);
		vfiod_poll_free(dut->poll);
		looks = atomic_load(&dut->looks);
		store(dut, 0, NR_STORES + i);
		nap(i % 10);
		ck_assert_uint_eq(atomic_load(&dut->looks), looks);
		make_again(dut);
	}
}
END_TEST

static void *free_poll(void *arg)
{
	struct dut *dut = arg;

	vfiod_poll_free(dut->poll);
	sem_post(&dut->held);
	return NULL;
}

START_TEST(free_waits_for_the_look)
{
	struct dut *dut = &duts[0];
	unsigned int looks;
	pthread_t thread;

	atomic_store(&dut->hold, true);
	store(dut, 0, 1);
	sem_wait(&dut->held);
	ck_assert_int_eq(pthread_create(&thread, NULL, free_poll, dut), 0);
	nap(5000);
	ck_assert_int_eq(sem_trywait(&dut->held), -1);
	looks = atomic_load(&dut->looks);
	atomic_store(&dut->hold, false);
	sem_post(&dut->go);
	sem_wait(&dut->held);
	ck_assert_uint_gt(atomic_load(&dut->looks), looks);
	pthread_join(thread, NULL);
	dut->poll = NULL;
}
END_TEST

START_TEST(left_behind)
{
	struct dut *dut = &duts[0];

	host_log_clear();
	polls_destroy(dut->vdev.polls, "dut");
	ck_assert(host_log_has("dut: its plugin left a poll behind"));
	dut->vdev.polls = polls_create(NULL);
	dut->poll = NULL;
}
END_TEST

static void refused(unsigned int index, uint64_t offset, uint64_t size, int err)
{
	errno = 0;
	ck_assert_ptr_null(vfiod_poll_new(&duts[0].vdev, index, offset, size,
					  look, &duts[0]));
	ck_assert_int_eq(errno, err);
}

START_TEST(errors)
{
	refused(0, 0, 8, EINVAL);
	refused(2, 0, 8, EINVAL);
	refused(1, 0, 0, EINVAL);
	refused(1, 4, 8, EINVAL);
	refused(1, 0, 12, EINVAL);
	refused(1, 0, SIZE + 8, EINVAL);
	refused(1, SIZE, 8, EINVAL);
	refused(1, 8, -8ULL, EINVAL);
	atomic_store(&duts[0].vdev.users, 0);
	refused(1, 0, SIZE, ENODEV);
	vfiod_poll_free(NULL);
}
END_TEST

/* Without a change; idle, hot, and in between. */
START_TEST(kicks)
{
	for (unsigned int i = 0; i < NR_STORES; i++) {
		unsigned int looks = atomic_load(&duts[0].looks);

		vfiod_poll_kick(duts[0].poll);
		while (atomic_load(&duts[0].looks) == looks)
			nap(10);
		nap(i % 150);
	}
	wait_for_idle(&duts[0]);
	vfiod_poll_kick(duts[0].poll);
	vfiod_poll_kick(duts[0].poll);
	wait_for_idle(&duts[0]);
	store(&duts[0], 0, 1);
	wait_for_answer(&duts[0], 1);
}
END_TEST

/* While it is in its last look. */
START_TEST(kick_in_a_look)
{
	struct dut *dut = &duts[0];
	unsigned int looks;

	atomic_store(&dut->hold, true);
	store(dut, 0, 1);
	sem_wait(&dut->held);
	looks = atomic_load(&dut->looks);
	vfiod_poll_kick(dut->poll);
	atomic_store(&dut->hold, false);
	sem_post(&dut->go);
	while (atomic_load(&dut->looks) < looks + 2)
		nap(10);
	wait_for_idle(dut);
}
END_TEST

/* Where it cannot sleep: look, rest, look, rest. */
START_TEST(only_rests)
{
	while (atomic_load(&duts[0].rests) < 20)
		nap(1000);
	store(&duts[0], 0, 1);
	wait_for_answer(&duts[0], 1);
}
END_TEST

static uint64_t cpu_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void cost_nothing(void)
{
	uint64_t before = cpu_time();

	nap(300000);
	ck_assert_uint_lt(cpu_time() - before, 1000000);
}

/* No thread wakes up. */
START_TEST(sleepers_cost_nothing)
{
	for (unsigned int i = 0; i < NR_DEVICES; i++)
		wait_for_idle(&duts[i]);
	cost_nothing();
}
END_TEST

START_TEST(closed_devices_cost_nothing)
{
	for (unsigned int i = 0; i < NR_DEVICES; i++) {
		vfiod_poll_free(duts[i].poll);
		duts[i].poll = NULL;
	}
	cost_nothing();
}
END_TEST

static TCase *all(Suite *suite, const char *name, void (*begin)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, begin, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, hot_store);
	tcase_add_test(tc, idle_store);
	tcase_add_test(tc, idle_any_word);
	tcase_add_test(tc, store_after_many_accesses);
	tcase_add_test(tc, store_while_it_gets_idle);
	tcase_add_test(tc, own_store);
	tcase_add_test(tc, many_devices);
	tcase_add_test(tc, one_sleeps_in_its_look);
	tcase_add_test(tc, timers_and_fds_while_hot);
	tcase_add_test(tc, two_polls_of_a_device);
	tcase_add_test(tc, two_polls_sleep);
	tcase_add_test(tc, free_at_any_time);
	tcase_add_test(tc, free_waits_for_the_look);
	tcase_add_test(tc, kicks);
	tcase_add_test(tc, kick_in_a_look);
	tcase_add_test(tc, left_behind);
	tcase_add_test(tc, errors);
	tcase_add_test(tc, closed_devices_cost_nothing);
	suite_add_tcase(suite, tc);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("poll");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_test(all(suite, "memory that cannot sleep", setup),
		       only_rests);
	tcase_add_test(all(suite, "memory that is read", setup_read),
		       only_rests);
	tcase_add_test(all(suite, "memory that sleeps", setup_sleepers),
		       sleepers_cost_nothing);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
