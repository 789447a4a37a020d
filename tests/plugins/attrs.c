// SPDX-License-Identifier: BSD-3-Clause
/* Files in sysfs: one that remembers, and some that do as they should not. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <vfiod/plugin.h>

#define PAGE 4096

struct attrs {
	pthread_mutex_t lock; /* guards what follows */
	char text[PAGE];
	size_t len;
};

static int attrs_init(struct vfio_device *vdev)
{
	struct attrs *attrs = calloc(1, sizeof(*attrs));

	if (!attrs)
		return -ENOMEM;
	pthread_mutex_init(&attrs->lock, NULL);
	vfiod_set_drvdata(vdev, attrs);
	return 0;
}

static void attrs_release(struct vfio_device *vdev)
{
	struct attrs *attrs = vfiod_get_drvdata(vdev);

	pthread_mutex_destroy(&attrs->lock);
	free(attrs);
}

static void attrs_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			    uint64_t length)
{
	(void)vdev, (void)iova, (void)length;
}

static ssize_t show_echo(struct vfio_device *vdev, char *buf, size_t size)
{
	struct attrs *attrs = vfiod_get_drvdata(vdev);
	size_t len;

	pthread_mutex_lock(&attrs->lock);
	len = attrs->len < size ? attrs->len : size;
	memcpy(buf, attrs->text, len);
	pthread_mutex_unlock(&attrs->lock);
	return (ssize_t)len;
}

/* There is a NUL behind what was written, and never more than a page. */
static ssize_t store_echo(struct vfio_device *vdev, const char *buf,
			  size_t size)
{
	struct attrs *attrs = vfiod_get_drvdata(vdev);

	if (size > PAGE || buf[size] || !strncmp(buf, "bad", 3))
		return -EDOM;
	pthread_mutex_lock(&attrs->lock);
	memcpy(attrs->text, buf, size);
	attrs->len = size;
	pthread_mutex_unlock(&attrs->lock);
	return (ssize_t)size;
}

/* As snprintf() does. */
static ssize_t show_long(struct vfio_device *vdev, char *buf, size_t size)
{
	(void)vdev;
	memset(buf, 'x', size);
	return (ssize_t)size + 100;
}

static ssize_t store_liar(struct vfio_device *vdev, const char *buf,
			  size_t size)
{
	(void)vdev, (void)buf;
	return (ssize_t)size + 1;
}

static const struct vfiod_type types[] = { { .name = "device" } };

static const struct vfiod_attribute attributes[] = {
	{ .name = "echo", .show = show_echo, .store = store_echo },
	{ .group = "odd", .name = "long", .show = show_long },
	{ .group = "odd", .name = "liar", .store = store_liar },
	{ .group = "odd", .name = "none" },
};

static struct vfiod_plugin attrs_plugin = {
	.name = "attrs",
	.version = "1.0",
	.description = "files in sysfs",
	.nr_types = 1,
	.types = types,
	.nr_attributes = 4,
	.attributes = attributes,
	.init = attrs_init,
	.release = attrs_release,
	.dma_unmap = attrs_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(attrs_plugin);
