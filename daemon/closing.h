/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making close(2) of a FUSE file look synchronous, as it is in the kernel's
 * VFIO. close() returns when the file has seen FLUSH; the RELEASE that
 * follows the last one comes on its own, and a client that goes on at once
 * could find its group busy. So a request about a group whose files have
 * seen FLUSH waits first: until the server has read all that the connection
 * held (fuse_front_barrier()), and the RELEASEs among it are done.
 */
#ifndef VFIOD_DAEMON_CLOSING_H
#define VFIOD_DAEMON_CLOSING_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct daemon;
struct file;
struct vfio_container;
struct vfio_group;

/* The part of a file that closing.c owns. */
struct closing_entry {
	TAILQ_ENTRY(closing_entry) next;
	struct vfio_group *group;
	uint64_t flushed_at; /* 0: not in the list */
	bool releasing;
	/* Only who asks about the group itself waits, not its container. */
	bool group_only;
};

struct closing {
	pthread_mutex_t lock; /* a leaf; guards what follows */
	pthread_cond_t released;
	TAILQ_HEAD(, closing_entry) entries;
	uint64_t clock; /* counts FLUSHes and barriers */
	atomic_uint count; /* of the entries; read without the lock */
};

void closing_init(struct closing *closing);
void closing_fini(struct closing *closing);

/* A file of a FUSE connection has seen FLUSH. */
void closing_flush(struct closing *closing, struct closing_entry *entry);
/* Around what its RELEASE does, or anything else that has to be waited for. */
void closing_release_begin(struct closing *closing,
			   struct closing_entry *entry);
void closing_release_end(struct closing *closing, struct closing_entry *entry);

/*
 * Before a request about @group, or about @container and so about all groups
 * attached to it, is served; the other is NULL. On threads that serve
 * requests, without locks. Costs nothing when nothing is being closed.
 */
void closing_settle(struct daemon *daemon, const struct vfio_group *group,
		    const struct vfio_container *container);

/*
 * The same for @group when it has been found busy, whatever has been seen of
 * its files: the FLUSH of a process that is killed can get lost.
 */
void closing_settle_busy(struct daemon *daemon, const struct vfio_group *group);

#endif
