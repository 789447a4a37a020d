// SPDX-License-Identifier: BSD-3-Clause
/* VFIO_GROUP_GET_DEVICE_FD: names, where they lie, and the fd. */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "states.h"

/* Makes a name in buffer; returns its length, with NUL where it has one. */
typedef size_t make_name(struct ctx *c, char *buffer);

static size_t whole(struct ctx *c, char *buffer)
{
	return strlen(strcpy(buffer, c->device[0])) + 1;
}

static size_t empty(struct ctx *c, char *buffer)
{
	(void)c;
	buffer[0] = 0;
	return 1;
}

static size_t blank_after(struct ctx *c, char *buffer)
{
	return (size_t)sprintf(buffer, "%s ", c->device[0]) + 1;
}

static size_t blank_before(struct ctx *c, char *buffer)
{
	return (size_t)sprintf(buffer, " %s", c->device[0]) + 1;
}

static size_t newline_after(struct ctx *c, char *buffer)
{
	return (size_t)sprintf(buffer, "%s\n", c->device[0]) + 1;
}

static size_t letter_after(struct ctx *c, char *buffer)
{
	return (size_t)sprintf(buffer, "%sx", c->device[0]) + 1;
}

static size_t twice(struct ctx *c, char *buffer)
{
	return (size_t)sprintf(buffer, "%s%s", c->device[0], c->device[0]) + 1;
}

static size_t shorter(struct ctx *c, char *buffer)
{
	whole(c, buffer);
	buffer[strlen(buffer) - 1] = 0;
	return strlen(buffer) + 1;
}

static size_t without_first(struct ctx *c, char *buffer)
{
	return strlen(strcpy(buffer, c->device[0] + 1)) + 1;
}

static size_t upper_case(struct ctx *c, char *buffer)
{
	size_t i, len = whole(c, buffer);

	for (i = 0; i < len; i++)
		buffer[i] = (char)toupper((unsigned char)buffer[i]);
	return len;
}

static size_t garbage_behind(struct ctx *c, char *buffer)
{
	size_t len = whole(c, buffer);

	memset(buffer + len, 'x', 100);
	return len + 100;
}

static size_t path(struct ctx *c, char *buffer)
{
	return (size_t)sprintf(buffer, "/sys/bus/mdev/devices/%s",
			       c->device[0]) +
	       1;
}

static size_t unterminated(struct ctx *c, char *buffer)
{
	return whole(c, buffer) - 1;
}

static size_t unterminated_wrong(struct ctx *c, char *buffer)
{
	return shorter(c, buffer) - 1;
}

static size_t other_device(struct ctx *c, char *buffer)
{
	return strlen(strcpy(buffer, c->device[1])) + 1;
}

static size_t x_times(char *buffer, size_t n)
{
	memset(buffer, 'x', n);
	buffer[n] = 0;
	return n + 1;
}

static size_t x_4094(struct ctx *c, char *buffer)
{
	(void)c;
	return x_times(buffer, 4094);
}

static size_t x_4095(struct ctx *c, char *buffer)
{
	(void)c;
	return x_times(buffer, 4095);
}

static size_t x_4096(struct ctx *c, char *buffer)
{
	(void)c;
	return x_times(buffer, 4096);
}

static size_t x_4097(struct ctx *c, char *buffer)
{
	(void)c;
	return x_times(buffer, 4097);
}

static size_t x_4095_unterminated(struct ctx *c, char *buffer)
{
	return x_4095(c, buffer) - 1;
}

static size_t x_4096_unterminated(struct ctx *c, char *buffer)
{
	return x_4096(c, buffer) - 1;
}

/* The right name, and what follows its NUL reaches beyond 4096 bytes. */
static size_t long_tail(struct ctx *c, char *buffer)
{
	memset(buffer, 'x', 5000);
	whole(c, buffer);
	return 5000;
}

