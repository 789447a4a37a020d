// SPDX-License-Identifier: BSD-3-Clause
#include "devices.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../backend/device.h"
#include "../backend/group.h"
#include "../backend/host.h"
#include "device_option.h"
#include "events.h"
#include "fuse_front.h"
#include "iommu_option.h"
#include "memory.h"
#include "options.h"
#include "pager.h"
#include "pci.h"
#include "plugin.h"
#include "poll.h"

static struct vfio_group *find_group(const struct devices *devices, int id)
{
	for (size_t i = 0; i < devices->nr_groups; i++)
		if (devices->groups[i]->id == id)
			return devices->groups[i];
	return NULL;
}

/* Has the machine itself a group of that number? */
static bool host_has_group(int id)
{
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d", id);
	dir = opendir(path);
	if (dir)
		closedir(dir);
	return dir;
}

/* The first number from what the machine has on that nobody asked for. */
static int free_id(const struct devices *devices)
{
	DIR *dir = opendir("/sys/kernel/iommu_groups");
	struct dirent *entry;
	int id = 0;

	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    atoi(entry->d_name) >= id)
			id = atoi(entry->d_name) + 1;
	if (dir)
		closedir(dir);
	while (find_group(devices, id))
		id++;
	return id;
}

static struct vfio_group *add_group(struct devices *devices, int id,
				    enum vfio_group_type type)
{
	struct vfio_group *group = vfio_group_create(id, type);

	if (group)
		devices->groups[devices->nr_groups++] = group;
	return group;
}

/* All functions of a group are behind one IOMMU: the first says which. */
static int set_iommu(const struct device *device, struct why *why)
{
	if (!device->iommu)
		return 0;
	if (LIST_EMPTY(&device->group->devices)) {
		device->group->geometry = &device->iommu->geometry;
		return 0;
	}
	snprintf(why->line, why->size,
		 "--pci: aperture, reserved and pgsizes are for the first "
		 "function of group %d",
		 device->group->id);
	return -EINVAL;
}

/* Only PCI functions ask for a number, and share it. */
static int join_group(struct devices *devices, struct device *device,
		      struct why *why)
{
	int id = device->group_id;

	if (id == DEVICE_ANY_GROUP) {
		id = free_id(devices);
	} else if (host_has_group(id)) {
		snprintf(why->line, why->size,
			 "--pci: the machine itself has an IOMMU group %d", id);
		return -EEXIST;
	} else {
		device->group = find_group(devices, id);
	}
	if (!device->group)
		device->group = add_group(devices, id, device->group_type);
	if (!device->group)
		return -ENOMEM;
	if (device->group->type == device->group_type)
		return set_iommu(device, why);
	snprintf(why->line, why->size,
		 "--pci: group %d is that of an mdev: groups asked for by "
		 "number come first",
		 id);
	return -EEXIST;
}

static int make_device(const struct devices *devices, struct device *device,
		       struct why *why)
{
	const struct vfio_device_desc desc = {
		.plugin = &device->plugin->desc,
		.type = device->type,
		.name = device->name,
		.params = device->params,
		.nr_params = device->nr_params,
		.events = device->events = events_create(),
		.polls = device->polls = polls_create(devices->pager),
		.slot = device->is_pci ? &device->slot : NULL,
	};
	int ret;

	if (!desc.events || !desc.polls)
		return -ENOMEM;
	ret = vfio_device_create(device->group, &desc, &device->vdev);
	if (ret)
		snprintf(why->line, why->size,
			 "plugin %s refuses a device of type %s-%s: %s",
			 desc.plugin->name, desc.plugin->name, desc.type->name,
			 strerror(-ret));
	return ret;
}

static int check_unique(const struct devices *devices,
			const struct device *device, struct why *why)
{
	for (size_t i = 0; i < devices->nr; i++) {
		if (strcmp(devices->device[i].name, device->name))
			continue;
		snprintf(why->line, why->size, "--%s %s is given twice",
			 device->is_pci ? "pci: address" : "mdev: UUID",
			 device->name);
		return -EEXIST;
	}
	return 0;
}

