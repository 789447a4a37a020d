/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devices as the kernel's sysfs would show them (drivers/vfio/mdev/),
 * and the nodes of /dev/vfio.
 */
#ifndef VFIOD_DAEMON_SYSFS_H
#define VFIOD_DAEMON_SYSFS_H

struct devices;
struct tree;

/* Add the tree of /sys below @tree's "sys". */
void sysfs_build(struct tree *tree, const struct devices *devices);

#endif
