// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a reset leaves of a function's state: VFIO_DEVICE_RESET, and a hot
 * reset, by one function and by its neighbour on the bus.
 */
#include <linux/pci_regs.h>
#include <string.h>
#include <unistd.h>
#include "helpers_pci.h"

#define SHARED(name) CASE_FLAGS(name, CASE_PCI | CASE_ONE_GROUP | CASE_SLOW)
#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define UNMASK VFIO_IRQ_SET_ACTION_UNMASK
#define MASTER (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define IOVA 0x100000UL
/* Configuration space that belongs to no capability. */
#define E_OWN 0x60

enum how { FUNCTION, BUS, NEIGHBOUR };

static void reset(struct ctx *c)
{
	int group = c_fd(c, "group");

	switch ((enum how)c->param) {
	case FUNCTION:
		c_ioctl(c, c_fd(c, "device"), &DEVICE_RESET, 0);
		break;
	case BUS:
		e_hot_reset(c, c_fd(c, "device"), 1, &group, "group");
		break;
	case NEIGHBOUR:
		e_hot_reset(c, e_second(c), 1, &group, "group");
		break;
	}
}

static void config_read(struct ctx *c, int fd, unsigned int at, size_t len)
{
	c_pread(c, fd, NULL, len, D_CONFIG + at);
}

static void status(struct ctx *c, int fd)
{
	config_read(c, fd, PCI_STATUS, 2);
}

/* ---- states ---- */

static void info(struct ctx *c)
{
	int fd = e_ready(c);

	c_device_info(c, fd, 24);
	reset(c);
	c_device_info(c, fd, 24);
}

static void registers(struct ctx *c)
{
	int fd = e_ready(c);

	e_set(c, fd, E_LIVE, 4, 0x12345678);
	e_set(c, fd, E_FACTORIAL, 4, 5);
	e_set(c, fd, E_STATUS, 4, 0x80);
	e_set(c, fd, E_DMA_SOURCE, 8, IOVA);
	e_set(c, fd, E_DMA_COUNT, 8, 16);
	while (e_get(c, fd, E_STATUS, 4) & 1)
		;
	reset(c);
	c_pread(c, fd, NULL, 4, E_ID);
	c_pread(c, fd, NULL, 4, E_LIVE);
	c_pread(c, fd, NULL, 4, E_FACTORIAL);
	c_pread(c, fd, NULL, 4, E_STATUS);
	c_pread(c, fd, NULL, 8, E_DMA_SOURCE);
	c_pread(c, fd, NULL, 8, E_DMA_COUNT);
}

static void config(struct ctx *c)
{
	static const uint8_t ones[4] = { 0xff, 0xff, 0xff, 0xff }, zeros[4];
	int fd = e_ready(c);

	e_command(c, fd, MASTER | PCI_COMMAND_SERR);
	c_pwrite(c, fd, ones, 4, D_CONFIG + PCI_BASE_ADDRESS_0);
	c_pwrite(c, fd, ones, 1, D_CONFIG + PCI_CACHE_LINE_SIZE);
	c_pwrite(c, fd, ones, 1, D_CONFIG + PCI_INTERRUPT_LINE);
	c_pwrite(c, fd, "abcd", 4, D_CONFIG + E_OWN);
	reset(c);
	config_read(c, fd, 0, 64);
	config_read(c, fd, E_OWN, 4);
	c_pwrite(c, fd, zeros, 4, D_CONFIG + E_OWN);
}

/* Decoding stays off. */
static void decoding(struct ctx *c)
{
	int fd = e_ready(c);

	e_command(c, fd, 0);
	reset(c);
	config_read(c, fd, PCI_COMMAND, 2);
	c_pread(c, fd, NULL, 4, E_ID);
	e_command(c, fd, PCI_COMMAND_MEMORY);
	c_pread(c, fd, NULL, 4, E_ID);
}

/* The line falls; the device remembers why it was up. */
static void line(struct ctx *c)
{
	int fd = e_ready(c), event = c_eventfd(c, "event");

	d_set_eventfd(c, fd, INTX, event);
	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
	status(c, fd);
	reset(c);
	status(c, fd);
	c_pread(c, fd, NULL, 4, E_IRQ_STATUS);
	d_action(c, fd, UNMASK, INTX);
	usleep(100000);
	c_counter(c, event);
	e_write(c, fd, E_RAISE, 2);
	e_signalled(c, event);
	c_pread(c, fd, NULL, 4, E_IRQ_STATUS);
	e_write(c, fd, E_ACK, 3);
	status(c, fd);
}

static void intx(struct ctx *c)
{
	int fd = e_ready(c), event = c_eventfd(c, "event");

	d_set_eventfd(c, fd, INTX, event);
	reset(c);
	c_counter(c, event);
	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
	e_write(c, fd, E_ACK, 1);
	d_action(c, fd, UNMASK, INTX);
}

static void intx_masked(struct ctx *c)
{
	int fd = e_ready(c), event = c_eventfd(c, "event");

	d_set_eventfd(c, fd, INTX, event);
	d_action(c, fd, VFIO_IRQ_SET_ACTION_MASK, INTX);
	reset(c);
	e_write(c, fd, E_RAISE, 1);
	usleep(100000);
	c_counter(c, event);
	d_action(c, fd, UNMASK, INTX);
	e_signalled(c, event);
	e_write(c, fd, E_ACK, 1);
}

