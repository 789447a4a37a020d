/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the sysfs tree, by the file that makes them; see sysfs.h. */
#ifndef VFIOD_DAEMON_SYSFS_PARTS_H
#define VFIOD_DAEMON_SYSFS_PARTS_H

#include <stddef.h>

struct device;
struct devices;
struct plugin;
struct tree;
struct tree_node;

#define SYSFS_PATH_MAX 160

/* The directory of a device below /sys: sysfs.c. */
void sysfs_device_path(const struct device *device, char path[SYSFS_PATH_MAX]);
/* What every device's directory has, vfio-dev and the plugin's own files. */
void sysfs_add_common(struct tree *tree, struct tree_node *sys,
		      struct tree_node *dir, const struct device *device);

/* What a plugin offers, and one of its devices: sysfs_mdev.c. */
void sysfs_add_mdev_parent(struct tree *tree, struct tree_node *sys,
			   struct plugin *plugin);
void sysfs_add_mdev(struct tree *tree, struct tree_node *sys,
		    const struct device *device);

/* A PCI function bound to vfio-pci: sysfs_pci.c. */
void sysfs_add_pci(struct tree *tree, struct tree_node *sys,
		   const struct device *device);

/* The modules that there are, and vfio_pci if there are functions:
 * sysfs_module.c. */
void sysfs_add_modules(struct tree *tree, struct tree_node *sys,
		       const struct devices *devices);
void sysfs_add_pci_module(struct tree *tree, struct tree_node *sys);

#endif
