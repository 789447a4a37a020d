// SPDX-License-Identifier: BSD-3-Clause
/* Pinned pages: their place in a mapping, their charge, their content. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>

#include "dma.h"
#include "host.h"
#include "iommu.h"
#include "locked_vm.h"
#include "page.h"

static int compare(const struct vfio_page *a, const struct vfio_page *b)
{
	return a->iova < b->iova ? -1 : a->iova > b->iova;
}

RB_PROTOTYPE_INTERNAL(vfio_page_tree, vfio_page, node, compare,
		      static __attribute__((unused)))
RB_GENERATE_INTERNAL(vfio_page_tree, vfio_page, node, compare,
		     static __attribute__((unused)))

struct vfio_page *vfio_page_find(struct vfio_dma *dma, uint64_t iova)
{
	struct vfio_page key = { .iova = iova };

	return RB_FIND(vfio_page_tree, &dma->pages, &key);
}

struct vfio_page *vfio_page_first(struct vfio_dma *dma)
{
	return RB_MIN(vfio_page_tree, &dma->pages);
}

struct vfio_page *vfio_page_next(struct vfio_page *page)
{
	return RB_NEXT(vfio_page_tree, NULL, page);
}

/*
 * The mapping's right decides, not what the device asked for. With an IOMMU
 * all pages of the mapping are charged as it is.
 */
static int pin_and_charge(struct vfio_dma *dma, uint64_t vaddr)
{
	int64_t ret;

	if (!vfio_peer_begin(dma->peer))
		return -EFAULT;
	vfio_peer_end(dma->peer);
	ret = dma->mm->ops->pin(dma->mm, vaddr, 1,
				dma->prot & VFIO_DMA_MAP_FLAG_WRITE);
	if (ret < 0)
		return ret == -ESRCH ? -ENODEV : ret;
	return dma->iommu_mapped ? 0 : vfio_charge(dma->mm, 1, dma->lock_cap);
}

static void uncharge(const struct vfio_dma *dma)
{
	if (!dma->iommu_mapped)
		vfio_uncharge(dma->mm, 1);
}

int vfio_page_create(struct vfio_dma *dma, uint64_t iova,
		     struct vfio_page **result)
{
	uint64_t vaddr = dma->vaddr + (iova - dma->iova);
	struct vfio_page *page;
	int ret;

	vaddr &= ~(uint64_t)(VFIO_PAGE_SIZE - 1);
	ret = pin_and_charge(dma, vaddr);
	if (ret)
		return ret;
	page = calloc(1, sizeof(*page));
	if (!page) {
		uncharge(dma);
		return -ENOMEM;
	}
	page->iova = iova;
	page->dma = dma;
	page->mm = vfio_mm_get(dma->mm);
	page->vaddr = vaddr;
	page->peer = vfio_peer_get(dma->peer);
	page->writable = dma->prot & VFIO_DMA_MAP_FLAG_WRITE;
	/* Without a hold the client can still take the memory away. */
	page->mm->ops->hold(page->mm, vaddr, VFIO_PAGE_SIZE, &page->hold);
	LIST_INIT(&page->pins);
	RB_INSERT(vfio_page_tree, &dma->pages, page);
	*result = page;
	return 0;
}

void vfio_page_detach(struct vfio_page *page)
{
	RB_REMOVE(vfio_page_tree, &page->dma->pages, page);
	uncharge(page->dma);
	page->dma = NULL;
}

void vfio_page_destroy(struct vfio_page *page)
{
	vfio_peer_put(page->peer);
	vfio_mm_drop(page->mm, &page->hold);
	vfio_mm_put(page->mm);
	free(page);
}

static int copy(struct vfio_page *page, size_t offset, void *buf, size_t len,
		bool write)
{
	const struct vfio_mm_ops *ops = page->mm->ops;

	if (page->hold.mem)
		return ops->hold_rw(&page->hold, offset, buf, len, write);
	return ops->rw(page->mm, page->vaddr + offset, buf, len, write);
}

int vfio_page_rw(struct vfio_page *page, size_t offset, void *buf, size_t len,
		 bool write)
{
	int ret;

	if (offset > VFIO_PAGE_SIZE || len > VFIO_PAGE_SIZE - offset)
		return -EINVAL;
	if (atomic_load(&page->revoked) || (write && !page->writable))
		return -EFAULT;
	if (!vfio_peer_begin(page->peer))
		return -EFAULT;
	ret = copy(page, offset, buf, len, write);
	vfio_peer_end(page->peer);
	return ret ? -EFAULT : 0;
}
