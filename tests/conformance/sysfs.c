// SPDX-License-Identifier: BSD-3-Clause
/* What sysfs has of a mediated device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "state.h"

/* The service's tree is not at /sys: then the environment says where. */
static void sysfs_path(const char *device, const char *name, char *path,
		       size_t size)
{
	const char *dir = getenv("VFIOD_SYSFSDEV");

	if (dir)
		snprintf(path, size, "%s/%s", dir, name);
	else
		snprintf(path, size, "/sys/bus/mdev/devices/%s/%s", device,
			 name);
}

void c_sysfs(const struct ctx *c, const char *name, char *path, size_t size)
{
	sysfs_path(c->device[0], name, path, size);
}

bool is_mdpy(const char *device)
{
	char path[4096], type[256];
	const char *name;
	ssize_t len;

	sysfs_path(device, "mdev_type", path, sizeof(path));
	len = readlink(path, type, sizeof(type) - 1);
	if (len < 0)
		return false;
	type[len] = 0;
	name = strrchr(type, '/');
	return name && !strncmp(name, "/mdpy-", 6);
}
