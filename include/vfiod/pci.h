/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PCI functions. A plugin whose type has a struct vfiod_pci says what the
 * function's configuration space holds; vfiod then behaves towards clients
 * as vfio-pci does for such a function: configuration space, BAR sizing,
 * interrupts, reset, power states. What is left to the plugin are accesses to
 * its BARs (the access op) and the work of the device.
 *
 * The type's region table holds the BARs, index 0 to 5 (the upper half of a
 * 64-bit one has size 0), the ROM, index 6, and what is specific to the device
 * from index 9 on. Sizes of BARs are powers of two. vfiod fills in indices 7
 * (configuration space) and 8, the five interrupt indices, and the info flags.
 *
 * Resets. All functions with the same bus number are on one bus. Bus 0 is the
 * root complex, which nobody resets; any other is behind a bridge of its own,
 * and can be reset: by PCI_HOT_RESET, by VFIO_DEVICE_RESET of a function that
 * is alone there (pci_parent_bus_reset()), and when no function there is open
 * any more. vfiod resets what is its own part: power state and INTx line.
 * Configuration space is otherwise as before, as the kernel saves and restores
 * it; so are the client's interrupts. The reset op is the device's part: it
 * puts registers and memory into the state of power-on, lets its line down,
 * and after it no transfer of before touches the client's memory. It is called
 * for each reset of an open function, with the lock of its group held for one
 * of the bus, and before each first open: then the open fails with -EAGAIN; of
 * any other error the client only hears that the function cannot be reset. A
 * function that has the op has a reset of its own, on any bus: a
 * function-level reset if it is PCI Express. Without the op a device is as it
 * was when its bus has been reset (as QEMU's edu is).
 */
#ifndef VFIOD_PCI_H
#define VFIOD_PCI_H

#include <vfiod/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

#define VFIOD_PCI_BARS 6

/* What kind of BAR it is: bar_flags. */
#define VFIOD_PCI_BAR_IO 0x1 /* I/O ports; else memory */
#define VFIOD_PCI_BAR_64 0x4 /* takes the next BAR as its upper half */
#define VFIOD_PCI_BAR_PREFETCH 0x8

/*
 * Capabilities that vfiod makes. The function is PCI Express (an endpoint, on
 * bus 0 one in the root complex, with 4096 bytes of configuration space; a
 * function-level reset if the plugin has the reset op); it has power
 * management, D0 and D3hot.
 */
#define VFIOD_PCI_EXPRESS 0x1
#define VFIOD_PCI_PM 0x2
/*
 * Bytes from 0x40 on that belong to no capability are the device's own
 * registers: they go to the access op, with index 7 (vfio-pci passes
 * them through). Without it they read as 0.
 */
#define VFIOD_PCI_OWN_CONFIG 0x4

/*
 * A capability of the plugin's own, vendor-specific say, as it stands in
 * configuration space: @size bytes, @data[1] (next) is filled in by vfiod.
 * Bits set in @writable (NULL: none) can be changed by the client, to no
 * effect but that they read back.
 */
struct vfiod_pci_cap {
	uint32_t size;
	const uint8_t *data;
	const uint8_t *writable;
};

struct vfiod_pci {
	uint32_t struct_size; /* sizeof(struct vfiod_pci) */
	uint32_t cap_size; /* sizeof(struct vfiod_pci_cap) */
	uint16_t vendor;
	uint16_t device;
	uint16_t subsystem_vendor;
	uint16_t subsystem_device;
	uint32_t class_code; /* 24 bits: class, subclass, interface */
	uint8_t revision;
	uint8_t interrupt_pin; /* 1 INTA … 4 INTD; 0: no INTx */
	uint8_t bar_flags[VFIOD_PCI_BARS];
	uint32_t flags; /* VFIOD_PCI_EXPRESS, … */
	uint32_t msi_vectors; /* 0, or a power of two up to 32 */
	uint32_t msix_vectors; /* 0, or up to 2048 */
	/* Where the MSI-X table and the pending bits are: 8-byte aligned
	 * offsets. The client can neither read nor write the table. */
	uint32_t msix_bar;
	uint32_t msix_table;
	uint32_t msix_pba;
	uint32_t nr_caps;
	const struct vfiod_pci_cap *caps;
};

/* The first fields of a struct vfiod_pci, when the plugin is compiled. */
#define VFIOD_PCI_SIZES                          \
	.struct_size = sizeof(struct vfiod_pci), \
	.cap_size = sizeof(struct vfiod_pci_cap)

/*
 * vfiod_pci_bus_master - may the function access memory and send messages?
 * The bit of that name in COMMAND, off after each open. From any thread, in
 * any state. A device asks before it starts work; vfiod_dma_rw() and
 * vfiod_pin_pages() do not.
 */
bool vfiod_pci_bus_master(struct vfio_device *vdev);

/*
 * vfiod_pci_interrupt - deliver message @vector by MSI-X or MSI, whichever the
 * client has set up; 0 if neither: then the device uses its INTx line,
 * vfiod_irq_line(). Messages beyond what was set up are lost, and all of them
 * while the function may not access memory. Returns 1 when messages are in
 * use. From any thread, in any state.
 */
int vfiod_pci_interrupt(struct vfio_device *vdev, unsigned int vector);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
