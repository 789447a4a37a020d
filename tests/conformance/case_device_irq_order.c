// SPDX-License-Identifier: BSD-3-Clause
/* SET_IRQS: flags, argsz, ranges and pointers; of two errors, which wins. */
#include <string.h>
#include "helpers_device.h"

#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define NONE VFIO_IRQ_SET_DATA_NONE
#define BOOL VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD

static const uint32_t flag_bits[] = { NONE,
				      BOOL,
				      EVENTFD,
				      VFIO_IRQ_SET_ACTION_MASK,
				      VFIO_IRQ_SET_ACTION_UNMASK,
				      TRIGGER };

/* len bytes of struct and data; argsz as given. */
static long raw(struct ctx *c, int fd, const struct vfio_irq_set *set,
		size_t len)
{
	unsigned char arg[64] = { 0 };

	memcpy(arg, set, sizeof(*set));
	memset(arg + sizeof(*set), 0xff, sizeof(arg) - sizeof(*set));
	return c_arg(c, fd, &DEVICE_SET_IRQS, arg, len);
}

/* ---- flags ---- */

static void flag(struct ctx *c)
{
	uint32_t bit = 1U << c->param, index;
	int fd = d_ready(c);

	for (index = 0; index < 2; index++) {
		struct vfio_irq_set set = { .argsz = 24,
					    .count = 1,
					    .index = index };

		set.flags = bit;
		raw(c, fd, &set, 24);
		set.flags = bit | TRIGGER;
		raw(c, fd, &set, 24);
		set.flags = bit | TRIGGER | NONE;
		raw(c, fd, &set, 24);
	}
}

static void flag_pair(struct ctx *c)
{
	struct vfio_irq_set set = { .argsz = 28, .count = 1 };
	int fd = d_ready(c);

	set.flags = flag_bits[D_A(c)] | flag_bits[D_B(c)];
	raw(c, fd, &set, 28);
	set.flags |= TRIGGER;
	raw(c, fd, &set, 28);
	set.flags |= NONE;
	raw(c, fd, &set, 28);
}

/* ---- argsz ---- */

static const uint32_t data_types[] = { NONE, BOOL, EVENTFD };
static const char *const type_names[] = { "none", "bool", "eventfd" };

static void argsz(struct ctx *c)
{
	struct vfio_irq_set set = { .flags = data_types[D_A(c)] | TRIGGER,
				    .count = D_B(c) };
	int fd = d_ready(c);

	for (set.argsz = 0; set.argsz <= 29; set.argsz++)
		raw(c, fd, &set, 32);
	set.argsz = 0xffffffff;
	raw(c, fd, &set, 32);
}

/* ---- ranges ---- */

static void ranges(struct ctx *c)
{
	static const uint32_t edges[] = { 0,	      1,	  2,
					  4,	      5,	  6,
					  0x7fffffff, 0xfffffffe, 0xffffffff };
	const size_t n = sizeof(edges) / sizeof(edges[0]);
	struct vfio_irq_set set = { .argsz = 20, .index = D_A(c) };
	int fd = d_ready(c);
	size_t i;

	set.flags = data_types[D_B(c)] | TRIGGER;
	for (i = 0; i < n * n; i++) {
		set.start = edges[i / n];
		set.count = edges[i % n];
		raw(c, fd, &set, 20);
	}
}

static void far_index(struct ctx *c)
{
	static const uint32_t indexes[] = {
		4, 5, 6, 0x7fffffff, 0x80000000, 0xffffffff
	};
	struct vfio_irq_set set = { .argsz = 20, .count = 1 };
	int fd = d_ready(c);
	size_t i;

	set.flags = data_types[c->param] | TRIGGER;
	for (i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
		set.index = indexes[i];
		raw(c, fd, &set, 20);
	}
}

/* ---- pointers ---- */

