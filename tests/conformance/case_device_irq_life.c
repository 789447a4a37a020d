// SPDX-License-Identifier: BSD-3-Clause
/* Eventfds for interrupts: what may be one, and when it is told. */
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "helpers_device.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define MASK VFIO_IRQ_SET_ACTION_MASK
#define UNMASK VFIO_IRQ_SET_ACTION_UNMASK

static const char *const index_names[] = { "intx", "msi" };

/* ---- fds that are no eventfds ---- */

static int number(struct ctx *c)
{
	static const int numbers[] = { -1, -2, -0x7fffffff - 1, 999,
				       0x7fffffff };

	return numbers[D_B(c)];
}

static int closed(struct ctx *c)
{
	int fd = c_eventfd(c, "closed");

	c_close(c, fd);
	return fd;
}

static int container(struct ctx *c)
{
	return c_fd(c, "container");
}

static int group(struct ctx *c)
{
	return c_fd(c, "group");
}

static int device(struct ctx *c)
{
	return c_fd(c, "device");
}

static int pipe_writer(struct ctx *c)
{
	c_pipe(c, "reader", "writer");
	return c_fd(c, "writer");
}

static int null(struct ctx *c)
{
	return c_open(c, "null", "/dev/null", O_RDWR);
}

static int file(struct ctx *c)
{
	return c_open(c, "file", "/proc/self/maps", O_RDONLY);
}

static int directory(struct ctx *c)
{
	return c_open(c, "directory", "/dev", O_RDONLY);
}

static int epoll(struct ctx *c)
{
	int fd = epoll_create1(0);

	c_name_fd(c, "epoll", fd);
	return fd;
}

static int path(struct ctx *c)
{
	return c_open(c, "path", "/dev/null", O_PATH);
}

static int semaphore(struct ctx *c)
{
	int fd = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);

	c_name_fd(c, "semaphore", fd);
	return fd;
}

static int dup_of(struct ctx *c)
{
	return c_dup(c, "dup", c_eventfd(c, "event"));
}

