// SPDX-License-Identifier: BSD-3-Clause
#include "sysfs.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../backend/blame.h"
#include "../backend/device.h"
#include "../backend/group.h"
#include "devices.h"
#include "plugin.h"
#include "sysfs_parts.h"
#include "tree.h"

static ssize_t show_attribute(void *vdev, const void *what, char *buf,
			      size_t size)
{
	const struct vfiod_attribute *attribute = what;

	/* More than fits is cut where it is used. */
	return vfio_blame_result(vdev, attribute->name,
				 attribute->show(vdev, buf, size), SSIZE_MAX);
}

static ssize_t store_attribute(void *vdev, const void *what, const char *buf,
			       size_t size)
{
	const struct vfiod_attribute *attribute = what;

	return vfio_blame_result(vdev, attribute->name,
				 attribute->store(vdev, buf, size), size);
}

void sysfs_device_path(const struct device *device, char path[SYSFS_PATH_MAX])
{
	const struct vfio_pci_bus *bus = device->slot.bus;
	const char *plugin = device->plugin->desc.name;

	if (device->is_pci)
		snprintf(path, SYSFS_PATH_MAX, "devices/pci%04x:%02x/%s",
			 bus->domain, bus->number, device->name);
	else
		snprintf(path, SYSFS_PATH_MAX, "devices/virtual/%s/%s/%s",
			 plugin, plugin, device->name);
}

/* The way from a directory @path below /sys up to /sys. */
static void way_up(const char *path, char up[SYSFS_PATH_MAX])
{
	size_t n = 0;

	strcpy(up, "..");
	for (; (path = strchr(path, '/')); path++)
		n++;
	while (n--)
		strcat(up, "/..");
}

/*
 * vfio-dev/vfioN, as of a kernel without the device nodes of that name
 * (CONFIG_VFIO_DEVICE_CDEV).
 */
static void add_vfio_dev(struct tree *tree, struct tree_node *sys,
			 const struct device *device)
{
	char parent[SYSFS_PATH_MAX], path[2 * SYSFS_PATH_MAX];
	char up[SYSFS_PATH_MAX], name[24];
	struct tree_node *dir;

	snprintf(name, sizeof(name), "vfio%u", device->index);
	sysfs_device_path(device, parent);
	snprintf(path, sizeof(path), "%s/vfio-dev/%s", parent, name);
	way_up(path, up);
	dir = tree_dir(tree, sys, "%s", path);
	tree_link(tree, dir, "device", "../../../%s", device->name);
	tree_link(tree, dir, "subsystem", "%s/class/vfio-dev", up);
	tree_text(tree, dir, "uevent", "%s", "");
	tree_link(tree, tree_dir(tree, sys, "class/vfio-dev"), name, "../../%s",
		  path);
}

void sysfs_add_common(struct tree *tree, struct tree_node *sys,
		      struct tree_node *dir, const struct device *device)
{
	const struct vfiod_plugin *desc = &device->plugin->desc;

	add_vfio_dev(tree, sys, device);

	for (uint32_t i = 0; i < desc->nr_attributes; i++) {
		const struct vfiod_attribute *a = &desc->attributes[i];

		tree_attribute(tree, tree_dir(tree, dir, "%s", a->group ?: ""),
			       a->name, a->show ? show_attribute : NULL,
			       a->store ? store_attribute : NULL, device->vdev,
			       a);
	}
}

static void add_iommu(struct tree *tree, struct tree_node *dir,
		      const struct vfio_iommu_geometry *geometry)
{
	char text[4096] = ""; /* a page, as in sysfs */
	size_t len = 0;

	for (size_t i = 0; i < geometry->nr_reserved && len < sizeof(text); i++)
		len += snprintf(
			text + len, sizeof(text) - len,
			"0x%016llx 0x%016llx %s\n",
			geometry->reserved[i].range.start,
			geometry->reserved[i].range.end,
			vfio_iommu_resv_names[geometry->reserved[i].type]);
	tree_text(tree, dir, "type", "DMA-FQ\n");
	tree_text(tree, dir, "reserved_regions", "%s", text);
}

/* kernel/iommu_groups/N */
static void add_group(struct tree *tree, struct tree_node *sys,
		      const struct vfio_group *group)
{
	struct tree_node *dir;

	dir = tree_dir(tree, sys, "kernel/iommu_groups/%d", group->id);
	if (group->type == VFIO_IOMMU) {
		add_iommu(tree, dir, group->geometry);
	} else {
		tree_text(tree, dir, "name", "vfio-noiommu\n");
		tree_text(tree, dir, "type", "unknown\n");
		tree_text(tree, dir, "reserved_regions", "%s", "");
	}
}

static void add_to_group(struct tree *tree, struct tree_node *sys,
			 const struct device *device)
{
	char path[SYSFS_PATH_MAX];
	struct tree_node *dir;

	sysfs_device_path(device, path);
	dir = tree_dir(tree, sys, "kernel/iommu_groups/%d/devices",
		       device->group->id);
	tree_link(tree, dir, device->name, "../../../../%s", path);
}

void sysfs_build(struct tree *tree, const struct devices *devices)
{
	struct tree_node *sys = tree_dir(tree, NULL, "sys");
	bool have_pci = false;
	struct plugin *plugin;

	SLIST_FOREACH(plugin, &devices->plugins->list, next)
		sysfs_add_mdev_parent(tree, sys, plugin);
	for (size_t i = 0; i < devices->nr_groups; i++)
		add_group(tree, sys, devices->groups[i]);
	for (size_t i = 0; i < devices->nr; i++) {
		const struct device *device = &devices->device[i];

		add_to_group(tree, sys, device);
		if (device->is_pci)
			sysfs_add_pci(tree, sys, device);
		else
			sysfs_add_mdev(tree, sys, device);
		have_pci |= device->is_pci;
	}
	sysfs_add_modules(tree, sys, devices);
	if (have_pci)
		sysfs_add_pci_module(tree, sys);
}
