// SPDX-License-Identifier: BSD-3-Clause
/* GET_INFO, GET_REGION_INFO and GET_IRQ_INFO of a device. */
#include <string.h>
#include "helpers_device.h"

static const uint32_t sizes[] = { 0,  1,  4,	8,	    12,	       15, 16,
				  17, 20, 24,	31,	    32,	       33, 40,
				  48, 64, 4096, 0x7fffffff, 0xffffffff };
#define NR_SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* ---- argsz and index ---- */

static void info_argsz(struct ctx *c)
{
	c_device_info(c, d_ready(c), (uint32_t)c->param);
}

static void region_index(struct ctx *c)
{
	int fd = d_ready(c);
	size_t i;

	for (i = 0; i < NR_SIZES; i++)
		c_region_info(c, fd, (uint32_t)c->param, sizes[i]);
}

static void irq_index(struct ctx *c)
{
	int fd = d_ready(c);
	size_t i;

	for (i = 0; i < NR_SIZES; i++)
		c_irq_info(c, fd, (uint32_t)c->param, sizes[i]);
}

/* What the caller left in the other fields is of no account. */
CASE("device/info/other-fields")
{
	unsigned char arg[32];
	uint32_t argsz = sizeof(arg);
	int fd = d_ready(c);

	memset(arg, 0xff, sizeof(arg));
	memcpy(arg, &argsz, sizeof(argsz));
	c_arg(c, fd, &DEVICE_GET_INFO, arg, sizeof(arg));
	memset(arg + 4, 0, sizeof(arg) - 4);
	c_arg(c, fd, &DEVICE_GET_REGION_INFO, arg, sizeof(arg));
	memset(arg + 12, 0xff, sizeof(arg) - 12);
	memset(arg + 4, 0xff, 4);
	c_arg(c, fd, &DEVICE_GET_REGION_INFO, arg, sizeof(arg));
	memset(arg + 12, 0xff, 4);
	memset(arg + 4, 0xff, 4);
	c_arg(c, fd, &DEVICE_GET_IRQ_INFO, arg, 16);
}

CASE("device/info/each-index")
{
	int fd = d_ready(c);
	uint32_t i;

	c_device_info(c, fd, sizeof(struct vfio_device_info));
	for (i = 0; i < 10; i++)
		c_region_info(c, fd, i, sizeof(struct vfio_region_info));
	for (i = 0; i < 6; i++)
		c_irq_info(c, fd, i, sizeof(struct vfio_irq_info));
}

/* ---- pointers ---- */

static const struct {
	const char *name;
	const struct c_cmd *cmd;
	size_t minsz;
} infos[] = {
	{ "info", &DEVICE_GET_INFO, 16 },
	{ "region-info", &DEVICE_GET_REGION_INFO, 32 },
	{ "irq-info", &DEVICE_GET_IRQ_INFO, 16 },
};
#define NR_INFOS ((long)(sizeof(infos) / sizeof(infos[0])))

/* A page ends before the struct does. */
static void cut_short(struct ctx *c)
{
	const struct c_cmd *cmd = infos[c->param].cmd;
	unsigned char arg[32] = { 0 };
	int fd = d_ready(c);
	size_t len;

	for (len = 1; len < infos[c->param].minsz; len++) {
		memset(arg, 0, sizeof(arg));
		arg[0] = len % 2 ? 32 : 4;
		c_arg(c, fd, cmd, arg, len);
	}
}

static void pointers(struct ctx *c)
{
	const struct c_cmd *cmd = infos[c->param].cmd;
	uint32_t arg[8] = { 32 };
	int fd = d_ready(c);

	c_ioctl(c, fd, cmd, 0);
	c_ioctl(c, fd, cmd, 1);
	c_ioctl(c, fd, cmd, C_KERNEL);
	c_ioctl(c, fd, cmd, -1UL);
	c_ioctl(c, fd, cmd, 0x7ffffffffff0);
	c_arg_at(c, fd, cmd, c_no_access(c, arg, sizeof(arg)));
	c_arg_at(c, fd, cmd, c_read_only(c, arg, sizeof(arg)));
}

/* What cannot be written is read first: too short, no such index. */
static void read_only(struct ctx *c)
{
	const struct c_cmd *cmd = infos[c->param].cmd;
	uint32_t arg[8] = { 4 };
	int fd = d_ready(c);

	c_arg_at(c, fd, cmd, c_read_only(c, arg, sizeof(arg)));
	arg[0] = 32;
	arg[2] = 99;
	c_arg_at(c, fd, cmd, c_read_only(c, arg, sizeof(arg)));
	arg[0] = 4;
	c_arg_at(c, fd, cmd, c_read_only(c, arg, sizeof(arg)));
}

/* The last bytes of the struct lie in a page that can only be read. */
static void half_read_only(struct ctx *c)
{
	const struct c_cmd *cmd = infos[c->param].cmd;
	char *at = c_mem(c, "A", 2 * C_PAGE, 0);
	uint32_t arg[8] = { 32 };
	int fd = d_ready(c);

	memcpy(at + C_PAGE - 12, arg, sizeof(arg));
	c_protect(c, at + C_PAGE, C_PAGE, 1);
	c_arg_at(c, fd, cmd, at + C_PAGE - 12);
}

static void unaligned(struct ctx *c)
{
	const struct c_cmd *cmd = infos[c->param].cmd;
	char *at = c_mem(c, "A", 2 * C_PAGE, 0);
	uint32_t arg[8] = { 32 };
	int fd = d_ready(c), by;

	for (by = 1; by < 4; by++) {
		memset(at, 0, 2 * C_PAGE);
		memcpy(at + C_PAGE - by, arg, sizeof(arg));
		c_arg_at(c, fd, cmd, at + C_PAGE - by);
	}
}

static void add_pointers(long i)
{
	const char *name = infos[i].name;

	conform_add(cut_short, i, 0, "device/%s/cut-short", name);
	conform_add(pointers, i, 0, "device/%s/pointers", name);
	conform_add(read_only, i, 0, "device/%s/read-only", name);
	conform_add(half_read_only, i, 0, "device/%s/half-read-only", name);
	conform_add(unaligned, i, 0, "device/%s/unaligned", name);
}

CASES
{
	static const uint32_t far[] = { 9,	    10,		0x100,
					0x7fffffff, 0x80000000, 0xffffffff };
	size_t i;

	for (i = 0; i <= 32; i++)
		conform_add(info_argsz, (long)i, 0, "device/info/argsz-%02zu",
			    i);
	for (i = 0; i < NR_SIZES; i++)
		if (sizes[i] > 32)
			conform_add(info_argsz, (long)sizes[i], 0,
				    "device/info/argsz-%u", sizes[i]);
	for (i = 0; i < 9; i++)
		conform_add(region_index, (long)i, 0,
			    "device/region-info/index-%zu", i);
	for (i = 0; i < 9; i++)
		conform_add(irq_index, (long)i, 0, "device/irq-info/index-%zu",
			    i);
	for (i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		conform_add(region_index, (long)far[i], 0,
			    "device/region-info/index-0x%x", far[i]);
		conform_add(irq_index, (long)far[i], 0,
			    "device/irq-info/index-0x%x", far[i]);
	}
	for (i = 0; i < NR_INFOS; i++)
		add_pointers((long)i);
}
