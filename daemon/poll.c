// SPDX-License-Identifier: BSD-3-Clause
/*
 * The polls of a device are hot, or asleep. While they are hot, their functions
 * run over and over in turns on the device's event loop, by a timer that is
 * armed to expire at once: so the loop gets to other timers and fds in between,
 * and does not sleep. While they are asleep, the pages that they look at are
 * not there; whoever accesses one has to wait until it is, and the pager's
 * signal comes before that.
 *
 * No store is lost between the two. The memory is kept, then there is one more
 * look, then the pages go, and only if what they had then is what was kept the
 * polls are asleep. The loads of the keeping are acquiring ones, so those of
 * the look come after them on every machine. A store that was kept is therefore
 * seen by that look. One that was not makes the memory differ from what was
 * kept, unless the old value comes back. It does not for a doorbell that is an
 * index into a ring: such a value means a full round, which a client makes only
 * when the device has looked. Where the old value is put back by the device
 * itself, to take a command say, either its last look has found something or a
 * kick follows, as <vfiod/plugin.h> wants it. And what is stored after the
 * pages went is an access, of which the signal tells.
 *
 * An access need not be a store, and a client may make a habit of reading. So
 * after a signal that brought nothing the polls rest before they sleep again,
 * longer each time; and where pages cannot be made to go, or are there again at
 * once, they only rest.
 */
#include "poll.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "../backend/device.h"
#include "log.h"
#include "memory.h"

#define NSEC_PER_SEC 1000000000ULL

/*
 * How long a turn is. One in which there was nothing to do is the last: long
 * enough for a client to make its next request of the last answer, short
 * enough for timers and fds that wait meanwhile.
 */
#define TURN 50000
/* Between two looks at the clock, when there is nothing to do. */
#define LOOKS 16

/* How long a rest is: a store is to be seen in a millisecond. */
#define REST_MIN 50000
#define REST_MAX 850000

struct vfiod_polls {
	struct pager *pager;
	/* Guards the list and what follows; held for a whole turn, in which
	 * plugins look. Outside all locks that these take. */
	pthread_mutex_t lock;
	/* Who wants the lock, and signals when it is done: no turns. */
	atomic_uint waiting;
	LIST_HEAD(, vfiod_poll) list;
	/* All three are made with the first poll. */
	int signal; /* by the pager, and for a kick: be hot */
	struct vfiod_watch *watch; /* for signal */
	struct vfiod_timer *timer; /* armed while hot, and for a rest */
	bool rests;
	uint64_t rest; /* how long the next one is; 0: none is due */
};

struct vfiod_poll {
	LIST_ENTRY(vfiod_poll) next;
	struct vfiod_polls *polls;
	struct vfio_memory *memory;
	unsigned int index; /* of the region */
	uint64_t offset; /* in it, and in bytes, as size */
	uint64_t size;
	uint64_t *seen; /* what the memory was when it was kept */
	bool (*fn)(void *arg);
	void *arg;
};

struct vfiod_polls *polls_create(struct pager *pager)
{
	struct vfiod_polls *polls = calloc(1, sizeof(*polls));

