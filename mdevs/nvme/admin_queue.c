// SPDX-License-Identifier: BSD-3-Clause
/* The admin commands that create and delete queues. */
#include "nvme.h"

static uint16_t qid_of(const struct nvme_cmd *cmd)
{
	return cmd->cdw10 & 0xffff;
}

static bool can_be(const struct nvme *nvme, uint16_t qid)
{
	return qid && qid <= nvme->nr_queues;
}

bool nvme_has_io_queues(const struct nvme *nvme)
{
	for (unsigned int i = 1; i <= nvme->nr_queues; i++)
		if (nvme->sq[i].used || nvme->cq[i].used)
			return true;
	return false;
}

/* What both creations have; @size is that of an entry in CC. */
static uint16_t check_creation(const struct nvme *nvme,
			       const struct nvme_cmd *cmd, uint32_t entry_size,
			       uint32_t right_size)
{
	uint32_t size = (cmd->cdw10 >> 16) + 1;

	if (size < 2 || size > NVME_QUEUE_ENTRIES)
		return INVALID_QUEUE_SIZE;
	if (!(cmd->cdw11 & QUEUE_PC) || entry_size != right_size)
		return INVALID_FIELD;
	if (cmd->prp1 & (nvme_page_size(nvme) - 1))
		return PRP_OFFSET_INVALID;
	return SUCCESS;
}

uint16_t nvme_create_cq(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	uint16_t qid = qid_of(cmd), vector = cmd->cdw11 >> 16;
	uint16_t status;

	if (!can_be(nvme, qid) || nvme->cq[qid].used)
		return INVALID_QID;
	status = check_creation(nvme, cmd, CC_IOCQES(atomic_load(&nvme->cc)),
				CQES);
	if (status)
		return status;
	if (vector >= NVME_VECTORS)
		return INVALID_VECTOR;
	nvme_cq_init(nvme, qid, cmd->prp1, (cmd->cdw10 >> 16) + 1);
	nvme->cq[qid].vector = vector;
	nvme->cq[qid].irq_enabled = cmd->cdw11 & CQ_IEN;
	return SUCCESS;
}

uint16_t nvme_create_sq(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	uint16_t qid = qid_of(cmd), cqid = cmd->cdw11 >> 16;
	uint16_t status;

	if (!can_be(nvme, qid) || nvme->sq[qid].used || !can_be(nvme, cqid))
		return INVALID_QID;
	if (!nvme->cq[cqid].used)
		return CQ_INVALID;
	status = check_creation(nvme, cmd, CC_IOSQES(atomic_load(&nvme->cc)),
				SQES);
	if (status)
		return status;
	nvme_sq_init(nvme, qid, cmd->prp1, (cmd->cdw10 >> 16) + 1,
		     &nvme->cq[cqid]);
	return SUCCESS;
}

uint16_t nvme_delete_cq(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	uint16_t qid = qid_of(cmd);

	if (!can_be(nvme, qid) || !nvme->cq[qid].used)
		return INVALID_QID;
	if (nvme->cq[qid].users)
		return INVALID_QUEUE_DELETION;
	nvme->cq[qid].used = false;
	nvme_irq_line_update(nvme);
	return SUCCESS;
}

uint16_t nvme_delete_sq(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	uint16_t qid = qid_of(cmd);

	if (!can_be(nvme, qid) || !nvme->sq[qid].used)
		return INVALID_QID;
	nvme_sq_delete(&nvme->sq[qid]);
	return SUCCESS;
}
