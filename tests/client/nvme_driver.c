// SPDX-License-Identifier: BSD-3-Clause
#include "nvme_driver.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#define BAR0_SIZE 0x4000
#define BAR0 REGION(VFIO_PCI_BAR0_REGION_INDEX)
#define CONFIG REGION(VFIO_PCI_CONFIG_REGION_INDEX)
#define PATIENCE_SECONDS 20

static void must(bool condition, const char *what)
{
	if (!condition)
		err(EXIT_FAILURE, "nvme: %s", what);
}

uint32_t nvme_read32(const struct nvme_dev *dev, uint64_t offset)
{
	uint32_t value;

	if (dev->bar)
		return dev->bar[offset / 4];
	must(pread(dev->session.device, &value, sizeof(value),
		   (off_t)(BAR0 + offset)) == sizeof(value),
	     "pread of a register");
	return value;
}

uint64_t nvme_read64(const struct nvme_dev *dev, uint64_t offset)
{
	return nvme_read32(dev, offset) | (uint64_t)nvme_read32(dev, offset + 4)
						  << 32;
}

void nvme_write32(struct nvme_dev *dev, uint64_t offset, uint32_t value)
{
	if (dev->bar) {
		/* What was written to memory is there before. */
		__atomic_store_n(&dev->bar[offset / 4], value,
				 __ATOMIC_RELEASE);
		return;
	}
	must(pwrite(dev->session.device, &value, sizeof(value),
		    (off_t)(BAR0 + offset)) == sizeof(value),
	     "pwrite of a register");
}

void nvme_write64(struct nvme_dev *dev, uint64_t offset, uint64_t value)
{
	nvme_write32(dev, offset, (uint32_t)value);
	nvme_write32(dev, offset + 4, (uint32_t)(value >> 32));
}

static void make_memory(struct nvme_dev *dev, bool shared)
{
	int flags = shared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;

	dev->memory_fd = -1;
	if (shared) {
		dev->memory_fd = memfd_create("nvme", MFD_CLOEXEC);
		must(dev->memory_fd >= 0, "memfd_create");
		must(!ftruncate(dev->memory_fd, NVME_MEMORY), "ftruncate");
	}
	dev->memory = mmap(NULL, NVME_MEMORY, PROT_READ | PROT_WRITE, flags,
			   dev->memory_fd, 0);
	must(dev->memory != MAP_FAILED, "mmap of memory");
}

static void map_bar(struct nvme_dev *dev)
{
	struct vfio_region_info info = { .argsz = sizeof(info),
					 .index = VFIO_PCI_BAR0_REGION_INDEX };
	void *bar;

	must(!vfio_ioctl(dev->session.device, VFIO_DEVICE_GET_REGION_INFO,
			 &info),
	     "GET_REGION_INFO");
	if (!(info.flags & VFIO_REGION_INFO_FLAG_MMAP))
		return;
	bar = mmap(NULL, BAR0_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		   dev->session.device, (off_t)info.offset);
	must(bar != MAP_FAILED, "mmap of BAR 0");
	dev->bar = bar;
}

void nvme_set_command(struct nvme_dev *dev)
{
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	must(pwrite(dev->session.device, &command, sizeof(command),
		    (off_t)(CONFIG + PCI_COMMAND)) == sizeof(command),
	     "pwrite of COMMAND");
}

void nvme_open(struct nvme_dev *dev, int n, unsigned long type,
	       unsigned int flags)
{
	*dev = (struct nvme_dev){ 0 };
	for (unsigned int i = 0; i < NVME_MAX_QUEUES; i++)
		dev->queues[i].eventfd = -1;
	dev->session = vfio_session_open(n, type);
	make_memory(dev, flags & NVME_SHARED);
	must(!vfio_map(dev->session.container, NVME_IOVA, dev->memory,
		       NVME_MEMORY),
	     "MAP_DMA");
	nvme_set_command(dev);
	if (flags & NVME_MMAP || getenv("NVME_MAPPED"))
		map_bar(dev);
}

