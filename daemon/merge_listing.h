/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIOD_DAEMON_MERGE_LISTING_H
#define VFIOD_DAEMON_MERGE_LISTING_H

#include <stddef.h>
#include <sys/types.h>

struct merge_entry {
	char *name;
	mode_t type; /* S_IFDIR, S_IFLNK, S_IFREG… */
};

/* What a directory held when it was read; { 0 } is an empty one. */
struct merge_listing {
	struct merge_entry *v;
	size_t n;
};

/*
 * Reads the directory @fd (O_PATH will do) into @l, which must be empty.
 * Entries that go meanwhile are left out. Returns 0 or a negative errno; @l
 * can be freed in both cases.
 */
int merge_listing_read(struct merge_listing *l, int fd);
void merge_listing_free(struct merge_listing *l);

/* The entry called @name, or NULL. */
const struct merge_entry *merge_listing_find(const struct merge_listing *l,
					     const char *name);

#endif
