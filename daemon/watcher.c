// SPDX-License-Identifier: BSD-3-Clause
#include "watcher.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_SEC 1000000000ULL

/*
 * How long it sleeps between two looks: little at first, as who stored to a
 * doorbell a moment ago is likely to do it again, then twice as long each
 * time. A store is seen in a millisecond, with the way to the device's own
 * thread.
 */
#define NAP_MIN 50000
#define NAP_MAX 850000

struct watcher {
	/* Guards what follows. Inside the lock of a device's polls. */
	pthread_mutex_t lock;
	LIST_HEAD(, watched) idle;
	/*
	 * It sleeps until the current one expires. The other one is armed
	 * already, for the end of the nap after that: the kernel then programs
	 * the CPU's timer once for each nap, in the interrupt that ends the one
	 * before, and not a second time when the thread goes to sleep. In a
	 * virtual machine that is most of what a nap costs. With naps of full
	 * length each is armed anew by being read.
	 */
	int timers[2];
	unsigned int current;
	uint64_t due; /* when the other one expires */
	uint64_t nap; /* how long it sleeps until then */
	bool runs; /* thread has been made */
	bool ends;
	pthread_t thread;
};

struct watcher *watcher_create(void)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));

	if (!watcher)
		return NULL;
	pthread_mutex_init(&watcher->lock, NULL);
	LIST_INIT(&watcher->idle);
	watcher->timers[0] = watcher->timers[1] = -1;
	return watcher;
}

/* Word by word: the other side may be in the middle of storing. */
static bool has_changed(const struct watched *watched)
{
	uint64_t differ = 0;

	for (size_t i = 0; i < watched->words && !differ; i++)
		differ = watched->seen[i] ^
			 __atomic_load_n(&watched->memory[i], __ATOMIC_RELAXED);
	return differ;
}

/* Who looks at the memory after this does not see what is older. */
void watched_keep(struct watched *watched)
{
	for (size_t i = 0; i < watched->words; i++)
		watched->seen[i] =
			__atomic_load_n(&watched->memory[i], __ATOMIC_ACQUIRE);
}

/* The lock is held here and in the next. */
static void look(struct watcher *watcher)
{
	struct watched *watched = LIST_FIRST(&watcher->idle), *next;

	for (; watched; watched = next) {
		next = LIST_NEXT(watched, next);
		if (!has_changed(watched))
			continue;
		LIST_REMOVE(watched, next);
		watched->next.le_prev = NULL;
		watched->changed(watched);
	}
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* 0: not to expire. */
static void arm(int timer, uint64_t at)
{
	const struct itimerspec spec = {
		.it_value.tv_sec = at / NSEC_PER_SEC,
		.it_value.tv_nsec = at % NSEC_PER_SEC,
		.it_interval.tv_nsec = 2 * NAP_MAX,
	};

	timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* The one that is not current, for the nap after @from. */
static void arm_other(struct watcher *watcher, uint64_t from)
{
	watcher->nap *= 2;
	if (watcher->nap > NAP_MAX)
		watcher->nap = NAP_MAX;
	watcher->due = from + watcher->nap;
	arm(watcher->timers[!watcher->current], watcher->due);
}

/* The current one has expired, and the lock is held. */
static void go_on(struct watcher *watcher)
{
	uint64_t time;

	if (LIST_EMPTY(&watcher->idle)) {
		arm(watcher->timers[0], 0);
		arm(watcher->timers[1], 0);
		return;
	}
	watcher->current = !watcher->current;
	/* From then on they go on by themselves. */
	if (watcher->nap == NAP_MAX)
		return;
	time = now();
	arm_other(watcher, watcher->due > time ? watcher->due : time);
}

static void *watch(void *arg)
{
	struct watcher *watcher = arg;
	uint64_t times;
	int timer;

	pthread_setname_np(pthread_self(), "vfiod-watcher");
	pthread_mutex_lock(&watcher->lock);
	while (!watcher->ends) {
		timer = watcher->timers[watcher->current];
		pthread_mutex_unlock(&watcher->lock);
		while (read(timer, &times, sizeof(times)) < 0)
			; /* a signal */
		pthread_mutex_lock(&watcher->lock);
		look(watcher);
		go_on(watcher);
	}
	pthread_mutex_unlock(&watcher->lock);
	return NULL;
}

/* The lock is held. What there is stays for the next time if it fails. */
static int start(struct watcher *watcher)
{
	int ret;

	for (unsigned int i = 0; i < 2; i++) {
		if (watcher->timers[i] < 0)
			watcher->timers[i] =
				timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
		if (watcher->timers[i] < 0)
			return -errno;
	}
	ret = -pthread_create(&watcher->thread, NULL, watch, watcher);
	watcher->runs = !ret;
	return ret;
}

int watcher_start(struct watcher *watcher)
{
	int ret = 0;

	pthread_mutex_lock(&watcher->lock);
	if (!watcher->runs)
		ret = start(watcher);
	pthread_mutex_unlock(&watcher->lock);
	return ret;
}

void watcher_add(struct watcher *watcher, struct watched *watched)
{
	uint64_t at;

	pthread_mutex_lock(&watcher->lock);
	LIST_INSERT_HEAD(&watcher->idle, watched, next);
	at = now() + NAP_MIN;
	watcher->nap = NAP_MIN;
	arm(watcher->timers[watcher->current], at);
	arm_other(watcher, at);
	pthread_mutex_unlock(&watcher->lock);
}

void watcher_remove(struct watcher *watcher, struct watched *watched)
{
	pthread_mutex_lock(&watcher->lock);
	if (watched->next.le_prev)
		LIST_REMOVE(watched, next);
	watched->next.le_prev = NULL;
	pthread_mutex_unlock(&watcher->lock);
}

void watcher_destroy(struct watcher *watcher)
{
	if (watcher->runs) {
		pthread_mutex_lock(&watcher->lock);
		watcher->ends = true;
		arm(watcher->timers[watcher->current], 1);
		pthread_mutex_unlock(&watcher->lock);
		pthread_join(watcher->thread, NULL);
	}
	for (unsigned int i = 0; i < 2; i++)
		if (watcher->timers[i] >= 0)
			close(watcher->timers[i]);
	pthread_mutex_destroy(&watcher->lock);
	free(watcher);
}
