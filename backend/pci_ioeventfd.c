// SPDX-License-Identifier: BSD-3-Clause
/* VFIO_DEVICE_IOEVENTFD: an eventfd that writes to a BAR (vfio_pci_rdwr.c). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "host.h"
#include "pci.h"

#define IOEVENTFD_MINSZ 28 /* up to fd */
#define IOEVENTFD_MAX 1000
#define SIZE_BITS 0xfU

struct vfio_pci_ioeventfd {
	LIST_ENTRY(vfio_pci_ioeventfd) next;
	struct vfio_device *vdev;
	struct vfio_eventfd *eventfd;
	uint64_t offset;
	uint64_t data;
	unsigned int size;
};

/*
 * On a thread of the host. What goes wrong nobody is there to hear; it does
 * not wake the function.
 */
static void write_event(void *arg)
{
	struct vfio_pci_ioeventfd *it = arg;

	if (!vfio_pci_is_low_power(it->vdev))
		vfio_pci_write(it->vdev, &it->data, it->size, it->offset);
}

/* vfio_pci_ioeventfd(): within a BAR, and not in the MSI-X table. */
static bool fits(const struct vfio_pci *pci, uint64_t offset, unsigned int size)
{
	unsigned int index = VFIOD_OFFSET_INDEX(offset);
	uint64_t at = offset & VFIOD_OFFSET_MASK;
	const struct vfiod_pci *desc = pci->desc;

	if (index >= VFIOD_PCI_BARS || at + size > pci->regions[index].size)
		return false;
	return !desc->msix_vectors || index != desc->msix_bar ||
	       at + size <= desc->msix_table ||
	       at >= desc->msix_table + desc->msix_vectors * 16ULL;
}

static struct vfio_pci_ioeventfd *find(struct vfio_pci *pci,
				       const struct vfio_device_ioeventfd *req,
				       unsigned int size)
{
	struct vfio_pci_ioeventfd *it;

	LIST_FOREACH(it, &pci->ioeventfds, next) {
		if (it->offset == req->offset && it->data == req->data &&
		    it->size == size)
			return it;
	}
	return NULL;
}

static void drop(struct vfio_pci *pci, struct vfio_pci_ioeventfd *it)
{
	LIST_REMOVE(it, next);
	pci->nr_ioeventfds--;
	it->eventfd->ops->unwatch(it->eventfd);
	vfio_eventfd_put(it->eventfd);
	free(it);
}

static int add(struct vfio_device *vdev,
	       const struct vfio_device_ioeventfd *req, unsigned int size)
{
	struct vfio_client *client = vfio_current();
	struct vfio_pci_ioeventfd *it;
	int ret;

	if (vdev->pci->nr_ioeventfds >= IOEVENTFD_MAX)
		return -ENOSPC;
	it = calloc(1, sizeof(*it));
	if (!it)
		return -ENOMEM;
	it->vdev = vdev;
	it->offset = req->offset;
	it->data = req->data;
	it->size = size;
	ret = client->ops->eventfd_get(client, req->fd, &it->eventfd);
	if (!ret) {
		ret = it->eventfd->ops->watch(it->eventfd, write_event, it);
		if (ret)
			vfio_eventfd_put(it->eventfd);
	}
	if (ret) {
		free(it);
		return ret;
	}
	LIST_INSERT_HEAD(&vdev->pci->ioeventfds, it, next);
	vdev->pci->nr_ioeventfds++;
	return 0;
}

static int set_locked(struct vfio_device *vdev,
		      const struct vfio_device_ioeventfd *req,
		      unsigned int size)
{
	struct vfio_pci_ioeventfd *it = find(vdev->pci, req, size);

	if (it && req->fd >= 0)
		return -EEXIST;
	if (it)
		drop(vdev->pci, it);
	else if (req->fd < 0)
		return -ENODEV;
	else
		return add(vdev, req, size);
	return 0;
}

int vfio_pci_set_ioeventfd(struct vfio_device *vdev, uint64_t arg)
{
	struct vfio_device_ioeventfd req;
	uint32_t size;
	int ret;

	if (vfio_copy_from_user(&req, arg, IOEVENTFD_MINSZ))
		return -EFAULT;
	size = req.flags & VFIO_DEVICE_IOEVENTFD_SIZE_MASK;
	if (req.argsz < IOEVENTFD_MINSZ || req.flags & ~SIZE_BITS ||
	    __builtin_popcount(size) != 1 || req.fd < -1 ||
	    !fits(vdev->pci, req.offset, size))
		return -EINVAL;
	pthread_mutex_lock(&vdev->pci->ioeventfd_lock);
	ret = set_locked(vdev, &req, size);
	pthread_mutex_unlock(&vdev->pci->ioeventfd_lock);
	return ret;
}

void vfio_pci_free_ioeventfds(struct vfio_device *vdev)
{
	struct vfio_pci *pci = vdev->pci;

	pthread_mutex_lock(&pci->ioeventfd_lock);
	while (!LIST_EMPTY(&pci->ioeventfds))
		drop(pci, LIST_FIRST(&pci->ioeventfds));
	pthread_mutex_unlock(&pci->ioeventfd_lock);
}
