// SPDX-License-Identifier: BSD-3-Clause
#include "vgpu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "display.h"
#include "region.h"
#include "types.h"

static const struct vgpu_type *type_of(struct vfio_device *vdev)
{
	return vfiod_device_type(vdev)->data;
}

static unsigned int vgpu_available(const struct vfiod_type *type)
{
	return vgpu_gm_available(type->data);
}

/* What can fail, in a device whose gm is set. */
static int allocate(struct vgpu *vgpu)
{
	int ret;

	ret = vgpu_gtt_init(&vgpu->gtt, &vgpu->gm, &vgpu->cache);
	if (ret)
		return ret;
	ret = vgpu_mmio_init(&vgpu->mmio, &vgpu->gm);
	if (ret)
		vgpu_gtt_fini(&vgpu->gtt);
	return ret;
}

static int vgpu_init(struct vfio_device *vdev)
{
	const struct vgpu_type *type = type_of(vdev);
	struct vgpu *vgpu = calloc(1, sizeof(*vgpu));
	int ret;

	if (!vgpu)
		return -ENOMEM;
	ret = vgpu_gm_take(&vgpu->gm, type);
	if (ret)
		goto err_free;
	ret = allocate(vgpu);
	if (ret)
		goto err_give_back;

	vgpu->vdev = vdev;
	pthread_mutex_init(&vgpu->lock, NULL);
	vgpu_cache_init(&vgpu->cache, vdev);
	vgpu_ring_init(&vgpu->ring);
	vgpu_config_init(&vgpu->config);
	vgpu_edid_init(&vgpu->edid, type->xres, type->yres);
	vfiod_set_drvdata(vdev, vgpu);
	return 0;

err_give_back:
	vgpu_gm_give_back(&vgpu->gm);
err_free:
	free(vgpu);
	return ret;
}

static void vgpu_release(struct vfio_device *vdev)
{
	struct vgpu *vgpu = vfiod_get_drvdata(vdev);

	vgpu_ring_fini(&vgpu->ring);
	vgpu_mmio_fini(&vgpu->mmio);
	vgpu_gtt_fini(&vgpu->gtt);
	vgpu_cache_fini(&vgpu->cache);
	pthread_mutex_destroy(&vgpu->lock);
	vgpu_gm_give_back(&vgpu->gm);
	free(vgpu);
}

static int vgpu_open_device(struct vfio_device *vdev)
{
	return vgpu_ring_open(vfiod_get_drvdata(vdev));
}

/*
 * The ring is off and nothing is pinned. Registers and GTT stay as they are,
 * as in kvmgt; entries of the GTT lead nowhere now.
 */
static void vgpu_close_device(struct vfio_device *vdev)
{
	struct vgpu *vgpu = vfiod_get_drvdata(vdev);

	vgpu_ring_close(vgpu);
	vgpu_cache_clear(&vgpu->cache);
	pthread_mutex_lock(&vgpu->lock);
	vgpu_irq_release(&vgpu->irq);
	pthread_mutex_unlock(&vgpu->lock);
}

/* All but the EDID and the eventfd of the MSI. */
static int vgpu_reset(struct vfio_device *vdev)
{
	struct vgpu *vgpu = vfiod_get_drvdata(vdev);

	vgpu_ring_halt(&vgpu->ring);
	pthread_mutex_lock(&vgpu->lock);
	vgpu_gtt_clear(&vgpu->gtt);
	vgpu_mmio_reset(&vgpu->mmio, &vgpu->gm);
	vgpu_config_init(&vgpu->config);
	vgpu->ring.epoch++;
	pthread_mutex_unlock(&vgpu->lock);
	vgpu_ring_go_on(&vgpu->ring);
	return 0;
}

static long vgpu_ioctl(struct vfio_device *vdev, unsigned int cmd, uint64_t arg)
{
	struct vgpu *vgpu = vfiod_get_drvdata(vdev);

	switch (cmd) {
	case VFIO_DEVICE_SET_IRQS:
		return vgpu_irq_set(vgpu, arg);
	case VFIO_DEVICE_QUERY_GFX_PLANE:
		return vgpu_display_query(vgpu, arg);
	case VFIO_DEVICE_GET_GFX_DMABUF:
		return vgpu_display_get_dmabuf(vgpu, arg);
	default:
		return VFIOD_NOT_MINE;
	}
}

static void vgpu_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			   uint64_t length)
{
	struct vgpu *vgpu = vfiod_get_drvdata(vdev);

	vgpu_cache_unmap_range(&vgpu->cache, iova, length);
}

static ssize_t show_id(struct vfio_device *vdev, char *buf, size_t size)
{
	const struct vgpu *vgpu = vfiod_get_drvdata(vdev);

	return snprintf(buf, size, "%d\n", vgpu->gm.id);
}

static const struct vfiod_attribute attributes[] = {
	{ .group = "intel_vgpu", .name = "vgpu_id", .show = show_id },
};

static struct vfiod_plugin vgpu_plugin = {
	.name = "vgpu",
	.version = "1.0",
	.description =
		"Intel vGPU that blits in guest memory, after i915 GVT-g",
	.nr_types = VGPU_NR_TYPES,
	.types = vgpu_types,
	.nr_attributes = 1,
	.attributes = attributes,
	.available = vgpu_available,
	.init = vgpu_init,
	.release = vgpu_release,
	.open_device = vgpu_open_device,
	.close_device = vgpu_close_device,
	.read = vgpu_region_read,
	.write = vgpu_region_write,
	.ioctl = vgpu_ioctl,
	.reset = vgpu_reset,
	.dma_unmap = vgpu_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(vgpu_plugin);
