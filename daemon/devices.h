/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devices that the command line asks for, and their groups. Made before
 * anybody is served, constant after.
 */
#ifndef VFIOD_DAEMON_DEVICES_H
#define VFIOD_DAEMON_DEVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "../backend/iommu.h"
#include "../backend/pci.h"

struct fuse_front;
struct iommu_option;
struct options;
struct pager;
struct plugin;
struct plugins;
struct vfio_device;
struct vfio_device_param;
struct vfio_group;
struct vfiod_events;
struct vfiod_polls;

#define DEVICE_NAME_MAX 37 /* a UUID is the longest */
#define DEVICE_ANY_GROUP (-1)

struct device {
	/* What clients call it: an mdev's UUID, a PCI function's address. */
	char name[DEVICE_NAME_MAX];
	unsigned int index; /* its place in the list */
	bool is_pci; /* --pci, not --mdev */
	enum vfio_group_type group_type;
	int group_id; /* as asked for, or DEVICE_ANY_GROUP */
	struct vfio_pci_slot slot; /* is_pci */
	struct iommu_option *iommu; /* NULL: the usual one */
	struct plugin *plugin;
	const struct vfiod_type *type; /* as declared */
	struct vfio_device_param *params;
	size_t nr_params;
	struct vfiod_events *events;
	struct vfiod_polls *polls;
	struct vfio_group *group; /* one of devices->groups */
	struct vfio_device *vdev;
};

struct devices {
	struct plugins *plugins;
	struct pci_buses *pci_buses;
	struct pager *pager; /* of memory that is polled */
	/* As many as there are devices, if each has one of its own. */
	struct vfio_group **groups;
	size_t nr_groups;
	size_t nr;
	struct device device[];
};

/* Where a message goes: one line, no newline. */
struct why {
	char *line;
	size_t size;
};

/*
 * Make them all, or none: 0, or a negative errno with one line in @why
 * (@size bytes) that says what is wrong with which.
 */
int devices_create(const struct options *options, struct plugins *plugins,
		   char *why, size_t size, struct devices **devices);
/* Is one in a group of this kind? */
bool devices_have(const struct devices *devices, enum vfio_group_type type);
/* If any has memory that can be mapped: see pager_start(). */
void devices_start_pager(struct devices *devices);
/* Find out which devices' memory clients can map, when @fuse is in use. */
void devices_try_memory(struct devices *devices, struct fuse_front *fuse);
/* Can they map that of any? */
bool devices_can_map(const struct devices *devices);
/*
 * Has any memory that they cannot? 0, or the end of it as far as it is below
 * 4 GiB in the devices' files; 1 if none of it is.
 */
uint32_t devices_reach(const struct devices *devices);
/* They can, by memory_lend(). */
void devices_offer_memory(struct devices *devices);
/* The one that clients call @name; NULL: there is none. */
struct vfio_device *devices_find(const struct devices *devices,
				 const char *name);
/* The process may have threads from now on. 0 or a negative errno. */
int devices_start(struct devices *devices);
/* No file of any is open. */
void devices_destroy(struct devices *devices);

#endif
