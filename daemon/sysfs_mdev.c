// SPDX-License-Identifier: BSD-3-Clause
/* Mediated devices in sysfs (drivers/vfio/mdev/mdev_sysfs.c). */
#include <stdio.h>

#include "../backend/device.h"
#include "../backend/group.h"
#include "devices.h"
#include "plugin.h"
#include "sysfs_parts.h"
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
			       NULL, plugin, type);
	if (type->description)
		tree_text(tree, dir, "description", "%s\n", type->description);
	tree_dir(tree, dir, "devices");
}

void sysfs_add_mdev_parent(struct tree *tree, struct tree_node *sys,
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
static void add_device(struct tree *tree, struct tree_node *sys,
		       struct tree_node *parent, const struct device *device)
{
	const struct vfiod_plugin *desc = &device->plugin->desc;
	struct tree_node *dir = tree_dir(tree, parent, "%s", device->name);

	tree_link(tree, dir, "mdev_type", "../mdev_supported_types/%s-%s",
		  desc->name, device->vdev->type->name);
	tree_link(tree, dir, "iommu_group",
		  "../../../../../kernel/iommu_groups/%d", device->group->id);
	tree_link(tree, dir, "driver", "../../../../../bus/mdev/drivers/%s",
		  desc->name);
	tree_link(tree, dir, "subsystem", "../../../../../bus/mdev");
	tree_text(tree, dir, "uevent", "DRIVER=%s\n", desc->name);
	sysfs_add_common(tree, sys, dir, device);
}

void sysfs_add_mdev(struct tree *tree, struct tree_node *sys,
		    const struct device *device)
{
	const char *name = device->plugin->desc.name;
	struct tree_node *parent, *bus, *type;

	parent = tree_dir(tree, sys, PARENT, PARENT_ARGS(name));
	bus = tree_dir(tree, sys, "bus/mdev");
	type = tree_dir(tree, parent, "mdev_supported_types/%s-%s/devices",
			name, device->vdev->type->name);
	add_device(tree, sys, parent, device);
	tree_link(tree, tree_dir(tree, bus, "devices"), device->name,
		  "../../../" PARENT "/%s", PARENT_ARGS(name), device->name);
	tree_link(tree, tree_dir(tree, bus, "drivers/%s", name), device->name,
		  "../../../../" PARENT "/%s", PARENT_ARGS(name), device->name);
	tree_link(tree, type, device->name, "../../../%s", device->name);
}
