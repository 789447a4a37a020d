/* SPDX-License-Identifier: BSD-3-Clause */
/* The regions of a device that have memory which clients can map. */
#ifndef VFIOD_BACKEND_REGION_H
#define VFIOD_BACKEND_REGION_H

#include <stdbool.h>
#include <stdint.h>

struct vfio_chain;
struct vfio_device;
struct vfiod_type;

/* Where region @index of a device of that type is in the device's file. */
uint64_t vfio_region_offset(const struct vfiod_type *type, unsigned int index);

/*
 * When the device is made: check what is declared, and make the memory. 0,
 * -EINVAL (mappable parts that are not whole pages in order), -ENOMEM.
 */
int vfio_regions_init(struct vfio_device *vdev);

/* Can clients map region @index, or parts of it? */
bool vfio_region_can_map(const struct vfio_device *vdev, unsigned int index);

/*
 * May a client map @size bytes of the device's file from @offset on? 0, or
 * -EINVAL: not all of it, to the ends of pages, is of one region that can be
 * mapped (vfio_pci_core_mmap()).
 */
int vfio_region_check_mmap(const struct vfio_device *vdev, uint64_t offset,
			   uint64_t size);

/* Add what capabilities that has for GET_REGION_INFO: 0, -ENOMEM. */
int vfio_region_add_caps(const struct vfio_device *vdev, unsigned int index,
			 struct vfio_chain *chain);

/*
 * One aligned access of 1, 2, 4 or 8 bytes inside a region: to its memory, if
 * it is plain there, or by the plugin's access op.
 */
int vfio_region_access(struct vfio_device *vdev, unsigned int index,
		       uint64_t offset, void *buf, unsigned int len,
		       bool write);

#endif
