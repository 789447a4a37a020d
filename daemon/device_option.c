// SPDX-License-Identifier: BSD-3-Clause
#include "device_option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../backend/device.h"
#include "devices.h"
#include "mdev.h"
#include "pci.h"
#include "plugin.h"

static const char *option_name(const struct device *device)
{
	return device->is_pci ? "--pci" : "--mdev";
}

static bool is_declared(const struct vfiod_plugin *desc, const char *name)
{
	for (uint32_t i = 0; i < desc->nr_params; i++)
		if (!strcmp(desc->params[i].name, name))
			return true;
	return false;
}

static int add_param(struct device *device, const char *name, const char *value)
{
	struct vfio_device_param *params;

	params = reallocarray(device->params, device->nr_params + 1,
			      sizeof(*params));
	if (!params)
		return -ENOMEM;
	device->params = params;
	params += device->nr_params;
	params->name = strdup(name);
	params->value = strdup(value);
	device->nr_params++;
	return params->name && params->value ? 0 : -ENOMEM;
}

static int take_param(struct device *device, const char *key, const char *value,
		      struct why *why)
{
	const struct vfiod_plugin *plugin = &device->plugin->desc;

	if (is_declared(plugin, key))
		return add_param(device, key, value);
	snprintf(why->line, why->size,
		 "%s: plugin %s has no parameter \"%s\"; see --dump-plugin %s",
		 option_name(device), plugin->name, key, plugin->name);
	return -EINVAL;
}

/* One KEY=VALUE behind the type; @item is cut into its parts. */
static int take_item(struct devices *devices, struct device *device, char *item,
		     struct why *why)
{
	char *value = strchr(item, '=');
	int ret;

	if (!value || value == item) {
		snprintf(why->line, why->size, "%s: \"%s\" is not KEY=VALUE",
			 option_name(device), item);
		return -EINVAL;
	}
	*value++ = '\0';
	if (device->is_pci)
		ret = pci_take(devices, device, item, value, why);
	else
		ret = mdev_take(device, item, value, why);
	return ret == 1 ? take_param(device, item, value, why) : ret;
}

static int unknown_type(const struct device *device, const char *name,
			struct why *why)
{
	snprintf(why->line, why->size,
		 "%s: unknown type \"%s\"; see --list-types",
		 option_name(device), name);
	return -ENOENT;
}

/* "PLUGIN-TYPE" */
static int find_type(struct plugins *plugins, struct device *device,
		     const char *name, struct why *why)
{
	size_t len = strcspn(name, "-");
	char *plugin;
	int ret;

	if (!name[len] || !len)
		return unknown_type(device, name, why);
	plugin = strndup(name, len);
	if (!plugin)
		return -ENOMEM;
	ret = plugins_load(plugins, plugin, why->line, why->size,
			   &device->plugin);
	free(plugin);
	if (ret)
		return ret;
	device->type = plugin_type(device->plugin, name + len + 1);
	return device->type ? 0 : unknown_type(device, name, why);
}

static int read_items(struct devices *devices, struct device *device,
		      char *items, struct why *why)
{
	char *item;
	int ret;

	ret = find_type(devices->plugins, device, strsep(&items, ","), why);
	while (!ret && (item = strsep(&items, ",")))
		ret = take_item(devices, device, item, why);
	if (ret)
		return ret;
	return device->is_pci ? pci_finish(devices, device, why) :
				mdev_finish(device);
}

int device_option_read(struct devices *devices, struct device *device,
		       const char *arg, struct why *why)
{
	char *copy = strdup(arg);
	int ret;

	device->group_id = DEVICE_ANY_GROUP;
	device->group_type = device->is_pci ? VFIO_IOMMU : VFIO_EMULATED_IOMMU;
	ret = copy ? read_items(devices, device, copy, why) : -ENOMEM;
	free(copy);
	return ret;
}

void device_option_free(struct device *device)
{
	for (size_t i = 0; i < device->nr_params; i++) {
		free((char *)(uintptr_t)device->params[i].name);
		free((char *)(uintptr_t)device->params[i].value);
	}
	free(device->params);
	free(device->iommu);
}
