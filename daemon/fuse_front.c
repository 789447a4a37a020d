// SPDX-License-Identifier: BSD-3-Clause
#define FUSE_USE_VERSION 35
#include "fuse_front.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "aside.h"
#include "daemon.h"
#include "file.h"
#include "fuse_dir.h"
#include "log.h"
#include "memory.h"
#include "passthrough.h"
#include "server.h"
#include "tree.h"

/* The tree does not change. */
#define FOREVER 1e9
#define ATTRIBUTE_SIZE 4096 /* what sysfs says of all of them */
#define STOP_SECONDS 5
#define BARRIER _IO('v', 0xf1)

struct fuse_front {
	struct daemon *daemon;
	struct tree *tree;
	struct fuse_session *session;
	struct server *server;
	uid_t uid;
	gid_t gid;
	dev_t dev; /* of the mount */
	const char *control; /* its path */
	uint64_t init; /* the request that is INIT, if it offers passthrough */
};

static struct fuse_front *front_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static struct tree_node *node_of(fuse_req_t req, fuse_ino_t ino)
{
	return tree_by_ino(front_of(req)->tree, ino);
}

static off_t size_of(const struct tree_node *node)
{
	switch (node->kind) {
	case TREE_TEXT:
		return ATTRIBUTE_SIZE;
	case TREE_LINK:
		return strlen(node->text);
	default:
		return 0;
	}
}

static void get_stat(const struct fuse_front *front,
		     const struct tree_node *node, struct stat *st)
{
	*st = (struct stat){
		.st_ino = node->ino,
		.st_mode = node->mode,
		.st_nlink = 1,
		.st_uid = front->uid,
		.st_gid = front->gid,
		.st_size = size_of(node),
		.st_blksize = ATTRIBUTE_SIZE,
	};
}

static void front_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	/* Requests are small, and RELEASE must never queue behind others. */
	conn->want &= ~(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE |
			FUSE_CAP_SPLICE_MOVE);
	conn->max_background = UINT16_MAX;
	conn->congestion_threshold = UINT16_MAX;
}

static void front_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct tree_node *dir = node_of(req, parent);
	struct tree_node *node = dir ? tree_lookup(dir, name) : NULL;
	struct fuse_entry_param entry = {
		.attr_timeout = FOREVER,
		.entry_timeout = FOREVER,
	};

	if (!node) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	entry.ino = node->ino;
	get_stat(front_of(req), node, &entry.attr);
	fuse_reply_entry(req, &entry);
}

static void front_getattr(fuse_req_t req, fuse_ino_t ino,
			  struct fuse_file_info *fi)
{
	struct tree_node *node = node_of(req, ino);
	struct stat st;

	(void)fi;
	if (!node) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	get_stat(front_of(req), node, &st);
	fuse_reply_attr(req, &st, FOREVER);
}

/*
 * open(2) with O_TRUNC on a node: there is nothing to set. By ftruncate(2),
 * with a file, it is refused as for any character device.
 */
static void front_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr,
			  int to_set, struct fuse_file_info *fi)
{
	(void)attr;
	if (fi && (to_set & FUSE_SET_ATTR_SIZE)) {
		fuse_reply_err(req, EINVAL);
		return;
	}
	if (to_set &
	    ~(FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_CTIME)) {
		fuse_reply_err(req, EPERM);
		return;
	}
	front_getattr(req, ino, fi);
}

static void front_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct tree_node *node = node_of(req, ino);

	if (node && node->kind == TREE_LINK)
		fuse_reply_readlink(req, node->text);
	else
		fuse_reply_err(req, EINVAL);
}

/* Is thread @tid one of this process? */
static bool is_ours(pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d", tid);
	return !access(path, F_OK);
}

static int open_file(struct fuse_front *front, const struct tree_node *node,
		     pid_t tid, struct file **file)
{
	switch (node->kind) {
	case TREE_CONTAINER:
		return file_open_container(front->daemon, file);
	case TREE_GROUP:
		return file_open_group(front->daemon, node->group, tid, file);
	case TREE_DEVICE:
	case TREE_STREAM:
		return file_open_ticket(front->daemon, tid, file);
	case TREE_CONTROL:
		return is_ours(tid) ? 0 : -EACCES;
	default:
		return -EINVAL;
	}
}

static int reply_open(fuse_req_t req, const struct fuse_file_info *fi,
		      struct file *file)
{
	struct vfio_memory *memory = file ? file_memory(file) : NULL;
	int backing = 0;

