/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIOD_DAEMON_MERGE_H
#define VFIOD_DAEMON_MERGE_H

#include <limits.h>
#include <stdbool.h>

/*
 * Laying directories of ours over existing ones, by mounts in a private mount
 * namespace.
 *
 * Where a directory must gain an entry, a tmpfs is mounted over it (a
 * "skeleton") with the mode and owner of the original; every entry of the
 * original is put back by a bind mount with all that is mounted below it
 * (symlinks are made anew), and ours is put beside them. What appears later
 * in a directory that got a skeleton is not seen; what appears below one of
 * its entries is.
 *
 * A device node called ptmx becomes a symlink to the same node, through an
 * additional entry ".vfiod-original" beside it: it does not work otherwise.
 *
 * Called by one thread at a time, which needs CAP_SYS_ADMIN in the user
 * namespace that owns its mount namespace. Nothing is undone on failure: the
 * caller gives up its namespace, by ending.
 */
struct merge {
	/* Skeletons refuse writing, as sysfs refuses new files. */
	bool read_only;
	/* After a failure: the path it failed at. */
	char failed[PATH_MAX];
};

/*
 * Covers the directory @path with the directory @ours (an fd, O_PATH will do,
 * of a directory mounted in the caller's mount namespace). Nothing of @path
 * is seen any more. If it does not exist it is made, in a skeleton of its
 * nearest existing parent, which may not be the root directory (-EROFS).
 * @path is absolute.
 */
int merge_cover(struct merge *m, const char *path, int ours);

/*
 * Merges the tree @ours (as above) into the existing directory @path
 * (absolute):
 * - a directory in both is merged, entry by entry;
 * - an empty directory is covered by ours, so that what we add to it later
 *   is seen too;
 * - of anything else that is in both, ours is seen;
 * - what only one of them has is seen.
 */
int merge_tree(struct merge *m, const char *path, int ours);

#endif