CASE("device/irqs/pointer/header")
{
	struct vfio_irq_set set = { .argsz = sizeof(set),
				    .count = 1,
				    .flags = NONE | TRIGGER };
	char *at = c_mem(c, "A", C_PAGE, 0);
	int fd = d_ready(c);
	size_t len;

	for (len = 1; len <= 2 * sizeof(set); len++) {
		size_t n = (len - 1) % sizeof(set) + 1;

		memcpy(at + C_PAGE - n, &set, n);
		c_arg_at(c, fd, &DEVICE_SET_IRQS, at + C_PAGE - n);
		if (n == sizeof(set))
			set.argsz = 4;
	}
	c_ioctl(c, fd, &DEVICE_SET_IRQS, 0);
	c_ioctl(c, fd, &DEVICE_SET_IRQS, C_KERNEL);
	c_ioctl(c, fd, &DEVICE_SET_IRQS, -1UL);
	c_arg_at(c, fd, &DEVICE_SET_IRQS, c_read_only(c, &set, sizeof(set)));
	c_arg_at(c, fd, &DEVICE_SET_IRQS, c_no_access(c, &set, sizeof(set)));
}

static void data_cut_short(struct ctx *c)
{
	static const uint32_t all_actions[] = { VFIO_IRQ_SET_ACTION_MASK,
						VFIO_IRQ_SET_ACTION_UNMASK,
						TRIGGER };
	struct vfio_irq_set set = { .argsz = 40, .index = D_A(c) };
	int fd = d_ready(c);
	size_t i, len;

	set.flags = data_types[D_B(c)];
	for (i = 0; i < 3; i++) {
		set.flags = data_types[D_B(c)] | all_actions[i];
		for (set.count = 0; set.count < 3; set.count++)
			for (len = 20; len < 24; len++)
				raw(c, fd, &set, len);
	}
}

/* An eventfd's number where nobody may write. */
CASE("device/irqs/pointer/read-only")
{
	struct {
		struct vfio_irq_set set;
		int fd;
	} arg = { { .argsz = 24, .flags = EVENTFD | TRIGGER, .count = 1 },
		  c_eventfd(c, "event") };
	int fd = d_ready(c);

	c_arg_at(c, fd, &DEVICE_SET_IRQS, c_read_only(c, &arg, 24));
	d_action(c, fd, TRIGGER, 0);
	c_counter(c, arg.fd);
}

/* ---- two errors at once ---- */

CASE("device/irqs/order")
{
	struct vfio_irq_set set = { .argsz = 20,
				    .flags = EVENTFD | TRIGGER,
				    .count = 1 };
	int fd = d_ready(c);

	c_note(c, "argsz lacks the data, and there is none");
	raw(c, fd, &set, 20);
	c_note(c, "the data is missing; the action is wrong, or the index");
	set.argsz = 24;
	set.flags = EVENTFD | VFIO_IRQ_SET_ACTION_MASK;
	raw(c, fd, &set, 20);
	set.flags = EVENTFD;
	raw(c, fd, &set, 20);
	set.flags = EVENTFD | TRIGGER;
	for (set.index = 1; set.index < 6; set.index++)
		raw(c, fd, &set, 20);
	c_note(c, "the data is missing; the range is too long");
	set.index = 0;
	set.count = 2;
	set.argsz = 28;
	raw(c, fd, &set, 20);
	set.count = 6;
	set.argsz = 60;
	raw(c, fd, &set, 20);
	c_note(c, "a bad fd, for an index or an action that takes none");
	set.count = 1;
	set.argsz = 24;
	for (set.index = 2; set.index < 5; set.index++)
		raw(c, fd, &set, 24);
	set.index = 1;
	set.flags = EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK;
	raw(c, fd, &set, 24);
}

CASES
{
	unsigned int i, j;

	for (i = 0; i < 32; i++)
		conform_add(flag, i, 0, "device/irqs/flag/%02u", i);
	for (i = 0; i < 6; i++)
		for (j = i + 1; j < 6; j++)
			conform_add(flag_pair, D_PARAM(i, j, 0), 0,
				    "device/irqs/flag-pair/%u-%u", i, j);
	for (i = 0; i < 3; i++) {
		conform_add(far_index, i, 0, "device/irqs/far-index/%s",
			    type_names[i]);
		for (j = 0; j < 3; j++)
			conform_add(argsz, D_PARAM(i, j, 0), 0,
				    "device/irqs/argsz/%s-%u", type_names[i],
				    j);
		for (j = 0; j < 5; j++)
			conform_add(ranges, D_PARAM(j, i, 0), 0,
				    "device/irqs/range/%u-%s", j,
				    type_names[i]);
		for (j = 0; j < 2; j++)
			conform_add(data_cut_short, D_PARAM(j, i, 0), 0,
				    "device/irqs/pointer/data-%u-%s", j,
				    type_names[i]);
	}
}
