// SPDX-License-Identifier: BSD-3-Clause
#include "client.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "client_fd.h"
#include "container_fd.h"
#include "daemon.h"
#include "devices.h"
#include "eventfd.h"
#include "log.h"
#include "memory.h"
#include "mm.h"
#include "nodes.h"

#define MAPPING_BYTES 512

static struct client *to_client(struct vfio_client *base)
{
	return (struct client *)base;
}

/* What is wrong with a client must be told once, not at each call. */
static int copy_error(const struct client *client, int ret)
{
	if (!ret)
		return 0;
	if (ret == -EPERM)
		vfio_log(LOG_LEVEL_DEBUG,
			 "may not access the memory of thread %d", client->tid);
	return -EFAULT;
}

static int client_copy_from(struct vfio_client *base, void *to, uint64_t from,
			    size_t n)
{
	struct client *client = to_client(base);

	return copy_error(client, mm_copy(client->tid, from, to, n, false));
}

static int client_copy_to(struct vfio_client *base,
			  const struct vfio_copy *parts, size_t nr)
{
	struct client *client = to_client(base);
	void *from = (void *)(uintptr_t)parts->from;

	if (nr == 1)
		return copy_error(client, mm_copy(client->tid, parts->to, from,
						  parts->n, true));
	return copy_error(client, mm_write(client->tid, parts, nr));
}

/*
 * The bound depends on the kernel and the machine (levels of page tables).
 * The kernel looks at the local vector before it finds that there is nothing
 * to copy into it.
 */
static bool client_access_ok(struct vfio_client *base, uint64_t address,
			     uint64_t size)
{
	struct iovec range = { (void *)(uintptr_t)address, size };

	(void)base;
	return !process_vm_readv(getpid(), &range, 1, NULL, 0, 0);
}

/*
 * The name comes first, since a file that is none of our business must not
 * be ours to close, be it for an instant (aside.h); whoever changes it in
 * that instant gets EINVAL all the same.
 */
static int client_eventfd_get(struct vfio_client *base, int fd,
			      struct vfio_eventfd **eventfd)
{
	struct client *client = to_client(base);
	int ours, ret;

	ret = eventfd_check(client->tid, fd);
	if (ret)
		return ret;
	ours = client_fd(client->tid, fd);
	if (ours < 0)
		return ours;
	ret = eventfd_create(&client->daemon->eventfds, ours, eventfd);
	if (ret)
		close(ours);
	return ret;
}

static int client_container_get(struct vfio_client *base, int fd,
				struct vfio_container **container)
{
	struct client *client = to_client(base);

	return container_fd_find(client->daemon, client->tid, fd, container);
}

/* Looked at from outside: an fd of ours would keep the group open. */
static int client_group_get(struct vfio_client *base, int fd,
			    struct vfio_group **group)
{
	struct client *client = to_client(base);
	struct stat st;
	int ret;

	ret = client_fd_stat(client->tid, fd, &st);
	if (ret)
		return ret;
	if (client_fd_is_path(client->tid, fd))
		return -EBADF;
	*group = nodes_group(client->daemon, &st);
	return *group ? 0 : -EINVAL;
}

static int client_fd_room(struct vfio_client *base)
{
	return client_fd_check_room(to_client(base)->tid);
}

static void client_give_stream(struct vfio_client *base,
			       struct vfiod_stream *stream, uint64_t addr)
{
	struct client *client = to_client(base);

	client->stream = stream;
	client->number_at = addr;
}

static int find_mm(struct client *client)
{
	if (client->mm)
		return 0;
	return mm_find(client->daemon->mms, client->tid, &client->mm);
}

static int client_mm(struct vfio_client *base, struct vfio_mm **mm)
{
	struct client *client = to_client(base);
	int ret;

	ret = find_mm(client);
	if (!ret)
		*mm = client->mm;
	return ret;
}

/* Asked of each mapping that is made, so first whether there can be any. */
static struct vfio_device *client_device_at(struct vfio_client *base,
					    uint64_t vaddr)
{
	struct client *client = to_client(base);
	const struct devices *devices = client->daemon->devices;
	struct vfio_device *vdev;
	char mapping[MAPPING_BYTES];
	const char *name;
	struct stat st;

	if (!devices_can_map(devices) || find_mm(client) ||
	    mm_file_at(client->mm, vaddr, &st, mapping, sizeof(mapping)))
		return NULL;
	/* With passthrough a mapping is of the device's file, else of its
	 * memory. */
	vdev = nodes_device(client->daemon, &st);
	name = vdev ? NULL : memory_device(mapping);
	return name ? devices_find(devices, name) : vdev;
}

/*
 * capable(): in the user namespace of the machine, which is here the one
 * that vfiod was started in.
 */
static bool client_capable(struct vfio_client *base, int cap)
{
	struct client *client = to_client(base);
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
		.pid = client->tid,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &hdr, data) || find_mm(client))
		return false;
	return (data[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap)) &&
	       mm_is_native(client->mm);
}

static const struct vfio_client_ops client_ops = {
	.copy_from = client_copy_from,
	.copy_to = client_copy_to,
	.access_ok = client_access_ok,
	.eventfd_get = client_eventfd_get,
	.container_get = client_container_get,
	.group_get = client_group_get,
	.fd_room = client_fd_room,
	.give_stream = client_give_stream,
	.mm = client_mm,
	.device_at = client_device_at,
	.capable = client_capable,
};

void client_enter(struct client *client, struct daemon *daemon, pid_t tid)
{
	*client = (struct client){
		.base.ops = &client_ops,
		.daemon = daemon,
		.tid = tid,
	};
	vfio_set_current(&client->base);
}

void client_leave(struct client *client)
{
	vfio_set_current(NULL);
	vfio_mm_put(client->mm);
}
