// SPDX-License-Identifier: BSD-3-Clause
#define FUSE_USE_VERSION 35
#include "passthrough.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

/* Linux 6.9; the headers of Debian 12 do not have it. */
#ifndef FUSE_PASSTHROUGH
#define FUSE_PASSTHROUGH (1ULL << 37)
#define FOPEN_PASSTHROUGH (1 << 7)

struct fuse_backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};

#define FUSE_DEV_IOC_BACKING_OPEN _IOW(229, 1, struct fuse_backing_map)
#define FUSE_DEV_IOC_BACKING_CLOSE _IOW(229, 2, uint32_t)
#endif

#ifndef FUSE_INIT_EXT
#define FUSE_INIT_EXT (1 << 30)
#endif

#define FLAGS2 (FUSE_PASSTHROUGH >> 32)

/* struct fuse_init_out: behind flags2. */
#define MAX_STACK_DEPTH_OFFSET \
	(offsetof(struct fuse_init_out, flags2) + sizeof(uint32_t))

/* struct fuse_open_out, whose last field was padding before. */
struct open_out {
	uint64_t fh;
	uint32_t open_flags;
	int32_t backing_id;
};

bool passthrough_is_offered(const struct fuse_init_in *in)
{
	return (in->flags & FUSE_INIT_EXT) && (in->flags2 & FLAGS2);
}

void passthrough_accept(struct iovec *iov, int count)
{
	const struct fuse_out_header *header = iov[0].iov_base;
	struct fuse_init_out *out;

	if (count < 2 || header->error || iov[1].iov_len < sizeof(*out))
		return;
	out = iov[1].iov_base;
	out->flags |= FUSE_INIT_EXT;
	out->flags2 |= FLAGS2;
	/* The backing files are on no other file system. */
	*(uint32_t *)((char *)out + MAX_STACK_DEPTH_OFFSET) = 1;
}

int passthrough_register(int fuse_fd, int fd)
{
	struct fuse_backing_map map = { .fd = fd };
	int id;

	id = ioctl(fuse_fd, FUSE_DEV_IOC_BACKING_OPEN, &map);
	return id < 0 ? -errno : id;
}

void passthrough_unregister(int fuse_fd, int id)
{
	uint32_t arg = id;

	ioctl(fuse_fd, FUSE_DEV_IOC_BACKING_CLOSE, &arg);
}

int passthrough_reply_open(struct fuse_req *req, uint64_t fh, int id)
{
	const struct open_out out = {
		.fh = fh,
		.open_flags = FOPEN_DIRECT_IO | FOPEN_PASSTHROUGH,
		.backing_id = id,
	};

	return fuse_reply_buf(req, (const char *)&out, sizeof(out));
}
