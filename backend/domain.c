// SPDX-License-Identifier: BSD-3-Clause
/*
 * Groups behind an IOMMU, and mappings as their IOMMUs have them: all pages
 * pinned, and charged to the process that mapped. Each group has a domain of
 * its own here; the kernel has groups share one where it can, which shows
 * nowhere as long as their geometries are the same.
 */
#include <errno.h>

#include "group.h"
#include "locked_vm.h"
#include "type1.h"

/* ---- mappings ---- */

/* How many of @npages pages from @iova on are charged as pinned already? */
static uint64_t count_charged(struct vfio_dma *dma, uint64_t iova,
			      uint64_t npages)
{
	uint64_t n = 0;

	if (RB_EMPTY(&dma->pages))
		return 0;
	for (uint64_t i = 0; i < npages; i++)
		n += !!vfio_page_find(dma, iova + i * VFIO_PAGE_SIZE);
	return n;
}

static uint64_t count_pins(struct vfio_dma *dma)
{
	struct vfio_page *page;
	uint64_t n = 0;

	for (page = vfio_page_first(dma); page; page = vfio_page_next(page))
		n++;
	return n;
}

/*
 * Pin and charge as many pages as there are in a row from number @first on.
 * How many these were, and in *@charged how many had to be charged.
 */
static int64_t map_some(struct vfio_dma *dma, uint64_t first, uint64_t *charged)
{
	uint64_t offset = first * VFIO_PAGE_SIZE;
	int64_t n;
	int ret;

	n = dma->mm->ops->pin(dma->mm, dma->vaddr + offset,
			      vfio_dma_npages(dma) - first,
			      dma->prot & VFIO_DMA_MAP_FLAG_WRITE);
	if (n < 0)
		return -EFAULT;
	*charged = n - count_charged(dma, dma->iova + offset, n);
	ret = vfio_charge(dma->mm, *charged, dma->lock_cap);
	return ret ? ret : n;
}

/*
 * Pins that devices had before are not charged any more, as all pages are;
 * so those of addresses inside a page are given back here. (The kernel
 * forgets them.)
 */
int vfio_dma_iommu_map(struct vfio_dma *dma)
{
	uint64_t done = 0, total = 0, charged;
	int64_t n = 0;

	while (done < vfio_dma_npages(dma)) {
		n = map_some(dma, done, &charged);
		if (n < 0)
			break;
		done += n;
		total += charged;
	}
	if (n < 0) {
		vfio_uncharge(dma->mm, total);
		return n;
	}
	vfio_uncharge(dma->mm, count_pins(dma) - (done - total));
	dma->iommu_mapped = true;
	vfio_dma_hold(dma);
	return 0;
}

void vfio_dma_iommu_unmap(struct vfio_dma *dma)
{
	uint64_t pins;

	if (!dma->iommu_mapped)
		return;
	dma->iommu_mapped = false;
	pins = count_pins(dma);
	/* The pins' charge is no new one, and so has no limit. */
	if (pins > vfio_dma_npages(dma))
		atomic_fetch_add(&dma->mm->locked_vm,
				 pins - vfio_dma_npages(dma));
	else
		vfio_uncharge(dma->mm, vfio_dma_npages(dma) - pins);
}

static void unmap_until(struct vfio_iommu *iommu, const struct vfio_dma *end)
{
	struct vfio_dma *dma;

	for (dma = vfio_dma_first(&iommu->dmas, 0); dma && dma != end;
	     dma = vfio_dma_next(dma))
		vfio_dma_iommu_unmap(dma);
}

/* ---- groups ---- */

static bool overlaps(struct vfio_iommu *iommu,
		     const struct vfio_iova_range *range)
{
	return vfio_dma_find(&iommu->dmas, range->start, range->end);
}

/*
 * Does a mapping lie where @geometry has nothing? Before there was an IOMMU
 * mappings may lie anywhere, and map_all() finds those out of the aperture.
 */
static bool conflicts(struct vfio_iommu *iommu,
		      const struct vfio_iommu_geometry *geometry)
{
	const struct vfio_iova_range *aperture = &geometry->aperture;
	const struct vfio_iova_range below = { 0, aperture->start - 1 };
	const struct vfio_iova_range above = { aperture->end + 1, UINT64_MAX };

	for (size_t i = 0; i < geometry->nr_reserved; i++)
		if (vfio_iommu_keeps(&geometry->reserved[i]) &&
		    overlaps(iommu, &geometry->reserved[i].range))
			return true;
	if (!iommu->iovas.nr)
		return false;
	return (aperture->start && overlaps(iommu, &below)) ||
	       (aperture->end != UINT64_MAX && overlaps(iommu, &above));
}

/*
 * Has a mapping parts of pages of @geometry? iommu_map() looks at the physical
 * address, which cannot be a multiple of a page's size where that in the
 * client is none.
 */
static bool splits_pages(struct vfio_iommu *iommu,
			 const struct vfio_iommu_geometry *geometry)
{
	uint64_t bitmap = geometry->pgsize_bitmap;
	uint64_t mask = (bitmap & -bitmap) - 1;
	struct vfio_dma *dma;

	for (dma = vfio_dma_first(&iommu->dmas, 0); dma;
	     dma = vfio_dma_next(dma)) {
		if ((dma->iova | dma->vaddr | dma->size) & mask)
			return true;
	}
	return false;
}

