// SPDX-License-Identifier: BSD-3-Clause
#include "events.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
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
	/*
	 * Guards what follows. A leaf but for libevent's own locks, never
	 * held while a callback runs.
	 */
	pthread_mutex_t lock;
	LIST_HEAD(, item) items;
	struct event_base *base; /* made for the first item */
	bool may_run;
	bool runs; /* thread has been made */
	pthread_t thread;
};

struct vfiod_events *events_create(void)
{
	struct vfiod_events *events = calloc(1, sizeof(*events));

	if (!events)
		return NULL;
	pthread_mutex_init(&events->lock, NULL);
	LIST_INIT(&events->items);
	return events;
}

static void *loop(void *arg)
{
	struct vfiod_events *events = arg;

	pthread_setname_np(pthread_self(), "vfiod-device");
	event_base_loop(events->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

/* Its clock is else one that goes by ticks, of 4 ms in Debian's kernels. */
static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (!config)
		return NULL;
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

/* Make what is missing of base and thread; events->lock is held. */
static int prepare(struct vfiod_events *events, bool need_base)
{
	int ret;

	if (!events->base && need_base)
		events->base = new_base();
	if (!events->base)
		return need_base ? -ENOMEM : 0;
	if (events->runs || !events->may_run)
		return 0;
	ret = -pthread_create(&events->thread, NULL, loop, events);
	events->runs = !ret;
	return ret;
}

int events_start(struct vfiod_events *events)
{
	int ret;

	pthread_mutex_lock(&events->lock);
	events->may_run = true;
	ret = prepare(events, false);
	pthread_mutex_unlock(&events->lock);
	return ret;
}

static void end_loop(evutil_socket_t fd, short what, void *arg)
{
	struct vfiod_events *events = arg;

	(void)fd, (void)what;
	event_base_loopbreak(events->base);
}

/*
 * An event, not a plain event_base_loopbreak(): that would be lost on a
 * thread that has not come to its loop yet.
 */
static void end_thread(struct vfiod_events *events)
{
	while (event_base_once(events->base, -1, EV_TIMEOUT, end_loop, events,
			       NULL))
		sched_yield();
	pthread_join(events->thread, NULL);
}

static void fire(evutil_socket_t fd, short what, void *arg)
{
	struct item *item = arg;

	(void)fd, (void)what;
	item->fn(item->arg);
}

/* The item's event, added if it is a watch; events->lock is held. */
static int add_item(struct item *item, int fd, short what)
{
	struct vfiod_events *events = item->events;
	int ret;

	ret = prepare(events, true);
	if (ret)
		return ret;
	item->event = event_new(events->base, fd, what, fire, item);
	if (!item->event)
		return -ENOMEM;
	if (fd >= 0 && event_add(item->event, NULL)) {
		event_free(item->event);
		return -ENOMEM;
	}
	LIST_INSERT_HEAD(&events->items, item, next);
	return 0;
}

static struct item *item_new(struct vfio_device *vdev, int fd, short what,
			     void (*fn)(void *arg), void *arg)
{
	struct item *item = calloc(1, sizeof(*item));
	int ret;

	if (!item)
		return NULL;
	item->events = vdev->events;
	item->fn = fn;
	item->arg = arg;
	pthread_mutex_lock(&item->events->lock);
	ret = add_item(item, fd, what);
	pthread_mutex_unlock(&item->events->lock);
	if (!ret)
		return item;
	free(item);
	errno = -ret;
	return NULL;
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

void events_stop(struct vfiod_events *events)
{
	bool runs;

	pthread_mutex_lock(&events->lock);
	runs = events->runs;
	events->runs = events->may_run = false;
	pthread_mutex_unlock(&events->lock);
	if (runs)
		end_thread(events);
}

void events_destroy(struct vfiod_events *events, const char *name)
{
	unsigned int left = 0;

	for (; !LIST_EMPTY(&events->items); left++)
		item_free(LIST_FIRST(&events->items));
	if (left)
		vfio_log(LOG_LEVEL_WARNING,
			 "%s: its plugin left %u timers or watches behind",
			 name, left);
	if (events->base)
		event_base_free(events->base);
	pthread_mutex_destroy(&events->lock);
	free(events);
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
