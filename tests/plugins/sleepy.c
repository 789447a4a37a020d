// SPDX-License-Identifier: BSD-3-Clause
/* A device that takes its time, for tests that nobody else has to wait. */
#include "sleepy.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vfiod/plugin.h>

#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL
#define PAGE 4096

struct sleepy {
	pthread_mutex_t lock; /* guards what follows; not held in sleep */
	uint64_t pin; /* IOVA, or SLEEPY_NO_PIN */
	uint64_t unmaps;
};

static void sleep_ns(uint64_t ns)
{
	struct timespec left = { .tv_sec = (time_t)(ns / NS_PER_S),
				 .tv_nsec = (long)(ns % NS_PER_S) };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

static int sleepy_init(struct vfio_device *vdev)
{
	struct sleepy *sleepy = calloc(1, sizeof(*sleepy));

	if (!sleepy)
		return -ENOMEM;
	pthread_mutex_init(&sleepy->lock, NULL);
	sleepy->pin = SLEEPY_NO_PIN;
	vfiod_set_drvdata(vdev, sleepy);
	return 0;
}

static void sleepy_release(struct vfio_device *vdev)
{
	struct sleepy *sleepy = vfiod_get_drvdata(vdev);

	pthread_mutex_destroy(&sleepy->lock);
	free(sleepy);
}

static int sleepy_open_device(struct vfio_device *vdev)
{
	const char *ms = vfiod_device_param(vdev, "open");

	if (ms)
		sleep_ns(strtoull(ms, NULL, 10) * NS_PER_MS);
	return 0;
}

/* The IOVA that is pinned in the range, which then is no longer ours. */
static uint64_t take_pin(struct sleepy *sleepy, uint64_t iova, uint64_t length)
{
	uint64_t pin;

	pthread_mutex_lock(&sleepy->lock);
	pin = sleepy->pin;
	if (pin != SLEEPY_NO_PIN && pin - iova < length)
		sleepy->pin = SLEEPY_NO_PIN;
	else
		pin = SLEEPY_NO_PIN;
	pthread_mutex_unlock(&sleepy->lock);
	return pin;
}

static void sleepy_close_device(struct vfio_device *vdev)
{
	uint64_t pin = take_pin(vfiod_get_drvdata(vdev), 0, UINT64_MAX);

	if (pin != SLEEPY_NO_PIN)
		vfiod_unpin_pages(vdev, pin, 1);
}

static void sleepy_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			     uint64_t length)
{
	struct sleepy *sleepy = vfiod_get_drvdata(vdev);
	uint64_t pin = take_pin(sleepy, iova, length);

	pthread_mutex_lock(&sleepy->lock);
	sleepy->unmaps++;
	pthread_mutex_unlock(&sleepy->lock);
	if (pin == SLEEPY_NO_PIN)
		return;
	sleep_ns(SLEEPY_NS);
	vfiod_unpin_pages(vdev, pin, 1);
}

static int pin(struct vfio_device *vdev, uint64_t iova)
{
	struct sleepy *sleepy = vfiod_get_drvdata(vdev);
	struct vfio_page *page;
	int ret = -EBUSY;

	iova -= iova % PAGE;
	pthread_mutex_lock(&sleepy->lock);
	if (sleepy->pin == SLEEPY_NO_PIN)
		ret = vfiod_pin_pages(vdev, iova, 1, VFIO_DMA_MAP_FLAG_READ,
				      &page);
	if (ret == 1)
		sleepy->pin = iova;
	pthread_mutex_unlock(&sleepy->lock);
	return ret < 0 ? ret : 0;
}

static uint64_t get(struct sleepy *sleepy, uint64_t offset)
{
	uint64_t value = 0;

	if (offset == SLEEPY_READ)
		sleep_ns(SLEEPY_NS);
	pthread_mutex_lock(&sleepy->lock);
	if (offset == SLEEPY_PIN)
		value = sleepy->pin;
	else if (offset == SLEEPY_UNMAPS)
		value = sleepy->unmaps;
	pthread_mutex_unlock(&sleepy->lock);
	return value;
}

static int sleepy_access(struct vfio_device *vdev, unsigned int index,
			 uint64_t offset, void *buf, unsigned int len,
			 bool write)
{
	uint64_t value = 0;

	if (index || offset % 8)
		return -EINVAL;
	if (!write) {
		value = get(vfiod_get_drvdata(vdev), offset);
		memcpy(buf, &value, len);
		return 0;
	}
	memcpy(&value, buf, len);
	return offset == SLEEPY_PIN ? pin(vdev, value) : 0;
}

static long sleepy_ioctl(struct vfio_device *vdev, unsigned int cmd,
			 uint64_t arg)
{
	(void)vdev;
	if (cmd != SLEEPY_IOCTL)
		return VFIOD_NOT_MINE;
	sleep_ns(SLEEPY_NS);
	return (int)arg;
}

static const struct vfiod_region regions[] = {
	{ .size = SLEEPY_SIZE,
	  .flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE },
};

static const struct vfiod_type types[] = {
	{ .name = "slow",
	  .pretty_name = "Slow device",
	  .nr_regions = 1,
	  .regions = regions },
};

static const struct vfiod_param params[] = {
	{ .name = "open", .help = "milliseconds that open_device takes" },
};

static struct vfiod_plugin sleepy_plugin = {
	.name = "sleepy",
	.version = "1.0",
	.description = "its ops sleep",
	.nr_types = 1,
	.types = types,
	.nr_params = 1,
	.params = params,
	.init = sleepy_init,
	.release = sleepy_release,
	.open_device = sleepy_open_device,
	.close_device = sleepy_close_device,
	.access = sleepy_access,
	.ioctl = sleepy_ioctl,
	.dma_unmap = sleepy_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(sleepy_plugin);
