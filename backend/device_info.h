/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The INFO ioctls of a device, answered from its type's tables, and
 * VFIO_DEVICE_FEATURE. In the context of the client; @arg is the address of
 * the structure.
 */
#ifndef VFIOD_BACKEND_DEVICE_INFO_H
#define VFIOD_BACKEND_DEVICE_INFO_H

#include <stdint.h>

struct vfio_device;

int vfio_device_get_info(struct vfio_device *vdev, uint64_t arg);
int vfio_device_get_region_info(struct vfio_device *vdev, uint64_t arg);
int vfio_device_get_irq_info(struct vfio_device *vdev, uint64_t arg);
/* vfio_ioctl_device_feature(). */
int vfio_device_feature(struct vfio_device *vdev, uint64_t arg);

#endif
