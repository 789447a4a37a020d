// SPDX-License-Identifier: BSD-3-Clause
/* PCI functions in sysfs, bound to vfio-pci (drivers/pci/pci-sysfs.c). */
#include <stdio.h>
#include <string.h>

#include <vfiod/pci.h>

#include "../backend/device.h"
#include "../backend/group.h"
#include "devices.h"
#include "sysfs_parts.h"
#include "tree.h"

/* From a device's directory to /sys, and from a driver's. */
#define UP3 "../../.."
#define UP4 "../../../.."
/* Lines in `resource`: BARs, ROM, and those of virtual functions. */
#define RESOURCES 13

/* include/linux/ioport.h */
#define IORESOURCE_IO 0x100U
#define IORESOURCE_MEM 0x200U
#define IORESOURCE_PREFETCH 0x2000U
#define IORESOURCE_READONLY 0x4000U
#define IORESOURCE_SIZEALIGN 0x40000U
#define IORESOURCE_MEM_64 0x100000U

static ssize_t show_config(void *object, const void *what, char *buf,
			   size_t size)
{
	struct vfio_device *vdev = object;

	(void)what;
	if (vdev->pci->config_size < size)
		size = vdev->pci->config_size;
	vfio_pci_hardware_config(vdev, buf, size);
	return size;
}

/* The lower bits are those of the BAR itself. */
static uint32_t resource_flags(const struct vfiod_pci *pci, unsigned int index)
{
	uint32_t flags = IORESOURCE_SIZEALIGN;
	uint8_t bar;

	if (index == VFIO_PCI_ROM_REGION_INDEX)
		return flags | IORESOURCE_MEM | IORESOURCE_PREFETCH |
		       IORESOURCE_READONLY;
	bar = pci->bar_flags[index];
	flags |= bar;
	flags |= bar & VFIOD_PCI_BAR_IO ? IORESOURCE_IO : IORESOURCE_MEM;
	if (bar & VFIOD_PCI_BAR_PREFETCH)
		flags |= IORESOURCE_PREFETCH;
	if (bar & VFIOD_PCI_BAR_64)
		flags |= IORESOURCE_MEM_64;
	return flags;
}

static void add_resources(struct tree *tree, struct tree_node *dir,
			  const struct device *device)
{
	const struct vfiod_type *type = device->vdev->type;
	char text[RESOURCES * 57 + 1], *at = text;

	for (unsigned int i = 0; i < RESOURCES; i++) {
		uint64_t size = 0, start = 0, end = 0, flags = 0;

		if (i < VFIO_PCI_BAR_REGIONS)
			size = type->regions[i].size;
		if (size) {
			start = device->slot.bars[i];
			end = start + size - 1;
			flags = resource_flags(type->pci, i);
		}
		at += sprintf(at, "0x%016lx 0x%016lx 0x%016lx\n", start, end,
			      flags);
	}
	tree_text(tree, dir, "resource", "%s", text);
}

static void add_ids(struct tree *tree, struct tree_node *dir,
		    const struct vfiod_pci *pci)
{
	tree_text(tree, dir, "vendor", "0x%04x\n", pci->vendor);
	tree_text(tree, dir, "device", "0x%04x\n", pci->device);
	tree_text(tree, dir, "subsystem_vendor", "0x%04x\n",
		  pci->subsystem_vendor);
	tree_text(tree, dir, "subsystem_device", "0x%04x\n",
		  pci->subsystem_device);
	tree_text(tree, dir, "class", "0x%06x\n", pci->class_code);
	tree_text(tree, dir, "revision", "0x%02x\n", pci->revision);
}

static void make_modalias(char *text, size_t size, const struct vfiod_pci *pci)
{
	snprintf(text, size, "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X",
		 pci->vendor, pci->device, pci->subsystem_vendor,
		 pci->subsystem_device, pci->class_code >> 16,
		 pci->class_code >> 8 & 0xff, pci->class_code & 0xff);
}

static void add_uevent(struct tree *tree, struct tree_node *dir,
		       const struct device *device)
{
	const struct vfiod_pci *pci = device->type->pci;
	char modalias[96];

	make_modalias(modalias, sizeof(modalias), pci);
	tree_text(tree, dir, "modalias", "%s\n", modalias);
	tree_text(tree, dir, "uevent",
		  "DRIVER=vfio-pci\n"
		  "PCI_CLASS=%04X\n"
		  "PCI_ID=%04X:%04X\n"
		  "PCI_SUBSYS_ID=%04X:%04X\n"
		  "PCI_SLOT_NAME=%s\n"
		  "MODALIAS=%s\n",
		  pci->class_code, pci->vendor, pci->device,
		  pci->subsystem_vendor, pci->subsystem_device, device->name,
		  modalias);
}

static void add_links(struct tree *tree, struct tree_node *dir,
		      const struct device *device)
{
	tree_link(tree, dir, "driver", UP3 "/bus/pci/drivers/vfio-pci");
	tree_link(tree, dir, "subsystem", UP3 "/bus/pci");
	tree_link(tree, dir, "iommu_group", UP3 "/kernel/iommu_groups/%d",
		  device->group->id);
}

/* pci_reset_fn_methods[]: what there is, best first. */
static void add_reset_method(struct tree *tree, struct tree_node *dir,
			     const struct device *device)
{
	const char *own = "", *bus = "";

	if (!vfio_pci_can_reset(device->vdev))
		return;
	if (device->vdev->plugin->reset)
		own = device->type->pci->flags & VFIOD_PCI_EXPRESS ?
			      "flr" :
			      "device_specific";
	if (vfio_pci_bus_can_reset(device->vdev))
		bus = *own ? " bus" : "bus";
	tree_text(tree, dir, "reset_method", "%s%s\n", own, bus);
}

void sysfs_add_pci(struct tree *tree, struct tree_node *sys,
		   const struct device *device)
{
	struct tree_node *dir, *bus;
	char path[SYSFS_PATH_MAX];

	sysfs_device_path(device, path);
	dir = tree_dir(tree, sys, "%s", path);
	bus = tree_dir(tree, sys, "bus/pci");
	add_ids(tree, dir, device->type->pci);
	add_resources(tree, dir, device);
	add_uevent(tree, dir, device);
	add_links(tree, dir, device);
	add_reset_method(tree, dir, device);
	tree_attribute(tree, dir, "config", show_config, NULL, device->vdev,
		       NULL);
	tree_text(tree, dir, "irq", "0\n");
	tree_text(tree, dir, "numa_node", "-1\n");
	/* What the kernel starts with; vfio-pci does no DMA of its own. */
	tree_text(tree, dir, "dma_mask_bits", "32\n");
	tree_text(tree, dir, "enable", "1\n");
	tree_text(tree, dir, "driver_override", "vfio-pci\n");
	sysfs_add_common(tree, sys, dir, device);
	tree_link(tree, tree_dir(tree, bus, "devices"), device->name, UP3 "/%s",
		  path);
	tree_link(tree, tree_dir(tree, bus, "drivers/vfio-pci"), device->name,
		  UP4 "/%s", path);
}
