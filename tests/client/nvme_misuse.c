// SPDX-License-Identifier: BSD-3-Clause
/* What a driver should not do: errors, and nothing worse. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nvme.h"

#define EACH(tc, test) tcase_add_loop_test(tc, test, NVME_PCI, NVME_DEVICES + 1)

/* A mapping apart from the driver's own. */
#define EXTRA_IOVA 0x80000000UL
#define EXTRA_SIZE 0x100000UL
#define NOWHERE 0xdead00000000UL
#define LARGE 1024 /* blocks, the most that there can be */

static void *map_extra(const struct nvme_dev *dev)
{
	void *extra = mmap(NULL, EXTRA_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(extra, MAP_FAILED);
	ck_ok(vfio_map(dev->session.container, EXTRA_IOVA, extra, EXTRA_SIZE));
	return extra;
}

static void unmap_extra(const struct nvme_dev *dev)
{
	ck_assert_int_eq(vfio_unmap(dev->session.container, EXTRA_IOVA,
				    EXTRA_SIZE, 0),
			 EXTRA_SIZE);
}

START_TEST(wild_prps)
{
	static const uint64_t wild[][2] = {
		{ NOWHERE, 0 },
		{ 0, 0 },
		{ UINT64_MAX & ~(PAGE - 1), UINT64_MAX & ~(PAGE - 1) },
		{ NVME_IOVA + NVME_MEMORY - PAGE, NVME_IOVA + NVME_MEMORY },
		{ NVME_IOVA - PAGE, NVME_IOVA - PAGE },
	};
	struct nvme_dev dev;
	struct nvme_queue *queue = nvme_start(&dev, _i, 0);
	struct nvme_cmd cmd = nvme_rw(IO_READ, 0, LARGE);
	uint64_t *list = (void *)(dev.memory + NVME_LISTS);

	for (size_t i = 0; i < sizeof(wild) / sizeof(*wild); i++) {
		cmd.prp1 = wild[i][0];
		cmd.prp2 = wild[i][1];
		ck_assert_uint_eq(nvme_do(&dev, queue, &cmd, NULL),
				  DATA_TRANSFER_ERROR);
	}
	/* The last page of a list that is good otherwise. */
	nvme_set_data(&dev, &cmd, dev.memory + NVME_DATA, LARGE * NVME_BLOCK,
		      0);
	list[126] = NOWHERE;
	ck_assert_uint_eq(nvme_do(&dev, queue, &cmd, NULL),
			  DATA_TRANSFER_ERROR);
	list[126] = 4;
	ck_assert_uint_eq(nvme_do(&dev, queue, &cmd, NULL), PRP_OFFSET_INVALID);
	nvme_assert_works(&dev, queue);
	nvme_close(&dev);
}
END_TEST

START_TEST(wrong_doorbells)
{
	/* The last two are behind all doorbells, where stores are not seen. */
	static const uint64_t offsets[] = { 0x1008, 0x100c, 0x1010, 0x13fc,
					    0x3ffc };
	size_t nr = sizeof(offsets) / sizeof(*offsets);
	struct nvme_cmd request = { .opcode = ADMIN_ASYNC_EVENT };
	struct nvme_cmd log = { .opcode = ADMIN_GET_LOG_PAGE,
				.cdw10 = LOG_ERRORS | 15 << 16 };
	struct nvme_dev dev;
	struct nvme_queue *queue = nvme_start(&dev, _i, 0);
	struct nvme_queue *admin = &dev.queues[0];

	log.prp1 = nvme_iova(&dev, dev.memory + NVME_DATA);
	for (size_t i = 0; i < (dev.bar ? nr - 2 : nr); i++) {
		struct nvme_cqe cqe;

		nvme_push(admin, &request, 7);
		nvme_ring(&dev, admin);
		nvme_write32(&dev, offsets[i], UINT32_MAX - (uint32_t)i);
		ck_assert(nvme_wait(&dev, admin, &cqe));
		ck_assert_uint_eq(cqe.cid, 7);
		ck_assert_uint_eq(cqe.result, i < 2 ? 0x010100 : 0x010000);
		ck_assert_uint_eq(nvme_do(&dev, admin, &log, NULL), SUCCESS);
	}
	nvme_assert_works(&dev, queue);
	nvme_close(&dev);
}
END_TEST

static void assert_fails(struct nvme_dev *dev)
{
	for (int i = 0; i < 20000; i++) {
		if (nvme_read32(dev, REG_CSTS) & CSTS_CFS)
			return;
		usleep(1000);
	}
	ck_abort_msg("CSTS is %#x", nvme_read32(dev, REG_CSTS));
}

/* Queues in memory that is unmapped while they are in use. */
START_TEST(queue_unmapped)
{
	struct nvme_dev dev, other;
	struct nvme_queue *queue, *neighbour;
	struct nvme_cmd cmd = { .opcode = IO_FLUSH, .nsid = 1 };
	int n = _i / 2 + 1;

	neighbour = nvme_start(&other, n % NVME_DEVICES + 1, 0);
	nvme_open(&dev, n, VFIO_TYPE1v2_IOMMU, 0);
	nvme_enable(&dev, true);
	nvme_create(&dev, 1, 8);
	map_extra(&dev);
	cmd.opcode = _i % 2 ? ADMIN_CREATE_CQ : ADMIN_CREATE_SQ;
	cmd.prp1 = EXTRA_IOVA;
	cmd.cdw10 = 7 << 16 | 2;
	cmd.cdw11 = _i % 2 ? QUEUE_PC : 1 << 16 | QUEUE_PC;
	ck_assert_uint_eq(nvme_do(&dev, &dev.queues[0], &cmd, NULL), SUCCESS);
	if (_i % 2) {
		/* A queue of commands for that queue of completions. */
		cmd.opcode = ADMIN_CREATE_SQ;
		cmd.prp1 = nvme_iova(&dev, dev.memory + 4 * PAGE);
		cmd.cdw11 = 2 << 16 | QUEUE_PC;
		ck_assert_uint_eq(nvme_do(&dev, &dev.queues[0], &cmd, NULL),
				  SUCCESS);
	}
	unmap_extra(&dev);
	nvme_write32(&dev, REG_DOORBELLS + 16, 1);
	assert_fails(&dev);
	nvme_assert_works(&other, neighbour);
	nvme_disable(&dev);
	nvme_enable(&dev, false);
	queue = nvme_create(&dev, 1, 8);
	nvme_assert_works(&dev, queue);
	nvme_close(&dev);
	nvme_close(&other);
}
END_TEST

/* Fill the queue with the largest reads, into @iova, and go on. */
static void start_reads(struct nvme_dev *dev, struct nvme_queue *queue,
			uint64_t iova)
{
	uint64_t *list = (void *)(dev->memory + NVME_LISTS);
	struct nvme_cmd cmd = nvme_rw(IO_READ, 0, LARGE);

	for (unsigned int i = 0; i < LARGE / 8; i++)
		list[i] = iova + (i + 1) * PAGE;
	cmd.prp1 = iova;
	cmd.prp2 = nvme_iova(dev, list);
	for (unsigned int i = 0; i < queue->depth - 1U; i++)
		nvme_push(queue, &cmd, (uint16_t)i);
	nvme_ring(dev, queue);
}

/* Write what no block holds, and see that it stays for a moment. */
static void assert_left_alone(uint8_t *data)
{
	size_t len = LARGE * NVME_BLOCK;

	memset(data, 0xa5, len);
	for (int round = 0; round < 20; round++) {
		usleep(500);
		ck_assert_uint_eq(data[0], 0xa5);
		ck_assert_int_eq(memcmp(data, data + 1, len - 1), 0);
	}
}

static void reset_in_flight(int n, bool by_register)
{
	struct nvme_dev dev;
	struct nvme_queue *queue = nvme_start(&dev, n, NVME_SHARED);
	uint8_t *data = dev.memory + NVME_DATA;

	for (int i = 0; i < 5; i++) {
		start_reads(&dev, queue, nvme_iova(&dev, data));
		usleep((unsigned int)i * 300);
		if (by_register)
			nvme_disable(&dev);
		else
			ck_ok(vfio_ioctl(dev.session.device, VFIO_DEVICE_RESET,
					 NULL));
		assert_left_alone(data);
		ck_assert_uint_eq(nvme_read32(&dev, REG_CSTS), 0);
		/* A function reset turns these off, too. */
		nvme_set_command(&dev);
		nvme_enable(&dev, false);
		queue = nvme_create(&dev, 1, NVME_MAX_DEPTH);
		nvme_assert_works(&dev, queue);
	}
	nvme_close(&dev);
}

START_TEST(device_reset_in_flight)
{
	reset_in_flight(_i, false);
}
END_TEST

START_TEST(controller_reset_in_flight)
{
	reset_in_flight(_i, true);
}
END_TEST

START_TEST(unmap_in_flight)
{
	struct nvme_dev dev;
	struct nvme_queue *queue = nvme_start(&dev, _i, 0);
	unsigned int failed = 0;

	/* Until one was not all done before. */
	for (unsigned int round = 0; round < 1000 && (round < 8 || !failed);
	     round++) {
		uint8_t *extra = map_extra(&dev);
		unsigned int i;

		start_reads(&dev, queue, EXTRA_IOVA);
		usleep(round % 8 * 200);
		unmap_extra(&dev);
		assert_left_alone(extra);
		for (i = 0; i < NVME_MAX_DEPTH - 1; i++) {
			struct nvme_cqe cqe;

			ck_assert(nvme_wait(&dev, queue, &cqe));
			ck_assert_uint_eq(cqe.cid, i);
			if (cqe.status >> 1 == SUCCESS)
				continue;
			ck_assert_uint_eq(cqe.status >> 1, DATA_TRANSFER_ERROR);
			failed++;
		}
		munmap(extra, EXTRA_SIZE);
	}
	ck_assert_uint_gt(failed, 0);
	nvme_assert_works(&dev, queue);
	nvme_close(&dev);
}
END_TEST

START_TEST(close_in_flight)
{
	for (int i = 0; i < 10; i++) {
		struct nvme_dev dev;
		struct nvme_queue *queue = nvme_start(&dev, _i, NVME_SHARED);

		nvme_assert_works(&dev, queue);
		start_reads(&dev, queue, NVME_IOVA + NVME_DATA);
		nvme_close(&dev);
	}
}
END_TEST

static int exit_in_flight(void *arg)
{
	int n = *(int *)arg;
	struct nvme_dev dev;
	struct nvme_queue *queue = nvme_start(&dev, n, 0);

	start_reads(&dev, queue, NVME_IOVA + NVME_DATA);
	return 42;
}

START_TEST(process_exit_in_flight)
{
	for (int i = 0; i < 5; i++) {
		struct nvme_dev dev;
		struct nvme_queue *queue;

		ck_assert_int_eq(in_child(exit_in_flight, &_i), 42);
		ck_ok(vfio_device_is_free(_i));
		queue = nvme_start(&dev, _i, 0);
		nvme_assert_works(&dev, queue);
		nvme_close(&dev);
	}
}
END_TEST

/* Any bytes as commands, on all queues; then all over again. */
START_TEST(garbage)
{
	struct nvme_dev dev;
	struct nvme_queue *queue = nvme_start(&dev, _i, 0);
	unsigned int seed = 4711;

	for (int round = 0; round < 10; round++) {
		for (unsigned int i = 0; i < NVME_MAX_DEPTH - 1; i++) {
			struct nvme_cmd cmd;
			uint8_t *bytes = (void *)&cmd;

			for (size_t j = 0; j < sizeof(cmd); j++)
				bytes[j] = (uint8_t)rand_r(&seed);
			/* Let some get further than others. */
			if (i % 2)
				cmd.flags = 0;
			if (i % 3)
				cmd.nsid = 1;
			if (i % 5)
				cmd.opcode &= 0x0f;
			if (i % 7)
				cmd.prp1 &= NVME_MEMORY - 4;
			nvme_push(i % 4 ? queue : &dev.queues[0], &cmd,
				  (uint16_t)i);
		}
		nvme_ring(&dev, queue);
		nvme_ring(&dev, &dev.queues[0]);
		nvme_write32(&dev, (uint32_t)rand_r(&seed) % 0x4000 & ~3U,
			     (uint32_t)rand_r(&seed));
		usleep(2000);
		nvme_disable(&dev);
		nvme_enable(&dev, false);
		queue = nvme_create(&dev, 1, NVME_MAX_DEPTH);
	}
	nvme_assert_works(&dev, queue);
	nvme_close(&dev);
}
END_TEST

Suite *nvme_misuse_suite(void)
{
	Suite *suite = suite_create("nvme misuse");
	TCase *tc = client_case(suite, "misuse");

	EACH(tc, wild_prps);
	EACH(tc, wrong_doorbells);
	tcase_add_loop_test(tc, queue_unmapped, 0, 2 * NVME_DEVICES);
	EACH(tc, device_reset_in_flight);
	EACH(tc, controller_reset_in_flight);
	EACH(tc, unmap_in_flight);
	EACH(tc, close_in_flight);
	EACH(tc, process_exit_in_flight);
	EACH(tc, garbage);
	return suite;
}
