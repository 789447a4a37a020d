// SPDX-License-Identifier: BSD-3-Clause
/* Memory of a device that clients map, and client memory that it uses. */
#include "bars.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <vfiod/plugin.h>

#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

struct bars {
	pthread_mutex_t lock; /* guards what follows */
	uint64_t arg;
	uint64_t value;
	struct vfio_page *page; /* NULL: none is pinned */
	uint64_t iova; /* of that */
};

static int bars_init(struct vfio_device *vdev)
{
	struct bars *bars = calloc(1, sizeof(*bars));

	if (!bars)
		return -ENOMEM;
	pthread_mutex_init(&bars->lock, NULL);
	vfiod_set_drvdata(vdev, bars);
	return 0;
}

static void bars_release(struct vfio_device *vdev)
{
	struct bars *bars = vfiod_get_drvdata(vdev);

	pthread_mutex_destroy(&bars->lock);
	free(bars);
}

/* bars->lock is held from here to carry_out(). */
static int unpin(struct vfio_device *vdev, struct bars *bars)
{
	if (!bars->page)
		return -ENOENT;
	vfiod_unpin_pages(vdev, bars->iova, 1);
	bars->page = NULL;
	return 0;
}

static int pin(struct vfio_device *vdev, struct bars *bars)
{
	int ret;

	if (bars->page)
		return -EBUSY;
	ret = vfiod_pin_pages(vdev, bars->arg, 1, RW, &bars->page);
	bars->iova = bars->arg;
	return ret < 0 ? ret : 0;
}

static int page_rw(struct bars *bars, bool write)
{
	if (!bars->page)
		return -ENOENT;
	return vfiod_page_rw(bars->page, bars->arg, &bars->value,
			     sizeof(bars->value), write);
}

static int peek(struct vfio_device *vdev, struct bars *bars, bool write)
{
	char *memory = vfiod_region_memory(vdev, VFIOD_OFFSET_INDEX(bars->arg));

	if (!memory)
		return -ENXIO;
	memory += bars->arg & VFIOD_OFFSET_MASK;
	memcpy(write ? memory : (char *)&bars->value,
	       write ? (char *)&bars->value : memory, sizeof(bars->value));
	return 0;
}

static int carry_out(struct vfio_device *vdev, struct bars *bars,
		     uint64_t order)
{
	switch (order) {
	case BARS_PEEK:
	case BARS_POKE:
		return peek(vdev, bars, order == BARS_POKE);
	case BARS_DMA_READ:
	case BARS_DMA_WRITE:
		return vfiod_dma_rw(vdev, bars->arg, &bars->value,
				    sizeof(bars->value),
				    order == BARS_DMA_WRITE);
	case BARS_PIN:
		return pin(vdev, bars);
	case BARS_UNPIN:
		return unpin(vdev, bars);
	case BARS_PAGE_READ:
	case BARS_PAGE_WRITE:
		return page_rw(bars, order == BARS_PAGE_WRITE);
	default:
		return -EINVAL;
	}
}

static int access_register(struct vfio_device *vdev, struct bars *bars,
			   uint64_t offset, uint64_t *value, bool write)
{
	uint64_t *reg = offset == BARS_ARG ? &bars->arg : &bars->value;

	if (offset == BARS_ORDER)
		return write ? carry_out(vdev, bars, *value) : -EINVAL;
	*(write ? reg : value) = *(write ? value : reg);
	return 0;
}

static int bars_access(struct vfio_device *vdev, unsigned int index,
		       uint64_t offset, void *buf, unsigned int len, bool write)
{
	struct bars *bars = vfiod_get_drvdata(vdev);
	int ret;

	if (index == BARS_PARTS) {
		if (!write)
			memset(buf, BARS_ANSWER, len);
		return 0;
	}
	if (index != BARS_REGISTERS || len != sizeof(uint64_t))
		return -EINVAL;
	pthread_mutex_lock(&bars->lock);
	ret = access_register(vdev, bars, offset, buf, write);
	pthread_mutex_unlock(&bars->lock);
	return ret;
}

static void bars_close_device(struct vfio_device *vdev)
{
	struct bars *bars = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&bars->lock);
	unpin(vdev, bars);
	pthread_mutex_unlock(&bars->lock);
}

static int bars_reset(struct vfio_device *vdev)
{
	memset(vfiod_region_memory(vdev, BARS_WHOLE), 0, BARS_WHOLE_SIZE);
	return 0;
}

static void bars_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			   uint64_t length)
{
	struct bars *bars = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&bars->lock);
	if (bars->iova - iova < length)
		unpin(vdev, bars);
	pthread_mutex_unlock(&bars->lock);
}

static const struct vfio_region_sparse_mmap_area areas[] = {
	{ .offset = BARS_PART_1, .size = BARS_PART_1_SIZE },
	{ .offset = BARS_PART_2, .size = BARS_PART_2_SIZE },
};

static const struct vfiod_region regions[] = {
	[BARS_WHOLE] = { .size = BARS_WHOLE_SIZE,
			 .flags = VFIO_REGION_INFO_FLAG_READ |
				  VFIO_REGION_INFO_FLAG_WRITE |
				  VFIO_REGION_INFO_FLAG_MMAP,
			 .plain = 1 },
	[BARS_PARTS] = { .size = BARS_PARTS_SIZE,
			 .flags = VFIO_REGION_INFO_FLAG_READ |
				  VFIO_REGION_INFO_FLAG_WRITE |
				  VFIO_REGION_INFO_FLAG_MMAP,
			 .nr_areas = 2,
			 .areas = areas },
	[BARS_REGISTERS] = { .size = BARS_REGISTERS_SIZE,
			     .flags = VFIO_REGION_INFO_FLAG_READ |
				      VFIO_REGION_INFO_FLAG_WRITE },
};

static const struct vfiod_type type = {
	.name = "mapped",
	.pretty_name = "Mapped regions",
	.info_flags = VFIO_DEVICE_FLAGS_RESET,
	.nr_regions = 3,
	.regions = regions,
};

static struct vfiod_plugin bars_plugin = {
	.name = "bars",
	.version = "1.0",
	.description = "regions that clients map",
	.nr_types = 1,
	.types = &type,
	.init = bars_init,
	.release = bars_release,
	.close_device = bars_close_device,
	.access = bars_access,
	.reset = bars_reset,
	.dma_unmap = bars_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(bars_plugin);
