/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process that lives on after vfiod, until all that descends from CMD is
 * gone, and lets the kernel perform what the seccomp filter reports. With
 * nobody to report to, every mmap of a file with MAP_SHARED would fail there.
 *
 * All of it on the thread that serves the listener.
 */
#ifndef VFIOD_DAEMON_HEIR_H
#define VFIOD_DAEMON_HEIR_H

#include <stdint.h>

struct heir_calls;

struct heir {
	struct heir_calls *calls; /* NULL: there is no heir */
	int alive; /* while it is open the heir only waits */
};

/*
 * Start it, to serve @listener when this process has ended, however that
 * comes, or heir_end() was called: 0 or a negative errno. It has the listener
 * and no other file, and takes no signal but SIGKILL.
 */
int heir_start(struct heir *heir, int listener);

/*
 * Call @id was received from @listener, and will be answered later. Who has
 * received a call has to answer it: with the listener open in the heir, the
 * kernel would have it wait for ever. So the heir lets it pass if it still
 * waits then. Nothing without an heir.
 */
void heir_note(const struct heir *heir, int listener, uint64_t id);

/* Nothing without an heir. */
void heir_end(struct heir *heir);

#endif
