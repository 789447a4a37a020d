// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "calls.h"

#define PAGE 4096UL

static int complain(const char *what)
{
	int err = errno;

	fprintf(stderr, "bench: %s: %s\n", what, strerror(err));
	return -err;
}

int calls_open(struct vfio *vfio, const char *path)
{
	vfio->device = -1;
	vfio->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (vfio->container < 0)
		return complain("/dev/vfio/vfio");
	vfio->group = open(path, O_RDWR | O_CLOEXEC);
	if (vfio->group < 0)
		return complain(path);
	if (ioctl(vfio->group, VFIO_GROUP_SET_CONTAINER, &vfio->container))
		return complain("VFIO_GROUP_SET_CONTAINER");
	if (ioctl(vfio->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return complain("VFIO_SET_IOMMU");
	return 0;
}

int calls_open_device(struct vfio *vfio, const char *name)
{
	struct vfio_region_info config = {
		.argsz = sizeof(config), .index = VFIO_PCI_CONFIG_REGION_INDEX
	};

	vfio->device = ioctl(vfio->group, VFIO_GROUP_GET_DEVICE_FD, name);
	if (vfio->device < 0)
		return complain("VFIO_GROUP_GET_DEVICE_FD");
	if (ioctl(vfio->device, VFIO_DEVICE_GET_REGION_INFO, &config))
		return complain("VFIO_DEVICE_GET_REGION_INFO");
	vfio->config = config.offset;
	return 0;
}

static int result(int ret)
{
	return ret < 0 ? -errno : 0;
}

int call_floor_ioctl(struct bench *bench, unsigned int i)
{
	(void)i;
	return result(ioctl(bench->floor, _IO('x', 1)));
}

int call_floor_read(struct bench *bench, unsigned int i)
{
	uint32_t value;

	(void)i;
	return result(pread(bench->floor, &value, sizeof(value), 0));
}

int call_api_version(struct bench *bench, unsigned int i)
{
	(void)i;
	return result(ioctl(bench->one.container, VFIO_GET_API_VERSION));
}

int call_iommu_info(struct bench *bench, unsigned int i)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };

	(void)i;
	return result(ioctl(bench->one.container, VFIO_IOMMU_GET_INFO, &info));
}

int call_device_info(struct bench *bench, unsigned int i)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	(void)i;
	return result(ioctl(bench->one.device, VFIO_DEVICE_GET_INFO, &info));
}

int call_region_read(struct bench *bench, unsigned int i)
{
	uint32_t id;

	(void)i;
	return result(
		pread(bench->one.device, &id, sizeof(id), bench->one.config));
}

/* Even pages are for the mappings that live, odd ones for those that go. */
static uint64_t live_iova(unsigned int i)
{
	return 2 * i * PAGE;
}

static uint64_t gap_iova(unsigned int i)
{
	/* A prime step, so that neighbours in time are not neighbours. */
	return (2 * ((i * 7919UL) % MANY) + 1) * PAGE;
}

static int map(struct bench *bench, struct vfio *vfio, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)bench->page,
		.iova = iova,
		.size = PAGE,
	};

	return result(ioctl(vfio->container, VFIO_IOMMU_MAP_DMA, &arg));
}

static int unmap(struct vfio *vfio, uint64_t iova)
{
	struct vfio_iommu_type1_dma_unmap arg = { .argsz = sizeof(arg),
						  .iova = iova,
						  .size = PAGE };

	return result(ioctl(vfio->container, VFIO_IOMMU_UNMAP_DMA, &arg));
}

int calls_fill(struct bench *bench, struct vfio *vfio, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (map(bench, vfio, live_iova(i)))
			return complain("VFIO_IOMMU_MAP_DMA");
	}
	return 0;
}

int call_map(struct bench *bench, unsigned int i)
{
	return map(bench, &bench->one, gap_iova(i));
}

int call_unmap(struct bench *bench, unsigned int i)
{
	return unmap(&bench->one, gap_iova(i));
}

int call_map_many(struct bench *bench, unsigned int i)
{
	return map(bench, &bench->many, gap_iova(i));
}

int call_unmap_many(struct bench *bench, unsigned int i)
{
	return unmap(&bench->many, gap_iova(i));
}

int call_device_fd(struct bench *bench, unsigned int i)
{
	int fd = ioctl(bench->idle.group, VFIO_GROUP_GET_DEVICE_FD,
		       bench->idle_name);

	(void)i;
	return result(fd < 0 ? fd : close(fd));
}
