// SPDX-License-Identifier: BSD-3-Clause
/* What GET_INFO, GET_REGION_INFO and GET_IRQ_INFO say of a device. */
#include <errno.h>
#include <stddef.h>

#include "chain.h"
#include "device.h"
#include "device_info.h"
#include "host.h"
#include "region.h"

#define INFO_MINSZ 16 /* up to num_irqs */
#define INFO_SIZE 24 /* with cap_offset and its padding */

/* vfio_device_info as of 6.12; Debian 12's header ends at cap_offset. */
union device_info {
	struct vfio_device_info info;
	uint8_t bytes[INFO_SIZE];
};

static int add_caps(struct vfio_chain *chain, const struct vfiod_cap *caps,
		    uint32_t nr_caps)
{
	for (uint32_t i = 0; i < nr_caps; i++) {
		int ret = vfio_chain_add(chain, caps[i].header, caps[i].size);

		if (ret)
			return ret;
	}
	return 0;
}

/* Write an INFO structure, and the chain behind it, which is used up. */
static int write_info(int ret, struct vfio_chain *chain, uint64_t arg,
		      const struct vfio_chain_info *info)
{
	if (ret) {
		vfio_chain_free(chain);
		return ret;
	}
	return vfio_chain_write(chain, arg, info);
}

/*
 * The 16 bytes that the kernel's mdev drivers write; with capabilities, or
 * for a PCI function, the structure as far as the client has it.
 */
int vfio_device_get_info(struct vfio_device *vdev, uint64_t arg)
{
	const struct vfiod_type *type = vdev->type;
	union device_info u = { .bytes = { 0 } };
	struct vfio_chain chain = { 0 };
	struct vfio_chain_info out = {
		.info = &u,
		.size = INFO_SIZE,
		.written = INFO_MINSZ,
		.argsz = &u.info.argsz,
		.cap_offset = &u.info.cap_offset,
	};

	if (vfio_copy_from_user(&u.info, arg, INFO_MINSZ))
		return -EFAULT;
	if (u.info.argsz < INFO_MINSZ)
		return -EINVAL;
	u.info.flags = type->info_flags;
	u.info.num_regions = type->nr_regions;
	u.info.num_irqs = type->nr_irqs;
	if (type->nr_caps)
		u.info.flags |= VFIO_DEVICE_FLAGS_CAPS;
	if (type->nr_caps || vdev->pci) {
		out.written = u.info.argsz < INFO_SIZE ? u.info.argsz :
							 INFO_SIZE;
	}
	return write_info(add_caps(&chain, type->caps, type->nr_caps), &chain,
			  arg, &out);
}

int vfio_device_get_region_info(struct vfio_device *vdev, uint64_t arg)
{
	const struct vfiod_region *region;
	struct vfio_chain chain = { 0 };
	struct vfio_region_info info;
	const struct vfio_chain_info out = {
		.info = &info,
		.size = sizeof(info),
		.written = sizeof(info),
		.argsz = &info.argsz,
		.cap_offset = &info.cap_offset,
	};
	int ret;

	if (vfio_copy_from_user(&info, arg, sizeof(info)))
		return -EFAULT;
	if (info.argsz < sizeof(info) || info.index >= vdev->type->nr_regions)
		return -EINVAL;
	/* There is no VGA, and vfio-pci says so in its own way. */
	if (vdev->pci && info.index == VFIO_PCI_VGA_REGION_INDEX)
		return -EINVAL;
	region = &vdev->type->regions[info.index];
	ret = add_caps(&chain, region->caps, region->nr_caps);
	info.flags = region->flags & ~VFIO_REGION_INFO_FLAG_MMAP;
	if (vfio_region_can_map(vdev, info.index)) {
		info.flags |= VFIO_REGION_INFO_FLAG_MMAP;
		if (!ret)
			ret = vfio_region_add_caps(vdev, info.index, &chain);
	}
	if (chain.size)
		info.flags |= VFIO_REGION_INFO_FLAG_CAPS;
	info.size = region->size;
	info.offset = vfio_region_offset(vdev->type, info.index);
	return write_info(ret, &chain, arg, &out);
}

int vfio_device_get_irq_info(struct vfio_device *vdev, uint64_t arg)
{
	const struct vfiod_irq *irq;
	struct vfio_irq_info info;

	if (vfio_copy_from_user(&info, arg, sizeof(info)))
		return -EFAULT;
	if (info.argsz < sizeof(info) || info.index >= vdev->type->nr_irqs)
		return -EINVAL;
	irq = &vdev->type->irqs[info.index];
	if (irq->absent)
		return -EINVAL;
	info.flags = irq->flags;
	info.count = irq->count;
	return vfio_copy_to_user(arg, &info, sizeof(info));
}
