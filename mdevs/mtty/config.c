// SPDX-License-Identifier: BSD-3-Clause
#include "config.h"

#include <string.h>

#include <linux/pci_regs.h>

#define BAR_SIZE_MASK (~7U) /* 8 bytes of I/O ports */
#define BAR_FIXED_BITS 3U

static void put(struct mtty_config *config, unsigned int offset, uint32_t value,
		unsigned int len)
{
	for (unsigned int i = 0; i < len; i++)
		config->bytes[offset + i] = (uint8_t)(value >> (8 * i));
}

void mtty_config_init(struct mtty_config *config, unsigned int nr_ports)
{
	static const char text[] = "PCI Serial/UART";

	memset(config, 0, sizeof(*config));
	config->nr_ports = nr_ports;

	put(config, PCI_VENDOR_ID, 0x4348, 2);
	put(config, PCI_DEVICE_ID, 0x3253, 2);
	put(config, PCI_COMMAND, PCI_COMMAND_IO, 2);
	put(config, PCI_STATUS, PCI_STATUS_DEVSEL_MEDIUM, 2);
	put(config, PCI_REVISION_ID, 0x10, 1);
	put(config, PCI_CLASS_PROG, 0x070002, 3); /* a 16550 serial port */
	put(config, PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_SPACE_IO, 4);
	if (nr_ports == 2)
		put(config, PCI_BASE_ADDRESS_1, PCI_BASE_ADDRESS_SPACE_IO, 4);
	put(config, PCI_SUBSYSTEM_VENDOR_ID, 0x4348, 2);
	put(config, PCI_SUBSYSTEM_ID, 0x3253, 2);
	put(config, PCI_INTERRUPT_PIN, 1, 1);

	/* The vendor's own. */
	put(config, 0x40, 0x80000023, 4);
	put(config, 0x44, 0x23, 4);
	put(config, 0x48, 0x23, 4);
	put(config, 0x4c, 0x23, 4);
	memcpy(&config->bytes[0x60], text, sizeof(text) - 1);
}

void mtty_config_read(const struct mtty_config *config, uint64_t offset,
		      void *buf, size_t len)
{
	size_t left;

	memset(buf, 0, len);
	if (offset >= sizeof(config->bytes))
		return;
	left = sizeof(config->bytes) - offset;
	memcpy(buf, &config->bytes[offset], len < left ? len : left);
}

/* All ones ask for the size; else it is an address. The low bits stay. */
static void write_bar(struct mtty_config *config, unsigned int offset,
		      uint32_t value)
{
	if (offset == PCI_BASE_ADDRESS_1 && config->nr_ports == 1)
		return;
	if (value == UINT32_MAX)
		value &= BAR_SIZE_MASK;
	value |= config->bytes[offset] & BAR_FIXED_BITS;
	put(config, offset, value, 4);
}

/*
 * Linux's mtty looks at 16 bits of the offset, and only at where an access
 * begins: a BAR changes by a write at its first byte, of any length (the
 * bytes that a short one lacks count as 0 here; there they are whatever is
 * on the stack).
 */
void mtty_config_write(struct mtty_config *config, uint64_t offset,
		       const void *buf, size_t len)
{
	uint8_t bytes[4] = { 0 };
	uint16_t where = (uint16_t)offset;

	memcpy(bytes, buf, len);
	switch (where) {
	case PCI_INTERRUPT_LINE:
		config->bytes[where] = bytes[0];
		break;
	case PCI_BASE_ADDRESS_0:
	case PCI_BASE_ADDRESS_1:
		write_bar(config, where,
			  bytes[0] | (uint32_t)bytes[1] << 8 |
				  (uint32_t)bytes[2] << 16 |
				  (uint32_t)bytes[3] << 24);
		break;
	default: /* all the rest is read-only */
		break;
	}
}
