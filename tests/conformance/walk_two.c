// SPDX-License-Identifier: BSD-3-Clause
/*
 * Walk: two containers and two groups that come together and part, with
 * mappings that should follow the container, and dups that keep things alive.
 */
#include <fcntl.h>
#include "helpers_type1.h"
#include "helpers_walk.h"

static const char *const containers[] = { "c0", "c1" };
static const char *const groups[] = { "g0", "g1" };
static const char *const devices[] = { "d0", "d1" };
static const char *const dups[] = { "dup0", "dup1", "dup2" };

static void do_map(struct ctx *c)
{
	int container = W_FD(c, containers, w_has_iommu);
	uint64_t iova = T1_IOVA(c_random(c, 16));
	static void *page;

	if (!page)
		page = c_mem(c, "A", C_PAGE, C_UNWATCHED);
	c_map(c, container, page, iova, C_PAGE * (1 + c_random(c, 2)), 3);
}

static void do_unmap(struct ctx *c)
{
	int container = W_FD(c, containers, w_has_iommu);
	uint64_t iova = T1_IOVA(c_random(c, 16));

	if (c_random(c, 6))
		c_unmap(c, container, iova, C_PAGE * (1 + c_random(c, 8)), 0,
			NULL);
	else
		c_unmap(c, container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, NULL);
}

static void do_open(struct ctx *c)
{
	const char *role = C_PICK(c, containers);
	unsigned long i = c_random(c, c->group[1] ? 2 : 1);

	if (c_fd(c, role) < 0)
		c_open(c, role, c->container, O_RDWR);
	if (c_fd(c, groups[i]) < 0)
		c_open(c, groups[i], c->group[i], O_RDWR);
}

/* The first of a new container; the second finds the driver there. */
static void do_join(struct ctx *c)
{
	static const unsigned long types[] = { 3, 3, 3, 1 };
	int container = W_FD(c, containers, NULL);
	int group = W_FD(c, groups, w_has_none);

	if (!W_ANY(c, groups, w_has_none) && c_random(c, 8)) {
		do_open(c);
		return;
	}
	c_set_container(c, group, container);
	if (!w_has_iommu(container) || !c_random(c, 8))
		c_ioctl(c, container, &SET_IOMMU, C_PICK(c, types));
}

static void do_unset(struct ctx *c)
{
	c_ioctl(c, W_FD(c, groups, w_has_container), &GROUP_UNSET_CONTAINER, 0);
}

static void do_device(struct ctx *c)
{
	unsigned long i = W_SOME(c, groups, w_has_container);

	if (c_fd(c, devices[i]) < 0)
		c_device_fd(c, c_fd(c, groups[i]), devices[i],
			    c->device[c->group[1] ? i : 0]);
	else
		w_drop(c, c_fd(c, devices[i]));
}

static void do_dup(struct ctx *c)
{
	static const char *const roles[] = {
		"c0", "c1", "g0", "g1", "d0", "d1"
	};
	const char *role = C_PICK(c, dups);
	int fd = c_fd(c, C_PICK(c, roles));

	if (fd >= 0 && c_fd(c, role) < 0)
		c_dup(c, role, fd);
	else
		w_drop(c, c_fd(c, role));
}

static void do_close(struct ctx *c)
{
	static const char *const roles[] = { "c0", "c1", "g0", "g1" };

	w_drop(c, c_fd(c, C_PICK(c, roles)));
}

/* A dup answers as the fd that it was made of. */
static void do_look(struct ctx *c)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	bool iommu = c_random(c, 2);
	int fd = c_fd(c, C_PICK(c, dups));

	if (fd < 0 || c_random(c, 4))
		fd = iommu ? W_FD(c, containers, w_has_iommu) :
			     W_FD(c, groups, NULL);
	if (iommu)
		c_iommu_info(c, fd, 72);
	else
		c_arg(c, fd, &GROUP_GET_STATUS, &status, sizeof(status));
}

static void do_dirty(struct ctx *c)
{
	c_dirty(c, W_FD(c, containers, w_has_iommu), c_random(c, 2) ? 1 : 2);
}

WALK("two")
{
	static case_fn *const steps[] = {
		do_open, do_open,  do_open,  do_open,	do_join,   do_join,
		do_join, do_join,  do_unset, do_device, do_device, do_dup,
		do_dup,	 do_close, do_look,  do_look,	do_map,	   do_map,
		do_map,	 do_map,   do_unmap, do_unmap,	do_dirty,
	};

	if (c_step_first(c)) {
		do_open(c);
		do_open(c);
	}
	C_PICK(c, steps)(c);
}
