/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of PCI functions start from: an open function that has one of
 * everything, on bus 1 with a second one that is not open.
 */
#ifndef TESTS_UNIT_PCI_RIG_H
#define TESTS_UNIT_PCI_RIG_H

#include <vfiod/pci.h>

#include "../../backend/pci.h"
#include "model_rig.h"

/*
 * BAR 0: 64-bit memory with the MSI-X table at 0x1000; BAR 2: memory;
 * BAR 4: I/O; a ROM. The capabilities are at these places.
 */
#define PCI_RIG_BAR0 0x4000
#define PCI_RIG_BAR2 0x1000
#define PCI_RIG_BAR4 0x20
#define PCI_RIG_MSIX_VECTORS 8
#define PCI_RIG_MSI 0x40
#define PCI_RIG_PM 0x50
#define PCI_RIG_EXP 0x58
#define PCI_RIG_MSIX 0x94
#define PCI_RIG_VENDOR 0xa0

struct pci_rig {
	struct model m;
	struct vfio_pci_bus bus;
	struct vfio_pci_slot slots[2];
	int reset_ret; /* what the reset op returns */
	int open_ret; /* what open_device does */
	/* What the plugin has seen. */
	unsigned int resets;
	unsigned int accesses;
	unsigned int last_index;
	uint64_t last_offset;
	unsigned int last_len;
	uint8_t bars[6][0x4000]; /* what the BARs hold */
	uint8_t own[PCI_CFG_SPACE_EXP_SIZE];
};

extern const struct vfiod_pci pci_rig_desc;
extern const struct vfiod_type pci_rig_type;
extern const struct vfiod_plugin pci_rig_plugin;

/* The same without a reset op. */
extern const struct vfiod_plugin pci_rig_resetless;

void pci_setup(struct pci_rig *r);
/* @nr functions of @plugin on bus @number, none of them open. */
void pci_setup_on(struct pci_rig *r, const struct vfiod_plugin *plugin,
		  uint8_t number, int nr);
void pci_teardown(struct pci_rig *r);

/* VFIO_DEVICE_RESET. */
int pci_reset(struct pci_rig *r);

/* Little-endian numbers of @len bytes in configuration space. */
uint32_t pci_get(struct pci_rig *r, unsigned int at, unsigned int len);
void pci_put(struct pci_rig *r, unsigned int at, unsigned int len,
	     uint32_t value);

#endif
