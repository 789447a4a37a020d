// SPDX-License-Identifier: BSD-3-Clause
/* Interrupts that the device raises: INTx, which is a level, and MSI. */
#include <linux/pci_regs.h>
#include <string.h>
#include <unistd.h>
#include "helpers_pci.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define MSIX VFIO_PCI_MSIX_IRQ_INDEX
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define MASK VFIO_IRQ_SET_ACTION_MASK
#define UNMASK VFIO_IRQ_SET_ACTION_UNMASK
#define NONE VFIO_IRQ_SET_DATA_NONE
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD

#define ON PCI_COMMAND_MEMORY
#define MASTER (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define INTX_OFF PCI_COMMAND_INTX_DISABLE

static int with_eventfd(struct ctx *c, int fd, uint32_t index)
{
	int event = c_eventfd(c, "event");

	d_set_eventfd(c, fd, index, event);
	return event;
}

/* ---- INTx ---- */

/* Told once; again after an unmask, for as long as the line is up. */
E_CASE("pci/intx/level")
{
	int fd = e_ready(c), event = with_eventfd(c, fd, INTX);

	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
	c_pread(c, fd, NULL, 4, E_IRQ_STATUS);
	e_write(c, fd, E_RAISE, 2);
	c_counter(c, event);
	d_action(c, fd, UNMASK, INTX);
	e_signalled(c, event);
	e_write(c, fd, E_ACK, 1);
	d_action(c, fd, UNMASK, INTX);
	e_signalled(c, event);
	e_write(c, fd, E_ACK, 2);
	d_action(c, fd, UNMASK, INTX);
	c_counter(c, event);
	e_write(c, fd, E_RAISE, 4);
	e_signalled(c, event);
}

/* The line was up when the eventfd came. */
E_CASE("pci/intx/raised-before")
{
	int fd = e_ready(c), event;

	e_write(c, fd, E_RAISE, 1);
	event = with_eventfd(c, fd, INTX);
	e_signalled(c, event);
	e_write(c, fd, E_ACK, 1);
	d_action(c, fd, UNMASK, INTX);
	c_counter(c, event);
}

E_CASE("pci/intx/acknowledged-while-masked")
{
	int fd = e_ready(c), event = with_eventfd(c, fd, INTX);

	d_action(c, fd, MASK, INTX);
	e_write(c, fd, E_RAISE, 1);
	c_counter(c, event);
	e_write(c, fd, E_ACK, 1);
	d_action(c, fd, UNMASK, INTX);
	c_counter(c, event);
	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
}

E_CASE("pci/intx/unmask-with-it-up")
{
	int fd = e_ready(c), event = with_eventfd(c, fd, INTX);

	d_action(c, fd, MASK, INTX);
	e_write(c, fd, E_RAISE, 1);
	c_counter(c, event);
	d_action(c, fd, UNMASK, INTX);
	e_signalled(c, event);
	d_action(c, fd, UNMASK, INTX);
	e_signalled(c, event);
}

/* By another eventfd. */
E_CASE("pci/intx/unmask-eventfd")
{
	int fd = e_ready(c), event = with_eventfd(c, fd, INTX);
	int unmask = c_eventfd(c, "unmask"), other = c_eventfd(c, "other");
	const uint64_t one = 1;

	c_set_irqs(c, fd, UNMASK | EVENTFD, INTX, 0, 1, &unmask);
	c_set_irqs(c, fd, UNMASK | EVENTFD, INTX, 0, 1, &other);
	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
	c_write(c, unmask, &one, sizeof(one));
	e_signalled(c, event);
	e_write(c, fd, E_ACK, 1);
	c_write(c, unmask, &one, sizeof(one));
	c_counter(c, event);
	c_counter(c, unmask);
	c_set_irqs(c, fd, UNMASK | EVENTFD, INTX, 0, 1, (int[]){ -1 });
	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
	c_write(c, unmask, &one, sizeof(one));
	c_counter(c, event);
	c_counter(c, unmask);
	c_set_irqs(c, fd, UNMASK | EVENTFD, INTX, 0, 1, &other);
}

E_CASE("pci/intx/unmask-eventfd-signalled")
{
	int fd = e_ready(c), event = with_eventfd(c, fd, INTX);
	int unmask = c_eventfd(c, "unmask");
	const uint64_t one = 1;

	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
	c_write(c, unmask, &one, sizeof(one));
	c_set_irqs(c, fd, UNMASK | EVENTFD, INTX, 0, 1, &unmask);
	e_signalled(c, event);
}

