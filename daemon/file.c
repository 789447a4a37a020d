// SPDX-License-Identifier: BSD-3-Clause
#define FUSE_USE_VERSION 35
#include "file.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdlib.h>

#include <vfiod/uapi.h>

#include "../backend/container.h"
#include "../backend/device.h"
#include "../backend/group.h"
#include "client.h"
#include "container_fd.h"
#include "daemon.h"
#include "device_fd.h"

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

int file_open_device(struct daemon *daemon, pid_t tid, struct file **file)
{
	int ret;

	ret = file_create(daemon, ACCOUNT_DEVICE, file);
	if (ret)
		return ret;
	(*file)->device = ticket_take_file(&daemon->tickets, tid);
	if (!(*file)->device) {
		file_free(*file);
		return -ENXIO;
	}
	(*file)->closing.group = (*file)->device->vdev->group;
	return 0;
}

static void settle(const struct file *file)
{
	if (file->kind == ACCOUNT_CONTAINER)
		closing_settle(file->daemon, NULL, file->container);
	else
		closing_settle(file->daemon, file->closing.group, NULL);
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
	account_ioctl(&daemon->account, file->kind, cmd, ret);
	answer(req, ret);
}

static ssize_t device_read(struct file *file, pid_t tid, void *buf, size_t size,
			   uint64_t pos)
{
	struct client client;
	ssize_t ret;

	settle(file);
	client_enter(&client, file->daemon, tid);
	ret = vfio_device_file_read(file->device, buf, size, pos);
	client_leave(&client);
	atomic_fetch_add(&file->daemon->account.reads, 1);
	return ret;
}

void file_read(struct file *file, fuse_req_t req, size_t size, uint64_t pos)
{
	char small[SMALL_READ], *buf = small;
	ssize_t ret;

	if (file->kind != ACCOUNT_DEVICE) {
		fuse_reply_err(req, EINVAL);
		return;
	}
	if (size > sizeof(small))
		buf = malloc(size);
	if (!buf) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	ret = device_read(file, fuse_req_ctx(req)->pid, buf, size, pos);
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
	ssize_t ret = -EINVAL;

	if (file->kind == ACCOUNT_DEVICE) {
		settle(file);
		client_enter(&client, file->daemon, fuse_req_ctx(req)->pid);
		ret = vfio_device_file_write(file->device, buf, size, pos);
		client_leave(&client);
		atomic_fetch_add(&file->daemon->account.writes, 1);
	}
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
