// SPDX-License-Identifier: BSD-3-Clause
/* VFIO_IOMMU_UNMAP_DMA. */
#include <errno.h>
#include <stddef.h>

#include <vfiod/uapi.h>

#include "type1.h"

/* How often a device is asked to unpin: once, and ten times more. */
#define UNPIN_ROUNDS 11

#define UNMAP_MINSZ offsetof(struct vfio_iommu_type1_dma_unmap, data)

struct unmap {
	struct vfio_bitmap bitmap;
	uint64_t last; /* the last byte asked for */
	uint64_t done; /* bytes unmapped so far */
	uint64_t asked_iova; /* of the mapping devices were last asked for */
	unsigned int rounds; /* how often they were asked in a row */
	struct vfio_iommu_type1_dma_unmap arg; /* has a flexible end */
};

static bool has_flag(const struct unmap *unmap, uint32_t flag)
{
	return unmap->arg.flags & flag;
}

static int read_bitmap(struct unmap *unmap, uint64_t arg)
{
	int ret;

	if (unmap->arg.argsz < UNMAP_MINSZ + sizeof(unmap->bitmap))
		return -EINVAL;
	ret = vfio_copy_from_user(&unmap->bitmap, arg + UNMAP_MINSZ,
				  sizeof(unmap->bitmap));
	if (ret)
		return ret;
	return vfio_dirty_check_bitmap(&unmap->bitmap, unmap->arg.size);
}

static int read_arg(struct unmap *unmap, uint64_t arg)
{
	uint32_t other = VFIO_DMA_UNMAP_FLAG_ALL | VFIO_DMA_UNMAP_FLAG_VADDR;
	int ret;

	ret = vfio_copy_from_user(&unmap->arg, arg, UNMAP_MINSZ);
	if (ret)
		return ret;
	if (unmap->arg.argsz < UNMAP_MINSZ ||
	    has_flag(unmap, ~(other | VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP)))
		return -EINVAL;
	if (!has_flag(unmap, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP))
		return 0;
	if (has_flag(unmap, other))
		return -EINVAL;
	return read_bitmap(unmap, arg);
}

/* A v2 mapping goes as a whole; v1 has its own rule in first(). */
static bool bisected(struct vfio_iommu *iommu, const struct unmap *unmap)
{
	return iommu->v2 && !has_flag(unmap, VFIO_DMA_UNMAP_FLAG_ALL) &&
	       vfio_dma_bisected(&iommu->dmas, unmap->arg.iova, unmap->last);
}

static int set_range(const struct vfio_iommu *iommu, struct unmap *unmap)
{
	uint64_t iova = unmap->arg.iova, size = unmap->arg.size;
	uint64_t mask = vfio_iommu_pgsize(iommu) - 1;

	if (iova & mask)
		return -EINVAL;
	if (has_flag(unmap, VFIO_DMA_UNMAP_FLAG_ALL)) {
		unmap->last = UINT64_MAX;
		return iova || size ? -EINVAL : 0;
	}
	if (!size || size & mask || iova + size - 1 < iova)
		return -EINVAL;
	unmap->last = iova + size - 1;
	return 0;
}

static int check(struct vfio_iommu *iommu, struct unmap *unmap)
{
	int ret;

	/* Devices of emulated groups could use the stale address. */
	if (has_flag(unmap, VFIO_DMA_UNMAP_FLAG_VADDR) &&
	    !LIST_EMPTY(&iommu->emulated_groups))
		return -EBUSY;
	ret = set_range(iommu, unmap);
	if (ret)
		return ret;
	if (has_flag(unmap, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP) &&
	    (!iommu->dirty_tracking ||
	     unmap->bitmap.pgsize != vfio_iommu_pgsize(iommu)))
		return -EINVAL;
	return bisected(iommu, unmap) ? -EINVAL : 0;
}

/*
 * Where to begin. v1 promises nothing for a range that begins inside a
 * mapping, and so touches nothing at all.
 */