void nvme_close(struct nvme_dev *dev)
{
	for (unsigned int i = 0; i < NVME_MAX_QUEUES; i++)
		if (dev->queues[i].eventfd >= 0)
			close(dev->queues[i].eventfd);
	if (dev->bar)
		munmap((void *)(uintptr_t)dev->bar, BAR0_SIZE);
	vfio_session_close(&dev->session);
	munmap(dev->memory, NVME_MEMORY);
	if (dev->memory_fd >= 0)
		close(dev->memory_fd);
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void wait_for_ready(const struct nvme_dev *dev, uint32_t ready)
{
	time_t end = now() + PATIENCE_SECONDS;

	while ((nvme_read32(dev, REG_CSTS) & CSTS_RDY) != ready) {
		if (now() > end)
			errx(EXIT_FAILURE, "nvme: CSTS is %#x",
			     nvme_read32(dev, REG_CSTS));
		sched_yield();
	}
}

static struct nvme_queue *init_queue(struct nvme_dev *dev, uint16_t id,
				     uint16_t depth)
{
	struct nvme_queue *queue = &dev->queues[id];
	uint8_t *at = dev->memory + 2 * PAGE * id;

	queue->id = id;
	queue->depth = depth;
	queue->sq_tail = queue->cq_head = 0;
	queue->phase = true;
	queue->sq = (void *)at;
	queue->cq = (void *)(at + PAGE);
	memset(at + PAGE, 0, PAGE);
	return queue;
}

void nvme_set_vectors(struct nvme_dev *dev, unsigned int nr)
{
	int32_t fds[NVME_MAX_QUEUES];

	for (unsigned int i = 0; i < nr; i++) {
		fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		must(fds[i] >= 0, "eventfd");
		dev->queues[i].eventfd = fds[i];
	}
	must(!vfio_set_irqs(
		     dev->session.device,
		     VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		     VFIO_PCI_MSIX_IRQ_INDEX, 0, nr, fds, nr * sizeof(*fds)),
	     "SET_IRQS of MSI-X");
}

void nvme_enable(struct nvme_dev *dev, bool interrupts)
{
	struct nvme_queue *admin = init_queue(dev, 0, NVME_MAX_DEPTH);
	uint32_t entries = NVME_MAX_DEPTH - 1;

	if (interrupts)
		nvme_set_vectors(dev, NVME_MAX_QUEUES);
	nvme_write32(dev, REG_AQA, entries << 16 | entries);
	nvme_write64(dev, REG_ASQ, nvme_iova(dev, admin->sq));
	nvme_write64(dev, REG_ACQ,
		     nvme_iova(dev, (void *)(uintptr_t)admin->cq));
	nvme_write32(dev, REG_CC, CQES << 20 | SQES << 16 | CC_EN);
	wait_for_ready(dev, CSTS_RDY);
}

void nvme_disable(struct nvme_dev *dev)
{
	nvme_write32(dev, REG_CC, 0);
	wait_for_ready(dev, 0);
}

static void create_one(struct nvme_dev *dev, uint8_t opcode, uint16_t id,
		       uint16_t depth, uint32_t cdw11, uint64_t iova)
{
	struct nvme_cmd cmd = {
		.opcode = opcode,
		.prp1 = iova,
		.cdw10 = (depth - 1U) << 16 | id,
		.cdw11 = cdw11,
	};
	uint16_t status = nvme_do(dev, &dev->queues[0], &cmd, NULL);

	if (status)
		errx(EXIT_FAILURE, "nvme: creating queue %u: status %#x", id,
		     status);
}

struct nvme_queue *nvme_create(struct nvme_dev *dev, uint16_t id,
			       uint16_t depth)
{
	struct nvme_queue *queue = init_queue(dev, id, depth);
	uint32_t irq = queue->eventfd >= 0 ? CQ_IEN | (uint32_t)id << 16 : 0;

	create_one(dev, ADMIN_CREATE_CQ, id, depth, QUEUE_PC | irq,
		   nvme_iova(dev, (void *)(uintptr_t)queue->cq));
	create_one(dev, ADMIN_CREATE_SQ, id, depth,
		   QUEUE_PC | (uint32_t)id << 16, nvme_iova(dev, queue->sq));
	return queue;
}

uint64_t nvme_iova(const struct nvme_dev *dev, const void *at)
{
	return NVME_IOVA + (uint64_t)((const uint8_t *)at - dev->memory);
}

void nvme_set_data(struct nvme_dev *dev, struct nvme_cmd *cmd, const void *at,
		   size_t len, unsigned int slot)
{
	uint8_t *list_at = dev->memory + NVME_LISTS + slot * PAGE;
	uint64_t *list = (void *)list_at;
	uint64_t iova = nvme_iova(dev, at), end = iova + len;
	uint64_t page = (iova & ~(PAGE - 1)) + PAGE;

	cmd->prp1 = iova;
	cmd->prp2 = page;
	if (end <= page + PAGE)
		return;
	for (; page < end; page += PAGE)
		*list++ = page;
	cmd->prp2 = nvme_iova(dev, list_at);
}

void nvme_push(struct nvme_queue *queue, const struct nvme_cmd *cmd,
	       uint16_t cid)
{
	struct nvme_cmd *slot = &queue->sq[queue->sq_tail];

	*slot = *cmd;
	slot->cid = cid;
	queue->sq_tail = (uint16_t)((queue->sq_tail + 1) % queue->depth);
}

void nvme_ring(struct nvme_dev *dev, const struct nvme_queue *queue)
{
	nvme_write32(dev, REG_DOORBELLS + 8U * queue->id, queue->sq_tail);
}

bool nvme_reap(struct nvme_queue *queue, struct nvme_cqe *cqe)
{
	volatile struct nvme_cqe *slot = &queue->cq[queue->cq_head];
	uint16_t status = __atomic_load_n(&slot->status, __ATOMIC_ACQUIRE);

	if ((status & 1) != queue->phase)
		return false;
	*cqe = *(const struct nvme_cqe *)(uintptr_t)slot;
	queue->cq_head = (uint16_t)((queue->cq_head + 1) % queue->depth);
	if (!queue->cq_head)
		queue->phase = !queue->phase;
	return true;
}

void nvme_ack(struct nvme_dev *dev, const struct nvme_queue *queue)
{
	nvme_write32(dev, REG_DOORBELLS + 8U * queue->id + 4, queue->cq_head);
}

/* An interrupt, or, of a queue that is polled, a moment. */
static void wait_a_while(const struct nvme_queue *queue)
{
	struct pollfd pfd = { .fd = queue->eventfd, .events = POLLIN };
	uint64_t count;

	if (queue->eventfd < 0)
		sched_yield();
	else if (poll(&pfd, 1, PATIENCE_SECONDS * 1000) == 1)
		must(read(queue->eventfd, &count, sizeof(count)) > 0,
		     "read of an eventfd");
}

bool nvme_wait(struct nvme_dev *dev, struct nvme_queue *queue,
	       struct nvme_cqe *cqe)
{
	time_t end = now() + PATIENCE_SECONDS;

	while (!nvme_reap(queue, cqe)) {
		if (now() > end)
			return false;
		wait_a_while(queue);
	}
	nvme_ack(dev, queue);
	return true;
}

uint16_t nvme_do(struct nvme_dev *dev, struct nvme_queue *queue,
		 const struct nvme_cmd *cmd, uint32_t *result)
{
	struct nvme_cqe cqe;

	nvme_push(queue, cmd, 0x1234);
	nvme_ring(dev, queue);
	if (!nvme_wait(dev, queue, &cqe) || cqe.cid != 0x1234)
		errx(EXIT_FAILURE, "nvme: no completion of command %#x",
		     cmd->opcode);
	if (result)
		*result = cqe.result;
	return cqe.status >> 1;
}

struct nvme_cmd nvme_rw(uint8_t opcode, uint64_t slba, uint32_t blocks)
{
	return (struct nvme_cmd){
		.opcode = opcode,
		.nsid = 1,
		.cdw10 = (uint32_t)slba,
		.cdw11 = (uint32_t)(slba >> 32),
		.cdw12 = blocks - 1,
	};
}
