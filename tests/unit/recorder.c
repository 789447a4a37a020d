// SPDX-License-Identifier: BSD-3-Clause
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recorder.h"

static int recorder_plugin_init(struct vfio_device *vdev)
{
	struct recorder_device *dev = calloc(1, sizeof(*dev));

	if (!dev)
		return -ENOMEM;
	pthread_mutex_init(&dev->lock, NULL);
	vfiod_set_drvdata(vdev, dev);
	return 0;
}

static void recorder_plugin_release(struct vfio_device *vdev)
{
	struct recorder_device *dev = recorder_of(vdev);

	pthread_mutex_destroy(&dev->lock);
	free(dev);
}

/* Unpin all of [@iova, @last]. */
static void unpin_range(struct vfio_device *vdev, uint64_t iova, uint64_t last)
{
	struct recorder_device *dev = recorder_of(vdev);
	size_t kept = 0;

	pthread_mutex_lock(&dev->lock);
	for (size_t i = 0; i < dev->nr_pins; i++) {
		if (dev->pins[i].iova >= iova && dev->pins[i].iova <= last)
			vfiod_unpin_pages(vdev, dev->pins[i].iova, 1);
		else
			dev->pins[kept++] = dev->pins[i];
	}
	dev->nr_pins = kept;
	pthread_mutex_unlock(&dev->lock);
}

static void record(struct vfio_device *vdev, uint64_t iova, uint64_t length)
{
	struct recorder *recorder = (struct recorder *)vdev->type->data;

	pthread_mutex_lock(&recorder->lock);
	if (recorder->n < RECORDER_CALLS)
		recorder->calls[recorder->n] = (struct recorder_call){
			.vdev = vdev, .iova = iova, .length = length
		};
	recorder->n++;
	pthread_mutex_unlock(&recorder->lock);
}

static void recorder_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			       uint64_t length)
{
	struct recorder_device *dev = recorder_of(vdev);

	record(vdev, iova, length);
	if (dev->hook)
		dev->hook(vdev, iova, length, dev->arg);
	if (dev->ignore)
		dev->ignore--;
	else
		unpin_range(vdev, iova, iova + length - 1);
}

static void recorder_close_device(struct vfio_device *vdev)
{
	struct recorder_device *dev = recorder_of(vdev);

	if (!dev->ignore)
		unpin_range(vdev, 0, UINT64_MAX);
}

const struct vfiod_plugin recorder_plugin = {
	.name = "recorder",
	.init = recorder_plugin_init,
	.release = recorder_plugin_release,
	.close_device = recorder_close_device,
	.dma_unmap = recorder_dma_unmap,
};

void recorder_init(struct recorder *recorder)
{
	memset(recorder, 0, sizeof(*recorder));
	recorder->type.name = "1";
	recorder->type.data = recorder;
	pthread_mutex_init(&recorder->lock, NULL);
}

void recorder_clear(struct recorder *recorder)
{
	pthread_mutex_lock(&recorder->lock);
	recorder->n = 0;
	pthread_mutex_unlock(&recorder->lock);
}

int recorder_pin(struct vfio_device *vdev, uint64_t iova, int prot)
{
	struct recorder_device *dev = recorder_of(vdev);
	struct vfio_page *page;
	int ret;

	pthread_mutex_lock(&dev->lock);
	ck_assert_uint_lt(dev->nr_pins, RECORDER_PINS);
	ret = vfiod_pin_pages(vdev, iova, 1, prot, &page);
	if (ret == 1)
		dev->pins[dev->nr_pins++] =
			(struct recorder_pin){ .iova = iova, .page = page };
	pthread_mutex_unlock(&dev->lock);
	return ret;
}

void recorder_unpin(struct vfio_device *vdev, uint64_t iova)
{
	struct recorder_device *dev = recorder_of(vdev);

	pthread_mutex_lock(&dev->lock);
	for (size_t i = 0; i < dev->nr_pins; i++) {
		if (dev->pins[i].iova != iova)
			continue;
		dev->pins[i] = dev->pins[--dev->nr_pins];
		vfiod_unpin_pages(vdev, iova, 1);
		break;
	}
	pthread_mutex_unlock(&dev->lock);
}

struct vfio_page *recorder_page(struct vfio_device *vdev, uint64_t iova)
{
	struct recorder_device *dev = recorder_of(vdev);
	struct vfio_page *page = NULL;

	pthread_mutex_lock(&dev->lock);
	for (size_t i = 0; i < dev->nr_pins; i++) {
		if (dev->pins[i].iova == iova)
			page = dev->pins[i].page;
	}
	pthread_mutex_unlock(&dev->lock);
	return page;
}
