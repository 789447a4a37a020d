// SPDX-License-Identifier: BSD-3-Clause
/* Lives in several processes and threads, and fds that change hands. */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "states.h"

/* ---- other processes ---- */

static void in_look(struct ctx *c)
{
	struct c_ready r = { c_fd(c, "container"), c_fd(c, "group"),
			     c_fd(c, "device") };

	life_look(c, &r);
}

static void in_close_container(struct ctx *c)
{
	c_close(c, c_fd(c, "container"));
}

static void in_close_group(struct ctx *c)
{
	c_close(c, c_fd(c, "group"));
}

static void in_close_device(struct ctx *c)
{
	c_close(c, c_fd(c, "device"));
}

static void in_close_all(struct ctx *c)
{
	in_close_container(c);
	in_close_group(c);
	in_close_device(c);
}

static void in_device_fd(struct ctx *c)
{
	c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
}

static void in_set_container(struct ctx *c)
{
	c_set_container(c, c_fd(c, "group"), c_fd(c, "container"));
	c_ioctl(c, c_fd(c, "container"), &SET_IOMMU,
		c_iommu_type(c, VFIO_TYPE1v2_IOMMU));
}

static void in_begin(struct ctx *c)
{
	c_open(c, "container", c->container, O_RDWR);
	c_open(c, "group", c->group[0], O_RDWR);
	in_set_container(c);
	in_device_fd(c);
}

static void in_map(struct ctx *c)
{
	char *b = c_mem(c, "B", C_PAGE, 0);

	c_map(c, c_fd(c, "container"), b, 0x200000, C_PAGE,
	      VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
}

/* param: the signal that ends the child. */
static void child_keeps_all(struct ctx *c)
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	struct c_actor *a = c_process(c, "child");

	in_close_all(c);
	life_look(c, &r);
	c_on(a, in_look);
	c_end(a, (int)c->param);
	life_look(c, &r);
	life_from_the_beginning(c);
}

static void child_keeps_one(struct ctx *c)
{
	case_fn *const closes[] = { in_close_container, in_close_group,
				    in_close_device };
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	struct c_actor *a = c_process(c, "child");
	long i;

	for (i = 0; i < 3; i++)
		if (i != c->param)
			c_on(a, closes[i]);
	in_close_all(c);
	life_look(c, &r);
	c_on(a, in_look);
	c_end(a, 9);
	life_look(c, &r);
}

static void child_leaves(struct ctx *c)
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	struct c_actor *a = c_process(c, "child");

	c_end(a, (int)c->param);
	life_look(c, &r);
}

static void child_made_it(struct ctx *c)
{
	struct c_ready r = { -1, -1, -1 };
	struct c_actor *a = c_process(c, "child");

	c_on(a, in_begin);
	c_on(a, in_map);
	life_look(c, &r);
	c_end(a, (int)c->param);
	life_look(c, &r);
	life_from_the_beginning(c);
}

static void child_maps(struct ctx *c)
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	struct c_actor *a = c_process(c, "child");

	c_on(a, in_map);
	c_end(a, (int)c->param);
	life_look(c, &r);
	c_unmap(c, r.container, 0x200000, C_PAGE, 0, NULL);
}

CASES
{
	static const char *const fds[] = { "container", "group", "device" };
	static const struct {
		const char *name;
		int signal;
	} ends[] = { { "exits", 0 }, { "killed", 9 }, { "crashes", 11 } };
	long i;

	for (i = 0; i < 3; i++) {
		conform_add(child_keeps_one, i, 0, "life/fork/keeps-%s",
			    fds[i]);
		conform_add(child_keeps_all, ends[i].signal, 0,
			    "life/fork/keeps-all-%s", ends[i].name);
		conform_add(child_leaves, ends[i].signal, 0,
			    "life/fork/leaves-%s", ends[i].name);
		conform_add(child_made_it, ends[i].signal, 0,
			    "life/fork/made-it-%s", ends[i].name);
		conform_add(child_maps, ends[i].signal, 0, "life/fork/maps-%s",
			    ends[i].name);
	}
}

