// SPDX-License-Identifier: BSD-3-Clause
/* An adder: write an IOVA to its register, and 1 is added to what is there. */
#include <errno.h>
#include <string.h>
#include <vfiod/plugin.h>

static int init(struct vfio_device *vdev)
{
	vfiod_log(vdev, VFIOD_LOG_INFO, "ready to add");
	return 0;
}

static int add(struct vfio_device *vdev, unsigned int index, uint64_t offset,
	       void *buf, unsigned int len, bool write)
{
	uint64_t iova, number = 0;
	int ret;

	if (index || offset || !write || len != sizeof(iova))
		return -EINVAL;
	memcpy(&iova, buf, sizeof(iova));
	ret = vfiod_dma_rw(vdev, iova, &number, sizeof(number), false);
	number++;
	if (!ret)
		ret = vfiod_dma_rw(vdev, iova, &number, sizeof(number), true);
	if (!ret)
		vfiod_irq_trigger(vdev, 0, 0);
	return ret;
}

static void unmap(struct vfio_device *vdev, uint64_t iova, uint64_t length)
{
	/* Nothing is pinned, so there is nothing to give back. */
	vfiod_log(vdev, VFIOD_LOG_DEBUG, "unmap %#lx+%#lx", iova, length);
}

static const struct vfiod_region region = { .size = 8,
	.flags = VFIO_REGION_INFO_FLAG_WRITE };
static const struct vfiod_irq irq = { .count = 1, .flags = 1 };
static const struct vfiod_type type = { .name = "adder", .nr_regions = 1,
	.regions = &region, .nr_irqs = 1, .irqs = &irq };
static struct vfiod_plugin plugin = { .name = "example", .nr_types = 1,
	.types = &type, .init = init, .access = add, .dma_unmap = unmap };
VFIOD_REGISTER_PLUGIN(plugin);
