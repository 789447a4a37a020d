// SPDX-License-Identifier: BSD-3-Clause
/* The file operations of a device fd (drivers/vfio/vfio_main.c). */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "blame.h"
#include "device.h"
#include "device_info.h"
#include "host.h"
#include "irq.h"
#include "pci.h"
#include "region.h"

static int reset(struct vfio_device *vdev)
{
	int ret;

	if (vdev->pci)
		return vfio_pci_function_reset(vdev);
	if (!vdev->plugin->reset)
		return -EINVAL;
	ret = vdev->plugin->reset(vdev);
	if (!ret)
		vfio_device_was_reset(vdev);
	return ret;
}

static int pci_ioctl(struct vfio_device *vdev, unsigned int cmd, uint64_t arg)
{
	switch (cmd) {
	case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO:
		return vfio_pci_get_hot_reset_info(vdev, arg);
	case VFIO_DEVICE_PCI_HOT_RESET:
		return vfio_pci_hot_reset(vdev, arg);
	case VFIO_DEVICE_IOEVENTFD:
		return vfio_pci_set_ioeventfd(vdev, arg);
	default:
		return -ENOTTY;
	}
}

/* What the plugin left to the tables. */
static int table_ioctl(struct vfio_device *vdev, unsigned int cmd, uint64_t arg)
{
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return vfio_device_get_info(vdev, arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return vfio_device_get_region_info(vdev, arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return vfio_device_get_irq_info(vdev, arg);
	case VFIO_DEVICE_SET_IRQS:
		return vfio_irqs_set(vdev->irqs, arg);
	case VFIO_DEVICE_RESET:
		return reset(vdev);
	default:
		return vdev->pci ? pci_ioctl(vdev, cmd, arg) : -ENOTTY;
	}
}

static void begin_use(struct vfio_device *vdev)
{
	if (vdev->pci)
		vfio_pci_runtime_get(vdev);
}

static void end_use(struct vfio_device *vdev)
{
	if (vdev->pci)
		vfio_pci_runtime_put(vdev);
}

int vfio_device_file_ioctl(struct vfio_device_file *file, unsigned int cmd,
			   uint64_t arg)
{
	struct vfio_device *vdev = file->vdev;
	long ret = VFIOD_NOT_MINE;

	if (atomic_load(&vdev->broken))
		return -EIO;
	begin_use(vdev);
	if (cmd == VFIO_DEVICE_FEATURE)
		ret = vfio_device_feature(vdev, arg);
	else if (vdev->plugin->ioctl)
		ret = vdev->plugin->ioctl(vdev, cmd, arg);
	if (ret == VFIOD_NOT_MINE && cmd != VFIO_DEVICE_FEATURE)
		ret = table_ioctl(vdev, cmd, arg);
	end_use(vdev);
	return vfio_blame_result(vdev, "ioctl", ret, INT_MAX);
}

/*
 * The part of [pos, pos + count) that lies in a region with @flag, as
 * vfio_pci_bar_rw() has it; 0 for none.
 */
static size_t clip(const struct vfio_device *vdev, size_t count, uint64_t pos,
		   uint32_t flag)
{
	uint64_t offset = pos & VFIOD_OFFSET_MASK;
	unsigned int index = VFIOD_OFFSET_INDEX(pos);
	const struct vfiod_region *region;

	if (index >= vdev->type->nr_regions)
		return 0;
	region = &vdev->type->regions[index];
	if (!(region->flags & flag) || offset >= region->size)
		return 0;
	return count < region->size - offset ? count : region->size - offset;
}

static int access_read(struct vfio_device *vdev, uint64_t pos, void *buf,
		       unsigned int len)
{
	return vfio_region_access(vdev, VFIOD_OFFSET_INDEX(pos),
				  pos & VFIOD_OFFSET_MASK, buf, len, false);
}

static int access_write(struct vfio_device *vdev, uint64_t pos, void *buf,
			unsigned int len)
{
	return vfio_region_access(vdev, VFIOD_OFFSET_INDEX(pos),
				  pos & VFIOD_OFFSET_MASK, buf, len, true);
}

static ssize_t do_read(struct vfio_device *vdev, void *buf, size_t count,
		       uint64_t pos)
{
	if (vdev->plugin->read)
		return vfio_blame_result(
			vdev, "read", vdev->plugin->read(vdev, buf, count, pos),
			count);
	if (vdev->pci)
		return vfio_pci_read(vdev, buf, count, pos);
	count = clip(vdev, count, pos, VFIO_REGION_INFO_FLAG_READ);
	if (!count)
		return -EINVAL;
	return vfiod_rw_split(vdev, buf, count, pos, 8, access_read);
}

ssize_t vfio_device_file_read(struct vfio_device_file *file, void *buf,
			      size_t count, uint64_t pos)
{
	struct vfio_device *vdev = file->vdev;
	ssize_t ret;

	if (atomic_load(&vdev->broken))
		return -EIO;
	if (!vdev->plugin->read && !vdev->plugin->access && !vdev->memory)
		return -EINVAL;
	if (!count)
		return 0;
	begin_use(vdev);
	ret = do_read(vdev, buf, count, pos);
	end_use(vdev);
	return ret;
}

static ssize_t do_write(struct vfio_device *vdev, const void *buf, size_t count,
			uint64_t pos)
{
	if (vdev->plugin->write)
		return vfio_blame_result(
			vdev, "write",
			vdev->plugin->write(vdev, buf, count, pos), count);
	if (vdev->pci)
		return vfio_pci_write(vdev, buf, count, pos);
	count = clip(vdev, count, pos, VFIO_REGION_INFO_FLAG_WRITE);
	if (!count)
		return -EINVAL;
	/* One function splits for both ways; a write does not change buf. */
	return vfiod_rw_split(vdev, (void *)(uintptr_t)buf, count, pos, 8,
			      access_write);
}

ssize_t vfio_device_file_write(struct vfio_device_file *file, const void *buf,
			       size_t count, uint64_t pos)
{
	struct vfio_device *vdev = file->vdev;
	ssize_t ret;

	if (atomic_load(&vdev->broken))
		return -EIO;
	if (!vdev->plugin->write && !vdev->plugin->access && !vdev->memory)
		return -EINVAL;
	if (!count)
		return 0;
	begin_use(vdev);
	ret = do_write(vdev, buf, count, pos);
	end_use(vdev);
	return ret;
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
		ret = vfio_blame_result(
			vdev, "access",
			fn(vdev, pos + done, (char *)buf + done, len), 0);
		if (ret)
			return done ? (ssize_t)done : ret;
		done += len;
	}
	return done;
}
