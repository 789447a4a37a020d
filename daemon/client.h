/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The thread behind a request: struct vfio_client over its thread id. It
 * waits in the kernel for the answer, so the id is its own as long as the
 * call lasts.
 */
#ifndef VFIOD_DAEMON_CLIENT_H
#define VFIOD_DAEMON_CLIENT_H

#include <sys/types.h>

#include "../backend/host.h"

struct daemon;

struct client {
	struct vfio_client base;
	struct daemon *daemon;
	pid_t tid;
	struct vfio_mm *mm; /* looked up when first asked for */
	/* What the call has come to: a stream to give an fd of, with a
	 * reference, and where its number goes. */
	struct vfiod_stream *stream;
	uint64_t number_at;
};

/*
 * client_enter makes @client the current one of this thread, client_leave
 * ends that. The pair is on one thread, around the calls into the model.
 */
void client_enter(struct client *client, struct daemon *daemon, pid_t tid);
void client_leave(struct client *client);

#endif
