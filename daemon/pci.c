// SPDX-License-Identifier: BSD-3-Clause
#include "pci.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "iommu_option.h"
#include "plugin.h"

/* Where firmware would start to look: above RAM, below 4 GiB, I/O ports. */
#define FIRST_BUS 0xc0
#define NR_BUSES 256
#define FIRST_64 0x380000000000ULL
#define FIRST_32 0xc0000000ULL
#define FIRST_IO 0xc000ULL
#define SLOTS 32

struct bus {
	LIST_ENTRY(bus) next;
	struct vfio_pci_bus bus;
};

struct pci_buses {
	LIST_HEAD(, bus) list;
	/* The next free address of each kind. */
	uint64_t next_64;
	uint64_t next_32;
	uint64_t next_io;
};

struct pci_buses *pci_buses_create(void)
{
	struct pci_buses *buses = calloc(1, sizeof(*buses));

	if (!buses)
		return NULL;
	LIST_INIT(&buses->list);
	buses->next_64 = FIRST_64;
	buses->next_32 = FIRST_32;
	buses->next_io = FIRST_IO;
	return buses;
}

void pci_buses_destroy(struct pci_buses *buses)
{
	struct bus *bus;

	while ((bus = LIST_FIRST(&buses->list))) {
		LIST_REMOVE(bus, next);
		free(bus);
	}
	free(buses);
}

static struct vfio_pci_bus *find_bus(struct pci_buses *buses, uint16_t domain,
				     uint8_t number)
{
	struct bus *it;

	LIST_FOREACH(it, &buses->list, next) {
		if (it->bus.domain == domain && it->bus.number == number)
			return &it->bus;
	}
	it = calloc(1, sizeof(*it));
	if (!it)
		return NULL;
	it->bus.domain = domain;
	it->bus.number = number;
	LIST_INIT(&it->bus.functions);
	LIST_INSERT_HEAD(&buses->list, it, next);
	return &it->bus;
}

/* Does the machine have a function there, or anything on that bus? */
static bool host_has(const char *prefix)
{
	DIR *dir = opendir("/sys/bus/pci/devices");
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir)))
		found = !strncmp(entry->d_name, prefix, strlen(prefix));
	if (dir)
		closedir(dir);
	return found;
}

/* DDDD:BB:SS.F, or without the domain. */
static bool parse_address(const char *text, unsigned int *domain,
			  unsigned int *bus, unsigned int *devfn)
{
	unsigned int slot, function;
	int end = 0;

	*domain = 0;
	if (sscanf(text, "%4x:%2x:%2x.%1u%n", domain, bus, &slot, &function,
		   &end) != 4 ||
	    text[end]) {
		*domain = 0;
		end = 0;
		if (sscanf(text, "%2x:%2x.%1u%n", bus, &slot, &function,
			   &end) != 3 ||
		    text[end])
			return false;
	}
	*devfn = slot << 3 | function;
	return slot < SLOTS && function < 8;
}

static int set_address(struct devices *devices, struct device *device,
		       unsigned int domain, unsigned int number,
		       unsigned int devfn)
{
	struct vfio_pci_bus *bus;

	bus = find_bus(devices->pci_buses, domain, number);
	if (!bus)
		return -ENOMEM;
	device->slot.bus = bus;
	device->slot.devfn = devfn;
	snprintf(device->name, sizeof(device->name), "%04x:%02x:%02x.%u",
		 domain, number, devfn >> 3, devfn & 7);
	return 0;
}

static int take_address(struct devices *devices, struct device *device,
			const char *value, struct why *why)
{
	unsigned int domain, bus, devfn;
	int ret;

	if (!parse_address(value, &domain, &bus, &devfn)) {
		snprintf(why->line, why->size,
			 "--pci: \"%s\" is not a PCI address, "
			 "like 0000:01:00.0",
			 value);
		return -EINVAL;
	}
	ret = set_address(devices, device, domain, bus, devfn);
	if (!ret && host_has(device->name)) {
		snprintf(why->line, why->size,
			 "--pci: the machine itself has a device at %s",
			 device->name);
		ret = -EEXIST;
	}
	return ret;
}

