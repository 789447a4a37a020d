/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IOVAs that a container may map: ranges in order, none touching the
 * next (the kernel's iommu->iova_list). Guarded by the lock of the struct
 * vfio_iommu that owns the list.
 */
#ifndef VFIOD_BACKEND_IOVA_H
#define VFIOD_BACKEND_IOVA_H

#include "geometry.h"

struct vfio_iova_list {
	size_t nr;
	struct vfio_iova_range *ranges;
};

static inline bool vfio_iova_overlap(const struct vfio_iova_range *a,
				     const struct vfio_iova_range *b)
{
	return a->start <= b->end && b->start <= a->end;
}

/* An empty list becomes all addresses. -ENOMEM. */
int vfio_iova_init(struct vfio_iova_list *list);
/* And is empty again. */
void vfio_iova_free(struct vfio_iova_list *list);
/* Take out all of @range, or what is not in it. -ENOMEM. */
int vfio_iova_exclude(struct vfio_iova_list *list,
		      const struct vfio_iova_range *range);
int vfio_iova_confine(struct vfio_iova_list *list,
		      const struct vfio_iova_range *range);
/* Does one range hold all of it? An empty list, of none, allows all. */
bool vfio_iova_allows(const struct vfio_iova_list *list, uint64_t start,
		      uint64_t last);

#endif
