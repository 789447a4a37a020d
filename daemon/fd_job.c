// SPDX-License-Identifier: BSD-3-Clause
#define FUSE_USE_VERSION 35
#include "fd_job.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vfiod/uapi.h>

#include "daemon.h"
#include "file.h"
#include "handover.h"
#include "log.h"

#define STACK_BYTES (256 * 1024)
#define WAIT_MSEC 5000

int fd_job_start(struct daemon *daemon, void *(*fn)(void *arg), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	atomic_fetch_add(&daemon->jobs, 1);
	ret = -pthread_create(&thread, &attr, fn, arg);
	if (ret)
		atomic_fetch_sub(&daemon->jobs, 1);
	pthread_attr_destroy(&attr);
	return ret;
}

void fd_job_end(struct daemon *daemon)
{
	atomic_fetch_sub(&daemon->jobs, 1);
}

void fd_job_wait(const struct daemon *daemon)
{
	const struct timespec nap = { .tv_nsec = 1000 * 1000 };

	for (int i = 0; i < WAIT_MSEC && daemon->jobs; i++)
		nanosleep(&nap, NULL);
}

/* By ptrace. */
struct job {
	struct daemon *daemon;
	fuse_req_t req;
	struct file *file;
	enum account_kind kind; /* of the file, before there are threads */
	uint64_t number_at;
	/* Of a device: makes who asks about its group wait for the end. */
	struct closing_entry closing;
};

static void answer_ok(void *opaque, int result)
{
	struct job *job = opaque;

	fuse_reply_ioctl(job->req, result, NULL, 0);
}

static void explain(const struct handover *handover, int ret)
{
	if (ret == -EBUSY && !handover->answered)
		vfio_log(LOG_LEVEL_WARNING,
			 "thread %d is being traced (gdb, strace): it cannot "
			 "be given an fd",
			 handover->tid);
	else if (ret != -ESRCH)
		vfio_log(LOG_LEVEL_INFO, "no fd for thread %d: %s",
			 handover->tid, strerror(-ret));
}

static void count(const struct job *job, int ret)
{
	struct account *account = &job->daemon->account;

	if (job->kind == ACCOUNT_DEVICE)
		account_ioctl(account, ACCOUNT_GROUP, VFIO_GROUP_GET_DEVICE_FD,
			      ret);
	else
		account_ioctl(account, ACCOUNT_DEVICE, VFIO_DEVICE_FEATURE,
			      ret);
}

static int hand_over(struct job *job, bool *answered)
{
	struct daemon *daemon = job->daemon;
	char path[HANDOVER_PATH_MAX];
	struct handover handover = {
		.tid = fuse_req_ctx(job->req)->pid,
		.path = path,
		.flags = file_access(job->file),
		.number_at = job->number_at,
		.inherits = daemon->is_run,
		.hooked = atomic_load(&daemon->hooked),
		.answer = answer_ok,
		.opaque = job,
	};
	struct ticket ticket = { .tid = handover.tid, .file = job->file };
	int ret;

	file_path(job->file, path, sizeof(path));
	ticket_add(&daemon->tickets, &ticket);
	ret = handover_ptrace(&handover);
	ticket_remove(&daemon->tickets, &ticket);
	if (ret < 0)
		explain(&handover, ret);
	if (ticket.file)
		file_release(ticket.file);
	*answered = handover.answered;
	return ret;
}

static void *run(void *arg)
{
	struct job *job = arg;
	struct daemon *daemon = job->daemon;
	bool answered;
	int ret;

	ret = hand_over(job, &answered);
	if (job->closing.group)
		closing_release_end(&daemon->closing, &job->closing);
	if (!answered)
		fuse_reply_err(job->req, -ret);
	count(job, ret);
	free(job);
	fd_job_end(daemon);
	return NULL;
}

static int start(struct job *job)
{
	struct closing *closing = &job->daemon->closing;
	int ret;

	/*
	 * A device whose fd could not be handed over is closed when the
	 * client hears of it, and when a client's death has been seen.
	 */
	job->closing.group = job->file->closing.group;
	job->closing.group_only = true;
	if (job->closing.group)
		closing_release_begin(closing, &job->closing);
	ret = fd_job_start(job->daemon, run, job);
	if (ret && job->closing.group)
		closing_release_end(closing, &job->closing);
	return ret;
}

void fd_job_give(struct file *file, fuse_req_t req, uint64_t number_at)
{
	struct job *job = calloc(1, sizeof(*job));
	int ret = -ENOMEM;

	if (job) {
		job->daemon = file->daemon;
		job->req = req;
		job->file = file;
		job->kind = file->kind;
		job->number_at = number_at;
		ret = start(job);
	}
	if (!ret)
		return;
	free(job);
	file_release(file);
	fuse_reply_err(req, -ret);
}
