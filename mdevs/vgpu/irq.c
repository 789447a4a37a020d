// SPDX-License-Identifier: BSD-3-Clause
#include "irq.h"

#include <errno.h>
#include <string.h>

#include "regs.h"
#include "vgpu.h"

#define IRQ_SET_MINSZ (offsetof(struct vfio_irq_set, data))

void vgpu_irq_release(struct vgpu_irq *irq)
{
	vfiod_eventfd_put(irq->msi);
	irq->msi = NULL;
}

void vgpu_irq_update(struct vgpu *vgpu)
{
	struct vgpu_mmio *mmio = &vgpu->mmio;
	uint32_t pending = vgpu_mmio_get(mmio, GT_IIR) &
			   vgpu_mmio_get(mmio, GT_IER);

	if (!pending ||
	    !(vgpu_mmio_get(mmio, MASTER_IRQ) & MASTER_IRQ_ENABLE) ||
	    !vgpu_config_msi_enabled(&vgpu->config))
		return;
	if (vgpu->irq.msi)
		vfiod_eventfd_signal(vgpu->irq.msi);
}

void vgpu_irq_raise(struct vgpu *vgpu, uint32_t bit)
{
	struct vgpu_mmio *mmio = &vgpu->mmio;

	if (vgpu_mmio_get(mmio, GT_IMR) & bit)
		return;
	vgpu_mmio_put(mmio, GT_IIR, vgpu_mmio_get(mmio, GT_IIR) | bit);
	vgpu_irq_update(vgpu);
}

static unsigned int count(uint32_t index)
{
	return index == VFIO_PCI_INTX_IRQ_INDEX ||
	       index == VFIO_PCI_MSI_IRQ_INDEX;
}

/*
 * @data is NULL when there is none. kvmgt reads it all the same where an
 * eventfd is announced, and leaks the one that it had.
 */
static int trigger_msi(struct vgpu *vgpu, const struct vfio_irq_set *hdr,
		       const int32_t *data)
{
	struct vfio_eventfd *msi = NULL;
	int ret;

	if (hdr->flags & VFIO_IRQ_SET_DATA_EVENTFD) {
		if (!data)
			return -EINVAL;
		ret = vfiod_eventfd_get(*data, &msi);
		if (ret)
			return ret;
	} else if (!(hdr->flags & VFIO_IRQ_SET_DATA_NONE) || hdr->count) {
		return 0;
	}
	pthread_mutex_lock(&vgpu->lock);
	vgpu_irq_release(&vgpu->irq);
	vgpu->irq.msi = msi;
	pthread_mutex_unlock(&vgpu->lock);
	return 0;
}

/* INTx can be set up in any way, and is never signalled. */
static int set(struct vgpu *vgpu, const struct vfio_irq_set *hdr,
	       const int32_t *data)
{
	uint32_t action = hdr->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;

	if (hdr->index == VFIO_PCI_INTX_IRQ_INDEX &&
	    (action == VFIO_IRQ_SET_ACTION_MASK ||
	     action == VFIO_IRQ_SET_ACTION_UNMASK ||
	     action == VFIO_IRQ_SET_ACTION_TRIGGER))
		return 0;
	if (hdr->index == VFIO_PCI_MSI_IRQ_INDEX &&
	    action == VFIO_IRQ_SET_ACTION_TRIGGER)
		return trigger_msi(vgpu, hdr, data);
	return -ENOTTY;
}

/* DATA_NONE is not validated at all. */
long vgpu_irq_set(struct vgpu *vgpu, uint64_t arg)
{
	struct vfio_irq_set hdr;
	int32_t data = 0; /* of one interrupt at most */
	size_t size = 0;

	if (vfiod_copy_from_user(&hdr, arg, IRQ_SET_MINSZ))
		return -EFAULT;
	if (!(hdr.flags & VFIO_IRQ_SET_DATA_NONE) &&
	    vfiod_set_irqs_validate(&hdr, count(hdr.index), VFIO_PCI_NUM_IRQS,
				    &size))
		return -EINVAL;
	if (size && vfiod_copy_from_user(&data, arg + IRQ_SET_MINSZ, size))
		return -EFAULT;
	return set(vgpu, &hdr, size ? &data : NULL);
}
