// SPDX-License-Identifier: BSD-3-Clause
#include "helpers_walk.h"

bool w_has_iommu(int fd)
{
	struct vfio_iommu_type1_info info = { .argsz = 16 };

	return c_quiet(fd, &IOMMU_GET_INFO, &info) >= 0;
}

bool w_has_container(int fd)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	return c_quiet(fd, &GROUP_GET_STATUS, &status) >= 0 &&
	       status.flags & VFIO_GROUP_FLAGS_CONTAINER_SET;
}

bool w_has_none(int fd)
{
	return !w_has_container(fd);
}

static bool fits(struct ctx *c, const char *role, w_fit *fit)
{
	int fd = c_fd(c, role);

	return fd >= 0 && (!fit || fit(fd));
}

unsigned long w_some(struct ctx *c, const char *const *roles, unsigned long n,
		     w_fit *fit)
{
	unsigned long first = c_random(c, n), i;

	if (!c_random(c, 12))
		return first;
	for (i = 0; i < n; i++)
		if (fits(c, roles[(first + i) % n], fit))
			return (first + i) % n;
	return first;
}

bool w_any(struct ctx *c, const char *const *roles, unsigned long n, w_fit *fit)
{
	while (n--)
		if (fits(c, roles[n], fit))
			return true;
	return false;
}

void w_drop(struct ctx *c, int fd)
{
	if (fd < 0)
		return;
	c_close(c, fd);
	c_name_fd(c, "", fd);
}
