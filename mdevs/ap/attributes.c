// SPDX-License-Identifier: BSD-3-Clause
/* The files of sysfs: those of vfio-ap, and two in the place of a guest. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap.h"

/* Not the kernel's: see README.md. */
#define SYNTHETIC "vfiod"

/* kstrtoul() with base 0. */
static int parse_number(const char *text, unsigned long *number)
{
	char *end;

	if (*text == '+')
		text++;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*number = strtoul(text, &end, 0);
	if (*end && strcmp(end, "\n"))
		return -EINVAL;
	return -errno;
}

/* Queues that go lose their interrupts; ap->lock is held. */
static int set_matrix(struct ap *ap, const struct ap_matrix *matrix)
{
	int ret = ap_host_set(&ap->share, matrix);

	if (!ret)
		ap_queues_restrict(&ap->queues, matrix);
	return ret;
}

/* The mask of @matrix that is @offset bytes in. */
static struct ap_mask *mask_at(struct ap_matrix *matrix, size_t offset)
{
	return (struct ap_mask *)((char *)matrix + offset);
}

/* What is assigned already, or not assigned, is so after this, too. */
static ssize_t store_bit(struct vfio_device *vdev, const char *buf, size_t size,
			 size_t offset, unsigned int max, bool on)
{
	struct ap *ap = vfiod_get_drvdata(vdev);
	struct ap_matrix matrix;
	unsigned long id;
	int ret;

	ret = parse_number(buf, &id);
	if (ret)
		return ret;
	if (id > max)
		return -ENODEV;
	pthread_mutex_lock(&ap->lock);
	matrix = ap_host_get(&ap->share);
	ap_mask_assign(mask_at(&matrix, offset), id, on);
	ret = set_matrix(ap, &matrix);
	pthread_mutex_unlock(&ap->lock);
	return ret ? ret : (ssize_t)size;
}

#define STORE_BIT(what, mask, max)                                        \
	static ssize_t assign_##what(struct vfio_device *vdev,            \
				     const char *buf, size_t size)        \
	{                                                                 \
		return store_bit(vdev, buf, size,                         \
				 offsetof(struct ap_matrix, mask), (max), \
				 true);                                   \
	}                                                                 \
	static ssize_t unassign_##what(struct vfio_device *vdev,          \
				       const char *buf, size_t size)      \
	{                                                                 \
		return store_bit(vdev, buf, size,                         \
				 offsetof(struct ap_matrix, mask), (max), \
				 false);                                  \
	}

STORE_BIT(adapter, apm, AP_MAX_ADAPTER)
STORE_BIT(domain, aqm, AP_MAX_DOMAIN)
STORE_BIT(control_domain, adm, AP_MAX_DOMAIN)

static ssize_t store_config(struct vfio_device *vdev, const char *buf,
			    size_t size)
{
	struct ap *ap = vfiod_get_drvdata(vdev);
	struct ap_matrix matrix;
	int ret;

	ret = ap_matrix_parse_config(&matrix, buf);
	if (ret)
		return ret;
	pthread_mutex_lock(&ap->lock);
	ret = set_matrix(ap, &matrix);
	pthread_mutex_unlock(&ap->lock);
	return ret ? ret : (ssize_t)size;
}

static struct ap_matrix matrix_of(struct vfio_device *vdev)
{
	struct ap *ap = vfiod_get_drvdata(vdev);

	return ap_host_get(&ap->share);
}

static ssize_t show_config(struct vfio_device *vdev, char *buf, size_t size)
{
	const struct ap_matrix matrix = matrix_of(vdev);

	return (ssize_t)ap_matrix_show_config(&matrix, buf, size);
}

static ssize_t show_control(struct vfio_device *vdev, char *buf, size_t size)
{
	const struct ap_matrix matrix = matrix_of(vdev);

	return (ssize_t)ap_matrix_show_control(&matrix, buf, size);
}

