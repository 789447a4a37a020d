// SPDX-License-Identifier: BSD-3-Clause
#include "container_fd.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"
#include "nodes.h"

int container_fd_find(struct daemon *daemon, int fd,
		      struct vfio_container **container)
{
	struct ticket ticket = { .tid = gettid(), .asks = true };
	struct stat st;

	/* Only of a node of ours is it safe to ask anything. */
	if (fstat(fd, &st) || !nodes_is_container(daemon, &st))
		return -EBADFD;
	ticket_add(&daemon->tickets, &ticket);
	ioctl(fd, CONTAINER_FD_WHO, 0);
	ticket_remove(&daemon->tickets, &ticket);
	if (!ticket.container)
		return -EBADFD;
	*container = ticket.container;
	return 0;
}
