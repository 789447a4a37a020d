// SPDX-License-Identifier: BSD-3-Clause
/* VFIO_DEVICE_FEATURE: the rules that hold for every feature. */
#include <errno.h>

#include "device.h"
#include "device_info.h"
#include "dma_log.h"
#include "host.h"
#include "migration.h"
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

static int call_feature(struct vfio_device *vdev, uint32_t flags, uint64_t arg,
			size_t argsz)
{
	switch (flags & VFIO_DEVICE_FEATURE_MASK) {
	case VFIO_DEVICE_FEATURE_MIGRATION:
		return vfio_feature_migration(vdev, flags, arg, argsz);
	case VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE:
		return vfio_feature_mig_device_state(vdev, flags, arg, argsz);
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_START:
		return vfio_feature_log_start(vdev, flags, arg, argsz);
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP:
		return vfio_feature_log_stop(vdev, flags, argsz);
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT:
		return vfio_feature_log_report(vdev, flags, arg, argsz);
	case VFIO_DEVICE_FEATURE_MIG_DATA_SIZE:
		return vfio_feature_mig_data_size(vdev, flags, arg, argsz);
	default:
		return driver_feature(vdev, flags, arg, argsz);
	}
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
	return call_feature(vdev, feature.flags, arg + sizeof(feature),
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
