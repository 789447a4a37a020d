// SPDX-License-Identifier: BSD-3-Clause
/* The life of container, group and device in every order. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "states.h"

/* ---- closing and UNSET_CONTAINER in each of the 24 orders ---- */

static char letter(long order, int at)
{
	char left[] = "cgdu";
	long n = 24;
	int i, pick;

	for (i = 0;; i++) {
		n /= 4 - i;
		pick = (int)(order / n);
		order %= n;
		if (i == at)
			return left[pick];
		memmove(left + pick, left + pick + 1, strlen(left + pick));
	}
}

static void undo(struct ctx *c, const struct c_ready *r, char what)
{
	switch (what) {
	case 'c':
		c_close(c, r->container);
		break;
	case 'g':
		c_close(c, r->group);
		break;
	case 'd':
		c_close(c, r->device);
		break;
	default:
		c_ioctl(c, r->group, &GROUP_UNSET_CONTAINER, 0);
	}
}

static void close_order(struct ctx *c)
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	char *a = c_mem(c, "A", C_PAGE, 0);
	int i;

	c_map(c, r.container, a, 0x100000, C_PAGE, VFIO_DMA_MAP_FLAG_READ);
	for (i = 0; i < 4; i++) {
		undo(c, &r, letter(c->param, i));
		life_look(c, &r);
	}
	life_from_the_beginning(c);
}

/* The same with a duplicate of one fd: closing the first changes nothing. */
static void close_dup(struct ctx *c)
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	int fds[] = { r.container, r.group, r.device }, dup_fd;
	struct c_ready left = r;

	dup_fd = c_dup(c, "dup", fds[c->param]);
	*(c->param == 0 ? &left.container :
	  c->param == 1 ? &left.group :
			  &left.device) = dup_fd;
	c_close(c, fds[c->param]);
	life_look(c, &left);
	c_ioctl(c, left.group, &GROUP_UNSET_CONTAINER, 0);
	c_close(c, left.device);
	c_ioctl(c, left.group, &GROUP_UNSET_CONTAINER, 0);
	life_look(c, &left);
}

CASES
{
	static const char *const fds[] = { "container", "group", "device" };
	long order;

	for (order = 0; order < 24; order++)
		conform_add(close_order, order, 0, "life/close/%c%c%c%c",
			    letter(order, 0), letter(order, 1),
			    letter(order, 2), letter(order, 3));
	for (order = 0; order < 3; order++)
		conform_add(close_dup, order, 0, "life/dup/%s", fds[order]);
}

/* ---- building up in the wrong order ---- */

static void step(struct ctx *c, char what, const struct c_ready *r)
{
	switch (what) {
	case 's':
		c_set_container(c, r->group, r->container);
		break;
	case 'i':
		c_ioctl(c, r->container, &SET_IOMMU,
			c_iommu_type(c, VFIO_TYPE1v2_IOMMU));
		break;
	case 'f':
		c_device_fd(c, r->group, "device", c->device[0]);
		break;
	default:
		c_ioctl(c, r->group, &GROUP_UNSET_CONTAINER, 0);
	}
}

static void build(struct ctx *c)
{
	struct c_ready r = {
		.container = c_open(c, "container", c->container, O_RDWR),
		.group = c_open(c, "group", c->group[0], O_RDWR),
		.device = -1,
	};
	static const char whats[] = "sifu";
	int i;

	for (i = 0; i < 4; i++)
		step(c, whats[c->param >> (2 * i) & 3], &r);
	r.device = c_fd(c, "device");
	life_look(c, &r);
}

CASES
{
	static const char whats[] = "sifu";
	long n;

	for (n = 0; n < 256; n++)
		conform_add(build, n, 0, "life/build/%c%c%c%c", whats[n & 3],
			    whats[n >> 2 & 3], whats[n >> 4 & 3],
			    whats[n >> 6 & 3]);
}

/* ---- two groups ---- */

CASE_FLAGS("life/two-groups/one-container", CASE_TWO_GROUPS)
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	char *a = c_mem(c, "A", C_PAGE, 0);
	int group2, device2;

	c_map(c, r.container, a, 0x100000, C_PAGE, VFIO_DMA_MAP_FLAG_READ);
	group2 = c_open(c, "group2", c->group[1], O_RDWR);
	c_device_fd(c, group2, "device2", c->device[1]);
	c_set_container(c, group2, r.container);
	device2 = c_device_fd(c, group2, "device2", c->device[1]);
	c_ioctl(c, group2, &GROUP_UNSET_CONTAINER, 0);
	c_close(c, r.device);
	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
	life_look(c, &r);
	c_unmap(c, r.container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, NULL);
	c_close(c, group2);
	c_iommu_info(c, r.container, 16);
	c_close(c, device2);
	c_iommu_info(c, r.container, 16);
	c_open(c, "second2", c->group[1], O_RDWR);
}

