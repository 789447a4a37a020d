// SPDX-License-Identifier: BSD-3-Clause
/* A device that pins pages, and keeps them when it must not: keeper.h. */
#include "keeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <vfiod/plugin.h>

#define RIGHTS (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

struct pin {
	uint64_t iova;
	struct vfio_page *page;
};

struct keeper {
	uint64_t ignore;
	bool again;
	bool leave;
	pthread_mutex_t lock; /* guards the rest; held over the services */
	uint64_t calls;
	size_t nr_pins;
	struct pin pins[KEEPER_PINS];
};

static int keeper_init(struct vfio_device *vdev)
{
	const char *ignore = vfiod_device_param(vdev, "ignore");
	struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return -ENOMEM;
	keeper->ignore = ignore ? strtoull(ignore, NULL, 10) : 0;
	keeper->again = vfiod_device_param(vdev, "again");
	keeper->leave = vfiod_device_param(vdev, "leave");
	pthread_mutex_init(&keeper->lock, NULL);
	vfiod_set_drvdata(vdev, keeper);
	return 0;
}

static void keeper_release(struct vfio_device *vdev)
{
	struct keeper *keeper = vfiod_get_drvdata(vdev);

	pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}

/* The lock is held. */
static int pin(struct vfio_device *vdev, uint64_t iova)
{
	struct keeper *keeper = vfiod_get_drvdata(vdev);
	struct vfio_page *page;
	int ret;

	if (keeper->nr_pins == KEEPER_PINS)
		return -ENOSPC;
	ret = vfiod_pin_pages(vdev, iova, 1, RIGHTS, &page);
	if (ret < 0)
		return ret;
	keeper->pins[keeper->nr_pins++] =
		(struct pin){ .iova = iova, .page = page };
	return 0;
}

/* The lock is held. */
static void unpin_range(struct vfio_device *vdev, uint64_t iova,
			uint64_t length)
{
	struct keeper *keeper = vfiod_get_drvdata(vdev);
	struct pin pins[KEEPER_PINS];
	size_t n = keeper->nr_pins;

	memcpy(pins, keeper->pins, sizeof(pins));
	keeper->nr_pins = 0;
	for (size_t i = 0; i < n; i++) {
		if (pins[i].iova - iova >= length) {
			keeper->pins[keeper->nr_pins++] = pins[i];
			continue;
		}
		vfiod_unpin_pages(vdev, pins[i].iova, 1);
		if (keeper->again)
			pin(vdev, pins[i].iova);
	}
}

static int keeper_open_device(struct vfio_device *vdev)
{
	struct keeper *keeper = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&keeper->lock);
	keeper->calls = 0;
	keeper->nr_pins = 0;
	pthread_mutex_unlock(&keeper->lock);
	return 0;
}

static void keeper_close_device(struct vfio_device *vdev)
{
	struct keeper *keeper = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&keeper->lock);
	if (!keeper->leave) {
		keeper->again = false;
		unpin_range(vdev, 0, UINT64_MAX);
	}
	pthread_mutex_unlock(&keeper->lock);
}

static void keeper_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			     uint64_t length)
{
	struct keeper *keeper = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&keeper->lock);
	if (keeper->calls++ >= keeper->ignore)
		unpin_range(vdev, iova, length);
	pthread_mutex_unlock(&keeper->lock);
}

/* The lock is held for what follows. */

static int data(struct keeper *keeper, uint64_t *value, bool write)
{
	if (!keeper->nr_pins)
		return -ENXIO;
	return vfiod_page_rw(keeper->pins[0].page, 0, value, sizeof(*value),
			     write);
}

static int write_register(struct vfio_device *vdev, uint64_t offset,
			  uint64_t value)
{
	uint64_t word;

	switch (offset) {
	case KEEPER_PIN:
		return pin(vdev, value);
	case KEEPER_UNPIN:
		vfiod_unpin_pages(vdev, value, 1);
		return 0;
	case KEEPER_DATA:
		return data(vfiod_get_drvdata(vdev), &value, true);
	case KEEPER_DMA:
		return vfiod_dma_rw(vdev, value, &word, sizeof(word), false);
	default:
		return -EINVAL;
	}
}

static int read_register(struct vfio_device *vdev, uint64_t offset,
			 uint64_t *value)
{
	struct keeper *keeper = vfiod_get_drvdata(vdev);

	switch (offset) {
	case KEEPER_PIN:
		*value = keeper->nr_pins;
		return 0;
	case KEEPER_DATA:
		return data(keeper, value, false);
	case KEEPER_CALLS:
		*value = keeper->calls;
		return 0;
	default:
		return -EINVAL;
	}
}

static int keeper_access(struct vfio_device *vdev, unsigned int index,
			 uint64_t offset, void *buf, unsigned int len,
			 bool write)
{
	struct keeper *keeper = vfiod_get_drvdata(vdev);
	uint64_t value = 0;
	int ret;

	if (index || len != sizeof(value))
		return -EINVAL;
	memcpy(&value, buf, len);
	pthread_mutex_lock(&keeper->lock);
	ret = write ? write_register(vdev, offset, value) :
		      read_register(vdev, offset, &value);
	pthread_mutex_unlock(&keeper->lock);
	if (!write)
		memcpy(buf, &value, len);
	return ret;
}

static const struct vfiod_region regions[] = {
	{ .size = KEEPER_SIZE,
	  .flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE },
};

static const struct vfiod_type types[] = {
	{ .name = "page",
	  .pretty_name = "Keeper of pages",
	  .nr_regions = 1,
	  .regions = regions },
};

static const struct vfiod_param params[] = {
	{ .name = "ignore", .help = "how many calls of dma_unmap to ignore" },
	{ .name = "again", .help = "yes: pin again in dma_unmap" },
	{ .name = "leave", .help = "yes: leave pages pinned when closed" },
};

static struct vfiod_plugin keeper_plugin = {
	.name = "keeper",
	.version = "1.0",
	.description = "keeps pages pinned",
	.nr_types = 1,
	.types = types,
	.nr_params = 3,
	.params = params,
	.init = keeper_init,
	.release = keeper_release,
	.open_device = keeper_open_device,
	.close_device = keeper_close_device,
	.access = keeper_access,
	.dma_unmap = keeper_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(keeper_plugin);
