// SPDX-License-Identifier: BSD-3-Clause
/* The configuration space of a PCI function, made of its description. */
#include <errno.h>
#include <string.h>

#include "pci.h"

#define HEADER_SIZE 0x40
#define MSIX_CAP_SIZE 12
#define MSI_CAP_SIZE 14 /* 64-bit addresses, no masking by vector */
#define PM_CAP_SIZE 8
#define EXP_CAP_SIZE 0x3c

/* One layout in the making. */
struct layout {
	struct vfio_pci *pci;
	unsigned int end; /* of the last capability */
	uint8_t *next; /* where the place of the next capability belongs */
};

/* A capability of @size bytes: its place, or 0 when there is no room. */
static uint8_t add_cap(struct layout *l, uint8_t id, unsigned int size)
{
	unsigned int at = (l->end + 3) & ~3U;
	struct vfio_pci *pci = l->pci;

	if (at + size > PCI_CFG_SPACE_SIZE)
		return 0;
	pci->initial[at + PCI_CAP_LIST_ID] = id;
	*l->next = at;
	l->next = &pci->initial[at + PCI_CAP_LIST_NEXT];
	memset(pci->owner + at, at, size);
	l->end = at + size;
	pci->initial[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	return at;
}

static bool add_pm(struct layout *l)
{
	struct vfio_pci *pci = l->pci;

	if (!(pci->desc->flags & VFIOD_PCI_PM))
		return true;
	pci->pm = add_cap(l, PCI_CAP_ID_PM, PM_CAP_SIZE);
	if (!pci->pm)
		return false;
	vfio_pci_put16(pci->initial + pci->pm + PCI_PM_PMC, 3); /* PM 1.2 */
	/* Going back to D0 is no reset. The state is set by pci_config.c. */
	vfio_pci_put16(pci->initial + pci->pm + PCI_PM_CTRL,
		       PCI_PM_CTRL_NO_SOFT_RESET);
	pci->writable[pci->pm + PCI_PM_CTRL] = PCI_PM_CTRL_STATE_MASK;
	return true;
}

static unsigned int log2_of(uint32_t power)
{
	return power ? __builtin_ctz(power) : 0;
}

/*
 * init_pci_cap_msi_perm(): address and data are nobody's but the client's,
 * who sets messages up by SET_IRQS; so is the lower byte of the flags.
 */
static bool add_msi(struct layout *l)
{
	uint32_t vectors = l->pci->desc->msi_vectors;
	struct vfio_pci *pci = l->pci;

	if (!vectors)
		return true;
	pci->msi = add_cap(l, PCI_CAP_ID_MSI, MSI_CAP_SIZE);
	if (!pci->msi)
		return false;
	vfio_pci_put16(pci->initial + pci->msi + PCI_MSI_FLAGS,
		       PCI_MSI_FLAGS_64BIT | log2_of(vectors) << 1);
	pci->writable[pci->msi + PCI_MSI_FLAGS] = 0xff;
	memset(pci->writable + pci->msi + PCI_MSI_ADDRESS_LO, 0xff,
	       MSI_CAP_SIZE - PCI_MSI_ADDRESS_LO);
	return true;
}

static bool add_msix(struct layout *l)
{
	const struct vfiod_pci *desc = l->pci->desc;
	struct vfio_pci *pci = l->pci;
	uint8_t *cap;

	if (!desc->msix_vectors)
		return true;
	pci->msix = add_cap(l, PCI_CAP_ID_MSIX, MSIX_CAP_SIZE);
	if (!pci->msix)
		return false;
	cap = pci->initial + pci->msix;
	vfio_pci_put16(cap + PCI_MSIX_FLAGS, desc->msix_vectors - 1);
	vfio_pci_put32(cap + PCI_MSIX_TABLE, desc->msix_table | desc->msix_bar);
	vfio_pci_put32(cap + PCI_MSIX_PBA, desc->msix_pba | desc->msix_bar);
	return true;
}

/*
 * init_pci_cap_exp_perm(); an endpoint on a link of one lane, 2.5 GT/s, or in
 * the root complex, without a link.
 */
static bool add_express(struct layout *l, bool resettable)
{
	struct vfio_pci *pci = l->pci;
	bool in_root = pci->slot.bus && !pci->slot.bus->number;
	uint8_t *cap, *writable;

	if (!(pci->desc->flags & VFIOD_PCI_EXPRESS))
		return true;
	pci->exp = add_cap(l, PCI_CAP_ID_EXP,
			   in_root ? PCI_CAP_EXP_RC_ENDPOINT_SIZEOF_V2 :
				     EXP_CAP_SIZE);
	if (!pci->exp)
		return false;
	cap = pci->initial + pci->exp;
	writable = pci->writable + pci->exp;
	vfio_pci_put16(cap + PCI_EXP_FLAGS,
		       2 | (in_root ? PCI_EXP_TYPE_RC_END : 0) << 4);
	vfio_pci_put32(cap + PCI_EXP_DEVCAP,
		       PCI_EXP_DEVCAP_RBER |
			       (resettable ? PCI_EXP_DEVCAP_FLR : 0));
	vfio_pci_put16(writable + PCI_EXP_DEVCTL,
		       (uint16_t)~PCI_EXP_DEVCTL_PHANTOM);
	vfio_pci_put16(writable + PCI_EXP_DEVCTL2,
		       (uint16_t)~PCI_EXP_DEVCTL2_ARI);
	if (!in_root) {
		vfio_pci_put32(cap + PCI_EXP_LNKCAP, 0x11);
		vfio_pci_put16(cap + PCI_EXP_LNKSTA, 0x11);
	}
	return true;
}

static bool add_own(struct layout *l, const struct vfiod_pci_cap *own)
{
	struct vfio_pci *pci = l->pci;
	uint8_t at;

	if (own->size < 2 || own->size > PCI_CFG_SPACE_SIZE)
		return false;
	at = add_cap(l, own->data[PCI_CAP_LIST_ID], own->size);
	if (!at)
		return false;
	memcpy(pci->initial + at + 2, own->data + 2, own->size - 2);
	if (own->writable)
		memcpy(pci->writable + at + 2, own->writable + 2,
		       own->size - 2);
	return true;
}

/*
 * As firmware and pci_enable_device() leave it: decoding on. The bits that
 * can be written are those of QEMU's conventional devices.
 */
static void make_header(struct vfio_pci *pci)
{
	const struct vfiod_pci *desc = pci->desc;
	uint8_t *initial = pci->initial, *writable = pci->writable;

	vfio_pci_put16(initial + PCI_VENDOR_ID, desc->vendor);
	vfio_pci_put16(initial + PCI_DEVICE_ID, desc->device);
	vfio_pci_put16(initial + PCI_COMMAND,
		       PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_SERR);
	vfio_pci_put32(initial + PCI_CLASS_REVISION,
		       desc->class_code << 8 | desc->revision);
	vfio_pci_put16(initial + PCI_SUBSYSTEM_VENDOR_ID,
		       desc->subsystem_vendor);
	vfio_pci_put16(initial + PCI_SUBSYSTEM_ID, desc->subsystem_device);
	initial[PCI_INTERRUPT_PIN] = desc->interrupt_pin;
	vfio_pci_put16(writable + PCI_COMMAND,
		       PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
			       PCI_COMMAND_MASTER | PCI_COMMAND_SERR |
			       PCI_COMMAND_INTX_DISABLE);
	writable[PCI_CACHE_LINE_SIZE] = 0xff;
	writable[PCI_INTERRUPT_LINE] = 0xff;
}

/* Where a BAR's address is in configuration space. */
static unsigned int bar_place(unsigned int index)
{
	return index == VFIOD_PCI_BARS ? PCI_ROM_ADDRESS :
					 PCI_BASE_ADDRESS_0 + 4 * index;
}

/* Addresses are multiples of the size: the bits below cannot be written. */
static void make_bar(struct vfio_pci *pci, unsigned int index)
{
	bool rom = index == VFIOD_PCI_BARS;
	uint32_t flags = rom ? 0 : pci->desc->bar_flags[index];
	uint64_t mask = ~(pci->regions[index].size - 1);
	unsigned int at = bar_place(index);

	if (!pci->regions[index].size)
		return;
	vfio_pci_put32(pci->initial + at, pci->slot.bars[index] | flags);
	vfio_pci_put32(pci->writable + at,
		       mask | (rom ? PCI_ROM_ADDRESS_ENABLE : 0));
	if (flags & VFIOD_PCI_BAR_64) {
		vfio_pci_put32(pci->initial + at + 4,
			       pci->slot.bars[index] >> 32);
		vfio_pci_put32(pci->writable + at + 4, mask >> 32);
	}
}

int vfio_pci_layout(struct vfio_pci *pci, bool resettable)
{
	struct layout l = {
		.pci = pci,
		.end = HEADER_SIZE,
		.next = &pci->initial[PCI_CAPABILITY_LIST],
	};

	memset(pci->owner, VFIO_PCI_UNASSIGNED, sizeof(pci->owner));
	memset(pci->owner, 0, HEADER_SIZE);
	make_header(pci);
	for (unsigned int i = 0; i < VFIO_PCI_BAR_REGIONS; i++)
		make_bar(pci, i);
	if (!add_msi(&l) || !add_pm(&l) || !add_express(&l, resettable) ||
	    !add_msix(&l))
		return -EINVAL;
	for (uint32_t i = 0; i < pci->desc->nr_caps; i++)
		if (!add_own(&l, &pci->desc->caps[i]))
			return -EINVAL;
	return 0;
}
