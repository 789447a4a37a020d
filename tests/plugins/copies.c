// SPDX-License-Identifier: BSD-3-Clause
/* Copies client memory in each way there is, and says how long that takes. */
#define _GNU_SOURCE /* process_vm_readv */
#include "copies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include <vfiod/plugin.h>

struct device {
	/* On pages, as the client's memory is: how they lie tells in time. */
	uint8_t buf[COPIES_MAX];
	uint8_t own[COPIES_MAX];
	struct copies order;
	struct vfio_page *page;
};

#define PAGE 4096

static int copies_init(struct vfio_device *vdev)
{
	struct device *device;

	if (posix_memalign((void **)&device, PAGE, sizeof(*device)))
		return -ENOMEM;
	/* Not the kernel's page of zeros. */
	memset(device, 1, sizeof(*device));
	vfiod_set_drvdata(vdev, device);
	return 0;
}

static void copies_release(struct vfio_device *vdev)
{
	free(vfiod_get_drvdata(vdev));
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

static int copy_process(struct device *device)
{
	const struct copies *o = &device->order;
	struct iovec local = { device->buf, o->len };
	struct iovec remote = { (void *)(uintptr_t)o->vaddr, o->len };
	ssize_t n;

	n = o->write ? process_vm_writev(o->pid, &local, 1, &remote, 1, 0) :
		       process_vm_readv(o->pid, &local, 1, &remote, 1, 0);
	if (n < 0)
		return -errno;
	return (size_t)n == o->len ? 0 : -EFAULT;
}

static int copy_once(struct vfio_device *vdev, struct device *device)
{
	const struct copies *o = &device->order;

	switch (o->way) {
	case COPIES_DMA_RW:
		return vfiod_dma_rw(vdev, o->iova, device->buf, o->len,
				    o->write);
	case COPIES_PAGE_RW:
		return vfiod_page_rw(device->page, 0, device->buf, o->len,
				     o->write);
	case COPIES_PROCESS:
		return copy_process(device);
	case COPIES_MEMCPY:
		memcpy(o->write ? device->own : device->buf,
		       o->write ? device->buf : device->own, o->len);
		__asm__ volatile("" : : : "memory");
		return 0;
	default:
		return -EINVAL;
	}
}

static int copy_all(struct vfio_device *vdev, struct device *device)
{
	uint64_t start;
	int ret;

	/* The first one finds the caches cold. */
	ret = copy_once(vdev, device);
	start = now();
	for (uint32_t i = 0; i < device->order.count && !ret; i++)
		ret = copy_once(vdev, device);
	device->order.ns = now() - start;
	return ret;
}

static ssize_t copies_write(struct vfio_device *vdev, const void *buf,
			    size_t count, uint64_t pos)
{
	struct device *device = vfiod_get_drvdata(vdev);
	struct copies *o = &device->order;
	int prot = VFIO_DMA_MAP_FLAG_READ, ret;

	if (pos || count != sizeof(*o))
		return -EINVAL;
	memcpy(o, buf, sizeof(*o));
	if (o->len > COPIES_MAX)
		return -EINVAL;
	if (o->way == COPIES_PAGE_RW) {
		prot |= o->write ? VFIO_DMA_MAP_FLAG_WRITE : 0;
		ret = vfiod_pin_pages(vdev, o->iova, 1, prot, &device->page);
		if (ret < 0)
			return ret;
	}
	ret = copy_all(vdev, device);
	if (o->way == COPIES_PAGE_RW)
		vfiod_unpin_pages(vdev, o->iova, 1);
	return ret ? ret : (ssize_t)count;
}

static ssize_t copies_read(struct vfio_device *vdev, void *buf, size_t count,
			   uint64_t pos)
{
	struct device *device = vfiod_get_drvdata(vdev);

	if (pos || count != sizeof(device->order))
		return -EINVAL;
	memcpy(buf, &device->order, count);
	return (ssize_t)count;
}

static void copies_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			     uint64_t length)
{
	/* A pin lasts no longer than the order it is for. */
	(void)vdev, (void)iova, (void)length;
}

static const struct vfiod_region region = {
	.size = sizeof(struct copies),
	.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
};

static const struct vfiod_type type = {
	.name = "timed",
	.pretty_name = "Timed copies",
	.nr_regions = 1,
	.regions = &region,
};

static struct vfiod_plugin copies_plugin = {
	.name = "copies",
	.version = "1.0",
	.description = "times copies of client memory",
	.nr_types = 1,
	.types = &type,
	.init = copies_init,
	.release = copies_release,
	.read = copies_read,
	.write = copies_write,
	.dma_unmap = copies_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(copies_plugin);
