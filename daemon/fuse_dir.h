/* SPDX-License-Identifier: BSD-3-Clause */
/* What FUSE asks of directories and attributes of the tree. */
#ifndef VFIOD_DAEMON_FUSE_DIR_H
#define VFIOD_DAEMON_FUSE_DIR_H

#include <stdint.h>
#include <sys/types.h>

struct fuse_file_info;
struct fuse_req;
struct tree_node;

/* fuse_lowlevel_ops.readdir, in a session whose userdata is a fuse_front. */
void fuse_dir_readdir(struct fuse_req *req, uint64_t ino, size_t size,
		      off_t pos, struct fuse_file_info *fi);

/* May the attribute @node be opened with these flags? 0 or -EACCES. */
int fuse_dir_open_text(const struct tree_node *node, int flags);

/* Answer a read of the attribute @node, or a write to it. */
void fuse_dir_read_text(struct fuse_req *req, const struct tree_node *node,
			size_t size, off_t pos);
void fuse_dir_write_text(struct fuse_req *req, const struct tree_node *node,
			 const char *buf, size_t size);

#endif
