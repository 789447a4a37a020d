// SPDX-License-Identifier: BSD-3-Clause
/*
 * Pinning and unpinning. The kernel counts the pins of a page; here each
 * device has its own count, so that a device can be told from another when
 * pins are left, and cannot drop another's.
 */
#include <errno.h>
#include <stdlib.h>

#include "blame.h"
#include "device.h"
#include "type1.h"

static struct vfio_pin *find_pin(const struct vfio_page *page,
				 const struct vfio_registration *holder)
{
	struct vfio_pin *pin;

	LIST_FOREACH(pin, &page->pins, page_next) {
		if (pin->holder == holder)
			return pin;
	}
	return NULL;
}

static void free_page_if_unpinned(struct vfio_page *page)
{
	if (!LIST_EMPTY(&page->pins))
		return;
	if (page->dma)
		vfio_page_detach(page);
	vfio_page_destroy(page);
}

static void remove_pin(struct vfio_pin *pin)
{
	struct vfio_page *page = pin->page;

	LIST_REMOVE(pin, page_next);
	LIST_REMOVE(pin, device_next);
	free(pin);
	free_page_if_unpinned(page);
}

static int add_pin(struct vfio_page *page, struct vfio_registration *holder)
{
	struct vfio_pin *pin = find_pin(page, holder);

	if (pin) {
		pin->count++;
		return 0;
	}
	pin = malloc(sizeof(*pin));
	if (!pin)
		return -ENOMEM;
	pin->page = page;
	pin->holder = holder;
	pin->count = 1;
	LIST_INSERT_HEAD(&page->pins, pin, page_next);
	LIST_INSERT_HEAD(&holder->pins, pin, device_next);
	return 0;
}

/* Is the last call of dma_unmap for the mapping at @iova under way? */
static bool is_going(const struct vfio_iommu *iommu, uint64_t iova)
{
	return iova - iommu->going_iova < iommu->going_size;
}

/*
 * The kernel looks for a mapping that overlaps the 4096 bytes from @iova on,
 * and pins what is before a mapping if that begins among them. Here the
 * mapping must hold @iova itself.
 */
static int pin_one(struct vfio_iommu *iommu, struct vfio_registration *holder,
		   uint64_t iova, int prot, struct vfio_page **result)
{
	struct vfio_dma *dma = vfio_dma_find(&iommu->dmas, iova, iova);
	struct vfio_page *page;
	int ret;

	if (!dma || is_going(iommu, iova))
		return -EINVAL;
	if ((dma->prot & prot) != prot)
		return -EPERM;
	page = vfio_page_find(dma, iova);
	if (!page) {
		ret = vfio_page_create(dma, iova, &page);
		if (ret)
			return ret;
		vfio_dirty_set(dma, iova - dma->iova, 1);
	}
	ret = add_pin(page, holder);
	if (ret) {
		free_page_if_unpinned(page);
		return ret;
	}
	*result = page;
	return 0;
}

/*
 * A pin that another device holds is left alone. The kernel would take it
 * from the other. -EINVAL: nothing is mapped there.
 */
static int unpin_one(struct vfio_iommu *iommu,
		     const struct vfio_registration *holder, uint64_t iova)
{
	struct vfio_dma *dma = vfio_dma_find(&iommu->dmas, iova, iova);
	struct vfio_page *page;
	struct vfio_pin *pin;

	if (!dma)
		return -EINVAL;
	page = vfio_page_find(dma, iova);
	pin = page ? find_pin(page, holder) : NULL;
	if (pin && !--pin->count)
		remove_pin(pin);
	return 0;
}

static int pin_locked(struct vfio_iommu *iommu,
		      struct vfio_registration *holder, uint64_t iova,
		      int npage, int prot, struct vfio_page **pages)
{
	int i, ret = 0;

	for (i = 0; i < npage; i++) {
		uint64_t at = iova + VFIO_PAGE_SIZE * i;

		/* The range does not go on at 0. */
		ret = at < iova ? -EINVAL :
				  pin_one(iommu, holder, at, prot, &pages[i]);
		if (ret)
			break;
	}
	if (!ret)
		return npage;
	pages[i] = NULL;
	while (i--) {
		unpin_one(iommu, holder, iova + VFIO_PAGE_SIZE * i);
		pages[i] = NULL;
	}
	return ret;
}

