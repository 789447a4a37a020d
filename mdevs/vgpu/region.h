/* SPDX-License-Identifier: BSD-3-Clause */
/* The device's regions: plugin.h, read and write. */
#ifndef VGPU_REGION_H
#define VGPU_REGION_H

#include <vfiod/plugin.h>

ssize_t vgpu_region_read(struct vfio_device *vdev, void *buf, size_t count,
			 uint64_t pos);
ssize_t vgpu_region_write(struct vfio_device *vdev, const void *buf,
			  size_t count, uint64_t pos);

#endif
