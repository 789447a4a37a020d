/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIOD_DAEMON_CONTAINER_FD_H
#define VFIOD_DAEMON_CONTAINER_FD_H

#include <sys/ioctl.h>
#include <sys/types.h>

struct daemon;
struct vfio_container;

/*
 * The command by which a thread of ours asks a container's file, through the
 * kernel, which container it is. From others it is an unknown command.
 */
#define CONTAINER_FD_WHO _IO('v', 0xf0)

/*
 * The container that has number @fd in thread @tid, with a reference: 0,
 * -EBADF, -EBADFD for a file of any other kind. Not on the only thread that
 * serves requests.
 */
int container_fd_find(struct daemon *daemon, pid_t tid, int fd,
		      struct vfio_container **container);

#endif
