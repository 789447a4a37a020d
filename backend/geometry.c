// SPDX-License-Identifier: BSD-3-Clause
/* The IOMMU that groups have unless another is asked for. */
#include "geometry.h"

static const struct vfio_iova_range vtd_reserved[] = {
	{ 0xfee00000, 0xfeefffff }, /* the local APICs' */
};

const struct vfio_iommu_geometry vfio_iommu_vtd = {
	.aperture = { 0, (1ULL << 39) - 1 },
	.pgsize_bitmap = 1 << 12 | 1 << 21 | 1 << 30,
	.nr_reserved = sizeof(vtd_reserved) / sizeof(vtd_reserved[0]),
	.reserved = vtd_reserved,
};
