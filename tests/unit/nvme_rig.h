/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A controller, open, with a namespace in memory, and a driver of it: an admin
 * queue pair and pair 1 for I/O. Time passes when the driver says so.
 */
#ifndef TESTS_UNIT_NVME_RIG_H
#define TESTS_UNIT_NVME_RIG_H

#include <check.h>

#include <vfiod/plugin.h>

#include "../../mdevs/nvme/nvme.h"
#include "fake_dma.h"
#include "fake_params.h"
#include "fake_pci.h"
#include "fake_services.h"
#include "fake_poll.h"
#include "fake_timer.h"

#define RIG_BLOCK 512
#define RIG_BLOCKS 2048 /* 1 MiB */
#define RIG_DEPTH 8 /* entries of each queue */
#define RIG_VECTOR 3 /* of completion queue 1 */

/* Where things are: queues by their id, PRP lists, data. */
#define RIG_SQ(qid) (FAKE_DMA_BASE + 0x2000 * (uint64_t)(qid))
#define RIG_CQ(qid) (RIG_SQ(qid) + 0x1000)
#define LIST (FAKE_DMA_BASE + 0x8000)
#define DATA (FAKE_DMA_BASE + 0x10000)
#define NOWHERE 0xdead0000UL

#define RIG_QUEUES 3 /* the driver keeps count of: 0 to 2 */

struct nvme_rig {
	const struct vfiod_plugin *plugin;
	struct vfio_device *vdev;
	uint32_t sq_tail[RIG_QUEUES];
	uint32_t cq_head[RIG_QUEUES];
	bool phase[RIG_QUEUES];
	uint16_t cid; /* of the last command */
};

extern struct nvme_rig rig;

/* size=1m, and what has been given to fake_param_more() before. */
void nvme_rig_open(void);
void nvme_rig_setup(void); /* open, enabled, with the pair for I/O */
void nvme_rig_teardown(void);

/* The device, closed, with the one parameter: init's errno. */
int nvme_rig_try(const char *name, const char *value);

uint32_t reg_read(uint64_t offset);
uint64_t reg_read64(uint64_t offset);
void reg_write(uint64_t offset, uint32_t value);
void reg_write64(uint64_t offset, uint64_t value);

/* AQA, ASQ, ACQ and CC; the driver's counts begin anew. */
void enable(void);
void disable(void);
/* Create pair @qid, with what the rig has for it; cdw11 of the CQ, vector 3
 * and interrupts for 1. */
void create_pair(uint16_t qid);

/* Put a command into queue @qid, without ringing; its id is chosen. */
void push(uint16_t qid, struct nvme_cmd cmd);
void ring_sq(uint16_t qid);
/* Let the controller work. */
void let_run(void);
/* Is there a completion in queue @qid? */
bool has_completion(uint16_t qid);
/* Take it: there has to be one. ring_cq() tells the controller. */
struct nvme_cqe reap(uint16_t qid);
void ring_cq(uint16_t qid);

/* All of this for one command: its status; its result. */
uint16_t submit(uint16_t qid, struct nvme_cmd cmd);
uint16_t submit_for(uint16_t qid, struct nvme_cmd cmd, uint32_t *result);

/* A command with a PRP, and I/O commands on blocks. */
struct nvme_cmd data_cmd(uint8_t opcode, uint32_t nsid, uint64_t prp1);
struct nvme_cmd rw(uint8_t opcode, uint64_t slba, uint32_t nr, uint64_t prp1,
		   uint64_t prp2);

/* Fill, and check, @len bytes at @iova with what @seed makes. */
void fill(uint64_t iova, size_t len, unsigned int seed);
void assert_filled(uint64_t iova, size_t len, unsigned int seed);

#endif
