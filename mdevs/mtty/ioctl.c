// SPDX-License-Identifier: BSD-3-Clause
#include "mtty.h"

#include <errno.h>
#include <string.h>

#define INFO_MINSZ (offsetof(struct vfio_device_info, num_irqs) + 4)
#define IRQ_INFO_MINSZ (offsetof(struct vfio_irq_info, count) + 4)
#define IRQ_SET_MINSZ (offsetof(struct vfio_irq_set, data))

/*
 * 16 bytes are written back, however long the client's structure: Linux's
 * mtty knows no capability chain.
 */
static long get_info(struct mtty *mtty, uint64_t arg)
{
	struct vfio_device_info info = { 0 };

	if (vfiod_copy_from_user(&info, arg, INFO_MINSZ))
		return -EFAULT;
	if (info.argsz < INFO_MINSZ)
		return -EINVAL;

	info.flags = VFIO_DEVICE_FLAGS_PCI;
	info.num_regions = VFIO_PCI_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;

	pthread_mutex_lock(&mtty->lock);
	mtty->num_irqs = info.num_irqs;
	pthread_mutex_unlock(&mtty->lock);

	return vfiod_copy_to_user(arg, &info, INFO_MINSZ);
}

static unsigned int known_irqs(struct mtty *mtty)
{
	unsigned int num_irqs;

	pthread_mutex_lock(&mtty->lock);
	num_irqs = mtty->num_irqs;
	pthread_mutex_unlock(&mtty->lock);
	return num_irqs;
}

/* The table answers, once GET_INFO has been called. */
static long get_irq_info(struct mtty *mtty, uint64_t arg)
{
	struct vfio_irq_info info;

	if (known_irqs(mtty))
		return VFIOD_NOT_MINE;
	if (vfiod_copy_from_user(&info, arg, IRQ_INFO_MINSZ))
		return -EFAULT;
	return -EINVAL;
}

/*
 * An index is taken to have as many interrupts as there are indices. With
 * none known, every header is invalid.
 */
static long set_irqs(struct mtty *mtty, uint64_t arg)
{
	struct vfio_irq_set hdr;
	uint8_t data[VFIO_PCI_NUM_IRQS * sizeof(int32_t)] = { 0 };
	size_t size;
	long ret;

	if (vfiod_copy_from_user(&hdr, arg, IRQ_SET_MINSZ))
		return -EFAULT;
	ret = vfiod_set_irqs_validate(&hdr, known_irqs(mtty), VFIO_PCI_NUM_IRQS,
				      &size);
	if (ret)
		return ret;
	if (size && vfiod_copy_from_user(data, arg + IRQ_SET_MINSZ, size))
		return -EFAULT;

	pthread_mutex_lock(&mtty->lock);
	ret = mtty_irq_set(&mtty->irq, &hdr, data);
	pthread_mutex_unlock(&mtty->lock);
	return ret;
}

long mtty_ioctl(struct vfio_device *vdev, unsigned int cmd, uint64_t arg)
{
	struct mtty *mtty = vfiod_get_drvdata(vdev);

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info(mtty, arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info(mtty, arg);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(mtty, arg);
	default:
		return VFIOD_NOT_MINE;
	}
}
