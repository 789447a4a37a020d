// SPDX-License-Identifier: BSD-3-Clause
/* vfio_ap_mdev_ioctl(): what the tables say, RESET, SET_IRQS, nothing else. */
#include <errno.h>

#include "ap.h"

#define IRQ_SET_MINSZ offsetof(struct vfio_irq_set, data)

/* The data is read whatever count says, as in the kernel. */
static int get_eventfd(uint64_t arg, struct vfio_eventfd **eventfd)
{
	int32_t fd;

	*eventfd = NULL;
	if (vfiod_copy_from_user(&fd, arg + IRQ_SET_MINSZ, sizeof(fd)))
		return -EFAULT;
	if (fd == -1)
		return 0;
	return fd < 0 ? -EINVAL : vfiod_eventfd_get(fd, eventfd);
}

static long set_irqs(struct ap *ap, uint64_t arg)
{
	struct vfio_eventfd *eventfd, *old;
	struct vfio_irq_set hdr;
	size_t size;
	int ret;

	if (vfiod_copy_from_user(&hdr, arg, IRQ_SET_MINSZ))
		return -EFAULT;
	ret = vfiod_set_irqs_validate(&hdr, 1, AP_NUM_IRQS, &size);
	if (ret)
		return ret;
	if (!(hdr.flags & VFIO_IRQ_SET_ACTION_TRIGGER) ||
	    !(hdr.flags & VFIO_IRQ_SET_DATA_EVENTFD))
		return -EINVAL;
	ret = get_eventfd(arg, &eventfd);
	if (ret)
		return ret;
	pthread_mutex_lock(&ap->lock);
	old = ap->request;
	ap->request = eventfd;
	pthread_mutex_unlock(&ap->lock);
	vfiod_eventfd_put(old);
	return 0;
}

long ap_ioctl(struct vfio_device *vdev, unsigned int cmd, uint64_t arg)
{
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
	case VFIO_DEVICE_GET_IRQ_INFO:
	case VFIO_DEVICE_RESET:
		return VFIOD_NOT_MINE;
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(vfiod_get_drvdata(vdev), arg);
	default:
		return -EOPNOTSUPP;
	}
}
