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

/* Why a range is reserved: enum iommu_resv_type. */
enum vfio_iommu_resv_type {
	VFIO_RESV_DIRECT, /* firmware wants it mapped one to one */
	VFIO_RESV_DIRECT_RELAXABLE, /* so too, but not for a client */
	VFIO_RESV_RESERVED, /* never translated */
	VFIO_RESV_MSI, /* where messages go */
	VFIO_RESV_TYPES,
};

/* As in a group's reserved_regions in sysfs. */
extern const char *const vfio_iommu_resv_names[VFIO_RESV_TYPES];

/* As in all ranges here, @end is the last address. */
struct vfio_iommu_reserved {
	struct vfio_iova_range range;
	enum vfio_iommu_resv_type type;
};

/* Does it keep clients from mapping something there? */
static inline bool vfio_iommu_keeps(const struct vfio_iommu_reserved *reserved)
{
	return reserved->type != VFIO_RESV_DIRECT_RELAXABLE;
}

struct vfio_iommu_geometry {
	struct vfio_iova_range aperture;
	/* A bit for each page size; there is one. */
	uint64_t pgsize_bitmap;
	/* It makes all DMA coherent with the caches (VFIO_DMA_CC_IOMMU). */
	bool coherent;
	/* In the aperture, or not. */
	size_t nr_reserved;
	const struct vfio_iommu_reserved *reserved;
};

/* Intel's VT-d as QEMU's intel-iommu has it: 39 bits, the MSI window. */
extern const struct vfio_iommu_geometry vfio_iommu_vtd;

#endif
