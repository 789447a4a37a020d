// SPDX-License-Identifier: BSD-3-Clause
#include "events.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "../backend/device.h"
#include "log.h"

#define NSEC_PER_SEC 1000000000ULL
#define NSEC_PER_USEC 1000ULL

/* A timer or a watch. */
struct item {
	LIST_ENTRY(item) next;
	struct vfiod_events *events;
	struct event *event;
	void (*fn)(void *arg);
	void *arg;
};

struct vfiod_events {
	struct event_base *base;
	pthread_t thread;
	pthread_mutex_t lock; /* a leaf; guards the list */
	LIST_HEAD(, item) items;
};

static void *loop(void *arg)
{
	struct vfiod_events *events = arg;

	pthread_setname_np(pthread_self(), "vfiod-device");
	event_base_loop(events->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

static struct vfiod_events *create(void)
{
	struct vfiod_events *events = calloc(1, sizeof(*events));
	int ret;

	if (!events)
		return NULL;
	events->base = event_base_new();
	pthread_mutex_init(&events->lock, NULL);
	LIST_INIT(&events->items);
	ret = events->base ?
		      pthread_create(&events->thread, NULL, loop, events) :
		      ENOMEM;
	if (!ret)
		return events;
	if (events->base)
		event_base_free(events->base);
	free(events);
	errno = ret;
	return NULL;
}

static void stop(struct vfiod_events *events)
{
	event_base_loopbreak(events->base);
	pthread_join(events->thread, NULL);
	event_base_free(events->base);
	pthread_mutex_destroy(&events->lock);
	free(events);
}

/* The device's loop, made when first needed; of two makers one wins. */
static struct vfiod_events *get(struct vfio_device *vdev)
{
	struct vfiod_events *events = atomic_load(&vdev->events), *none = NULL;

	if (events)
		return events;
	events = create();
	if (events &&
	    !atomic_compare_exchange_strong(&vdev->events, &none, events)) {
		stop(events);
		events = none;
	}
	return events;
}

static void fire(evutil_socket_t fd, short what, void *arg)
{
	struct item *item = arg;

	(void)fd, (void)what;
	item->fn(item->arg);
}

static struct item *item_new(struct vfio_device *vdev, int fd, short what,
			     void (*fn)(void *arg), void *arg)
{
	struct vfiod_events *events = get(vdev);
	struct item *item;

	if (!events)
		return NULL;
	item = calloc(1, sizeof(*item));
	if (!item)
		return NULL;
	item->events = events;
	item->fn = fn;
	item->arg = arg;
	item->event = event_new(events->base, fd, what, fire, item);
	if (!item->event || (fd >= 0 && event_add(item->event, NULL))) {
		if (item->event)
			event_free(item->event);
		free(item);
		errno = ENOMEM;
		return NULL;
	}
	pthread_mutex_lock(&events->lock);
	LIST_INSERT_HEAD(&events->items, item, next);
	pthread_mutex_unlock(&events->lock);
	return item;
}

/* event_del() waits for a callback that runs, unless it is its own caller. */
static void item_free(struct item *item)
{
	if (!item)
		return;
	event_del(item->event);
	pthread_mutex_lock(&item->events->lock);
	LIST_REMOVE(item, next);
	pthread_mutex_unlock(&item->events->lock);
	event_free(item->event);
	free(item);
}

void events_destroy(struct vfiod_events *events)
{
	struct item *item;

	if (!events)
		return;
	while ((item = LIST_FIRST(&events->items))) {
		vfio_log(LOG_LEVEL_WARNING,
			 "a plugin left a timer or a watch behind");
		item_free(item);
	}
	stop(events);
}

struct vfiod_timer *vfiod_timer_new(struct vfio_device *vdev,
				    void (*fn)(void *arg), void *arg)
{
	return (struct vfiod_timer *)item_new(vdev, -1, 0, fn, arg);
}

/* Rounded up: libevent counts microseconds. */
int vfiod_timer_arm(struct vfiod_timer *timer, uint64_t ns)
{
	struct item *item = (struct item *)timer;
	uint64_t usec = ns % NSEC_PER_SEC + NSEC_PER_USEC - 1;
	struct timeval tv = {
		.tv_sec = ns / NSEC_PER_SEC,
		.tv_usec = usec / NSEC_PER_USEC,
	};

	if (tv.tv_usec == 1000000) {
		tv.tv_sec++;
		tv.tv_usec = 0;
	}
	return event_add(item->event, &tv) ? -ENOMEM : 0;
}

int vfiod_timer_disarm(struct vfiod_timer *timer)
{
	return event_del(((struct item *)timer)->event) ? -EINVAL : 0;
}

void vfiod_timer_free(struct vfiod_timer *timer)
{
	item_free((struct item *)timer);
}

struct vfiod_watch *vfiod_watch_new(struct vfio_device *vdev, int fd,
				    void (*fn)(void *arg), void *arg)
{
	return (struct vfiod_watch *)item_new(vdev, fd, EV_READ | EV_PERSIST,
					      fn, arg);
}

void vfiod_watch_free(struct vfiod_watch *watch)
{
	item_free((struct item *)watch);
}
