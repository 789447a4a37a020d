// SPDX-License-Identifier: BSD-3-Clause
#define FUSE_USE_VERSION 35
#include "cuse_front.h"

#include <cuse_lowlevel.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../backend/group.h"
#include "daemon.h"
#include "file.h"
#include "devices.h"
#include "server.h"

#define STOP_SECONDS 5
/* How long devtmpfs may take to show a node. */
#define NODE_TRIES 100
#define NODE_WAIT_NSEC 20000000L

/* One node: a connection of its own, since CUSE has one device each. */
struct cuse_node {
	struct daemon *daemon;
	struct vfio_group *group; /* NULL: the container's */
	char name[32]; /* below /dev */
	char devname[48]; /* "DEVNAME=…" */
	dev_t rdev;
	int fd;
	struct fuse_session *session;
	struct server *server;
};

struct cuse_front {
	size_t nr_nodes;
	struct cuse_node nodes[];
};

static struct file *file_of(const struct fuse_file_info *fi)
{
	return (struct file *)(uintptr_t)fi->fh;
}

static void node_open(fuse_req_t req, struct fuse_file_info *fi)
{
	struct cuse_node *node = fuse_req_userdata(req);
	struct file *file;
	int ret;

	if (node->group)
		ret = file_open_group(node->daemon, node->group,
				      fuse_req_ctx(req)->pid, &file);
	else
		ret = file_open_container(node->daemon, &file);
	if (ret) {
		fuse_reply_err(req, -ret);
		return;
	}
	fi->fh = (uintptr_t)file;
	/* The client died before it got its answer. */
	if (fuse_reply_open(req, fi) == -ENOENT)
		file_release(file);
}

static void node_read(fuse_req_t req, size_t size, off_t pos,
		      struct fuse_file_info *fi)
{
	file_read(file_of(fi), req, size, pos);
}

static void node_write(fuse_req_t req, const char *buf, size_t size, off_t pos,
		       struct fuse_file_info *fi)
{
	file_write(file_of(fi), req, buf, size, pos);
}

static void node_release(fuse_req_t req, struct fuse_file_info *fi)
{
	file_release(file_of(fi));
	fuse_reply_err(req, 0);
}

static void node_ioctl(fuse_req_t req, int cmd, void *arg,
		       struct fuse_file_info *fi, unsigned int flags,
		       const void *in_buf, size_t in_bufsz, size_t out_bufsz)
{
	(void)flags, (void)in_buf, (void)in_bufsz, (void)out_bufsz;
	file_ioctl(file_of(fi), req, cmd, (uintptr_t)arg);
}

static const struct cuse_lowlevel_ops ops = {
	.open = node_open,
	.read = node_read,
	.write = node_write,
	.release = node_release,
	.ioctl = node_ioctl,
};

static ssize_t conn_read(int fd, void *buf, size_t size, void *userdata)
{
	(void)userdata;
	return read(fd, buf, size);
}

static ssize_t conn_writev(int fd, struct iovec *iov, int count, void *userdata)
{
	(void)userdata;
	return writev(fd, iov, count);
}

/* libfuse opens /dev/cuse only together with making itself a daemon. */
static const struct fuse_custom_io conn_io = {
	.read = conn_read,
	.writev = conn_writev,
};

static int make_session(struct cuse_node *node)
{
	const char *info_argv[] = { node->devname };
	struct cuse_info info = {
		.dev_info_argc = 1,
		.dev_info_argv = info_argv,
		.flags = CUSE_UNRESTRICTED_IOCTL,
	};
	char *argv[] = { "vfiod", NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);

	snprintf(node->devname, sizeof(node->devname), "DEVNAME=%s",
		 node->name);
	node->session = cuse_lowlevel_new(&args, &info, &ops, node);
	fuse_opt_free_args(&args);
	if (!node->session)
		return -ENOMEM;
	node->fd = open("/dev/cuse", O_RDWR | O_CLOEXEC);
	if (node->fd < 0)
		return -errno;
	return fuse_session_custom_io(node->session, &conn_io, node->fd);
}

