/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The features by which a device itself logs what it writes to memory
 * (drivers/vfio/vfio_main.c). dirty.h is what the iommu driver logs.
 */
#ifndef VFIOD_BACKEND_DMA_LOG_H
#define VFIOD_BACKEND_DMA_LOG_H

#include <stddef.h>
#include <stdint.h>

struct vfio_device;

/* Each answers one feature; the arguments are those of device_feature. */
int vfio_feature_log_start(struct vfio_device *vdev, uint32_t flags,
			   uint64_t arg, size_t argsz);
int vfio_feature_log_stop(struct vfio_device *vdev, uint32_t flags,
			  size_t argsz);
int vfio_feature_log_report(struct vfio_device *vdev, uint32_t flags,
			    uint64_t arg, size_t argsz);

#endif