/* The bit in COMMAND. */
E_CASE("pci/intx/disable-bit")
{
	int fd = e_ready(c), event = with_eventfd(c, fd, INTX);

	e_command(c, fd, ON | INTX_OFF);
	e_write(c, fd, E_RAISE, 1);
	c_counter(c, event);
	d_action(c, fd, TRIGGER, INTX);
	c_counter(c, event);
	c_pread(c, fd, NULL, 4, D_CONFIG + PCI_COMMAND);
	e_command(c, fd, ON);
	e_signalled(c, event);
	c_pread(c, fd, NULL, 4, D_CONFIG + PCI_COMMAND);
	e_write(c, fd, E_ACK, 1);
	d_action(c, fd, UNMASK, INTX);
	c_counter(c, event);
}

E_CASE("pci/intx/disable-bit-first")
{
	int fd = e_ready(c), event;

	e_command(c, fd, ON | INTX_OFF);
	event = with_eventfd(c, fd, INTX);
	e_write(c, fd, E_RAISE, 1);
	c_counter(c, event);
	d_action(c, fd, UNMASK, INTX);
	c_counter(c, event);
	e_command(c, fd, ON);
	e_signalled(c, event);
}

E_CASE("pci/intx/disable-bit-twice")
{
	int fd = e_ready(c), event = with_eventfd(c, fd, INTX);

	e_command(c, fd, ON | INTX_OFF);
	e_command(c, fd, ON | INTX_OFF);
	e_write(c, fd, E_RAISE, 1);
	c_counter(c, event);
	e_command(c, fd, ON);
	e_signalled(c, event);
	e_command(c, fd, ON);
	c_counter(c, event);
}

/* The status bit: the line, whatever is masked. */
E_CASE("pci/intx/status-bit")
{
	int fd = e_ready(c), event = with_eventfd(c, fd, INTX);

	c_pread(c, fd, NULL, 2, D_CONFIG + PCI_STATUS);
	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
	c_pread(c, fd, NULL, 2, D_CONFIG + PCI_STATUS);
	c_pread(c, fd, NULL, 2, D_CONFIG + PCI_COMMAND);
	e_write(c, fd, E_ACK, 1);
	c_pread(c, fd, NULL, 2, D_CONFIG + PCI_STATUS);
}

E_CASE("pci/intx/no-eventfd")
{
	int fd = e_ready(c), event = c_eventfd(c, "event");

	d_set_eventfd(c, fd, INTX, -1);
	e_write(c, fd, E_RAISE, 1);
	c_pread(c, fd, NULL, 4, E_IRQ_STATUS);
	d_set_eventfd(c, fd, INTX, event);
	d_action(c, fd, UNMASK, INTX);
	e_signalled(c, event);
}

E_CASE("pci/intx/over-disabling")
{
	int fd = e_ready(c), event = with_eventfd(c, fd, INTX);

	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
	c_set_irqs(c, fd, TRIGGER | NONE, INTX, 0, 0, NULL);
	d_set_eventfd(c, fd, INTX, event);
	e_signalled(c, event);
	e_write(c, fd, E_ACK, 1);
	c_set_irqs(c, fd, TRIGGER | NONE, INTX, 0, 0, NULL);
	d_set_eventfd(c, fd, INTX, event);
	c_counter(c, event);
}

/* ---- MSI ---- */

E_CASE("pci/msi/each")
{
	int fd = e_ready(c), event = with_eventfd(c, fd, MSI), i;

	e_command(c, fd, MASTER);
	for (i = 0; i < 3; i++) {
		e_write(c, fd, E_RAISE, 1);
		e_signalled(c, event);
	}
	e_write(c, fd, E_ACK, 1);
	c_counter(c, event);
}

/* A message is a write to memory. */
E_CASE("pci/msi/no-bus-master")
{
	int fd = e_ready(c), event = with_eventfd(c, fd, MSI);

	e_write(c, fd, E_RAISE, 1);
	c_counter(c, event);
	e_command(c, fd, MASTER);
	c_counter(c, event);
	e_write(c, fd, E_RAISE, 2);
	e_signalled(c, event);
	c_pread(c, fd, NULL, 4, E_IRQ_STATUS);
}

/* From one kind to the other, with the line up. */
E_CASE("pci/msi/and-intx")
{
	int fd = e_ready(c), event = with_eventfd(c, fd, INTX);
	int message = c_eventfd(c, "message");

	e_command(c, fd, MASTER);
	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
	d_set_eventfd(c, fd, MSI, message);
	c_set_irqs(c, fd, TRIGGER | NONE, INTX, 0, 0, NULL);
	d_set_eventfd(c, fd, MSI, message);
	c_counter(c, message);
	e_write(c, fd, E_RAISE, 2);
	e_signalled(c, message);
	c_counter(c, event);
	c_set_irqs(c, fd, TRIGGER | NONE, MSI, 0, 0, NULL);
	d_set_eventfd(c, fd, INTX, event);
	c_counter(c, message);
}

