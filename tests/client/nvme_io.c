// SPDX-License-Identifier: BSD-3-Clause
/* What a driver does: data of all sizes, many queues, interrupts. */
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "nvme.h"

/* Loop tests run for each device. */
#define EACH(tc, test) tcase_add_loop_test(tc, test, NVME_PCI, NVME_DEVICES + 1)

static void write_and_read(struct nvme_dev *dev, struct nvme_queue *queue,
			   size_t offset, uint32_t blocks, uint64_t slba)
{
	uint8_t *from = dev->memory + NVME_DATA + offset;
	uint8_t *to = from + NVME_DATA_SIZE / 2;
	size_t len = blocks * NVME_BLOCK;
	struct nvme_cmd cmd = nvme_rw(IO_WRITE, slba, blocks);

	nvme_fill(from, len, blocks);
	nvme_set_data(dev, &cmd, from, len, 0);
	ck_assert_uint_eq(nvme_do(dev, queue, &cmd, NULL), SUCCESS);
	memset(to - 4, 0xcc, len + 8);
	cmd.opcode = IO_READ;
	nvme_set_data(dev, &cmd, to, len, 0);
	ck_assert_uint_eq(nvme_do(dev, queue, &cmd, NULL), SUCCESS);
	nvme_assert_filled(to, len, blocks);
	/* Not a byte beside it. */
	ck_assert_uint_eq(to[-1], 0xcc);
	ck_assert_uint_eq(to[len], 0xcc);
	cmd.opcode = IO_COMPARE;
	ck_assert_uint_eq(nvme_do(dev, queue, &cmd, NULL), SUCCESS);
	to[len - 1] ^= 1;
	ck_assert_uint_eq(nvme_do(dev, queue, &cmd, NULL), COMPARE_FAILURE);
}

START_TEST(sizes)
{
	static const uint32_t blocks[] = { 1,  2,  7,	8,   9,	   16,
					   17, 24, 255, 256, 1000, 1024 };
	static const size_t offsets[] = { 4, 512, 2048, 4092, 4096 };
	struct nvme_dev dev;
	struct nvme_queue *queue =
		nvme_start(&dev, _i, _i == NVME_MDEV ? NVME_SHARED : 0);

	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++)
		for (size_t j = 0; j < sizeof(offsets) / sizeof(*offsets); j++)
			write_and_read(&dev, queue, offsets[j], blocks[i],
				       i * 600 + j);
	nvme_close(&dev);
}
END_TEST

/* It is still there for the next client. */
START_TEST(lasting)
{
	struct nvme_dev dev;
	struct nvme_queue *queue = nvme_start(&dev, _i, 0);
	struct nvme_cmd cmd = nvme_rw(IO_WRITE, 4000, 8);
	uint8_t *data = dev.memory + NVME_DATA;

	nvme_fill(data, PAGE, _i);
	nvme_set_data(&dev, &cmd, data, PAGE, 0);
	cmd.cdw12 |= RW_FUA;
	ck_assert_uint_eq(nvme_do(&dev, queue, &cmd, NULL), SUCCESS);
	cmd = (struct nvme_cmd){ .opcode = IO_FLUSH, .nsid = 1 };
	ck_assert_uint_eq(nvme_do(&dev, queue, &cmd, NULL), SUCCESS);
	nvme_close(&dev);
	queue = nvme_start(&dev, _i, NVME_SHARED);
	data = dev.memory + NVME_DATA;
	cmd = nvme_rw(IO_READ, 4000, 8);
	nvme_set_data(&dev, &cmd, data, PAGE, 0);
	ck_assert_uint_eq(nvme_do(&dev, queue, &cmd, NULL), SUCCESS);
	nvme_assert_filled(data, PAGE, _i);
	cmd = nvme_rw(IO_WRITE_ZEROES, 4001, 3);
	ck_assert_uint_eq(nvme_do(&dev, queue, &cmd, NULL), SUCCESS);
	cmd = nvme_rw(IO_READ, 4000, 8);
	nvme_set_data(&dev, &cmd, data, PAGE, 0);
	ck_assert_uint_eq(nvme_do(&dev, queue, &cmd, NULL), SUCCESS);
	for (size_t i = NVME_BLOCK; i < 4 * NVME_BLOCK; i++)
		ck_assert_uint_eq(data[i], 0);
	nvme_close(&dev);
}
END_TEST