	if (memory)
		backing = memory_backing(
			memory, fuse_session_fd(front_of(req)->session));
	if (backing < 0)
		vfio_log(LOG_LEVEL_WARNING, "no mmap of a device: %s",
			 strerror(-backing));
	if (backing > 0)
		return passthrough_reply_open(req, fi->fh, backing);
	return fuse_reply_open(req, fi);
}

static void front_open(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	struct fuse_front *front = front_of(req);
	struct tree_node *node = node_of(req, ino);
	struct file *file = NULL;
	int ret = 0;

	if (fi->flags & O_DIRECT)
		ret = -EINVAL;
	else if (node->kind == TREE_TEXT)
		ret = fuse_dir_open_text(node, fi->flags);
	else
		ret = open_file(front, node, fuse_req_ctx(req)->pid, &file);
	if (ret) {
		fuse_reply_err(req, -ret);
		return;
	}
	fi->fh = (uintptr_t)file;
	fi->direct_io = 1;
	/* libfuse has no name for FOPEN_STREAM; a stream goes one way only,
	 * where this is the same. */
	fi->nonseekable = node->kind == TREE_STREAM;
	/* The client died before it got its answer. */
	if (reply_open(req, fi, file) == -ENOENT && file)
		file_release(file);
}

static struct file *file_of(const struct fuse_file_info *fi)
{
	return (struct file *)(uintptr_t)fi->fh;
}

static void front_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t pos,
		       struct fuse_file_info *fi)
{
	if (file_of(fi))
		file_read(file_of(fi), req, size, pos);
	else
		fuse_dir_read_text(req, node_of(req, ino), size, pos);
}

static void front_write(fuse_req_t req, fuse_ino_t ino, const char *buf,
			size_t size, off_t pos, struct fuse_file_info *fi)
{
	struct tree_node *node = node_of(req, ino);

	if (file_of(fi))
		file_write(file_of(fi), req, buf, size, pos);
	else if (node->store)
		fuse_dir_write_text(req, node, buf, size);
	else
		fuse_reply_err(req, EBADF);
}

static void front_flush(fuse_req_t req, fuse_ino_t ino,
			struct fuse_file_info *fi)
{
	(void)ino;
	if (file_of(fi))
		file_flush(file_of(fi));
	fuse_reply_err(req, 0);
}

static void front_release(fuse_req_t req, fuse_ino_t ino,
			  struct fuse_file_info *fi)
{
	(void)ino;
	if (file_of(fi))
		file_release(file_of(fi));
	fuse_reply_err(req, 0);
}

static void front_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned int cmd,
			void *arg, struct fuse_file_info *fi, unsigned flags,
			const void *in_buf, size_t in_bufsz, size_t out_bufsz)
{
	(void)ino, (void)flags, (void)in_buf, (void)in_bufsz, (void)out_bufsz;
	if (file_of(fi)) {
		file_ioctl(file_of(fi), req, cmd, (uintptr_t)arg);
	} else if (cmd == BARRIER) {
		/* That it has been read is all: the order of reading. */
		fuse_reply_ioctl(req, 0, NULL, 0);
	} else {
		fuse_reply_err(req, ENOTTY);
	}
}

/* Character devices without these operations. */
static void front_fsync(fuse_req_t req, fuse_ino_t ino, int datasync,
			struct fuse_file_info *fi)
{
	(void)ino, (void)datasync, (void)fi;
	fuse_reply_err(req, EINVAL);
}

static void front_fallocate(fuse_req_t req, fuse_ino_t ino, int mode,
			    off_t offset, off_t length,
			    struct fuse_file_info *fi)
{
	(void)ino, (void)mode, (void)offset, (void)length, (void)fi;
	fuse_reply_err(req, ENODEV);
}

static const struct fuse_lowlevel_ops ops = {
	.init = front_init,
	.lookup = front_lookup,
	.getattr = front_getattr,
	.setattr = front_setattr,
	.readlink = front_readlink,
	.readdir = fuse_dir_readdir,
	.open = front_open,
	.read = front_read,
	.write = front_write,
	.flush = front_flush,
	.release = front_release,
	.ioctl = front_ioctl,
	.fsync = front_fsync,
	.fallocate = front_fallocate,
};

