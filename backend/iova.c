// SPDX-License-Identifier: BSD-3-Clause
/* Lists of ranges of IOVAs. */
#include <errno.h>
#include <stdlib.h>

#include "iova.h"

int vfio_iova_init(struct vfio_iova_list *list)
{
	list->ranges = malloc(sizeof(*list->ranges));
	if (!list->ranges)
		return -ENOMEM;
	list->ranges[0] = (struct vfio_iova_range){ 0, UINT64_MAX };
	list->nr = 1;
	return 0;
}

void vfio_iova_free(struct vfio_iova_list *list)
{
	free(list->ranges);
	list->ranges = NULL;
	list->nr = 0;
}

static void keep(struct vfio_iova_list *list, uint64_t start, uint64_t last)
{
	list->ranges[list->nr++] = (struct vfio_iova_range){ start, last };
}

/* What is left of each range are up to two, but only one can be cut in two. */
int vfio_iova_exclude(struct vfio_iova_list *list,
		      const struct vfio_iova_range *range)
{
	struct vfio_iova_list left = {
		.ranges = calloc(list->nr + 1, sizeof(*left.ranges)),
	};

	if (!left.ranges)
		return -ENOMEM;
	for (size_t i = 0; i < list->nr; i++) {
		const struct vfio_iova_range *it = &list->ranges[i];

		if (!vfio_iova_overlap(it, range)) {
			keep(&left, it->start, it->end);
			continue;
		}
		if (range->start > it->start)
			keep(&left, it->start, range->start - 1);
		if (range->end < it->end)
			keep(&left, range->end + 1, it->end);
	}
	vfio_iova_free(list);
	*list = left;
	return 0;
}

int vfio_iova_confine(struct vfio_iova_list *list,
		      const struct vfio_iova_range *range)
{
	const struct vfio_iova_range below = { 0, range->start - 1 };
	const struct vfio_iova_range above = { range->end + 1, UINT64_MAX };
	int ret = 0;

	if (range->start)
		ret = vfio_iova_exclude(list, &below);
	if (!ret && range->end != UINT64_MAX)
		ret = vfio_iova_exclude(list, &above);
	return ret;
}

bool vfio_iova_allows(const struct vfio_iova_list *list, uint64_t start,
		      uint64_t last)
{
	for (size_t i = 0; i < list->nr; i++)
		if (start >= list->ranges[i].start &&
		    last <= list->ranges[i].end)
			return true;
	return !list->nr;
}
