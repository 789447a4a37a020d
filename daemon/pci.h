/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What --pci has of its own: the address, the group, and what firmware would
 * do: buses, and addresses for BARs.
 */
#ifndef VFIOD_DAEMON_PCI_H
#define VFIOD_DAEMON_PCI_H

struct device;
struct devices;
struct why;

/* NULL for ENOMEM. */
struct pci_buses *pci_buses_create(void);
/* No function is left. */
void pci_buses_destroy(struct pci_buses *buses);

/* As mdev_take(). */
int pci_take(struct devices *devices, struct device *device, const char *key,
	     const char *value, struct why *why);
/*
 * All keys are taken: an address for who has none, on a bus of its own that
 * the machine does not use, or on that of the first function of the same
 * group; and addresses for its BARs. 0 or a negative errno.
 */
int pci_finish(struct devices *devices, struct device *device, struct why *why);

#endif
