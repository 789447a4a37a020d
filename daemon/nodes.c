// SPDX-License-Identifier: BSD-3-Clause
#include "nodes.h"

#include <sys/stat.h>

#include "cuse_front.h"
#include "daemon.h"
#include "devices.h"
#include "fuse_front.h"
#include "tree.h"

bool nodes_is_container(const struct daemon *daemon, const struct stat *st)
{
	const struct tree_node *node;

	if (S_ISCHR(st->st_mode))
		return daemon->cuse &&
		       cuse_front_is_container(daemon->cuse, st->st_rdev);
	node = fuse_front_node(daemon->fuse, st);
	return node && node->kind == TREE_CONTAINER;
}

struct vfio_group *nodes_group(const struct daemon *daemon,
			       const struct stat *st)
{
	const struct tree_node *node;

	if (S_ISCHR(st->st_mode))
		return daemon->cuse ?
			       cuse_front_group(daemon->cuse, st->st_rdev) :
			       NULL;
	node = fuse_front_node(daemon->fuse, st);
	return node && node->kind == TREE_GROUP ? node->group : NULL;
}

struct vfio_device *nodes_device(const struct daemon *daemon,
				 const struct stat *st)
{
	const struct tree_node *node = fuse_front_node(daemon->fuse, st);

	if (!node || node->kind != TREE_DEVICE)
		return NULL;
	return devices_find(daemon->devices, node->name);
}
