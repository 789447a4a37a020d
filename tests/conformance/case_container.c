// SPDX-License-Identifier: BSD-3-Clause
/* Calls on a container's fd, in each state. case_life.c has their order. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include "states.h"

static const unsigned long types[] = {
	0, 1,  2,  3,  4,	   5,	       6,	    7,	 8,
	9, 10, 11, 77, 0x7fffffff, 0x80000000, 0x100000001, -1UL
};
#define NR_TYPES (sizeof(types) / sizeof(types[0]))

/* ---- open ---- */

static void open_mode(struct ctx *c)
{
	int fd = c_open(c, "container", c->container, (int)c->param);

	c_ioctl(c, fd, &GET_API_VERSION, 0);
	c_ioctl(c, fd, &CHECK_EXTENSION, VFIO_TYPE1_IOMMU);
	c_ioctl(c, fd, &SET_IOMMU, VFIO_TYPE1_IOMMU);
	c_close(c, fd);
	c_ioctl(c, fd, &GET_API_VERSION, 0);
}

CASES
{
	conform_add(open_mode, O_RDONLY, 0, "container/open/read-only");
	conform_add(open_mode, O_WRONLY, 0, "container/open/write-only");
	conform_add(open_mode, O_RDWR, 0, "container/open/read-write");
	conform_add(open_mode, 3, 0, "container/open/mode-3");
	conform_add(open_mode, O_PATH, 0, "container/open/path");
	conform_add(open_mode, O_RDWR | O_NONBLOCK, 0,
		    "container/open/nonblock");
	conform_add(open_mode, O_RDWR | O_TRUNC, 0, "container/open/truncate");
	conform_add(open_mode, O_RDWR | O_APPEND, 0, "container/open/append");
	conform_add(open_mode, O_RDWR | O_DIRECT, 0, "container/open/direct");
	conform_add(open_mode, O_RDWR | O_CREAT, 0, "container/open/create");
	conform_add(open_mode, O_RDWR | O_CREAT | O_EXCL, 0,
		    "container/open/create-exclusive");
	conform_add(open_mode, O_RDONLY | O_DIRECTORY, 0,
		    "container/open/directory");
}

/* Each open is a container of its own. */
CASE("container/open/twice")
{
	int one = c_open(c, "one", c->container, O_RDWR);
	int two = c_open(c, "two", c->container, O_RDWR);
	int group = c_open(c, "group", c->group[0], O_RDWR);

	c_set_container(c, group, one);
	c_ioctl(c, two, &SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	c_ioctl(c, one, &SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	c_iommu_info(c, two, 24);
	c_iommu_info(c, one, 24);
}

CASE("container/open/dup-is-the-same")
{
	int one = c_open(c, "one", c->container, O_RDWR);
	int two = c_dup(c, "two", one);
	int group = c_open(c, "group", c->group[0], O_RDWR);

	c_set_container(c, group, one);
	c_ioctl(c, two, &SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	c_close(c, one);
	c_iommu_info(c, two, 24);
}

/* ---- every command in every state ---- */

static void command(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));
	const struct c_cmd *cmd = c_commands[PARAM_N(c)];
	unsigned char arg[64] = { 0 };

	c_command(c, r.container, cmd, arg, sizeof(arg));
}

/* The numbers around VFIO's own, and some of others. */
static void numbers(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));
	unsigned int nr;

	for (nr = 0x3b60; nr < 0x3b64; nr++)
		c_ioctl_nr(c, r.container, nr, 0);
	for (nr = 0x3b76; nr <= 0x3b94; nr++)
		c_ioctl_nr(c, r.container, nr, 0);
	c_ioctl_nr(c, r.container, 0, 0);
	c_ioctl_nr(c, r.container, 0xffffffff, 0);
	/* The right number with a size, or a direction. */
	c_ioctl_nr(c, r.container, _IOR(';', 100, int), 0);
	c_ioctl_nr(c, r.container, _IOW(';', 100, int), 0);
	c_ioctl_nr(c, r.container, _IOWR(';', 112, int), 0);
}

static void api_version(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));

	c_ioctl(c, r.container, &GET_API_VERSION, 0);
	c_ioctl(c, r.container, &GET_API_VERSION, 1);
	c_ioctl(c, r.container, &GET_API_VERSION, C_KERNEL);
}

static void extensions(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));
	size_t i;

	for (i = 0; i < NR_TYPES; i++)
		c_ioctl(c, r.container, &CHECK_EXTENSION, types[i]);
}

static void set_iommu(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));

	c_ioctl(c, r.container, &SET_IOMMU, types[PARAM_N(c)]);
	c_iommu_info(c, r.container, 24);
	c_ioctl(c, r.container, &SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	c_iommu_info(c, r.container, 24);
}

CASES
{
	const char *state;
	long n;
	int i;

	for (i = 0; i < NR_LIVES; i++) {
		state = life_names[i];
		conform_add(api_version, i, 0, "container/api-version/%s",
			    state);
		conform_add(extensions, i, 0, "container/extension/%s", state);
		conform_add(numbers, i, 0, "container/number/%s", state);
		for (n = 0; c_commands[n]; n++)
			conform_add(command, PARAM(i, n), 0,
				    "container/command/%s/%s", state,
				    c_commands[n]->name + 5);
	}
	for (n = 0; n < (long)NR_TYPES; n++)
		for (i = 0; i < LIFE_TYPE1V2; i++)
			conform_add(set_iommu, PARAM(i, n), 0,
				    "container/set-iommu/%s/0x%lx",
				    life_names[i], types[n]);
}

/* ---- what is not an ioctl ---- */

static void file_op(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));

	file_ops[PARAM_N(c)].fn(c, r.container);
}

CASES
{
	long n;

	for (n = 0; file_ops[n].name; n++) {
		conform_add(file_op, PARAM(LIFE_OPEN, n), 0,
			    "container/file/open/%s", file_ops[n].name);
		conform_add(file_op, PARAM(LIFE_DEVICE, n), 0,
			    "container/file/device/%s", file_ops[n].name);
	}
}
