// SPDX-License-Identifier: BSD-3-Clause
#include "mmio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "regs.h"
#include "vgpu.h"

static void put_pvinfo(struct vgpu_mmio *mmio, const struct vgpu_gm *gm)
{
	vgpu_mmio_put(mmio, PVINFO_MAGIC_LOW, 0x47765447);
	vgpu_mmio_put(mmio, PVINFO_MAGIC_HIGH, 0x47765447);
	vgpu_mmio_put(mmio, PVINFO_VERSION, 1);
	vgpu_mmio_put(mmio, PVINFO_ID, (uint32_t)gm->id);
	vgpu_mmio_put(mmio, PVINFO_LOW_BASE, (uint32_t)gm->low_base);
	vgpu_mmio_put(mmio, PVINFO_LOW_SIZE, (uint32_t)gm->low_size);
	vgpu_mmio_put(mmio, PVINFO_HIGH_BASE, (uint32_t)gm->high_base);
	vgpu_mmio_put(mmio, PVINFO_HIGH_SIZE, (uint32_t)gm->high_size);
	vgpu_mmio_put(mmio, PVINFO_FENCES, gm->fences);
}

void vgpu_mmio_reset(struct vgpu_mmio *mmio, const struct vgpu_gm *gm)
{
	memset(mmio->regs, 0, VGPU_MMIO_SIZE);
	vgpu_mmio_put(mmio, GT_IMR, UINT32_MAX);
	put_pvinfo(mmio, gm);
}

int vgpu_mmio_init(struct vgpu_mmio *mmio, const struct vgpu_gm *gm)
{
	mmio->regs = calloc(1, VGPU_MMIO_SIZE);
	if (!mmio->regs)
		return -ENOMEM;
	vgpu_mmio_reset(mmio, gm);
	return 0;
}

void vgpu_mmio_fini(struct vgpu_mmio *mmio)
{
	free(mmio->regs);
}

uint32_t vgpu_mmio_get(const struct vgpu_mmio *mmio, unsigned int reg)
{
	return mmio->regs[reg / 4];
}

void vgpu_mmio_put(struct vgpu_mmio *mmio, unsigned int reg, uint32_t value)
{
	mmio->regs[reg / 4] = value;
}

static uint32_t read_reg(const struct vgpu_mmio *mmio, unsigned int reg)
{
	uint32_t value = vgpu_mmio_get(mmio, reg);

	if (reg == MASTER_IRQ &&
	    (vgpu_mmio_get(mmio, GT_IIR) & vgpu_mmio_get(mmio, GT_IER)))
		value |= MASTER_IRQ_BCS;
	return value;
}

static bool is_read_only(unsigned int reg)
{
	switch (reg) {
	case BCS_ACTHD:
	case BCS_ACTHD_UDW:
	case BCS_IPEHR:
	case FAULT_TLB_DATA0:
	case FAULT_TLB_DATA1:
	case GT_ISR:
		return true;
	default:
		return reg >= PVINFO && reg < PVINFO_END;
	}
}

/* The bits of @mask become those of @value; what follows from that. */
static int write_reg(struct vgpu *vgpu, unsigned int reg, uint32_t value,
		     uint32_t mask)
{
	uint32_t old = vgpu_mmio_get(&vgpu->mmio, reg);

	if (is_read_only(reg))
		return 0;
	if (reg == BCS_EIR || reg == GT_IIR) /* 1 clears */
		vgpu_mmio_put(&vgpu->mmio, reg, old & ~(value & mask));
	else
		vgpu_mmio_put(&vgpu->mmio, reg, (old & ~mask) | (value & mask));

	switch (reg) {
	case BCS_TAIL:
		return vgpu_ring_start(&vgpu->ring);
	case BCS_HEAD:
	case BCS_START:
	case BCS_CTL:
		vgpu->ring.epoch++;
		return vgpu_ring_start(&vgpu->ring);
	case GT_IER:
	case MASTER_IRQ:
		vgpu_irq_update(vgpu);
		return 0;
	default:
		return 0;
	}
}

static int access_reg(struct vgpu *vgpu, unsigned int offset, void *buf,
		      unsigned int len, bool write)
{
	unsigned int reg = offset & ~3U, shift = 8 * (offset & 3);
	uint32_t mask = len == 4 ? UINT32_MAX : (1U << (8 * len)) - 1;
	uint32_t value = 0;
	int ret = 0;

	pthread_mutex_lock(&vgpu->lock);
	if (write) {
		memcpy(&value, buf, len);
		ret = write_reg(vgpu, reg, value << shift, mask << shift);
	} else {
		value = read_reg(&vgpu->mmio, reg) >> shift;
		memcpy(buf, &value, len);
	}
	pthread_mutex_unlock(&vgpu->lock);
	return ret;
}

/* Half an entry is kept beside its other half; each write maps it anew. */
static int access_gtt(struct vgpu *vgpu, uint64_t offset, void *buf,
		      unsigned int len, bool write)
{
	uint64_t index = offset / sizeof(uint64_t);
	size_t at = offset % sizeof(uint64_t);
	uint64_t pte;

	if (len < 4)
		return -EFAULT;
	/* The lock makes one of reading the old entry and writing the new. */
	pthread_mutex_lock(&vgpu->lock);
	pte = vgpu_gtt_get(&vgpu->gtt, index);
	if (write) {
		memcpy((char *)&pte + at, buf, len);
		vgpu_gtt_set(&vgpu->gtt, index, pte);
	} else {
		memcpy(buf, (char *)&pte + at, len);
	}
	pthread_mutex_unlock(&vgpu->lock);
	return 0;
}

int vgpu_mmio_access(struct vgpu *vgpu, uint64_t offset, void *buf,
		     unsigned int len, bool write)
{
	if (offset < VGPU_MMIO_SIZE && len <= 4)
		return access_reg(vgpu, (unsigned int)offset, buf, len, write);
	if (offset >= VGPU_GTT_OFFSET && offset < VGPU_BAR0_SIZE)
		return access_gtt(vgpu, offset - VGPU_GTT_OFFSET, buf, len,
				  write);
	return -EFAULT;
}
