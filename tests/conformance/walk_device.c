// SPDX-License-Identifier: BSD-3-Clause
/*
 * Walk: a mtty's interrupts, ports and configuration space, by two fds. What
 * corrupts the kernel's memory is left out (docs/conformance.md).
 */
#include <string.h>
#include <unistd.h>
#include "helpers_device.h"

static const char *const fds[] = { "device", "device", "again" };
static const char *const events[] = { "e0", "e1", "e2" };

static void begin(struct ctx *c)
{
	size_t i;

	d_mtty(c);
	c_device_fd(c, c_fd(c, "group"), "again", c->device[0]);
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		c_eventfd(c, events[i]);
}

static int some_fd(struct ctx *c)
{
	return c_fd(c, C_PICK(c, fds));
}

/* What is told is told before the call returns: there is no need to wait. */
static void look(struct ctx *c)
{
	uint64_t count;
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (read(c_fd(c, events[i]), &count, 8) == 8)
			c_say(c, "%s counted %lu", events[i], count);
}

static uint32_t some_index(struct ctx *c)
{
	static const uint32_t odd[] = { 2, 3, 4, 5, 0xffffffff };

	return c_random(c, 16) ? (uint32_t)c_random(c, 2) : C_PICK(c, odd);
}

static void do_event(struct ctx *c)
{
	static const uint32_t actions[] = { VFIO_IRQ_SET_ACTION_TRIGGER,
					    VFIO_IRQ_SET_ACTION_TRIGGER,
					    VFIO_IRQ_SET_ACTION_TRIGGER,
					    VFIO_IRQ_SET_ACTION_MASK,
					    VFIO_IRQ_SET_ACTION_UNMASK };
	int data = c_random(c, 6) ? c_fd(c, C_PICK(c, events)) : -1;

	if (!c_random(c, 32))
		data = c_fd(c, "device");
	c_set_irqs(c, some_fd(c),
		   VFIO_IRQ_SET_DATA_EVENTFD | C_PICK(c, actions),
		   some_index(c), c_random(c, 16) ? 0 : 1, 1, &data);
}

static uint32_t some_action(struct ctx *c)
{
	static const uint32_t actions[] = {
		VFIO_IRQ_SET_ACTION_MASK,
		VFIO_IRQ_SET_ACTION_UNMASK,
		VFIO_IRQ_SET_ACTION_UNMASK,
		VFIO_IRQ_SET_ACTION_TRIGGER,
		VFIO_IRQ_SET_ACTION_TRIGGER,
		VFIO_IRQ_SET_ACTION_TRIGGER,
		VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_ACTION_MASK,
	};

	return C_PICK(c, actions);
}

static void do_none(struct ctx *c)
{
	/* With a count of 0 to trigger, the interrupt is taken away. */
	uint32_t count = c_random(c, 12) ? 1 : 2 * (uint32_t)c_random(c, 2);

	c_set_irqs(c, some_fd(c), VFIO_IRQ_SET_DATA_NONE | some_action(c),
		   some_index(c), c_random(c, 16) ? 0 : 1, count, NULL);
	look(c);
}

static void do_bool(struct ctx *c)
{
	unsigned char data[2] = { (unsigned char)c_random(c, 3), 1 };

	c_set_irqs(c, some_fd(c), VFIO_IRQ_SET_DATA_BOOL | some_action(c),
		   some_index(c), 0, c_random(c, 16) ? 1 : 2, data);
	look(c);
}

static off_t some_register(struct ctx *c)
{
	return D_REGION(c_random(c, 2)) + (off_t)c_random(c, 8);
}

static void do_write(struct ctx *c)
{
	static const unsigned char values[] = { 0,    1,    2,	  3,	4,
						7,    8,    0x0b, 0x0f, 0x80,
						0x83, 0x41, 0x20, 0xff };

	c_pwrite(c, some_fd(c), &C_PICK(c, values), 1, some_register(c));
	look(c);
}

