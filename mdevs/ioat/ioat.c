// SPDX-License-Identifier: BSD-3-Clause
/* Intel's I/OAT DMA engine, as of Skylake servers. README.md tells more. */
#include "ioat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "regs.h"

static bool look(void *arg)
{
	struct ioat *ioat = arg;
	bool busy;

	pthread_mutex_lock(&ioat->lock);
	busy = ioat_channel_run(ioat);
	pthread_mutex_unlock(&ioat->lock);
	return busy;
}

/* Registers were changed, or are to be looked at; the lock is held. */
static void kick(struct ioat *ioat)
{
	if (ioat->poll)
		vfiod_poll_kick(ioat->poll);
}

/* The chain that waits begins. */
static void recovered(void *arg)
{
	struct ioat *ioat = arg;

	pthread_mutex_lock(&ioat->lock);
	ioat->waits = false;
	kick(ioat);
	pthread_mutex_unlock(&ioat->lock);
}

static int ioat_init(struct vfio_device *vdev)
{
	struct ioat *ioat = calloc(1, sizeof(*ioat));

	if (!ioat)
		return -ENOMEM;
	ioat->vdev = vdev;
	ioat->regs = vfiod_region_memory(vdev, 0);
	ioat->recovery = vfiod_timer_new(vdev, recovered, ioat);
	if (!ioat->recovery) {
		free(ioat);
		return -ENOMEM;
	}
	pthread_mutex_init(&ioat->lock, NULL);
	vfiod_set_drvdata(vdev, ioat);
	return 0;
}

static void ioat_release(struct vfio_device *vdev)
{
	struct ioat *ioat = vfiod_get_drvdata(vdev);

	vfiod_timer_free(ioat->recovery);
	pthread_mutex_destroy(&ioat->lock);
	free(ioat);
}

static int ioat_reset(struct vfio_device *vdev)
{
	struct ioat *ioat = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&ioat->lock);
	ioat_channel_reset(ioat);
	kick(ioat);
	pthread_mutex_unlock(&ioat->lock);
	return 0;
}

static void set_poll(struct ioat *ioat, struct vfiod_poll *poll)
{
	pthread_mutex_lock(&ioat->lock);
	ioat->poll = poll;
	pthread_mutex_unlock(&ioat->lock);
}

static int ioat_open_device(struct vfio_device *vdev)
{
	struct ioat *ioat = vfiod_get_drvdata(vdev);
	struct vfiod_poll *poll;

	ioat_reset(vdev);
	poll = vfiod_poll_new(vdev, 0, 0, REGISTERS_END, look, ioat);
	if (!poll)
		return -errno;
	set_poll(ioat, poll);
	return 0;
}

/* Whatever is stored from now on, nobody looks. */
static void ioat_close_device(struct vfio_device *vdev)
{
	struct ioat *ioat = vfiod_get_drvdata(vdev);
	struct vfiod_poll *poll = ioat->poll;

	set_poll(ioat, NULL);
	/* Without the lock: these wait for what runs. A look arms the timer. */
	vfiod_poll_free(poll);
	vfiod_timer_disarm(ioat->recovery);
	ioat_reset(vdev);
}

/*
 * A step of a transfer is one vfiod_dma_rw(), and it finds what is mapped then.
 * The device keeps nothing of the client's memory.
 */
static void ioat_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			   uint64_t length)
{
	(void)vdev, (void)iova, (void)length;
}

/* In one go, as a client's own store would be. */
static void store(uint8_t *regs, uint64_t offset, const void *buf,
		  unsigned int len)
{
	uint64_t value = 0;

	memcpy(&value, buf, len);
	switch (len) {
	case 1:
		set8(regs, offset, value);
		break;
	case 2:
		set16(regs, offset, value);
		break;
	case 4:
		set32(regs, offset, value);
		break;
	default:
		set64(regs, offset, value);
		break;
	}
}

static void write_registers(struct ioat *ioat, uint64_t offset, const void *buf,
			    unsigned int len)
{
	uint32_t errors = 0;

	pthread_mutex_lock(&ioat->lock);
	if (offset == CHANERR) {
		memcpy(&errors, buf, len < 4 ? len : 4);
		ioat_channel_clear_errors(ioat, errors);
	} else {
		store(ioat->regs, offset, buf, len);
	}
	if (ioat_channel_run(ioat))
		kick(ioat);
	pthread_mutex_unlock(&ioat->lock);
}

static void read_registers(struct ioat *ioat, uint64_t offset, void *buf,
			   unsigned int len)
{
	uint64_t value;

	pthread_mutex_lock(&ioat->lock);
	if (ioat_channel_look(ioat))
		kick(ioat);
	value = get64(ioat->regs, offset & ~7ULL);
	if ((offset & ~7ULL) == CHANSTS)
		value = ioat_channel_status(ioat);
	pthread_mutex_unlock(&ioat->lock);
	memcpy(buf, (uint8_t *)&value + offset % 8, len);
}

static int ioat_access(struct vfio_device *vdev, unsigned int index,
		       uint64_t offset, void *buf, unsigned int len, bool write)
{
	struct ioat *ioat = vfiod_get_drvdata(vdev);

	(void)index; /* there is one */
	if (write)
		write_registers(ioat, offset, buf, len);
	else
		read_registers(ioat, offset, buf, len);
	return 0;
}

static const struct vfiod_region regions[] = {
	{ .size = IOAT_BAR_SIZE,
	  .flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		   VFIO_REGION_INFO_FLAG_MMAP },
	{ .size = 0 }, /* the upper half */
};

static const struct vfiod_pci pci = {
	VFIOD_PCI_SIZES,
	.vendor = 0x8086,
	.device = 0x2021,
	.subsystem_vendor = 0x8086,
	.subsystem_device = 0x0000,
	.class_code = 0x088000,
	.revision = 0x04,
	.bar_flags = { VFIOD_PCI_BAR_64 },
	.flags = VFIOD_PCI_EXPRESS | VFIOD_PCI_PM,
	.msix_vectors = 1,
	.msix_bar = 0,
	.msix_table = 0x2000,
	.msix_pba = 0x3000,
};

static const struct vfiod_type types[] = {
	{
		.name = "1",
		.pretty_name = "ioat",
		.description = "DMA engine, copy and fill",
		.nr_regions = 2,
		.regions = regions,
		.pci = &pci,
	},
};

static struct vfiod_plugin plugin = {
	.name = "ioat",
	.version = "1",
	.description = "Intel I/OAT DMA engine",
	.nr_types = 1,
	.types = types,
	.init = ioat_init,
	.release = ioat_release,
	.open_device = ioat_open_device,
	.close_device = ioat_close_device,
	.reset = ioat_reset,
	.access = ioat_access,
	.dma_unmap = ioat_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(plugin);
