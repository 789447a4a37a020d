// SPDX-License-Identifier: BSD-3-Clause
/* A device whose ops return what its client wants them to: garbage.h. */
#include "garbage.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include <vfiod/plugin.h>

/* One device is made of it. */
static atomic_long result;

static int garbage_init(struct vfio_device *vdev)
{
	vfiod_set_drvdata(vdev, &result);
	return 0;
}

static long get(struct vfio_device *vdev)
{
	return atomic_load((atomic_long *)vfiod_get_drvdata(vdev));
}

static int garbage_open_device(struct vfio_device *vdev)
{
	return (int)get(vdev);
}

/* Whoever asks for the device by its name wants it to be well. */
static int garbage_match(struct vfio_device *vdev, const char *name)
{
	if (!strcmp(name, vfiod_device_name(vdev))) {
		atomic_store((atomic_long *)vfiod_get_drvdata(vdev), 0);
		return 1;
	}
	return (int)get(vdev);
}

static ssize_t garbage_read(struct vfio_device *vdev, void *buf, size_t count,
			    uint64_t pos)
{
	(void)pos;
	memset(buf, 0, count);
	return get(vdev) ? get(vdev) : (ssize_t)count;
}

static ssize_t garbage_write(struct vfio_device *vdev, const void *buf,
			     size_t count, uint64_t pos)
{
	(void)buf;
	(void)pos;
	return get(vdev) ? get(vdev) : (ssize_t)count;
}

static int lie(uint64_t arg)
{
	const struct vfio_device_info info = {
		.argsz = UINT32_MAX,
		.flags = UINT32_MAX,
		.num_regions = GARBAGE_COUNT,
		.num_irqs = GARBAGE_COUNT,
		.cap_offset = GARBAGE_COUNT,
	};

	return vfiod_copy_to_user(arg, &info, sizeof(info));
}

static long garbage_ioctl(struct vfio_device *vdev, unsigned int cmd,
			  uint64_t arg)
{
	int64_t value;

	if (cmd == VFIO_DEVICE_GET_INFO)
		return lie(arg);
	if (cmd != GARBAGE_SET && cmd != GARBAGE_RETURN)
		return VFIOD_NOT_MINE;
	if (vfiod_copy_from_user(&value, arg, sizeof(value)))
		return -EFAULT;
	if (cmd == GARBAGE_RETURN)
		return value;
	atomic_store((atomic_long *)vfiod_get_drvdata(vdev), value);
	return 0;
}

static int garbage_reset(struct vfio_device *vdev)
{
	return (int)get(vdev);
}

static int garbage_device_feature(struct vfio_device *vdev, uint32_t flags,
				  uint64_t arg, size_t argsz)
{
	(void)flags;
	(void)arg;
	(void)argsz;
	return (int)get(vdev);
}

static ssize_t garbage_show(struct vfio_device *vdev, char *buf, size_t size)
{
	memset(buf, 'x', size);
	return get(vdev);
}

static void garbage_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			      uint64_t length)
{
	(void)vdev;
	(void)iova;
	(void)length;
}

static const struct vfiod_attribute attributes[] = {
	{ .group = "garbage", .name = "text", .show = garbage_show },
};

static const struct vfiod_type types[] = {
	{ .name = "device", .pretty_name = "A device that returns anything" },
};

static struct vfiod_plugin garbage_plugin = {
	.name = "garbage",
	.version = "1.0",
	.description = "returns what it must not",
	.nr_types = 1,
	.types = types,
	.nr_attributes = 1,
	.attributes = attributes,
	.init = garbage_init,
	.open_device = garbage_open_device,
	.match = garbage_match,
	.read = garbage_read,
	.write = garbage_write,
	.ioctl = garbage_ioctl,
	.reset = garbage_reset,
	.device_feature = garbage_device_feature,
	.dma_unmap = garbage_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(garbage_plugin);
