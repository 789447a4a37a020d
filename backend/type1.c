// SPDX-License-Identifier: BSD-3-Clause
/*
 * The type1 IOMMU driver: the life of its state, its groups, and which ioctl
 * goes where.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <vfiod/uapi.h>

#include "group.h"
#include "type1.h"

static int type1_open(unsigned long arg, void **data)
{
	struct vfio_iommu *iommu;

	if (arg != VFIO_TYPE1_IOMMU && arg != VFIO_TYPE1v2_IOMMU &&
	    arg != VFIO_TYPE1_NESTING_IOMMU)
		return -EINVAL;
	iommu = calloc(1, sizeof(*iommu));
	if (!iommu)
		return -ENOMEM;
	iommu->v2 = arg != VFIO_TYPE1_IOMMU;
	iommu->nesting = arg == VFIO_TYPE1_NESTING_IOMMU;
	pthread_mutex_init(&iommu->device_list_lock, NULL);
	pthread_mutex_init(&iommu->lock, NULL);
	LIST_INIT(&iommu->devices);
	LIST_INIT(&iommu->iommu_groups);
	LIST_INIT(&iommu->emulated_groups);
	RB_INIT(&iommu->dmas);
	iommu->dma_avail = VFIO_DMA_ENTRY_LIMIT;
	iommu->pgsize_bitmap = ~(VFIO_PAGE_SIZE - 1);
	*data = iommu;
	return 0;
}

void vfio_iommu_remove_dma(struct vfio_iommu *iommu, struct vfio_dma *dma)
{
	if (dma->vaddr_invalid)
		iommu->vaddr_invalid_count--;
	vfio_dma_iommu_unmap(dma);
	vfio_dma_remove(&iommu->dmas, dma);
	iommu->dma_avail++;
}

/*
 * No device is asked, and none could be: an open device keeps its group, and
 * with the last device's registration the last pin went.
 */
static void remove_all(struct vfio_iommu *iommu)
{
	struct vfio_dma *dma, *next;

	assert(LIST_EMPTY(&iommu->devices));
	for (dma = vfio_dma_first(&iommu->dmas, 0); dma; dma = next) {
		next = vfio_dma_next(dma);
		vfio_iommu_remove_dma(iommu, dma);
	}
}

static bool has_groups(const struct vfio_iommu *iommu)
{
	return !LIST_EMPTY(&iommu->iommu_groups) ||
	       !LIST_EMPTY(&iommu->emulated_groups);
}

static void type1_release(void *data)
{
	struct vfio_iommu *iommu = data;

	assert(!has_groups(iommu));
	remove_all(iommu);
	vfio_iova_free(&iommu->iovas);
	pthread_mutex_destroy(&iommu->lock);
	pthread_mutex_destroy(&iommu->device_list_lock);
	free(iommu);
}

static struct vfio_iommu_group *find_group(struct vfio_iommu *iommu,
					   const struct vfio_group *group)
{
	struct vfio_iommu_group *it;

	LIST_FOREACH(it, &iommu->iommu_groups, next) {
		if (it->group == group)
			return it;
	}
	LIST_FOREACH(it, &iommu->emulated_groups, next) {
		if (it->group == group)
			return it;
	}
	return NULL;
}

/* A group behind an IOMMU may write anywhere until it pins. */
static int attach(struct vfio_iommu *iommu, struct vfio_group *group,
		  enum vfio_group_type type)
{
	struct vfio_iommu_group *it = calloc(1, sizeof(*it));
	int ret;

	if (!it)
		return -ENOMEM;
	it->group = group;
	if (type == VFIO_EMULATED_IOMMU) {
		it->pinned_page_dirty_scope = true;
		LIST_INSERT_HEAD(&iommu->emulated_groups, it, next);
		return 0;
	}
	ret = vfio_iommu_attach_domain(iommu, it);
	if (ret)
		free(it);
	else
		iommu->non_pinned_groups++;
	return ret;
}