/* A RELEASE must be known of before the thread that read it can be delayed. */
static void peek(void *arg, const void *request)
{
	const struct fuse_in_header *header = request;
	const struct fuse_release_in *release = (const void *)(header + 1);
	struct fuse_front *front = arg;
	struct tree_node *node;

	if (header->opcode != FUSE_RELEASE)
		return;
	node = tree_by_ino(front->tree, header->nodeid);
	if (node && release->fh)
		file_release_begin((struct file *)(uintptr_t)release->fh);
}

/* As libfuse itself does, but for what it does not know of. */
static ssize_t read_request(int fd, void *buf, size_t len, void *userdata)
{
	const struct fuse_in_header *header = buf;
	const struct fuse_init_in *init = (const void *)(header + 1);
	struct fuse_front *front = userdata;
	ssize_t n;

	n = read(fd, buf, len);
	if (n >= (ssize_t)(sizeof(*header) + sizeof(*init)) &&
	    header->opcode == FUSE_INIT && passthrough_is_offered(init))
		front->init = header->unique;
	return n;
}

static ssize_t write_reply(int fd, struct iovec *iov, int count, void *userdata)
{
	const struct fuse_out_header *header = iov[0].iov_base;
	struct fuse_front *front = userdata;

	if (front->init && header->unique == front->init) {
		passthrough_accept(iov, count);
		front->init = 0;
	}
	return writev(fd, iov, count);
}

static int start_session(struct fuse_front *front, int fd)
{
	static const struct fuse_custom_io io = {
		.read = read_request,
		.writev = write_reply,
	};
	char *argv[] = { "vfiod", NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);

	front->session = fuse_session_new(&args, &ops, sizeof(ops), front);
	fuse_opt_free_args(&args);
	if (!front->session)
		return -ENOMEM;
	if (fuse_session_custom_io(front->session, &io, fd))
		return -EINVAL;
	front->server = server_start(front->session, "vfiod-fuse", peek, front);
	return front->server ? 0 : -errno;
}

int fuse_front_start(struct daemon *daemon, struct tree *tree, int fd,
		     uid_t uid, gid_t gid, struct fuse_front **out)
{
	struct fuse_front *front = calloc(1, sizeof(*front));
	int ret;

	if (!front)
		return -ENOMEM;
	front->daemon = daemon;
	front->tree = tree;
	front->uid = uid;
	front->gid = gid;
	ret = start_session(front, fd);
	if (ret) {
		if (front->session)
			fuse_session_destroy(front->session);
		free(front);
		return ret;
	}
	*out = front;
	return 0;
}

/* Opens the control file, for an aside call; -1: why is in errno. */
static int open_control(const struct fuse_front *front)
{
	return open(front->control, O_RDONLY | O_CLOEXEC);
}

static void find_dev(void *arg)
{
	struct fuse_front *front = arg;
	int fd = open_control(front);
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st))
		front->dev = st.st_dev;
	close(fd);
}

int fuse_front_control(struct fuse_front *front, const char *control)
{
	int ret;

	front->control = control;
	ret = aside_call(find_dev, front);
	if (!ret && !front->dev)
		ret = -EIO;
	return ret;
}

void fuse_front_try_memory(struct fuse_front *front, struct vfio_memory *memory)
{
	memory_try(memory, fuse_session_fd(front->session));
}

static void send_barrier(void *arg)
{
	int fd = open_control(arg);

	if (fd < 0)
		return;
	ioctl(fd, BARRIER, 0);
	close(fd);
}

/* Without a thread to send it from, a close looks asynchronous for once. */
void fuse_front_barrier(struct fuse_front *front)
{
	int ret = aside_call(send_barrier, front);

	if (ret)
		vfio_log(LOG_LEVEL_WARNING, "cannot wait for a close: %s",
			 strerror(-ret));
}

const struct tree_node *fuse_front_by_ino(const struct fuse_front *front,
					  uint64_t ino)
{
	return tree_by_ino(front->tree, ino);
}

const struct tree_node *fuse_front_node(const struct fuse_front *front,
					const struct stat *st)
{
	if (st->st_dev != front->dev)
		return NULL;
	return tree_by_ino(front->tree, st->st_ino);
}

int fuse_front_stop(struct fuse_front *front)
{
	int ret;

	ret = server_stop(front->server, STOP_SECONDS);
	if (ret)
		return ret;
	if (front->daemon->jobs)
		return -EBUSY;
	fuse_session_destroy(front->session);
	free(front);
	return 0;
}
