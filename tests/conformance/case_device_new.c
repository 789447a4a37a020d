// SPDX-License-Identifier: BSD-3-Clause
/*
 * A device that nobody has asked for GET_INFO: mtty does not know yet how many
 * interrupts it has. The second device is one: no case before asks it.
 */
#include <fcntl.h>
#include "helpers_device.h"

static int device_of_group2(struct ctx *c)
{
	int container = c_open(c, "container", c->container, O_RDWR);
	int group = c_open(c, "group2", c->group[1], O_RDWR);

	c_set_container(c, group, container);
	c_ioctl(c, container, &SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	return c_device_fd(c, group, "device2", c->device[1]);
}

static void ask(struct ctx *c, int fd, int event)
{
	uint32_t i;

	for (i = 0; i < 6; i++)
		c_irq_info(c, fd, i, 16);
	for (i = 0; i < 2; i++) {
		d_set_eventfd(c, fd, i, event);
		d_action(c, fd, VFIO_IRQ_SET_ACTION_TRIGGER, i);
		d_set_eventfd(c, fd, i, -1);
	}
}

/* What is learnt stays learnt when the device is closed. */
CASE_FLAGS("device/new/irqs-before-info", CASE_TWO_GROUPS)
{
	int fd = device_of_group2(c), event = c_eventfd(c, "event");
	uint32_t i;

	ask(c, fd, event);
	for (i = 0; i < 10; i++)
		c_region_info(c, fd, i, 32);
	c_irq_info(c, fd, 0, 16);
	c_ioctl(c, fd, &DEVICE_RESET, 0);
	c_irq_info(c, fd, 0, 16);
	c_device_info(c, fd, 15);
	c_irq_info(c, fd, 0, 16);
	c_device_info(c, fd, 16);
	ask(c, fd, event);
	c_close(c, fd);
	fd = c_device_fd(c, c_fd(c, "group2"), "device2", c->device[1]);
	c_irq_info(c, fd, 0, 16);
}
