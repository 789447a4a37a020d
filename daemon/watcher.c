// SPDX-License-Identifier: BSD-3-Clause
#include "watcher.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000L

/*
 * How long it sleeps between two looks: little at first, as who stored to a
 * doorbell a moment ago is likely to do it again, then twice as long each
 * time. A store is seen in a millisecond, with the kernel's timer slack and
 * the way to the device's own thread.
 */
#define NAP_MIN 50000L
#define NAP_MAX 700000L

struct watcher {
	/* Guards what follows. Inside the lock of a device's polls. */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* idle has got an entry, or ends */
	LIST_HEAD(, watched) idle;
	long nap;
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
	pthread_cond_init(&watcher->wake, NULL);
	LIST_INIT(&watcher->idle);
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

static void nap(struct watcher *watcher)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += watcher->nap;
	if (until.tv_nsec >= NSEC_PER_SEC) {
		until.tv_sec++;
		until.tv_nsec -= NSEC_PER_SEC;
	}
	watcher->nap *= 2;
	if (watcher->nap > NAP_MAX)
		watcher->nap = NAP_MAX;
	pthread_cond_clockwait(&watcher->wake, &watcher->lock, CLOCK_MONOTONIC,
			       &until);
}

static void *watch(void *arg)
{
	struct watcher *watcher = arg;

	pthread_setname_np(pthread_self(), "vfiod-watcher");
	pthread_mutex_lock(&watcher->lock);
	while (!watcher->ends) {
		if (LIST_EMPTY(&watcher->idle))
			pthread_cond_wait(&watcher->wake, &watcher->lock);
		else
			nap(watcher);
		look(watcher);
	}
	pthread_mutex_unlock(&watcher->lock);
	return NULL;
}

int watcher_start(struct watcher *watcher)
{
	int ret = 0;

	pthread_mutex_lock(&watcher->lock);
	if (!watcher->runs) {
		ret = -pthread_create(&watcher->thread, NULL, watch, watcher);
		watcher->runs = !ret;
	}
	pthread_mutex_unlock(&watcher->lock);
	return ret;
}

void watcher_add(struct watcher *watcher, struct watched *watched)
{
	pthread_mutex_lock(&watcher->lock);
	LIST_INSERT_HEAD(&watcher->idle, watched, next);
	watcher->nap = NAP_MIN;
	pthread_cond_signal(&watcher->wake);
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
		pthread_cond_signal(&watcher->wake);
		pthread_mutex_unlock(&watcher->lock);
		pthread_join(watcher->thread, NULL);
	}
	pthread_cond_destroy(&watcher->wake);
	pthread_mutex_destroy(&watcher->lock);
	free(watcher);
}
