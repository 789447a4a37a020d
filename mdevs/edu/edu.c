// SPDX-License-Identifier: BSD-3-Clause
/*
 * The educational device of QEMU, id 1234:11e8: its registers as QEMU's
 * documentation (docs/specs/edu.rst) has them. README.md tells more.
 */
#include "edu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pci_regs.h>

static int edu_init(struct vfio_device *vdev)
{
	struct edu *edu = calloc(1, sizeof(*edu));

	if (!edu)
		return -ENOMEM;
	edu->vdev = vdev;
	pthread_mutex_init(&edu->lock, NULL);
	vfiod_set_drvdata(vdev, edu);
	return edu_work_init(edu);
}

static void edu_release(struct vfio_device *vdev)
{
	struct edu *edu = vfiod_get_drvdata(vdev);

	edu_work_free(edu);
	pthread_mutex_destroy(&edu->lock);
	free(edu);
}

/* Nothing is on its way for a client that is gone. */
static void edu_close_device(struct vfio_device *vdev)
{
	edu_work_stop(vfiod_get_drvdata(vdev));
}

/*
 * A transfer is one vfiod_dma_rw(), and it finds what is mapped then. The
 * device keeps nothing of the client's memory.
 */
static void edu_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			  uint64_t length)
{
	(void)vdev, (void)iova, (void)length;
}

/* Registers below 0x80 are accessed in fours, those above in fours or eights;
 * all else is dropped, and reads as ones, or as zeros if it is too short. */
static bool is_register(uint64_t offset, unsigned int len)
{
	if (offset < 0x80)
		return len == 4;
	return len == 4 || len == 8;
}

static int edu_access(struct vfio_device *vdev, unsigned int index,
		      uint64_t offset, void *buf, unsigned int len, bool write)
{
	struct edu *edu = vfiod_get_drvdata(vdev);
	uint64_t value = ~0ULL;

	if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		edu_config_access(edu, offset, buf, len, write);
		return 0;
	}
	if (write) {
		value = 0;
		memcpy(&value, buf, len);
		if (is_register(offset, len))
			edu_write(edu, offset, value);
		return 0;
	}
	if (is_register(offset, len))
		value = edu_read(edu, offset);
	else if (len < 4)
		value = 0;
	memcpy(buf, &value, len);
	return 0;
}

static const struct vfiod_region regions[] = {
	{ .size = EDU_BAR_SIZE,
	  .flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE },
};

static const struct vfiod_pci pci = {
	VFIOD_PCI_SIZES,
	.vendor = 0x1234,
	.device = 0x11e8,
	.subsystem_vendor = 0x1af4,
	.subsystem_device = 0x1100,
	.class_code = 0x00ff00,
	.revision = 0x10,
	.interrupt_pin = 1,
	.flags = VFIOD_PCI_OWN_CONFIG,
	.msi_vectors = 1,
};

static const struct vfiod_type types[] = {
	{
		.name = "1",
		.pretty_name = "edu",
		.description = "QEMU's educational device",
		.nr_regions = 1,
		.regions = regions,
		.pci = &pci,
	},
};

static struct vfiod_plugin plugin = {
	.name = "edu",
	.version = "1",
	.description = "QEMU's educational PCI device",
	.nr_types = 1,
	.types = types,
	.init = edu_init,
	.release = edu_release,
	.close_device = edu_close_device,
	.access = edu_access,
	.dma_unmap = edu_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(plugin);
