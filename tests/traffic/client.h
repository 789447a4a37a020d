/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client beside others in a container of traffic devices (traffic.h). It
 * maps and unmaps its slots, and looks after each unmap at what is in its
 * memory and what the record says. Used over /dev/vfio and on the model.
 */
#ifndef TESTS_TRAFFIC_CLIENT_H
#define TESTS_TRAFFIC_CLIENT_H

#include <stddef.h>

#include "../plugins/traffic.h"

struct traffic_client;

/* How it calls. 0, or the bytes unmapped; or a negative errno. */
struct traffic_ops {
	int (*map)(struct traffic_client *client, uint64_t iova, uint64_t vaddr,
		   uint64_t size);
	int64_t (*unmap)(struct traffic_client *client, uint64_t iova,
			 uint64_t size);
};

/* Used by one thread at a time. Set the first six, and leave the rest 0. */
struct traffic_client {
	const struct traffic_ops *ops;
	void *arg; /* for the ops */
	struct traffic_record *record;
	unsigned int n;
	uint64_t vaddr; /* its memory, TRAFFIC_CLIENT_PAGES pages… */
	const uint8_t *mem; /* …and where it can be read here */
	unsigned int seed;
	bool mapped[TRAFFIC_SLOTS];
	/* What was in the memory when it was unmapped last. */
	uint64_t seen[TRAFFIC_CLIENT_PAGES][TRAFFIC_THREADS];
	atomic_ulong steps;
};

/* Map or unmap some slots, and check: false when the record says failed. */
bool traffic_step(struct traffic_client *client);

/*
 * Unmap all slots, whatever is known of them: at the end, and for a client
 * that was killed. False as above.
 */
bool traffic_drop(struct traffic_client *client);

/* Something is wrong: print it and let everybody stop. Returns false. */
bool traffic_fail(struct traffic_record *record, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Have all devices been asked to unpin, and all kinds of writes been done? */
bool traffic_enough(struct traffic_record *record);

/*
 * When everything is unmapped: is nothing pinned, was no device called that
 * was closed, no unknown errno seen? Prints the totals.
 */
bool traffic_finish(struct traffic_record *record);

#endif
