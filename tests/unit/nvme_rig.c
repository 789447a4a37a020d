// SPDX-License-Identifier: BSD-3-Clause
#include "nvme_rig.h"

#include <stdlib.h>
#include <string.h>

struct nvme_rig rig;

static void access_bar(uint64_t offset, void *buf, unsigned int len, bool write)
{
	ck_assert_int_eq(
		rig.plugin->access(rig.vdev, 0, offset, buf, len, write), 0);
}

uint32_t reg_read(uint64_t offset)
{
	uint32_t value;

	access_bar(offset, &value, sizeof(value), false);
	return value;
}

uint64_t reg_read64(uint64_t offset)
{
	uint64_t value;

	access_bar(offset, &value, sizeof(value), false);
	return value;
}

void reg_write(uint64_t offset, uint32_t value)
{
	access_bar(offset, &value, sizeof(value), true);
}

void reg_write64(uint64_t offset, uint64_t value)
{
	access_bar(offset, &value, sizeof(value), true);
}

int nvme_rig_try(const char *name, const char *value)
{
	struct vfio_device *vdev;
	int ret;

	fake_param(name, value);
	ret = fake_device_new("1", &vdev);
	if (!ret)
		fake_device_free(vdev);
	ck_assert_uint_eq(fake_polls_held(), 0);
	return ret;
}

void nvme_rig_open(void)
{
	fake_reset();
	fake_dma_reset();
	fake_pci_reset();
	fake_param_more("size", "1m");
	rig = (struct nvme_rig){ .plugin = vfiod_plugin_entry() };
	ck_assert_int_eq(fake_device_new("1", &rig.vdev), 0);
	/* As before each first open of a PCI function. */
	ck_assert_int_eq(rig.plugin->reset(rig.vdev), 0);
	ck_assert_int_eq(rig.plugin->open_device(rig.vdev), 0);
}

void nvme_rig_setup(void)
{
	nvme_rig_open();
	enable();
	create_pair(1);
}

void nvme_rig_teardown(void)
{
	rig.plugin->close_device(rig.vdev);
	ck_assert(!fake_pci_line());
	ck_assert_uint_eq(fake_dma_pins(), 0);
	fake_device_free(rig.vdev);
	ck_assert_uint_eq(fake_polls_held(), 0);
	ck_assert_uint_eq(fake_timers_held(), 0);
	fake_param(NULL, NULL);
}

static void forget_queue(uint16_t qid)
{
	rig.sq_tail[qid] = rig.cq_head[qid] = 0;
	rig.phase[qid] = true;
	memset(fake_dma_at(RIG_CQ(qid)), 0, FAKE_PAGE);
}

void enable(void)
{
	forget_queue(0);
	reg_write(REG_AQA, (RIG_DEPTH - 1) << 16 | (RIG_DEPTH - 1));
	reg_write64(REG_ASQ, RIG_SQ(0));
	reg_write64(REG_ACQ, RIG_CQ(0));
	reg_write(REG_CC, CQES << 20 | SQES << 16 | CC_EN);
	ck_assert_uint_eq(reg_read(REG_CSTS), CSTS_RDY);
}

void disable(void)
{
	reg_write(REG_CC, reg_read(REG_CC) & ~CC_EN);
	ck_assert_uint_eq(reg_read(REG_CSTS), 0);
}

void create_pair(uint16_t qid)
{
	struct nvme_cmd cmd = {
		.opcode = ADMIN_CREATE_CQ,
		.prp1 = RIG_CQ(qid),
		.cdw10 = (RIG_DEPTH - 1) << 16 | qid,
		.cdw11 = RIG_VECTOR << 16 | CQ_IEN | QUEUE_PC,
	};

	forget_queue(qid);
	ck_assert_uint_eq(submit(0, cmd), SUCCESS);
	cmd.opcode = ADMIN_CREATE_SQ;
	cmd.prp1 = RIG_SQ(qid);
	cmd.cdw11 = (uint32_t)qid << 16 | QUEUE_PC;
	ck_assert_uint_eq(submit(0, cmd), SUCCESS);
}

