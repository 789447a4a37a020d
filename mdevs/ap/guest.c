// SPDX-License-Identifier: BSD-3-Clause
/* In the place of a guest: files in sysfs by which queues are ordered. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "ap.h"

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

ssize_t ap_aqic_store(struct vfio_device *vdev, const char *buf, size_t size)
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

ssize_t ap_aqic_show(struct vfio_device *vdev, char *buf, size_t size)
{
	struct ap *ap = vfiod_get_drvdata(vdev);
	size_t len;

	pthread_mutex_lock(&ap->lock);
	len = ap_queues_show(&ap->queues, buf, size);
	pthread_mutex_unlock(&ap->lock);
	return (ssize_t)len;
}

ssize_t ap_reply_store(struct vfio_device *vdev, const char *buf, size_t size)
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
