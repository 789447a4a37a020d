// SPDX-License-Identifier: BSD-3-Clause
#include "fake_timer.h"

#include <stdlib.h>
#include <sys/queue.h>

struct vfiod_timer {
	LIST_ENTRY(vfiod_timer) next;
	void (*fn)(void *arg);
	void *arg;
	bool armed;
	uint64_t ns;
	bool due; /* in the round that runs */
};

static LIST_HEAD(, vfiod_timer) timers = LIST_HEAD_INITIALIZER(timers);

struct vfiod_timer *vfiod_timer_new(struct vfio_device *vdev,
				    void (*fn)(void *arg), void *arg)
{
	struct vfiod_timer *timer = calloc(1, sizeof(*timer));

	(void)vdev;
	if (!timer)
		return NULL;
	timer->fn = fn;
	timer->arg = arg;
	LIST_INSERT_HEAD(&timers, timer, next);
	return timer;
}

int vfiod_timer_arm(struct vfiod_timer *timer, uint64_t ns)
{
	timer->armed = true;
	timer->ns = ns;
	return 0;
}

int vfiod_timer_disarm(struct vfiod_timer *timer)
{
	timer->armed = false;
	return 0;
}

void vfiod_timer_free(struct vfiod_timer *timer)
{
	LIST_REMOVE(timer, next);
	free(timer);
}

unsigned int fake_timers_run(void)
{
	struct vfiod_timer *timer;
	unsigned int nr = 0;

	LIST_FOREACH(timer, &timers, next)
		timer->due = timer->armed;
	LIST_FOREACH(timer, &timers, next) {
		if (!timer->due)
			continue;
		timer->armed = false;
		timer->fn(timer->arg);
		nr++;
	}
	return nr;
}

uint64_t fake_timers_next(void)
{
	struct vfiod_timer *timer;
	uint64_t ns = UINT64_MAX;

	LIST_FOREACH(timer, &timers, next)
		if (timer->armed && timer->ns < ns)
			ns = timer->ns;
	return ns;
}

unsigned int fake_timers_held(void)
{
	struct vfiod_timer *timer;
	unsigned int nr = 0;

	LIST_FOREACH(timer, &timers, next)
		nr++;
	return nr;
}