static void destroy(struct device *device)
{
	if (device->events)
		events_stop(device->events);
	if (device->vdev)
		vfio_device_destroy(device->vdev);
	if (device->polls)
		polls_destroy(device->polls, device->name);
	if (device->events)
		events_destroy(device->events, device->name);
	device_option_free(device);
}

static int add_device(struct devices *devices,
		      const struct device_option *option, struct why *why)
{
	struct device *device = &devices->device[devices->nr];
	int ret;

	device->index = devices->nr;
	device->is_pci = option->is_pci;
	ret = device_option_read(devices, device, option->arg, why);
	if (!ret)
		ret = check_unique(devices, device, why);
	if (!ret)
		ret = join_group(devices, device, why);
	if (!ret)
		ret = make_device(devices, device, why);
	if (ret)
		destroy(device);
	else
		devices->nr++;
	return ret;
}

static struct devices *create(size_t room)
{
	struct devices *devices;

	devices =
		calloc(1, sizeof(*devices) + room * sizeof(devices->device[0]));
	if (!devices)
		return NULL;
	devices->groups = calloc(room + 1, sizeof(*devices->groups));
	devices->pci_buses = pci_buses_create();
	devices->pager = pager_create();
	if (devices->groups && devices->pci_buses && devices->pager)
		return devices;
	devices_destroy(devices);
	return NULL;
}

int devices_create(const struct options *options, struct plugins *plugins,
		   char *line, size_t size, struct devices **out)
{
	struct why why = { .line = line, .size = size };
	struct devices *devices = create(options->nr_devices);
	int ret = 0;

	if (!devices)
		return -ENOMEM;
	devices->plugins = plugins;
	for (size_t i = 0; i < options->nr_devices && !ret; i++)
		ret = add_device(devices, &options->devices[i], &why);
	if (ret)
		devices_destroy(devices);
	else
		*out = devices;
	return ret;
}

bool devices_have(const struct devices *devices, enum vfio_group_type type)
{
	for (size_t i = 0; i < devices->nr; i++)
		if (devices->device[i].group_type == type)
			return true;
	return false;
}

void devices_start_pager(struct devices *devices)
{
	for (size_t i = 0; i < devices->nr; i++)
		if (devices->device[i].vdev->memory) {
			pager_start(devices->pager);
			return;
		}
}

void devices_try_memory(struct devices *devices, struct fuse_front *fuse)
{
	for (size_t i = 0; i < devices->nr; i++)
		if (devices->device[i].vdev->memory)
			fuse_front_try_memory(fuse,
					      devices->device[i].vdev->memory);
}

bool devices_can_map(const struct devices *devices)
{
	for (size_t i = 0; i < devices->nr; i++) {
		const struct vfio_memory *memory =
			devices->device[i].vdev->memory;

		if (memory && memory->can_map)
			return true;
	}
	return false;
}

uint32_t devices_reach(const struct devices *devices)
{
	uint32_t reach = 0;

	for (size_t i = 0; i < devices->nr; i++) {
		const struct vfio_memory *memory =
			devices->device[i].vdev->memory;
		uint32_t end = 0;

		if (memory && !memory->can_map)
			end = memory_reach(memory);
		reach = end > reach ? end : reach;
	}
	return reach;
}

void devices_offer_memory(struct devices *devices)
{
	for (size_t i = 0; i < devices->nr; i++)
		if (devices->device[i].vdev->memory)
			memory_offer(devices->device[i].vdev->memory);
}

struct vfio_device *devices_find(const struct devices *devices,
				 const char *name)
{
	for (size_t i = 0; i < devices->nr; i++)
		if (!strcmp(devices->device[i].name, name))
			return devices->device[i].vdev;
	return NULL;
}

int devices_start(struct devices *devices)
{
	int ret = 0;

	for (size_t i = 0; i < devices->nr && !ret; i++)
		ret = events_start(devices->device[i].events);
	return ret;
}

void devices_destroy(struct devices *devices)
{
	for (size_t i = 0; i < devices->nr; i++)
		destroy(&devices->device[i]);
	for (size_t i = 0; i < devices->nr_groups; i++)
		vfio_group_destroy(devices->groups[i]);
	if (devices->pci_buses)
		pci_buses_destroy(devices->pci_buses);
	if (devices->pager)
		pager_destroy(devices->pager);
	free(devices->groups);
	free(devices);
}
