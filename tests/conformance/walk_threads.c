// SPDX-License-Identifier: BSD-3-Clause
/*
 * Walk: the calls of one process, each from one of several threads. They take
 * turns, in an order that the seed gives; what one has done the others find.
 */
#include <stdio.h>
#include "helpers_device.h"
#include "helpers_type1.h"

#define THREADS 4

static struct {
	struct c_actor *thread[THREADS];
	char *memory;
	struct ctx *ctx; /* of the step: its number goes before the lines */
	case_fn *step;
} walk;

static void start(struct ctx *c, unsigned long i)
{
	char name[8];

	snprintf(name, sizeof(name), "t%lu", i);
	walk.thread[i] = c_thread(c, name);
}

static void begin(struct ctx *c)
{
	unsigned long i;

	d_mtty(c);
	c_eventfd(c, "event");
	walk.memory = c_mem(c, "A", C_PAGE, C_UNWATCHED);
	for (i = 0; i < THREADS; i++)
		start(c, i);
}

static void do_map(struct ctx *c)
{
	uint64_t iova = T1_IOVA(c_random(c, 32));

	c_map(c, c_fd(c, "container"), walk.memory, iova,
	      C_PAGE * (1 + c_random(c, 3)), 3);
}

static void do_unmap(struct ctx *c)
{
	uint64_t iova = T1_IOVA(c_random(c, 32));

	c_unmap(c, c_fd(c, "container"), iova, C_PAGE * (1 + c_random(c, 8)), 0,
		NULL);
}

static void do_info(struct ctx *c)
{
	if (c_random(c, 2))
		c_iommu_info(c, c_fd(c, "container"), 72);
	else
		c_device_info(c, c_fd(c, "device"), 16);
}

static void do_event(struct ctx *c)
{
	d_set_eventfd(c, c_fd(c, "device"), (uint32_t)c_random(c, 2),
		      c_random(c, 4) ? c_fd(c, "event") : -1);
}

static void do_trigger(struct ctx *c)
{
	d_action(c, c_fd(c, "device"),
		 c_random(c, 2) ? VFIO_IRQ_SET_ACTION_TRIGGER :
				  VFIO_IRQ_SET_ACTION_UNMASK,
		 (uint32_t)c_random(c, 2));
}

static void do_scratch(struct ctx *c)
{
	unsigned char value = (unsigned char)c_random(c, 256);

	if (c_random(c, 2))
		c_pwrite(c, c_fd(c, "device"), &value, 1, 7);
	else
		c_pread(c, c_fd(c, "device"), NULL, 1, 7);
}

/* Another fd of the device, opened here, closed there. */
static void do_again(struct ctx *c)
{
	int fd = c_fd(c, "again");

	if (fd < 0) {
		c_device_fd(c, c_fd(c, "group"), "again", c->device[0]);
	} else {
		c_close(c, fd);
		c_name_fd(c, "", fd);
	}
}

static void do_unset(struct ctx *c)
{
	c_ioctl(c, c_fd(c, "group"), &GROUP_UNSET_CONTAINER, 0);
}

static void in_turn(struct ctx *c)
{
	(void)c;
	walk.step(walk.ctx);
}

WALK("threads")
{
	static case_fn *const steps[] = {
		do_map,	  do_map,     do_map,	  do_map,     do_unmap,
		do_unmap, do_unmap,   do_unmap,	  do_info,    do_info,
		do_event, do_trigger, do_scratch, do_scratch, do_scratch,
		do_again, do_again,
	};
	unsigned long i = c_random(c, THREADS);

	if (c_step_first(c))
		begin(c);
	if (!c_random(c, 64)) {
		c_end(walk.thread[i], 0);
		start(c, i);
	}
	walk.ctx = c;
	walk.step = c_random(c, 32) ? C_PICK(c, steps) : do_unset;
	c_on(walk.thread[i], in_turn);
}
