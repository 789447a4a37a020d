// SPDX-License-Identifier: BSD-3-Clause
#include "closing.h"

#include "../backend/group.h"
#include "daemon.h"
#include "fuse_front.h"

void closing_init(struct closing *closing)
{
	pthread_mutex_init(&closing->lock, NULL);
	pthread_cond_init(&closing->released, NULL);
	TAILQ_INIT(&closing->entries);
	closing->clock = 0;
	atomic_init(&closing->count, 0);
}

void closing_fini(struct closing *closing)
{
	pthread_mutex_destroy(&closing->lock);
	pthread_cond_destroy(&closing->released);
}

static void enlist(struct closing *closing, struct closing_entry *entry)
{
	if (!entry->flushed_at) {
		TAILQ_INSERT_TAIL(&closing->entries, entry, next);
		atomic_fetch_add(&closing->count, 1);
	}
	entry->flushed_at = ++closing->clock;
}

static void delist(struct closing *closing, struct closing_entry *entry)
{
	TAILQ_REMOVE(&closing->entries, entry, next);
	entry->flushed_at = 0;
	atomic_fetch_sub(&closing->count, 1);
}

void closing_flush(struct closing *closing, struct closing_entry *entry)
{
	pthread_mutex_lock(&closing->lock);
	enlist(closing, entry);
	pthread_mutex_unlock(&closing->lock);
}

void closing_release_begin(struct closing *closing, struct closing_entry *entry)
{
	pthread_mutex_lock(&closing->lock);
	enlist(closing, entry);
	entry->releasing = true;
	pthread_mutex_unlock(&closing->lock);
}

void closing_release_end(struct closing *closing, struct closing_entry *entry)
{
	pthread_mutex_lock(&closing->lock);
	delist(closing, entry);
	pthread_cond_broadcast(&closing->released);
	pthread_mutex_unlock(&closing->lock);
}

static bool concerns(const struct closing_entry *entry,
		     const struct vfio_group *group,
		     const struct vfio_container *container)
{
	if (group)
		return entry->group == group;
	return !entry->group_only &&
	       atomic_load(&entry->group->container) == container;
}

/* Is a file in question of which only FLUSH has been seen? */
static bool is_open_question(struct closing *closing,
			     const struct vfio_group *group,
			     const struct vfio_container *container)
{
	struct closing_entry *entry;

	TAILQ_FOREACH(entry, &closing->entries, next)
		if (!entry->releasing && concerns(entry, group, container))
			return true;
	return false;
}

/*
 * After a barrier that began at @start: what saw its FLUSH before and has no
 * RELEASE by now is held by another fd.
 */
static void forget_living(struct closing *closing, uint64_t start)
{
	struct closing_entry *entry, *next;

	for (entry = TAILQ_FIRST(&closing->entries); entry; entry = next) {
		next = TAILQ_NEXT(entry, next);
		if (!entry->releasing && entry->flushed_at < start)
			delist(closing, entry);
	}
}

static bool is_releasing(struct closing *closing,
			 const struct vfio_group *group,
			 const struct vfio_container *container)
{
	struct closing_entry *entry;

	TAILQ_FOREACH(entry, &closing->entries, next)
		if (entry->releasing && concerns(entry, group, container))
			return true;
	return false;
}

/* Find out what is still open; closing->lock is dropped meanwhile. */
static void answer_question(struct daemon *daemon)
{
	struct closing *closing = &daemon->closing;
	uint64_t start = ++closing->clock;

	pthread_mutex_unlock(&closing->lock);
	fuse_front_barrier(daemon->fuse);
	pthread_mutex_lock(&closing->lock);
	forget_living(closing, start);
}

/*
 * Until there is neither a question nor a RELEASE under way: what is waited
 * for may itself end with a close. closing->lock is held.
 */
static void settle(struct daemon *daemon, const struct vfio_group *group,
		   const struct vfio_container *container)
{
	struct closing *closing = &daemon->closing;

	for (;;) {
		if (is_open_question(closing, group, container))
			answer_question(daemon);
		else if (is_releasing(closing, group, container))
			pthread_cond_wait(&closing->released, &closing->lock);
		else
			break;
	}
}

void closing_settle(struct daemon *daemon, const struct vfio_group *group,
		    const struct vfio_container *container)
{
	struct closing *closing = &daemon->closing;

	if (!atomic_load(&closing->count))
		return;
	pthread_mutex_lock(&closing->lock);
	settle(daemon, group, container);
	pthread_mutex_unlock(&closing->lock);
}

void closing_settle_busy(struct daemon *daemon, const struct vfio_group *group)
{
	pthread_mutex_lock(&daemon->closing.lock);
	answer_question(daemon);
	settle(daemon, group, NULL);
	pthread_mutex_unlock(&daemon->closing.lock);
}
