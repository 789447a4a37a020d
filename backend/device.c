// SPDX-License-Identifier: BSD-3-Clause
/* A device: made, opened first, closed last, gone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blame.h"
#include "container.h"
#include "device.h"
#include "group.h"
#include "host.h"
#include "irq.h"
#include "pci.h"
#include "region.h"

static void free_device(struct vfio_device *vdev)
{
	if (vdev->irqs)
		vfio_irqs_destroy(vdev->irqs);
	if (vdev->memory)
		vfio_memory_destroy(vdev->memory);
	if (vdev->pci)
		vfio_pci_destroy(vdev);
	sem_destroy(&vdev->unused);
	pthread_mutex_destroy(&vdev->notify_lock);
	free(vdev);
}

static int init(struct vfio_device *vdev)
{
	return vfio_blame_result(vdev, "init", vdev->plugin->init(vdev), 0);
}

int vfio_device_create(struct vfio_group *group,
		       const struct vfio_device_desc *desc,
		       struct vfio_device **out)
{
	struct vfio_device *vdev = calloc(1, sizeof(*vdev));
	int ret;

	if (!vdev)
		return -ENOMEM;
	vdev->plugin = desc->plugin;
	vdev->type = desc->type;
	vdev->name = desc->name;
	vdev->params = desc->params;
	vdev->nr_params = desc->nr_params;
	vdev->events = desc->events;
	vdev->polls = desc->polls;
	vdev->group = group;
	atomic_init(&vdev->users, 0);
	sem_init(&vdev->unused, 0, 0);
	pthread_mutex_init(&vdev->notify_lock, NULL);
	LIST_INIT(&vdev->notifiers);
	ret = vdev->type->pci ? vfio_pci_create(vdev, desc->slot) : 0;
	if (!ret)
		ret = vfio_regions_init(vdev);
	if (!ret) {
		vdev->irqs = vfio_irqs_create(vdev);
		ret = vdev->irqs ? init(vdev) : -ENOMEM;
	}
	if (ret) {
		free_device(vdev);
		return ret;
	}
	pthread_mutex_lock(&group->group_lock);
	LIST_INSERT_HEAD(&group->devices, vdev, group_next);
	pthread_mutex_unlock(&group->group_lock);
	*out = vdev;
	return 0;
}

void vfio_device_destroy(struct vfio_device *vdev)
{
	pthread_mutex_lock(&vdev->group->group_lock);
	LIST_REMOVE(vdev, group_next);
	pthread_mutex_unlock(&vdev->group->group_lock);
	if (vdev->plugin->release)
		vdev->plugin->release(vdev);
	free_device(vdev);
}

struct vfio_container *vfio_device_use_container(struct vfio_device *vdev)
{
	unsigned int users = atomic_load(&vdev->users);

	while (users & VFIO_DEVICE_IN_USE)
		if (atomic_compare_exchange_weak(&vdev->users, &users,
						 users + 1))
			return vdev->group->container;
	return NULL;
}

void vfio_device_unuse_container(struct vfio_device *vdev)
{
	if (atomic_fetch_sub(&vdev->users, 1) == 1)
		sem_post(&vdev->unused);
}

static void open_services(struct vfio_device *vdev)
{
	atomic_store(&vdev->users, VFIO_DEVICE_IN_USE);
}

static void shut_services(struct vfio_device *vdev)
{
	if (atomic_fetch_and(&vdev->users, ~VFIO_DEVICE_IN_USE) ==
	    VFIO_DEVICE_IN_USE)
		return;
	while (sem_wait(&vdev->unused))
		; /* a signal */
}

/*
 * The services are there before the first dma_unmap can come, and until the
 * last has returned, for which the driver waits.
 */
static int register_device(struct vfio_device *vdev)
{
	struct vfio_container *container = vdev->group->container;
	int ret;

	open_services(vdev);
	if (!container->driver->register_device)
		return 0;
	ret = container->driver->register_device(container->iommu_data, vdev);
	if (ret)
		shut_services(vdev);
	return ret;
}

static void unregister_device(struct vfio_device *vdev)
{
	struct vfio_container *container = vdev->group->container;

	if (container->driver->unregister_device)
		container->driver->unregister_device(container->iommu_data,
						     vdev);
	shut_services(vdev);
}

int vfio_device_first_open(struct vfio_device *vdev)
{
	int ret;

	ret = register_device(vdev);
	if (ret)
		return ret;
	vfio_device_was_opened(vdev);
	if (vdev->pci)
		ret = vfio_pci_open(vdev);
	if (!ret && vdev->plugin->open_device)
		ret = vfio_blame_result(vdev, "open_device",
					vdev->plugin->open_device(vdev), 0);
	if (ret) {
		vfio_device_is_released(vdev);
		if (vdev->pci)
			vfio_pci_close(vdev);
		unregister_device(vdev);
	}
	return ret;
}

void vfio_device_last_close(struct vfio_device *vdev)
{
	vfio_device_is_released(vdev);
	if (vdev->plugin->close_device)
		vdev->plugin->close_device(vdev);
	if (vdev->pci)
		vfio_pci_close(vdev);
	vfio_irqs_disable(vdev->irqs);
	if (vdev->memory)
		vfio_memory_renew(vdev->memory);
	unregister_device(vdev);
}

void vfio_device_break(struct vfio_device *vdev)
{
	if (!atomic_exchange(&vdev->broken, true))
		vfio_log(3,
			 "%s: device %s is broken: it answers EIO until vfiod "
			 "is started anew",
			 vdev->plugin->name, vdev->name);
}

void vfio_device_request(struct vfio_device *vdev, unsigned int count)
{
	bool is_open;

	pthread_mutex_lock(&vdev->group->group_lock);
	is_open = vdev->open_count;
	pthread_mutex_unlock(&vdev->group->group_lock);
	if (!is_open)
		return;
	if (vdev->plugin->request)
		vdev->plugin->request(vdev, count);
	else if (vdev->pci)
		vfio_irqs_trigger(vdev->irqs, VFIO_PCI_REQ_IRQ_INDEX, 0);
}