/* What fills the FIFO, and overruns it. */
static void do_send(struct ctx *c)
{
	off_t port = D_REGION(c_random(c, 2));
	unsigned long n = c_random(c, 8) ? 1 + c_random(c, 3) : 18;

	while (n--)
		c_pwrite(c, some_fd(c), "A", 1, port);
	look(c);
}

static void do_read(struct ctx *c)
{
	size_t len = c_random(c, 8) ? 1 : 1 + c_random(c, 8);

	c_pread(c, some_fd(c), NULL, len, some_register(c));
	look(c);
}

static void do_read_config(struct ctx *c)
{
	size_t len = 1 + c_random(c, 16);
	unsigned long most = c_random(c, 2) ? 0x40 : 0xe8;

	c_pread(c, some_fd(c), NULL, len,
		D_CONFIG + (off_t)c_random(c, most - len));
}

/* Bit 1 of a BAR of the kernel's mtty, once set, stays for ever. */
static void do_write_config(struct ctx *c)
{
	static const unsigned char places[][2] = {
		{ 0x10, 4 }, { 0x10, 4 }, { 0x14, 4 }, { 0x14, 4 }, { 0x18, 4 },
		{ 0x04, 2 }, { 0x04, 1 }, { 0x3c, 1 }, { 0x3c, 1 }, { 0x3c, 2 },
		{ 0x00, 4 }, { 0x06, 2 }, { 0x2c, 4 }, { 0x34, 1 }, { 0x80, 4 },
	};
	static const uint32_t values[] = {
		0, 0xfffffffd, 0x12345678 & ~2U, 0xfebc0000, 0x11, 0x9c
	};
	const unsigned char *place = C_PICK(c, places);
	uint32_t value = C_PICK(c, values);

	c_pwrite(c, some_fd(c), &value, place[1], D_CONFIG + place[0]);
}

static void do_info(struct ctx *c)
{
	static const uint32_t sizes[] = { 16, 16, 20, 24, 15, 0 };
	uint32_t size = C_PICK(c, sizes);

	if (c_random(c, 3))
		c_irq_info(c, some_fd(c), (uint32_t)c_random(c, 6), size);
	else if (c_random(c, 2))
		c_device_info(c, some_fd(c), size);
	else
		c_region_info(c, some_fd(c), (uint32_t)c_random(c, 10),
			      size + 16);
}

static void do_reset(struct ctx *c)
{
	if (!c_random(c, 3))
		c_ioctl(c, some_fd(c), &DEVICE_RESET, 0);
}

/* Numbers that are no migration's. */
static void do_feature(struct ctx *c)
{
	static const uint32_t numbers[] = { 0, 3, 4, 5, 10, 11, 100, 0xffff };
	static const uint32_t ways[] = {
		VFIO_DEVICE_FEATURE_PROBE,
		VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET,
		VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_SET,
		VFIO_DEVICE_FEATURE_GET,
		VFIO_DEVICE_FEATURE_SET,
		VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET,
		0,
	};
	uint64_t data = 0;

	c_feature(c, some_fd(c), C_PICK(c, numbers) | C_PICK(c, ways), &data,
		  c_random(c, 2) ? sizeof(data) : 0);
}

/* The second fd; what is set stays with the device. */
static void do_again(struct ctx *c)
{
	if (c_random(c, 4))
		return;
	c_close(c, c_fd(c, "again"));
	c_device_fd(c, c_fd(c, "group"), "again", c->device[0]);
}

WALK("device")
{
	static case_fn *const steps[] = {
		do_event,	 do_event, do_event,	   do_event,
		do_none,	 do_none,  do_none,	   do_none,
		do_bool,	 do_bool,  do_write,	   do_write,
		do_write,	 do_write, do_write,	   do_write,
		do_send,	 do_send,  do_read,	   do_read,
		do_read,	 do_read,  do_read_config, do_read_config,
		do_write_config, do_info,  do_info,	   do_reset,
		do_feature,	 do_again,
	};

	if (c_step_first(c))
		begin(c);
	C_PICK(c, steps)(c);
}
