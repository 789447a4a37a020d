// SPDX-License-Identifier: BSD-3-Clause
/*
 * A plugin as it was built when the interface was API 1, against the header
 * of that day (api-1/). All tables have several rows, so that a vfiod whose
 * structures have grown is seen to step through them in the old size.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vfiod/plugin.h>

#define REGISTER_SIZE 8
#define SUBTYPE_COUNTER 7

struct oldapi {
	atomic_ulong value; /* of the register in region 0 */
	uint64_t step; /* what a write of any value adds */
};

static uint64_t number(struct vfio_device *vdev, const char *name,
		       uint64_t otherwise)
{
	const char *value = vfiod_device_param(vdev, name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static int oldapi_init(struct vfio_device *vdev)
{
	struct oldapi *old = malloc(sizeof(*old));

	if (!old)
		return -ENOMEM;
	atomic_init(&old->value, number(vdev, "start", 0));
	old->step = number(vdev, "step", 1);
	vfiod_set_drvdata(vdev, old);
	return 0;
}

static void oldapi_release(struct vfio_device *vdev)
{
	free(vfiod_get_drvdata(vdev));
}

static int oldapi_access(struct vfio_device *vdev, unsigned int index,
			 uint64_t offset, void *buf, unsigned int len,
			 bool write)
{
	struct oldapi *old = vfiod_get_drvdata(vdev);
	uint64_t value;

	if (index || offset)
		return -EINVAL;
	if (write) {
		atomic_fetch_add(&old->value, old->step);
		vfiod_irq_trigger(vdev, 1, 0);
		return 0;
	}
	value = atomic_load(&old->value);
	memcpy(buf, &value, len);
	return 0;
}

static void oldapi_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			     uint64_t length)
{
	(void)vdev;
	(void)iova;
	(void)length;
}

static ssize_t show_value(struct vfio_device *vdev, char *buf, size_t size)
{
	struct oldapi *old = vfiod_get_drvdata(vdev);

	return snprintf(buf, size, "%lu\n", atomic_load(&old->value));
}

static ssize_t show_step(struct vfio_device *vdev, char *buf, size_t size)
{
	struct oldapi *old = vfiod_get_drvdata(vdev);

	return snprintf(buf, size, "%lu\n", (unsigned long)old->step);
}

static const struct vfio_region_info_cap_type subtype = {
	.header = { .id = VFIO_REGION_INFO_CAP_TYPE, .version = 1 },
	.type = VFIO_REGION_TYPE_PCI_VENDOR_TYPE | 0x4348,
	.subtype = SUBTYPE_COUNTER,
};

static const struct vfio_info_cap_header mappable = {
	.id = VFIO_REGION_INFO_CAP_MSIX_MAPPABLE,
	.version = 1,
};

static const struct vfiod_cap caps[] = {
	{ .header = &subtype.header, .size = sizeof(subtype) },
	{ .header = &mappable, .size = sizeof(mappable) },
};

static const struct vfiod_region regions[] = {
	{ .size = REGISTER_SIZE,
	  .flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE },
	{ .size = 2 * REGISTER_SIZE,
	  .flags = VFIO_REGION_INFO_FLAG_READ,
	  .nr_caps = 2,
	  .caps = caps },
};

static const struct vfiod_irq irqs[] = {
	{ .kind = VFIOD_IRQ_SIGNAL, .absent = 1 },
	{ .count = 1, .flags = VFIO_IRQ_INFO_EVENTFD, .kind = VFIOD_IRQ_SIGNAL },
};

static const struct vfiod_type types[] = {
	{ .name = "none", .pretty_name = "No regions" },
	{ .name = "counter",
	  .pretty_name = "Counter",
	  .description = "counts the writes to its register",
	  .nr_regions = 2,
	  .regions = regions,
	  .nr_irqs = 2,
	  .irqs = irqs },
};

static const struct vfiod_param params[] = {
	{ .name = "start", .help = "the counter's first value" },
	{ .name = "step", .help = "what each write adds" },
};

static const struct vfiod_attribute attributes[] = {
	{ .group = "counter", .name = "value", .show = show_value },
	{ .group = "counter", .name = "step", .show = show_step },
};

static struct vfiod_plugin oldapi_plugin = {
	.name = "oldapi",
	.version = "1.0",
	.description = "built against the header of API 1",
	.nr_types = 2,
	.types = types,
	.nr_params = 2,
	.params = params,
	.nr_attributes = 2,
	.attributes = attributes,
	.init = oldapi_init,
	.release = oldapi_release,
	.access = oldapi_access,
	.dma_unmap = oldapi_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(oldapi_plugin);