static int type1_attach_group(void *data, struct vfio_group *group,
			      enum vfio_group_type type)
{
	struct vfio_iommu *iommu = data;
	int ret = -EINVAL;

	pthread_mutex_lock(&iommu->lock);
	if (iommu->vaddr_invalid_count)
		ret = -EBUSY;
	else if (!find_group(iommu, group))
		ret = attach(iommu, group, type);
	pthread_mutex_unlock(&iommu->lock);
	return ret;
}

/*
 * Without the group less may count as dirty from now on: what does so far is
 * kept in the bitmaps.
 */
static void lift_dirty_scope(struct vfio_iommu *iommu)
{
	struct vfio_dma *dma;

	iommu->non_pinned_groups--;
	for (dma = vfio_dma_first(&iommu->dmas, 0); dma;
	     dma = vfio_dma_next(dma))
		vfio_dirty_fill(dma);
}

static void detach(struct vfio_iommu *iommu, struct vfio_iommu_group *it)
{
	LIST_REMOVE(it, next);
	if (!has_groups(iommu))
		remove_all(iommu);
	if (it->group->type == VFIO_IOMMU)
		vfio_iommu_detached_domain(iommu);
	if (!it->pinned_page_dirty_scope)
		lift_dirty_scope(iommu);
	free(it);
}

static void type1_detach_group(void *data, struct vfio_group *group)
{
	struct vfio_iommu *iommu = data;
	struct vfio_iommu_group *it;

	pthread_mutex_lock(&iommu->lock);
	it = find_group(iommu, group);
	if (it)
		detach(iommu, it);
	pthread_mutex_unlock(&iommu->lock);
}

static bool has_emulated(struct vfio_iommu *iommu)
{
	bool ret;

	pthread_mutex_lock(&iommu->lock);
	ret = !LIST_EMPTY(&iommu->emulated_groups);
	pthread_mutex_unlock(&iommu->lock);
	return ret;
}

static bool is_coherent(struct vfio_iommu *iommu)
{
	bool ret;

	pthread_mutex_lock(&iommu->lock);
	ret = vfio_iommu_is_coherent(iommu);
	pthread_mutex_unlock(&iommu->lock);
	return ret;
}

/* @iommu is NULL before SET_IOMMU. */
static int check_extension(struct vfio_iommu *iommu, uint64_t arg)
{
	switch (arg) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_TYPE1_NESTING_IOMMU:
	case VFIO_UNMAP_ALL:
		return 1;
	case VFIO_UPDATE_VADDR:
		return iommu && !has_emulated(iommu);
	case VFIO_DMA_CC_IOMMU:
		/* Where there is no IOMMU at all, all are. */
		return iommu && is_coherent(iommu);
	default:
		return 0;
	}
}

static int type1_ioctl(void *data, unsigned int cmd, uint64_t arg)
{
	struct vfio_iommu *iommu = data;

	switch (cmd) {
	case VFIO_CHECK_EXTENSION:
		return check_extension(iommu, arg);
	case VFIO_IOMMU_GET_INFO:
		return vfio_type1_get_info(iommu, arg);
	case VFIO_IOMMU_MAP_DMA:
		return vfio_type1_map_dma(iommu, arg);
	case VFIO_IOMMU_UNMAP_DMA:
		return vfio_type1_unmap_dma(iommu, arg);
	case VFIO_IOMMU_DIRTY_PAGES:
		return vfio_type1_dirty_pages(iommu, arg);
	default:
		return -ENOTTY;
	}
}

const struct vfio_iommu_driver_ops vfio_iommu_type1 = {
	.name = "vfio-iommu-type1",
	.open = type1_open,
	.release = type1_release,
	.ioctl = type1_ioctl,
	.attach_group = type1_attach_group,
	.detach_group = type1_detach_group,
	.pin_pages = vfio_type1_pin_pages,
	.unpin_pages = vfio_type1_unpin_pages,
	.register_device = vfio_type1_register_device,
	.unregister_device = vfio_type1_unregister_device,
	.dma_rw = vfio_type1_dma_rw,
};