static struct vfio_dma *first(struct vfio_iommu *iommu,
			      const struct unmap *unmap)
{
	struct vfio_dma *dma;

	dma = vfio_dma_find(&iommu->dmas, unmap->arg.iova, unmap->last);
	if (dma && !iommu->v2 && dma->iova < unmap->arg.iova)
		return NULL;
	return dma;
}

static struct vfio_dma *next(struct vfio_dma *dma, const struct unmap *unmap)
{
	dma = vfio_dma_next(dma);
	return dma && dma->iova <= unmap->last ? dma : NULL;
}

/* All of the range, or nothing when one is invalid already. */
static int invalidate_vaddr(struct vfio_iommu *iommu, struct unmap *unmap)
{
	struct vfio_dma *dma;

	for (dma = first(iommu, unmap); dma; dma = next(dma, unmap)) {
		if (dma->vaddr_invalid)
			return -EINVAL;
	}
	for (dma = first(iommu, unmap); dma; dma = next(dma, unmap)) {
		dma->vaddr_invalid = true;
		iommu->vaddr_invalid_count++;
		unmap->done += dma->size;
	}
	return 0;
}

/*
 * The mapping has pinned pages: ask the devices to unpin them, and when they
 * were asked often enough, do it. The kernel stops the machine then.
 */
static void request_unpin(struct vfio_iommu *iommu, struct unmap *unmap,
			  struct vfio_dma *dma)
{
	if (unmap->asked_iova != dma->iova) {
		unmap->asked_iova = dma->iova;
		unmap->rounds = 0;
	}
	if (unmap->rounds == UNPIN_ROUNDS)
		vfio_revoke_pins(iommu, dma);
	else if (vfio_notify_dma_unmap(iommu, dma->iova, dma->size,
				       unmap->rounds == UNPIN_ROUNDS - 1))
		unmap->rounds++;
}

static int remove_one(struct vfio_iommu *iommu, struct unmap *unmap,
		      struct vfio_dma *dma)
{
	int ret;

	if (has_flag(unmap, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP)) {
		/* It can be stopped while devices are asked. */
		if (!iommu->dirty_tracking)
			return -EINVAL;
		ret = vfio_dirty_write(iommu, dma, unmap->arg.iova,
				       (uintptr_t)unmap->bitmap.data);
		if (ret)
			return ret;
	}
	unmap->done += dma->size;
	vfio_iommu_remove_dma(iommu, dma);
	return 0;
}

/*
 * Devices are asked with the lock dropped, so all may have changed after it:
 * begin anew. What was before is removed already. A mapping that reaches
 * over the range by now ends the walk with what was done.
 */
static int remove_range(struct vfio_iommu *iommu, struct unmap *unmap)
{
	struct vfio_dma *dma = first(iommu, unmap), *after;
	int ret;

	while (dma) {
		if (!RB_EMPTY(&dma->pages)) {
			request_unpin(iommu, unmap, dma);
			if (bisected(iommu, unmap))
				break;
			dma = first(iommu, unmap);
			continue;
		}
		after = next(dma, unmap);
		ret = remove_one(iommu, unmap, dma);
		if (ret)
			return ret;
		dma = after;
	}
	return 0;
}

static int unmap_locked(struct vfio_iommu *iommu, struct unmap *unmap)
{
	int ret = check(iommu, unmap);

	if (ret)
		return ret;
	if (has_flag(unmap, VFIO_DMA_UNMAP_FLAG_VADDR))
		return invalidate_vaddr(iommu, unmap);
	return remove_range(iommu, unmap);
}

int vfio_type1_unmap_dma(struct vfio_iommu *iommu, uint64_t arg)
{
	struct unmap unmap = { 0 };
	int ret;

	ret = read_arg(&unmap, arg);
	if (ret)
		return ret;
	pthread_mutex_lock(&iommu->lock);
	ret = unmap_locked(iommu, &unmap);
	pthread_mutex_unlock(&iommu->lock);
	if (ret)
		return ret;
	unmap.arg.size = unmap.done;
	return vfio_copy_to_user(arg, &unmap.arg, UNMAP_MINSZ);
}
