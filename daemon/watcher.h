/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The thread that looks at memory which somebody else stores to, and tells
 * when it has changed. One for all devices: what it calls must be quick.
 */
#ifndef VFIOD_DAEMON_WATCHER_H
#define VFIOD_DAEMON_WATCHER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct watcher;

/* Memory to look at. Its owner fills in what comes before the remark. */
struct watched {
	const uint64_t *memory; /* whole words; others may store at any time */
	uint64_t *seen; /* as much, for what it was */
	size_t words;
	/* It has changed, and is not looked at any more. With the watcher's
	 * lock held. */
	void (*changed)(struct watched *watched);
	/* The watcher's. */
	LIST_ENTRY(watched) next;
};

/* NULL for ENOMEM. No thread is made before the first watcher_start(). */
struct watcher *watcher_create(void);
/* Nothing is watched any more. */
void watcher_destroy(struct watcher *watcher);

/* There has to be a thread from now on: 0 or a negative errno. */
int watcher_start(struct watcher *watcher);

/* Keep what the memory is now: what is stored from here on is a change. */
void watched_keep(struct watched *watched);

/*
 * Look at it until it has changed from what was kept. Once for each change;
 * the watcher looks after 50 us first, and after a while each 0.85 ms.
 */
void watcher_add(struct watcher *watcher, struct watched *watched);
/*
 * Do not look any more; nothing happens when nobody does. When it returns,
 * @changed does not run and will not.
 */
void watcher_remove(struct watcher *watcher, struct watched *watched);

#endif
