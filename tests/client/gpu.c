// SPDX-License-Identifier: BSD-3-Clause
#include "gpu.h"

#include <check.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <string.h>

#include "../../mdevs/vgpu/regs.h"

#define POS(index) ((uint64_t)(index) << 40)
#define BAR0 POS(VFIO_PCI_BAR0_REGION_INDEX)
#define CONFIG POS(VFIO_PCI_CONFIG_REGION_INDEX)
#define PTE_VALID 1U
#define RING_SIZE (GPU_RING_PAGES * GPU_PAGE)

static void access_ok(struct gpu *gpu, uint64_t pos, void *buf, size_t len,
		      bool write)
{
	int ret = gpu->access(gpu->arg, pos, buf, len, write);

	ck_assert_msg(!ret, "access to %#lx: %d", pos, ret);
}

uint32_t gpu_get(struct gpu *gpu, unsigned int reg)
{
	uint32_t value = 0;

	access_ok(gpu, BAR0 + reg, &value, sizeof(value), false);
	return value;
}

void gpu_set(struct gpu *gpu, unsigned int reg, uint32_t value)
{
	access_ok(gpu, BAR0 + reg, &value, sizeof(value), true);
}

void gpu_config_set(struct gpu *gpu, unsigned int offset, uint32_t value,
		    size_t len)
{
	access_ok(gpu, CONFIG + offset, &value, len, true);
}

uint64_t gpu_address(const struct gpu *gpu, unsigned int page)
{
	return gpu->low + page * GPU_PAGE;
}

static uint64_t pte_pos(const struct gpu *gpu, unsigned int page)
{
	return BAR0 + VGPU_GTT_OFFSET + gpu_address(gpu, page) / GPU_PAGE * 8;
}

void gpu_set_pte(struct gpu *gpu, unsigned int page, uint64_t pte)
{
	access_ok(gpu, pte_pos(gpu, page), &pte, sizeof(pte), true);
}

uint64_t gpu_pte(struct gpu *gpu, unsigned int page)
{
	uint64_t pte = 0;

	access_ok(gpu, pte_pos(gpu, page), &pte, sizeof(pte), false);
	return pte;
}

void gpu_map(struct gpu *gpu, unsigned int page, unsigned int nr)
{
	for (unsigned int i = page; i < page + nr; i++)
		gpu_set_pte(gpu, i, (gpu->iova + i * GPU_PAGE) | PTE_VALID);
}

static unsigned int msi_cap(struct gpu *gpu)
{
	uint8_t at = 0;

	access_ok(gpu, CONFIG + PCI_CAPABILITY_LIST, &at, 1, false);
	return at;
}

void gpu_init(struct gpu *gpu)
{
	gpu->low = gpu_get(gpu, PVINFO_LOW_BASE);
	gpu->tail = 0;
	gpu_config_set(gpu, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
	gpu_config_set(gpu, msi_cap(gpu) + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE,
		       2);
	gpu_set(gpu, GT_IMR, ~(GT_BCS_USER | GT_BCS_ERROR));
	gpu_set(gpu, GT_IER, GT_BCS_USER | GT_BCS_ERROR);
	gpu_set(gpu, MASTER_IRQ, MASTER_IRQ_ENABLE);

	gpu_map(gpu, GPU_STATUS_PAGE, 1);
	gpu_map(gpu, GPU_RING_PAGE, GPU_RING_PAGES);
	gpu_set(gpu, BCS_HWS_PGA, (uint32_t)gpu_address(gpu, GPU_STATUS_PAGE));
	gpu_set(gpu, BCS_HEAD, 0);
	gpu_set(gpu, BCS_TAIL, 0);
	gpu_set(gpu, BCS_START, (uint32_t)gpu_address(gpu, GPU_RING_PAGE));
	gpu_set(gpu, BCS_CTL, (RING_SIZE - GPU_PAGE) | RING_VALID);
}

void gpu_emit(struct gpu *gpu, const uint32_t *dw, unsigned int nr)
{
	uint8_t *ring = gpu->memory + GPU_RING_PAGE * GPU_PAGE;

	for (unsigned int i = 0; i < nr; i++) {
		memcpy(ring + gpu->tail, &dw[i], sizeof(dw[i]));
		gpu->tail = (gpu->tail + sizeof(dw[i])) % RING_SIZE;
	}
}

static uint32_t corner(unsigned int x, unsigned int y)
{
	return y << 16 | x;
}

void gpu_fill(struct gpu *gpu, const struct gpu_rect *r, uint32_t color)
{
	const uint32_t dw[] = { XY_COLOR_BLT,
				BR13_FILL | r->pitch,
				corner(r->x1, r->y1),
				corner(r->x2, r->y2),
				(uint32_t)r->base,
				(uint32_t)(r->base >> 32),
				color };

	gpu_emit(gpu, dw, 7);
}

void gpu_copy(struct gpu *gpu, const struct gpu_rect *r, uint64_t source,
	      unsigned int pitch, unsigned int x, unsigned int y)
{
	const uint32_t dw[] = { XY_SRC_COPY_BLT,      BR13_COPY | r->pitch,
				corner(r->x1, r->y1), corner(r->x2, r->y2),
				(uint32_t)r->base,    (uint32_t)(r->base >> 32),
				corner(x, y),	      pitch,
				(uint32_t)source,     (uint32_t)(source >> 32) };

	gpu_emit(gpu, dw, 10);
}

void gpu_batch(struct gpu *gpu, uint64_t address)
{
	const uint32_t dw[] = { MI_BATCH_BUFFER_START, (uint32_t)address,
				(uint32_t)(address >> 32) };

	gpu_emit(gpu, dw, 3);
}

void gpu_signal(struct gpu *gpu, uint32_t seqno)
{
	const uint32_t dw[] = { MI_STORE_DATA_INDEX, GPU_SEQNO_INDEX, seqno,
				MI_USER_INTERRUPT };

	gpu_emit(gpu, dw, 4);
}

void gpu_submit(struct gpu *gpu)
{
	gpu_set(gpu, BCS_TAIL, gpu->tail);
}

uint32_t gpu_seqno(const struct gpu *gpu)
{
	uint32_t seqno;

	memcpy(&seqno,
	       gpu->memory + GPU_STATUS_PAGE * GPU_PAGE + GPU_SEQNO_INDEX,
	       sizeof(seqno));
	return seqno;
}

uint32_t gpu_error(struct gpu *gpu)
{
	return gpu_get(gpu, BCS_EIR);
}

uint64_t gpu_fault(struct gpu *gpu)
{
	ck_assert(gpu_get(gpu, RING_FAULT) & RING_FAULT_VALID);
	return (uint64_t)gpu_get(gpu, FAULT_TLB_DATA0) << 12;
}