static int restrict_to(struct vfio_iova_list *iovas,
		       const struct vfio_iommu_geometry *geometry)
{
	int ret;

	ret = vfio_iova_confine(iovas, &geometry->aperture);
	for (size_t i = 0; i < geometry->nr_reserved && !ret; i++)
		if (vfio_iommu_keeps(&geometry->reserved[i]))
			ret = vfio_iova_exclude(iovas,
						&geometry->reserved[i].range);
	return ret;
}

/* What all groups allow: -EINVAL when that is nothing. */
static int find_iovas(const struct vfio_iommu *iommu,
		      struct vfio_iova_list *iovas)
{
	const struct vfio_iommu_group *it;
	int ret;

	ret = vfio_iova_init(iovas);
	LIST_FOREACH(it, &iommu->iommu_groups, next) {
		if (!ret)
			ret = restrict_to(iovas, it->group->geometry);
	}
	if (!ret && !iovas->nr)
		ret = -EINVAL;
	if (ret)
		vfio_iova_free(iovas);
	return ret;
}

/* Page sizes that all groups have. */
static uint64_t common_pgsizes(const struct vfio_iommu *iommu)
{
	const struct vfio_iommu_group *it;
	uint64_t bitmap = UINT64_MAX;

	LIST_FOREACH(it, &iommu->iommu_groups, next)
		bitmap &= it->group->geometry->pgsize_bitmap;
	return bitmap;
}

/* Sizes below the CPU's are not shown: its own does for them. */
static void update_pgsize_bitmap(struct vfio_iommu *iommu)
{
	iommu->pgsize_bitmap = common_pgsizes(iommu);
	if (iommu->pgsize_bitmap & (VFIO_PAGE_SIZE - 1)) {
		iommu->pgsize_bitmap &= ~(VFIO_PAGE_SIZE - 1);
		iommu->pgsize_bitmap |= VFIO_PAGE_SIZE;
	}
}

static void set_iovas(struct vfio_iommu *iommu, struct vfio_iova_list *iovas)
{
	vfio_iova_free(&iommu->iovas);
	iommu->iovas = *iovas;
	update_pgsize_bitmap(iommu);
}

/*
 * vfio_iommu_replay(): mappings from before the first IOMMU. -EFAULT, -ENOMEM
 * as for MAP_DMA; an address that is too large is EFAULT, which is VT-d's
 * answer.
 */
static int map_all(struct vfio_iommu *iommu,
		   const struct vfio_iommu_geometry *geometry)
{
	struct vfio_dma *dma;
	int ret = 0;

	for (dma = vfio_dma_first(&iommu->dmas, 0); dma;
	     dma = vfio_dma_next(dma)) {
		ret = vfio_dma_iommu_map(dma);
		if (ret)
			break;
		if (dma->iova < geometry->aperture.start ||
		    vfio_dma_last(dma) > geometry->aperture.end) {
			vfio_dma_iommu_unmap(dma);
			ret = -EFAULT;
			break;
		}
	}
	if (ret)
		unmap_until(iommu, dma);
	return ret;
}

int vfio_iommu_attach_domain(struct vfio_iommu *iommu,
			     struct vfio_iommu_group *group)
{
	const struct vfio_iommu_geometry *geometry = group->group->geometry;
	bool is_first = LIST_EMPTY(&iommu->iommu_groups);
	struct vfio_iova_list iovas;
	int ret;

	if (iommu->nesting || conflicts(iommu, geometry) ||
	    splits_pages(iommu, geometry))
		return -EINVAL;
	/* The kernel would go on with pages of no size. */
	if (!(common_pgsizes(iommu) & geometry->pgsize_bitmap))
		return -EINVAL;
	LIST_INSERT_HEAD(&iommu->iommu_groups, group, next);
	ret = find_iovas(iommu, &iovas);
	if (!ret && is_first) {
		ret = map_all(iommu, geometry);
		if (ret)
			vfio_iova_free(&iovas);
	}
	if (ret) {
		LIST_REMOVE(group, next);
		return ret;
	}
	set_iovas(iommu, &iovas);
	return 0;
}

/*
 * With the last domain pages are charged as pins again. That the list then
 * has one range, of all addresses, is as in the kernel. Without memory it
 * stays as it is.
 */
void vfio_iommu_detached_domain(struct vfio_iommu *iommu)
{
	struct vfio_iova_list iovas;

	if (LIST_EMPTY(&iommu->iommu_groups))
		unmap_until(iommu, NULL);
	if (!find_iovas(iommu, &iovas))
		set_iovas(iommu, &iovas);
}

bool vfio_iommu_is_coherent(const struct vfio_iommu *iommu)
{
	const struct vfio_iommu_group *it;

	LIST_FOREACH(it, &iommu->iommu_groups, next) {
		if (!it->group->geometry->coherent)
			return false;
	}
	return true;
}
