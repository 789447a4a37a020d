// SPDX-License-Identifier: BSD-3-Clause
/* DEVICE_FEATURE: every number in each direction. */
#include <string.h>
#include "helpers_device.h"

#define GET VFIO_DEVICE_FEATURE_GET
#define SET VFIO_DEVICE_FEATURE_SET
#define PROBE VFIO_DEVICE_FEATURE_PROBE

#define MIGRATION 1
#define MIG_DATA_SIZE 9

static const uint32_t directions[] = { 0,	    GET,
				       SET,	    GET | SET,
				       PROBE,	    GET | PROBE,
				       SET | PROBE, GET | SET | PROBE };

/* len bytes are there; argsz as given. */
static long raw(struct ctx *c, int fd, uint32_t flags, uint32_t argsz,
		size_t len)
{
	unsigned char arg[64] = { 0 };
	struct vfio_device_feature feature = { .argsz = argsz, .flags = flags };

	memcpy(arg, &feature, sizeof(feature));
	return c_arg(c, fd, &DEVICE_FEATURE, arg, len);
}

/* With no data, too little, and more than enough, all of it 0. */
static void each(struct ctx *c)
{
	static const uint32_t sizes[] = { 8, 9, 12, 16, 24, 40, 64 };
	uint32_t flags = D_A(c) | directions[D_B(c)];
	int fd = d_ready(c);
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		raw(c, fd, flags, sizes[i], sizes[i]);
}

static void argsz(struct ctx *c)
{
	static const uint32_t numbers[] = { 0, 1, 11, 0xffff };
	int fd = d_ready(c);
	size_t i;

	for (i = 0; i < 4; i++) {
		raw(c, fd, numbers[i] | directions[c->param], 0, 16);
		raw(c, fd, numbers[i] | directions[c->param], 7, 16);
		raw(c, fd, numbers[i] | directions[c->param], 8, 16);
		raw(c, fd, numbers[i] | directions[c->param], 15, 16);
		raw(c, fd, numbers[i] | directions[c->param], 0xffffffff, 16);
	}
}

/* Bits 19 and up. */
static void unknown_bit(struct ctx *c)
{
	uint32_t bit = 1U << c->param;
	int fd = d_ready(c);
	size_t i;

	for (i = 0; i < 8; i++)
		raw(c, fd, bit | directions[i] | MIGRATION, 16, 16);
	raw(c, fd, bit | GET | 11, 16, 16);
	raw(c, fd, bit | GET | 11, 4, 16);
}

static void cut_short(struct ctx *c)
{
	uint32_t flags = D_A(c) | directions[D_B(c)];
	int fd = d_ready(c);
	size_t len;

	for (len = 1; len <= 16; len++)
		raw(c, fd, flags, 16, len);
}

static void pointers(struct ctx *c)
{
	static const uint32_t numbers[] = { MIGRATION, MIG_DATA_SIZE, 0, 11 };
	struct {
		struct vfio_device_feature feature;
		uint64_t data;
	} arg = { .feature.argsz = 16 };
	int fd = d_ready(c);
	size_t i;

	c_ioctl(c, fd, &DEVICE_FEATURE, 0);
	c_ioctl(c, fd, &DEVICE_FEATURE, 4);
	c_ioctl(c, fd, &DEVICE_FEATURE, C_KERNEL);
	c_ioctl(c, fd, &DEVICE_FEATURE, -1UL);
	for (i = 0; i < 4; i++) {
		arg.feature.flags = numbers[i] | directions[c->param];
		c_arg_at(c, fd, &DEVICE_FEATURE,
			 c_read_only(c, &arg, sizeof(arg)));
		c_arg_at(c, fd, &DEVICE_FEATURE,
			 c_no_access(c, &arg, sizeof(arg)));
	}
}

/* No feature of these numbers, today. */
CASE("device/feature/unknown")
{
	static const uint32_t numbers[] = { 11,	  12,	  13,	  14,
					    20,	  100,	  255,	  256,
					    4096, 0x7fff, 0x8000, 0xffff };
	int fd = d_ready(c);
	size_t i, j;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		for (j = 0; j < 8; j++)
			raw(c, fd, numbers[i] | directions[j], 64, 64);
}

CASES
{
	static const char *const names[] = { "none",	  "get",
					     "set",	  "get-set",
					     "probe",	  "probe-get",
					     "probe-set", "probe-get-set" };
	unsigned int number, i;

	for (number = 0; number <= 10; number++)
		for (i = 0; i < 8; i++)
			conform_add(each, D_PARAM(number, i, 0), 0,
				    "device/feature/%u/%s", number, names[i]);
	for (i = 0; i < 8; i++) {
		conform_add(argsz, i, 0, "device/feature/argsz/%s", names[i]);
		conform_add(pointers, i, 0, "device/feature/pointers/%s",
			    names[i]);
		conform_add(cut_short, D_PARAM(11, i, 0), 0,
			    "device/feature/cut-short/unknown-%s", names[i]);
		conform_add(cut_short, D_PARAM(MIGRATION, i, 0), 0,
			    "device/feature/cut-short/migration-%s", names[i]);
	}
	for (i = 19; i < 32; i++)
		conform_add(unknown_bit, i, 0, "device/feature/bit-%u", i);
}
