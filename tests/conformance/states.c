// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "states.h"

const char *const life_names[NR_LIVES] = {
	[LIFE_OPEN] = "open",	  [LIFE_BOUND] = "bound",
	[LIFE_TYPE1] = "type1",	  [LIFE_TYPE1V2] = "type1v2",
	[LIFE_DEVICE] = "device",
};

struct c_ready c_life(struct ctx *c, enum life life)
{
	struct c_ready r = { -1, -1, -1 };

	if (life == LIFE_TYPE1)
		return c_ready(c, VFIO_TYPE1_IOMMU);
	if (life == LIFE_TYPE1V2)
		return c_ready(c, VFIO_TYPE1v2_IOMMU);
	if (life == LIFE_DEVICE)
		return c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	r.container = c_open(c, "container", c->container, O_RDWR);
	r.group = c_open(c, "group", c->group[0], O_RDWR);
	if (life == LIFE_BOUND)
		c_set_container(c, r.group, r.container);
	return r;
}

void life_look(struct ctx *c, const struct c_ready *r)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int fd;

	c_iommu_info(c, r->container, 16);
	c_arg(c, r->group, &GROUP_GET_STATUS, &status, sizeof(status));
	c_device_info(c, r->device, 16);
	fd = c_open(c, "second", c->group[0], O_RDWR);
	if (fd >= 0)
		c_close(c, fd);
}

void life_from_the_beginning(struct ctx *c)
{
	int container = c_open(c, "container'", c->container, O_RDWR);
	int group = c_open(c, "group'", c->group[0], O_RDWR);

	c_set_container(c, group, container);
	c_ioctl(c, container, &SET_IOMMU, c_iommu_type(c, VFIO_TYPE1_IOMMU));
	c_device_fd(c, group, "device'", c->device[0]);
}

static void op_read(struct ctx *c, int fd)
{
	c_read(c, fd, NULL, 0);
	c_read(c, fd, NULL, 1);
	c_read(c, fd, NULL, 4096);
	c_did(c, read(fd, (void *)C_KERNEL, 8), "read(fd, KERNEL, 8)");
}

static void op_write(struct ctx *c, int fd)
{
	c_write(c, fd, "", 0);
	c_write(c, fd, "x", 1);
	c_did(c, write(fd, (void *)C_KERNEL, 8), "write(fd, KERNEL, 8)");
}

static void op_pread(struct ctx *c, int fd)
{
	c_pread(c, fd, NULL, 0, 0);
	c_pread(c, fd, NULL, 1, 0);
	c_pread(c, fd, NULL, 4, 7LL << 40);
	c_pread(c, fd, NULL, 1, -1);
	c_pread_at(c, fd, (void *)C_KERNEL, 8, 0);
}

static void op_pwrite(struct ctx *c, int fd)
{
	c_pwrite(c, fd, "", 0, 0);
	c_pwrite(c, fd, "x", 1, 0);
	c_pwrite(c, fd, "xxxx", 4, 7LL << 40);
	c_pwrite(c, fd, "x", 1, -1);
	c_pwrite_at(c, fd, (void *)C_KERNEL, 8, 0);
}

static void op_readv(struct ctx *c, int fd)
{
	char data[2];
	struct iovec v[2] = { { data, 1 }, { data + 1, 1 } };

	c_did(c, readv(fd, v, 2), "readv(fd, 1+1)");
	c_did(c, writev(fd, v, 2), "writev(fd, 1+1)");
	c_did(c, preadv(fd, v, 2, 0), "preadv(fd, 1+1, 0)");
	c_did(c, pwritev(fd, v, 2, 0), "pwritev(fd, 1+1, 0)");
}

static void op_lseek(struct ctx *c, int fd)
{
	int whence;

	for (whence = SEEK_SET; whence <= SEEK_HOLE; whence++)
		c_lseek(c, fd, 0, whence);
	c_lseek(c, fd, 4096, SEEK_SET);
	c_lseek(c, fd, -1, SEEK_SET);
	c_lseek(c, fd, 0, 9);
}

