// SPDX-License-Identifier: BSD-3-Clause
/* VFIO_IOMMU_MAP_DMA. */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>

#include <vfiod/uapi.h>

#include "locked_vm.h"
#include "type1.h"

#define RIGHTS (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

static int check_range(const struct vfio_iommu *iommu,
		       const struct vfio_iommu_type1_dma_map *map)
{
	uint64_t mask = vfio_iommu_pgsize(iommu) - 1;

	if (!map->size || (map->size | map->iova | map->vaddr) & mask)
		return -EINVAL;
	if (map->iova + map->size - 1 < map->iova ||
	    map->vaddr + map->size - 1 < map->vaddr)
		return -EINVAL;
	return 0;
}

static int get_caller(struct vfio_mm **mm)
{
	struct vfio_client *client = vfio_current();
	int ret = client->ops->mm(client, mm);

	if (!ret)
		vfio_mm_get(*mm);
	return ret;
}

static int init_dma(struct vfio_iommu *iommu, struct vfio_dma *dma,
		    const struct vfio_iommu_type1_dma_map *map)
{
	int ret;

	dma->iova = map->iova;
	dma->size = map->size;
	dma->vaddr = map->vaddr;
	dma->prot = map->flags & RIGHTS;
	RB_INIT(&dma->pages);
	dma->lock_cap = vfio_capable(CAP_IPC_LOCK);
	ret = get_caller(&dma->mm);
	if (!ret && !LIST_EMPTY(&iommu->iommu_groups))
		ret = vfio_dma_iommu_map(dma);
	if (!ret && iommu->dirty_tracking)
		ret = vfio_dirty_alloc(dma);
	return ret;
}

/*
 * Without an IOMMU @map->vaddr is taken as it is: a device that uses it finds
 * out.
 */
static int add(struct vfio_iommu *iommu,
	       const struct vfio_iommu_type1_dma_map *map,
	       struct vfio_peer **peer)
{
	struct vfio_dma *dma;
	int ret;

	if (vfio_dma_find(&iommu->dmas, map->iova, map->iova + map->size - 1))
		return -EEXIST;
	if (!iommu->dma_avail)
		return -ENOSPC;
	if (!vfio_iova_allows(&iommu->iovas, map->iova,
			      map->iova + map->size - 1))
		return -EINVAL;
	dma = calloc(1, sizeof(*dma));
	if (!dma)
		return -ENOMEM;
	ret = init_dma(iommu, dma, map);
	if (ret) {
		vfio_dma_iommu_unmap(dma);
		vfio_dma_drop(dma);
		vfio_mm_put(dma->mm);
		free(dma);
		return ret;
	}
	dma->peer = *peer;
	*peer = NULL;
	vfio_dma_insert(&iommu->dmas, dma);
	iommu->dma_avail--;
	return 0;
}

/* vfio_change_dma_owner(): the charge moves to the caller's address space. */
static int set_owner(struct vfio_dma *dma)
{
	uint64_t npages = dma->iommu_mapped ? vfio_dma_npages(dma) : 0;
	bool lock_cap = vfio_capable(CAP_IPC_LOCK);
	struct vfio_mm *mm;
	int ret;

	ret = get_caller(&mm);
	if (ret)
		return ret;
	if (mm != dma->mm)
		ret = vfio_charge(mm, npages, lock_cap);
	if (ret || mm == dma->mm) {
		vfio_mm_put(mm);
		return ret;
	}
	vfio_uncharge(dma->mm, npages);
	vfio_mm_put(dma->mm);
	dma->mm = mm;
	dma->lock_cap = lock_cap;
	return 0;
}

/*
 * A new address for a mapping whose address UNMAP with VADDR has declared
 * invalid.
 */
static int update_vaddr(struct vfio_iommu *iommu,
			const struct vfio_iommu_type1_dma_map *map,
			struct vfio_peer **peer)
{
	struct vfio_dma *dma;
	int ret;

	dma = vfio_dma_find(&iommu->dmas, map->iova, map->iova + map->size - 1);
	if (!dma)
		return -ENOENT;
	if (!dma->vaddr_invalid || dma->iova != map->iova ||
	    dma->size != map->size)
		return -EINVAL;
	vfio_dma_drop(dma);
	ret = set_owner(dma);
	if (ret)
		return ret;
	vfio_peer_destroy(dma->peer);
	dma->peer = *peer;
	*peer = NULL;
	dma->vaddr = map->vaddr;
	dma->vaddr_invalid = false;
	iommu->vaddr_invalid_count--;
	if (dma->iommu_mapped)
		vfio_dma_hold(dma);
	return 0;
}

/* *@peer becomes the mapping's, and NULL, if there is one then. */
static int map_locked(struct vfio_iommu *iommu,
		      const struct vfio_iommu_type1_dma_map *map,
		      struct vfio_peer **peer)
{
	int ret = check_range(iommu, map);

	if (ret)
		return ret;
	if (map->flags & VFIO_DMA_MAP_FLAG_VADDR)
		return update_vaddr(iommu, map, peer);
	return add(iommu, map, peer);
}

int vfio_type1_map_dma(struct vfio_iommu *iommu, uint64_t arg)
{
	struct vfio_iommu_type1_dma_map map;
	struct vfio_peer *peer;
	int ret;

	ret = vfio_copy_from_user(&map, arg, sizeof(map));
	if (ret)
		return ret;
	if (map.argsz < sizeof(map) ||
	    map.flags & ~(RIGHTS | VFIO_DMA_MAP_FLAG_VADDR))
		return -EINVAL;
	/* Either rights or VADDR, not both. */
	if (!(map.flags & RIGHTS) == !(map.flags & VFIO_DMA_MAP_FLAG_VADDR))
		return -EINVAL;
	ret = vfio_peer_create(map.vaddr, &peer);
	if (ret)
		return ret;
	pthread_mutex_lock(&iommu->lock);
	ret = map_locked(iommu, &map, &peer);
	pthread_mutex_unlock(&iommu->lock);
	vfio_peer_destroy(peer);
	return ret;
}
