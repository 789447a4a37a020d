/* SPDX-License-Identifier: BSD-3-Clause */
/* The features about migration (drivers/vfio/vfio_main.c). */
#ifndef VFIOD_BACKEND_MIGRATION_H
#define VFIOD_BACKEND_MIGRATION_H

#include <stddef.h>
#include <stdint.h>

struct vfio_device;

/* Each answers one feature; the arguments are those of device_feature. */
int vfio_feature_migration(struct vfio_device *vdev, uint32_t flags,
			   uint64_t arg, size_t argsz);
int vfio_feature_mig_device_state(struct vfio_device *vdev, uint32_t flags,
				  uint64_t arg, size_t argsz);
int vfio_feature_mig_data_size(struct vfio_device *vdev, uint32_t flags,
			       uint64_t arg, size_t argsz);

#endif
