// SPDX-License-Identifier: BSD-3-Clause
/* A doorbell that is polled. */
#include "bell.h"

#include <errno.h>

#include <vfiod/plugin.h>

/* How much of the memory is looked at: what only the client stores to. */
#define LOOKED_AT BELL_ANSWER

static uint64_t *number(struct vfio_device *vdev, uint64_t offset)
{
	char *memory = vfiod_region_memory(vdev, BELL_REGION);

	return (uint64_t *)(memory + offset);
}

static bool look(void *arg)
{
	uint64_t rung =
		__atomic_load_n(number(arg, BELL_DOORBELL), __ATOMIC_ACQUIRE);
	uint64_t *answer = number(arg, BELL_ANSWER);

	__atomic_fetch_add(number(arg, BELL_LOOKS), 1, __ATOMIC_RELAXED);
	if (__atomic_load_n(answer, __ATOMIC_RELAXED) == rung)
		return false;
	__atomic_store_n(answer, rung, __ATOMIC_RELEASE);
	return true;
}

static int bell_init(struct vfio_device *vdev)
{
	vfiod_set_drvdata(vdev, NULL);
	return 0;
}

static int bell_open_device(struct vfio_device *vdev)
{
	struct vfiod_poll *poll =
		vfiod_poll_new(vdev, BELL_REGION, 0, LOOKED_AT, look, vdev);

	vfiod_set_drvdata(vdev, poll);
	return poll ? 0 : -errno;
}

static void bell_close_device(struct vfio_device *vdev)
{
	vfiod_poll_free(vfiod_get_drvdata(vdev));
}

static void bell_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			   uint64_t length)
{
	/* It uses no client memory. */
	(void)vdev, (void)iova, (void)length;
}

static const struct vfiod_region region = {
	.size = BELL_SIZE,
	.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		 VFIO_REGION_INFO_FLAG_MMAP,
	.plain = 1,
};

static const struct vfiod_type type = {
	.name = "polled",
	.pretty_name = "Polled doorbell",
	.nr_regions = 1,
	.regions = &region,
};

static struct vfiod_plugin bell_plugin = {
	.name = "bell",
	.version = "1.0",
	.description = "a doorbell that is polled",
	.nr_types = 1,
	.types = &type,
	.init = bell_init,
	.open_device = bell_open_device,
	.close_device = bell_close_device,
	.dma_unmap = bell_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(bell_plugin);
