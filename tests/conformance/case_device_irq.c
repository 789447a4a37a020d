// SPDX-License-Identifier: BSD-3-Clause
/* SET_IRQS: each type of data with each action; case_device_irq_order.c has
 * what is looked at first, case_device_irq_life.c what follows from it. */
#include <string.h>
#include "helpers_device.h"

static const char *const index_names[] = { "intx", "msi", "msix",
					   "err",  "req", "five" };
#define NR_INDEXES 6

static const struct {
	const char *name;
	uint32_t bit;
} types[] = {
	{ "none", VFIO_IRQ_SET_DATA_NONE },
	{ "bool", VFIO_IRQ_SET_DATA_BOOL },
	{ "eventfd", VFIO_IRQ_SET_DATA_EVENTFD },
}, actions[] = {
	{ "mask", VFIO_IRQ_SET_ACTION_MASK },
	{ "unmask", VFIO_IRQ_SET_ACTION_UNMASK },
	{ "trigger", VFIO_IRQ_SET_ACTION_TRIGGER },
};

/* What has an eventfd before. */
enum { IDLE, INTX, MSI };
static const char *const armed_names[] = { "idle", "intx-set", "msi-set" };

static void arm(struct ctx *c, int fd, unsigned int what)
{
	if (what == IDLE)
		return;
	d_set_eventfd(c, fd,
		      what == INTX ? VFIO_PCI_INTX_IRQ_INDEX :
				     VFIO_PCI_MSI_IRQ_INDEX,
		      c_eventfd(c, "armed"));
}

static void set_counts(struct ctx *c, int fd, uint32_t flags, uint32_t index,
		       int eventfd)
{
	const unsigned char on[2] = { 1, 1 }, off[2] = { 0, 0 };
	const int eventfds[2] = { eventfd, eventfd };
	uint32_t count;

	for (count = 0; count <= 2; count++) {
		if (flags & VFIO_IRQ_SET_DATA_EVENTFD) {
			c_set_irqs(c, fd, flags, index, 0, count, eventfds);
		} else if (flags & VFIO_IRQ_SET_DATA_BOOL) {
			c_set_irqs(c, fd, flags, index, 0, count, on);
			c_set_irqs(c, fd, flags, index, 0, count, off);
		} else {
			c_set_irqs(c, fd, flags, index, 0, count, NULL);
		}
	}
}

/* In each state; then who is told of an interrupt. */
static void matrix(struct ctx *c)
{
	unsigned int n = D_B(c);
	uint32_t flags = types[n % 3].bit | actions[n / 3].bit;
	int fd = d_ready(c), event;

	arm(c, fd, D_C(c));
	event = c_eventfd(c, "event");
	set_counts(c, fd, flags, D_A(c), event);
	d_action(c, fd, VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_PCI_INTX_IRQ_INDEX);
	d_action(c, fd, VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_PCI_MSI_IRQ_INDEX);
	c_counter(c, event);
	if (D_C(c) != IDLE)
		c_counter(c, c_fd(c, "armed"));
}

/* Of the indices that a device may lack: idle, and with INTx set. */
static void lacking(struct ctx *c)
{
	unsigned int n = D_B(c);
	uint32_t flags = types[n % 3].bit | actions[n / 3].bit;
	int fd = d_ready(c), event = c_eventfd(c, "event");

	set_counts(c, fd, flags, D_A(c), event);
	arm(c, fd, INTX);
	set_counts(c, fd, flags, D_A(c), event);
}

/* No action, one, and several, of each index. */
static void several_actions(struct ctx *c)
{
	uint32_t flags = D_A(c) << 3, index;
	int fd = d_ready(c), event = c_eventfd(c, "event");
	unsigned char on = 1;

	for (index = 0; index < NR_INDEXES; index++) {
		c_set_irqs(c, fd, flags | VFIO_IRQ_SET_DATA_NONE, index, 0, 1,
			   NULL);
		c_set_irqs(c, fd, flags | VFIO_IRQ_SET_DATA_BOOL, index, 0, 1,
			   &on);
		c_set_irqs(c, fd, flags | VFIO_IRQ_SET_DATA_EVENTFD, index, 0,
			   1, &event);
	}
	d_action(c, fd, VFIO_IRQ_SET_ACTION_TRIGGER, 0);
	d_action(c, fd, VFIO_IRQ_SET_ACTION_TRIGGER, 1);
	c_counter(c, event);
}

static void add_matrix(unsigned int index, unsigned int n)
{
	const char *type = types[n % 3].name, *action = actions[n / 3].name;
	unsigned int armed;

	if (index > VFIO_PCI_MSI_IRQ_INDEX) {
		conform_add(lacking, D_PARAM(index, n, 0), 0,
			    "device/irqs/%s/%s-%s", index_names[index], action,
			    type);
		return;
	}
	for (armed = IDLE; armed <= MSI; armed++)
		conform_add(matrix, D_PARAM(index, n, armed), 0,
			    "device/irqs/%s/%s-%s/%s", index_names[index],
			    action, type, armed_names[armed]);
}

CASES
{
	unsigned int index, n;

	for (index = 0; index < NR_INDEXES; index++)
		for (n = 0; n < 9; n++)
			add_matrix(index, n);
	for (n = 0; n < 8; n++)
		conform_add(several_actions, n, 0,
			    "device/irqs/actions/%s%s%s%s", n ? "" : "none",
			    n & 1 ? "m" : "", n & 2 ? "u" : "",
			    n & 4 ? "t" : "");
}
