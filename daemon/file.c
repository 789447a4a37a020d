// SPDX-License-Identifier: BSD-3-Clause
#define FUSE_USE_VERSION 35
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>

#include <vfiod/uapi.h>

#include "../backend/container.h"
#include "../backend/device.h"
#include "../backend/group.h"
#include "../backend/stream.h"
#include "client.h"
#include "container_fd.h"
#include "daemon.h"
#include "device_fd.h"
#include "fd_job.h"
#include "layout.h"

/* Reads up to this size need no memory. */
#define SMALL_READ 256

static int file_create(struct daemon *daemon, enum account_kind kind,
		       struct file **file)
{
	*file = calloc(1, sizeof(**file));
	if (!*file)
		return -ENOMEM;
	(*file)->daemon = daemon;
	(*file)->kind = kind;
	pthread_mutex_lock(&daemon->files_lock);
	LIST_INSERT_HEAD(&daemon->files, *file, next);
	pthread_mutex_unlock(&daemon->files_lock);
	return 0;
}

static void file_free(struct file *file)
{
	pthread_mutex_lock(&file->daemon->files_lock);
	LIST_REMOVE(file, next);
	pthread_mutex_unlock(&file->daemon->files_lock);
	free(file);
}

int file_open_container(struct daemon *daemon, struct file **file)
{
	int ret;

	ret = file_create(daemon, ACCOUNT_CONTAINER, file);
	if (ret)
		return ret;
	(*file)->container = vfio_container_create(&daemon->drivers);
	if (!(*file)->container) {
		file_free(*file);
		return -ENOMEM;
	}
	return 0;
}

int file_open_group(struct daemon *daemon, struct vfio_group *group, pid_t tid,
		    struct file **file)
{
	struct client client;
	int ret;

	ret = file_create(daemon, ACCOUNT_GROUP, file);
	if (ret)
		return ret;
	(*file)->group = group;
	(*file)->closing.group = group;
	closing_settle(daemon, group, NULL);
	client_enter(&client, daemon, tid);
	ret = vfio_group_open(group);
	if (ret == -EBUSY) {
		closing_settle_busy(daemon, group);
		ret = vfio_group_open(group);
	}
	client_leave(&client);
	if (ret)
		file_free(*file);
	return ret;
}

int file_open_ticket(struct daemon *daemon, pid_t tid, struct file **file)
{
	*file = ticket_take_file(&daemon->tickets, tid);
	return *file ? 0 : -ENXIO;
}

int file_make_device(struct daemon *daemon, struct vfio_device_file *device,
		     struct file **file)
{
	int ret;

	ret = file_create(daemon, ACCOUNT_DEVICE, file);
	if (ret)
		return ret;
	(*file)->device = device;
	(*file)->closing.group = device->vdev->group;
	return 0;
}

/* It keeps nothing of its group busy: nobody waits for its close. */
int file_make_stream(struct daemon *daemon, struct vfiod_stream *stream,
		     struct file **file)
{
	int ret;

	ret = file_create(daemon, ACCOUNT_STREAM, file);
	if (ret)
		return ret;
	(*file)->stream = stream;
	return 0;
}

static const struct vfio_device *device_of(const struct file *file)
{
	if (file->kind == ACCOUNT_STREAM)
		return vfio_stream_device(file->stream);
	return file->device->vdev;
}

void file_path(const struct file *file, char *path, size_t size)
{
	snprintf(path, size, "%s/%s%s", file->daemon->device_dir,
		 device_of(file)->name,
		 file->kind == ACCOUNT_STREAM ? LAYOUT_STREAM_SUFFIX : "");
}

int file_access(const struct file *file)
{
	if (file->kind == ACCOUNT_STREAM)
		return vfio_stream_flags(file->stream);
	return O_RDWR;
}

struct vfio_memory *file_memory(const struct file *file)
{
	if (file->kind != ACCOUNT_DEVICE)
		return NULL;
	return file->device->vdev->memory;
}

static void settle(const struct file *file)
{
	struct daemon *daemon = file->daemon;

	if (file->kind == ACCOUNT_CONTAINER)
		closing_settle(daemon, NULL, file->container);
	else if (file->kind == ACCOUNT_GROUP)
		closing_settle(daemon, file->group, NULL);
	else
		closing_settle(daemon, device_of(file)->group, NULL);
}

/* Busy is an answer only when it is so after all that has been closed. */
static int group_ioctl(struct file *file, unsigned int cmd, uint64_t arg)
{
	int ret;

	ret = vfio_group_ioctl(file->group, cmd, arg);
	if (ret != -EBUSY)
		return ret;
	closing_settle_busy(file->daemon, file->group);
	return vfio_group_ioctl(file->group, cmd, arg);
}

