// SPDX-License-Identifier: BSD-3-Clause
/* A device with every kind of interrupt, made by writing to a register. */
#include "irqs.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <vfiod/plugin.h>

struct irqs {
	atomic_int result; /* of the last trigger */
	int fd; /* what is watched */
	/* Made at the first open, freed at the last close. */
	struct vfiod_timer *timer;
	struct vfiod_watch *watch;
};

static int irqs_init(struct vfio_device *vdev)
{
	struct irqs *irqs = calloc(1, sizeof(*irqs));
	int ret;

	if (!irqs)
		return -ENOMEM;
	irqs->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (irqs->fd < 0) {
		ret = -errno;
		free(irqs);
		return ret;
	}
	vfiod_set_drvdata(vdev, irqs);
	return 0;
}

static void irqs_release(struct vfio_device *vdev)
{
	struct irqs *irqs = vfiod_get_drvdata(vdev);

	close(irqs->fd);
	free(irqs);
}

static void timer_expired(void *arg)
{
	vfiod_irq_trigger(arg, VFIO_PCI_MSI_IRQ_INDEX, 0);
}

static void fd_readable(void *arg)
{
	struct irqs *irqs = vfiod_get_drvdata(arg);
	eventfd_t count;

	if (!eventfd_read(irqs->fd, &count))
		vfiod_irq_trigger(arg, VFIO_PCI_MSI_IRQ_INDEX, 1);
}

/* What was armed or signalled and not served yet comes no more. */
static void irqs_close_device(struct vfio_device *vdev)
{
	struct irqs *irqs = vfiod_get_drvdata(vdev);

	vfiod_timer_free(irqs->timer);
	vfiod_watch_free(irqs->watch);
	irqs->timer = NULL;
	irqs->watch = NULL;
}

static int irqs_open_device(struct vfio_device *vdev)
{
	struct irqs *irqs = vfiod_get_drvdata(vdev);
	int ret;

	irqs->timer = vfiod_timer_new(vdev, timer_expired, vdev);
	if (!irqs->timer)
		return -errno;
	irqs->watch = vfiod_watch_new(vdev, irqs->fd, fd_readable, vdev);
	if (irqs->watch)
		return 0;
	ret = -errno;
	vfiod_timer_free(irqs->timer);
	irqs->timer = NULL;
	return ret;
}

static int write_register(struct vfio_device *vdev, uint64_t offset,
			  uint64_t value)
{
	struct irqs *irqs = vfiod_get_drvdata(vdev);
	int ret;

	switch (offset) {
	case IRQS_TRIGGER:
		ret = vfiod_irq_trigger(vdev, (unsigned int)(value >> 16),
					value & 0xffff);
		atomic_store(&irqs->result, ret);
		return ret < 0 ? ret : 0;
	case IRQS_LINE:
		return vfiod_irq_line(vdev, VFIO_PCI_INTX_IRQ_INDEX, value);
	case IRQS_TIMER:
		return vfiod_timer_arm(irqs->timer, value);
	case IRQS_WATCH:
		return eventfd_write(irqs->fd, 1) ? -errno : 0;
	default:
		return -EINVAL;
	}
}

static int irqs_access(struct vfio_device *vdev, unsigned int index,
		       uint64_t offset, void *buf, unsigned int len, bool write)
{
	struct irqs *irqs = vfiod_get_drvdata(vdev);
	uint64_t value = 0;
	int ret;

	if (index)
		return -EINVAL;
	if (write) {
		memcpy(&value, buf, len);
		ret = write_register(vdev, offset, value);
		return ret < 0 ? ret : 0;
	}
	if (offset == IRQS_TRIGGER)
		value = (uint32_t)atomic_load(&irqs->result);
	memcpy(buf, &value, len);
	return 0;
}

static void irqs_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			   uint64_t length)
{
	(void)vdev;
	(void)iova;
	(void)length;
}

static const struct vfiod_region regions[VFIO_PCI_NUM_REGIONS] = {
	[VFIO_PCI_BAR0_REGION_INDEX] = { .size = IRQS_SIZE,
					 .flags = VFIO_REGION_INFO_FLAG_READ |
						  VFIO_REGION_INFO_FLAG_WRITE },
};

static const struct vfiod_irq irq_table[VFIO_PCI_NUM_IRQS] = {
	[VFIO_PCI_INTX_IRQ_INDEX] = { .count = 1,
				      .flags = VFIO_IRQ_INFO_EVENTFD |
					       VFIO_IRQ_INFO_MASKABLE |
					       VFIO_IRQ_INFO_AUTOMASKED,
				      .kind = VFIOD_IRQ_INTX },
	[VFIO_PCI_MSI_IRQ_INDEX] = { .count = IRQS_NR_MSI,
				     .flags = VFIO_IRQ_INFO_EVENTFD |
					      VFIO_IRQ_INFO_NORESIZE,
				     .kind = VFIOD_IRQ_MSI },
	[VFIO_PCI_MSIX_IRQ_INDEX] = { .count = IRQS_NR_MSIX,
				      .flags = VFIO_IRQ_INFO_EVENTFD,
				      .kind = VFIOD_IRQ_MSI },
	[VFIO_PCI_ERR_IRQ_INDEX] = { .count = 1,
				     .flags = VFIO_IRQ_INFO_EVENTFD |
					      VFIO_IRQ_INFO_NORESIZE,
				     .kind = VFIOD_IRQ_SIGNAL },
	[VFIO_PCI_REQ_IRQ_INDEX] = { .count = 1,
				     .flags = VFIO_IRQ_INFO_EVENTFD |
					      VFIO_IRQ_INFO_NORESIZE,
				     .kind = VFIOD_IRQ_SIGNAL },
};

static const struct vfiod_type types[] = {
	{ .name = "all",
	  .pretty_name = "All interrupts",
	  .info_flags = VFIO_DEVICE_FLAGS_PCI,
	  .nr_regions = VFIO_PCI_NUM_REGIONS,
	  .nr_irqs = VFIO_PCI_NUM_IRQS,
	  .regions = regions,
	  .irqs = irq_table },
};

static struct vfiod_plugin irqs_plugin = {
	.name = "irqs",
	.version = "1.0",
	.description = "interrupts of every kind, on demand",
	.nr_types = 1,
	.types = types,
	.init = irqs_init,
	.release = irqs_release,
	.open_device = irqs_open_device,
	.close_device = irqs_close_device,
	.access = irqs_access,
	.dma_unmap = irqs_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(irqs_plugin);
