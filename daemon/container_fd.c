// SPDX-License-Identifier: BSD-3-Clause
#include "container_fd.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aside.h"
#include "client_fd.h"
#include "daemon.h"
#include "nodes.h"

struct question {
	struct daemon *daemon;
	pid_t tid;
	int fd;
	struct vfio_container *container;
	int ret;
};

static void ask_file(struct question *q, int fd)
{
	struct ticket ticket = { .tid = gettid(), .asks = true };
	struct stat st;

	/* Only of a node of ours is it safe to ask anything. */
	if (fstat(fd, &st) || !nodes_is_container(q->daemon, &st))
		return;
	ticket_add(&q->daemon->tickets, &ticket);
	ioctl(fd, CONTAINER_FD_WHO, 0);
	ticket_remove(&q->daemon->tickets, &ticket);
	q->container = ticket.container;
}

static void ask(void *arg)
{
	struct question *q = arg;
	int fd;

	fd = client_fd(q->tid, q->fd);
	if (fd < 0) {
		q->ret = fd;
		return;
	}
	ask_file(q, fd);
	close(fd);
	q->ret = q->container ? 0 : -EBADFD;
}

int container_fd_find(struct daemon *daemon, pid_t tid, int fd,
		      struct vfio_container **container)
{
	struct question q = { .daemon = daemon, .tid = tid, .fd = fd };
	int ret;

	ret = aside_call(ask, &q);
	if (ret)
		return ret;
	*container = q.container;
	return q.ret;
}
