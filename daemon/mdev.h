/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devices that the command line asks for, each in a group of its own.
 * Made before anybody is served, constant after.
 */
#ifndef VFIOD_DAEMON_MDEV_H
#define VFIOD_DAEMON_MDEV_H

#include <stdbool.h>
#include <stddef.h>

#include "../backend/iommu.h"

struct options;
struct plugin;
struct plugins;
struct vfio_device;
struct vfio_device_param;
struct vfio_group;
struct vfiod_events;

#define UUID_LENGTH 36

struct mdev {
	char uuid[UUID_LENGTH + 1];
	enum vfio_group_type group_type;
	struct plugin *plugin;
	struct vfio_device_param *params;
	size_t nr_params;
	struct vfiod_events *events;
	struct vfio_group *group;
	struct vfio_device *vdev;
};

struct mdevs {
	struct plugins *plugins;
	size_t nr;
	struct mdev mdev[];
};

/*
 * Make them all, or none: 0, or a negative errno with one line in @why
 * (@size bytes) that says what is wrong with which.
 */
int mdevs_create(const struct options *options, struct plugins *plugins,
		 char *why, size_t size, struct mdevs **mdevs);
/* Is one in a group of this kind? */
bool mdevs_have(const struct mdevs *mdevs, enum vfio_group_type type);
/* The process may have threads from now on. 0 or a negative errno. */
int mdevs_start(struct mdevs *mdevs);
/* No file of any is open. */
void mdevs_destroy(struct mdevs *mdevs);

#endif
