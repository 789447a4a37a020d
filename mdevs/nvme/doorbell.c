// SPDX-License-Identifier: BSD-3-Clause
/* Doorbells: found by comparing, as all that clients write. */
#include "nvme.h"

/* Two for each queue pair: the submission queue's tail, the other's head. */
static _Atomic uint32_t *doorbell(struct nvme *nvme, unsigned int i)
{
	return &nvme->bar[REG_DOORBELLS / 4 + i];
}

static unsigned int nr_doorbells(const struct nvme *nvme)
{
	return 2 * (nvme->nr_queues + 1);
}

bool nvme_doorbells_touched(struct nvme *nvme)
{
	for (unsigned int i = 0; i < nr_doorbells(nvme); i++)
		if (atomic_load_explicit(doorbell(nvme, i),
					 memory_order_acquire) !=
		    atomic_load_explicit(&nvme->doorbells[i],
					 memory_order_relaxed))
			return true;
	return false;
}

void nvme_doorbell_clear(struct nvme *nvme, unsigned int qid, bool cq)
{
	unsigned int i = 2 * qid + cq;

	atomic_store(doorbell(nvme, i), 0);
	atomic_store(&nvme->doorbells[i], 0);
}

static void refuse(struct nvme *nvme, uint64_t offset, uint8_t info)
{
	if (!nvme_is_ready(nvme))
		return;
	vfiod_log(nvme->vdev, VFIOD_LOG_DEBUG, "%s: doorbell at %#llx",
		  info == ERROR_INVALID_DOORBELL ? "no such queue" :
						   "no such entry",
		  (unsigned long long)offset);
	nvme_event(nvme, EVENT_ERROR, info, LOG_ERRORS);
}

void nvme_doorbell_stray(struct nvme *nvme, uint64_t offset)
{
	refuse(nvme, offset, ERROR_INVALID_DOORBELL);
}

static bool take_tail(struct nvme_sq *sq, uint32_t value)
{
	if (value >= sq->size)
		return false;
	sq->tail = value;
	return true;
}

/* Only what has been completed can have been consumed. */
static bool take_head(struct nvme *nvme, struct nvme_cq *cq, uint32_t value)
{
	uint32_t there = (cq->tail + cq->size - cq->head) % cq->size;
	uint32_t consumed = (value + cq->size - cq->head) % cq->size;

	if (value >= cq->size || consumed > there)
		return false;
	cq->head = value;
	/* There is no interrupt for what the client has seen. */
	if (cq->unsignalled > there - consumed)
		cq->unsignalled = there - consumed;
	nvme_irq_line_update(nvme);
	return true;
}

static void settle(struct nvme *nvme, unsigned int i)
{
	uint32_t value = atomic_load(doorbell(nvme, i));
	struct nvme_sq *sq = &nvme->sq[i / 2];
	struct nvme_cq *cq = &nvme->cq[i / 2];
	uint64_t offset = REG_DOORBELLS + 4 * i;
	bool good;

	if (value == atomic_load(&nvme->doorbells[i]))
		return;
	atomic_store(&nvme->doorbells[i], value);
	if (!(i % 2 ? cq->used : sq->used)) {
		nvme_doorbell_stray(nvme, offset);
		return;
	}
	good = i % 2 ? take_head(nvme, cq, value) : take_tail(sq, value);
	if (!good)
		refuse(nvme, offset, ERROR_INVALID_DOORBELL_VALUE);
}

void nvme_doorbells_settle(struct nvme *nvme)
{
	for (unsigned int i = 0; i < nr_doorbells(nvme); i++)
		settle(nvme, i);
}
