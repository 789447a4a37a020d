// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include "state.h"

static void put_call(struct ctx *c, struct line *l, int fd,
		     const struct c_cmd *cmd)
{
	put(l, "ioctl(");
	put_fd(c, l, fd);
	put(l, ", %s, ", cmd->name);
}

long c_quiet(int fd, const struct c_cmd *cmd, void *arg)
{
	int result = ioctl(fd, cmd->nr, arg);

	return result == -1 ? -errno : result;
}

/* The call whose beginning is in the line. */
static long call(struct ctx *c, struct line *l, int fd, unsigned int nr,
		 unsigned long arg, const struct c_field *fields)
{
	long result;

	watch_before(c);
	result = ioctl(fd, nr, arg);
	put(l, ")");
	put_result(l, result);
	write_line(c, l);
	watch_after(c, fields);
	return result;
}

long c_ioctl(struct ctx *c, int fd, const struct c_cmd *cmd, unsigned long arg)
{
	struct line l = { 0 };

	put_call(c, &l, fd, cmd);
	if (cmd == &CHECK_EXTENSION || cmd == &SET_IOMMU)
		put(&l, "%ld", (long)arg);
	else
		put_address(c, &l, arg);
	return call(c, &l, fd, cmd->nr, arg, NULL);
}

long c_ioctl_nr(struct ctx *c, int fd, unsigned int nr, unsigned long arg)
{
	struct line l = { 0 };

	put(&l, "ioctl(");
	put_fd(c, &l, fd);
	put(&l, ", 0x%x, ", nr);
	put_address(c, &l, arg);
	return call(c, &l, fd, nr, arg, NULL);
}

long c_arg(struct ctx *c, int fd, const struct c_cmd *cmd, void *arg,
	   size_t len)
{
	void *at = arg_put(c, arg, len);
	struct line l = { 0 };
	long result;

	put_call(c, &l, fd, cmd);
	put_fields(c, &l, cmd, at, len);
	result = call(c, &l, fd, cmd->nr, (uintptr_t)at, cmd->fields);
	memcpy(arg, at, len);
	return result;
}

long c_arg_at(struct ctx *c, int fd, const struct c_cmd *cmd, void *at)
{
	return c_ioctl(c, fd, cmd, (uintptr_t)at);
}

void c_command(struct ctx *c, int fd, const struct c_cmd *cmd, void *arg,
	       size_t len)
{
	c_ioctl(c, fd, cmd, 0);
	c_ioctl(c, fd, cmd, C_KERNEL);
	c_arg(c, fd, cmd, arg, len);
}

long c_set_container(struct ctx *c, int group, int container)
{
	return c_arg(c, group, &GROUP_SET_CONTAINER, &container,
		     sizeof(container));
}

/* The result gets the role before it is shown. */
static int device_fd(struct ctx *c, struct line *l, int group, const char *role,
		     const void *name)
{
	int fd;

	watch_before(c);
	fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
	put(l, ")");
	if (fd >= 0) {
		c_name_fd(c, role, fd);
		put(l, " = ");
		put_fd(c, l, fd);
	} else {
		put_result(l, fd);
	}
	write_line(c, l);
	watch_after(c, NULL);
	return fd;
}

int c_device_fd(struct ctx *c, int group, const char *role, const char *name)
{
	void *at = arg_put(c, name, strlen(name) + 1);
	struct line l = { 0 };

	put_call(c, &l, group, &GROUP_GET_DEVICE_FD);
	put_string(c, &l, name);
	return device_fd(c, &l, group, role, at);
}

int c_device_fd_bytes(struct ctx *c, int group, const char *role,
		      const char *shown, const void *name, size_t len)
{
	void *at = arg_put(c, name, len);
	struct line l = { 0 };

	put_call(c, &l, group, &GROUP_GET_DEVICE_FD);
	put(&l, "%s", shown);
	return device_fd(c, &l, group, role, at);
}

long c_map(struct ctx *c, int container, const void *vaddr, uint64_t iova,
	   uint64_t size, uint32_t flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.vaddr = (uintptr_t)vaddr,
		.iova = iova,
		.size = size,
	};

	return c_arg(c, container, &IOMMU_MAP_DMA, &map, sizeof(map));
}