/*
 * A device that pins will do so for all it writes: from its first pin on its
 * group's other pages are clean.
 */
static void promote_dirty_scope(struct vfio_iommu *iommu,
				const struct vfio_group *group)
{
	struct vfio_iommu_group *it;

	LIST_FOREACH(it, &iommu->iommu_groups, next) {
		if (it->group != group || it->pinned_page_dirty_scope)
			continue;
		it->pinned_page_dirty_scope = true;
		iommu->non_pinned_groups--;
	}
}

int vfio_type1_pin_pages(void *data, struct vfio_device *vdev, uint64_t iova,
			 int npage, int prot, struct vfio_page **pages)
{
	struct vfio_iommu *iommu = data;
	struct vfio_registration *holder;
	int ret;

	if (!iommu->v2)
		return -EACCES;
	pthread_mutex_lock(&iommu->lock);
	holder = vdev->registration;
	if (iommu->vaddr_invalid_count)
		ret = -EBUSY;
	else if (!holder)
		ret = -EINVAL;
	else
		ret = pin_locked(iommu, holder, iova, npage, prot, pages);
	if (ret > 0)
		promote_dirty_scope(iommu, vdev->group);
	pthread_mutex_unlock(&iommu->lock);
	return ret;
}

void vfio_type1_unpin_pages(void *data, struct vfio_device *vdev, uint64_t iova,
			    int npage)
{
	struct vfio_iommu *iommu = data;
	struct vfio_registration *holder;
	int i;

	pthread_mutex_lock(&iommu->lock);
	holder = vdev->registration;
	for (i = 0; holder && i < npage; i++) {
		if (unpin_one(iommu, holder, iova + VFIO_PAGE_SIZE * i))
			break;
	}
	pthread_mutex_unlock(&iommu->lock);
	if (i < npage)
		vfio_blame(vdev, "unpinned pages that are not mapped");
}

/* The page leads nowhere from now on, and the pin keeps it for the plugin. */
static void revoke(struct vfio_pin *pin)
{
	struct vfio_page *page = pin->page;

	if (page->dma) {
		atomic_store(&page->revoked, true);
		vfio_page_detach(page);
	}
	LIST_REMOVE(pin, device_next);
	LIST_INSERT_HEAD(&pin->holder->revoked, pin, device_next);
}

/*
 * A page without a mapping is one that another device's turn has revoked
 * just now.
 */
static unsigned int revoke_from(struct vfio_registration *holder,
				const struct vfio_dma *dma)
{
	struct vfio_pin *pin, *next;
	unsigned int n = 0;

	for (pin = LIST_FIRST(&holder->pins); pin; pin = next) {
		next = LIST_NEXT(pin, device_next);
		if (pin->page->dma && pin->page->dma != dma)
			continue;
		revoke(pin);
		n++;
	}
	return n;
}

void vfio_revoke_pins(struct vfio_iommu *iommu, struct vfio_dma *dma)
{
	struct vfio_registration *it;
	unsigned int n;

	LIST_FOREACH(it, &iommu->devices, next) {
		n = revoke_from(it, dma);
		if (!n)
			continue;
		vfio_blame(it->vdev,
			   "did not unpin %u pages of IOVA 0x%llx when asked "
			   "to: they are taken away",
			   n, (unsigned long long)dma->iova);
		vfio_device_break(it->vdev);
	}
}

unsigned int vfio_release_pins(struct vfio_registration *holder)
{
	unsigned int n = 0;

	for (; !LIST_EMPTY(&holder->pins); n++)
		remove_pin(LIST_FIRST(&holder->pins));
	while (!LIST_EMPTY(&holder->revoked))
		remove_pin(LIST_FIRST(&holder->revoked));
	return n;
}
