/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FUSE passthrough (Linux 6.9), of which libfuse 3.14 knows nothing: mmap of a
 * file goes to another file, a backing file, at the same offset, while reads,
 * writes and ioctls still come to the server. Needs CAP_SYS_ADMIN over the
 * machine.
 */
#ifndef VFIOD_DAEMON_PASSTHROUGH_H
#define VFIOD_DAEMON_PASSTHROUGH_H

#include <stdbool.h>
#include <stdint.h>

struct fuse_init_in;
struct fuse_req;
struct iovec;

/* Does the kernel offer it in its INIT? */
bool passthrough_is_offered(const struct fuse_init_in *in);
/* Accept it in the answer to that: libfuse's header and body. */
void passthrough_accept(struct iovec *iov, int count);

/*
 * Make @fd a backing file of the connection @fuse_fd: its id, 1 or more, or a
 * negative errno. The file of a server can have one at a time.
 */
int passthrough_register(int fuse_fd, int fd);
void passthrough_unregister(int fuse_fd, int id);

/*
 * Answer an open: file handle @fh, direct I/O, and mmap of backing file @id.
 * What fuse_reply_open() returns.
 */
int passthrough_reply_open(struct fuse_req *req, uint64_t fh, int id);

#endif
