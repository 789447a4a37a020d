// SPDX-License-Identifier: BSD-3-Clause
/*
 * A poll is hot or idle. While it is hot, its function runs over and over on
 * the device's event loop, by a timer that is armed to expire at once: so the
 * loop gets to other timers and fds in between, and does not sleep. While it
 * is idle, the watcher looks at the memory on its behalf.
 *
 * No store is lost between the two. The memory is kept for the watcher, then
 * there is one more look, and only if that finds nothing the poll gets idle.
 * The loads of the keeping are acquiring ones, so those of the look come after
 * them on every machine. A store that was kept is therefore seen by that look.
 * One that was not makes the memory differ from what was kept, and the watcher
 * finds that whenever it looks, unless the old value comes back. It does not
 * for a doorbell that is an index into a ring: such a value means a full round,
 * which a client makes only when the device has looked. Where the old value is
 * put back by the device itself, to take a command say, either its last look
 * has found something or a kick follows, as <vfiod/plugin.h> wants it, and then
 * the memory is kept anew.
 */
#include "poll.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

#include "../backend/device.h"
#include "log.h"
#include "watcher.h"

#define NSEC_PER_SEC 1000000000ULL

/*
 * How long a turn is. One in which there was nothing to do is the last: long
 * enough for a client to make its next request of the last answer, short
 * enough for timers and fds that wait meanwhile.
 */
#define TURN 50000
/* Between two looks at the clock, when there is nothing to do. */
#define LOOKS 16

struct vfiod_polls {
	struct watcher *watcher;
	/* Guards list, and state of those in it. Outside the watcher's. */
	pthread_mutex_t lock;
	LIST_HEAD(, vfiod_poll) list;
};

struct vfiod_poll {
	struct watched watched; /* while idle; first: see changed() */
	LIST_ENTRY(vfiod_poll) next;
	struct vfiod_polls *polls;
	struct vfiod_timer *timer; /* armed while hot and no turn runs */
	bool idle; /* the watcher may have it */
	bool kicked; /* the turn that runs is not the last */
	bool freed; /* it is */
	bool (*fn)(void *arg);
	void *arg;
};

struct vfiod_polls *polls_create(struct watcher *watcher)
{
	struct vfiod_polls *polls = calloc(1, sizeof(*polls));

	if (!polls)
		return NULL;
	polls->watcher = watcher;
	pthread_mutex_init(&polls->lock, NULL);
	LIST_INIT(&polls->list);
	return polls;
}

void polls_destroy(struct vfiod_polls *polls, const char *name)
{
	struct vfiod_poll *poll;

	while ((poll = LIST_FIRST(&polls->list))) {
		vfio_log(LOG_LEVEL_WARNING, "%s: its plugin left a poll behind",
			 name);
		vfiod_poll_free(poll);
	}
	pthread_mutex_destroy(&polls->lock);
	free(polls);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* Let the other hyperthread of the core have it for a moment. */
static void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Was there anything to do? The clock is dearer than a look. */
static bool spin(const struct vfiod_poll *poll)
{
	uint64_t end = now() + TURN;
	bool any = false;

	do {
		for (int i = 0; i < LOOKS; i++) {
			if (poll->fn(poll->arg)) {
				any = true;
				break;
			}
			relax();
		}
	} while (now() < end);
	return any;
}

/* It can only fail for want of memory, and a store would be lost then. */
static void get_hot(struct vfiod_poll *poll)
{
	while (vfiod_timer_arm(poll->timer, 0))
		sched_yield();
}

static void changed(struct watched *watched)
{
	get_hot((struct vfiod_poll *)watched);
}

static void turn(void *arg)
{
	struct vfiod_poll *poll = arg;
	struct vfiod_polls *polls = poll->polls;
	bool hot = spin(poll);

	if (!hot) {
		watched_keep(&poll->watched);
		hot = poll->fn(poll->arg);
	}
	pthread_mutex_lock(&polls->lock);
	poll->idle = !hot && !poll->kicked;
	poll->kicked = false;
	if (poll->freed)
		;
	else if (poll->idle)
		watcher_add(polls->watcher, &poll->watched);
	else
		get_hot(poll);
	pthread_mutex_unlock(&polls->lock);
}

void vfiod_poll_kick(struct vfiod_poll *poll)
{
	struct vfiod_polls *polls = poll->polls;

	pthread_mutex_lock(&polls->lock);
	poll->kicked = true;
	if (poll->idle) {
		watcher_remove(polls->watcher, &poll->watched);
		get_hot(poll);
	}
	pthread_mutex_unlock(&polls->lock);
}

static void *memory_of(struct vfio_device *vdev, unsigned int index,
		       uint64_t offset, uint64_t size)
{
	char *memory = vfiod_region_memory(vdev, index);
	uint64_t end;

	if (!memory || !size || (offset | size) % sizeof(uint64_t) ||
	    __builtin_add_overflow(offset, size, &end) ||
	    end > vdev->type->regions[index].size)
		return NULL;
	return memory + offset;
}

static int prepare(struct vfiod_poll *poll, struct vfio_device *vdev,
		   uint64_t size)
{
	struct watched *watched = &poll->watched;
	int ret;

	watched->seen = malloc(size);
	if (!watched->seen)
		return -ENOMEM;
	watched->words = size / sizeof(*watched->seen);
	watched->changed = changed;
	ret = watcher_start(poll->polls->watcher);
	if (ret)
		return ret;
	poll->timer = vfiod_timer_new(vdev, turn, poll);
	return poll->timer ? 0 : -errno;
}

static bool is_open(struct vfio_device *vdev)
{
	return atomic_load(&vdev->users) & VFIO_DEVICE_IN_USE;
}

static int start(struct vfiod_poll *poll)
{
	struct vfiod_polls *polls = poll->polls;
	int ret;

	pthread_mutex_lock(&polls->lock);
	ret = vfiod_timer_arm(poll->timer, 0);
	if (!ret)
		LIST_INSERT_HEAD(&polls->list, poll, next);
	pthread_mutex_unlock(&polls->lock);
	return ret;
}

static void destroy(struct vfiod_poll *poll)
{
	vfiod_timer_free(poll->timer);
	free(poll->watched.seen);
	free(poll);
}

struct vfiod_poll *vfiod_poll_new(struct vfio_device *vdev, unsigned int index,
				  uint64_t offset, uint64_t size,
				  bool (*fn)(void *arg), void *arg)
{
	void *memory = memory_of(vdev, index, offset, size);
	struct vfiod_poll *poll;
	int ret;

	if (!memory || !is_open(vdev)) {
		errno = memory ? ENODEV : EINVAL;
		return NULL;
	}
	poll = calloc(1, sizeof(*poll));
	if (!poll)
		return NULL;
	poll->polls = vdev->polls;
	poll->watched.memory = memory;
	poll->fn = fn;
	poll->arg = arg;
	ret = prepare(poll, vdev, size);
	if (!ret)
		ret = start(poll);
	if (!ret)
		return poll;
	destroy(poll);
	errno = -ret;
	return NULL;
}

void vfiod_poll_free(struct vfiod_poll *poll)
{
	struct vfiod_polls *polls;

	if (!poll)
		return;
	polls = poll->polls;
	pthread_mutex_lock(&polls->lock);
	poll->freed = true;
	LIST_REMOVE(poll, next);
	pthread_mutex_unlock(&polls->lock);
	watcher_remove(polls->watcher, &poll->watched);
	destroy(poll);
}
