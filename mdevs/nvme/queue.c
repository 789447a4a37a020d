// SPDX-License-Identifier: BSD-3-Clause
/* Queues in the client's memory, and the interrupts of completion queues. */
#include <string.h>

#include "nvme.h"

void nvme_sq_init(struct nvme *nvme, unsigned int qid, uint64_t base,
		  uint32_t size, struct nvme_cq *cq)
{
	nvme->sq[qid] = (struct nvme_sq){
		.used = true,
		.id = (uint16_t)qid,
		.size = size,
		.base = base,
		.cq = cq,
	};
	cq->users++;
	nvme_doorbell_clear(nvme, qid, false);
}

/* Interrupts as of the admin queue's: on, vector 0. */
void nvme_cq_init(struct nvme *nvme, unsigned int qid, uint64_t base,
		  uint32_t size)
{
	nvme->cq[qid] = (struct nvme_cq){
		.used = true,
		.irq_enabled = true,
		.phase = true,
		.id = (uint16_t)qid,
		.size = size,
		.base = base,
	};
	nvme_doorbell_clear(nvme, qid, true);
}

void nvme_sq_delete(struct nvme_sq *sq)
{
	sq->cq->users--;
	sq->used = false;
}

void nvme_queues_delete(struct nvme *nvme)
{
	memset(nvme->sq, 0, sizeof(nvme->sq));
	memset(nvme->cq, 0, sizeof(nvme->cq));
}

/* One entry is never used, so that full can be told from empty. */
uint32_t nvme_cq_room(const struct nvme_cq *cq)
{
	return (cq->head + cq->size - cq->tail - 1) % cq->size;
}

unsigned int nvme_sq_fetch(struct nvme *nvme, const struct nvme_sq *sq,
			   struct nvme_cmd *cmds, unsigned int max)
{
	uint32_t end = sq->tail < sq->head ? sq->size : sq->tail;
	uint64_t iova = sq->base + (uint64_t)sq->head * sizeof(*cmds);
	uint32_t nr = end - sq->head;

	nr = nr < max ? nr : max;
	if (!nr || !nvme_dma(nvme, iova, cmds, nr * sizeof(*cmds), false))
		return nr;
	nvme_fail(nvme, "cannot read a submission queue", iova);
	return 0;
}

/* The dword with the phase tag comes last: when the client sees that, it has
 * to see the others. */
static int write_entry(struct nvme *nvme, uint64_t iova, struct nvme_cqe *cqe)
{
	size_t first = offsetof(struct nvme_cqe, cid);
	int ret = nvme_dma(nvme, iova, cqe, first, true);

	return ret ? ret :
		     nvme_dma(nvme, iova + first, &cqe->cid,
			      sizeof(*cqe) - first, true);
}

void nvme_complete(struct nvme *nvme, const struct nvme_sq *sq, uint16_t cid,
		   uint16_t status, uint32_t result)
{
	struct nvme_cq *cq = sq->cq;
	uint64_t iova = cq->base + (uint64_t)cq->tail * sizeof(struct nvme_cqe);
	struct nvme_cqe cqe = {
		.result = result,
		.sq_head = (uint16_t)sq->head,
		.sq_id = sq->id,
		.cid = cid,
		.status = (uint16_t)(status << 1 | cq->phase),
	};

	if (write_entry(nvme, iova, &cqe)) {
		nvme_fail(nvme, "cannot write to a completion queue", iova);
		return;
	}
	cq->tail++;
	if (cq->tail == cq->size) {
		cq->tail = 0;
		cq->phase = !cq->phase;
	}
	cq->unsignalled++;
	cq->urgent = cq->urgent || status;
}

static bool is_masked(const struct nvme *nvme, const struct nvme_cq *cq)
{
	return cq->vector < 32 &&
	       atomic_load(&nvme->irq_mask) & 1U << cq->vector;
}

/* Does it hold up the line, if that is what is in use? */
static bool needs_line(const struct nvme *nvme, const struct nvme_cq *cq)
{
	return cq->used && cq->irq_enabled && cq->head != cq->tail &&
	       !is_masked(nvme, cq);
}

void nvme_irq_line_update(struct nvme *nvme)
{
	if (!nvme->line_up)
		return;
	for (unsigned int i = 0; i <= nvme->nr_queues; i++)
		if (needs_line(nvme, &nvme->cq[i]))
			return;
	nvme->line_up = false;
	vfiod_irq_line(nvme->vdev, VFIO_PCI_INTX_IRQ_INDEX, false);
}

static void interrupt(struct nvme *nvme, const struct nvme_cq *cq)
{
	nvme_coalesce_done(nvme, cq->vector);
	if (vfiod_pci_interrupt(nvme->vdev, cq->vector))
		return;
	nvme->line_up = true;
	vfiod_irq_line(nvme->vdev, VFIO_PCI_INTX_IRQ_INDEX, true);
}

void nvme_cq_notify(struct nvme *nvme, struct nvme_cq *cq)
{
	bool wanted = cq->unsignalled && needs_line(nvme, cq);

	if (!wanted || !nvme_coalesce(nvme, cq))
		nvme_cq_signal(nvme, cq);
}

/* What the client does not want to hear of now is past. */
void nvme_cq_signal(struct nvme *nvme, struct nvme_cq *cq)
{
	if (cq->unsignalled && needs_line(nvme, cq))
		interrupt(nvme, cq);
	cq->unsignalled = 0;
	cq->urgent = false;
}

void nvme_irq_unmasked(struct nvme *nvme, uint32_t vectors)
{
	nvme_irq_line_update(nvme);
	for (unsigned int i = 0; i <= nvme->nr_queues; i++) {
		const struct nvme_cq *cq = &nvme->cq[i];

		if (cq->vector < 32 && vectors & 1U << cq->vector &&
		    needs_line(nvme, cq))
			interrupt(nvme, cq);
	}
}
