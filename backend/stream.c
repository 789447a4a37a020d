// SPDX-License-Identifier: BSD-3-Clause
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "host.h"

/* All but the count of references is constant. */
struct vfiod_stream {
	struct vfio_device *vdev;
	struct vfiod_stream_ops ops; /* its latest layout */
	void *data;
	atomic_uint refs;
};

struct vfiod_stream *vfiod_stream_create(struct vfio_device *vdev,
					 const struct vfiod_stream_ops *ops,
					 size_t size, void *data)
{
	struct vfiod_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	if (size > sizeof(stream->ops))
		size = sizeof(stream->ops);
	memcpy(&stream->ops, ops, size);
	stream->vdev = vdev;
	stream->data = data;
	atomic_init(&stream->refs, 1);
	return stream;
}

void *vfiod_stream_data(const struct vfiod_stream *stream)
{
	return stream->data;
}

struct vfiod_stream *vfiod_stream_get(struct vfiod_stream *stream)
{
	atomic_fetch_add(&stream->refs, 1);
	return stream;
}

void vfiod_stream_put(struct vfiod_stream *stream)
{
	if (!stream || atomic_fetch_sub(&stream->refs, 1) != 1)
		return;
	if (stream->ops.release)
		stream->ops.release(stream);
	free(stream);
}

int vfio_stream_flags(const struct vfiod_stream *stream)
{
	if (!stream->ops.write)
		return O_RDONLY;
	return stream->ops.read ? O_RDWR : O_WRONLY;
}

struct vfio_device *vfio_stream_device(const struct vfiod_stream *stream)
{
	return stream->vdev;
}

static int precopy_info(struct vfiod_stream *stream, uint64_t arg)
{
	struct vfio_precopy_info info;
	int ret;

	if (vfio_copy_from_user(&info, arg, sizeof(info)))
		return -EFAULT;
	if (info.argsz < sizeof(info))
		return -EINVAL;
	ret = stream->ops.precopy_info(stream, &info);
	if (ret)
		return ret;
	return vfio_copy_to_user(arg, &info, sizeof(info));
}

int vfio_stream_ioctl(struct vfiod_stream *stream, unsigned int cmd,
		      uint64_t arg)
{
	if (atomic_load(&stream->vdev->broken))
		return -EIO;
	if (cmd != VFIO_MIG_GET_PRECOPY_INFO || !stream->ops.precopy_info)
		return -ENOTTY;
	return precopy_info(stream, arg);
}

ssize_t vfio_stream_read(struct vfiod_stream *stream, void *buf, size_t count)
{
	ssize_t ret;

	if (atomic_load(&stream->vdev->broken))
		return -EIO;
	if (!stream->ops.read)
		return -EBADF;
	ret = stream->ops.read(stream, buf, count);
	return ret > (ssize_t)count ? -EIO : ret;
}

ssize_t vfio_stream_write(struct vfiod_stream *stream, const void *buf,
			  size_t count)
{
	ssize_t ret;

	if (atomic_load(&stream->vdev->broken))
		return -EIO;
	if (!stream->ops.write)
		return -EBADF;
	ret = stream->ops.write(stream, buf, count);
	return ret > (ssize_t)count ? -EIO : ret;
}
