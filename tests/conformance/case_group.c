// SPDX-License-Identifier: BSD-3-Clause
/* Calls on a group's fd, in each state. case_name.c has GET_DEVICE_FD. */
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "states.h"

/* ---- open ---- */

static void open_mode(struct ctx *c)
{
	int container = c_open(c, "container", c->container, (int)c->param);
	int fd = c_open(c, "group", c->group[0], (int)c->param);
	struct vfio_group_status status = { .argsz = sizeof(status) };

	c_arg(c, fd, &GROUP_GET_STATUS, &status, sizeof(status));
	c_set_container(c, fd, container);
	c_ioctl(c, container, &SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	c_device_fd(c, fd, "device", c->device[0]);
}

CASES
{
	conform_add(open_mode, O_RDONLY, 0, "group/open/read-only");
	conform_add(open_mode, O_WRONLY, 0, "group/open/write-only");
	conform_add(open_mode, O_RDWR, 0, "group/open/read-write");
	conform_add(open_mode, 3, 0, "group/open/mode-3");
	conform_add(open_mode, O_PATH, 0, "group/open/path");
	conform_add(open_mode, O_RDWR | O_TRUNC, 0, "group/open/truncate");
	conform_add(open_mode, O_RDWR | O_CREAT | O_EXCL, 0,
		    "group/open/create-exclusive");
}

CASE("group/open/twice")
{
	int fd = c_open(c, "group", c->group[0], O_RDWR), again;

	c_open(c, "second", c->group[0], O_RDWR);
	c_open(c, "second", c->group[0], O_RDONLY);
	again = c_dup(c, "dup", fd);
	c_close(c, fd);
	c_open(c, "second", c->group[0], O_RDWR);
	c_close(c, again);
	c_open(c, "second", c->group[0], O_RDWR);
}

CASE_FLAGS("group/open/both", CASE_TWO_GROUPS)
{
	c_open(c, "group", c->group[0], O_RDWR);
	c_open(c, "group2", c->group[1], O_RDWR);
	c_open(c, "second", c->group[0], O_RDWR);
	c_open(c, "second2", c->group[1], O_RDWR);
}

/* ---- every command in every state ---- */

static void command(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));
	const struct c_cmd *cmd = c_commands[PARAM_N(c)];
	unsigned char arg[64] = { 0 };

	c_command(c, r.group, cmd, arg, sizeof(arg));
}

static void numbers(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));
	unsigned int nr;

	for (nr = 0x3b60; nr < 0x3b64; nr++)
		c_ioctl_nr(c, r.group, nr, 0);
	for (nr = 0x3b76; nr <= 0x3b94; nr++)
		c_ioctl_nr(c, r.group, nr, 0);
	c_ioctl_nr(c, r.group, 0, 0);
	c_ioctl_nr(c, r.group, 0xffffffff, 0);
}

static void file_op(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));

	file_ops[PARAM_N(c)].fn(c, r.group);
}

/* ---- GET_STATUS ---- */

static void status_argsz(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));
	struct vfio_group_status status;
	uint32_t argsz;

	for (argsz = 0; argsz <= 12; argsz++) {
		memset(&status, 0xee, sizeof(status));
		status.argsz = argsz;
		c_arg(c, r.group, &GROUP_GET_STATUS, &status, sizeof(status));
	}
	status.argsz = 0xffffffff;
	c_arg(c, r.group, &GROUP_GET_STATUS, &status, sizeof(status));
}

static void status_pointer(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));
	struct vfio_group_status status = { .argsz = 8, .flags = 0xeeeeeeee };
	size_t len;

	for (len = 1; len < sizeof(status); len++)
		c_arg(c, r.group, &GROUP_GET_STATUS, &status, len);
	c_arg_at(c, r.group, &GROUP_GET_STATUS,
		 c_read_only(c, &status, sizeof(status)));
	status.argsz = 7;
	c_arg_at(c, r.group, &GROUP_GET_STATUS,
		 c_read_only(c, &status, sizeof(status)));
	c_arg_at(c, r.group, &GROUP_GET_STATUS,
		 c_no_access(c, &status, sizeof(status)));
	c_ioctl(c, r.group, &GROUP_GET_STATUS, 0);
	c_ioctl(c, r.group, &GROUP_GET_STATUS, C_KERNEL);
	c_ioctl(c, r.group, &GROUP_GET_STATUS, -1UL);
}

/* ---- SET_CONTAINER: fds that are none of it ---- */

static int fd_minus_one(struct ctx *c)
{
	(void)c;
	return -1;
}

static int fd_unused(struct ctx *c)
{
	(void)c;
	return 999;
}

static int fd_huge(struct ctx *c)
{
	(void)c;
	return 0x7fffffff;
}

static int fd_closed(struct ctx *c)
{
	int fd = c_open(c, "closed", c->container, O_RDWR);

	c_close(c, fd);
	return fd;
}

static int fd_group(struct ctx *c)
{
	return c_fd(c, "group");
}

static int fd_group2(struct ctx *c)
{
	return c_open(c, "group2", c->group[1], O_RDWR);
}

static int fd_device(struct ctx *c)
{
	return c_fd(c, "device");
}

static int fd_event(struct ctx *c)
{
	return c_eventfd(c, "eventfd");
}

static int fd_pipe(struct ctx *c)
{
	c_pipe(c, "reader", "writer");
	return c_fd(c, "reader");
}

static int fd_null(struct ctx *c)
{
	return c_open(c, "null", "/dev/null", O_RDWR);
}

static int fd_file(struct ctx *c)
{
	return c_open(c, "file", "/proc/self/maps", O_RDONLY);
}

static int fd_directory(struct ctx *c)
{
	return c_open(c, "directory", "/dev", O_RDONLY);
}