/* The session takes some time to become a node. */
static int wait_for_node(struct cuse_node *node)
{
	const struct timespec wait = { .tv_nsec = NODE_WAIT_NSEC };
	char path[48];
	struct stat st;

	snprintf(path, sizeof(path), "/dev/%s", node->name);
	for (int i = 0; i < NODE_TRIES; i++) {
		if (!stat(path, &st) && S_ISCHR(st.st_mode)) {
			node->rdev = st.st_rdev;
			return chmod(path, node->group ? 0600 : 0666) ? -errno :
									0;
		}
		nanosleep(&wait, NULL);
	}
	return -ETIMEDOUT;
}

static int start_node(struct cuse_node *node)
{
	int ret;

	ret = make_session(node);
	if (ret)
		return ret;
	node->server = server_start(node->session, "vfiod-cuse", NULL, NULL);
	if (!node->server)
		return -errno;
	return wait_for_node(node);
}

static int stop_node(struct cuse_node *node)
{
	int ret = 0;

	if (node->server)
		ret = server_stop(node->server, STOP_SECONDS);
	/* With the connection the kernel takes the device away. */
	if (node->fd >= 0)
		close(node->fd);
	if (node->session && !ret)
		fuse_session_destroy(node->session);
	return ret;
}

static void init_node(struct cuse_node *node, struct daemon *daemon,
		      struct vfio_group *group)
{
	node->daemon = daemon;
	node->group = group;
	node->fd = -1;
	if (group)
		snprintf(node->name, sizeof(node->name), "vfio/%s",
			 group->name);
	else
		snprintf(node->name, sizeof(node->name), "vfio/vfio");
}

/* A path that is taken is not replaced: the device would have no node. */
static int check_free(const struct cuse_node *node, char *why, size_t size)
{
	char path[48];

	snprintf(path, sizeof(path), "/dev/%s", node->name);
	if (access(path, F_OK))
		return 0;
	snprintf(why, size,
		 "%s exists: the kernel's own vfio has it; "
		 "try: modprobe -r vfio",
		 path);
	return -EBUSY;
}

int cuse_front_start(struct daemon *daemon, char *why, size_t size,
		     struct cuse_front **out)
{
	size_t nr = daemon->devices->nr_groups + 1;
	struct cuse_front *front;
	int ret = 0;

	front = calloc(1, sizeof(*front) + nr * sizeof(front->nodes[0]));
	if (!front)
		return -ENOMEM;
	front->nr_nodes = nr;
	for (size_t i = 0; i < nr; i++)
		init_node(&front->nodes[i], daemon,
			  i ? daemon->devices->groups[i - 1] : NULL);
	for (size_t i = 0; i < nr && !ret; i++)
		ret = check_free(&front->nodes[i], why, size);
	for (size_t i = 0; i < nr && !ret; i++) {
		ret = start_node(&front->nodes[i]);
		if (ret == -ENOENT)
			snprintf(why, size,
				 "no /dev/cuse; "
				 "try: modprobe cuse");
		else if (ret)
			snprintf(why, size, "cannot make /dev/%s: %s",
				 front->nodes[i].name, strerror(-ret));
	}
	if (ret)
		cuse_front_stop(front);
	else
		*out = front;
	return ret;
}

bool cuse_front_is_container(const struct cuse_front *front, dev_t rdev)
{
	return front->nodes[0].rdev == rdev;
}

struct vfio_group *cuse_front_group(const struct cuse_front *front, dev_t rdev)
{
	for (size_t i = 1; i < front->nr_nodes; i++)
		if (front->nodes[i].rdev == rdev)
			return front->nodes[i].group;
	return NULL;
}

int cuse_front_stop(struct cuse_front *front)
{
	int ret = 0;

	for (size_t i = 0; i < front->nr_nodes; i++)
		if (stop_node(&front->nodes[i]))
			ret = -EBUSY;
	if (!ret)
		free(front);
	return ret;
}
