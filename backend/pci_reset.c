// SPDX-License-Identifier: BSD-3-Clause
/* Resets of a function, and of the bus it is on (vfio_pci_core.c). */
#include <errno.h>
#include <stdlib.h>

#include "blame.h"
#include "device.h"
#include "group.h"
#include "host.h"
#include "irq.h"
#include "pci.h"

#define INFO_MINSZ 12 /* up to count, of both structures */

/* pci_probe_reset_bus(): the root complex has no bridge that could do it. */
static bool bus_resets(const struct vfio_pci_bus *bus)
{
	return bus && bus->number;
}

/* pci_parent_bus_reset(): a bus reset that concerns nobody else. */
bool vfio_pci_bus_can_reset(const struct vfio_device *vdev)
{
	const struct vfio_pci *pci = vdev->pci;
	const struct vfio_pci_bus *bus = pci->slot.bus;

	return bus_resets(bus) && LIST_FIRST(&bus->functions) == pci &&
	       !LIST_NEXT(pci, bus_next);
}

/*
 * The kernel saves configuration space before a reset and restores it after.
 * What shows is the power state, and messages: those that the client had
 * turned off in the capability are on again (pci_restore_msi_state()). A
 * function that was reset does not hold its line; it does again when the
 * plugin says so.
 */
static int reset_function(struct vfio_device *vdev)
{
	int ret = 0;

	vfio_pci_config_wake(vdev);
	vfio_irqs_line(vdev->irqs, VFIO_PCI_INTX_IRQ_INDEX, false);
	vfio_irqs_disable_messages(vdev->irqs, false);
	if (vdev->plugin->reset)
		ret = vfio_blame_result(vdev, "reset",
					vdev->plugin->reset(vdev), 0);
	if (!ret)
		vfio_device_was_reset(vdev);
	return ret;
}

int vfio_pci_function_reset(struct vfio_device *vdev)
{
	if (!(vdev->type->info_flags & VFIO_DEVICE_FLAGS_RESET))
		return -EINVAL;
	return reset_function(vdev);
}

static bool any_open(const struct vfio_pci_bus *bus)
{
	const struct vfio_pci *it;

	LIST_FOREACH(it, &bus->functions, bus_next) {
		if (it->is_open)
			return true;
	}
	return false;
}

bool vfio_pci_can_reset(const struct vfio_device *vdev)
{
	return vdev->plugin->reset || vfio_pci_bus_can_reset(vdev);
}

int vfio_pci_open_reset(struct vfio_device *vdev)
{
	const struct vfio_pci_bus *bus = vdev->pci->slot.bus;

	if (vdev->plugin->reset || (bus_resets(bus) && !any_open(bus)))
		return reset_function(vdev);
	return 0;
}

static uint32_t count_functions(const struct vfio_pci_bus *bus)
{
	const struct vfio_pci *it;
	uint32_t count = 0;

	LIST_FOREACH(it, &bus->functions, bus_next)
		count++;
	return count;
}

static int write_functions(const struct vfio_pci_bus *bus, uint64_t to)
{
	const struct vfio_pci *it;

	LIST_FOREACH(it, &bus->functions, bus_next) {
		struct vfio_pci_dependent_device dev = {
			.group_id = it->vdev->group->id,
			.segment = bus->domain,
			.bus = bus->number,
			.devfn = it->slot.devfn,
		};

		if (vfio_copy_to_user(to, &dev, sizeof(dev)))
			return -EFAULT;
		to += sizeof(dev);
	}
	return 0;
}

