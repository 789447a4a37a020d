/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What --pci says of the IOMMU before a function's group: aperture=START-END,
 * reserved=START-END[:TYPE], as often as there are such ranges, and
 * pgsizes=SIZE[+SIZE…]. Addresses are hexadecimal, an END is the last one, a
 * TYPE is one that sysfs has. A SIZE is decimal, then k, m, g or nothing.
 */
#ifndef VFIOD_DAEMON_IOMMU_OPTION_H
#define VFIOD_DAEMON_IOMMU_OPTION_H

#include "../backend/geometry.h"

struct device;
struct why;

#define IOMMU_OPTION_RESERVED 16

struct iommu_option {
	struct vfio_iommu_geometry geometry;
	/* geometry.reserved, unless it is still the usual one. */
	struct vfio_iommu_reserved reserved[IOMMU_OPTION_RESERVED];
};

/*
 * As mdev_take(); device->iommu, of malloc(), is made with the first of
 * these keys.
 */
int iommu_option_take(struct device *device, const char *key, const char *value,
		      struct why *why);

#endif
