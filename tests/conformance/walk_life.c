// SPDX-License-Identifier: BSD-3-Clause
/* Walk: two containers, two groups, two devices, in any order of life. */
#include <fcntl.h>
#include "helpers_walk.h"

static const char *const containers[] = { "c0", "c1" };
static const char *const groups[] = { "g0", "g1" };
static const char *const devices[] = { "d0", "d1", "d0'", "d1'" };

static void do_open_container(struct ctx *c)
{
	const char *role = C_PICK(c, containers);

	if (c_fd(c, role) < 0)
		c_open(c, role, c->container, O_RDWR);
}

/* Also when it is open: EBUSY, then. */
static void do_open_group(struct ctx *c)
{
	unsigned long i = c_random(c, c->group[1] ? 2 : 1);

	if (c_fd(c, groups[i]) < 0)
		c_open(c, groups[i], c->group[i], O_RDWR);
	else if (!c_random(c, 12))
		w_drop(c, c_open(c, "extra", c->group[i], O_RDONLY));
}

static void do_set_container(struct ctx *c)
{
	int container = W_FD(c, containers, NULL);
	int group = W_FD(c, groups, w_has_none);

	if (!W_ANY(c, groups, w_has_none) && c_random(c, 4)) {
		do_open_group(c);
		return;
	}
	c_set_container(c, group, container);
	if (c_random(c, 2) && !w_has_iommu(container))
		c_ioctl(c, container, &SET_IOMMU, VFIO_TYPE1v2_IOMMU);
}

static void do_unset_container(struct ctx *c)
{
	c_ioctl(c, W_FD(c, groups, w_has_container), &GROUP_UNSET_CONTAINER, 0);
}

static void do_set_iommu(struct ctx *c)
{
	static const unsigned long types[] = { 3, 3, 3, 1, 1, 9, 8, 0 };

	int container = W_FD(c, containers, NULL);

	if (!w_has_iommu(container) || !c_random(c, 4))
		c_ioctl(c, container, &SET_IOMMU, C_PICK(c, types));
}

static void do_device_fd(struct ctx *c)
{
	unsigned long i = W_SOME(c, groups, w_has_container);
	unsigned long which = c_random(c, 4);
	const char *name = c_random(c, 16) ? c->device[c->group[1] ? i : 0] :
					     c->device[0];

	if (c_fd(c, devices[which]) < 0)
		c_device_fd(c, c_fd(c, groups[i]), devices[which], name);
}

static void do_close_container(struct ctx *c)
{
	w_drop(c, c_fd(c, C_PICK(c, containers)));
}

static void do_close_group(struct ctx *c)
{
	w_drop(c, c_fd(c, C_PICK(c, groups)));
}

static void do_close_device(struct ctx *c)
{
	w_drop(c, c_fd(c, C_PICK(c, devices)));
}

static void do_status(struct ctx *c)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	c_arg(c, W_FD(c, groups, NULL), &GROUP_GET_STATUS, &status,
	      sizeof(status));
}

static void do_info(struct ctx *c)
{
	c_iommu_info(c, W_FD(c, containers, w_has_iommu), 72);
}

static void do_device_info(struct ctx *c)
{
	c_device_info(c, W_FD(c, devices, NULL), 16);
}

static void do_extension(struct ctx *c)
{
	c_ioctl(c, W_FD(c, containers, NULL), &CHECK_EXTENSION,
		c_random(c, 12));
}

/* Memory that is mapped in no container's name: one page for all. */
static void do_map(struct ctx *c)
{
	int container = W_FD(c, containers, w_has_iommu);
	uint64_t iova = 0x100000 + C_PAGE * c_random(c, 8);
	static void *page;

	if (!page)
		page = c_mem(c, "A", C_PAGE, C_UNWATCHED);
	c_map(c, container, page, iova, C_PAGE, VFIO_DMA_MAP_FLAG_READ);
}

static void do_unmap(struct ctx *c)
{
	int container = W_FD(c, containers, w_has_iommu);
	uint64_t iova = 0x100000 + C_PAGE * c_random(c, 8);

	if (c_random(c, 4))
		c_unmap(c, container, iova, C_PAGE, 0, NULL);
	else
		c_unmap(c, container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, NULL);
}

/* As often as it stands here. */
static case_fn *const steps[] = {
	do_open_container,
	do_open_container,
	do_open_group,
	do_open_group,
	do_open_group,
	do_open_container,
	do_set_container,
	do_set_container,
	do_set_container,
	do_set_iommu,
	do_device_fd,
	do_device_fd,
	do_device_fd,
	do_device_fd,
	do_unset_container,
	do_close_container,
	do_close_group,
	do_close_device,
	do_close_device,
	do_status,
	do_info,
	do_device_info,
	do_extension,
	do_map,
	do_map,
	do_unmap,
};

WALK("life")
{
	C_PICK(c, steps)(c);
}
