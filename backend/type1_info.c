// SPDX-License-Identifier: BSD-3-Clause
/* VFIO_IOMMU_GET_INFO. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <vfiod/uapi.h>

#include "chain.h"
#include "type1.h"

#define INFO_MINSZ offsetof(struct vfio_iommu_type1_info, cap_offset)

static int add_migration(struct vfio_chain *chain, struct vfio_iommu *iommu)
{
	struct vfio_iommu_type1_info_cap_migration cap = {
		.header.id = VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION,
		.header.version = 1,
		.pgsize_bitmap = vfio_iommu_pgsize(iommu),
		.max_dirty_bitmap_size = VFIO_DIRTY_BITMAP_SIZE_MAX,
	};

	return vfio_chain_add(chain, &cap.header, sizeof(cap));
}

static int add_dma_avail(struct vfio_chain *chain, struct vfio_iommu *iommu)
{
	struct vfio_iommu_type1_info_dma_avail cap = {
		.header.id = VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL,
		.header.version = 1,
		.avail = iommu->dma_avail,
	};

	return vfio_chain_add(chain, &cap.header, sizeof(cap));
}

/* Emulated groups allow any address: then there is no capability. */
static int add_iova_range(struct vfio_chain *chain, struct vfio_iommu *iommu)
{
	const struct vfio_iova_list *iovas = &iommu->iovas;
	struct vfio_iommu_type1_info_cap_iova_range *cap;
	size_t size;
	int ret;

	if (!iovas->nr)
		return 0;
	size = sizeof(*cap) + iovas->nr * sizeof(cap->iova_ranges[0]);
	cap = calloc(1, size);
	if (!cap)
		return -ENOMEM;
	cap->header.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
	cap->header.version = 1;
	cap->nr_iovas = iovas->nr;
	memcpy(cap->iova_ranges, iovas->ranges,
	       iovas->nr * sizeof(cap->iova_ranges[0]));
	ret = vfio_chain_add(chain, &cap->header, size);
	free(cap);
	return ret;
}

static int fill(struct vfio_iommu *iommu, struct vfio_iommu_type1_info *info,
		struct vfio_chain *chain)
{
	int ret;

	pthread_mutex_lock(&iommu->lock);
	info->flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
	info->iova_pgsizes = iommu->pgsize_bitmap;
	ret = add_migration(chain, iommu);
	if (!ret)
		ret = add_dma_avail(chain, iommu);
	if (!ret)
		ret = add_iova_range(chain, iommu);
	pthread_mutex_unlock(&iommu->lock);
	return ret;
}

int vfio_type1_get_info(struct vfio_iommu *iommu, uint64_t arg)
{
	struct vfio_iommu_type1_info info;
	struct vfio_chain chain = { 0 };
	struct vfio_chain_info out = {
		.info = &info,
		.size = sizeof(info),
		.argsz = &info.argsz,
		.cap_offset = &info.cap_offset,
	};
	int ret;

	memset(&info, 0, sizeof(info));
	ret = vfio_copy_from_user(&info, arg, INFO_MINSZ);
	if (ret)
		return ret;
	if (info.argsz < INFO_MINSZ)
		return -EINVAL;
	out.written = info.argsz < sizeof(info) ? info.argsz : sizeof(info);
	ret = fill(iommu, &info, &chain);
	if (ret) {
		vfio_chain_free(&chain);
		return ret;
	}
	return vfio_chain_write(&chain, arg, &out);
}
