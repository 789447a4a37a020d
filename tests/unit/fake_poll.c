// SPDX-License-Identifier: BSD-3-Clause
#include "fake_poll.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <vfiod/plugin.h>

struct vfiod_poll {
	LIST_ENTRY(vfiod_poll) next;
	bool (*fn)(void *arg);
	void *arg;
};

static LIST_HEAD(, vfiod_poll) polls = LIST_HEAD_INITIALIZER(polls);
static atomic_uint nr_kicks;

struct vfiod_poll *vfiod_poll_new(struct vfio_device *vdev, unsigned int index,
				  uint64_t offset, uint64_t size,
				  bool (*fn)(void *arg), void *arg)
{
	struct vfiod_poll *poll = calloc(1, sizeof(*poll));

	(void)vdev, (void)index, (void)offset, (void)size;
	if (!poll)
		return NULL;
	poll->fn = fn;
	poll->arg = arg;
	LIST_INSERT_HEAD(&polls, poll, next);
	return poll;
}

void vfiod_poll_kick(struct vfiod_poll *poll)
{
	(void)poll; /* fake_polls_run() runs all */
	atomic_fetch_add(&nr_kicks, 1);
}

void vfiod_poll_free(struct vfiod_poll *poll)
{
	if (!poll)
		return;
	LIST_REMOVE(poll, next);
	free(poll);
}

unsigned int fake_polls_run(void)
{
	struct vfiod_poll *poll;
	unsigned int nr = 0;

	LIST_FOREACH(poll, &polls, next)
		nr += poll->fn(poll->arg);
	return nr;
}

unsigned int fake_polls_held(void)
{
	struct vfiod_poll *poll;
	unsigned int nr = 0;

	LIST_FOREACH(poll, &polls, next)
		nr++;
	return nr;
}

unsigned int fake_polls_take_kicks(void)
{
	return atomic_exchange(&nr_kicks, 0);
}
