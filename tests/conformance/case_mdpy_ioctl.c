// SPDX-License-Identifier: BSD-3-Clause
/* The ioctls of an mdpy: the plane, interrupts that there are not, reset. */
#include <fcntl.h>
#include <string.h>
#include "helpers_device.h"
#include "helpers_mdpy.h"
#include "states.h"

#define PROBE VFIO_GFX_PLANE_TYPE_PROBE
#define DMABUF VFIO_GFX_PLANE_TYPE_DMABUF
#define REGION VFIO_GFX_PLANE_TYPE_REGION
/* Up to the last field that Linux reads and writes. */
#define PLANE_MINSZ 60

/* ---- VFIO_DEVICE_QUERY_GFX_PLANE ---- */

static void query(struct ctx *c, int fd, uint32_t argsz, uint32_t flags,
		  uint32_t type)
{
	uint32_t arg[16];

	memset(arg, 0xee, sizeof(arg));
	arg[0] = argsz;
	arg[1] = flags;
	arg[2] = type;
	c_arg(c, fd, &DEVICE_QUERY_GFX_PLANE, arg, sizeof(arg));
}

M_CASE("mdpy/plane/flags")
{
	static const uint32_t more[] = { 0x80000000, 0xffffffff, REGION | 0x10,
					 PROBE | REGION | 0x10 };
	int fd = m_ready(c);
	uint32_t flags;
	size_t i;

	for (flags = 0; flags < 16; flags++)
		query(c, fd, 64, flags, 0);
	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		query(c, fd, 64, more[i], 0);
}

/* Overlay, primary, cursor, and what there is not: it has one plane. */
M_CASE("mdpy/plane/type")
{
	static const uint32_t types[] = { 0, 1, 2, 3, 99, 0xffffffff };
	int fd = m_ready(c);
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		query(c, fd, 64, REGION, types[i]);
		query(c, fd, 64, PROBE | REGION, types[i]);
	}
}

M_CASE("mdpy/plane/argsz")
{
	static const uint32_t sizes[] = { 0,  8,  12, 40, 56,	59,
					  60, 61, 64, 65, 4096, 0xffffffff };
	int fd = m_ready(c);
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		query(c, fd, sizes[i], REGION, 0);
		query(c, fd, sizes[i], PROBE | REGION, 0);
		query(c, fd, sizes[i], 0, 0);
	}
}

/* Memory for so much of the argument. */
static void plane_cut_short(struct ctx *c)
{
	uint32_t arg[16] = { 64, REGION };
	int fd = m_ready(c);

	c_arg(c, fd, &DEVICE_QUERY_GFX_PLANE, arg, (size_t)c->param);
}

M_CASE("mdpy/plane/pointers")
{
	uint32_t arg[16] = { 64, REGION }, ask[16] = { 64, PROBE | REGION };
	int fd = m_ready(c);

	c_arg_at(c, fd, &DEVICE_QUERY_GFX_PLANE, NULL);
	c_arg_at(c, fd, &DEVICE_QUERY_GFX_PLANE, (void *)C_KERNEL);
	c_arg_at(c, fd, &DEVICE_QUERY_GFX_PLANE,
		 c_no_access(c, arg, sizeof(arg)));
	c_arg_at(c, fd, &DEVICE_QUERY_GFX_PLANE,
		 c_read_only(c, arg, sizeof(arg)));
	c_arg_at(c, fd, &DEVICE_QUERY_GFX_PLANE,
		 c_read_only(c, ask, sizeof(ask)));
	ask[1] = 0;
	c_arg_at(c, fd, &DEVICE_QUERY_GFX_PLANE,
		 c_read_only(c, ask, sizeof(ask)));
}

M_CASE("mdpy/plane/dmabuf")
{
	int fd = m_ready(c);
	uint32_t id = 0;

	c_ioctl(c, fd, &DEVICE_GET_GFX_DMABUF, 0);
	c_arg(c, fd, &DEVICE_GET_GFX_DMABUF, &id, sizeof(id));
}

/* ---- interrupts ---- */

