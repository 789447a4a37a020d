// SPDX-License-Identifier: BSD-3-Clause
/* A plugin for a later vfiod: whole, but for its API version. */
#include <vfiod/plugin.h>

static int badversion_init(struct vfio_device *vdev)
{
	vfiod_log(vdev, VFIOD_LOG_ERROR, "must not be made");
	return 0;
}

static void badversion_dma_unmap(struct vfio_device *vdev, uint64_t iova,
				 uint64_t length)
{
	(void)vdev;
	(void)iova;
	(void)length;
}

static const struct vfiod_type types[] = {
	{ .name = "device", .pretty_name = "A device of the future" },
};

static const struct vfiod_plugin badversion_plugin = {
	.struct_size = sizeof(struct vfiod_plugin),
	.api_version = VFIOD_API_VERSION + 1,
	.type_size = sizeof(struct vfiod_type),
	.region_size = sizeof(struct vfiod_region),
	.irq_size = sizeof(struct vfiod_irq),
	.param_size = sizeof(struct vfiod_param),
	.attribute_size = sizeof(struct vfiod_attribute),
	.cap_size = sizeof(struct vfiod_cap),
	.name = "badversion",
	.version = "1.0",
	.description = "has another API version",
	.nr_types = 1,
	.types = types,
	.init = badversion_init,
	.dma_unmap = badversion_dma_unmap,
};

__attribute__((visibility("default"))) const struct vfiod_plugin *
vfiod_plugin_entry(void);

const struct vfiod_plugin *vfiod_plugin_entry(void)
{
	return &badversion_plugin;
}