static void op_mmap(struct ctx *c, int fd)
{
	c_mmap(c, "m", fd, C_PAGE, PROT_READ, MAP_SHARED, 0);
	c_mmap(c, "m", fd, C_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	c_mmap(c, "m", fd, C_PAGE, PROT_READ, MAP_PRIVATE, 0);
	c_mmap(c, "m", fd, 0, PROT_READ, MAP_SHARED, 0);
	c_mmap(c, "m", fd, C_PAGE, PROT_READ, MAP_SHARED, 7LL << 40);
}

static void op_poll(struct ctx *c, int fd)
{
	static const short events[] = { 0,	 POLLIN,
					POLLOUT, POLLIN | POLLOUT,
					POLLPRI, POLLRDNORM | POLLWRNORM,
					0x7fff };
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		c_poll(c, fd, events[i]);
}

static void op_epoll(struct ctx *c, int fd)
{
	c_epoll_add(c, fd);
}

static void op_fcntl(struct ctx *c, int fd)
{
	c_fcntl(c, fd, F_GETFD, "F_GETFD", 0);
	c_fcntl(c, fd, F_SETFD, "F_SETFD", FD_CLOEXEC);
	c_fcntl(c, fd, F_GETFD, "F_GETFD", 0);
	/* O_LARGEFILE depends on how the opener was built. */
	c_did(c, fcntl(fd, F_GETFL) & ~0100000, "fcntl(fd, F_GETFL)");
	c_fcntl(c, fd, F_SETFL, "F_SETFL", O_NONBLOCK);
	c_did(c, fcntl(fd, F_GETFL) & ~0100000, "fcntl(fd, F_GETFL)");
}

static void op_async(struct ctx *c, int fd)
{
	c_fcntl(c, fd, F_SETFL, "F_SETFL", O_ASYNC);
	c_fcntl(c, fd, F_SETFL, "F_SETFL", O_DIRECT);
	c_fcntl(c, fd, F_SETFL, "F_SETFL", O_APPEND);
}

static void op_sync(struct ctx *c, int fd)
{
	c_did(c, fsync(fd), "fsync(fd)");
	c_did(c, fdatasync(fd), "fdatasync(fd)");
	c_did(c, ftruncate(fd, 0), "ftruncate(fd, 0)");
	c_did(c, fallocate(fd, 0, 0, 4096), "fallocate(fd, 0, 0, 4096)");
}

static void op_vfs_ioctl(struct ctx *c, int fd)
{
	int value = 1;

	c_did(c, ioctl(fd, FIOCLEX, NULL), "ioctl(fd, FIOCLEX)");
	c_did(c, ioctl(fd, FIONCLEX, NULL), "ioctl(fd, FIONCLEX)");
	c_did(c, ioctl(fd, FIONBIO, &value), "ioctl(fd, FIONBIO)");
	c_did(c, ioctl(fd, FIOASYNC, &value), "ioctl(fd, FIOASYNC)");
}

static void op_vfs_size(struct ctx *c, int fd)
{
	int value = 1;

	c_did(c, ioctl(fd, FIONREAD, &value), "ioctl(fd, FIONREAD)");
	c_did(c, ioctl(fd, FIOQSIZE, &value), "ioctl(fd, FIOQSIZE)");
}

static void op_stat(struct ctx *c, int fd)
{
	struct stat st;

	c_did(c, fstat(fd, &st), "fstat(fd)");
	c_say(c, "type %o", st.st_mode & S_IFMT);
	c_say(c, "size %lld", (long long)st.st_size);
}

static void op_dir(struct ctx *c, int fd)
{
	c_did(c, openat(fd, "x", O_RDONLY), "openat(fd, \"x\")");
	c_did(c, fchdir(fd), "fchdir(fd)");
}

const struct file_op file_ops[] = {
	{ "read", op_read },
	{ "write", op_write },
	{ "pread", op_pread },
	{ "pwrite", op_pwrite },
	{ "readv", op_readv },
	{ "lseek", op_lseek },
	{ "mmap", op_mmap },
	{ "poll", op_poll },
	{ "epoll", op_epoll },
	{ "fcntl", op_fcntl },
	{ "async", op_async },
	{ "sync", op_sync },
	{ "vfs-ioctl", op_vfs_ioctl },
	{ "vfs-size", op_vfs_size },
	{ "stat", op_stat },
	{ "dir", op_dir },
	{ NULL, NULL },
};