int vfio_pci_get_hot_reset_info(struct vfio_device *vdev, uint64_t arg)
{
	const struct vfio_pci_bus *bus = vdev->pci->slot.bus;
	struct vfio_pci_hot_reset_info info;
	int ret;

	if (vfio_copy_from_user(&info, arg, INFO_MINSZ))
		return -EFAULT;
	if (info.argsz < INFO_MINSZ)
		return -EINVAL;
	if (!bus_resets(bus))
		return -ENODEV;
	info.flags = 0;
	info.count = count_functions(bus);
	if (info.count > (info.argsz - INFO_MINSZ) /
				 sizeof(struct vfio_pci_dependent_device))
		ret = -ENOSPC;
	else
		ret = write_functions(bus, arg + INFO_MINSZ);
	if (ret && ret != -ENOSPC)
		return ret;
	return vfio_copy_to_user(arg, &info, INFO_MINSZ) ? -EFAULT : ret;
}

/* What a client gave to prove that all functions are its own. */
struct owned {
	uint32_t nr;
	int32_t *fds;
	struct vfio_group **groups;
};

static int get_groups(struct owned *owned)
{
	struct vfio_client *client = vfio_current();
	int ret = 0;

	for (uint32_t i = 0; i < owned->nr && !ret; i++)
		ret = client->ops->group_get(client, owned->fds[i],
					     &owned->groups[i]);
	return ret;
}

static bool owns(const struct owned *owned, const struct vfio_group *group)
{
	for (uint32_t i = 0; i < owned->nr; i++)
		if (owned->groups[i] == group)
			return true;
	return false;
}

/* The group's lock keeps the device from being opened or closed meanwhile. */
static int reset_if_open(struct vfio_device *vdev)
{
	int ret = 0;

	pthread_mutex_lock(&vdev->group->group_lock);
	if (vdev->open_count)
		ret = reset_function(vdev);
	pthread_mutex_unlock(&vdev->group->group_lock);
	return ret;
}

static int reset_owned(const struct vfio_pci_bus *bus,
		       const struct owned *owned)
{
	const struct vfio_pci *it;
	int ret = 0;

	LIST_FOREACH(it, &bus->functions, bus_next) {
		if (!owns(owned, it->vdev->group))
			return -EINVAL;
	}
	LIST_FOREACH(it, &bus->functions, bus_next) {
		int error = reset_if_open(it->vdev);

		ret = ret ? ret : error;
	}
	return ret;
}

static int reset_bus(const struct vfio_pci_bus *bus, const struct owned *owned)
{
	const struct vfio_pci *it;
	int ret;

	/* Also those that the client then turns out not to have wake up. */
	LIST_FOREACH(it, &bus->functions, bus_next)
		vfio_pci_runtime_get(it->vdev);
	ret = reset_owned(bus, owned);
	LIST_FOREACH(it, &bus->functions, bus_next)
		vfio_pci_runtime_put(it->vdev);
	return ret;
}

static int hot_reset(const struct vfio_pci_bus *bus, struct owned *owned,
		     uint64_t fds)
{
	int ret;

	if (!owned->fds || !owned->groups)
		return -ENOMEM;
	if (vfio_copy_from_user(owned->fds, fds,
				owned->nr * sizeof(*owned->fds)))
		return -EFAULT;
	ret = get_groups(owned);
	return ret ? ret : reset_bus(bus, owned);
}

int vfio_pci_hot_reset(struct vfio_device *vdev, uint64_t arg)
{
	const struct vfio_pci_bus *bus = vdev->pci->slot.bus;
	struct vfio_pci_hot_reset req;
	struct owned owned;
	int ret;

	if (vfio_copy_from_user(&req, arg, INFO_MINSZ))
		return -EFAULT;
	if (req.argsz < INFO_MINSZ || req.flags || !req.count)
		return -EINVAL;
	if (!bus_resets(bus))
		return -ENODEV;
	if (req.count > count_functions(bus))
		return -EINVAL;
	owned.nr = req.count;
	owned.fds = calloc(req.count, sizeof(*owned.fds));
	owned.groups = calloc(req.count, sizeof(*owned.groups));
	ret = hot_reset(bus, &owned, arg + INFO_MINSZ);
	free(owned.fds);
	free(owned.groups);
	return ret;
}