void push(uint16_t qid, struct nvme_cmd cmd)
{
	struct nvme_cmd *queue = fake_dma_at(RIG_SQ(qid));

	cmd.cid = ++rig.cid;
	queue[rig.sq_tail[qid]] = cmd;
	rig.sq_tail[qid] = (rig.sq_tail[qid] + 1) % RIG_DEPTH;
}

void ring_sq(uint16_t qid)
{
	reg_write(REG_DOORBELLS + 8U * qid, rig.sq_tail[qid]);
}

void let_run(void)
{
	while (fake_polls_run())
		;
}

static struct nvme_cqe *next_completion(uint16_t qid)
{
	struct nvme_cqe *queue = fake_dma_at(RIG_CQ(qid));

	return &queue[rig.cq_head[qid]];
}

bool has_completion(uint16_t qid)
{
	return (next_completion(qid)->status & 1) == rig.phase[qid];
}

struct nvme_cqe reap(uint16_t qid)
{
	struct nvme_cqe cqe = *next_completion(qid);

	ck_assert_msg(has_completion(qid), "no completion in queue %u", qid);
	rig.cq_head[qid] = (rig.cq_head[qid] + 1) % RIG_DEPTH;
	if (!rig.cq_head[qid])
		rig.phase[qid] = !rig.phase[qid];
	return cqe;
}

void ring_cq(uint16_t qid)
{
	reg_write(REG_DOORBELLS + 8U * qid + 4, rig.cq_head[qid]);
}

uint16_t submit_for(uint16_t qid, struct nvme_cmd cmd, uint32_t *result)
{
	struct nvme_cqe cqe;

	push(qid, cmd);
	ring_sq(qid);
	let_run();
	cqe = reap(qid);
	ring_cq(qid);
	let_run();
	ck_assert(!has_completion(qid));
	ck_assert_uint_eq(cqe.cid, rig.cid);
	ck_assert_uint_eq(cqe.sq_id, qid);
	ck_assert_uint_eq(cqe.sq_head, rig.sq_tail[qid]);
	*result = cqe.result;
	return cqe.status >> 1;
}

uint16_t submit(uint16_t qid, struct nvme_cmd cmd)
{
	uint32_t result;

	return submit_for(qid, cmd, &result);
}

struct nvme_cmd data_cmd(uint8_t opcode, uint32_t nsid, uint64_t prp1)
{
	return (struct nvme_cmd){ .opcode = opcode,
				  .nsid = nsid,
				  .prp1 = prp1 };
}

struct nvme_cmd rw(uint8_t opcode, uint64_t slba, uint32_t nr, uint64_t prp1,
		   uint64_t prp2)
{
	return (struct nvme_cmd){
		.opcode = opcode,
		.nsid = 1,
		.prp1 = prp1,
		.prp2 = prp2,
		.cdw10 = (uint32_t)slba,
		.cdw11 = (uint32_t)(slba >> 32),
		.cdw12 = nr - 1,
	};
}

static uint8_t byte_of(size_t i, unsigned int seed)
{
	return (uint8_t)((i * 31 + (i >> 8) * 7) ^ seed);
}

void fill(uint64_t iova, size_t len, unsigned int seed)
{
	uint8_t *bytes = fake_dma_at(iova);

	for (size_t i = 0; i < len; i++)
		bytes[i] = byte_of(i, seed);
}

void assert_filled(uint64_t iova, size_t len, unsigned int seed)
{
	const uint8_t *bytes = fake_dma_at(iova);

	for (size_t i = 0; i < len; i++)
		ck_assert_msg(bytes[i] == byte_of(i, seed),
			      "byte %zu is %#x, not %#x", i, bytes[i],
			      byte_of(i, seed));
}
