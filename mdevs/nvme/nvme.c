// SPDX-License-Identifier: BSD-3-Clause
/*
 * An NVM Express controller: its tables, its life, and accesses to its BARs.
 * README.md tells more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nvme.h"
#include "version.h"

static bool look(void *arg)
{
	return nvme_poll(arg);
}

static int nvme_init(struct vfio_device *vdev)
{
	struct nvme *nvme = calloc(1, sizeof(*nvme));
	int ret;

	if (!nvme)
		return -ENOMEM;
	nvme->vdev = vdev;
	nvme->bar = vfiod_region_memory(vdev, 0);
	ret = nvme_params(nvme);
	if (ret) {
		free(nvme);
		return ret;
	}
	pthread_mutex_init(&nvme->lock, NULL);
	nvme_regs_reset(nvme);
	vfiod_set_drvdata(vdev, nvme);
	return 0;
}

static void nvme_release(struct vfio_device *vdev)
{
	struct nvme *nvme = vfiod_get_drvdata(vdev);

	nvme_ns_free(&nvme->ns);
	pthread_mutex_destroy(&nvme->lock);
	free(nvme);
}

static int nvme_reset(struct vfio_device *vdev)
{
	struct nvme *nvme = vfiod_get_drvdata(vdev);

	nvme_lock(nvme);
	nvme_regs_reset(nvme);
	nvme_unlock(nvme);
	if (nvme->poll)
		vfiod_poll_kick(nvme->poll);
	return 0;
}

static int nvme_open_device(struct vfio_device *vdev)
{
	struct nvme *nvme = vfiod_get_drvdata(vdev);
	uint64_t size = REG_DOORBELLS + 8ULL * (nvme->nr_queues + 1);
	int err;

	nvme->timer = vfiod_timer_new(vdev, nvme_coalesce_expired, nvme);
	if (!nvme->timer)
		return -errno;
	nvme->poll = vfiod_poll_new(vdev, 0, 0, size, look, nvme);
	if (nvme->poll)
		return 0;
	err = errno;
	vfiod_timer_free(nvme->timer);
	return -err;
}

/* On return nothing is worked on, and there are no queues any more. */
static void nvme_close_device(struct vfio_device *vdev)
{
	struct nvme *nvme = vfiod_get_drvdata(vdev);

	vfiod_poll_free(nvme->poll);
	nvme->poll = NULL;
	vfiod_timer_free(nvme->timer);
	nvme->timer_armed = false;
	nvme_reset(vdev);
}

/*
 * The controller pins nothing: it finds by vfiod_dma_rw() what is mapped at
 * that moment. What it does not find any more fails, the command if it was its
 * data, the controller if it was a queue.
 */
static void nvme_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			   uint64_t length)
{
	(void)vdev, (void)iova, (void)length;
}

static void read_bar(struct nvme *nvme, uint64_t offset, void *buf,
		     unsigned int len)
{
	uint32_t dwords[2];

	dwords[0] = nvme_reg(nvme, offset & ~3ULL);
	dwords[1] = len == 8 ? nvme_reg(nvme, offset + 4) : 0;
	/* What clients that map it cannot have. */
	if ((offset & ~3ULL) == REG_INTMC)
		dwords[0] = atomic_load(&nvme->irq_mask);
	memcpy(buf, (uint8_t *)dwords + offset % 4, len);
}

static bool is_doorbell_of(const struct nvme *nvme, uint64_t offset)
{
	return offset < REG_DOORBELLS + 8 * (nvme->nr_queues + 1);
}

/* Registers take effect at once, doorbells on the device's thread. */
static void written(struct nvme *nvme, uint64_t offset)
{
	if (offset >= REG_DOORBELLS && is_doorbell_of(nvme, offset)) {
		vfiod_poll_kick(nvme->poll);
		return;
	}
	nvme_lock(nvme);
	if (offset >= REG_DOORBELLS)
		nvme_doorbell_stray(nvme, offset);
	else
		nvme_regs_settle(nvme);
	nvme_unlock(nvme);
	vfiod_poll_kick(nvme->poll);
}

/* The specification wants registers written by dwords, or as a whole. */
static void write_bar(struct nvme *nvme, uint64_t offset, const void *buf,
		      unsigned int len)
{
	uint32_t dwords[2];

	if (len < 4)
		return;
	memcpy(dwords, buf, len);
	for (unsigned int i = 0; i < len / 4; i++)
		atomic_store(&nvme->bar[offset / 4 + i], dwords[i]);
	written(nvme, offset);
}

static int nvme_access(struct vfio_device *vdev, unsigned int index,
		       uint64_t offset, void *buf, unsigned int len, bool write)
{
	struct nvme *nvme = vfiod_get_drvdata(vdev);

	if (index == NVME_MSIX_BAR) {
		/* Behind the table: no message is ever pending. */
		if (!write)
			memset(buf, 0, len);
	} else if (write) {
		write_bar(nvme, offset, buf, len);
	} else {
		read_bar(nvme, offset, buf, len);
	}
	return 0;
}

#define RW (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE)

static const struct vfiod_region regions[] = {
	[0] = { .size = NVME_BAR_SIZE,
		.flags = RW | VFIO_REGION_INFO_FLAG_MMAP },
	[NVME_MSIX_BAR] = { .size = NVME_MSIX_BAR_SIZE, .flags = RW },
};

static const struct vfiod_pci pci = {
	VFIOD_PCI_SIZES,
	.vendor = NVME_VENDOR,
	.device = NVME_DEVICE,
	.subsystem_vendor = NVME_VENDOR,
	.subsystem_device = NVME_DEVICE,
	.class_code = 0x010802,
	.revision = 1,
	.interrupt_pin = 1,
	.bar_flags = { [0] = VFIOD_PCI_BAR_64 },
	.flags = VFIOD_PCI_EXPRESS | VFIOD_PCI_PM,
	.msix_vectors = NVME_VECTORS,
	.msix_bar = NVME_MSIX_BAR,
	.msix_pba = NVME_MSIX_PBA,
};

static const struct vfiod_type types[] = {
	{
		.name = "1",
		.pretty_name = "NVMe controller",
		.description = "NVM Express 1.4, one namespace",
		.nr_regions = sizeof(regions) / sizeof(*regions),
		.regions = regions,
		.pci = &pci,
	},
};

static const struct vfiod_param params[] = {
	{ "file", "what holds the namespace: a file or block device" },
	{ "size", "instead of file: bytes of memory, or with k, m, g behind" },
	{ "block", "bytes of a block: 512 (default) or 4096" },
	{ "readonly", "on: the namespace is write-protected" },
	{ "serial", "serial number, up to 20 characters" },
	{ "queues", "how many pairs of I/O queues, 1 to 63; default 16" },
};

static struct vfiod_plugin plugin = {
	.name = "nvme",
	.version = "1",
	.description = "an NVM Express controller",
	.nr_types = 1,
	.types = types,
	.nr_params = sizeof(params) / sizeof(*params),
	.params = params,
	.init = nvme_init,
	.release = nvme_release,
	.open_device = nvme_open_device,
	.close_device = nvme_close_device,
	.reset = nvme_reset,
	.access = nvme_access,
	.dma_unmap = nvme_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(plugin);
