// SPDX-License-Identifier: BSD-3-Clause
#include "fake_pci.h"

#include <check.h>
#include <string.h>

#define VECTORS 64

static struct {
	bool bus_master;
	bool messages;
	bool line;
	unsigned int sent[VECTORS];
} pci;

void fake_pci_reset(void)
{
	memset(&pci, 0, sizeof(pci));
	pci.bus_master = true;
	pci.messages = true;
}

void fake_pci_set_bus_master(bool on)
{
	pci.bus_master = on;
}

void fake_pci_set_messages(bool on)
{
	pci.messages = on;
}

unsigned int fake_pci_take_messages(unsigned int vector)
{
	unsigned int nr = pci.sent[vector];

	pci.sent[vector] = 0;
	return nr;
}

bool fake_pci_line(void)
{
	return pci.line;
}

bool vfiod_pci_bus_master(struct vfio_device *vdev)
{
	(void)vdev;
	return pci.bus_master;
}

int vfiod_pci_interrupt(struct vfio_device *vdev, unsigned int vector)
{
	(void)vdev;
	if (!pci.messages)
		return 0;
	ck_assert_uint_lt(vector, VECTORS);
	pci.sent[vector]++;
	return 1;
}

int vfiod_irq_line(struct vfio_device *vdev, unsigned int index, bool up)
{
	(void)vdev;
	ck_assert_uint_eq(index, VFIO_PCI_INTX_IRQ_INDEX);
	pci.line = up;
	return 0;
}
