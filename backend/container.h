/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A container: what one open of /dev/vfio/vfio makes
 * (drivers/vfio/container.c). Reference counted: one for the open file, one
 * for each attached group.
 */
#ifndef VFIOD_BACKEND_CONTAINER_H
#define VFIOD_BACKEND_CONTAINER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "driver.h"

struct vfio_group;

struct vfio_container {
	atomic_uint refs;
	const struct vfio_iommu_drivers *drivers; /* constant */
	/*
	 * Guards what follows it. Taken inside a group's group_lock and
	 * outside every lock of the iommu driver.
	 */
	pthread_rwlock_t group_lock;
	/*
	 * The driver's ioctls that are running, which may sleep in a plugin's
	 * dma_unmap. Raised with group_lock held, and the last group waits
	 * for 0: so they keep iommu_data. The lock is for waiting alone, a
	 * leaf.
	 */
	atomic_uint ioctls;
	pthread_mutex_t idle_lock;
	pthread_cond_t idle;
	LIST_HEAD(, vfio_group) groups; /* newest first */
	const struct vfio_iommu_driver_ops *driver;
	void *iommu_data;
	bool noiommu; /* of which kind the groups are, if there are any */
};

/*
 * vfio_fops_open(): a new one with one reference, which can have @drivers;
 * NULL for ENOMEM.
 */
struct vfio_container *
vfio_container_create(const struct vfio_iommu_drivers *drivers);
void vfio_container_get(struct vfio_container *container);
void vfio_container_put(struct vfio_container *container);

/* vfio_fops_unl_ioctl(): what the client's ioctl(2) returns. */
int vfio_container_ioctl(struct vfio_container *container, unsigned int cmd,
			 uint64_t arg);

/*
 * vfio_container_attach_group(): -EPERM, or the driver's errno. Called with
 * @group's group_lock held; the container gets a reference for the group.
 * vfio_group_detach_container(): the last group takes the iommu driver's
 * state with it.
 */
int vfio_container_attach_group(struct vfio_container *container,
				struct vfio_group *group);
void vfio_container_detach_group(struct vfio_container *container,
				 struct vfio_group *group);

/*
 * vfio_group_use_container(): may a device of an attached group be opened?
 * -EINVAL without SET_IOMMU; -EPERM for noiommu without CAP_SYS_RAWIO.
 */
int vfio_container_usable(struct vfio_container *container,
			  const struct vfio_group *group);

#endif
