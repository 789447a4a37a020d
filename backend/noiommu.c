// SPDX-License-Identifier: BSD-3-Clause
/*
 * The driver of containers with noiommu groups (drivers/vfio/container.c):
 * nothing stands between device and memory, so there is nothing to map, and a
 * device has no way to the client's memory through the container. It has no
 * state.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/vfio.h>

#include "host.h"
#include "iommu.h"

static int noiommu_open(unsigned long arg, void **data)
{
	if (arg != VFIO_NOIOMMU_IOMMU)
		return -EINVAL;
	if (!vfio_capable(CAP_SYS_RAWIO))
		return -EPERM;
	*data = NULL;
	return 0;
}

static void noiommu_release(void *data)
{
	(void)data;
}

/*
 * That it is registered stands for the kernel's module parameter
 * enable_unsafe_noiommu_mode.
 */
static int noiommu_ioctl(void *data, unsigned int cmd, uint64_t arg)
{
	(void)data;
	if (cmd == VFIO_CHECK_EXTENSION)
		return arg == VFIO_NOIOMMU_IOMMU;
	return -ENOTTY;
}

static int noiommu_attach_group(void *data, struct vfio_group *group,
				enum vfio_group_type type)
{
	(void)data, (void)group, (void)type;
	return 0;
}

static void noiommu_detach_group(void *data, struct vfio_group *group)
{
	(void)data, (void)group;
}

const struct vfio_iommu_driver_ops vfio_noiommu = {
	.name = "vfio-noiommu",
	.open = noiommu_open,
	.release = noiommu_release,
	.ioctl = noiommu_ioctl,
	.attach_group = noiommu_attach_group,
	.detach_group = noiommu_detach_group,
};
