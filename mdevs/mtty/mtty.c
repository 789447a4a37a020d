// SPDX-License-Identifier: BSD-3-Clause
#include "mtty.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR_SIZE 8
#define MAX_PORTS 24

/* Ports that no device has; what all devices of both types share. */
static atomic_uint free_ports = MAX_PORTS;

static unsigned int ports_of(const struct vfiod_type *type)
{
	return *(const unsigned int *)type->data;
}

static unsigned int mtty_available(const struct vfiod_type *type)
{
	return atomic_load(&free_ports) / ports_of(type);
}

static bool take_ports(unsigned int nr)
{
	unsigned int left = atomic_load(&free_ports);

	do {
		if (left < nr)
			return false;
	} while (!atomic_compare_exchange_weak(&free_ports, &left, left - nr));
	return true;
}

static int mtty_init(struct vfio_device *vdev)
{
	unsigned int nr_ports = ports_of(vfiod_device_type(vdev));
	struct mtty *mtty;

	if (!take_ports(nr_ports))
		return -ENOSPC;
	mtty = calloc(1, sizeof(*mtty));
	if (!mtty) {
		atomic_fetch_add(&free_ports, nr_ports);
		return -ENOMEM;
	}

	pthread_mutex_init(&mtty->lock, NULL);
	mtty_config_init(&mtty->config, nr_ports);
	mtty_uart_init(&mtty->ports[0]);
	mtty_uart_init(&mtty->ports[1]);
	mtty_migration_init(&mtty->migration);
	vfiod_set_drvdata(vdev, mtty);
	return 0;
}

static void mtty_release(struct vfio_device *vdev)
{
	struct mtty *mtty = vfiod_get_drvdata(vdev);

	pthread_mutex_destroy(&mtty->lock);
	free(mtty);
	atomic_fetch_add(&free_ports, ports_of(vfiod_device_type(vdev)));
}

/*
 * Only interrupts and transfers go: the ports and what is in them stay as they
 * are, and so does the migration state.
 */
static void mtty_close_device(struct vfio_device *vdev)
{
	struct mtty *mtty = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&mtty->lock);
	mtty_irq_disable(&mtty->irq);
	mtty_migration_stop(&mtty->migration);
	pthread_mutex_unlock(&mtty->lock);
}

/*
 * A register is as wide as the access, of which the first byte counts. Of
 * the offset, 16 bits do. BARs without a port read as 0 (Linux's mtty uses
 * the memory that follows its two ports).
 */
static void access_bar(struct mtty *mtty, unsigned int bar, uint64_t offset,
		       uint8_t *buf, bool write)
{
	unsigned int reg = (uint16_t)offset;
	unsigned int raised;

	if (bar >= sizeof(mtty->ports) / sizeof(mtty->ports[0]))
		return;
	if (write)
		raised = mtty_uart_write(&mtty->ports[bar], reg, *buf);
	else
		raised = mtty_uart_read(&mtty->ports[bar], reg, buf);
	while (raised--)
		mtty_irq_raise(&mtty->irq);
}

static int access_region(struct vfio_device *vdev, uint64_t pos, void *buf,
			 unsigned int len, bool write)
{
	struct mtty *mtty = vfiod_get_drvdata(vdev);
	unsigned int index = VFIOD_OFFSET_INDEX(pos);
	uint64_t offset = pos & VFIOD_OFFSET_MASK;
	int ret = 0;

	if (!write)
		memset(buf, 0, len);

	pthread_mutex_lock(&mtty->lock);
	if (index <= VFIO_PCI_BAR5_REGION_INDEX)
		access_bar(mtty, index, offset, buf, write);
	else if (index != VFIO_PCI_CONFIG_REGION_INDEX)
		ret = -EFAULT;
	else if (write)
		mtty_config_write(&mtty->config, offset, buf, len);
	else
		mtty_config_read(&mtty->config, offset, buf, len);
	pthread_mutex_unlock(&mtty->lock);
	return ret;
}

static int read_region(struct vfio_device *vdev, uint64_t pos, void *buf,
		       unsigned int len)
{
	return access_region(vdev, pos, buf, len, false);
}

static int write_region(struct vfio_device *vdev, uint64_t pos, void *buf,
			unsigned int len)
{
	return access_region(vdev, pos, buf, len, true);
}

/* What cannot be done whole is EFAULT, though its beginning has been done. */
static ssize_t access_all(struct vfio_device *vdev, void *buf, size_t count,
			  uint64_t pos, vfiod_access_fn *fn)
{
	ssize_t done = vfiod_rw_split(vdev, buf, count, pos, 4, fn);

	return done == (ssize_t)count ? done : -EFAULT;
}

static ssize_t mtty_read(struct vfio_device *vdev, void *buf, size_t count,
			 uint64_t pos)
{
	return access_all(vdev, buf, count, pos, read_region);
}

static ssize_t mtty_write(struct vfio_device *vdev, const void *buf,
			  size_t count, uint64_t pos)
{
	/* write_region() does not change what it is given. */
	return access_all(vdev, (void *)buf, count, pos, write_region);
}

/*
 * Linux's mtty takes a reset and resets nothing of its ports. It is how
 * migration is given up.
 */
static int mtty_reset(struct vfio_device *vdev)
{
	struct mtty *mtty = vfiod_get_drvdata(vdev);

	vfiod_log(vdev, VFIOD_LOG_DEBUG, "reset");
	pthread_mutex_lock(&mtty->lock);
	mtty_migration_stop(&mtty->migration);
	mtty_migration_init(&mtty->migration);
	pthread_mutex_unlock(&mtty->lock);
	return 0;
}

