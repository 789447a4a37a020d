/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The card's interrupts: INTx or one MSI, never both. They are kept here and
 * not by vfiod, whose tables follow vfio-pci: the rules of Linux's mtty are
 * others. The owner locks.
 */
#ifndef MTTY_IRQ_H
#define MTTY_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include <vfiod/plugin.h>

struct mtty_irq {
	/* What is signalled; NULL: no interrupt is set up. */
	struct vfio_eventfd *eventfd;
	/* VFIO_PCI_INTX_IRQ_INDEX or VFIO_PCI_MSI_IRQ_INDEX, when it is. */
	unsigned int index;
	bool masked; /* INTx; always false for the MSI */
};

/*
 * The action of a SET_IRQS whose header is valid; in the context of that
 * ioctl. @data: what follows the header, long enough for it.
 */
int mtty_irq_set(struct mtty_irq *irq, const struct vfio_irq_set *hdr,
		 const uint8_t *data);
/* Signal, when set up; INTx is masked by it. */
void mtty_irq_raise(struct mtty_irq *irq);
void mtty_irq_disable(struct mtty_irq *irq);

#endif
