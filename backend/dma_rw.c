// SPDX-License-Identifier: BSD-3-Clause
/* dma_rw: copying to and from mapped memory that is not pinned. */
#include <errno.h>

#include <vfiod/uapi.h>

#include "device.h"
#include "group.h"
#include "type1.h"

/*
 * One call of dma_rw, as far as it is not done yet. What a device behind an
 * IOMMU does is DMA: nobody's context, its direction's right, and no matter
 * that the mapping's address is being changed, since the pages are pinned.
 */
struct transfer {
	bool is_dma;
	struct vfio_client *client; /* NULL: not in a client's context */
	struct vfio_mm *caller; /* the client's */
	uint64_t iova;
	uint8_t *buf;
	size_t len;
	bool write;
};

/* For what is no DMA READ is needed in either direction, as in the kernel. */
static bool allowed(const struct vfio_dma *dma, const struct transfer *t)
{
	uint8_t need = 0;

	if (!t->is_dma || !t->write)
		need |= VFIO_DMA_MAP_FLAG_READ;
	if (t->write)
		need |= VFIO_DMA_MAP_FLAG_WRITE;
	return (dma->prot & need) == need;
}

/* A process that is gone comes before one that is another. */
static int check_caller(const struct vfio_dma *dma, struct vfio_mm *caller)
{
	if (!caller || caller == dma->mm)
		return 0;
	if (dma->mm->ops->pin(dma->mm, dma->vaddr, 1, false) == -ESRCH)
		return -EPERM;
	return -EFAULT;
}

/*
 * A device behind an IOMMU gets at the pages that were mapped. All others do
 * it by address, also where pages are pinned, as in the kernel: what counts
 * is what the client has there now. A client that waits for this call cannot
 * leave its address space, so that need not be looked at.
 */
static int copy_memory(struct vfio_dma *dma, const struct transfer *t,
		       uint64_t vaddr, size_t len)
{
	const struct vfio_mm_ops *ops = dma->mm->ops;
	struct vfio_copy part = { .to = vaddr, .from = t->buf, .n = len };

	if (t->is_dma && dma->hold.mem)
		return ops->hold_rw(&dma->hold, vaddr - dma->vaddr, t->buf, len,
				    t->write);
	if (dma->hold.mem)
		return ops->rw_near(dma->mm, &dma->hold, vaddr, t->buf, len,
				    t->write);
	if (!t->client)
		return ops->rw(dma->mm, vaddr, t->buf, len, t->write);
	if (t->write)
		return t->client->ops->copy_to(t->client, &part, 1);
	return t->client->ops->copy_from(t->client, t->buf, vaddr, len);
}

static int copy(struct vfio_dma *dma, const struct transfer *t, size_t len)
{
	uint64_t offset = t->iova - dma->iova;
	int ret;

	ret = check_caller(dma, t->caller);
	if (ret)
		return ret;
	if (len >= VFIO_PAGE_SIZE)
		vfio_dma_hold(dma);
	if (!vfio_peer_begin(dma->peer))
		return -EFAULT;
	ret = copy_memory(dma, t, dma->vaddr + offset, len);
	vfio_peer_end(dma->peer);
	if (ret)
		return ret == -ESRCH ? -EPERM : -EFAULT;
	if (t->write && dma->bitmap)
		vfio_dirty_set(dma, offset, len);
	return 0;
}

/* As much as one mapping holds. */
static int step(struct vfio_iommu *iommu, struct transfer *t)
{
	struct vfio_dma *dma = vfio_dma_find(&iommu->dmas, t->iova, t->iova);
	size_t len = t->len;
	int ret;

	if (!dma)
		return -EINVAL;
	if (!allowed(dma, t))
		return -EPERM;
	if (len - 1 > vfio_dma_last(dma) - t->iova)
		len = vfio_dma_last(dma) - t->iova + 1;
	ret = copy(dma, t, len);
	if (ret)
		return ret;
	t->iova += len;
	t->buf += len;
	t->len -= len;
	/* It does not go on at 0. */
	return t->len && !t->iova ? -EINVAL : 0;
}

/*
 * The lock is held over the copy, as in the kernel: memory that is slow to
 * come delays only its own container, and the mapping cannot go meanwhile.
 */
static int transfer(struct vfio_iommu *iommu, struct transfer *t)
{
	int ret = 0;

	pthread_mutex_lock(&iommu->lock);
	if (iommu->vaddr_invalid_count && !t->is_dma)
		ret = -EBUSY;
	while (!ret && t->len)
		ret = step(iommu, t);
	pthread_mutex_unlock(&iommu->lock);
	return ret;
}

int vfio_type1_dma_rw(void *data, struct vfio_device *vdev, uint64_t iova,
		      void *buf, size_t len, bool write)
{
	struct vfio_client *client = vfio_current();
	struct transfer t = {
		.is_dma = vdev->group->type == VFIO_IOMMU,
		.iova = iova,
		.buf = buf,
		.len = len,
		.write = write,
	};

	/* A caller whose address space is gone has not mapped anything. */
	if (client && !t.is_dma) {
		if (client->ops->mm(client, &t.caller))
			return -EFAULT;
		t.client = client;
	}
	return transfer(data, &t);
}
