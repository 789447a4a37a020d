// SPDX-License-Identifier: BSD-3-Clause
#include "transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* Guarded by the card's lock, but for the first two. */
struct mtty_transfer {
	struct mtty *mtty;
	struct vfiod_stream *stream;
	struct mtty_state data;
	size_t filled; /* bytes of data that are there */
	size_t pos; /* where the client is */
	bool ended;
};

static ssize_t save_read(struct vfiod_stream *stream, void *buf, size_t count)
{
	struct mtty_transfer *transfer = vfiod_stream_data(stream);
	ssize_t ret = -ENODEV;

	pthread_mutex_lock(&transfer->mtty->lock);
	if (!transfer->ended) {
		if (count > transfer->filled - transfer->pos)
			count = transfer->filled - transfer->pos;
		memcpy(buf, (char *)&transfer->data + transfer->pos, count);
		transfer->pos += count;
		ret = count;
	}
	pthread_mutex_unlock(&transfer->mtty->lock);
	return ret;
}

static int save_precopy_info(struct vfiod_stream *stream,
			     struct vfio_precopy_info *info)
{
	struct mtty_transfer *transfer = vfiod_stream_data(stream);
	struct mtty *mtty = transfer->mtty;
	int ret = 0;

	pthread_mutex_lock(&mtty->lock);
	if (mtty->migration.state != VFIO_DEVICE_STATE_PRE_COPY &&
	    mtty->migration.state != VFIO_DEVICE_STATE_PRE_COPY_P2P)
		ret = -EINVAL;
	else if (transfer->ended)
		ret = -ENODEV;
	info->initial_bytes = transfer->filled - transfer->pos;
	info->dirty_bytes = 0;
	pthread_mutex_unlock(&mtty->lock);
	return ret;
}

/* The header is judged once, when it is complete; the bytes stay. */
static ssize_t take(struct mtty_transfer *transfer, const void *buf,
		    size_t count)
{
	size_t before = transfer->filled;

	memcpy((char *)&transfer->data + before, buf, count);
	transfer->filled += count;
	transfer->pos = transfer->filled;
	if (before < sizeof(transfer->data.header) &&
	    transfer->filled >= sizeof(transfer->data.header) &&
	    !mtty_state_header_fits(&transfer->data.header,
				    transfer->mtty->config.nr_ports))
		return -EFAULT;
	return count;
}

static ssize_t resume_write(struct vfiod_stream *stream, const void *buf,
			    size_t count)
{
	struct mtty_transfer *transfer = vfiod_stream_data(stream);
	struct mtty *mtty = transfer->mtty;
	ssize_t ret;

	pthread_mutex_lock(&mtty->lock);
	if (count > mtty_state_size(mtty->config.nr_ports) - transfer->pos)
		ret = -ENOMEM;
	else if (transfer->ended)
		ret = -ENODEV;
	else
		ret = take(transfer, buf, count);
	pthread_mutex_unlock(&mtty->lock);
	return ret;
}

static void transfer_release(struct vfiod_stream *stream)
{
	free(vfiod_stream_data(stream));
}

static const struct vfiod_stream_ops save_ops = {
	.read = save_read,
	.precopy_info = save_precopy_info,
	.release = transfer_release,
};

static const struct vfiod_stream_ops resume_ops = {
	.write = resume_write,
	.release = transfer_release,
};

static struct mtty_transfer *create(struct vfio_device *vdev,
				    const struct vfiod_stream_ops *ops)
{
	struct mtty_transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer)
		return NULL;
	transfer->mtty = vfiod_get_drvdata(vdev);
	transfer->stream = vfiod_stream_new(vdev, ops, transfer);
	if (!transfer->stream) {
		free(transfer);
		return NULL;
	}
	return transfer;
}

struct mtty_transfer *mtty_transfer_save(struct vfio_device *vdev)
{
	struct mtty_transfer *transfer = create(vdev, &save_ops);

	if (!transfer)
		return NULL;
	mtty_state_header_init(&transfer->data.header,
			       transfer->mtty->config.nr_ports);
	transfer->filled = sizeof(transfer->data.header);
	return transfer;
}

struct mtty_transfer *mtty_transfer_resume(struct vfio_device *vdev)
{
	return create(vdev, &resume_ops);
}

struct vfiod_stream *mtty_transfer_stream(struct mtty_transfer *transfer)
{
	return vfiod_stream_get(transfer->stream);
}

void mtty_transfer_end(struct mtty_transfer *transfer)
{
	transfer->ended = true;
	transfer->filled = 0;
	transfer->pos = 0;
	vfiod_stream_put(transfer->stream);
}

void mtty_transfer_fill(struct mtty_transfer *transfer, const struct mtty *mtty)
{
	for (unsigned int i = 0; i < mtty->config.nr_ports; i++)
		mtty_state_save(&transfer->data.ports[i], &mtty->ports[i]);
	transfer->filled = mtty_state_size(mtty->config.nr_ports);
}

int mtty_transfer_load(const struct mtty_transfer *transfer, struct mtty *mtty)
{
	unsigned int i, nr = mtty->config.nr_ports;

	if (transfer->filled < mtty_state_size(nr))
		return -EINVAL;
	for (i = 0; i < nr; i++)
		if (!mtty_state_valid(&transfer->data.ports[i]))
			return -EINVAL;
	for (i = 0; i < nr; i++)
		mtty_state_load(&mtty->ports[i], &transfer->data.ports[i]);
	return 0;
}
