/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the IOMMU before a group of kind VFIO_IOMMU translates: the kernel's
 * iommu_domain with its geometry, and the group's iommu_resv_regions.
 */
#ifndef VFIOD_BACKEND_GEOMETRY_H
#define VFIOD_BACKEND_GEOMETRY_H

#include <linux/vfio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The @end of a range is the last address in it. */
struct vfio_iommu_geometry {
	struct vfio_iova_range aperture;
	/* A bit for each page size; one is 4 KiB, or less. */
	uint64_t pgsize_bitmap;
	/* It makes all DMA coherent with the caches (VFIO_DMA_CC_IOMMU). */
	bool coherent;
	/* What cannot be mapped all the same: for MSIs, for firmware. */
	size_t nr_reserved;
	const struct vfio_iova_range *reserved;
};

/* Intel's VT-d as QEMU's intel-iommu has it: 39 bits, the MSI window. */
extern const struct vfio_iommu_geometry vfio_iommu_vtd;

#endif
