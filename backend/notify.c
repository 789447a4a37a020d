// SPDX-License-Identifier: BSD-3-Clause
/*
 * The open devices of a container, and the request to all of them to unpin
 * what is going to be unmapped.
 */
#include <errno.h>
#include <stdlib.h>

#include "blame.h"
#include "device.h"
#include "type1.h"

static void lock_devices(struct vfio_iommu *iommu)
{
	pthread_mutex_lock(&iommu->device_list_lock);
	pthread_mutex_lock(&iommu->lock);
}

static void unlock_devices(struct vfio_iommu *iommu)
{
	pthread_mutex_unlock(&iommu->lock);
	pthread_mutex_unlock(&iommu->device_list_lock);
}

int vfio_type1_register_device(void *data, struct vfio_device *vdev)
{
	struct vfio_iommu *iommu = data;
	struct vfio_registration *it;

	if (!vdev->plugin->dma_unmap)
		return -EINVAL;
	it = calloc(1, sizeof(*it));
	if (!it)
		return -ENOMEM;
	it->vdev = vdev;
	LIST_INIT(&it->pins);
	LIST_INIT(&it->revoked);
	lock_devices(iommu);
	LIST_INSERT_HEAD(&iommu->devices, it, next);
	vdev->registration = it;
	unlock_devices(iommu);
	return 0;
}

/* Waits for dma_unmap callbacks that are running, of any device. */
void vfio_type1_unregister_device(void *data, struct vfio_device *vdev)
{
	struct vfio_iommu *iommu = data;
	struct vfio_registration *it;
	unsigned int left = 0;

	lock_devices(iommu);
	it = vdev->registration;
	if (it) {
		vdev->registration = NULL;
		LIST_REMOVE(it, next);
		left = vfio_release_pins(it);
		free(it);
	}
	unlock_devices(iommu);
	if (left)
		vfio_blame(vdev,
			   "closed with %u pages pinned: they are taken away",
			   left);
}

/* Somebody else's callbacks run; they may need iommu->lock to end. */
static void wait_for_callbacks(struct vfio_iommu *iommu)
{
	pthread_mutex_unlock(&iommu->lock);
	lock_devices(iommu);
	pthread_mutex_unlock(&iommu->device_list_lock);
}

bool vfio_notify_dma_unmap(struct vfio_iommu *iommu, uint64_t iova,
			   uint64_t size, bool last)
{
	struct vfio_registration *it;

	if (pthread_mutex_trylock(&iommu->device_list_lock)) {
		wait_for_callbacks(iommu);
		return false;
	}
	iommu->going_iova = iova;
	iommu->going_size = last ? size : 0;
	pthread_mutex_unlock(&iommu->lock);
	LIST_FOREACH(it, &iommu->devices, next)
		it->vdev->plugin->dma_unmap(it->vdev, iova, size);
	pthread_mutex_lock(&iommu->lock);
	iommu->going_size = 0;
	pthread_mutex_unlock(&iommu->device_list_lock);
	return true;
}
