// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include <linux/pci_regs.h>

#include "mdpy.h"

#define VENDOR_CAP 0x40
#define VENDOR_CAP_SIZE 0x10
#define FORMAT (VENDOR_CAP + 0x4)
#define WIDTH (VENDOR_CAP + 0x8)
#define HEIGHT (VENDOR_CAP + 0xc)

#define CLASS_DISPLAY_OTHER 0x0380

static void put(struct mdpy *mdpy, unsigned int offset, uint32_t value,
		unsigned int len)
{
	for (unsigned int i = 0; i < len; i++)
		mdpy->config[offset + i] = (uint8_t)(value >> (8 * i));
}

void mdpy_config_init(struct mdpy *mdpy)
{
	put(mdpy, PCI_VENDOR_ID, 0x1b36, 2);
	put(mdpy, PCI_DEVICE_ID, 0x000f, 2);
	put(mdpy, PCI_SUBSYSTEM_VENDOR_ID, 0x1af4, 2);
	put(mdpy, PCI_SUBSYSTEM_ID, 0x1100, 2);
	put(mdpy, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY, 2);
	put(mdpy, PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
	put(mdpy, PCI_CLASS_DEVICE, CLASS_DISPLAY_OTHER, 2);
	put(mdpy, PCI_REVISION_ID, 0x01, 1);
	put(mdpy, PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_MEM_PREFETCH, 4);

	/* How the guest's driver finds out about the picture. */
	put(mdpy, PCI_CAPABILITY_LIST, VENDOR_CAP, 1);
	put(mdpy, VENDOR_CAP, PCI_CAP_ID_VNDR, 1);
	put(mdpy, VENDOR_CAP + 2, VENDOR_CAP_SIZE, 1);
	put(mdpy, FORMAT, MDPY_FORMAT_XRGB8888, 4);
	put(mdpy, WIDTH, mdpy->mode->width, 4);
	put(mdpy, HEIGHT, mdpy->mode->height, 4);
}

void mdpy_config_read(const struct mdpy *mdpy, uint64_t offset, void *buf,
		      unsigned int len)
{
	memcpy(buf, mdpy->config + offset, len);
}

/*
 * Only the BAR can be written, at its first byte, by any length (the bytes
 * that a short one lacks count as 0 here; in Linux they are whatever is on
 * the stack). All ones ask for the size; else it is an address.
 */
void mdpy_config_write(struct mdpy *mdpy, uint64_t offset, const void *buf,
		       unsigned int len)
{
	uint8_t low = mdpy->config[PCI_BASE_ADDRESS_0];
	uint32_t value = 0;

	if (offset != PCI_BASE_ADDRESS_0)
		return;
	memcpy(&value, buf, len);
	if (value == UINT32_MAX)
		value &= ~(mdpy->mode->memory - 1);
	value &= (uint32_t)PCI_BASE_ADDRESS_MEM_MASK;
	put(mdpy, PCI_BASE_ADDRESS_0,
	    value | (low & ~(uint32_t)PCI_BASE_ADDRESS_MEM_MASK), 4);
}