CASE("life/fork/each-does-a-part")
{
	struct c_ready r = {
		.container = c_open(c, "container", c->container, O_RDWR),
		.group = c_open(c, "group", c->group[0], O_RDWR),
		.device = -1,
	};
	struct c_actor *a = c_process(c, "first");
	struct c_actor *b = c_process(c, "second");

	c_on(a, in_set_container);
	c_on(b, in_device_fd);
	life_look(c, &r);
	c_on(a, in_look);
	c_on(b, in_look);
	c_on(a, in_map);
	c_unmap(c, r.container, 0x200000, C_PAGE, 0, NULL);
	c_end(b, 9);
	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
	c_end(a, 9);
}

CASE("life/exec/inherited")
{
	struct c_actor *a = c_process(c, "child");

	c_on(a, in_begin);
	c_exec(a);
	/* The device's fd is gone, the others are not. */
	c_on(a, in_look);
	c_on(a, in_device_fd);
	c_on(a, in_look);
	c_end(a, 0);
	life_from_the_beginning(c);
}

CASE("life/exec/close-on-exec")
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	struct c_actor *a = c_process(c, "child");

	in_close_all(c);
	life_look(c, &r);
	c_exec(a);
	life_look(c, &r);
	life_from_the_beginning(c);
	c_end(a, 0);
}

CASE("life/exec/mapping-of-the-old")
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	struct c_actor *a = c_process(c, "child");

	c_on(a, in_map);
	c_exec(a);
	c_unmap(c, r.container, 0x200000, C_PAGE, 0, NULL);
	c_end(a, 0);
}

/* ---- threads ---- */

CASE("life/thread/made-it-and-ended")
{
	struct c_ready r;
	struct c_actor *a = c_thread(c, "thread");

	c_on(a, in_begin);
	c_on(a, in_map);
	c_end(a, 0);
	r.container = c_fd(c, "container");
	r.group = c_fd(c, "group");
	r.device = c_fd(c, "device");
	life_look(c, &r);
	c_unmap(c, r.container, 0x200000, C_PAGE, 0, NULL);
}

static void in_unshare(struct ctx *c)
{
	c_did(c, unshare(CLONE_FILES), "unshare(CLONE_FILES)");
}

/* Two fd tables in a process: which one is meant? */
CASE("life/thread/own-fd-table")
{
	struct c_actor *a = c_thread(c, "thread");

	c_on(a, in_unshare);
	c_on(a, in_begin);
	c_on(a, in_look);
	in_look(c);
	c_on(a, in_close_device);
	c_on(a, in_close_container);
	c_on(a, in_close_group);
	life_from_the_beginning(c);
	c_end(a, 0);
}

/* ---- fds on their way ---- */

static void send_fd(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec v = { (char[]){ 0 }, 1 };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	sendmsg(socket, &m, 0);
}

static int receive_fd(int socket)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(socket, &m, 0) == 1 && m.msg_controllen)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

CASE("life/socket/in-flight")
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	int s[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	send_fd(s[0], r.group);
	send_fd(s[0], r.device);
	send_fd(s[0], r.container);
	in_close_all(c);
	life_look(c, &r);
	r.group = receive_fd(s[1]);
	c_name_fd(c, "group", r.group);
	r.device = receive_fd(s[1]);
	c_name_fd(c, "device", r.device);
	life_look(c, &r);
	close(s[0]);
	close(s[1]);
	c_close(c, r.device);
	c_close(c, r.group);
	life_from_the_beginning(c);
}

CASE("life/socket/lost-in-flight")
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	int s[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	send_fd(s[0], r.group);
	send_fd(s[0], r.device);
	send_fd(s[0], r.container);
	in_close_all(c);
	life_look(c, &r);
	close(s[0]);
	close(s[1]);
	life_from_the_beginning(c);
}
