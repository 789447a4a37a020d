// SPDX-License-Identifier: BSD-3-Clause
/* A container and its life (drivers/vfio/container.c). */
#include <errno.h>
#include <linux/capability.h>
#include <linux/vfio.h>
#include <stdlib.h>

#include "container.h"
#include "group.h"
#include "host.h"

struct vfio_container *
vfio_container_create(const struct vfio_iommu_drivers *drivers)
{
	struct vfio_container *container = calloc(1, sizeof(*container));

	if (!container)
		return NULL;
	atomic_init(&container->refs, 1);
	container->drivers = drivers;
	pthread_rwlock_init(&container->group_lock, NULL);
	pthread_mutex_init(&container->idle_lock, NULL);
	pthread_cond_init(&container->idle, NULL);
	LIST_INIT(&container->groups);
	return container;
}

void vfio_container_get(struct vfio_container *container)
{
	atomic_fetch_add(&container->refs, 1);
}

void vfio_container_put(struct vfio_container *container)
{
	if (atomic_fetch_sub(&container->refs, 1) != 1)
		return;
	pthread_cond_destroy(&container->idle);
	pthread_mutex_destroy(&container->idle_lock);
	pthread_rwlock_destroy(&container->group_lock);
	free(container);
}

/*
 * vfio_iommu_driver_allowed(): noiommu groups have no other driver, and no
 * other groups have that one.
 */
static bool allowed(const struct vfio_container *container,
		    const struct vfio_iommu_driver *driver)
{
	return container->noiommu == (driver->ops == &vfio_noiommu);
}

/* Does @driver say yes to @arg before it is bound? */
static bool offers(const struct vfio_iommu_driver *driver, uint64_t arg)
{
	return driver->ops->ioctl(NULL, VFIO_CHECK_EXTENSION, arg) > 0;
}

/* A container without groups can still become any. */
static bool any_offers(const struct vfio_container *container, uint64_t arg)
{
	const struct vfio_iommu_driver *driver;

	SLIST_FOREACH(driver, container->drivers, vfio_next) {
		if ((LIST_EMPTY(&container->groups) ||
		     allowed(container, driver)) &&
		    offers(driver, arg))
			return true;
	}
	return false;
}

/* After SET_IOMMU the bound driver alone answers. Never negative. */
static int check_extension(struct vfio_container *container, uint64_t arg)
{
	int ret;

	pthread_rwlock_rdlock(&container->group_lock);
	if (container->driver)
		ret = container->driver->ioctl(container->iommu_data,
					       VFIO_CHECK_EXTENSION, arg);
	else
		ret = any_offers(container, arg);
	pthread_rwlock_unlock(&container->group_lock);
	return ret;
}

/* Attach all groups to @data, or none. */
static int attach_all(struct vfio_container *container,
		      const struct vfio_iommu_driver_ops *driver, void *data)
{
	struct vfio_group *group, *undo;
	int ret = 0;

	LIST_FOREACH(group, &container->groups, container_next) {
		ret = driver->attach_group(data, group, group->type);
		if (ret)
			break;
	}
	if (!ret)
		return 0;
	LIST_FOREACH(undo, &container->groups, container_next) {
		if (undo == group)
			break;
		driver->detach_group(data, undo);
	}
	return ret;
}

static int bind_driver(struct vfio_container *container,
		       const struct vfio_iommu_driver_ops *driver,
		       unsigned long arg)
{
	void *data;
	int ret;

	ret = driver->open(arg, &data);
	if (ret)
		return ret;
	ret = attach_all(container, driver, data);
	if (ret) {
		driver->release(data);
		return ret;
	}
	container->driver = driver;
	container->iommu_data = data;
	return 0;
}

/* The first driver that is willing and able; else what the last one said. */
static int set_iommu(struct vfio_container *container, unsigned long arg)
{
	const struct vfio_iommu_driver *driver;
	int ret = -ENODEV;

	pthread_rwlock_wrlock(&container->group_lock);
	if (LIST_EMPTY(&container->groups) || container->driver) {
		pthread_rwlock_unlock(&container->group_lock);
		return -EINVAL;
	}
	SLIST_FOREACH(driver, container->drivers, vfio_next) {
		if (!allowed(container, driver) || !offers(driver, arg))
			continue;
		ret = bind_driver(container, driver->ops, arg);
		if (!ret)
			break;
	}
	pthread_rwlock_unlock(&container->group_lock);
	return ret;
}

