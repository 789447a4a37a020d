// SPDX-License-Identifier: BSD-3-Clause
/* The IOMMU that groups have unless another is asked for. */
#include "geometry.h"

const char *const vfio_iommu_resv_names[VFIO_RESV_TYPES] = {
	[VFIO_RESV_DIRECT] = "direct",
	[VFIO_RESV_DIRECT_RELAXABLE] = "direct-relaxable",
	[VFIO_RESV_RESERVED] = "reserved",
	[VFIO_RESV_MSI] = "msi",
};

static const struct vfio_iommu_reserved vtd_reserved[] = {
	{ { 0xfee00000, 0xfeefffff }, VFIO_RESV_MSI }, /* the local APICs' */
};

const struct vfio_iommu_geometry vfio_iommu_vtd = {
	.aperture = { 0, (1ULL << 39) - 1 },
	.pgsize_bitmap = 1 << 12 | 1 << 21 | 1 << 30,
	.nr_reserved = sizeof(vtd_reserved) / sizeof(vtd_reserved[0]),
	.reserved = vtd_reserved,
};
