// SPDX-License-Identifier: BSD-3-Clause
/* VFIO_DEVICE_FEATURE: the rules that hold for every feature. */
#include <errno.h>

#include "device.h"
#include "device_info.h"
#include "host.h"
#include "pci.h"

#define FEATURE_OPS (VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET)

/* The plugin's, or what vfio-pci has for every function. */
static int driver_feature(struct vfio_device *vdev, uint32_t flags,
			  uint64_t arg, size_t argsz)
{
	int ret = -ENOTTY;

	if (vdev->plugin->device_feature)
		ret = vdev->plugin->device_feature(vdev, flags, arg, argsz);
	if (ret == -ENOTTY && vdev->pci)
		ret = vfio_pci_feature(vdev, flags, arg, argsz);
	return ret;
}

int vfio_device_feature(struct vfio_device *vdev, uint64_t arg)
{
	struct vfio_device_feature feature;

	if (vfio_copy_from_user(&feature, arg, sizeof(feature)))
		return -EFAULT;
	if (feature.argsz < sizeof(feature))
		return -EINVAL;
	if (feature.flags & ~(VFIO_DEVICE_FEATURE_MASK | FEATURE_OPS |
			      VFIO_DEVICE_FEATURE_PROBE))
		return -EINVAL;
	/* Both at once can only be asked about. */
	if (!(feature.flags & VFIO_DEVICE_FEATURE_PROBE) &&
	    (feature.flags & FEATURE_OPS) == FEATURE_OPS)
		return -EINVAL;
	return driver_feature(vdev, feature.flags, arg + sizeof(feature),
			      feature.argsz - sizeof(feature));
}

int vfiod_check_feature(uint32_t flags, size_t argsz, uint32_t supported,
			size_t minsz)
{
	if (flags & FEATURE_OPS & ~supported)
		return -EINVAL;
	if (flags & VFIO_DEVICE_FEATURE_PROBE)
		return 0;
	if (!(flags & FEATURE_OPS) || argsz < minsz)
		return -EINVAL;
	return 1;
}