static void end_ioctl(struct vfio_container *container)
{
	if (atomic_fetch_sub(&container->ioctls, 1) != 1)
		return;
	pthread_mutex_lock(&container->idle_lock);
	pthread_cond_broadcast(&container->idle);
	pthread_mutex_unlock(&container->idle_lock);
}

static void wait_for_ioctls(struct vfio_container *container)
{
	pthread_mutex_lock(&container->idle_lock);
	while (atomic_load(&container->ioctls))
		pthread_cond_wait(&container->idle, &container->idle_lock);
	pthread_mutex_unlock(&container->idle_lock);
}

/*
 * The driver's ioctls run without group_lock, so that a dma_unmap that sleeps
 * keeps no group from being attached. In the kernel only the file keeps the
 * driver's state alive meanwhile, and UNSET_CONTAINER can take it away.
 */
static int driver_ioctl(struct vfio_container *container, unsigned int cmd,
			uint64_t arg)
{
	const struct vfio_iommu_driver_ops *driver;
	int ret = -EINVAL;
	void *data;

	pthread_rwlock_rdlock(&container->group_lock);
	driver = container->driver;
	data = container->iommu_data;
	atomic_fetch_add(&container->ioctls, 1);
	pthread_rwlock_unlock(&container->group_lock);
	if (driver)
		ret = driver->ioctl(data, cmd, arg);
	end_ioctl(container);
	return ret;
}

int vfio_container_ioctl(struct vfio_container *container, unsigned int cmd,
			 uint64_t arg)
{
	switch (cmd) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return check_extension(container, arg);
	case VFIO_SET_IOMMU:
		return set_iommu(container, arg);
	default:
		return driver_ioctl(container, cmd, arg);
	}
}

static bool is_noiommu(const struct vfio_group *group)
{
	return group->type == VFIO_NO_IOMMU;
}

static bool may_use(const struct vfio_group *group)
{
	return !is_noiommu(group) || vfio_capable(CAP_SYS_RAWIO);
}

int vfio_container_attach_group(struct vfio_container *container,
				struct vfio_group *group)
{
	int ret = 0;

	if (!may_use(group))
		return -EPERM;
	pthread_rwlock_wrlock(&container->group_lock);
	if (!LIST_EMPTY(&container->groups) &&
	    container->noiommu != is_noiommu(group))
		ret = -EPERM;
	else if (container->driver)
		ret = container->driver->attach_group(container->iommu_data,
						      group, group->type);
	if (!ret) {
		container->noiommu = is_noiommu(group);
		LIST_INSERT_HEAD(&container->groups, group, container_next);
		group->container = container;
		group->container_users = 1;
		vfio_container_get(container);
	}
	pthread_rwlock_unlock(&container->group_lock);
	return ret;
}

/*
 * No device is open, so the ioctls that are running do not wait for one, and
 * no new one begins.
 */
static void unbind_driver(struct vfio_container *container)
{
	wait_for_ioctls(container);
	container->driver->release(container->iommu_data);
	container->driver = NULL;
	container->iommu_data = NULL;
}

void vfio_container_detach_group(struct vfio_container *container,
				 struct vfio_group *group)
{
	pthread_rwlock_wrlock(&container->group_lock);
	if (container->driver)
		container->driver->detach_group(container->iommu_data, group);
	LIST_REMOVE(group, container_next);
	group->container = NULL;
	group->container_users = 0;
	if (LIST_EMPTY(&container->groups) && container->driver)
		unbind_driver(container);
	pthread_rwlock_unlock(&container->group_lock);
	vfio_container_put(container);
}

int vfio_container_usable(struct vfio_container *container,
			  const struct vfio_group *group)
{
	int ret = 0;

	pthread_rwlock_rdlock(&container->group_lock);
	if (!container->driver)
		ret = -EINVAL;
	else if (!may_use(group))
		ret = -EPERM;
	pthread_rwlock_unlock(&container->group_lock);
	return ret;
}