static const struct {
	const char *name;
	int (*make)(struct ctx *c);
} kinds[] = {
	{ "-1", number },	    { "-2", number },	{ "lowest", number },
	{ "unused", number },	    { "huge", number }, { "closed", closed },
	{ "container", container }, { "group", group }, { "device", device },
	{ "pipe", pipe_writer },    { "null", null },	{ "file", file },
	{ "directory", directory }, { "epoll", epoll }, { "path", path },
	{ "semaphore", semaphore }, { "dup", dup_of },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* In place of one that works: is that one still told? */
static void kind(struct ctx *c)
{
	int fd = d_ready(c), before = c_eventfd(c, "before");

	d_set_eventfd(c, fd, D_A(c), before);
	d_set_eventfd(c, fd, D_A(c), kinds[D_B(c)].make(c));
	d_action(c, fd, TRIGGER, D_A(c));
	c_counter(c, before);
	d_set_eventfd(c, fd, D_A(c), before);
	d_action(c, fd, TRIGGER, D_A(c));
	c_counter(c, before);
}

/* ---- when it is told ---- */

static void repeat(struct ctx *c)
{
	int fd = d_ready(c), event = c_eventfd(c, "event"), i;
	unsigned char on = 1, off = 0;

	d_action(c, fd, TRIGGER, D_A(c));
	d_set_eventfd(c, fd, D_A(c), event);
	for (i = 0; i < 3; i++)
		d_action(c, fd, TRIGGER, D_A(c));
	c_counter(c, event);
	c_set_irqs(c, fd, TRIGGER | VFIO_IRQ_SET_DATA_BOOL, D_A(c), 0, 1, &off);
	c_counter(c, event);
	d_action(c, fd, UNMASK, D_A(c));
	c_set_irqs(c, fd, TRIGGER | VFIO_IRQ_SET_DATA_BOOL, D_A(c), 0, 1, &on);
	c_counter(c, event);
}

CASE("device/irqs/mask/automask")
{
	int fd = d_ready(c), event = c_eventfd(c, "event");

	d_set_eventfd(c, fd, INTX, event);
	d_action(c, fd, TRIGGER, INTX);
	c_counter(c, event);
	d_action(c, fd, TRIGGER, INTX);
	c_counter(c, event);
	d_action(c, fd, UNMASK, INTX);
	c_counter(c, event);
	d_action(c, fd, TRIGGER, INTX);
	c_counter(c, event);
}

CASE("device/irqs/mask/explicit")
{
	int fd = d_ready(c), event = c_eventfd(c, "event");

	d_action(c, fd, MASK, INTX);
	d_set_eventfd(c, fd, INTX, event);
	d_action(c, fd, MASK, INTX);
	d_action(c, fd, MASK, INTX);
	d_action(c, fd, TRIGGER, INTX);
	c_counter(c, event);
	d_action(c, fd, UNMASK, INTX);
	d_action(c, fd, UNMASK, INTX);
	d_action(c, fd, TRIGGER, INTX);
	c_counter(c, event);
}

static void mask_bool(struct ctx *c)
{
	uint32_t flags = VFIO_IRQ_SET_DATA_BOOL;
	int fd = d_ready(c), event = c_eventfd(c, "event");
	unsigned char value = (unsigned char)c->param;

	d_set_eventfd(c, fd, INTX, event);
	c_set_irqs(c, fd, flags | MASK, INTX, 0, 1, &value);
	d_action(c, fd, TRIGGER, INTX);
	c_counter(c, event);
	c_set_irqs(c, fd, flags | UNMASK, INTX, 0, 1, &value);
	d_action(c, fd, TRIGGER, INTX);
	c_counter(c, event);
	c_set_irqs(c, fd, flags | TRIGGER, INTX, 0, 1, &value);
	c_counter(c, event);
}

/* A mask is gone with its eventfd, or with a new one. */
static void mask_and_set_anew(struct ctx *c)
{
	int fd = d_ready(c), event = c_eventfd(c, "event");

	d_set_eventfd(c, fd, INTX, event);
	d_action(c, fd, MASK, INTX);
	if (c->param == 1)
		d_set_eventfd(c, fd, INTX, -1);
	if (c->param == 2)
		c_set_irqs(c, fd, TRIGGER | VFIO_IRQ_SET_DATA_NONE, INTX, 0, 0,
			   NULL);
	d_set_eventfd(c, fd, INTX, event);
	d_action(c, fd, TRIGGER, INTX);
	c_counter(c, event);
}

/* ---- one index and the other ---- */

static void both(struct ctx *c)
{
	int fd = d_ready(c), one = c_eventfd(c, "one");
	int two = c_eventfd(c, "two");
	uint32_t first = D_A(c), second = !first;

	d_set_eventfd(c, fd, first, one);
	d_set_eventfd(c, fd, second, two);
	d_set_eventfd(c, fd, second, -1);
	d_action(c, fd, TRIGGER, second);
	d_action(c, fd, TRIGGER, first);
	c_counter(c, one);
	c_counter(c, two);
	c_set_irqs(c, fd, TRIGGER | VFIO_IRQ_SET_DATA_NONE, first, 0, 0, NULL);
	d_set_eventfd(c, fd, second, two);
	d_action(c, fd, TRIGGER, second);
	c_counter(c, two);
}

static void disable(struct ctx *c)
{
	int fd = d_ready(c), event = c_eventfd(c, "event");
	uint32_t start, none = TRIGGER | VFIO_IRQ_SET_DATA_NONE;

	c_set_irqs(c, fd, none, D_A(c), 0, 0, NULL);
	for (start = 0; start < 6; start++) {
		d_set_eventfd(c, fd, D_A(c), event);
		c_set_irqs(c, fd, none, D_A(c), start, 0, NULL);
		d_action(c, fd, TRIGGER, D_A(c));
	}
	c_counter(c, event);
	d_set_eventfd(c, fd, D_A(c), -1);
	d_set_eventfd(c, fd, D_A(c), -1);
	c_set_irqs(c, fd, none, D_A(c), 0, 0, NULL);
}

static void replace(struct ctx *c)
{
	int fd = d_ready(c), one = c_eventfd(c, "one");
	int two = c_eventfd(c, "two");

	d_set_eventfd(c, fd, D_A(c), one);
	d_set_eventfd(c, fd, D_A(c), two);
	d_action(c, fd, TRIGGER, D_A(c));
	c_counter(c, one);
	c_counter(c, two);
	d_set_eventfd(c, fd, D_A(c), two);
	d_action(c, fd, TRIGGER, D_A(c));
	c_counter(c, two);
}

/* ---- the life of an eventfd, and of the device ---- */

static void closed_after(struct ctx *c)
{
	int fd = d_ready(c), event = c_eventfd(c, "event");
	int other = c_dup(c, "dup", event);

	d_set_eventfd(c, fd, D_A(c), event);
	c_close(c, event);
	d_action(c, fd, TRIGGER, D_A(c));
	c_counter(c, other);
	c_close(c, other);
	d_action(c, fd, UNMASK, D_A(c));
	d_action(c, fd, TRIGGER, D_A(c));
	c_set_irqs(c, fd, TRIGGER | VFIO_IRQ_SET_DATA_NONE, D_A(c), 0, 0, NULL);
}

/* As full as a writer can make it: nobody waits, and one more fits. */
static void full(struct ctx *c)
{
	int fd = d_ready(c), event = c_eventfd(c, "event"), i;
	uint64_t most = 0xfffffffffffffffe;

	d_set_eventfd(c, fd, D_A(c), event);
	c_write(c, event, &most, sizeof(most));
	for (i = 0; i < 3; i++) {
		d_action(c, fd, TRIGGER, D_A(c));
		d_action(c, fd, UNMASK, D_A(c));
	}
	c_poll(c, event, 5);
	c_counter(c, event);
	d_action(c, fd, TRIGGER, D_A(c));
	c_counter(c, event);
}

static void over_closing(struct ctx *c)
{
	int fd = d_ready(c), event = c_eventfd(c, "event");

	d_set_eventfd(c, fd, D_A(c), event);
	c_close(c, fd);
	fd = c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
	d_action(c, fd, TRIGGER, D_A(c));
	c_counter(c, event);
}

static void two_fds(struct ctx *c)
{
	int fd = d_ready(c), event = c_eventfd(c, "event");
	int again = c_device_fd(c, c_fd(c, "group"), "again", c->device[0]);

	d_set_eventfd(c, fd, D_A(c), event);
	d_action(c, again, TRIGGER, D_A(c));
	c_counter(c, event);
	c_close(c, fd);
	d_action(c, again, UNMASK, D_A(c));
	d_action(c, again, TRIGGER, D_A(c));
	c_counter(c, event);
}

static void over_reset(struct ctx *c)
{
	int fd = d_ready(c), event = c_eventfd(c, "event");

	d_set_eventfd(c, fd, D_A(c), event);
	c_ioctl(c, fd, &DEVICE_RESET, 0);
	d_action(c, fd, TRIGGER, D_A(c));
	c_counter(c, event);
}

static void add_index(unsigned int index)
{
	const char *name = index_names[index];
	size_t i;

	for (i = 0; i < NR_KINDS; i++)
		conform_add(kind, D_PARAM(index, i, 0), 0,
			    "device/irqs/fd/%s/%s", name, kinds[i].name);
	conform_add(repeat, index, 0, "device/irqs/repeat/%s", name);
	conform_add(both, index, 0, "device/irqs/both/%s-first", name);
	conform_add(disable, index, 0, "device/irqs/disable/%s", name);
	conform_add(replace, index, 0, "device/irqs/replace/%s", name);
	conform_add(closed_after, index, 0, "device/irqs/closed-after/%s",
		    name);
	conform_add(full, index, 0, "device/irqs/full/%s", name);
	conform_add(over_closing, index, 0, "device/irqs/over-closing/%s",
		    name);
	conform_add(two_fds, index, 0, "device/irqs/two-fds/%s", name);
	conform_add(over_reset, index, 0, "device/irqs/over-reset/%s", name);
}

CASES
{
	add_index(INTX);
	add_index(MSI);
	conform_add(mask_bool, 0, 0, "device/irqs/mask/bool-0");
	conform_add(mask_bool, 1, 0, "device/irqs/mask/bool-1");
	conform_add(mask_bool, 2, 0, "device/irqs/mask/bool-2");
	conform_add(mask_bool, 0xff, 0, "device/irqs/mask/bool-255");
	conform_add(mask_and_set_anew, 0, 0, "device/irqs/mask/set-anew");
	conform_add(mask_and_set_anew, 1, 0, "device/irqs/mask/minus-one");
	conform_add(mask_and_set_anew, 2, 0, "device/irqs/mask/disable");
}
