// SPDX-License-Identifier: BSD-3-Clause
#include <linux/pci_regs.h>
#include <linux/serial_reg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "helpers_device.h"
#include "helpers_pci.h"
#include "state.h"

static void poke(int fd, unsigned int port, unsigned int reg,
		 unsigned char value)
{
	if (pwrite(fd, &value, 1, D_REGION(port) + reg) != 1)
		abort();
}

#define FIFO_SIZE 16
/* Enabled, and emptied both ways. */
#define FIFO_EMPTY 0x07

/* A byte that finds room ends an overrun; what was in it migrates. */
static void renew_fifo(int fd, unsigned int port)
{
	int i;

	poke(fd, port, UART_LCR, 0);
	poke(fd, port, UART_IER, 0);
	poke(fd, port, UART_FCR, FIFO_EMPTY);
	for (i = 0; i < FIFO_SIZE; i++)
		poke(fd, port, UART_TX, 0);
	poke(fd, port, UART_FCR, FIFO_EMPTY);
}

static void renew_port(int fd, unsigned int port)
{
	static const unsigned char steps[][2] = {
		{ UART_MCR, 0 },
		{ UART_SCR, 0 },
		{ UART_LCR, UART_LCR_DLAB }, /* the divisor is 0 */
		{ UART_LCR, 0 },
	};
	size_t i;

	renew_fifo(fd, port);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		poke(fd, port, steps[i][0], steps[i][1]);
}

static bool is_mtty(int fd)
{
	uint32_t id;

	return pread(fd, &id, sizeof(id), D_CONFIG) == sizeof(id) &&
	       id == 0x32534348;
}

/* A function that vfio-pci has: where it was put is not recorded. */
static void renew_pci(struct ctx *c, int fd)
{
	static const uint8_t zeros[24];

	if (pwrite(fd, zeros, 24, D_CONFIG + PCI_BASE_ADDRESS_0) != 24 ||
	    pwrite(fd, zeros, 1, D_CONFIG + PCI_INTERRUPT_LINE) != 1)
		abort();
	if (e_is_edu(c, fd))
		e_renew(c, fd);
}

static void renew_mtty(int fd)
{
	static const uint32_t zero;

	renew_port(fd, 0);
	renew_port(fd, 1);
	if (pwrite(fd, &zero, 4, D_CONFIG + 0x10) != 4 ||
	    pwrite(fd, &zero, 4, D_CONFIG + 0x14) != 4 ||
	    pwrite(fd, &zero, 1, D_CONFIG + 0x3c) != 1)
		abort();
}

/* A PCI address, of a function that vfio-pci has, has a dot. */
static bool is_function(struct ctx *c)
{
	return strchr(c->device[0], '.');
}

int d_ready(struct ctx *c)
{
	int fd = c_ready_device(c, VFIO_TYPE1v2_IOMMU).device;
	struct vfio_device_info info = { .argsz = sizeof(info) };

	if (c_quiet(fd, &DEVICE_GET_INFO, &info))
		abort();
	if (is_mtty(fd))
		renew_mtty(fd);
	else if (is_function(c))
		renew_pci(c, fd);
	return fd;
}

int d_mtty(struct ctx *c)
{
	int fd = d_ready(c);

	if (!is_mtty(fd)) {
		c_note(c, "not a mtty");
		stop(c);
	}
	return fd;
}

long d_set_eventfd(struct ctx *c, int device, uint32_t index, int fd)
{
	return c_set_irqs(c, device,
			  VFIO_IRQ_SET_DATA_EVENTFD |
				  VFIO_IRQ_SET_ACTION_TRIGGER,
			  index, 0, 1, &fd);
}

long d_action(struct ctx *c, int device, uint32_t action, uint32_t index)
{
	return c_set_irqs(c, device, VFIO_IRQ_SET_DATA_NONE | action, index, 0,
			  1, NULL);
}
