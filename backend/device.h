/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device, an instance of a plugin's type, and the files by which clients
 * have it open (drivers/vfio/vfio_main.c).
 */
#ifndef VFIOD_BACKEND_DEVICE_H
#define VFIOD_BACKEND_DEVICE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <vfiod/plugin.h>

struct vfio_container;
struct vfio_group;
struct vfio_irqs;
struct vfio_registration;
struct vfio_pci;
struct vfio_pci_slot;
struct vfiod_events;
struct vfiod_polls;

struct vfio_device_param {
	const char *name;
	const char *value;
};

/* In users, below. */
#define VFIO_DEVICE_IN_USE 0x80000000U

/*
 * Everything is set when the device is made and constant after, but for what
 * has a remark.
 */
struct vfio_device {
	const struct vfiod_plugin *plugin; /* its latest layout */
	const struct vfiod_type *type;
	const char *name;
	const struct vfio_device_param *params;
	size_t nr_params;
	struct vfio_group *group;
	LIST_ENTRY(vfio_device) group_next;
	struct vfio_pci *pci; /* NULL: not a PCI function made by vfiod */
	struct vfio_irqs *irqs;
	struct vfio_memory *memory; /* NULL: no region can be mapped */
	void *drvdata; /* the plugin's */
	unsigned int open_count; /* group->group_lock */
	/*
	 * Services that use the container right now, and VFIO_DEVICE_IN_USE
	 * from before the device registers with the iommu driver to after it
	 * has unregistered. Without that bit it does not go up: a plugin's own
	 * threads that come too late find the way shut, and whoever shuts it
	 * waits only for what has begun, however many of them there are.
	 */
	atomic_uint users;
	sem_t unused; /* posted when users gets to 0 after that */
	/* The iommu driver's, under its lock; NULL before and after. */
	struct vfio_registration *registration;
	/*
	 * Guards the two that follow. Held while notifiers are called. Inside
	 * the locks of iommu drivers.
	 */
	pthread_mutex_t notify_lock;
	LIST_HEAD(, vfiod_device_notifier) notifiers;
	bool released; /* from the last close, and before it tells */
	/* It did not unpin when asked; set once, never cleared. */
	atomic_bool broken;
	atomic_uint blames; /* lines that it got: blame.c */
	struct vfiod_events *events; /* its timers and watches: the daemon's */
	struct vfiod_polls *polls; /* the daemon's, too */
};

struct vfio_device_desc {
	const struct vfiod_plugin *plugin;
	const struct vfiod_type *type;
	const char *name;
	const struct vfio_device_param *params; /* kept, not copied */
	size_t nr_params;
	struct vfiod_events *events;
	struct vfiod_polls *polls;
	/* For a type that is a PCI function: its place; NULL: it has none. */
	const struct vfio_pci_slot *slot;
};

/*
 * Make a device in @group and run the plugin's init: 0, -ENOMEM or init's
 * errno. Destroy runs release; no file of it may be left, and nobody that is
 * told of it.
 */
int vfio_device_create(struct vfio_group *group,
		       const struct vfio_device_desc *desc,
		       struct vfio_device **vdev);
void vfio_device_destroy(struct vfio_device *vdev);

/*
 * Ask for the device back, for the @count-th time from 0 on, if it is open
 * (vfio_unregister_group_dev()).
 */
void vfio_device_request(struct vfio_device *vdev, unsigned int count);

/* One for each fd that GET_DEVICE_FD made: the kernel's vfio_device_file. */
struct vfio_device_file {
	struct vfio_device *vdev;
};

/* vfio_df_open(), vfio_df_close(), with group->group_lock held: group.c. */
int vfio_device_first_open(struct vfio_device *vdev);
void vfio_device_last_close(struct vfio_device *vdev);

/*
 * The way of a service to the container of an open device: NULL if it is not
 * open. Until it is given back, the last close waits, and the container stays
 * that of the group.
 */
struct vfio_container *vfio_device_use_container(struct vfio_device *vdev);
void vfio_device_unuse_container(struct vfio_device *vdev);

/* What the file operations of the fd return. */
int vfio_device_file_ioctl(struct vfio_device_file *file, unsigned int cmd,
			   uint64_t arg);
ssize_t vfio_device_file_read(struct vfio_device_file *file, void *buf,
			      size_t count, uint64_t pos);
ssize_t vfio_device_file_write(struct vfio_device_file *file, const void *buf,
			       size_t count, uint64_t pos);
/* vfio_device_fops_release(). No current client is needed. */
void vfio_device_file_release(struct vfio_device_file *file);

/* Tell the notifiers, or get ready to: device_notify.c. */
void vfio_device_was_opened(struct vfio_device *vdev);
void vfio_device_was_reset(struct vfio_device *vdev);
void vfio_device_is_released(struct vfio_device *vdev);

/* Called by the iommu driver on a device that never unpinned. */
void vfio_device_break(struct vfio_device *vdev);

#endif
