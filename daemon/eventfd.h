/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clients' eventfds: struct vfio_eventfd over an fd of ours of the same
 * file. Any thread.
 */
#ifndef VFIOD_DAEMON_EVENTFD_H
#define VFIOD_DAEMON_EVENTFD_H

#include <libaio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "../backend/host.h"

struct event_base;

/* What all eventfds have in common. */
struct eventfds {
	struct event_base *base; /* where the watched ones are watched */
	int null_fd;
	/* A leaf: one signal at a time, so that the ring never overflows. */
	pthread_mutex_t lock;
	io_context_t aio;
	atomic_ulong signalled; /* how often any of them was, in all */
};

/* 0, or the errno of io_setup(2) or of /dev/null. */
int eventfds_init(struct eventfds *eventfds, struct event_base *base);
void eventfds_fini(struct eventfds *eventfds);

/*
 * Does number @fd of thread @tid lead to an eventfd? 0, also if nobody may
 * look, -EBADF, -EINVAL.
 * @tid 0 is the calling thread.
 */
int eventfd_check(pid_t tid, int fd);

/* Takes @fd over. -EINVAL: not an eventfd (@fd stays the caller's). */
int eventfd_create(struct eventfds *eventfds, int fd,
		   struct vfio_eventfd **eventfd);

#endif