static int take_group(struct device *device, const char *value, struct why *why)
{
	char *end;
	long id = strtol(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || id > 99999) {
		snprintf(why->line, why->size,
			 "--pci: \"%s\" is not the number of a group", value);
		return -EINVAL;
	}
	device->group_id = id;
	return 0;
}

int pci_take(struct devices *devices, struct device *device, const char *key,
	     const char *value, struct why *why)
{
	if (!strcmp(key, "addr"))
		return take_address(devices, device, value, why);
	if (!strcmp(key, "group"))
		return take_group(device, value, why);
	return iommu_option_take(device, key, value, why);
}

static bool is_taken(const struct devices *devices,
		     const struct vfio_pci_bus *bus, unsigned int devfn)
{
	for (size_t i = 0; i < devices->nr; i++) {
		const struct vfio_pci_slot *slot = &devices->device[i].slot;

		if (slot->bus == bus && slot->devfn == devfn)
			return true;
	}
	return false;
}

/* The bus of who is in that group already; NULL: nobody. */
static const struct vfio_pci_bus *group_bus(const struct devices *devices,
					    int group_id)
{
	for (size_t i = 0; i < devices->nr; i++)
		if (group_id != DEVICE_ANY_GROUP &&
		    devices->device[i].group_id == group_id)
			return devices->device[i].slot.bus;
	return NULL;
}

static bool bus_is_free(struct devices *devices, unsigned int number)
{
	char prefix[16];
	struct bus *it;

	LIST_FOREACH(it, &devices->pci_buses->list, next) {
		if (!it->bus.domain && it->bus.number == number)
			return false;
	}
	snprintf(prefix, sizeof(prefix), "0000:%02x:", number);
	return !host_has(prefix);
}

static int find_address(struct devices *devices, struct device *device)
{
	const struct vfio_pci_bus *bus = group_bus(devices, device->group_id);
	unsigned int number;

	for (unsigned int slot = 0; bus && slot < SLOTS; slot++)
		if (!is_taken(devices, bus, slot << 3))
			return set_address(devices, device, bus->domain,
					   bus->number, slot << 3);
	for (number = FIRST_BUS; number < NR_BUSES; number++)
		if (bus_is_free(devices, number))
			return set_address(devices, device, 0, number, 0);
	return -ENOSPC;
}

/* The next multiple of @size from *@next on. */
static uint64_t allocate(uint64_t *next, uint64_t size)
{
	uint64_t at = (*next + size - 1) & ~(size - 1);

	*next = at + size;
	return at;
}

static void place_bars(struct pci_buses *buses, struct device *device)
{
	const struct vfiod_type *type = device->type;

	for (unsigned int i = 0;
	     i < type->nr_regions && i < VFIO_PCI_BAR_REGIONS; i++) {
		uint8_t flags = i < VFIOD_PCI_BARS ? type->pci->bar_flags[i] :
						     0;
		uint64_t size = type->regions[i].size;
		uint64_t *next = &buses->next_32;

		if (!size)
			continue;
		if (flags & VFIOD_PCI_BAR_IO)
			next = &buses->next_io;
		else if (flags & VFIOD_PCI_BAR_64)
			next = &buses->next_64;
		device->slot.bars[i] = allocate(next, size);
	}
}

int pci_finish(struct devices *devices, struct device *device, struct why *why)
{
	int ret = 0;

	if (!device->type->pci) {
		snprintf(why->line, why->size,
			 "--pci: %s-%s is not a PCI function; try --mdev",
			 device->plugin->desc.name, device->type->name);
		return -EINVAL;
	}
	if (!device->name[0])
		ret = find_address(devices, device);
	if (!ret)
		place_bars(devices->pci_buses, device);
	return ret;
}
