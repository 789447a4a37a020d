// SPDX-License-Identifier: BSD-3-Clause
/* Device notifiers: who uses a device's memory hears when that ends. */
#include <errno.h>
#include <stdlib.h>

#include "container.h"
#include "device.h"
#include "group.h"

struct vfiod_device_notifier {
	LIST_ENTRY(vfiod_device_notifier) next;
	struct vfio_device *vdev;
	struct vfio_container *container; /* a reference */
	vfiod_device_notifier_fn *fn;
	void *arg;
};

/* The container of an open device, with a reference; NULL: it is not open. */
static struct vfio_container *get_container(struct vfio_device *vdev)
{
	struct vfio_container *container = vfio_device_use_container(vdev);

	if (!container)
		return NULL;
	vfio_container_get(container);
	vfio_device_unuse_container(vdev);
	return container;
}

/* A device that is closed right now has told its list, or will tell. */
static int add(struct vfiod_device_notifier *notifier)
{
	struct vfio_device *vdev = notifier->vdev;
	int ret = 0;

	pthread_mutex_lock(&vdev->notify_lock);
	if (vdev->released)
		ret = -ENODEV;
	else
		LIST_INSERT_HEAD(&vdev->notifiers, notifier, next);
	pthread_mutex_unlock(&vdev->notify_lock);
	return ret;
}

int vfiod_device_notifier_register(struct vfio_device *vdev,
				   vfiod_device_notifier_fn *fn, void *arg,
				   struct vfiod_device_notifier **out)
{
	struct vfiod_device_notifier *notifier = malloc(sizeof(*notifier));
	int ret;

	if (!notifier)
		return -ENOMEM;
	*notifier = (struct vfiod_device_notifier){
		.vdev = vdev,
		.container = get_container(vdev),
		.fn = fn,
		.arg = arg,
	};
	ret = notifier->container ? add(notifier) : -ENODEV;
	if (!ret) {
		*out = notifier;
		return 0;
	}
	if (notifier->container)
		vfio_container_put(notifier->container);
	free(notifier);
	return ret;
}

void vfiod_device_notifier_unregister(struct vfiod_device_notifier *notifier)
{
	struct vfio_device *vdev = notifier->vdev;

	pthread_mutex_lock(&vdev->notify_lock);
	LIST_REMOVE(notifier, next);
	pthread_mutex_unlock(&vdev->notify_lock);
	vfio_container_put(notifier->container);
	free(notifier);
}

static void tell(struct vfio_device *vdev, enum vfiod_device_event event)
{
	struct vfiod_device_notifier *it;

	LIST_FOREACH(it, &vdev->notifiers, next)
		it->fn(it->arg, event);
}

void vfio_device_was_opened(struct vfio_device *vdev)
{
	pthread_mutex_lock(&vdev->notify_lock);
	vdev->released = false;
	pthread_mutex_unlock(&vdev->notify_lock);
}

void vfio_device_was_reset(struct vfio_device *vdev)
{
	pthread_mutex_lock(&vdev->notify_lock);
	tell(vdev, VFIOD_DEVICE_RESET);
	pthread_mutex_unlock(&vdev->notify_lock);
}

void vfio_device_is_released(struct vfio_device *vdev)
{
	pthread_mutex_lock(&vdev->notify_lock);
	vdev->released = true;
	tell(vdev, VFIOD_DEVICE_RELEASE);
	pthread_mutex_unlock(&vdev->notify_lock);
}
