// SPDX-License-Identifier: BSD-3-Clause
/* The mappings of a container, in order of IOVA. */
#include <assert.h>
#include <stdlib.h>

#include "dma.h"
#include "host.h"

static int compare(const struct vfio_dma *a, const struct vfio_dma *b)
{
	return a->iova < b->iova ? -1 : a->iova > b->iova;
}

RB_PROTOTYPE_INTERNAL(vfio_dma_tree, vfio_dma, node, compare,
		      static __attribute__((unused)))
RB_GENERATE_INTERNAL(vfio_dma_tree, vfio_dma, node, compare,
		     static __attribute__((unused)))

struct vfio_dma *vfio_dma_first(struct vfio_dma_tree *tree, uint64_t start)
{
	struct vfio_dma *dma = RB_ROOT(tree), *found = NULL;

	while (dma) {
		if (start > vfio_dma_last(dma)) {
			dma = RB_RIGHT(dma, node);
			continue;
		}
		found = dma;
		if (start >= dma->iova)
			break;
		dma = RB_LEFT(dma, node);
	}
	return found;
}

struct vfio_dma *vfio_dma_next(struct vfio_dma *dma)
{
	return RB_NEXT(vfio_dma_tree, NULL, dma);
}

struct vfio_dma *vfio_dma_find(struct vfio_dma_tree *tree, uint64_t start,
			       uint64_t last)
{
	struct vfio_dma *dma = vfio_dma_first(tree, start);

	return dma && dma->iova <= last ? dma : NULL;
}

bool vfio_dma_bisected(struct vfio_dma_tree *tree, uint64_t start,
		       uint64_t last)
{
	struct vfio_dma *dma;

	dma = vfio_dma_find(tree, start, start);
	if (dma && dma->iova != start)
		return true;
	dma = vfio_dma_find(tree, last, last);
	return dma && vfio_dma_last(dma) != last;
}

void vfio_dma_hold(struct vfio_dma *dma)
{
	if (dma->hold_tried)
		return;
	dma->hold_tried = true;
	dma->mm->ops->hold(dma->mm, dma->vaddr, dma->size, &dma->hold);
}

void vfio_dma_drop(struct vfio_dma *dma)
{
	vfio_mm_drop(dma->mm, &dma->hold);
	dma->hold_tried = false;
}

void vfio_dma_insert(struct vfio_dma_tree *tree, struct vfio_dma *dma)
{
	RB_INSERT(vfio_dma_tree, tree, dma);
}

void vfio_dma_remove(struct vfio_dma_tree *tree, struct vfio_dma *dma)
{
	assert(RB_EMPTY(&dma->pages));
	RB_REMOVE(vfio_dma_tree, tree, dma);
	vfio_peer_destroy(dma->peer);
	vfio_dma_drop(dma);
	vfio_mm_put(dma->mm);
	free(dma->bitmap);
	free(dma);
}
