// SPDX-License-Identifier: BSD-3-Clause
/* A matrix device: made, opened, closed, asked for memory; and the tables. */
#include "ap.h"

#include <errno.h>
#include <stdlib.h>

static unsigned int ap_available(const struct vfiod_type *type)
{
	(void)type;
	return ap_host_room();
}

static int ap_init(struct vfio_device *vdev)
{
	struct ap *ap = calloc(1, sizeof(*ap));
	int ret;

	if (!ap)
		return -ENOMEM;
	ret = ap_host_join(&ap->share);
	if (ret) {
		free(ap);
		return ret;
	}
	pthread_mutex_init(&ap->lock, NULL);
	ap->queues.vdev = vdev;
	vfiod_set_drvdata(vdev, ap);
	return 0;
}

static void ap_release(struct vfio_device *vdev)
{
	struct ap *ap = vfiod_get_drvdata(vdev);

	ap_host_leave(&ap->share);
	pthread_mutex_destroy(&ap->lock);
	free(ap);
}

/* vfio_ap_mdev_reset_queues() */
static int ap_reset(struct vfio_device *vdev)
{
	struct ap *ap = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&ap->lock);
	ap_queues_reset(&ap->queues);
	pthread_mutex_unlock(&ap->lock);
	return 0;
}

/* The matrix stays: it is the administrator's, not the client's. */
static void ap_close_device(struct vfio_device *vdev)
{
	struct ap *ap = vfiod_get_drvdata(vdev);

	ap_reset(vdev);
	pthread_mutex_lock(&ap->lock);
	vfiod_eventfd_put(ap->request);
	ap->request = NULL;
	pthread_mutex_unlock(&ap->lock);
}

static void ap_request(struct vfio_device *vdev, unsigned int count)
{
	struct ap *ap = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&ap->lock);
	if (ap->request)
		vfiod_eventfd_signal(ap->request);
	else if (!count)
		vfiod_log(vdev, VFIOD_LOG_INFO,
			  "no REQ interrupt by which to ask for it back");
	pthread_mutex_unlock(&ap->lock);
}

static void ap_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			 uint64_t length)
{
	struct ap *ap = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&ap->lock);
	ap_queues_unmap(&ap->queues, iova, length);
	pthread_mutex_unlock(&ap->lock);
}

static const struct vfiod_irq irqs[AP_NUM_IRQS] = {
	[AP_REQ_IRQ_INDEX] = { .count = 1, .flags = VFIO_IRQ_INFO_EVENTFD },
};

static const struct vfiod_type types[] = {
	{ .name = "passthrough",
	  .pretty_name = "VFIO AP Passthrough Device",
	  .info_flags = VFIO_DEVICE_FLAGS_AP | VFIO_DEVICE_FLAGS_RESET,
	  .nr_irqs = AP_NUM_IRQS,
	  .irqs = irqs },
};

static struct vfiod_plugin ap_plugin = {
	.name = "ap",
	.version = "1.0",
	.description = "crypto adapter queues, as Linux's vfio-ap",
	.nr_types = 1,
	.types = types,
	.nr_attributes = AP_NR_ATTRIBUTES,
	.attributes = ap_attributes,
	.available = ap_available,
	.init = ap_init,
	.release = ap_release,
	.close_device = ap_close_device,
	.ioctl = ap_ioctl,
	.reset = ap_reset,
	.request = ap_request,
	.dma_unmap = ap_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(ap_plugin);
