// SPDX-License-Identifier: BSD-3-Clause
#include "irq.h"

#include <errno.h>
#include <string.h>

static bool active(const struct mtty_irq *irq, unsigned int index)
{
	return irq->eventfd && irq->index == index;
}

void mtty_irq_raise(struct mtty_irq *irq)
{
	if (!irq->eventfd || irq->masked)
		return;
	vfiod_eventfd_signal(irq->eventfd);
	if (irq->index == VFIO_PCI_INTX_IRQ_INDEX)
		irq->masked = true;
}

void mtty_irq_disable(struct mtty_irq *irq)
{
	vfiod_eventfd_put(irq->eventfd);
	irq->eventfd = NULL;
	irq->masked = false;
}

static bool is_whole(const struct vfio_irq_set *hdr)
{
	return hdr->start == 0 && hdr->count == 1;
}

static int set_mask(struct mtty_irq *irq, const struct vfio_irq_set *hdr,
		    const uint8_t *data, bool masked)
{
	if (!active(irq, VFIO_PCI_INTX_IRQ_INDEX) || !is_whole(hdr))
		return -EINVAL;
	if (hdr->flags & VFIO_IRQ_SET_DATA_EVENTFD)
		return -ENOTTY;
	/* What came in while it was masked is gone: nothing is sent again. */
	if ((hdr->flags & VFIO_IRQ_SET_DATA_NONE) || *data)
		irq->masked = masked;
	return 0;
}

/* The old eventfd goes first, so that a bad new one leaves none. */
static int set_eventfd(struct mtty_irq *irq, unsigned int index,
		       const uint8_t *data)
{
	struct vfio_eventfd *eventfd;
	int32_t fd;
	int ret;

	mtty_irq_disable(irq);
	memcpy(&fd, data, sizeof(fd));
	if (fd < 0)
		return 0;
	ret = vfiod_eventfd_get(fd, &eventfd);
	if (ret)
		return ret;
	irq->eventfd = eventfd;
	irq->index = index;
	return 0;
}

static int trigger(struct mtty_irq *irq, const struct vfio_irq_set *hdr,
		   const uint8_t *data)
{
	bool on = active(irq, hdr->index);

	if (on && !hdr->count && (hdr->flags & VFIO_IRQ_SET_DATA_NONE)) {
		mtty_irq_disable(irq);
		return 0;
	}
	if ((irq->eventfd && !on) || !is_whole(hdr))
		return -EINVAL;
	if (hdr->flags & VFIO_IRQ_SET_DATA_EVENTFD)
		return set_eventfd(irq, hdr->index, data);
	if (!on)
		return -EINVAL;
	if ((hdr->flags & VFIO_IRQ_SET_DATA_NONE) || *data)
		mtty_irq_raise(irq);
	return 0;
}

/* No action, or several at once: nothing happens, and that is no error. */
int mtty_irq_set(struct mtty_irq *irq, const struct vfio_irq_set *hdr,
		 const uint8_t *data)
{
	bool intx = hdr->index == VFIO_PCI_INTX_IRQ_INDEX;

	if (!intx && hdr->index != VFIO_PCI_MSI_IRQ_INDEX)
		return -ENOTTY;

	switch (hdr->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) {
	case VFIO_IRQ_SET_ACTION_MASK:
		return intx ? set_mask(irq, hdr, data, true) : -ENOTTY;
	case VFIO_IRQ_SET_ACTION_UNMASK:
		return intx ? set_mask(irq, hdr, data, false) : -ENOTTY;
	case VFIO_IRQ_SET_ACTION_TRIGGER:
		return trigger(irq, hdr, data);
	default:
		return 0;
	}
}
