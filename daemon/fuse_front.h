/* SPDX-License-Identifier: BSD-3-Clause */
/* The FUSE side: the tree served on a mount. */
#ifndef VFIOD_DAEMON_FUSE_FRONT_H
#define VFIOD_DAEMON_FUSE_FRONT_H

#include <stdint.h>
#include <sys/types.h>

struct daemon;
struct fuse_front;
struct stat;
struct tree;
struct tree_node;
struct vfio_memory;

/*
 * Serve @tree on the mounted connection @fd, which is taken over, from now
 * on, with threads of its own. All files belong to @uid and @gid. 0 or a
 * negative errno.
 */
int fuse_front_start(struct daemon *daemon, struct tree *tree, int fd,
		     uid_t uid, gid_t gid, struct fuse_front **front);

/*
 * Once the mount is where it is to stay: @control is the path there of the
 * TREE_CONTROL file, and stays the caller's. Needed before the first client.
 * 0 or a negative errno.
 */
int fuse_front_control(struct fuse_front *front, const char *control);

/*
 * Find out whether clients can map @memory, of a device, and note it there.
 * Once the mount is in use, before the first client.
 */
void fuse_front_try_memory(struct fuse_front *front,
			   struct vfio_memory *memory);

/*
 * Wait until all that is in the connection now has been read by a thread of
 * ours, and peeked at. On any thread; one that serves requests may call it.
 */
void fuse_front_barrier(struct fuse_front *front);

/* The node with inode number @ino; NULL: there is none. */
const struct tree_node *fuse_front_by_ino(const struct fuse_front *front,
					  uint64_t ino);

/* The node behind a file of our mount; NULL for other files. */
const struct tree_node *fuse_front_node(const struct fuse_front *front,
					const struct stat *st);

/*
 * End it: 0, or -EBUSY when a thread does not come to an end, one of its own or
 * of daemon->jobs; then all of it stays.
 */
int fuse_front_stop(struct fuse_front *front);

#endif
