// SPDX-License-Identifier: BSD-3-Clause
/*
 * The services of include/vfiod/plugin.h that the model itself provides;
 * timers, watches and the log are the daemon's.
 */
#include <errno.h>
#include <string.h>

#include "blame.h"
#include "container.h"
#include "device.h"
#include "group.h"
#include "host.h"
#include "irq.h"

/* VFIO_PIN_PAGES_MAX_ENTRIES: a page full of pfns. */
#define PIN_PAGES_MAX (VFIO_PAGE_SIZE / sizeof(uint64_t))

void vfiod_set_drvdata(struct vfio_device *vdev, void *data)
{
	vdev->drvdata = data;
}

void *vfiod_get_drvdata(const struct vfio_device *vdev)
{
	return vdev->drvdata;
}

const char *vfiod_device_name(const struct vfio_device *vdev)
{
	return vdev->name;
}

const struct vfiod_type *vfiod_device_type(const struct vfio_device *vdev)
{
	return vdev->type;
}

const char *vfiod_device_param(const struct vfio_device *vdev, const char *name)
{
	for (size_t i = 0; i < vdev->nr_params; i++)
		if (!strcmp(vdev->params[i].name, name))
			return vdev->params[i].value;
	return NULL;
}

int vfiod_pin_pages(struct vfio_device *vdev, uint64_t iova, int npage,
		    int prot, struct vfio_page **pages)
{
	struct vfio_container *container;
	int ret = -ENOTTY;

	if (!pages || !npage)
		return -EINVAL;
	if (atomic_load(&vdev->broken))
		return -EIO;
	container = vfio_device_use_container(vdev);
	if (!container)
		return -EINVAL;
	if ((unsigned int)npage > PIN_PAGES_MAX)
		ret = -E2BIG;
	else if (container->driver->pin_pages)
		ret = container->driver->pin_pages(container->iommu_data, vdev,
						   iova, npage, prot, pages);
	vfio_device_unuse_container(vdev);
	return ret;
}

void vfiod_unpin_pages(struct vfio_device *vdev, uint64_t iova, int npage)
{
	struct vfio_container *container;

	container = vfio_device_use_container(vdev);
	if (!container || npage <= 0)
		vfio_blame(vdev, "unpin_pages of %d pages, device %s", npage,
			   container ? "open" : "not open");
	else if (container->driver->unpin_pages)
		container->driver->unpin_pages(container->iommu_data, vdev,
					       iova, npage);
	if (container)
		vfio_device_unuse_container(vdev);
}

int vfiod_dma_rw(struct vfio_device *vdev, uint64_t iova, void *buf, size_t len,
		 bool write)
{
	struct vfio_container *container;
	int ret = -ENOTTY;

	if (!buf || !len)
		return -EINVAL;
	if (atomic_load(&vdev->broken))
		return -EIO;
	container = vfio_device_use_container(vdev);
	if (!container)
		return -EINVAL;
	if (container->driver->dma_rw)
		ret = container->driver->dma_rw(container->iommu_data, vdev,
						iova, buf, len, write);
	vfio_device_unuse_container(vdev);
	return ret;
}

int vfiod_page_rw(struct vfio_page *page, size_t offset, void *buf, size_t len,
		  bool write)
{
	return vfio_page_rw(page, offset, buf, len, write);
}

int vfiod_irq_trigger(struct vfio_device *vdev, unsigned int index,
		      unsigned int vector)
{
	return vfio_irqs_trigger(vdev->irqs, index, vector);
}

int vfiod_irq_line(struct vfio_device *vdev, unsigned int index, bool up)
{
	return vfio_irqs_line(vdev->irqs, index, up);
}

int vfiod_copy_from_user(void *to, uint64_t from, size_t n)
{
	return vfio_copy_from_user(to, from, n);
}

int vfiod_copy_to_user(uint64_t to, const void *from, size_t n)
{
	return vfio_copy_to_user(to, from, n);
}

int vfiod_eventfd_get(int fd, struct vfio_eventfd **eventfd)
{
	struct vfio_client *client = vfio_current();

	if (!client)
		return -EBADF;
	return client->ops->eventfd_get(client, fd, eventfd);
}

void vfiod_eventfd_signal(struct vfio_eventfd *eventfd)
{
	eventfd->ops->signal(eventfd);
}

void vfiod_eventfd_put(struct vfio_eventfd *eventfd)
{
	vfio_eventfd_put(eventfd);
}