static int fd_epoll(struct ctx *c)
{
	int fd = epoll_create1(0);

	c_name_fd(c, "epoll", fd);
	return fd;
}

static int fd_path(struct ctx *c)
{
	return c_open(c, "path", c->container, O_PATH);
}

static int fd_container(struct ctx *c)
{
	return c_fd(c, "container");
}

static int fd_dup(struct ctx *c)
{
	return c_dup(c, "dup", c_fd(c, "container"));
}

static int fd_other(struct ctx *c)
{
	return c_open(c, "other", c->container, O_RDWR);
}

static int fd_read_only(struct ctx *c)
{
	return c_open(c, "read-only", c->container, O_RDONLY);
}

static int fd_write_only(struct ctx *c)
{
	return c_open(c, "write-only", c->container, O_WRONLY);
}

static const struct {
	const char *name;
	int (*make)(struct ctx *c);
	unsigned int flags;
} kinds[] = {
	{ "minus-one", fd_minus_one, 0 },
	{ "unused", fd_unused, 0 },
	{ "huge", fd_huge, 0 },
	{ "closed", fd_closed, 0 },
	{ "group", fd_group, 0 },
	{ "group2", fd_group2, CASE_TWO_GROUPS },
	{ "device", fd_device, 0 },
	{ "eventfd", fd_event, 0 },
	{ "pipe", fd_pipe, 0 },
	{ "null", fd_null, 0 },
	{ "file", fd_file, 0 },
	{ "directory", fd_directory, 0 },
	{ "epoll", fd_epoll, 0 },
	{ "path", fd_path, 0 },
	{ "container", fd_container, 0 },
	{ "dup", fd_dup, 0 },
	{ "other-container", fd_other, 0 },
	{ "read-only", fd_read_only, 0 },
	{ "write-only", fd_write_only, 0 },
};
#define NR_KINDS ((long)(sizeof(kinds) / sizeof(kinds[0])))

static void set_container(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));
	struct vfio_group_status status = { .argsz = sizeof(status) };

	c_set_container(c, r.group, kinds[PARAM_N(c)].make(c));
	c_arg(c, r.group, &GROUP_GET_STATUS, &status, sizeof(status));
	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
}

/* On another group, while the first is in its state. */
static void set_container2(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));
	int group2 = c_open(c, "group2", c->group[1], O_RDWR);
	struct vfio_group_status status = { .argsz = sizeof(status) };

	c_set_container(c, group2, r.container);
	c_arg(c, group2, &GROUP_GET_STATUS, &status, sizeof(status));
	c_device_fd(c, group2, "device2", c->device[1]);
	c_ioctl(c, group2, &GROUP_UNSET_CONTAINER, 0);
	c_close(c, c_fd(c, "device2"));
	c_ioctl(c, group2, &GROUP_UNSET_CONTAINER, 0);
	c_iommu_info(c, r.container, 24);
}

static void set_container_pointer(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));
	int fd = r.container, bad = -1;
	size_t len;

	for (len = 1; len < sizeof(fd); len++)
		c_arg(c, r.group, &GROUP_SET_CONTAINER, &fd, len);
	c_ioctl(c, r.group, &GROUP_SET_CONTAINER, 0);
	c_ioctl(c, r.group, &GROUP_SET_CONTAINER, C_KERNEL);
	c_arg_at(c, r.group, &GROUP_SET_CONTAINER,
		 c_no_access(c, &fd, sizeof(fd)));
	c_arg_at(c, r.group, &GROUP_SET_CONTAINER,
		 c_read_only(c, &bad, sizeof(bad)));
	c_arg_at(c, r.group, &GROUP_SET_CONTAINER,
		 c_read_only(c, &fd, sizeof(fd)));
}

static void unset_container(struct ctx *c)
{
	struct c_ready r = c_life(c, PARAM_LIFE(c));

	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, C_KERNEL);
	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
	c_iommu_info(c, r.container, 24);
	c_ioctl(c, r.container, &SET_IOMMU, VFIO_TYPE1_IOMMU);
	c_set_container(c, r.group, r.container);
	c_iommu_info(c, r.container, 24);
	c_ioctl(c, r.container, &SET_IOMMU, VFIO_TYPE1_IOMMU);
	c_iommu_info(c, r.container, 24);
}

static void add_state(int i, const char *state)
{
	long n;

	conform_add(numbers, i, 0, "group/number/%s", state);
	conform_add(status_argsz, i, 0, "group/status/argsz/%s", state);
	conform_add(status_pointer, i, 0, "group/status/pointer/%s", state);
	conform_add(set_container_pointer, i, 0,
		    "group/set-container/pointer/%s", state);
	conform_add(unset_container, i, 0, "group/unset-container/%s", state);
	conform_add(set_container2, i, CASE_TWO_GROUPS,
		    "group/set-container/second-group/%s", state);
	for (n = 0; c_commands[n]; n++)
		conform_add(command, PARAM(i, n), 0, "group/command/%s/%s",
			    state, c_commands[n]->name + 5);
	for (n = 0; n < NR_KINDS; n++)
		conform_add(set_container, PARAM(i, n), kinds[n].flags,
			    "group/set-container/fd/%s/%s", state,
			    kinds[n].name);
}

CASES
{
	long n;
	int i;

	for (i = 0; i < NR_LIVES; i++)
		add_state(i, life_names[i]);
	for (n = 0; file_ops[n].name; n++) {
		conform_add(file_op, PARAM(LIFE_OPEN, n), 0,
			    "group/file/open/%s", file_ops[n].name);
		conform_add(file_op, PARAM(LIFE_DEVICE, n), 0,
			    "group/file/device/%s", file_ops[n].name);
	}
}
