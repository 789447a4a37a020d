// SPDX-License-Identifier: BSD-3-Clause
/* Where noiommu asks for CAP_SYS_RAWIO, and what its containers can do. */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "states.h"

static struct __user_cap_data_struct *rawio(struct __user_cap_data_struct *data)
{
	return &data[CAP_TO_INDEX(CAP_SYS_RAWIO)];
}

/* It stays permitted, so that it can be had again. */
static void set_rawio(struct ctx *c, bool on)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2];
	uint32_t bit = CAP_TO_MASK(CAP_SYS_RAWIO);

	syscall(SYS_capget, &head, data);
	rawio(data)->effective &= ~bit;
	if (on)
		rawio(data)->effective |= rawio(data)->permitted & bit;
	c_did(c, syscall(SYS_capset, &head, data), "%s CAP_SYS_RAWIO",
	      on ? "raise" : "lower");
}

CASE_FLAGS("noiommu/capability/open", CASE_NOIOMMU)
{
	int fd;

	set_rawio(c, false);
	c_open(c, "group", c->group[0], O_RDWR);
	c_open(c, "group", c->group[0], O_RDONLY);
	set_rawio(c, true);
	fd = c_open(c, "group", c->group[0], O_RDWR);
	set_rawio(c, false);
	c_open(c, "second", c->group[0], O_RDWR);
	set_rawio(c, true);
	c_open(c, "second", c->group[0], O_RDWR);
	c_close(c, fd);
}

CASE_FLAGS("noiommu/capability/set-container", CASE_NOIOMMU)
{
	struct c_ready r = c_life(c, LIFE_OPEN);

	set_rawio(c, false);
	c_set_container(c, r.group, r.container);
	c_set_container(c, r.group, -1);
	c_set_container(c, r.group, r.group);
	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
	set_rawio(c, true);
	c_set_container(c, r.group, r.container);
	set_rawio(c, false);
	c_set_container(c, r.group, r.container);
	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
}

CASE_FLAGS("noiommu/capability/set-iommu", CASE_NOIOMMU)
{
	struct c_ready r = c_life(c, LIFE_BOUND);

	set_rawio(c, false);
	c_ioctl(c, r.container, &CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU);
	c_ioctl(c, r.container, &SET_IOMMU, VFIO_TYPE1_IOMMU);
	c_ioctl(c, r.container, &SET_IOMMU, VFIO_NOIOMMU_IOMMU);
	set_rawio(c, true);
	c_ioctl(c, r.container, &SET_IOMMU, VFIO_NOIOMMU_IOMMU);
	set_rawio(c, false);
	c_ioctl(c, r.container, &SET_IOMMU, VFIO_NOIOMMU_IOMMU);
}

CASE_FLAGS("noiommu/capability/device-fd", CASE_NOIOMMU)
{
	struct c_ready r = c_life(c, LIFE_BOUND);
	int fd;

	set_rawio(c, false);
	c_device_fd(c, r.group, "device", c->device[0]);
	set_rawio(c, true);
	c_ioctl(c, r.container, &SET_IOMMU, VFIO_NOIOMMU_IOMMU);
	set_rawio(c, false);
	c_device_fd(c, r.group, "device", "no-such-device");
	c_device_fd(c, r.group, "device", c->device[0]);
	set_rawio(c, true);
	fd = c_device_fd(c, r.group, "device", c->device[0]);
	set_rawio(c, false);
	c_device_fd(c, r.group, "device2", c->device[0]);
	c_device_info(c, fd, 16);
	c_close(c, fd);
}

/* What is open goes on without it. */
CASE_FLAGS("noiommu/capability/afterwards", CASE_NOIOMMU)
{
	struct c_ready r = c_life(c, LIFE_DEVICE);

	set_rawio(c, false);
	life_look(c, &r);
	c_close(c, r.device);
	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
}

CASE_FLAGS("noiommu/iommu", CASE_NOIOMMU)
{
	struct c_ready r = c_life(c, LIFE_DEVICE);
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_iommu_info(c, r.container, 24);
	c_map(c, r.container, a, 0x100000, C_PAGE, VFIO_DMA_MAP_FLAG_READ);
	c_unmap(c, r.container, 0x100000, C_PAGE, 0, NULL);
	c_unmap(c, r.container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, NULL);
	c_dirty(c, r.container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
}

/* With groups noiommu is all there is, without them it is one of two. */
CASE_FLAGS("noiommu/extension", CASE_NOIOMMU)
{
	struct c_ready r = c_life(c, LIFE_OPEN);
	int ext;

	for (ext = 0; ext <= 11; ext++)
		c_ioctl(c, r.container, &CHECK_EXTENSION, ext);
	c_set_container(c, r.group, r.container);
	for (ext = 0; ext <= 11; ext++)
		c_ioctl(c, r.container, &CHECK_EXTENSION, ext);
	c_ioctl(c, r.container, &SET_IOMMU, VFIO_NOIOMMU_IOMMU);
	for (ext = 0; ext <= 11; ext++)
		c_ioctl(c, r.container, &CHECK_EXTENSION, ext);
	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
	for (ext = 0; ext <= 11; ext++)
		c_ioctl(c, r.container, &CHECK_EXTENSION, ext);
	c_ioctl(c, r.container, &SET_IOMMU, VFIO_NOIOMMU_IOMMU);
}