static int call_model(struct file *file, unsigned int cmd, uint64_t arg)
{
	switch (file->kind) {
	case ACCOUNT_CONTAINER:
		return vfio_container_ioctl(file->container, cmd, arg);
	case ACCOUNT_GROUP:
		return group_ioctl(file, cmd, arg);
	case ACCOUNT_STREAM:
		return vfio_stream_ioctl(file->stream, cmd, arg);
	default:
		return vfio_device_file_ioctl(file->device, cmd, arg);
	}
}

static void answer(fuse_req_t req, int ret)
{
	if (ret < 0)
		fuse_reply_err(req, -ret);
	else
		fuse_reply_ioctl(req, ret, NULL, 0);
}

/* The call has come to a stream, which the client is to get an fd of. */
static void give_stream(struct daemon *daemon, fuse_req_t req,
			const struct client *client)
{
	struct file *file;
	int ret;

	ret = file_make_stream(daemon, client->stream, &file);
	if (!ret) {
		fd_job_give(file, req, client->number_at);
		return;
	}
	vfiod_stream_put(client->stream);
	answer(req, ret);
}

void file_ioctl(struct file *file, fuse_req_t req, unsigned int cmd,
		uint64_t arg)
{
	struct daemon *daemon = file->daemon;
	pid_t tid = fuse_req_ctx(req)->pid;
	struct client client;
	int ret;

	if (file->kind == ACCOUNT_CONTAINER && cmd == CONTAINER_FD_WHO &&
	    ticket_answer(&daemon->tickets, tid, file->container)) {
		answer(req, 0);
		return;
	}
	settle(file);
	if (file->kind == ACCOUNT_GROUP && cmd == VFIO_GROUP_GET_DEVICE_FD) {
		device_fd_by_ptrace(daemon, file->group, req, arg);
		return;
	}
	client_enter(&client, daemon, tid);
	ret = call_model(file, cmd, arg);
	client_leave(&client);
	if (client.stream) {
		give_stream(daemon, req, &client);
		return;
	}
	account_ioctl(&daemon->account, file->kind, cmd, ret);
	answer(req, ret);
}

/* Of a container or a group: the kernel's have no such operation. */
static ssize_t read_model(struct file *file, void *buf, size_t size,
			  uint64_t pos)
{
	if (file->kind == ACCOUNT_STREAM)
		return vfio_stream_read(file->stream, buf, size);
	if (file->kind != ACCOUNT_DEVICE)
		return -EINVAL;
	atomic_fetch_add(&file->daemon->account.reads, 1);
	return vfio_device_file_read(file->device, buf, size, pos);
}

static ssize_t write_model(struct file *file, const void *buf, size_t size,
			   uint64_t pos)
{
	if (file->kind == ACCOUNT_STREAM)
		return vfio_stream_write(file->stream, buf, size);
	if (file->kind != ACCOUNT_DEVICE)
		return -EINVAL;
	atomic_fetch_add(&file->daemon->account.writes, 1);
	return vfio_device_file_write(file->device, buf, size, pos);
}

void file_read(struct file *file, fuse_req_t req, size_t size, uint64_t pos)
{
	char small[SMALL_READ], *buf = small;
	struct client client;
	ssize_t ret;

	if (size > sizeof(small))
		buf = malloc(size);
	if (!buf) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	settle(file);
	client_enter(&client, file->daemon, fuse_req_ctx(req)->pid);
	ret = read_model(file, buf, size, pos);
	client_leave(&client);
	if (ret < 0)
		fuse_reply_err(req, -ret);
	else
		fuse_reply_buf(req, buf, ret);
	if (buf != small)
		free(buf);
}

void file_write(struct file *file, fuse_req_t req, const void *buf, size_t size,
		uint64_t pos)
{
	struct client client;
	ssize_t ret;

	settle(file);
	client_enter(&client, file->daemon, fuse_req_ctx(req)->pid);
	ret = write_model(file, buf, size, pos);
	client_leave(&client);
	if (ret < 0)
		fuse_reply_err(req, -ret);
	else
		fuse_reply_write(req, ret);
}

void file_flush(struct file *file)
{
	if (file->closing.group)
		closing_flush(&file->daemon->closing, &file->closing);
}

void file_release_begin(struct file *file)
{
	if (file->closing.group)
		closing_release_begin(&file->daemon->closing, &file->closing);
}

void file_release(struct file *file)
{
	switch (file->kind) {
	case ACCOUNT_CONTAINER:
		vfio_container_put(file->container);
		break;
	case ACCOUNT_GROUP:
		vfio_group_close(file->group);
		break;
	case ACCOUNT_STREAM:
		vfiod_stream_put(file->stream);
		break;
	default:
		vfio_device_file_release(file->device);
		break;
	}
	if (file->closing.releasing)
		closing_release_end(&file->daemon->closing, &file->closing);
	file_free(file);
}

/* Each in the list is whole: it is made and freed by threads that ended. */
void file_release_all(struct daemon *daemon)
{
	struct file *file;

	while ((file = LIST_FIRST(&daemon->files)))
		file_release(file);
}