M_CASE("mdpy/irq/info")
{
	static const uint32_t sizes[] = { 0, 8, 15, 16, 17, 4096 };
	int fd = m_ready(c);
	uint32_t index;
	size_t i;

	for (index = 0; index < 7; index++)
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			c_irq_info(c, fd, index, sizes[i]);
	c_irq_info(c, fd, 0xffffffff, 16);
}

/* Whatever it is asked, and not looked at. */
M_CASE("mdpy/irq/set")
{
	int fd = m_ready(c), event = c_eventfd(c, "event");
	uint32_t arg[5] = { 0 }, i;

	for (i = 0; i < 6; i++) {
		d_set_eventfd(c, fd, i, event);
		d_set_eventfd(c, fd, i, -1);
		d_action(c, fd, VFIO_IRQ_SET_ACTION_TRIGGER, i);
		d_action(c, fd, VFIO_IRQ_SET_ACTION_MASK, i);
		c_set_irqs(c, fd,
			   VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
			   i, 0, 0, NULL);
	}
	c_ioctl(c, fd, &DEVICE_SET_IRQS, 0);
	c_ioctl(c, fd, &DEVICE_SET_IRQS, C_KERNEL);
	c_arg(c, fd, &DEVICE_SET_IRQS, arg, sizeof(arg));
}

/* How many indices it has, it learns from GET_INFO, for ever. */
CASE_FLAGS("mdpy/irq/before-info", CASE_MDPY | CASE_TWO_GROUPS)
{
	int container = c_open(c, "container", c->container, O_RDWR);
	int group = c_open(c, "group2", c->group[1], O_RDWR), fd;

	c_set_container(c, group, container);
	c_ioctl(c, container, &SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	fd = c_device_fd(c, group, "device2", c->device[1]);
	c_irq_info(c, fd, 0, 16);
	c_region_info(c, fd, 0, 32);
	c_ioctl(c, fd, &DEVICE_RESET, 0);
	c_device_info(c, fd, 15);
	c_irq_info(c, fd, 0, 16);
	c_device_info(c, fd, 16);
	c_irq_info(c, fd, 0, 16);
	c_close(c, fd);
	fd = c_device_fd(c, group, "device2", c->device[1]);
	c_irq_info(c, fd, 4, 16);
	c_irq_info(c, fd, 5, 16);
}

/* ---- all the others ---- */

static void command(struct ctx *c)
{
	const struct c_cmd *cmd = c_commands[c->param];
	unsigned char arg[64] = { 0 };
	int fd = m_ready(c);

	c_command(c, fd, cmd, arg, sizeof(arg));
	arg[0] = sizeof(arg);
	c_arg(c, fd, cmd, arg, sizeof(arg));
}

static void number(struct ctx *c)
{
	c_ioctl_nr(c, m_ready(c), (unsigned int)c->param, 0);
}

M_CASE("mdpy/feature")
{
	int fd = m_ready(c);
	unsigned char data[64] = { 0 };
	uint32_t i;

	for (i = 0; i < 16; i++) {
		c_feature(c, fd, VFIO_DEVICE_FEATURE_PROBE | i, data, 0);
		c_feature(c, fd, VFIO_DEVICE_FEATURE_GET | i, data, 64);
		c_feature(c, fd, VFIO_DEVICE_FEATURE_SET | i, data, 64);
	}
}

static void file_op(struct ctx *c)
{
	file_ops[c->param].fn(c, m_ready(c));
}

CASES
{
	long i;

	for (i = 0; i <= PLANE_MINSZ; i += i < 8 ? 4 : i < 56 ? 16 : 1)
		conform_add(plane_cut_short, i, CASE_MDPY,
			    "mdpy/plane/cut-short-%02ld", i);
	for (i = 0; c_commands[i]; i++)
		conform_add(command, i, CASE_MDPY, "mdpy/command/%s",
			    c_commands[i]->name + 5);
	for (i = 0x3b60; i <= 0x3b94; i++)
		conform_add(number, i, CASE_MDPY, "mdpy/number/%lx", i);
	for (i = 0; file_ops[i].name; i++)
		conform_add(file_op, i, CASE_MDPY, "mdpy/file/device/%s",
			    file_ops[i].name);
}
