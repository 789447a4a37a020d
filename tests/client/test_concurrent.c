// SPDX-License-Identifier: BSD-3-Clause
/*
 * A plugin's callback that sleeps for a second delays only the call that it
 * serves: calls on another container and on another device, of the same
 * container even, take less than 50 ms meanwhile. The machine may be busy
 * with something else, so each kind of call has several seconds to prove it:
 * one that has to wait for the callback does so in all of them.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../plugins/sleepy.h"
#include "client.h"

#define LIMIT_MS 50.0
#define TRIES 5

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* A call that sleeps, on a thread of its own. */
struct sleeper {
	int (*call)(struct sleeper *sleeper);
	struct vfio_session session;
	pthread_t thread;
	double took_ms;
	int result;
	atomic_bool done;
};

static int sleep_in_read(struct sleeper *sleeper)
{
	uint64_t value;

	return pread(sleeper->session.device, &value, 8, SLEEPY_READ) != 8;
}

static int sleep_in_ioctl(struct sleeper *sleeper)
{
	return vfio_ioctl(sleeper->session.device, SLEEPY_IOCTL, NULL);
}

/* What there is to unmap was pinned by prepare(). */
static int sleep_in_unmap(struct sleeper *sleeper)
{
	return vfio_unmap(sleeper->session.container, 0, PAGE, 0) != PAGE;
}

static int sleep_in_open(struct sleeper *sleeper)
{
	sleeper->session.device =
		vfio_get_device(sleeper->session.group, DEV_SLOW_OPEN);
	return sleeper->session.device < 0;
}

static void *run_sleeper(void *arg)
{
	struct sleeper *sleeper = arg;
	double start = now_ms();

	sleeper->result = sleeper->call(sleeper);
	sleeper->took_ms = now_ms() - start;
	atomic_store(&sleeper->done, true);
	return NULL;
}

static void prepare(struct sleeper *sleeper)
{
	const struct vfio_session *s = &sleeper->session;
	void *page;
	uint64_t iova = 0;

	atomic_store(&sleeper->done, false);
	if (sleeper->call != sleep_in_unmap)
		return;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	ck_ok(vfio_map(s->container, 0, page, PAGE));
	ck_assert_int_eq(pwrite(s->device, &iova, 8, SLEEPY_PIN), 8);
}

/* One call each of somebody else; they are made in turn. 0 is success. */

static int get_info(struct vfio_session *s)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	return vfio_ioctl(s->device, VFIO_DEVICE_GET_INFO, &info);
}

static int read_config(struct vfio_session *s)
{
	uint32_t ids;

	return pread(s->device, &ids, 4, REGION(7)) != 4;
}

static int map(struct vfio_session *s)
{
	return vfio_map(s->container, 16 * PAGE, NULL, PAGE);
}

static int unmap(struct vfio_session *s)
{
	return vfio_unmap(s->container, 16 * PAGE, PAGE, 0) != PAGE;
}

static int iommu_info(struct vfio_session *s)
{
	return vfio_dma_avail(s->container) < 0;
}

static int get_status(struct vfio_session *s)
{
	return vfio_group_flags(s->group) != 3;
}

static int close_device(struct vfio_session *s)
{
	return close(s->device);
}

static int close_group(struct vfio_session *s)
{
	return close(s->group);
}

static int close_container(struct vfio_session *s)
{
	return close(s->container);
}

static int open_container(struct vfio_session *s)
{
	s->container = vfio_open_container();
	return s->container < 0;
}

static int open_group(struct vfio_session *s)
{
	s->group = vfio_open_group(DEV_MTTY2);
	return s->group < 0;
}

static int set_container(struct vfio_session *s)
{
	return vfio_set_container(s->group, s->container);
}

static int set_iommu(struct vfio_session *s)
{
	return vfio_ioctl(s->container, VFIO_SET_IOMMU,
			  (void *)VFIO_TYPE1v2_IOMMU);
}

static int get_device(struct vfio_session *s)
{
	s->device = vfio_get_device(s->group, DEV_MTTY2);
	return s->device < 0;
}

typedef int call_fn(struct vfio_session *session);

/* Of another device in the same container: all up to the NULL. */
static call_fn *const device_calls[] = {
	get_info, read_config, map, unmap, iommu_info, get_status, NULL,
};

/* Of another container: it comes and goes, too. */
static call_fn *const all_calls[] = {
	get_info,   read_config,   map,		unmap,		 iommu_info,
	get_status, close_device,  close_group, close_container, open_container,
	open_group, set_container, set_iommu,	get_device,	 NULL,
};

#define MAX_CALLS 16

struct other {
	call_fn *const *calls;
	struct vfio_session session;
	/* Of each call, in ms: the longest in one sleep of the sleeper, and
	 * the shortest of these. */
	double longest[MAX_CALLS];
	double best[MAX_CALLS];
};

