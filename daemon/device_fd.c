// SPDX-License-Identifier: BSD-3-Clause
#define FUSE_USE_VERSION 35
#include "device_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vfiod/uapi.h>

#include "../backend/device.h"
#include "../backend/group.h"
#include "aside.h"
#include "client.h"
#include "client_fd.h"
#include "daemon.h"
#include "fd_job.h"
#include "file.h"
#include "handover.h"
#include "nodes.h"

/* One GET_DEVICE_FD by seccomp, on the thread that was made for it. */
struct job {
	struct daemon *daemon;
	/*
	 * Makes whoever asks about the group next wait for the end of this,
	 * so that a device whose fd could not be handed over is closed when
	 * the client hears of it, and when a client's death has been seen.
	 */
	struct closing_entry closing;
	int listener;
	struct handover_notif notif;
};

static void count(struct daemon *daemon, int ret)
{
	account_ioctl(&daemon->account, ACCOUNT_GROUP, VFIO_GROUP_GET_DEVICE_FD,
		      ret);
}

/* Open the device that @arg names, for thread @tid. */
static int open_device(struct daemon *daemon, struct vfio_group *group,
		       pid_t tid, uint64_t arg, struct file **file)
{
	struct vfio_device_file *device;
	struct client client;
	int ret;

	client_enter(&client, daemon, tid);
	ret = vfio_group_get_device(group, arg, &device);
	client_leave(&client);
	if (ret)
		return ret;
	ret = file_make_device(daemon, device, file);
	if (ret)
		vfio_device_file_release(device);
	return ret;
}

static void begin_closing(struct job *job, struct vfio_group *group)
{
	job->closing.group = group;
	job->closing.group_only = true;
	closing_release_begin(&job->daemon->closing, &job->closing);
}

static void end_closing(struct job *job)
{
	closing_release_end(&job->daemon->closing, &job->closing);
}

void device_fd_by_ptrace(struct daemon *daemon, struct vfio_group *group,
			 fuse_req_t req, uint64_t arg)
{
	struct file *file;
	int ret;

	ret = open_device(daemon, group, fuse_req_ctx(req)->pid, arg, &file);
	if (!ret) {
		fd_job_give(file, req, 0);
		return;
	}
	count(daemon, ret);
	fuse_reply_err(req, -ret);
}

/*
 * What is done with files that are ours, as clients do it, is done aside
 * (aside.h); the model and the plugin run on the job's own thread, since the
 * fds that a plugin opens have to stay.
 */
struct errand {
	struct job *job;
	struct vfio_group *group; /* NULL: none of ours */
	struct file *file; /* NULL once it has an fd */
	int ret;
};

static void find_group_by_fd(void *arg)
{
	struct errand *errand = arg;
	struct job *job = errand->job;
	struct stat st;
	int fd;

	fd = client_fd(job->notif.tid, job->notif.fd);
	if (fd < 0)
		return;
	if (!fstat(fd, &st))
		errand->group = nodes_group(job->daemon, &st);
	close(fd);
}

/*
 * Which group the client's fd is of. Looked at from outside, since an fd of
 * ours, be it for a moment, would keep the group open when the client dies;
 * that is only for a process that lets nobody look.
 */
static int find_group(struct errand *errand)
{
	struct job *job = errand->job;
	struct stat st;
	int ret;

	ret = client_fd_stat(job->notif.tid, job->notif.fd, &st);
	if (ret == -EACCES)
		return aside_call(find_group_by_fd, errand);
	if (!ret && !client_fd_is_path(job->notif.tid, job->notif.fd))
		errand->group = nodes_group(job->daemon, &st);
	return 0;
}

/* An fd of ours for errand->file. */
static int open_ours(struct errand *errand)
{
	struct daemon *daemon = errand->job->daemon;
	struct ticket ticket = { .tid = gettid(), .file = errand->file };
	char path[HANDOVER_PATH_MAX];
	int fd;

	file_path(errand->file, path, sizeof(path));
	ticket_add(&daemon->tickets, &ticket);
	fd = open(path, file_access(errand->file) | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	ticket_remove(&daemon->tickets, &ticket);
	errand->file = ticket.file;
	return fd;
}

/*
 * Ours is closed before the client gets its answer: were it not, the client's
 * close would not be the last one.
 */
static void give(void *arg)
{
	struct errand *errand = arg;
	struct job *job = errand->job;
	int listener, ours;

	listener = aside_take_fd(job->listener);
	ours = listener < 0 ? listener : open_ours(errand);
	errand->ret = ours;
	if (ours >= 0) {
		errand->ret =
			handover_notif_addfd(listener, job->notif.id, ours);
		close(ours);
	}
	if (listener >= 0)
		close(listener);
}

static int open_and_give(struct errand *errand)
{
	struct job *job = errand->job;
	int ret;

	ret = open_device(job->daemon, errand->group, job->notif.tid,
			  job->notif.arg[2], &errand->file);
	if (ret)
		return ret;
	ret = aside_call(give, errand);
	if (errand->file)
		file_release(errand->file);
	return ret ? ret : errand->ret;
}

/*
 * What the ioctl is to return. Where the client has died meanwhile, the
 * copy of the fd that was ours was the last: its RELEASE is waited for too.
 */
static int get_device_fd(struct errand *errand)
{
	struct job *job = errand->job;
	int ret;

	closing_settle(job->daemon, errand->group, NULL);
	begin_closing(job, errand->group);
	/*
	 * What was seen was this client's only if it still waits; and if it
	 * dies from now on, whoever has seen that waits for this.
	 */
	ret = handover_notif_valid(job->listener, job->notif.id);
	if (!ret)
		ret = open_and_give(errand);
	end_closing(job);
	return ret;
}

static void *seccomp_job(void *arg)
{
	struct job *job = arg;
	struct errand errand = { .job = job };
	struct daemon *daemon = job->daemon;
	int ret;

	ret = find_group(&errand);
	if (!ret && !errand.group) {
		handover_notif_continue(job->listener, job->notif.id);
	} else {
		if (!ret)
			ret = get_device_fd(&errand);
		count(daemon, ret);
		handover_notif_answer(job->listener, job->notif.id, ret);
	}
	free(job);
	fd_job_end(daemon);
	return NULL;
}

void device_fd_by_seccomp(struct daemon *daemon, int listener,
			  const struct handover_notif *n)
{
	struct job *job = calloc(1, sizeof(*job));
	int ret = -ENOMEM;

	if (job) {
		job->daemon = daemon;
		job->listener = listener;
		job->notif = *n;
		ret = fd_job_start(daemon, seccomp_job, job);
	}
	if (!ret)
		return;
	handover_notif_answer(listener, n->id, ret);
	free(job);
}
