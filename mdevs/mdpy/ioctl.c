// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stddef.h>

#include "mdpy.h"

/* What Linux's mdpy reads and writes of each structure. */
#define INFO_MINSZ (offsetof(struct vfio_device_info, num_irqs) + 4)
#define REGION_INFO_MINSZ (offsetof(struct vfio_region_info, offset) + 8)
#define IRQ_INFO_MINSZ (offsetof(struct vfio_irq_info, count) + 4)
#define PLANE_MINSZ \
	(offsetof(struct vfio_device_gfx_plane_info, region_index) + 4)

static long get_info(struct mdpy *mdpy, uint64_t arg)
{
	struct vfio_device_info info = { 0 };

	if (vfiod_copy_from_user(&info, arg, INFO_MINSZ))
		return -EFAULT;
	if (info.argsz < INFO_MINSZ)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PCI;
	info.num_regions = VFIO_PCI_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;

	pthread_mutex_lock(&mdpy->lock);
	mdpy->num_irqs = info.num_irqs;
	pthread_mutex_unlock(&mdpy->lock);
	return vfiod_copy_to_user(arg, &info, INFO_MINSZ);
}

/* The table has regions that there are not, up to that of the display. */
static long get_region_info(uint64_t arg)
{
	struct vfio_region_info info;

	if (vfiod_copy_from_user(&info, arg, REGION_INFO_MINSZ))
		return -EFAULT;
	if (info.index >= VFIO_PCI_NUM_REGIONS &&
	    info.index != MDPY_DISPLAY_REGION)
		return -EINVAL;
	return VFIOD_NOT_MINE;
}

/* It has the indices, and no interrupts; flags come back as they were. */
static long get_irq_info(struct mdpy *mdpy, uint64_t arg)
{
	struct vfio_irq_info info;
	uint32_t num_irqs;

	pthread_mutex_lock(&mdpy->lock);
	num_irqs = mdpy->num_irqs;
	pthread_mutex_unlock(&mdpy->lock);
	if (vfiod_copy_from_user(&info, arg, IRQ_INFO_MINSZ))
		return -EFAULT;
	if (info.argsz < IRQ_INFO_MINSZ || info.index >= num_irqs)
		return -EINVAL;
	info.count = 0;
	return vfiod_copy_to_user(arg, &info, IRQ_INFO_MINSZ);
}

/* The type of plane that is asked for does not matter: there is one. */
static long query_plane(const struct mdpy *mdpy, uint64_t arg)
{
	struct vfio_device_gfx_plane_info in, out = { 0 };

	if (vfiod_copy_from_user(&in, arg, PLANE_MINSZ))
		return -EFAULT;
	if (in.argsz < PLANE_MINSZ)
		return -EINVAL;
	if (in.flags ==
	    (VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_REGION))
		return vfiod_copy_to_user(arg, &in, PLANE_MINSZ);
	if (in.flags != VFIO_GFX_PLANE_TYPE_REGION)
		return -EINVAL;
	out.argsz = in.argsz;
	out.flags = in.flags;
	out.drm_plane_type = in.drm_plane_type;
	out.drm_format = MDPY_FORMAT_XRGB8888;
	out.width = mdpy->mode->width;
	out.height = mdpy->mode->height;
	out.stride = mdpy->mode->width * MDPY_BYTES_PER_PIXEL;
	out.size = mdpy->mode->memory;
	out.region_index = MDPY_DISPLAY_REGION;
	return vfiod_copy_to_user(arg, &out, PLANE_MINSZ);
}

long mdpy_ioctl(struct vfio_device *vdev, unsigned int cmd, uint64_t arg)
{
	struct mdpy *mdpy = vfiod_get_drvdata(vdev);

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info(mdpy, arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info(arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info(mdpy, arg);
	case VFIO_DEVICE_SET_IRQS:
		return -EINVAL;
	case VFIO_DEVICE_QUERY_GFX_PLANE:
		return query_plane(mdpy, arg);
	default:
		return VFIOD_NOT_MINE;
	}
}
