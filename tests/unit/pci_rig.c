// SPDX-License-Identifier: BSD-3-Clause
#include "pci_rig.h"

#include <string.h>

#define RW (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE)

/* Ops get no pointer of a test's: the plugin finds its rig here. */
static struct pci_rig *rig;

static const uint8_t vendor_cap[] = { PCI_CAP_ID_VNDR, 0, 8, 1, 2, 3, 4, 5 };
static const uint8_t vendor_mask[] = { 0, 0, 0, 0, 0xff, 0x0f, 0, 0 };
static const struct vfiod_pci_cap caps[] = {
	{ sizeof(vendor_cap), vendor_cap, vendor_mask },
};

const struct vfiod_pci pci_rig_desc = {
	VFIOD_PCI_SIZES,
	.vendor = 0x1234,
	.device = 0x5678,
	.subsystem_vendor = 0x1af4,
	.subsystem_device = 0x1100,
	.class_code = 0x010802,
	.revision = 3,
	.interrupt_pin = 1,
	.bar_flags = { [0] = VFIOD_PCI_BAR_64 | VFIOD_PCI_BAR_PREFETCH,
		       [4] = VFIOD_PCI_BAR_IO },
	.flags = VFIOD_PCI_EXPRESS | VFIOD_PCI_PM | VFIOD_PCI_OWN_CONFIG,
	.msi_vectors = 4,
	.msix_vectors = PCI_RIG_MSIX_VECTORS,
	.msix_bar = 0,
	.msix_table = 0x1000,
	.msix_pba = 0x2000,
	.nr_caps = 1,
	.caps = caps,
};

static const struct vfiod_region regions[] = {
	[0] = { .size = PCI_RIG_BAR0, .flags = RW },
	[2] = { .size = PCI_RIG_BAR2, .flags = RW },
	[4] = { .size = PCI_RIG_BAR4, .flags = RW },
	[6] = { .size = 0x800, .flags = VFIO_REGION_INFO_FLAG_READ },
};

const struct vfiod_type pci_rig_type = {
	.name = "1",
	.nr_regions = 7,
	.regions = regions,
	.pci = &pci_rig_desc,
};

static int reset_op(struct vfio_device *vdev)
{
	(void)vdev;
	rig->resets++;
	return rig->reset_ret;
}

static int open_op(struct vfio_device *vdev)
{
	(void)vdev;
	return rig->open_ret;
}

static uint8_t *memory(unsigned int index, uint64_t offset, unsigned int len)
{
	if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		ck_assert_uint_le(offset + len, sizeof(rig->own));
		return rig->own + offset;
	}
	if (index == VFIO_PCI_ROM_REGION_INDEX)
		index = 5; /* a BAR that is not there */
	ck_assert_uint_le(offset + len, sizeof(rig->bars[0]));
	return rig->bars[index] + offset;
}

static int access_op(struct vfio_device *vdev, unsigned int index,
		     uint64_t offset, void *buf, unsigned int len, bool write)
{
	uint8_t *at = memory(index, offset, len);

	(void)vdev;
	rig->accesses++;
	rig->last_index = index;
	rig->last_offset = offset;
	rig->last_len = len;
	if (write)
		memcpy(at, buf, len);
	else
		memcpy(buf, at, len);
	return 0;
}

const struct vfiod_plugin pci_rig_plugin = {
	.name = "pci",
	.init = model_init,
	.open_device = open_op,
	.access = access_op,
	.reset = reset_op,
	.dma_unmap = model_dma_unmap,
};

const struct vfiod_plugin pci_rig_resetless = {
	.name = "pci",
	.init = model_init,
	.open_device = open_op,
	.access = access_op,
	.dma_unmap = model_dma_unmap,
};

void pci_setup_on(struct pci_rig *r, const struct vfiod_plugin *plugin,
		  uint8_t number, int nr)
{
	memset(r, 0, sizeof(*r));
	rig = r;
	LIST_INIT(&r->bus.functions);
	r->bus.number = number;
	model_setup(&r->m);
	/* The other way round than they stand on the bus. */
	for (int i = nr - 1; i >= 0; i--) {
		r->slots[i].bus = &r->bus;
		r->slots[i].devfn = i;
		r->slots[i].bars[0] = 0x1080000000 + i * 0x10000ULL;
		r->slots[i].bars[2] = 0xfe000000;
		r->slots[i].bars[4] = 0xc000;
		r->m.devs[i].slot = &r->slots[i];
		model_attach(&r->m, i, plugin, &pci_rig_type);
	}
	ck_assert_int_eq(model_set_iommu(&r->m, VFIO_TYPE1v2_IOMMU), 0);
}

void pci_setup(struct pci_rig *r)
{
	pci_setup_on(r, &pci_rig_plugin, 1, 2);
	model_open(&r->m, 0);
}

void pci_teardown(struct pci_rig *r)
{
	model_teardown(&r->m);
	ck_assert(LIST_EMPTY(&r->bus.functions));
}

int pci_reset(struct pci_rig *r)
{
	return vfio_device_file_ioctl(r->m.devs[0].file, VFIO_DEVICE_RESET, 0);
}

uint32_t pci_get(struct pci_rig *r, unsigned int at, unsigned int len)
{
	uint8_t value[4] = { 0 };

	ck_assert_int_eq(vfio_device_file_read(r->m.devs[0].file, value, len,
					       VFIOD_OFFSET(7) + at),
			 len);
	return vfio_pci_get32(value);
}

void pci_put(struct pci_rig *r, unsigned int at, unsigned int len,
	     uint32_t value)
{
	uint8_t bytes[4];

	vfio_pci_put32(bytes, value);
	ck_assert_int_eq(vfio_device_file_write(r->m.devs[0].file, bytes, len,
						VFIOD_OFFSET(7) + at),
			 len);
}
