// SPDX-License-Identifier: BSD-3-Clause
/* The kernel's "current": the client that this thread serves right now. */
#include <errno.h>

#include "host.h"

static _Thread_local struct vfio_client *current_client;

struct vfio_client *vfio_current(void)
{
	return current_client;
}

void vfio_set_current(struct vfio_client *client)
{
	current_client = client;
}

bool vfio_capable(int cap)
{
	struct vfio_client *client = vfio_current();

	return client && client->ops->capable(client, cap);
}

bool vfio_access_ok(uint64_t address, uint64_t size)
{
	struct vfio_client *client = vfio_current();

	return client && client->ops->access_ok(client, address, size);
}

int vfio_copy_from_user(void *to, uint64_t from, size_t n)
{
	struct vfio_client *client = vfio_current();

	if (!client)
		return -EFAULT;
	return client->ops->copy_from(client, to, from, n);
}

int vfio_copy_parts_to_user(const struct vfio_copy *parts, size_t nr)
{
	struct vfio_client *client = vfio_current();

	if (!client)
		return -EFAULT;
	return client->ops->copy_to(client, parts, nr);
}

int vfio_copy_to_user(uint64_t to, const void *from, size_t n)
{
	const struct vfio_copy part = { .to = to, .from = from, .n = n };

	return vfio_copy_parts_to_user(&part, 1);
}
