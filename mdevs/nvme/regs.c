// SPDX-License-Identifier: BSD-3-Clause
/*
 * The registers. Clients may write to all of BAR 0 without vfiod being told,
 * so a write is what differs from what was there; and what is not theirs to
 * change is put back.
 */
#include <string.h>

#include "nvme.h"

#define READY_TIMEOUT 20 /* 10 s */
#define QUEUE_ALIGN 4096

static const uint64_t capabilities = (NVME_QUEUE_ENTRIES - 1) | CAP_CQR |
				     (uint64_t)READY_TIMEOUT << CAP_TO_SHIFT |
				     CAP_CSS_NVM |
				     (uint64_t)NVME_MPS_MAX << CAP_MPSMAX_SHIFT;

static void put_reg(struct nvme *nvme, unsigned int offset, uint32_t value)
{
	atomic_store(&nvme->bar[offset / 4], value);
}

static uint64_t reg64(struct nvme *nvme, unsigned int offset)
{
	return nvme_reg(nvme, offset) | (uint64_t)nvme_reg(nvme, offset + 4)
						<< 32;
}

static void set_csts(struct nvme *nvme, uint32_t csts)
{
	atomic_store(&nvme->csts, csts);
	put_reg(nvme, REG_CSTS, csts);
}

bool nvme_is_ready(const struct nvme *nvme)
{
	return atomic_load(&nvme->csts) == CSTS_RDY;
}

uint32_t nvme_page_size(const struct nvme *nvme)
{
	return 4096U << CC_MPS(atomic_load(&nvme->cc));
}

void nvme_fail(struct nvme *nvme, const char *what, uint64_t iova)
{
	vfiod_log(nvme->vdev, VFIOD_LOG_WARNING,
		  "%s at IOVA %#llx: the controller stops until it is reset",
		  what, (unsigned long long)iova);
	set_csts(nvme, atomic_load(&nvme->csts) | CSTS_CFS);
}

bool nvme_regs_touched(struct nvme *nvme)
{
	return nvme_reg(nvme, REG_CC) != atomic_load(&nvme->cc) ||
	       nvme_reg(nvme, REG_CSTS) != atomic_load(&nvme->csts) ||
	       nvme_reg(nvme, REG_INTMS) != atomic_load(&nvme->irq_mask) ||
	       nvme_reg(nvme, REG_INTMC) ||
	       nvme_reg(nvme, REG_VS) != VERSION_1_4 ||
	       reg64(nvme, REG_CAP) != capabilities;
}

/* What only the controller writes. */
static void put_back(struct nvme *nvme)
{
	put_reg(nvme, REG_CAP, (uint32_t)capabilities);
	put_reg(nvme, REG_CAP + 4, capabilities >> 32);
	put_reg(nvme, REG_VS, VERSION_1_4);
	put_reg(nvme, REG_CSTS, atomic_load(&nvme->csts));
}

/*
 * INTMS holds the mask, and INTMC nothing: what is written there could
 * otherwise be what is there already, and not be seen.
 */
static void settle_masks(struct nvme *nvme)
{
	uint32_t set = nvme_reg(nvme, REG_INTMS);
	uint32_t clear = atomic_exchange(&nvme->bar[REG_INTMC / 4], 0);
	uint32_t mask = (atomic_load(&nvme->irq_mask) | set) & ~clear;

	/* One that is written now is found next time. */
	atomic_compare_exchange_strong(&nvme->bar[REG_INTMS / 4], &set, mask);
	if (mask == atomic_load(&nvme->irq_mask))
		return;
	atomic_store(&nvme->irq_mask, mask);
	nvme_irq_unmasked(nvme, clear);
}

/* Why the controller cannot be enabled so; NULL: it can. */
static const char *find_fault(struct nvme *nvme, uint32_t cc)
{
	uint32_t aqa = nvme_reg(nvme, REG_AQA);
	uint32_t page = 4096U << CC_MPS(cc);

	if (CC_CSS(cc) || CC_AMS(cc) || CC_MPS(cc) > NVME_MPS_MAX)
		return "not supported: CC";
	if (!(aqa & 0xfff) || !(aqa >> 16 & 0xfff))
		return "too small: AQA";
	if (reg64(nvme, REG_ASQ) & (page - 1))
		return "not page-aligned: ASQ";
	if (reg64(nvme, REG_ACQ) & (page - 1))
		return "not page-aligned: ACQ";
	return NULL;
}

static void enable(struct nvme *nvme, uint32_t cc)
{
	const char *fault = find_fault(nvme, cc);
	uint32_t aqa = nvme_reg(nvme, REG_AQA);

	if (fault) {
		vfiod_log(nvme->vdev, VFIOD_LOG_WARNING,
			  "not enabled: %s (CC %#x, AQA %#x)", fault, cc, aqa);
		set_csts(nvme, CSTS_CFS);
		return;
	}
	nvme_cq_init(nvme, 0, reg64(nvme, REG_ACQ), (aqa >> 16 & 0xfff) + 1);
	nvme_sq_init(nvme, 0, reg64(nvme, REG_ASQ), (aqa & 0xfff) + 1,
		     &nvme->cq[0]);
	nvme->stats.power_cycles++;
	set_csts(nvme, CSTS_RDY);
}

/* A controller level reset: but for AQA, ASQ, ACQ, and what is kept. */
static void disable(struct nvme *nvme)
{
	if (atomic_load(&nvme->csts) & CSTS_RDY &&
	    !(atomic_load(&nvme->csts) & CSTS_SHST_DONE))
		nvme->stats.unsafe_shutdowns++;
	nvme_queues_delete(nvme);
	for (unsigned int qid = 0; qid <= NVME_QUEUES_MAX; qid++) {
		nvme_doorbell_clear(nvme, qid, false);
		nvme_doorbell_clear(nvme, qid, true);
	}
	memset(&nvme->events, 0, sizeof(nvme->events));
	nvme_features_reset(nvme);
	atomic_store(&nvme->backlog, false);
	atomic_store(&nvme->irq_mask, 0);
	put_reg(nvme, REG_INTMS, 0);
	put_reg(nvme, REG_INTMC, 0);
	set_csts(nvme, 0);
	nvme_irq_line_update(nvme);
}

static void shut_down(struct nvme *nvme)
{
	if (nvme_ns_flush(&nvme->ns))
		vfiod_log(nvme->vdev, VFIOD_LOG_ERROR,
			  "shutdown: the file cannot be flushed");
	set_csts(nvme, atomic_load(&nvme->csts) | CSTS_SHST_DONE);
}

static void settle_cc(struct nvme *nvme)
{
	uint32_t old = atomic_load(&nvme->cc);
	uint32_t cc = nvme_reg(nvme, REG_CC);

	atomic_store(&nvme->cc, cc);
	if (cc & ~old & CC_EN)
		enable(nvme, cc);
	else if (old & ~cc & CC_EN)
		disable(nvme);
	if (CC_SHN(cc) && CC_SHN(cc) != CC_SHN(old))
		shut_down(nvme);
}

void nvme_regs_settle(struct nvme *nvme)
{
	settle_masks(nvme);
	settle_cc(nvme);
	put_back(nvme);
}

void nvme_regs_reset(struct nvme *nvme)
{
	disable(nvme);
	atomic_store(&nvme->cc, 0);
	for (unsigned int offset = 0; offset < NVME_BAR_SIZE; offset += 4)
		put_reg(nvme, offset, 0);
	put_back(nvme);
}