static ssize_t show_matrix(struct vfio_device *vdev, char *buf, size_t size)
{
	const struct ap_matrix matrix = matrix_of(vdev);

	return (ssize_t)ap_matrix_show(&matrix, buf, size);
}

/* Of what a guest says by PQAP(AQIC): the queue, and the rest to enable it. */
struct order {
	unsigned int adapter;
	unsigned int domain;
	uint64_t nib;
	unsigned int isc;
	bool enable;
};

static int parse_order(const char *text, struct order *order)
{
	char rest;

	switch (sscanf(text, "%2x.%4x %" SCNx64 " %u %c", &order->adapter,
		       &order->domain, &order->nib, &order->isc, &rest)) {
	case 2:
		order->enable = false;
		return 0;
	case 4:
		order->enable = true;
		return 0;
	default:
		return -EINVAL;
	}
}

/* NULL: the device has no such queue. ap->lock is held. */
static struct ap_queue *find_queue(struct ap *ap, const struct order *order)
{
	const struct ap_matrix matrix = ap_host_get(&ap->share);

	if (order->adapter > AP_MAX_ADAPTER || order->domain > AP_MAX_DOMAIN ||
	    !ap_matrix_has_queue(&matrix, order->adapter, order->domain))
		return NULL;
	return &ap->queues.queue[order->adapter][order->domain];
}

static int set_interrupt(struct ap *ap, const struct order *order)
{
	struct ap_queue *queue = find_queue(ap, order);

	if (!queue)
		return -ENODEV;
	if (order->enable)
		return ap_queue_enable(&ap->queues, queue, order->nib,
				       order->isc);
	ap_queue_disable(&ap->queues, queue);
	return 0;
}

static ssize_t store_aqic(struct vfio_device *vdev, const char *buf,
			  size_t size)
{
	struct ap *ap = vfiod_get_drvdata(vdev);
	struct order order;
	int ret;

	ret = parse_order(buf, &order);
	if (ret)
		return ret;
	pthread_mutex_lock(&ap->lock);
	ret = set_interrupt(ap, &order);
	pthread_mutex_unlock(&ap->lock);
	return ret ? ret : (ssize_t)size;
}

static ssize_t show_aqic(struct vfio_device *vdev, char *buf, size_t size)
{
	struct ap *ap = vfiod_get_drvdata(vdev);
	size_t len;

	pthread_mutex_lock(&ap->lock);
	len = ap_queues_show(&ap->queues, buf, size);
	pthread_mutex_unlock(&ap->lock);
	return (ssize_t)len;
}

static ssize_t store_reply(struct vfio_device *vdev, const char *buf,
			   size_t size)
{
	struct ap *ap = vfiod_get_drvdata(vdev);
	struct ap_queue *queue;
	struct order order;
	int ret;

	ret = parse_order(buf, &order);
	if (ret || order.enable)
		return -EINVAL;
	pthread_mutex_lock(&ap->lock);
	queue = find_queue(ap, &order);
	ret = queue ? ap_queue_notify(queue) : -ENODEV;
	pthread_mutex_unlock(&ap->lock);
	return ret ? ret : (ssize_t)size;
}

const struct vfiod_attribute ap_attributes[AP_NR_ATTRIBUTES] = {
	{ .name = "assign_adapter", .store = assign_adapter },
	{ .name = "unassign_adapter", .store = unassign_adapter },
	{ .name = "assign_domain", .store = assign_domain },
	{ .name = "unassign_domain", .store = unassign_domain },
	{ .name = "assign_control_domain", .store = assign_control_domain },
	{ .name = "unassign_control_domain", .store = unassign_control_domain },
	{ .name = "ap_config", .show = show_config, .store = store_config },
	{ .name = "control_domains", .show = show_control },
	{ .name = "matrix", .show = show_matrix },
	{ .name = "guest_matrix", .show = show_matrix },
	{ .group = SYNTHETIC,
	  .name = "aqic",
	  .show = show_aqic,
	  .store = store_aqic },
	{ .group = SYNTHETIC, .name = "reply", .store = store_reply },
};
