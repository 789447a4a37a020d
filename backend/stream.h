/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stream of migration data: what a plugin makes when a change of state
 * begins a transfer, and the file operations of the fd by which the client
 * reads or writes it. The kernel has a struct file of the driver's here.
 */
#ifndef VFIOD_BACKEND_STREAM_H
#define VFIOD_BACKEND_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <vfiod/plugin.h>

/* With which access mode its file is open: O_RDONLY, O_WRONLY, O_RDWR. */
int vfio_stream_flags(const struct vfiod_stream *stream);
struct vfio_device *vfio_stream_device(const struct vfiod_stream *stream);

/* What the file operations of the fd return, with a current client. */
int vfio_stream_ioctl(struct vfiod_stream *stream, unsigned int cmd,
		      uint64_t arg);
ssize_t vfio_stream_read(struct vfiod_stream *stream, void *buf, size_t count);
ssize_t vfio_stream_write(struct vfiod_stream *stream, const void *buf,
			  size_t count);

#endif