static const struct {
	const char *name;
	make_name *make;
	unsigned int flags;
} names[] = {
	{ "whole", whole, 0 },
	{ "empty", empty, 0 },
	{ "blank-after", blank_after, 0 },
	{ "blank-before", blank_before, 0 },
	{ "newline-after", newline_after, 0 },
	{ "letter-after", letter_after, 0 },
	{ "twice", twice, 0 },
	{ "shorter", shorter, 0 },
	{ "without-first", without_first, 0 },
	{ "upper-case", upper_case, 0 },
	{ "garbage-behind", garbage_behind, 0 },
	{ "path", path, 0 },
	{ "unterminated", unterminated, 0 },
	{ "unterminated-wrong", unterminated_wrong, 0 },
	{ "other-device", other_device, CASE_TWO_GROUPS },
	{ "4094", x_4094, 0 },
	{ "4095", x_4095, 0 },
	{ "4096", x_4096, 0 },
	{ "4097", x_4097, 0 },
	{ "4095-unterminated", x_4095_unterminated, 0 },
	{ "4096-unterminated", x_4096_unterminated, 0 },
	{ "long-tail", long_tail, 0 },
};

static void name(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));
	char buffer[8192], shown[64];
	size_t len = names[PARAM_N(c)].make(c, buffer);

	snprintf(shown, sizeof(shown), "{name %s}", names[PARAM_N(c)].name);
	c_device_fd_bytes(c, r.group, "result", shown, buffer, len);
}

static void pointer(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));
	size_t len = strlen(c->device[0]) + 1;

	c_ioctl(c, r.group, &GROUP_GET_DEVICE_FD, 0);
	c_ioctl(c, r.group, &GROUP_GET_DEVICE_FD, C_KERNEL);
	c_ioctl(c, r.group, &GROUP_GET_DEVICE_FD, -1UL);
	c_arg_at(c, r.group, &GROUP_GET_DEVICE_FD,
		 c_no_access(c, c->device[0], len));
}

/* Without a number left: which check comes first? */
static void no_number(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 3;
	c_did(c, setrlimit(RLIMIT_NOFILE, &limit), "setrlimit(NOFILE, 3)");
	c_device_fd(c, r.group, "result", c->device[0]);
	c_device_fd(c, r.group, "result", "wrong");
	limit.rlim_cur = limit.rlim_max;
	c_did(c, setrlimit(RLIMIT_NOFILE, &limit), "setrlimit(NOFILE, max)");
	c_device_fd(c, r.group, "result", c->device[0]);
}

CASES
{
	long n;
	int i;

	for (i = 0; i < NR_LIVES; i++) {
		conform_add(pointer, i, 0, "group/name/pointer/%s",
			    life_names[i]);
		conform_add(no_number, i, 0, "group/name/no-number/%s",
			    life_names[i]);
		if (i == LIFE_TYPE1)
			continue;
		for (n = 0; n < (long)(sizeof(names) / sizeof(names[0])); n++)
			conform_add(name, PARAM(i, n), names[n].flags,
				    "group/name/%s/%s", life_names[i],
				    names[n].name);
	}
}

/* ---- the fd ---- */

CASE("group/device-fd/flags")
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	char link[64] = "";

	c_fcntl(c, r.device, F_GETFD, "F_GETFD", 0);
	c_did(c, fcntl(r.device, F_GETFL) & ~0100000, "fcntl(fd, F_GETFL)");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", r.device);
	c_did(c, open(link, O_RDWR), "open(its /proc/self/fd, O_RDWR)");
}

CASE("group/device-fd/lowest-number")
{
	struct c_ready r = c_ready(c, VFIO_TYPE1v2_IOMMU);
	int hole = dup(0), high = dup(0), fd;

	close(hole);
	fd = c_device_fd(c, r.group, "device", c->device[0]);
	c_say(c, "number is %s", fd == hole ? "the lowest" : "another");
	close(high);
}

CASE("group/device-fd/many")
{
	struct c_ready r = c_ready(c, VFIO_TYPE1v2_IOMMU);
	char role[16];
	int i;

	for (i = 0; i < 8; i++) {
		snprintf(role, sizeof(role), "device-%d", i);
		c_device_fd(c, r.group, role, c->device[0]);
	}
	for (i = 0; i < 8; i++) {
		c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
		snprintf(role, sizeof(role), "device-%d", i);
		c_close(c, c_fd(c, role));
	}
	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
}

CASE("group/device-fd/again")
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);

	c_close(c, r.device);
	c_device_fd(c, r.group, "device", c->device[0]);
	c_device_info(c, c_fd(c, "device"), 24);
}
