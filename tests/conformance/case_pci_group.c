// SPDX-License-Identifier: BSD-3-Clause
/* Two functions in one group. */
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <string.h>
#include "helpers_pci.h"

#define SHARED(name) CASE_FLAGS(name, CASE_PCI | CASE_ONE_GROUP)
#define IOVA 0x100000UL

SHARED("pci/group/status")
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int group = c_open(c, "group", c->group[0], O_RDWR);

	c_arg(c, group, &GROUP_GET_STATUS, &status, sizeof(status));
	c_open(c, "again", c->group[1], O_RDWR);
	c_device_fd(c, group, "device2", c->device[1]);
}

/* Each has its registers, and its configuration space. */
SHARED("pci/group/each-its-own")
{
	int one = e_ready(c), two = e_second(c);

	e_set(c, one, E_LIVE, 4, 0x11111111);
	e_set(c, two, E_LIVE, 4, 0x22222222);
	c_pread(c, one, NULL, 4, E_LIVE);
	c_pread(c, two, NULL, 4, E_LIVE);
	e_command(c, one, 0);
	c_pread(c, one, NULL, 4, E_ID);
	c_pread(c, two, NULL, 4, E_ID);
}

/* The group is in use as long as one of them is open. */
static void close_order(struct ctx *c)
{
	static const char *const roles[] = { "device", "device2" };
	int group;

	e_ready(c);
	e_second(c);
	group = c_fd(c, "group");
	c_ioctl(c, group, &GROUP_UNSET_CONTAINER, 0);
	c_close(c, c_fd(c, roles[c->param]));
	c_ioctl(c, group, &GROUP_UNSET_CONTAINER, 0);
	c_device_info(c, c_fd(c, roles[!c->param]), 24);
	c_close(c, c_fd(c, roles[!c->param]));
	c_ioctl(c, group, &GROUP_UNSET_CONTAINER, 0);
	e_second(c);
}

/* A device keeps the group open, and the container's mappings. */
SHARED("pci/group/without-group-fd")
{
	int one = e_ready(c), two = e_second(c);

	c_close(c, c_fd(c, "group"));
	c_open(c, "again", c->group[0], O_RDWR);
	c_close(c, one);
	c_open(c, "again", c->group[0], O_RDWR);
	c_pread(c, two, NULL, 4, E_ID);
	c_close(c, two);
	c_open(c, "again", c->group[0], O_RDWR);
}

/* One's reset, closing, and interrupts are nothing to the other. */
SHARED("pci/group/interrupts")
{
	int one = e_ready(c), two = e_second(c);
	int first = c_eventfd(c, "first"), other = c_eventfd(c, "other");

	e_renew(c, two);
	d_set_eventfd(c, one, VFIO_PCI_INTX_IRQ_INDEX, first);
	d_set_eventfd(c, two, VFIO_PCI_INTX_IRQ_INDEX, other);
	e_write(c, two, E_RAISE, 1);
	e_signalled(c, other);
	c_counter(c, first);
	e_write(c, one, E_RAISE, 1);
	e_signalled(c, first);
	c_close(c, one);
	e_write(c, two, E_ACK, 1);
	d_action(c, two, VFIO_IRQ_SET_ACTION_UNMASK, VFIO_PCI_INTX_IRQ_INDEX);
	c_counter(c, other);
	e_write(c, two, E_RAISE, 1);
	e_signalled(c, other);
}

/* Both reach what the container maps. */
SHARED("pci/group/dma")
{
	unsigned char *at = c_mem(c, "A", C_PAGE, C_UNWATCHED);
	int one = e_ready(c), two = e_second(c);

	memset(at, 0x5a, 256);
	e_command(c, one, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	e_command(c, two, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	c_map(c, c_fd(c, "container"), at, IOVA, C_PAGE,
	      VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
	e_dma(c, one, IOVA, E_BUFFER, 256, false);
	e_dma(c, two, IOVA + 128, E_BUFFER, 128, false);
	e_dma(c, one, E_BUFFER, IOVA + 1024, 256, true);
	e_dma(c, two, E_BUFFER, IOVA + 2048, 128, true);
	c_say(c, "A+1023: %02x %02x .. %02x %02x", at[1023], at[1024], at[1279],
	      at[1280]);
	c_say(c, "A+2047: %02x %02x .. %02x %02x", at[2047], at[2048], at[2175],
	      at[2176]);
}

CASES
{
	conform_add(close_order, 0, CASE_PCI | CASE_ONE_GROUP,
		    "pci/group/close/first");
	conform_add(close_order, 1, CASE_PCI | CASE_ONE_GROUP,
		    "pci/group/close/second");
}
