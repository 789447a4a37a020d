/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One DMA mapping, and the set of a container's mappings. Everything here is
 * guarded by the lock of the struct vfio_iommu that owns the set.
 */
#ifndef VFIOD_BACKEND_DMA_H
#define VFIOD_BACKEND_DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/tree.h>

#include "host.h"
#include "page.h"
#include "peer.h"

/*
 * There can be 65535 in a container, and many containers: with malloc's
 * header it takes 128 bytes.
 */
struct vfio_dma {
	RB_ENTRY(vfio_dma) node;
	uint64_t iova;
	uint64_t size;
	uint64_t vaddr;
	struct vfio_mm *mm; /* of the process that mapped; a reference */
	struct vfio_page_tree pages; /* the pinned ones */
	uint64_t *bitmap; /* a bit a page, while dirty pages are tracked */
	struct vfio_hold hold; /* of all of it, for dma_rw */
	struct vfio_peer *peer; /* NULL: not another device's memory */
	uint8_t prot; /* VFIO_DMA_MAP_FLAG_READ, _WRITE */
	bool lock_cap; /* who mapped had CAP_IPC_LOCK */
	bool vaddr_invalid;
	/* All pages are pinned and charged: a group has an IOMMU. */
	bool iommu_mapped;
	bool hold_tried; /* once is enough */
};

RB_HEAD(vfio_dma_tree, vfio_dma);

static inline uint64_t vfio_dma_last(const struct vfio_dma *dma)
{
	/* The end itself may be 2^64. */
	return dma->iova + dma->size - 1;
}

static inline size_t vfio_dma_npages(const struct vfio_dma *dma)
{
	return dma->size >> VFIO_PAGE_SHIFT;
}

/* The lowest mapping that ends at or after @start; NULL when there is none. */
struct vfio_dma *vfio_dma_first(struct vfio_dma_tree *tree, uint64_t start);
/* The next higher mapping. */
struct vfio_dma *vfio_dma_next(struct vfio_dma *dma);
/* The lowest mapping that overlaps [@start, @last]. */
struct vfio_dma *vfio_dma_find(struct vfio_dma_tree *tree, uint64_t start,
			       uint64_t last);
/* Does @start or @last lie in a mapping that reaches over it? */
bool vfio_dma_bisected(struct vfio_dma_tree *tree, uint64_t start,
		       uint64_t last);

/*
 * Have its memory at hand, if it is shared memory; no effect from the second
 * time on. Drop undoes that: before its mm or its vaddr changes.
 */
void vfio_dma_hold(struct vfio_dma *dma);
void vfio_dma_drop(struct vfio_dma *dma);

/* @dma overlaps no mapping of @tree. */
void vfio_dma_insert(struct vfio_dma_tree *tree, struct vfio_dma *dma);
/* Out of the tree, and freed. No page of it is pinned. */
void vfio_dma_remove(struct vfio_dma_tree *tree, struct vfio_dma *dma);

#endif