/* Command @i of the queue: a page of data, its block and its place by @i. */
static struct nvme_cmd page_cmd(struct nvme_dev *dev, uint8_t opcode,
				unsigned int i)
{
	struct nvme_cmd cmd = nvme_rw(opcode, 8 * i, 8);

	nvme_set_data(dev, &cmd, dev->memory + NVME_DATA + i * PAGE, PAGE, 0);
	return cmd;
}

/* All commands of all queues at once; in each queue they end in order. */
static void run_all(struct nvme_dev *dev, unsigned int queues,
		    unsigned int each, uint8_t opcode)
{
	for (unsigned int q = 1; q <= queues; q++) {
		for (unsigned int i = 0; i < each; i++) {
			struct nvme_cmd cmd =
				page_cmd(dev, opcode, (q - 1) * each + i);

			nvme_push(&dev->queues[q], &cmd, (uint16_t)i);
		}
		nvme_ring(dev, &dev->queues[q]);
	}
	for (unsigned int q = 1; q <= queues; q++)
		for (unsigned int i = 0; i < each; i++) {
			struct nvme_cqe cqe;

			ck_assert(nvme_wait(dev, &dev->queues[q], &cqe));
			ck_assert_uint_eq(cqe.cid, i);
			ck_assert_uint_eq(cqe.sq_id, q);
			ck_assert_uint_eq(cqe.status >> 1, SUCCESS);
		}
}

static void many(struct nvme_dev *dev, unsigned int queues)
{
	unsigned int each = NVME_MAX_DEPTH - 1;
	uint8_t *data = dev->memory + NVME_DATA;

	for (uint16_t q = 1; q <= queues; q++)
		nvme_create(dev, q, NVME_MAX_DEPTH);
	for (unsigned int round = 0; round < 5; round++) {
		for (unsigned int i = 0; i < queues * each; i++)
			nvme_fill(data + i * PAGE, PAGE, i + round);
		run_all(dev, queues, each, IO_WRITE);
		memset(data, 0, NVME_DATA_SIZE);
		run_all(dev, queues, each, IO_READ);
		for (unsigned int i = 0; i < queues * each; i++)
			nvme_assert_filled(data + i * PAGE, PAGE, i + round);
	}
}

START_TEST(many_by_interrupts)
{
	struct nvme_dev dev;

	nvme_open(&dev, _i, VFIO_TYPE1v2_IOMMU, NVME_SHARED);
	nvme_enable(&dev, true);
	many(&dev, 8);
	nvme_close(&dev);
}
END_TEST

START_TEST(many_by_polling)
{
	struct nvme_dev dev;

	nvme_open(&dev, _i, VFIO_TYPE1v2_IOMMU, 0);
	nvme_enable(&dev, false);
	many(&dev, 8);
	nvme_close(&dev);
}
END_TEST

/* A type1 that cannot pin, which QEMU's block layer uses. */
START_TEST(type1_v1)
{
	struct nvme_dev dev;

	nvme_open(&dev, NVME_PCI, VFIO_TYPE1_IOMMU, 0);
	nvme_enable(&dev, true);
	many(&dev, 1);
	nvme_close(&dev);
}
END_TEST

