// SPDX-License-Identifier: BSD-3-Clause
#include "sysfs.h"

#include <stdio.h>

#include "../backend/device.h"
#include "../backend/group.h"
#include "mdev.h"
#include "plugin.h"
#include "tree.h"

/* The devices of a plugin have one parent, a virtual device of its name. */
#define PARENT "devices/virtual/%s/%s"
#define PARENT_ARGS(name) name, name

static ssize_t show_available(void *object, const void *type, char *buf,
			      size_t size)
{
	const struct plugin *plugin = object;

	return snprintf(buf, size, "%u\n", plugin->desc.available(type));
}

static ssize_t show_attribute(void *vdev, const void *what, char *buf,
			      size_t size)
{
	const struct vfiod_attribute *attribute = what;

	return attribute->show(vdev, buf, size);
}

/* mdev_supported_types/PLUGIN-TYPE */
static void add_type(struct tree *tree, struct tree_node *parent,
		     struct plugin *plugin, const struct vfiod_type *type)
{
	const char *name = plugin->desc.name;
	struct tree_node *dir;

	dir = tree_dir(tree, parent, "mdev_supported_types/%s-%s", name,
		       type->name);
	tree_text(tree, dir, "device_api", "%s\n", plugin_device_api(type));
	if (type->pretty_name)
		tree_text(tree, dir, "name", "%s\n", type->pretty_name);
	else
		tree_text(tree, dir, "name", "%s-%s\n", name, type->name);
	if (plugin->desc.available)
		tree_attribute(tree, dir, "available_instances", show_available,
			       plugin, type);
	if (type->description)
		tree_text(tree, dir, "description", "%s\n", type->description);
	tree_dir(tree, dir, "devices");
}

static void add_plugin(struct tree *tree, struct tree_node *sys,
		       struct plugin *plugin)
{
	const char *name = plugin->desc.name;
	struct tree_node *parent;

	parent = tree_dir(tree, sys, PARENT, PARENT_ARGS(name));
	tree_link(tree, tree_dir(tree, sys, "class/mdev_bus"), name,
		  "../../" PARENT, PARENT_ARGS(name));
	for (uint32_t i = 0; i < plugin->desc.nr_types; i++)
		add_type(tree, parent, plugin, &plugin->desc.types[i]);
}

/* What the device's own directory holds. */
static void add_device(struct tree *tree, struct tree_node *parent,
		       const struct mdev *mdev)
{
	const struct vfiod_plugin *desc = &mdev->plugin->desc;
	struct tree_node *dir = tree_dir(tree, parent, "%s", mdev->uuid);

	tree_link(tree, dir, "mdev_type", "../mdev_supported_types/%s-%s",
		  desc->name, mdev->vdev->type->name);
	tree_link(tree, dir, "iommu_group",
		  "../../../../../kernel/iommu_groups/%d", mdev->group->id);
	tree_link(tree, dir, "driver", "../../../../../bus/mdev/drivers/%s",
		  desc->name);
	tree_link(tree, dir, "subsystem", "../../../../../bus/mdev");
	tree_text(tree, dir, "uevent", "DRIVER=%s\n", desc->name);
	for (uint32_t i = 0; i < desc->nr_attributes; i++) {
		const struct vfiod_attribute *a = &desc->attributes[i];

		tree_attribute(tree, tree_dir(tree, dir, "%s", a->group),
			       a->name, show_attribute, mdev->vdev, a);
	}
}

/* kernel/iommu_groups/N, as for every emulated group. */
static void add_group(struct tree *tree, struct tree_node *sys,
		      const struct mdev *mdev)
{
	const char *name = mdev->plugin->desc.name;
	struct tree_node *dir;

	dir = tree_dir(tree, sys, "kernel/iommu_groups/%d", mdev->group->id);
	tree_link(tree, tree_dir(tree, dir, "devices"), mdev->uuid,
		  "../../../../" PARENT "/%s", PARENT_ARGS(name), mdev->uuid);
	tree_text(tree, dir, "name", "vfio-noiommu\n");
	tree_text(tree, dir, "type", "unknown\n");
	tree_text(tree, dir, "reserved_regions", "%s", "");
}

static void add_mdev(struct tree *tree, struct tree_node *sys,
		     const struct mdev *mdev)
{
	const char *name = mdev->plugin->desc.name;
	struct tree_node *parent, *bus, *type;

	parent = tree_dir(tree, sys, PARENT, PARENT_ARGS(name));
	bus = tree_dir(tree, sys, "bus/mdev");
	type = tree_dir(tree, parent, "mdev_supported_types/%s-%s/devices",
			name, mdev->vdev->type->name);
	add_device(tree, parent, mdev);
	add_group(tree, sys, mdev);
	tree_link(tree, tree_dir(tree, bus, "devices"), mdev->uuid,
		  "../../../" PARENT "/%s", PARENT_ARGS(name), mdev->uuid);
	tree_link(tree, tree_dir(tree, bus, "drivers/%s", name), mdev->uuid,
		  "../../../../" PARENT "/%s", PARENT_ARGS(name), mdev->uuid);
	tree_link(tree, type, mdev->uuid, "../../../%s", mdev->uuid);
}

void sysfs_build(struct tree *tree, const struct mdevs *mdevs)
{
	struct tree_node *sys = tree_dir(tree, NULL, "sys");
	struct plugin *plugin;

	SLIST_FOREACH(plugin, &mdevs->plugins->list, next)
		add_plugin(tree, sys, plugin);
	for (size_t i = 0; i < mdevs->nr; i++)
		add_mdev(tree, sys, &mdevs->mdev[i]);
}