static void make_calls(struct other *other)
{
	for (int i = 0; other->calls[i]; i++) {
		double start = now_ms(), took;

		ck_ok(other->calls[i](&other->session));
		took = now_ms() - start;
		if (took > other->longest[i])
			other->longest[i] = took;
	}
}

static void measure(struct sleeper *sleeper, struct other *other)
{
	memset(other->longest, 0, sizeof(other->longest));
	prepare(sleeper);
	ck_ok(pthread_create(&sleeper->thread, NULL, run_sleeper, sleeper));
	while (!atomic_load(&sleeper->done))
		make_calls(other);
	ck_ok(pthread_join(sleeper->thread, NULL));
	ck_ok(sleeper->result);
	ck_assert_double_ge(sleeper->took_ms, 990);
	if (sleeper->call == sleep_in_open) {
		close(sleeper->session.device);
		sleeper->session.device = -1;
	}
}

/* The number of a call that was delayed in every try so far, or -1. */
static int delayed_call(struct other *other, int try)
{
	int delayed = -1;

	for (int i = 0; other->calls[i]; i++) {
		if (!try || other->longest[i] < other->best[i])
			other->best[i] = other->longest[i];
		if (other->best[i] >= LIMIT_MS)
			delayed = i;
	}
	return delayed;
}

static void check_delay(struct sleeper *sleeper, struct other *other)
{
	int delayed = 0;

	for (int try = 0; try < TRIES && delayed >= 0; try++) {
		measure(sleeper, other);
		delayed = delayed_call(other, try);
	}
	ck_assert_msg(delayed < 0, "call %d took %f ms or more each time",
		      delayed, delayed < 0 ? 0 : other->best[delayed]);
}

/* Everything but the device itself, whose opening is the call to be made. */
static void prepare_slow_open(struct vfio_session *s)
{
	s->device = -1;
	s->container = ck_fd(vfio_open_container());
	s->group = ck_fd(vfio_open_group(DEV_SLOW_OPEN));
	ck_ok(vfio_set_container(s->group, s->container));
	ck_ok(vfio_ioctl(s->container, VFIO_SET_IOMMU,
			 (void *)VFIO_TYPE1v2_IOMMU));
}

static int (*const calls[])(struct sleeper *sleeper) = {
	sleep_in_read,
	sleep_in_ioctl,
	sleep_in_unmap,
	sleep_in_open,
};
#define NR_CALLS (sizeof(calls) / sizeof(calls[0]))

START_TEST(another_container)
{
	struct sleeper sleeper = { .call = calls[_i] };
	struct other other = { .calls = all_calls };

	other.session = vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	if (sleeper.call == sleep_in_open)
		prepare_slow_open(&sleeper.session);
	else
		sleeper.session =
			vfio_session_open(DEV_SLEEPY, VFIO_TYPE1v2_IOMMU);
	check_delay(&sleeper, &other);
	vfio_session_close(&sleeper.session);
	vfio_session_close(&other.session);
}
END_TEST

/*
 * The kernel, too, drops the container's lock while dma_unmap runs. Opening
 * and closing devices of the container has to wait, so nobody does.
 */
START_TEST(another_device_of_the_container)
{
	struct sleeper sleeper = { .call = calls[_i] };
	struct other other = { .calls = device_calls };

	sleeper.session = vfio_session_open(DEV_SLEEPY, VFIO_TYPE1v2_IOMMU);
	other.session.container = sleeper.session.container;
	other.session.group = ck_fd(vfio_open_group(DEV_MTTY2));
	ck_ok(vfio_set_container(other.session.group, other.session.container));
	other.session.device =
		ck_fd(vfio_get_device(other.session.group, DEV_MTTY2));
	check_delay(&sleeper, &other);
	other.session.container = -1;
	vfio_session_close(&other.session);
	vfio_session_close(&sleeper.session);
}
END_TEST

/* One device's calls are not in each other's way either. */
START_TEST(two_calls_of_a_device)
{
	struct sleeper first = { .call = sleep_in_read };
	double start = now_ms();

	first.session = vfio_session_open(DEV_SLEEPY, VFIO_TYPE1v2_IOMMU);
	ck_ok(pthread_create(&first.thread, NULL, run_sleeper, &first));
	ck_ok(sleep_in_ioctl(&first));
	ck_ok(pthread_join(first.thread, NULL));
	ck_ok(first.result);
	ck_assert_double_lt(now_ms() - start, 1900);
	vfio_session_close(&first.session);
}
END_TEST

Suite *concurrent_suite(void)
{
	Suite *suite = suite_create("concurrent");
	TCase *tc = client_case(suite, "concurrent");

	/* For who runs other things beside: CK_EXCLUDE_TAGS. */
	tcase_set_tags(tc, "timing");
	tcase_add_loop_test(tc, another_container, 0, NR_CALLS);
	tcase_add_loop_test(tc, another_device_of_the_container, 0,
			    NR_CALLS - 1);
	tcase_add_test(tc, two_calls_of_a_device);
	return suite;
}
