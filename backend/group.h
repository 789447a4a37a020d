/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An IOMMU group, /dev/vfio/NAME (drivers/vfio/group.c). Made by the daemon
 * before there are clients, gone after them.
 */
#ifndef VFIOD_BACKEND_GROUP_H
#define VFIOD_BACKEND_GROUP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "geometry.h"
#include "iommu.h"

struct vfio_container;
struct vfio_device;
struct vfio_device_file;

struct vfio_group {
	int id;
	enum vfio_group_type type;
	char name[24]; /* of its node: "3", "noiommu-3" */
	/* Of VFIO_IOMMU, else NULL: VT-d's, unless who makes the group sets
	 * another before it is opened. */
	const struct vfio_iommu_geometry *geometry;
	/*
	 * Guards what follows and the open and close of the group's devices,
	 * so a plugin's open_device and close_device run under it. The
	 * outermost lock of the model.
	 */
	pthread_mutex_t group_lock;
	LIST_HEAD(, vfio_device) devices;
	/* Atomic so that it can be compared, no more, without the lock. */
	_Atomic(struct vfio_container *) container;
	LIST_ENTRY(vfio_group) container_next; /* the container's list */
	unsigned int container_users; /* 1 + open devices; 0: no container */
	/*
	 * Who keeps the group open: its own file, and each device file. The
	 * kernel's opened_file, and the reference on it.
	 */
	unsigned int opened;
};

/* NULL for ENOMEM. */
struct vfio_group *vfio_group_create(int id, enum vfio_group_type type);
/* Not open, and without devices. */
void vfio_group_destroy(struct vfio_group *group);

/* vfio_group_fops_open(): 0, -ENODEV (no device), -EPERM, -EBUSY. */
int vfio_group_open(struct vfio_group *group);
/* The client's last fd of it is gone. */
void vfio_group_close(struct vfio_group *group);

/* vfio_group_fops_unl_ioctl(), all but GET_DEVICE_FD. */
int vfio_group_ioctl(struct vfio_group *group, unsigned int cmd, uint64_t arg);

/*
 * GET_DEVICE_FD, vfio_group_ioctl_get_device_fd(), but for the fd itself:
 * @arg is the address of the name. On success *@file is what an fd has to
 * refer to; who cannot bring it to the client gives it to
 * vfio_device_file_release().
 */
int vfio_group_get_device(struct vfio_group *group, uint64_t arg,
			  struct vfio_device_file **file);

#endif
