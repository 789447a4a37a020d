// SPDX-License-Identifier: BSD-3-Clause
/* Eventfds of the test host. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "host.h"

static struct host_eventfd *of(struct vfio_eventfd *eventfd)
{
	return (struct host_eventfd *)((char *)eventfd -
				       offsetof(struct host_eventfd, eventfd));
}

static void eventfd_signal(struct vfio_eventfd *eventfd)
{
	host_eventfd_write(of(eventfd), 1);
}

/*
 * Each time the counter is added to: consume it, and tell. If it is positive
 * from the start: tell.
 */
static void *watch_thread(void *arg)
{
	struct host_eventfd *e = arg;

	pthread_mutex_lock(&e->lock);
	while (!e->stop) {
		if (e->told && e->count <= e->seen) {
			e->seen = e->count;
			pthread_cond_wait(&e->changed, &e->lock);
			continue;
		}
		if (e->told)
			e->count = e->seen = 0;
		e->told = true;
		e->running = true;
		pthread_mutex_unlock(&e->lock);
		e->fn(e->arg);
		pthread_mutex_lock(&e->lock);
		e->running = false;
		pthread_cond_broadcast(&e->changed);
	}
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

static int eventfd_watch(struct vfio_eventfd *eventfd, void (*fn)(void *arg),
			 void *arg)
{
	struct host_eventfd *e = of(eventfd);
	int ret;

	pthread_mutex_lock(&e->lock);
	ck_assert_ptr_null(e->fn);
	e->fn = fn;
	e->arg = arg;
	e->stop = false;
	e->told = !e->count;
	e->seen = e->count;
	ret = pthread_create(&e->thread, NULL, watch_thread, e);
	pthread_mutex_unlock(&e->lock);
	ck_assert_int_eq(ret, 0);
	return 0;
}

static void eventfd_unwatch(struct vfio_eventfd *eventfd)
{
	struct host_eventfd *e = of(eventfd);

	pthread_mutex_lock(&e->lock);
	ck_assert_ptr_nonnull(e->fn);
	e->stop = true;
	pthread_cond_broadcast(&e->changed);
	pthread_mutex_unlock(&e->lock);
	ck_assert_int_eq(pthread_join(e->thread, NULL), 0);
	pthread_mutex_lock(&e->lock);
	e->fn = NULL;
	pthread_mutex_unlock(&e->lock);
}

static void eventfd_put(struct vfio_eventfd *eventfd)
{
	struct host_eventfd *e = of(eventfd);

	pthread_mutex_lock(&e->lock);
	ck_assert_uint_gt(e->refs, 0);
	e->refs--;
	pthread_mutex_unlock(&e->lock);
}

static const struct vfio_eventfd_ops eventfd_ops = {
	.signal = eventfd_signal,
	.watch = eventfd_watch,
	.unwatch = eventfd_unwatch,
	.put = eventfd_put,
};

struct host_eventfd *host_eventfd_create(void)
{
	struct host_eventfd *e = calloc(1, sizeof(*e));

	e->eventfd.ops = &eventfd_ops;
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->changed, NULL);
	return e;
}

void host_eventfd_destroy(struct host_eventfd *e)
{
	ck_assert_uint_eq(e->refs, 0);
	ck_assert_ptr_null(e->fn);
	pthread_cond_destroy(&e->changed);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

void host_eventfd_write(struct host_eventfd *e, uint64_t n)
{
	pthread_mutex_lock(&e->lock);
	e->count += n;
	pthread_cond_broadcast(&e->changed);
	pthread_mutex_unlock(&e->lock);
}

uint64_t host_eventfd_read(struct host_eventfd *e)
{
	uint64_t n;

	pthread_mutex_lock(&e->lock);
	n = e->count;
	e->count = 0;
	pthread_mutex_unlock(&e->lock);
	return n;
}

void host_eventfd_settle(struct host_eventfd *e)
{
	pthread_mutex_lock(&e->lock);
	while (e->fn && !e->stop &&
	       (!e->told || e->count > e->seen || e->running))
		pthread_cond_wait(&e->changed, &e->lock);
	pthread_mutex_unlock(&e->lock);
}

unsigned int host_eventfd_refs(struct host_eventfd *e)
{
	unsigned int n;

	pthread_mutex_lock(&e->lock);
	n = e->refs;
	pthread_mutex_unlock(&e->lock);
	return n;
}
