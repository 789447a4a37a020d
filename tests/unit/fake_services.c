// SPDX-License-Identifier: BSD-3-Clause
#include "fake_services.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../../backend/mig_state.h"

#define FIRST_FD 100
#define MAX_FDS 16

struct vfio_device {
	const struct vfiod_type *type;
	void *drvdata;
};

struct vfio_eventfd {
	bool used;
	unsigned int refs;
	unsigned int count;
};

static struct vfio_eventfd eventfds[MAX_FDS];

void fake_reset(void)
{
	memset(eventfds, 0, sizeof(eventfds));
}

int fake_device_new(const char *type, struct vfio_device **vdev)
{
	const struct vfiod_plugin *plugin = vfiod_plugin_entry();
	struct vfio_device *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return -ENOMEM;
	for (uint32_t i = 0; i < plugin->nr_types; i++)
		if (!strcmp(plugin->types[i].name, type))
			new->type = &plugin->types[i];
	ret = new->type ? plugin->init(new) : -ENODEV;
	if (ret)
		free(new);
	else
		*vdev = new;
	return ret;
}

void fake_device_free(struct vfio_device *vdev)
{
	vfiod_plugin_entry()->release(vdev);
	free(vdev);
}

long fake_ioctl(struct vfio_device *vdev, unsigned int cmd, const void *arg)
{
	return vfiod_plugin_entry()->ioctl(vdev, cmd, (uintptr_t)arg);
}

int fake_eventfd_new(void)
{
	int i = 0;

	while (i < MAX_FDS && eventfds[i].used)
		i++;
	if (i == MAX_FDS)
		return -EMFILE;
	eventfds[i].used = true;
	return FIRST_FD + i;
}

unsigned int fake_eventfd_take(int fd)
{
	unsigned int count = eventfds[fd - FIRST_FD].count;

	eventfds[fd - FIRST_FD].count = 0;
	return count;
}

unsigned int fake_eventfds_held(void)
{
	unsigned int held = 0;

	for (int i = 0; i < MAX_FDS; i++)
		held += eventfds[i].refs;
	return held;
}

int vfiod_eventfd_get(int fd, struct vfio_eventfd **eventfd)
{
	int i = fd - FIRST_FD;

	if (fd == FAKE_PLAIN_FD)
		return -EINVAL;
	if (i < 0 || i >= MAX_FDS || !eventfds[i].used)
		return -EBADF;
	eventfds[i].refs++;
	*eventfd = &eventfds[i];
	return 0;
}

void vfiod_eventfd_signal(struct vfio_eventfd *eventfd)
{
	eventfd->count++;
}

void vfiod_eventfd_put(struct vfio_eventfd *eventfd)
{
	if (eventfd)
		eventfd->refs--;
}

struct vfiod_stream {
	const struct vfiod_stream_ops *ops;
	void *data;
	unsigned int refs;
};

/* Of all streams together; each test begins with none. */
static unsigned int stream_refs;

struct vfiod_stream *vfiod_stream_create(struct vfio_device *vdev,
					 const struct vfiod_stream_ops *ops,
					 size_t size, void *data)
{
	struct vfiod_stream *stream = calloc(1, sizeof(*stream));

	(void)vdev;
	if (!stream || size != sizeof(*ops))
		abort();
	stream->ops = ops;
	stream->data = data;
	stream->refs = 1;
	stream_refs++;
	return stream;
}

void *vfiod_stream_data(const struct vfiod_stream *stream)
{
	return stream->data;
}

struct vfiod_stream *vfiod_stream_get(struct vfiod_stream *stream)
{
	stream->refs++;
	stream_refs++;
	return stream;
}

void vfiod_stream_put(struct vfiod_stream *stream)
{
	stream_refs--;
	if (--stream->refs)
		return;
	stream->ops->release(stream);
	free(stream);
}

const struct vfiod_stream_ops *fake_stream_ops(const struct vfiod_stream *s)
{
	return s->ops;
}

unsigned int fake_streams_held(void)
{
	return stream_refs;
}

int vfiod_mig_get_next_state(struct vfio_device *vdev, uint32_t cur,
			     uint32_t target, uint32_t *next)
{
	(void)vdev;
	return vfio_mig_next_state(vfiod_plugin_entry()->migration_flags, cur,
				   target, next);
}

/* The kernel does the copies, so that a bad address is EFAULT. */
int vfiod_copy_from_user(void *to, uint64_t from, size_t n)
{
	struct iovec local = { to, n };
	struct iovec remote = { (void *)(uintptr_t)from, n };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) ==
			       (ssize_t)n ?
		       0 :
		       -EFAULT;
}

int vfiod_copy_to_user(uint64_t to, const void *from, size_t n)
{
	struct iovec local = { (void *)from, n };
	struct iovec remote = { (void *)(uintptr_t)to, n };

	return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) ==
			       (ssize_t)n ?
		       0 :
		       -EFAULT;
}

static size_t element_size(uint32_t data)
{
	return data == VFIO_IRQ_SET_DATA_NONE ? 0 :
	       data == VFIO_IRQ_SET_DATA_BOOL ? 1 :
						sizeof(int32_t);
}

int vfiod_set_irqs_validate(const struct vfio_irq_set *hdr,
			    unsigned int num_irqs, unsigned int max_index,
			    size_t *data_size)
{
	uint32_t known = VFIO_IRQ_SET_DATA_TYPE_MASK |
			 VFIO_IRQ_SET_ACTION_TYPE_MASK;
	uint32_t data = hdr->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	size_t minsz = offsetof(struct vfio_irq_set, data);

	if (hdr->argsz < minsz || hdr->index >= max_index ||
	    hdr->count >= UINT32_MAX - hdr->start || hdr->flags & ~known)
		return -EINVAL;
	if (hdr->start >= num_irqs || hdr->start + hdr->count > num_irqs)
		return -EINVAL;
	if (__builtin_popcount(data) != 1)
		return -EINVAL;
	*data_size = hdr->count * element_size(data);
	return hdr->argsz - minsz < *data_size ? -EINVAL : 0;
}

ssize_t vfiod_rw_split(struct vfio_device *vdev, void *buf, size_t count,
		       uint64_t pos, unsigned int max, vfiod_access_fn *fn)
{
	size_t done = 0;

	while (done < count) {
		unsigned int len = max;
		int ret;

		while (len > count - done || (pos + done) % len)
			len /= 2;
		ret = fn(vdev, pos + done, (char *)buf + done, len);
		if (ret)
			return done ? (ssize_t)done : ret;
		done += len;
	}
	return (ssize_t)done;
}

void vfiod_set_drvdata(struct vfio_device *vdev, void *data)
{
	vdev->drvdata = data;
}

void *vfiod_get_drvdata(const struct vfio_device *vdev)
{
	return vdev->drvdata;
}

const char *vfiod_device_name(const struct vfio_device *vdev)
{
	(void)vdev;
	return FAKE_UUID;
}

const struct vfiod_type *vfiod_device_type(const struct vfio_device *vdev)
{
	return vdev->type;
}

void vfiod_log(struct vfio_device *vdev, enum vfiod_log_level level,
	       const char *fmt, ...)
{
	va_list args;

	(void)vdev;
	fprintf(stderr, "<%d> ", level);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}
