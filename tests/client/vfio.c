// SPDX-License-Identifier: BSD-3-Clause
#include "vfio.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *device_env(const char *name, int n)
{
	char numbered[32];

	snprintf(numbered, sizeof(numbered), "%s_%d", name, n);
	return getenv(n == 1 ? name : numbered);
}

static const char *device_env_needed(const char *name, int n)
{
	const char *value = device_env(name, n);

	if (!value)
		errx(EXIT_FAILURE,
		     "%s of device %d is not set: start me "
		     "through tests/client/run.sh",
		     name, n);
	return value;
}

const char *vfio_group_path(int n)
{
	return device_env_needed("VFIOD_GROUP", n);
}

const char *vfio_device_name(int n)
{
	return device_env_needed("VFIOD_DEVICE", n);
}

const char *vfio_sysfsdev(int n)
{
	return device_env_needed("VFIOD_SYSFSDEV", n);
}

bool vfio_has_device(int n)
{
	return device_env("VFIOD_GROUP", n);
}

int vfio_ioctl(int fd, unsigned int cmd, const void *arg)
{
	int ret = ioctl(fd, (unsigned long)cmd, arg);

	return ret < 0 ? -errno : ret;
}

int vfio_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int vfio_open_container(void)
{
	return vfio_open(CONTAINER_PATH, O_RDWR);
}

int vfio_open_group(int n)
{
	return vfio_open(vfio_group_path(n), O_RDWR);
}

int vfio_set_container(int group, int container)
{
	return vfio_ioctl(group, VFIO_GROUP_SET_CONTAINER, &container);
}

int vfio_get_device(int group, int n)
{
	return vfio_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, vfio_device_name(n));
}

int vfio_group_flags(int group)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int ret = vfio_ioctl(group, VFIO_GROUP_GET_STATUS, &status);

	return ret < 0 ? ret : (int)status.flags;
}

int vfio_map(int container, uint64_t iova, const void *vaddr, uint64_t size)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)vaddr,
		.iova = iova,
		.size = size,
	};

	return vfio_ioctl(container, VFIO_IOMMU_MAP_DMA, &map);
}

int64_t vfio_unmap(int container, uint64_t iova, uint64_t size, uint32_t flags)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = flags,
		.iova = iova,
		.size = size,
	};
	int ret = vfio_ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap);

	return ret < 0 ? ret : (int64_t)unmap.size;
}

int vfio_dma_avail(int container)
{
	uint8_t buf[256] = { 0 };
	struct vfio_iommu_type1_info *info = (void *)buf;
	struct vfio_iommu_type1_info_dma_avail *avail;
	int ret;

	info->argsz = sizeof(buf);
	ret = vfio_ioctl(container, VFIO_IOMMU_GET_INFO, info);
	if (ret < 0)
		return ret;
	for (uint32_t at = info->cap_offset; at; at = avail->header.next) {
		if (at > sizeof(buf) - sizeof(*avail))
			return -ERANGE;
		avail = (void *)(buf + at);
		if (avail->header.id == VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL)
			return (int)avail->avail;
	}
	return -ENODATA;
}

int vfio_set_irqs(int device, uint32_t flags, uint32_t index, uint32_t start,
		  uint32_t count, const void *data, size_t size)
{
	uint8_t buf[sizeof(struct vfio_irq_set) + 256];
	struct vfio_irq_set *set = (void *)buf;

	if (size > sizeof(buf) - sizeof(*set))
		return -E2BIG;
	set->argsz = (uint32_t)(sizeof(*set) + size);
	set->flags = flags;
	set->index = index;
	set->start = start;
	set->count = count;
	if (size)
		memcpy(set->data, data, size);
	return vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, set);
}

int vfio_set_trigger(int device, uint32_t index, uint32_t vector, int eventfd)
{
	return vfio_set_irqs(
		device, VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD,
		index, vector, 1, &eventfd, sizeof(eventfd));
}

int vfio_disable_irqs(int device, uint32_t index)
{
	return vfio_set_irqs(
		device, VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_NONE,
		index, 0, 0, NULL, 0);
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void vfio_session_close(struct vfio_session *s)
{
	close_if_open(s->device);
	close_if_open(s->group);
	close_if_open(s->container);
	*s = (struct vfio_session){ -1, -1, -1 };
}

static int session_fill(struct vfio_session *s, int n, unsigned long type)
{
	int ret;

	s->container = vfio_open_container();
	if (s->container < 0)
		return s->container;
	s->group = vfio_open_group(n);
	if (s->group < 0)
		return s->group;
	ret = vfio_set_container(s->group, s->container);
	if (ret)
		return ret;
	ret = vfio_ioctl(s->container, VFIO_SET_IOMMU, (void *)type);
	if (ret)
		return ret;
	s->device = vfio_get_device(s->group, n);
	return s->device < 0 ? s->device : 0;
}

int vfio_session_try(struct vfio_session *s, int n, unsigned long type)
{
	int ret;

	*s = (struct vfio_session){ -1, -1, -1 };
	ret = session_fill(s, n, type);
	if (ret)
		vfio_session_close(s);
	return ret;
}

struct vfio_session vfio_session_open(int n, unsigned long type)
{
	struct vfio_session s;
	int ret = vfio_session_try(&s, n, type);

	if (ret)
		errx(EXIT_FAILURE, "cannot open device %d: %s", n,
		     strerror(-ret));
	return s;
}

int vfio_device_is_free(int n)
{
	struct vfio_session s;
	int group = vfio_open_group(n);
	int ret;

	if (group < 0)
		return group;
	ret = vfio_group_flags(group);
	close(group);
	if (ret < 0)
		return ret;
	if (ret != VFIO_GROUP_FLAGS_VIABLE)
		return -EUCLEAN;
	ret = vfio_session_try(&s, n, VFIO_TYPE1v2_IOMMU);
	if (ret)
		return ret;
	ret = vfio_dma_avail(s.container);
	vfio_session_close(&s);
	return ret == 65535 ? 0 : -ENOTEMPTY;
}
