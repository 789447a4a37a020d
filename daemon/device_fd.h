/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VFIO_GROUP_GET_DEVICE_FD: the model opens the device, and the fd is put
 * into the client's table by one of the two ways of handover.h.
 */
#ifndef VFIOD_DAEMON_DEVICE_FD_H
#define VFIOD_DAEMON_DEVICE_FD_H

#include <stdint.h>

struct daemon;
struct fuse_req;
struct handover_notif;
struct vfio_group;

/*
 * The ioctl has arrived as a request. Answers it, now or later, with the
 * device's fd in the client's table. On a thread that serves requests.
 */
void device_fd_by_ptrace(struct daemon *daemon, struct vfio_group *group,
			 struct fuse_req *req, uint64_t arg);

/*
 * The ioctl @n has come to the seccomp listener: answer it on a thread of its
 * own. On the main thread.
 */
void device_fd_by_seccomp(struct daemon *daemon, int listener,
			  const struct handover_notif *n);

#endif