static void intx_disabled(struct ctx *c)
{
	int fd = e_ready(c), event = c_eventfd(c, "event");

	d_set_eventfd(c, fd, INTX, event);
	e_command(c, fd, PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
	reset(c);
	config_read(c, fd, PCI_COMMAND, 2);
	e_write(c, fd, E_RAISE, 1);
	usleep(100000);
	c_counter(c, event);
	e_command(c, fd, PCI_COMMAND_MEMORY);
	e_signalled(c, event);
	e_write(c, fd, E_ACK, 1);
}

static void msi(struct ctx *c)
{
	int fd = e_ready(c), event = c_eventfd(c, "event");

	e_command(c, fd, MASTER);
	d_set_eventfd(c, fd, MSI, event);
	reset(c);
	config_read(c, fd, 0x40, 4);
	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
	e_write(c, fd, E_ACK, 1);
}

/* Set up, and turned off by its bit in the capability. */
static void msi_off(struct ctx *c)
{
	int fd = e_ready(c), event = c_eventfd(c, "event");
	const uint8_t off = 0, on = PCI_MSI_FLAGS_ENABLE;

	e_command(c, fd, MASTER);
	d_set_eventfd(c, fd, MSI, event);
	c_pwrite(c, fd, &on, 1, D_CONFIG + 0x40 + PCI_MSI_FLAGS);
	c_pwrite(c, fd, &off, 1, D_CONFIG + 0x40 + PCI_MSI_FLAGS);
	reset(c);
	config_read(c, fd, 0x40, 4);
	e_write(c, fd, E_RAISE, 1);
	usleep(100000);
	c_counter(c, event);
	e_write(c, fd, E_ACK, 1);
}

static void dma(struct ctx *c)
{
	unsigned char *at = c_mem(c, "A", C_PAGE, C_UNWATCHED);
	int fd = e_ready(c);

	memset(at, 0x5a, 256);
	e_command(c, fd, MASTER);
	c_map(c, c_fd(c, "container"), at, IOVA, C_PAGE,
	      VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
	e_dma(c, fd, IOVA, E_BUFFER, 256, false);
	reset(c);
	e_dma(c, fd, E_BUFFER, IOVA + 1024, 256, true);
	c_say(c, "A+1023: %02x %02x .. %02x %02x", at[1023], at[1024], at[1279],
	      at[1280]);
}

static void ioeventfd(struct ctx *c)
{
	int fd = e_ready(c), event = c_eventfd(c, "event");
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.offset = E_LIVE,
		.data = 0x1234,
		.fd = event,
	};
	const uint64_t one = 1;
	int i;

	c_arg(c, fd, &DEVICE_IOEVENTFD, &arg, 28);
	reset(c);
	c_write(c, event, &one, sizeof(one));
	for (i = 0; i < 500 && e_get(c, fd, E_LIVE, 4) != ~0x1234U; i++)
		usleep(10000);
	c_pread(c, fd, NULL, 4, E_LIVE);
}

/* What is reset is awake. */
static void low_power(struct ctx *c)
{
	int fd = e_ready(c), event = c_eventfd(c, "event");
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_low_power_entry_with_wakeup entry;
	} arg = {
		.feature.argsz = sizeof(arg),
		.feature.flags =
			VFIO_DEVICE_FEATURE_SET |
			VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
		.entry.wakeup_eventfd = event,
	};
	long result = c_quiet(fd, &DEVICE_FEATURE, &arg);

	c_say(c, "LOW_POWER_ENTRY_WITH_WAKEUP = %s",
	      result ? strerrorname_np((int)-result) : "0");
	usleep(200000);
	c_counter(c, event);
	reset(c);
	usleep(200000);
	c_counter(c, event);
	c_pread(c, fd, NULL, 4, E_ID);
}

/* The bus is reset when nobody has any of it open. */
static void line_over_closing(struct ctx *c)
{
	int fd = e_ready(c);

	e_write(c, fd, E_RAISE, 1);
	status(c, fd);
	c_close(c, fd);
	fd = c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
	status(c, fd);
	c_pread(c, fd, NULL, 4, E_IRQ_STATUS);
	e_write(c, fd, E_ACK, 1);
}

/* The neighbour is open all the time. */
SHARED("pci/group/reset/line-over-closing/other-open")
{
	int fd = e_ready(c), two = e_second(c);

	e_write(c, fd, E_RAISE, 1);
	c_close(c, fd);
	fd = c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
	status(c, fd);
	c_close(c, fd);
	c_close(c, two);
	fd = c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
	status(c, fd);
	e_write(c, fd, E_ACK, 1);
}

static const struct {
	const char *name;
	case_fn *fn;
} states[] = {
	{ "info", info },
	{ "registers", registers },
	{ "config", config },
	{ "decoding", decoding },
	{ "line", line },
	{ "intx", intx },
	{ "intx-masked", intx_masked },
	{ "intx-disabled", intx_disabled },
	{ "msi", msi },
	{ "msi-off", msi_off },
	{ "dma", dma },
	{ "ioeventfd", ioeventfd },
	{ "low-power", low_power },
};

CASES
{
	static const char *const hows[] = { "function", "bus", "neighbour" };
	const unsigned int alone = CASE_PCI | CASE_SLOW;
	const unsigned int shared = alone | CASE_ONE_GROUP;
	size_t i;
	long how;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		for (how = FUNCTION; how <= BUS; how++)
			conform_add(states[i].fn, how, alone,
				    "pci/alone/reset/%s/%s", hows[how],
				    states[i].name);
		for (how = FUNCTION; how <= NEIGHBOUR; how++)
			conform_add(states[i].fn, how, shared,
				    "pci/group/reset/%s/%s", hows[how],
				    states[i].name);
	}
	conform_add(line_over_closing, 0, alone,
		    "pci/alone/reset/line-over-closing");
	conform_add(line_over_closing, 0, shared,
		    "pci/group/reset/line-over-closing/alone");
}
