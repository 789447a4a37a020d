// SPDX-License-Identifier: BSD-3-Clause
/* The fd itself: every command on it, its life, more than one of it. */
#include <fcntl.h>
#include <unistd.h>
#include "helpers_device.h"

/* ---- commands ---- */

static void command(struct ctx *c)
{
	const struct c_cmd *cmd = c_commands[c->param];
	unsigned char arg[64] = { 0 };
	int fd = d_ready(c);

	c_command(c, fd, cmd, arg, sizeof(arg));
	arg[0] = sizeof(arg);
	c_arg(c, fd, cmd, arg, sizeof(arg));
}

static void number(struct ctx *c)
{
	c_ioctl_nr(c, d_ready(c), (unsigned int)c->param, 0);
}

CASE("device/number/with-size")
{
	int fd = d_ready(c);

	c_ioctl_nr(c, fd, 0x40043b64, 0);
	c_ioctl_nr(c, fd, 0xc0043b70, 0);
	c_ioctl_nr(c, fd, 0xffffffff, 0);
	c_ioctl_nr(c, fd, 0, 0);
}

/* ---- reset ---- */

CASE("device/reset/argument")
{
	int fd = d_ready(c), i;

	c_ioctl(c, fd, &DEVICE_RESET, C_KERNEL);
	c_ioctl(c, fd, &DEVICE_RESET, -1UL);
	for (i = 0; i < 3; i++)
		c_ioctl(c, fd, &DEVICE_RESET, 0);
	c_device_info(c, fd, 24);
}

CASE("device/reset/keeps-config")
{
	int fd = d_mtty(c);

	c_pwrite(c, fd, "\0\0\x10\0", 4, D_CONFIG + 0x10);
	c_pwrite(c, fd, "\x0b", 1, D_CONFIG + 0x3c);
	c_ioctl(c, fd, &DEVICE_RESET, 0);
	c_pread(c, fd, NULL, 4, D_CONFIG + 0x10);
	c_pread(c, fd, NULL, 1, D_CONFIG + 0x3c);
	c_close(c, fd);
	fd = c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
	c_pread(c, fd, NULL, 4, D_CONFIG + 0x10);
	c_pread(c, fd, NULL, 1, D_CONFIG + 0x3c);
}

/* ---- several fds ---- */

static void use(struct ctx *c, const char *role)
{
	int fd = c_fd(c, role);

	c_irq_info(c, fd, 0, 16);
	c_pread(c, fd, NULL, 4, D_CONFIG);
}

/* Three fds of one device, closed in every order. */
static void close_order(struct ctx *c)
{
	static const char *const roles[] = { "device", "second", "third" };
	static const unsigned char orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 },
						    { 1, 0, 2 }, { 1, 2, 0 },
						    { 2, 0, 1 }, { 2, 1, 0 } };
	const unsigned char *order = orders[c->param];
	int i;

	d_ready(c);
	c_device_fd(c, c_fd(c, "group"), "second", c->device[0]);
	c_device_fd(c, c_fd(c, "group"), "third", c->device[0]);
	for (i = 0; i < 3; i++) {
		c_ioctl(c, c_fd(c, "group"), &GROUP_UNSET_CONTAINER, 0);
		use(c, roles[order[i]]);
		c_close(c, c_fd(c, roles[order[i]]));
	}
	c_ioctl(c, c_fd(c, "group"), &GROUP_UNSET_CONTAINER, 0);
}

/* What still works when the group, or the container, is closed. */
static void without(struct ctx *c)
{
	int fd = d_ready(c);

	if (c->param & 1)
		c_close(c, c_fd(c, "group"));
	if (c->param & 2)
		c_close(c, c_fd(c, "container"));
	c_device_info(c, fd, 24);
	use(c, "device");
	c_open(c, "group-again", c->group[0], O_RDWR);
	c_close(c, fd);
	c_open(c, "group-again", c->group[0], O_RDWR);
}

CASE("device/fd/dup")
{
	int fd = d_ready(c);

	c_dup(c, "dup", fd);
	c_close(c, fd);
	use(c, "dup");
	c_ioctl(c, c_fd(c, "group"), &GROUP_UNSET_CONTAINER, 0);
	c_close(c, c_fd(c, "dup"));
	c_ioctl(c, c_fd(c, "group"), &GROUP_UNSET_CONTAINER, 0);
}

CASE("device/fd/flags")
{
	int fd = d_ready(c);

	c_fcntl(c, fd, F_GETFD, "F_GETFD", 0);
	c_did(c, fcntl(fd, F_GETFL) & O_ACCMODE, "access mode");
}

static void child_uses(struct ctx *c)
{
	use(c, "device");
	c_set_irqs(c, c_fd(c, "device"),
		   VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 1,
		   0, 1, (int[]){ c_fd(c, "event") });
}

CASE("device/fd/fork")
{
	int fd = d_ready(c), event = c_eventfd(c, "event");
	struct c_actor *child = c_process(c, "child");

	c_on(child, child_uses);
	d_action(c, fd, VFIO_IRQ_SET_ACTION_TRIGGER, 1);
	c_counter(c, event);
	c_close(c, fd);
	c_on(child, child_uses);
	c_ioctl(c, c_fd(c, "group"), &GROUP_UNSET_CONTAINER, 0);
	c_end(child, 0);
	c_ioctl(c, c_fd(c, "group"), &GROUP_UNSET_CONTAINER, 0);
}

CASE("device/fd/child-sets-and-dies")
{
	int fd = d_ready(c), event = c_eventfd(c, "event");
	struct c_actor *child = c_process(c, "child");

	c_on(child, child_uses);
	c_end(child, 9);
	d_action(c, fd, VFIO_IRQ_SET_ACTION_TRIGGER, 1);
	c_counter(c, event);
}

/* Of two devices, each has its own. */
CASE_FLAGS("device/fd/two-devices", CASE_TWO_GROUPS)
{
	int fd = d_mtty(c), group2, two, one = c_eventfd(c, "one");

	group2 = c_open(c, "group2", c->group[1], O_RDWR);
	c_set_container(c, group2, c_fd(c, "container"));
	two = c_device_fd(c, group2, "device2", c->device[1]);
	c_pwrite(c, fd, "\x33", 1, 7);
	c_pwrite(c, two, "\x44", 1, 7);
	c_pread(c, fd, NULL, 1, 7);
	c_pread(c, two, NULL, 1, 7);
	d_set_eventfd(c, fd, 1, one);
	d_action(c, two, VFIO_IRQ_SET_ACTION_TRIGGER, 1);
	c_counter(c, one);
	c_close(c, fd);
	c_pread(c, two, NULL, 1, 7);
	c_device_fd(c, c_fd(c, "group"), "device", c->device[1]);
	c_device_fd(c, group2, "device", c->device[0]);
}

CASES
{
	static const char *const gone[] = { "nothing", "group", "container",
					    "both" };
	long i;

	for (i = 0; c_commands[i]; i++)
		conform_add(command, i, 0, "device/command/%s",
			    c_commands[i]->name + 5);
	for (i = 0x3b60; i <= 0x3b94; i++)
		conform_add(number, i, 0, "device/number/%lx", i);
	for (i = 0; i < 6; i++)
		conform_add(close_order, i, 0, "device/fd/close-order/%ld", i);
	for (i = 0; i < 4; i++)
		conform_add(without, i, 0, "device/fd/closed-%s", gone[i]);
}