/* Without DMA nothing gets dirty: logging has nothing to do. */
static int
mtty_log_start(struct vfio_device *vdev,
	       const struct vfio_device_feature_dma_logging_range *ranges,
	       uint32_t nr, uint64_t *page_size)
{
	(void)vdev, (void)ranges, (void)nr, (void)page_size;
	return 0;
}

static int mtty_log_stop(struct vfio_device *vdev)
{
	(void)vdev;
	return 0;
}

static int mtty_log_read_and_clear(struct vfio_device *vdev, uint64_t iova,
				   uint64_t length, struct vfiod_dirty *dirty)
{
	(void)vdev, (void)iova, (void)length, (void)dirty;
	return 0;
}

/* It has no DMA, so there is never a pin to give back. */
static void mtty_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			   uint64_t length)
{
	(void)vdev;
	(void)iova;
	(void)length;
}

static ssize_t show_sample(struct vfio_device *vdev, char *buf, size_t size)
{
	return snprintf(buf, size, "This is MDEV %s\n",
			vfiod_device_name(vdev));
}

/* All are said to be readable and writable, those of size 0 too. */
#define REGION(bytes)                                 \
	{                                             \
		.size = (bytes),                      \
		.flags = VFIO_REGION_INFO_FLAG_READ | \
			 VFIO_REGION_INFO_FLAG_WRITE, \
	}

#define REGIONS(bar1_size)                                                 \
	{                                                                  \
		[VFIO_PCI_BAR0_REGION_INDEX] = REGION(BAR_SIZE),           \
		[VFIO_PCI_BAR1_REGION_INDEX] = REGION(bar1_size),          \
		[VFIO_PCI_BAR2_REGION_INDEX] = REGION(0),                  \
		[VFIO_PCI_BAR3_REGION_INDEX] = REGION(0),                  \
		[VFIO_PCI_BAR4_REGION_INDEX] = REGION(0),                  \
		[VFIO_PCI_BAR5_REGION_INDEX] = REGION(0),                  \
		[VFIO_PCI_ROM_REGION_INDEX] = REGION(0),                   \
		[VFIO_PCI_CONFIG_REGION_INDEX] = REGION(MTTY_CONFIG_SIZE), \
		[VFIO_PCI_VGA_REGION_INDEX] = REGION(0),                   \
	}

static const struct vfiod_region regions_1[] = REGIONS(0);
static const struct vfiod_region regions_2[] = REGIONS(BAR_SIZE);

/* For GET_IRQ_INFO; SET_IRQS and delivery are irq.c's. */
static const struct vfiod_irq irqs[VFIO_PCI_NUM_IRQS] = {
	[VFIO_PCI_INTX_IRQ_INDEX] = { .count = 1,
				      .flags = VFIO_IRQ_INFO_EVENTFD |
					       VFIO_IRQ_INFO_MASKABLE |
					       VFIO_IRQ_INFO_AUTOMASKED,
				      .kind = VFIOD_IRQ_INTX },
	[VFIO_PCI_MSI_IRQ_INDEX] = { .count = 1,
				     .flags = VFIO_IRQ_INFO_EVENTFD |
					      VFIO_IRQ_INFO_NORESIZE,
				     .kind = VFIOD_IRQ_MSI },
	[VFIO_PCI_MSIX_IRQ_INDEX] = { .kind = VFIOD_IRQ_MSI, .absent = 1 },
	[VFIO_PCI_ERR_IRQ_INDEX] = { .absent = 1 },
	[VFIO_PCI_REQ_IRQ_INDEX] = { .absent = 1 },
};

static const struct vfiod_type types[] = {
	{ .name = "1",
	  .pretty_name = "Single port serial",
	  .info_flags = VFIO_DEVICE_FLAGS_PCI,
	  .nr_regions = VFIO_PCI_NUM_REGIONS,
	  .nr_irqs = VFIO_PCI_NUM_IRQS,
	  .regions = regions_1,
	  .irqs = irqs,
	  .data = &(const unsigned int){ 1 } },
	{ .name = "2",
	  .pretty_name = "Dual port serial",
	  .info_flags = VFIO_DEVICE_FLAGS_PCI,
	  .nr_regions = VFIO_PCI_NUM_REGIONS,
	  .nr_irqs = VFIO_PCI_NUM_IRQS,
	  .regions = regions_2,
	  .irqs = irqs,
	  .data = &(const unsigned int){ 2 } },
};

static const struct vfiod_attribute attributes[] = {
	{ .group = "vendor", .name = "sample_mdev_dev", .show = show_sample },
};

static struct vfiod_plugin mtty_plugin = {
	.name = "mtty",
	.version = "1.0",
	.description = "PCI serial card with loop-back ports, as Linux's mtty",
	.nr_types = 2,
	.types = types,
	.nr_attributes = 1,
	.attributes = attributes,
	.available = mtty_available,
	.init = mtty_init,
	.release = mtty_release,
	.close_device = mtty_close_device,
	.read = mtty_read,
	.write = mtty_write,
	.ioctl = mtty_ioctl,
	.reset = mtty_reset,
	.dma_unmap = mtty_dma_unmap,
	.migration_flags = MTTY_MIGRATION_FLAGS,
	.migration_set_state = mtty_set_state,
	.migration_get_state = mtty_get_state,
	.migration_get_data_size = mtty_get_data_size,
	.log_start = mtty_log_start,
	.log_stop = mtty_log_stop,
	.log_read_and_clear = mtty_log_read_and_clear,
};

VFIOD_REGISTER_PLUGIN(mtty_plugin);