START_TEST(intx)
{
	int line = ck_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	uint8_t unmask = 1;
	struct nvme_queue *queue;
	struct nvme_cmd cmd = { .opcode = IO_FLUSH, .nsid = 1 };
	struct nvme_dev dev;
	struct nvme_cqe cqe;

	nvme_open(&dev, _i, VFIO_TYPE1v2_IOMMU, 0);
	ck_ok(vfio_set_trigger(dev.session.device, VFIO_PCI_INTX_IRQ_INDEX, 0,
			       line));
	nvme_enable(&dev, false);
	/* The admin queue has used it. */
	queue = nvme_create(&dev, 1, 8);
	ck_assert(event_arrives(line));
	/* Polled: without interrupts. So only the admin queue holds it up. */
	ck_assert_uint_eq(nvme_do(&dev, queue, &cmd, NULL), SUCCESS);
	cmd.opcode = ADMIN_IDENTIFY;
	cmd.cdw10 = CNS_CONTROLLER;
	cmd.prp1 = nvme_iova(&dev, dev.memory + NVME_DATA);
	nvme_push(&dev.queues[0], &cmd, 1);
	nvme_ring(&dev, &dev.queues[0]);
	/* It comes when it is unmasked, and again: nobody acknowledges. */
	for (int i = 0; i < 3; i++) {
		ck_ok(vfio_set_irqs(dev.session.device,
				    VFIO_IRQ_SET_DATA_BOOL |
					    VFIO_IRQ_SET_ACTION_UNMASK,
				    VFIO_PCI_INTX_IRQ_INDEX, 0, 1, &unmask, 1));
		ck_assert(event_arrives(line));
	}
	ck_assert(nvme_wait(&dev, &dev.queues[0], &cqe));
	nvme_close(&dev);
	close(line);
}
END_TEST

/* A completion that is alone waits for others, and then no longer. */
START_TEST(coalesced)
{
	struct nvme_cmd set = { .opcode = ADMIN_SET_FEATURES,
				.cdw10 = FEATURE_COALESCING,
				.cdw11 = 1 << 8 | 0xff };
	struct nvme_cmd flush = { .opcode = IO_FLUSH, .nsid = 1 };
	struct nvme_queue *queue;
	struct nvme_dev dev;
	struct nvme_cqe cqe;

	queue = nvme_start(&dev, NVME_PCI, 0);
	ck_assert_uint_eq(nvme_do(&dev, &dev.queues[0], &set, NULL), SUCCESS);
	for (uint16_t i = 0; i < 100; i++) {
		nvme_push(queue, &flush, i);
		nvme_ring(&dev, queue);
		ck_assert(event_arrives(queue->eventfd));
		ck_assert(nvme_wait(&dev, queue, &cqe));
		ck_assert_uint_eq(cqe.cid, i);
	}
	nvme_close(&dev);
}
END_TEST

START_TEST(identity)
{
	struct nvme_cmd cmd = { .opcode = ADMIN_IDENTIFY,
				.cdw10 = CNS_CONTROLLER };
	struct nvme_dev dev;
	uint8_t *data;

	nvme_start(&dev, _i, 0);
	data = dev.memory + NVME_DATA;
	cmd.prp1 = nvme_iova(&dev, data);
	ck_assert_uint_eq(nvme_do(&dev, &dev.queues[0], &cmd, NULL), SUCCESS);
	ck_assert_int_eq(memcmp(data + 24, "vfiod NVMe", 10), 0);
	/* A file has a write cache. */
	ck_assert_uint_eq(data[525] & 1, _i == NVME_FILE);
	nvme_close(&dev);
}
END_TEST

Suite *nvme_io_suite(void)
{
	Suite *suite = suite_create("nvme");
	TCase *tc = client_case(suite, "I/O");

	EACH(tc, identity);
	EACH(tc, sizes);
	EACH(tc, lasting);
	EACH(tc, many_by_interrupts);
	EACH(tc, many_by_polling);
	EACH(tc, intx);
	tcase_add_test(tc, type1_v1);
	tcase_add_test(tc, coalesced);
	return suite;
}
