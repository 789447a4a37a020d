/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small NVMe driver through /dev/vfio: an admin queue, queues for I/O, PRP
 * lists, MSI-X. Like vfio.h it needs no test framework, and what has no right
 * to fail ends the process.
 */
#ifndef TESTS_CLIENT_NVME_DRIVER_H
#define TESTS_CLIENT_NVME_DRIVER_H

#include "../../mdevs/nvme/spec.h"
#include "vfio.h"

/* The driver's memory is one mapping; its parts, by their offset. */
#define NVME_IOVA 0x40000000UL
#define NVME_MEMORY 0x300000UL
#define NVME_LISTS 0x40000UL /* a page for each command of a queue */
#define NVME_DATA 0x80000UL
#define NVME_DATA_SIZE (NVME_MEMORY - NVME_DATA)

#define NVME_MAX_QUEUES 16 /* the admin queue is 0 */
#define NVME_MAX_DEPTH 64

struct nvme_queue {
	uint16_t id;
	uint16_t depth;
	uint16_t sq_tail;
	uint16_t cq_head;
	bool phase;
	int eventfd; /* -1: polled */
	struct nvme_cmd *sq;
	volatile struct nvme_cqe *cq;
};

struct nvme_dev {
	struct vfio_session session;
	volatile uint32_t *bar; /* NULL: pread and pwrite are used */
	uint8_t *memory;
	int memory_fd; /* -1: private memory */
	struct nvme_queue queues[NVME_MAX_QUEUES];
};

#define NVME_SHARED 0x1 /* the memory is a memfd */
/* BAR 0 is mapped, if it can be; so it is with NVME_MAPPED in the
 * environment. */
#define NVME_MMAP 0x2

/*
 * Open device @n with a container of @type; map the memory; memory space and
 * bus master on. The controller is as after a reset.
 */
void nvme_open(struct nvme_dev *dev, int n, unsigned long type,
	       unsigned int flags);
void nvme_close(struct nvme_dev *dev);
/* Memory space and bus master on. */
void nvme_set_command(struct nvme_dev *dev);

uint32_t nvme_read32(const struct nvme_dev *dev, uint64_t offset);
uint64_t nvme_read64(const struct nvme_dev *dev, uint64_t offset);
void nvme_write32(struct nvme_dev *dev, uint64_t offset, uint32_t value);
void nvme_write64(struct nvme_dev *dev, uint64_t offset, uint64_t value);

/*
 * Enable it, with an admin queue of NVME_MAX_DEPTH entries that is polled or
 * has an eventfd for vector 0. Disable waits until it is.
 */
void nvme_enable(struct nvme_dev *dev, bool interrupts);
void nvme_disable(struct nvme_dev *dev);
/* Eventfds for vectors 0 to @nr - 1 become those of these queues. */
void nvme_set_vectors(struct nvme_dev *dev, unsigned int nr);
/* Queue pair @id for I/O, with vector @id if there are eventfds. */
struct nvme_queue *nvme_create(struct nvme_dev *dev, uint16_t id,
			       uint16_t depth);

/* The IOVA of something in the driver's memory. */
uint64_t nvme_iova(const struct nvme_dev *dev, const void *at);
/* Let @cmd have its data at @at; a list is in page @slot of NVME_LISTS. */
void nvme_set_data(struct nvme_dev *dev, struct nvme_cmd *cmd, const void *at,
		   size_t len, unsigned int slot);

/* Put it into the queue, which must have room, with this id; ring. */
void nvme_push(struct nvme_queue *queue, const struct nvme_cmd *cmd,
	       uint16_t cid);
void nvme_ring(struct nvme_dev *dev, const struct nvme_queue *queue);
/* The next completion, if there is one. Tell the controller: nvme_ack(). */
bool nvme_reap(struct nvme_queue *queue, struct nvme_cqe *cqe);
void nvme_ack(struct nvme_dev *dev, const struct nvme_queue *queue);
/* Wait for it, and acknowledge it; false: none for 20 s. */
bool nvme_wait(struct nvme_dev *dev, struct nvme_queue *queue,
	       struct nvme_cqe *cqe);
/* A command that is alone in its queue: its status; ends without one. */
uint16_t nvme_do(struct nvme_dev *dev, struct nvme_queue *queue,
		 const struct nvme_cmd *cmd, uint32_t *result);

/* Commands on blocks, of 512 bytes, without their data. */
struct nvme_cmd nvme_rw(uint8_t opcode, uint64_t slba, uint32_t blocks);

#endif
