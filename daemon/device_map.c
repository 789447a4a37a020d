// SPDX-License-Identifier: BSD-3-Clause
#include "device_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../backend/device.h"
#include "../backend/region.h"
#include "client_fd.h"
#include "daemon.h"
#include "fd_job.h"
#include "handover.h"
#include "log.h"
#include "memory.h"
#include "nodes.h"

enum { LENGTH = 1, OFFSET = 5 }; /* arguments of mmap */

/* One mmap, on the thread that was made for it. */
struct job {
	struct daemon *daemon;
	struct vfio_device *vdev;
	int listener;
	struct handover_notif notif;
};

/*
 * The device whose memory the client is about to map; NULL: none. Of a file
 * that is none of ours the file system might take its time to answer.
 */
static struct vfio_device *find_device(const struct daemon *daemon,
				       const struct handover_notif *n)
{
	struct vfio_device *vdev;
	struct stat st;

	if (!client_fd_is_below(n->tid, n->fd, daemon->device_dir) ||
	    client_fd_stat(n->tid, n->fd, &st))
		return NULL;
	vdev = nodes_device(daemon, &st);
	if (!vdev || !vdev->memory || client_fd_is_path(n->tid, n->fd))
		return NULL;
	return vdev;
}

static void explain(const struct job *job, int ret)
{
	if (ret == -EBUSY)
		vfio_log(LOG_LEVEL_WARNING,
			 "thread %d is being traced (gdb, strace): it cannot "
			 "map device %s",
			 job->notif.tid, job->vdev->name);
	else if (ret != -ESRCH)
		vfio_log(LOG_LEVEL_INFO, "thread %d cannot map device %s: %s",
			 job->notif.tid, job->vdev->name, strerror(-ret));
}

/*
 * What is lent after the last close would be the next opener's memory. So it
 * is lent first, and then it is looked whether the client still has the device.
 */
static void map(const struct job *job)
{
	int fd, ret;

	fd = memory_lend(job->vdev->memory);
	if (fd >= 0 && find_device(job->daemon, &job->notif) != job->vdev) {
		handover_notif_continue(job->listener, job->notif.id);
		close(fd);
		return;
	}
	if (fd >= 0) {
		ret = handover_map(job->listener, &job->notif, fd,
				   job->daemon->is_run);
		close(fd);
	} else {
		ret = fd;
		handover_notif_answer(job->listener, job->notif.id, ret);
	}
	if (ret)
		explain(job, ret);
}

static void *run(void *arg)
{
	struct job *job = arg;
	struct daemon *daemon = job->daemon;

	map(job);
	free(job);
	fd_job_end(daemon);
	return NULL;
}

static int start(struct daemon *daemon, struct vfio_device *vdev, int listener,
		 const struct handover_notif *n)
{
	struct job *job = calloc(1, sizeof(*job));
	int ret;

	if (!job)
		return -ENOMEM;
	*job = (struct job){ daemon, vdev, listener, *n };
	ret = fd_job_start(daemon, run, job);
	if (ret)
		free(job);
	return ret;
}

void device_map(struct daemon *daemon, int listener,
		const struct handover_notif *n)
{
	struct vfio_device *vdev = find_device(daemon, n);
	int ret;

	if (!vdev) {
		handover_notif_continue(listener, n->id);
		return;
	}
	ret = vfio_region_check_mmap(vdev, n->arg[OFFSET], n->arg[LENGTH]);
	if (!ret)
		ret = start(daemon, vdev, listener, n);
	if (ret)
		handover_notif_answer(listener, n->id, ret);
}
