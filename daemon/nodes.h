/* SPDX-License-Identifier: BSD-3-Clause */
/* Telling our nodes from all other files. Any thread. */
#ifndef VFIOD_DAEMON_NODES_H
#define VFIOD_DAEMON_NODES_H

#include <stdbool.h>

struct daemon;
struct stat;
struct vfio_device;
struct vfio_group;

/* What fstat(2) said of an fd: is it our /dev/vfio/vfio? */
bool nodes_is_container(const struct daemon *daemon, const struct stat *st);
/* The group whose /dev/vfio/N it is; NULL for any other file. */
struct vfio_group *nodes_group(const struct daemon *daemon,
			       const struct stat *st);

/* The device whose file it is, without its type; NULL for any other file. */
struct vfio_device *nodes_device(const struct daemon *daemon,
				 const struct stat *st);

#endif
