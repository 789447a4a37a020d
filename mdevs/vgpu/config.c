// SPDX-License-Identifier: BSD-3-Clause
#include "config.h"

#include <errno.h>
#include <string.h>

#include <linux/pci_regs.h>

#define MSI_CAP 0xac /* where gen9 has it */
#define ASLS 0xfc /* the guest's address of the OpRegion */

/* The bits that a write changes, byte by byte; in STATUS it clears them. */
static const uint8_t writable[256] = {
	[PCI_COMMAND] = 0xff,
	[PCI_COMMAND + 1] = 0x07,
	[PCI_STATUS + 1] = 0xf9,
	[PCI_CACHE_LINE_SIZE] = 0xff,
	/* 64 bits for 16 MiB, 64 bits for 1 GiB; no others. */
	[PCI_BASE_ADDRESS_0 + 3] = 0xff,
	[PCI_BASE_ADDRESS_1] = 0xff,
	[PCI_BASE_ADDRESS_1 + 1] = 0xff,
	[PCI_BASE_ADDRESS_1 + 2] = 0xff,
	[PCI_BASE_ADDRESS_1 + 3] = 0xff,
	[PCI_BASE_ADDRESS_2 + 3] = 0xc0,
	[PCI_BASE_ADDRESS_3] = 0xff,
	[PCI_BASE_ADDRESS_3 + 1] = 0xff,
	[PCI_BASE_ADDRESS_3 + 2] = 0xff,
	[PCI_BASE_ADDRESS_3 + 3] = 0xff,
	[PCI_INTERRUPT_LINE] = 0xff,
	[MSI_CAP + PCI_MSI_FLAGS] = PCI_MSI_FLAGS_ENABLE,
	[MSI_CAP + PCI_MSI_ADDRESS_LO] = 0xfc,
	[MSI_CAP + PCI_MSI_ADDRESS_LO + 1] = 0xff,
	[MSI_CAP + PCI_MSI_ADDRESS_LO + 2] = 0xff,
	[MSI_CAP + PCI_MSI_ADDRESS_LO + 3] = 0xff,
	[MSI_CAP + PCI_MSI_DATA_32] = 0xff,
	[MSI_CAP + PCI_MSI_DATA_32 + 1] = 0xff,
	[ASLS] = 0xff,
	[ASLS + 1] = 0xff,
	[ASLS + 2] = 0xff,
	[ASLS + 3] = 0xff,
};

static void put(struct vgpu_config *config, unsigned int offset, uint32_t value,
		unsigned int len)
{
	for (unsigned int i = 0; i < len; i++)
		config->bytes[offset + i] = (uint8_t)(value >> (8 * i));
}

void vgpu_config_init(struct vgpu_config *config)
{
	memset(config, 0, sizeof(*config));
	put(config, PCI_VENDOR_ID, 0x8086, 2);
	put(config, PCI_DEVICE_ID, 0x1912, 2); /* HD Graphics 530 */
	put(config, PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
	put(config, PCI_REVISION_ID, 0x06, 1);
	put(config, PCI_CLASS_PROG, 0x030000, 3); /* VGA */
	put(config, PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_MEM_TYPE_64, 4);
	put(config, PCI_BASE_ADDRESS_2,
	    PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH, 4);
	put(config, PCI_SUBSYSTEM_VENDOR_ID, 0x8086, 2);
	put(config, PCI_SUBSYSTEM_ID, 0x2015, 2);
	put(config, PCI_CAPABILITY_LIST, MSI_CAP, 1);
	put(config, PCI_INTERRUPT_PIN, 1, 1);
	put(config, MSI_CAP, PCI_CAP_ID_MSI, 1);
}

static bool is_inside(uint64_t offset, unsigned int len)
{
	return offset < VGPU_CONFIG_SIZE && len <= VGPU_CONFIG_SIZE - offset;
}

int vgpu_config_read(const struct vgpu_config *config, uint64_t offset,
		     void *buf, unsigned int len)
{
	if (!is_inside(offset, len))
		return -EINVAL;
	memcpy(buf, &config->bytes[offset], len);
	return 0;
}

static void write_byte(struct vgpu_config *config, uint64_t offset,
		       uint8_t value)
{
	uint8_t mask = offset < sizeof(writable) ? writable[offset] : 0;
	uint8_t *byte = &config->bytes[offset];

	if (offset == PCI_STATUS + 1)
		*byte &= (uint8_t) ~(value & mask);
	else
		*byte = (uint8_t)((*byte & ~mask) | (value & mask));
}

int vgpu_config_write(struct vgpu_config *config, uint64_t offset,
		      const void *buf, unsigned int len)
{
	const uint8_t *bytes = buf;
	bool bar = offset >= PCI_BASE_ADDRESS_0 &&
		   offset < PCI_BASE_ADDRESS_5 + 4;

	if (!is_inside(offset, len) || (bar && offset % 4) ||
	    (offset == PCI_COMMAND && len > 2))
		return -EINVAL;
	for (unsigned int i = 0; i < len; i++)
		write_byte(config, offset + i, bytes[i]);
	return 0;
}

bool vgpu_config_msi_enabled(const struct vgpu_config *config)
{
	return config->bytes[MSI_CAP + PCI_MSI_FLAGS] & PCI_MSI_FLAGS_ENABLE;
}