CASE_FLAGS("life/two-groups/bound-before-type", CASE_TWO_GROUPS)
{
	int container = c_open(c, "container", c->container, O_RDWR);
	int group = c_open(c, "group", c->group[0], O_RDWR);
	int group2 = c_open(c, "group2", c->group[1], O_RDWR);

	c_set_container(c, group, container);
	c_set_container(c, group2, container);
	c_ioctl(c, container, &SET_IOMMU, c_iommu_type(c, VFIO_TYPE1v2_IOMMU));
	c_device_fd(c, group, "device", c->device[0]);
	c_device_fd(c, group2, "device2", c->device[1]);
	c_device_fd(c, group, "wrong", c->device[1]);
	c_device_fd(c, group2, "wrong", c->device[0]);
	c_close(c, container);
	c_ioctl(c, group, &GROUP_UNSET_CONTAINER, 0);
	c_close(c, c_fd(c, "device"));
	c_ioctl(c, group, &GROUP_UNSET_CONTAINER, 0);
	c_device_info(c, c_fd(c, "device2"), 16);
}

CASE_FLAGS("life/two-groups/move", CASE_TWO_GROUPS)
{
	struct c_ready r = c_ready(c, VFIO_TYPE1v2_IOMMU);
	int other = c_open(c, "other", c->container, O_RDWR);
	char *a = c_mem(c, "A", C_PAGE, 0);
	int group2 = c_open(c, "group2", c->group[1], O_RDWR);

	c_set_container(c, group2, other);
	c_ioctl(c, other, &SET_IOMMU, c_iommu_type(c, VFIO_TYPE1_IOMMU));
	c_map(c, r.container, a, 0x100000, C_PAGE, VFIO_DMA_MAP_FLAG_READ);
	c_map(c, other, a, 0x200000, C_PAGE, VFIO_DMA_MAP_FLAG_READ);
	c_set_container(c, group2, r.container);
	c_ioctl(c, group2, &GROUP_UNSET_CONTAINER, 0);
	c_set_container(c, group2, r.container);
	c_map(c, other, a, 0x200000, C_PAGE, VFIO_DMA_MAP_FLAG_READ);
	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
	c_set_container(c, r.group, other);
	c_ioctl(c, other, &SET_IOMMU, c_iommu_type(c, VFIO_TYPE1v2_IOMMU));
	c_unmap(c, r.container, 0x100000, C_PAGE, 0, NULL);
	c_unmap(c, other, 0x200000, C_PAGE, 0, NULL);
}

/* ---- the state goes with the last group ---- */

CASE("life/state/lost-with-group")
{
	struct c_ready r = c_ready(c, VFIO_TYPE1v2_IOMMU);
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_map(c, r.container, a, 0x100000, C_PAGE, VFIO_DMA_MAP_FLAG_READ);
	c_dirty(c, r.container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
	c_close(c, r.group);
	c_unmap(c, r.container, 0x100000, C_PAGE, 0, NULL);
	r.group = c_open(c, "group", c->group[0], O_RDWR);
	c_set_container(c, r.group, r.container);
	c_ioctl(c, r.container, &SET_IOMMU,
		c_iommu_type(c, VFIO_TYPE1v2_IOMMU));
	c_unmap(c, r.container, 0x100000, C_PAGE, 0, NULL);
	c_iommu_info(c, r.container, 128);
}

CASE("life/state/kept-without-container-fd")
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);
	int other = c_open(c, "other", c->container, O_RDWR);

	c_close(c, r.container);
	c_set_container(c, r.group, other);
	c_device_fd(c, r.group, "device2", c->device[0]);
	c_close(c, r.device);
	c_close(c, c_fd(c, "device2"));
	c_device_fd(c, r.group, "device", c->device[0]);
}

CASE("life/dup2/over-group")
{
	struct c_ready r = c_ready_device(c, VFIO_TYPE1v2_IOMMU);

	c_did(c, dup2(r.container, r.group) == r.group, "dup2 over group");
	life_look(c, &r);
	c_close(c, r.device);
	life_look(c, &r);
}