	if (!polls)
		return NULL;
	polls->pager = pager;
	polls->signal = -1;
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
	vfiod_watch_free(polls->watch);
	vfiod_timer_free(polls->timer);
	if (polls->signal >= 0)
		close(polls->signal);
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

/* Was there anything to do? The lock is held, here and up to turn(). */
static bool look(struct vfiod_polls *polls)
{
	struct vfiod_poll *poll;
	bool any = false;

	LIST_FOREACH(poll, &polls->list, next)
		if (poll->fn(poll->arg))
			any = true;
	return any;
}

/* The clock is dearer than a look. */
static bool spin(struct vfiod_polls *polls)
{
	uint64_t end = now() + TURN;
	bool any = false;

	do {
		for (int i = 0; i < LOOKS; i++) {
			if (look(polls)) {
				any = true;
				break;
			}
			relax();
		}
	} while (!atomic_load(&polls->waiting) && now() < end);
	return any;
}

/* It can only fail for want of memory, and a store would be lost then. */
static void arm(struct vfiod_polls *polls, uint64_t ns)
{
	while (vfiod_timer_arm(polls->timer, ns))
		sched_yield();
}

static void keep(struct vfiod_polls *polls)
{
	struct vfiod_poll *poll;

	LIST_FOREACH(poll, &polls->list, next)
		memory_keep(poll->memory, poll->index, poll->offset, poll->seen,
			    poll->size);
}

/* 0: asleep, and nothing was stored since it was kept. 1: it may have been. */
static int sleep_now(struct vfiod_polls *polls)
{
	struct vfiod_poll *poll;
	int ret = 0;

	LIST_FOREACH(poll, &polls->list, next)
		if (!ret)
			ret = memory_sleep(poll->memory, poll->index,
					   poll->offset, poll->seen,
					   poll->size);
	return ret;
}

/* There is something to do. */
static void stay_hot(struct vfiod_polls *polls)
{
	polls->rest = 0;
	arm(polls, 0);
}

static void rest(struct vfiod_polls *polls)
{
	polls->rests = true;
	arm(polls, polls->rest);
}

static void make_next_rest_longer(struct vfiod_polls *polls)
{
	polls->rest *= 2;
	if (polls->rest < REST_MIN)
		polls->rest = REST_MIN;
	if (polls->rest > REST_MAX)
		polls->rest = REST_MAX;
}

/* There was nothing to do, and no rest is due. */
static void stop(struct vfiod_polls *polls)
{
	int ret;

	keep(polls);
	if (look(polls)) {
		stay_hot(polls);
		return;
	}
	make_next_rest_longer(polls);
	ret = sleep_now(polls);
	if (ret > 0 && look(polls))
		stay_hot(polls);
	else if (ret)
		rest(polls);
}

static void turn(struct vfiod_polls *polls)
{
	bool rested = polls->rests;

	polls->rests = false;
	if (LIST_EMPTY(&polls->list))
		return;
	if (rested ? look(polls) : spin(polls))
		stay_hot(polls);
	else if (!rested && polls->rest)
		rest(polls);
	else
		stop(polls);
}

static void on_timer(void *arg)
{
	struct vfiod_polls *polls = arg;

	if (atomic_load(&polls->waiting))
		return;
	pthread_mutex_lock(&polls->lock);
	turn(polls);
	pthread_mutex_unlock(&polls->lock);
}

static void on_signal(void *arg)
{
	struct vfiod_polls *polls = arg;
	eventfd_t times;

	eventfd_read(polls->signal, &times);
	if (atomic_load(&polls->waiting))
		return;
	pthread_mutex_lock(&polls->lock);
	vfiod_timer_disarm(polls->timer);
	polls->rests = false;
	turn(polls);
	pthread_mutex_unlock(&polls->lock);
}

void vfiod_poll_kick(struct vfiod_poll *poll)
{
	eventfd_write(poll->polls->signal, 1);
}

/* Between the two no turn runs. */
static void begin_change(struct vfiod_polls *polls)
{
	atomic_fetch_add(&polls->waiting, 1);
	pthread_mutex_lock(&polls->lock);
}

static void end_change(struct vfiod_polls *polls)
{
	polls->rest = 0;
	atomic_fetch_sub(&polls->waiting, 1);
	if (polls->signal >= 0)
		eventfd_write(polls->signal, 1);
	pthread_mutex_unlock(&polls->lock);
}

static int prepare_signal(struct vfiod_polls *polls, struct vfio_device *vdev)
{
	if (polls->signal < 0)
		polls->signal = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (polls->signal < 0)
		return -errno;
	if (!polls->timer)
		polls->timer = vfiod_timer_new(vdev, on_timer, polls);
	if (polls->timer && !polls->watch)
		polls->watch =
			vfiod_watch_new(vdev, polls->signal, on_signal, polls);
	return polls->watch ? 0 : -errno;
}

/* Without pages that go there are still rests. */
static int prepare(struct vfiod_polls *polls, struct vfio_device *vdev)
{
	int ret = prepare_signal(polls, vdev);

	if (ret)
		return ret;
	ret = memory_watch(vdev->memory, polls->pager, polls->signal);
	if (ret)
		vfio_log(LOG_LEVEL_WARNING,
			 "%s: what is stored to its memory is looked for all "
			 "the time: %s",
			 vdev->name, strerror(-ret));
	return 0;
}

static bool is_inside(struct vfio_device *vdev, unsigned int index,
		      uint64_t offset, uint64_t size)
{
	uint64_t end;

	return vfiod_region_memory(vdev, index) && size &&
	       (offset | size) % sizeof(uint64_t) == 0 &&
	       !__builtin_add_overflow(offset, size, &end) &&
	       end <= vdev->type->regions[index].size;
}

static bool is_open(struct vfio_device *vdev)
{
	return atomic_load(&vdev->users) & VFIO_DEVICE_IN_USE;
}

static int start(struct vfiod_poll *poll, struct vfio_device *vdev)
{
	struct vfiod_polls *polls = poll->polls;
	int ret;

	begin_change(polls);
	ret = prepare(polls, vdev);
	if (!ret)
		LIST_INSERT_HEAD(&polls->list, poll, next);
	end_change(polls);
	return ret;
}

static void destroy(struct vfiod_poll *poll)
{
	free(poll->seen);
	free(poll);
}

static struct vfiod_poll *create(const struct vfiod_poll *template)
{
	struct vfiod_poll *poll = malloc(sizeof(*poll));

	if (!poll)
		return NULL;
	*poll = *template;
	poll->seen = malloc(poll->size);
	if (poll->seen)
		return poll;
	free(poll);
	return NULL;
}

struct vfiod_poll *vfiod_poll_new(struct vfio_device *vdev, unsigned int index,
				  uint64_t offset, uint64_t size,
				  bool (*fn)(void *arg), void *arg)
{
	const struct vfiod_poll template = {
		.polls = vdev->polls,
		.memory = vdev->memory,
		.index = index,
		.offset = offset,
		.size = size,
		.fn = fn,
		.arg = arg,
	};
	bool inside = is_inside(vdev, index, offset, size);
	struct vfiod_poll *poll;
	int ret;

	if (!inside || !is_open(vdev)) {
		errno = inside ? ENODEV : EINVAL;
		return NULL;
	}
	poll = create(&template);
	if (!poll)
		return NULL;
	ret = start(poll, vdev);
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
	begin_change(polls);
	LIST_REMOVE(poll, next);
	end_change(polls);
	destroy(poll);
}
