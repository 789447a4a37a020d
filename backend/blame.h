/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a plugin does wrong: said in the log, and kept from its clients.
 */
#ifndef VFIOD_BACKEND_BLAME_H
#define VFIOD_BACKEND_BLAME_H

/* The kernel's own errnos begin behind it; no process ever gets one. */
#define VFIO_MAX_ERRNO 511

/* How many lines one device gets: a thread can be wrong in a loop. */
#define VFIO_BLAME_LINES 16

struct vfio_device;

/* A warning with the names of plugin and device in front. Any thread. */
void vfio_blame(struct vfio_device *vdev, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * What op @op has returned, if that is an errno or one of 0…@max; anything
 * else is blamed, and is -EIO from here on.
 */
long vfio_blame_result(struct vfio_device *vdev, const char *op, long ret,
		       long max);

#endif