long c_unmap(struct ctx *c, int container, uint64_t iova, uint64_t size,
	     uint32_t flags, uint64_t *removed)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = flags,
		.iova = iova,
		.size = size,
	};
	long result;

	result = c_arg(c, container, &IOMMU_UNMAP_DMA, &unmap, sizeof(unmap));
	if (removed)
		*removed = unmap.size;
	return result;
}

long c_dirty(struct ctx *c, int container, uint32_t flags)
{
	struct vfio_iommu_type1_dirty_bitmap dirty = {
		.argsz = sizeof(dirty),
		.flags = flags,
	};

	return c_arg(c, container, &IOMMU_DIRTY_PAGES, &dirty, sizeof(dirty));
}

long c_dirty_get(struct ctx *c, int container, uint64_t iova, uint64_t size,
		 uint64_t pgsize, void *bitmap, uint64_t bitmap_size)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap dirty;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} arg = {
		.dirty.argsz = sizeof(arg),
		.dirty.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
		.get.iova = iova,
		.get.size = size,
		.get.bitmap.pgsize = pgsize,
		.get.bitmap.size = bitmap_size,
		.get.bitmap.data = bitmap,
	};

	return c_arg(c, container, &IOMMU_DIRTY_PAGES, &arg, sizeof(arg));
}

/* argsz, an index at offset 8 where there is one, and 0xee. */
static long get_info(struct ctx *c, int fd, const struct c_cmd *cmd,
		     uint32_t argsz, size_t minsz, const uint32_t *index)
{
	unsigned char arg[ARG_SIZE];
	size_t len = argsz > minsz ? argsz : minsz;

	if (len > sizeof(arg))
		len = sizeof(arg);
	memset(arg, 0xee, sizeof(arg));
	memcpy(arg, &argsz, sizeof(argsz));
	if (index)
		memcpy(arg + 8, index, sizeof(*index));
	return c_arg(c, fd, cmd, arg, len);
}

long c_iommu_info(struct ctx *c, int container, uint32_t argsz)
{
	return get_info(c, container, &IOMMU_GET_INFO, argsz, 16, NULL);
}

long c_device_info(struct ctx *c, int device, uint32_t argsz)
{
	return get_info(c, device, &DEVICE_GET_INFO, argsz, 16, NULL);
}

long c_region_info(struct ctx *c, int device, uint32_t index, uint32_t argsz)
{
	return get_info(c, device, &DEVICE_GET_REGION_INFO, argsz, 32, &index);
}

long c_irq_info(struct ctx *c, int device, uint32_t index, uint32_t argsz)
{
	return get_info(c, device, &DEVICE_GET_IRQ_INFO, argsz, 16, &index);
}

long c_set_irqs(struct ctx *c, int device, uint32_t flags, uint32_t index,
		uint32_t start, uint32_t count, const void *data)
{
	unsigned char arg[ARG_SIZE];
	size_t each = flags & VFIO_IRQ_SET_DATA_EVENTFD ? 4 :
		      flags & VFIO_IRQ_SET_DATA_BOOL	? 1 :
							  0;
	size_t len = data ? count * each : 0;
	struct vfio_irq_set set = {
		.argsz = (uint32_t)(sizeof(set) + len),
		.flags = flags,
		.index = index,
		.start = start,
		.count = count,
	};

	memcpy(arg, &set, sizeof(set));
	if (len)
		memcpy(arg + sizeof(set), data, len);
	return c_arg(c, device, &DEVICE_SET_IRQS, arg, sizeof(set) + len);
}

long c_feature(struct ctx *c, int device, uint32_t flags, void *data,
	       size_t len)
{
	unsigned char arg[ARG_SIZE];
	struct vfio_device_feature feature = {
		.argsz = (uint32_t)(sizeof(feature) + len),
		.flags = flags,
	};
	long result;

	memcpy(arg, &feature, sizeof(feature));
	if (len)
		memcpy(arg + sizeof(feature), data, len);
	result = c_arg(c, device, &DEVICE_FEATURE, arg, sizeof(feature) + len);
	if (len)
		memcpy(data, arg + sizeof(feature), len);
	return result;
}