/* What the capability shows, before, during and after. */
E_CASE("pci/msi/capability")
{
	int fd = e_ready(c), event;
	off_t at = D_CONFIG + 0x40;

	c_pread(c, fd, NULL, 14, at);
	event = with_eventfd(c, fd, MSI);
	c_pread(c, fd, NULL, 14, at);
	c_pwrite(c, fd, "\xff\xff", 2, at + PCI_MSI_FLAGS);
	c_pread(c, fd, NULL, 14, at);
	c_pwrite(c, fd, "\x10\x32\x54\x76\x98\xba\xdc\xfe\xab\xcd", 10,
		 at + PCI_MSI_ADDRESS_LO);
	c_pread(c, fd, NULL, 14, at);
	e_command(c, fd, MASTER);
	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
	c_set_irqs(c, fd, TRIGGER | NONE, MSI, 0, 0, NULL);
	c_pread(c, fd, NULL, 14, at);
	c_pwrite(c, fd, "\xff\xff", 2, at + PCI_MSI_FLAGS);
	c_pread(c, fd, NULL, 14, at);
}

/* Turned off in the capability: then there are none. */
E_CASE("pci/msi/disabled-in-capability")
{
	int fd = e_ready(c), event = with_eventfd(c, fd, MSI);

	e_command(c, fd, MASTER);
	c_pwrite(c, fd, "\1\0", 2, D_CONFIG + 0x40 + PCI_MSI_FLAGS);
	c_pwrite(c, fd, "\0\0", 2, D_CONFIG + 0x40 + PCI_MSI_FLAGS);
	e_write(c, fd, E_RAISE, 1);
	c_counter(c, event);
}

static void after_closing(struct ctx *c)
{
	int fd = e_ready(c), event = with_eventfd(c, fd, D_A(c));

	e_command(c, fd, MASTER);
	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
	c_close(c, fd);
	fd = c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
	e_command(c, fd, MASTER);
	e_write(c, fd, E_RAISE, 1);
	c_counter(c, event);
	e_write(c, fd, E_ACK, 1);
	d_set_eventfd(c, fd, D_A(c), event);
	e_write(c, fd, E_RAISE, 1);
	e_signalled(c, event);
}

/* With D_B vectors where there is one. */
static void vectors(struct ctx *c)
{
	int fd = e_ready(c), eventfds[8], event = c_eventfd(c, "event");
	uint32_t count = D_B(c), start = D_C(c), i;

	for (i = 0; i < 8; i++)
		eventfds[i] = event;
	c_set_irqs(c, fd, TRIGGER | EVENTFD, D_A(c), start, count, eventfds);
	c_set_irqs(c, fd, TRIGGER | NONE, D_A(c), start, count, NULL);
	c_counter(c, event);
	c_set_irqs(c, fd, TRIGGER | NONE, D_A(c), 0, 0, NULL);
}

/* With a factorial, and with a transfer. */
static void when_done(struct ctx *c)
{
	int fd = e_ready(c), event = with_eventfd(c, fd, D_A(c));

	e_command(c, fd, MASTER);
	e_write(c, fd, E_STATUS, 0x80);
	e_write(c, fd, E_FACTORIAL, 5);
	e_signalled(c, event);
	c_pread(c, fd, NULL, 4, E_IRQ_STATUS);
	e_write(c, fd, E_ACK, 1);
	d_action(c, fd, UNMASK, D_A(c));
	c_counter(c, event);
}

CASES
{
	static const char *const names[] = { "intx", "msi", "msix", "err",
					     "req" };
	uint32_t index, count, start;

	for (index = INTX; index <= MSI; index++) {
		conform_add(after_closing, D_PARAM(index, 0, 0), CASE_PCI,
			    "pci/%s/over-closing", names[index]);
		conform_add(when_done, D_PARAM(index, 0, 0), CASE_PCI,
			    "pci/%s/factorial", names[index]);
	}
	for (index = 0; index < 5; index++)
		for (count = 0; count <= 4; count += count ? count : 1)
			for (start = 0; start < 3; start++)
				conform_add(vectors,
					    D_PARAM(index, count, start),
					    CASE_PCI,
					    "pci/irqs/%s/start-%u-count-%u",
					    names[index], start, count);
}
