/* SPDX-License-Identifier: BSD-3-Clause */
/* The CUSE side: /dev/vfio/vfio and /dev/vfio/N of the service. */
#ifndef VFIOD_DAEMON_CUSE_FRONT_H
#define VFIOD_DAEMON_CUSE_FRONT_H

#include <stdbool.h>
#include <sys/types.h>

struct cuse_front;
struct daemon;

/*
 * Make the nodes and serve them with threads of their own; when this
 * returns, they are there. 0, or a negative errno with one line in @why
 * (@size bytes).
 */
int cuse_front_start(struct daemon *daemon, char *why, size_t size,
		     struct cuse_front **front);

/* Is it the device number of our /dev/vfio/vfio? */
bool cuse_front_is_container(const struct cuse_front *front, dev_t rdev);
/* The group whose node has that number, or NULL. */
struct vfio_group *cuse_front_group(const struct cuse_front *front, dev_t rdev);

/* The nodes go. 0, or -EBUSY when a thread does not come to an end. */
int cuse_front_stop(struct cuse_front *front);

#endif
