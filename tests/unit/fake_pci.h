/* SPDX-License-Identifier: BSD-3-Clause */
/* The services of pci.h, and an INTx line, for tests of plugins. */
#ifndef TESTS_UNIT_FAKE_PCI_H
#define TESTS_UNIT_FAKE_PCI_H

#include <vfiod/pci.h>

/* Before each test: bus master on, messages in use, nothing delivered. */
void fake_pci_reset(void);
void fake_pci_set_bus_master(bool on);
/* Has the client set up messages, or does it use the line? */
void fake_pci_set_messages(bool on);
/* How often @vector, below 64, has been sent since the last time. */
unsigned int fake_pci_take_messages(unsigned int vector);
bool fake_pci_line(void);

#endif
