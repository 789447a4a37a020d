// SPDX-License-Identifier: BSD-3-Clause
/* A plugin without dma_unmap, which vfiod has to refuse. */
#include <vfiod/plugin.h>

static int noop_init(struct vfio_device *vdev)
{
	vfiod_log(vdev, VFIOD_LOG_ERROR, "must not be made");
	return 0;
}

static const struct vfiod_type types[] = {
	{ .name = "device", .pretty_name = "A device that cannot unpin" },
};

static struct vfiod_plugin noop_plugin = {
	.name = "noop",
	.version = "1.0",
	.description = "lacks a required op",
	.nr_types = 1,
	.types = types,
	.init = noop_init,
};

VFIOD_REGISTER_PLUGIN(noop_plugin);
