/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An open file of a client: a container, a group, a device or a stream of
 * migration data, on whichever transport it came. Requests are served on the threads of that transport.
 */
#ifndef VFIOD_DAEMON_FILE_H
#define VFIOD_DAEMON_FILE_H

#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "account.h"
#include "closing.h"

struct daemon;
struct fuse_req;
struct vfio_device_file;
struct vfio_memory;
struct vfiod_stream;

struct file {
	LIST_ENTRY(file) next; /* daemon->files_lock */
	struct daemon *daemon;
	enum account_kind kind;
	union {
		struct vfio_container *container;
		struct vfio_group *group;
		struct vfio_device_file *device;
		struct vfiod_stream *stream;
	};
	struct closing_entry closing;
};

/* What open(2) by thread @tid gives: 0 and a file, or its errno. */
int file_open_container(struct daemon *daemon, struct file **file);
int file_open_group(struct daemon *daemon, struct vfio_group *group, pid_t tid,
		    struct file **file);
/* What the thread has a ticket for; else -ENXIO, as the kernel's nodes. */
int file_open_ticket(struct daemon *daemon, pid_t tid, struct file **file);

/*
 * A file that is going to be handed to a client: with a ticket for it, the
 * client or a thread of ours opens it. Takes over what it is of; -ENOMEM.
 */
int file_make_device(struct daemon *daemon, struct vfio_device_file *device,
		     struct file **file);
int file_make_stream(struct daemon *daemon, struct vfiod_stream *stream,
		     struct file **file);
/* Where it can be opened, and with which access mode. */
void file_path(const struct file *file, char *path, size_t size);
int file_access(const struct file *file);

/* The memory of the device that is opened; NULL for other files, and when it
 * has none. */
struct vfio_memory *file_memory(const struct file *file);

/* Answer a request; @req is used up. */
void file_ioctl(struct file *file, struct fuse_req *req, unsigned int cmd,
		uint64_t arg);
void file_read(struct file *file, struct fuse_req *req, size_t size,
	       uint64_t pos);
void file_write(struct file *file, struct fuse_req *req, const void *buf,
		size_t size, uint64_t pos);

/* A FUSE file: FLUSH, and the first sight of RELEASE. Containers do not
 * care: nothing can be seen of when they go. */
void file_flush(struct file *file);
void file_release_begin(struct file *file);
/* The last fd is gone, and so is the file. */
void file_release(struct file *file);
/* Nobody is served any more: release all that are left. */
void file_release_all(struct daemon *daemon);

#endif
