// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include "state.h"

static const char *type_name(unsigned long type)
{
	return type == VFIO_TYPE1_IOMMU	  ? "type1" :
	       type == VFIO_TYPE1v2_IOMMU ? "type1v2" :
	       type == VFIO_NOIOMMU_IOMMU ? "noiommu" :
					    "?";
}

bool c_is_noiommu(const char *group)
{
	return strstr(group, "/noiommu-");
}

unsigned long c_iommu_type(const struct ctx *c, unsigned long type)
{
	return c_is_noiommu(c->group[0]) ? VFIO_NOIOMMU_IOMMU : type;
}

/* What should not fail did: say which, and end the case. */
static void must(struct ctx *c, long result, const char *what)
{
	if (result >= 0)
		return;
	c_say(c, "ready: %s = %s", what, strerrorname_np(errno));
	stop(c);
}

static struct c_ready make(struct ctx *c, unsigned long type)
{
	struct c_ready r = { -1, -1, -1 };

	r.container = open(c->container, O_RDWR | O_CLOEXEC);
	must(c, r.container, "open(CONTAINER)");
	c_name_fd(c, "container", r.container);
	r.group = open(c->group[0], O_RDWR | O_CLOEXEC);
	must(c, r.group, "open(GROUP)");
	c_name_fd(c, "group", r.group);
	must(c, ioctl(r.group, VFIO_GROUP_SET_CONTAINER, &r.container),
	     "SET_CONTAINER");
	must(c, ioctl(r.container, VFIO_SET_IOMMU, type), "SET_IOMMU");
	return r;
}

struct c_ready c_ready(struct ctx *c, unsigned long type)
{
	struct c_ready r;

	type = c_iommu_type(c, type);
	r = make(c, type);
	c_say(c, "ready: container, group, %s", type_name(type));
	return r;
}

struct c_ready c_ready_device(struct ctx *c, unsigned long type)
{
	struct c_ready r;

	type = c_iommu_type(c, type);
	r = make(c, type);
	r.device = ioctl(r.group, VFIO_GROUP_GET_DEVICE_FD, c->device[0]);
	must(c, r.device, "GET_DEVICE_FD");
	c_name_fd(c, "device", r.device);
	c_say(c, "ready: container, group, %s, device", type_name(type));
	return r;
}
