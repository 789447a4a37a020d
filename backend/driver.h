/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IOMMU drivers that containers can have (drivers/vfio/container.c).
 * Registered before there are containers, constant while there are.
 */
#ifndef VFIOD_BACKEND_DRIVER_H
#define VFIOD_BACKEND_DRIVER_H

#include <sys/queue.h>

#include "iommu.h"

struct vfio_iommu_driver {
	SLIST_ENTRY(vfio_iommu_driver) vfio_next;
	const struct vfio_iommu_driver_ops *ops;
};

/* Newest first: in this order they are asked. */
SLIST_HEAD(vfio_iommu_drivers, vfio_iommu_driver);

/*
 * vfio_register_iommu_driver(): 0, -EINVAL (it is there already, or has only
 * one of register_device and unregister_device), -ENOMEM.
 */
int vfio_register_iommu_driver(struct vfio_iommu_drivers *drivers,
			       const struct vfio_iommu_driver_ops *ops);
/* All of them. No container is left. */
void vfio_unregister_iommu_drivers(struct vfio_iommu_drivers *drivers);

#endif
