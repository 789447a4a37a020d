// SPDX-License-Identifier: BSD-3-Clause
/* The NVM command set: data, PRPs, errors. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nvme_rig.h"
#include "suites.h"

#define BLOCK RIG_BLOCK
#define SEED 0x5a

static void put_list(uint64_t iova, const uint64_t *entries, size_t nr)
{
	memcpy(fake_dma_at(iova), entries, nr * sizeof(*entries));
}

/* Sizes and offsets in pages whose PRPs need no list. */
START_TEST(small)
{
	static const struct {
		uint32_t nr;
		uint64_t offset;
	} cases[] = {
		{ 1, 0 },   { 1, 4 },	 { 1, 3584 }, { 1, 3588 }, { 8, 0 },
		{ 8, 512 }, { 8, 4092 }, { 16, 0 },   { 9, 3584 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t len = cases[i].nr * BLOCK;
		uint64_t prp1 = DATA + cases[i].offset;
		uint64_t prp2 = DATA + FAKE_PAGE;

		fill(prp1, len, SEED + i);
		ck_assert_uint_eq(submit(1, rw(IO_WRITE, 100 + i, cases[i].nr,
					       prp1, prp2)),
				  SUCCESS);
		memset(fake_dma_at(prp1), 0, len);
		ck_assert_uint_eq(submit(1, rw(IO_READ, 100 + i, cases[i].nr,
					       prp1, prp2)),
				  SUCCESS);
		assert_filled(prp1, len, SEED + i);
		ck_assert_uint_eq(submit(1, rw(IO_COMPARE, 100 + i, cases[i].nr,
					       prp1, prp2)),
				  SUCCESS);
	}
}
END_TEST

/* Pages in another order, by a list. */
START_TEST(list)
{
	const uint64_t entries[] = { DATA + 5 * FAKE_PAGE, DATA + 3 * FAKE_PAGE,
				     DATA + 4 * FAKE_PAGE };
	uint32_t nr = 3 * FAKE_PAGE / BLOCK + 1;

	put_list(LIST + 8, entries, 3);
	fill(DATA + 512, FAKE_PAGE - 512, 1);
	fill(entries[0], FAKE_PAGE, 2);
	fill(entries[1], FAKE_PAGE, 3);
	fill(entries[2], 1024, 4);
	ck_assert_uint_eq(submit(1, rw(IO_WRITE, 0, nr, DATA + 512, LIST + 8)),
			  SUCCESS);
	/* Read it in one piece. */
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 7, DATA + 8 * FAKE_PAGE, 0)),
			  SUCCESS);
	assert_filled(DATA + 8 * FAKE_PAGE, FAKE_PAGE - 512, 1);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 7, 8, DATA + 8 * FAKE_PAGE, 0)),
			  SUCCESS);
	assert_filled(DATA + 8 * FAKE_PAGE, FAKE_PAGE, 2);
	ck_assert_uint_eq(submit(1,
				 rw(IO_READ, 15, 8, DATA + 8 * FAKE_PAGE, 0)),
			  SUCCESS);
	assert_filled(DATA + 8 * FAKE_PAGE, FAKE_PAGE, 3);
	ck_assert_uint_eq(submit(1,
				 rw(IO_READ, 23, 2, DATA + 8 * FAKE_PAGE, 0)),
			  SUCCESS);
	assert_filled(DATA + 8 * FAKE_PAGE, 1024, 4);
}
END_TEST

/* The largest transfer, to one page again and again, the list's first part at
 * a page's very end. */
START_TEST(chained_list)
{
	uint64_t entries[128], chain[2] = { DATA, LIST + FAKE_PAGE };
	uint32_t nr = NVME_TRANSFER_MAX / BLOCK;
	uint64_t at = LIST + FAKE_PAGE - sizeof(chain);

	fill(DATA, FAKE_PAGE, 7);
	for (size_t i = 0; i < 128; i++)
		entries[i] = DATA;
	put_list(at, chain, 2);
	put_list(LIST + FAKE_PAGE, entries, 128);
	ck_assert_uint_eq(submit(1, rw(IO_WRITE, 0, nr, DATA, at)), SUCCESS);
	ck_assert_uint_eq(submit(1, rw(IO_WRITE, 0, nr, DATA, at + 8)),
			  SUCCESS);
	memset(fake_dma_at(DATA), 0, FAKE_PAGE);
	ck_assert_uint_eq(submit(1, rw(IO_READ, nr - 8, 8, DATA, 0)), SUCCESS);
	assert_filled(DATA, FAKE_PAGE, 7);
	ck_assert_uint_eq(submit(1, rw(IO_READ, nr, 8, DATA, 0)), SUCCESS);
	for (size_t i = 0; i < FAKE_PAGE; i++)
		ck_assert_uint_eq(((uint8_t *)fake_dma_at(DATA))[i], 0);
	/* One page more than MDTS. */
	ck_assert_uint_eq(submit(1, rw(IO_WRITE, 0, nr + 1, DATA, at)),
			  INVALID_FIELD);
}
END_TEST

START_TEST(wrong_prps)
{
	const uint64_t crooked[] = { DATA, DATA + 4 };
	const uint64_t wild[] = { DATA, NOWHERE };

	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 1, DATA + 2, 0)),
			  PRP_OFFSET_INVALID);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 16, DATA, DATA + 512)),
			  PRP_OFFSET_INVALID);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 24, DATA, LIST + 4)),
			  PRP_OFFSET_INVALID);
	put_list(LIST, crooked, 2);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 24, DATA, LIST)),
			  PRP_OFFSET_INVALID);
	/* The pointer to the next part of a list. */
	put_list(LIST + FAKE_PAGE - 8, &crooked[1], 1);
	ck_assert_uint_eq(
		submit(1, rw(IO_READ, 0, 24, DATA, LIST + FAKE_PAGE - 8)),
		PRP_OFFSET_INVALID);
	put_list(LIST + FAKE_PAGE - 8, &wild[1], 1);
	ck_assert_uint_eq(
		submit(1, rw(IO_READ, 0, 24, DATA, LIST + FAKE_PAGE - 8)),
		DATA_TRANSFER_ERROR);
	put_list(LIST, wild, 2);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 24, DATA, LIST)),
			  DATA_TRANSFER_ERROR);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 24, DATA, NOWHERE)),
			  DATA_TRANSFER_ERROR);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 1, NOWHERE, 0)),
			  DATA_TRANSFER_ERROR);
	ck_assert_uint_eq(submit(1, rw(IO_WRITE, 0, 1, NOWHERE, 0)),
			  DATA_TRANSFER_ERROR);
	ck_assert_uint_eq(submit(1, rw(IO_COMPARE, 0, 1, NOWHERE, 0)),
			  DATA_TRANSFER_ERROR);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 1, UINT64_MAX - 4095, 0)),
			  DATA_TRANSFER_ERROR);
	/* A page that the device may not write to. */
	fake_dma_prot(DATA, VFIO_DMA_MAP_FLAG_READ);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 1, DATA, 0)),
			  DATA_TRANSFER_ERROR);
	ck_assert_uint_eq(submit(1, rw(IO_WRITE, 0, 1, DATA, 0)), SUCCESS);
}
END_TEST

/* Pages of 16 KiB: one holds what needed a list before. */
START_TEST(large_pages)
{
	disable();
	reg_write64(REG_ASQ, FAKE_DMA_BASE);
	reg_write64(REG_ACQ, FAKE_DMA_BASE + 0x4000);
	reg_write(REG_CC, CQES << 20 | SQES << 16 | 2 << 7 | CC_EN);
	ck_assert_uint_eq(reg_read(REG_CSTS), CSTS_RDY);
	for (int i = 0; i < 2; i++) {
		struct nvme_cmd *cmd = fake_dma_at(FAKE_DMA_BASE);
		const struct nvme_cqe *cqe =
			fake_dma_at(FAKE_DMA_BASE + 0x4000);

		cmd[i] = data_cmd(ADMIN_IDENTIFY, 0, DATA + 0x2000);
		cmd[i].prp1 += (uint64_t)i * 0x1f00;
		cmd[i].prp2 = NOWHERE;
		cmd[i].cdw10 = CNS_CONTROLLER;
		reg_write(REG_DOORBELLS, i + 1);
		let_run();
		ck_assert_uint_eq(cqe[i].status,
				  (i ? DATA_TRANSFER_ERROR << 1 : 0) | 1);
	}
}
END_TEST

START_TEST(block_ranges)
{
	static const uint8_t opcodes[] = { IO_READ, IO_WRITE, IO_COMPARE,
					   IO_WRITE_ZEROES };

	for (size_t i = 0; i < sizeof(opcodes); i++) {
		uint8_t opcode = opcodes[i];
		struct nvme_cmd cmd = rw(opcode, 0, 1, DATA, 0);

		ck_assert_uint_eq(
			submit(1, rw(opcode, RIG_BLOCKS - 1, 1, DATA, 0)),
			SUCCESS);
		ck_assert_uint_eq(
			submit(1, rw(opcode, RIG_BLOCKS - 1, 2, DATA, 0)),
			LBA_OUT_OF_RANGE);
		ck_assert_uint_eq(submit(1, rw(opcode, UINT64_MAX, 2, DATA, 0)),
				  LBA_OUT_OF_RANGE);
		cmd.nsid = 0;
		ck_assert_uint_eq(submit(1, cmd), INVALID_NAMESPACE);
		cmd.nsid = 2;
		ck_assert_uint_eq(submit(1, cmd), INVALID_NAMESPACE);
		cmd.nsid = NSID_ALL;
		ck_assert_uint_eq(submit(1, cmd), INVALID_NAMESPACE);
		cmd.nsid = 1;
		cmd.flags = 0x40; /* an SGL */
		ck_assert_uint_eq(submit(1, cmd), INVALID_FIELD);
		cmd.flags = 1; /* fused */
		ck_assert_uint_eq(submit(1, cmd), INVALID_FIELD);
	}
}
END_TEST

START_TEST(other_commands)
{
	struct nvme_cmd flush = { .opcode = IO_FLUSH, .nsid = NSID_ALL };
	struct nvme_cmd unknown = { .opcode = 0x04, .nsid = 1 };

	ck_assert_uint_eq(submit(1, flush), SUCCESS);
	flush.nsid = 2;
	ck_assert_uint_eq(submit(1, flush), INVALID_NAMESPACE);
	ck_assert_uint_eq(submit(1, unknown), INVALID_OPCODE);
	unknown.opcode = 0xff;
	ck_assert_uint_eq(submit(1, unknown), INVALID_OPCODE);
}
END_TEST

START_TEST(compare)
{
	fill(DATA, FAKE_PAGE * 2, SEED);
	ck_assert_uint_eq(submit(1,
				 rw(IO_WRITE, 8, 16, DATA, DATA + FAKE_PAGE)),
			  SUCCESS);
	*(uint8_t *)fake_dma_at(DATA + 2 * FAKE_PAGE - 1) ^= 1;
	ck_assert_uint_eq(submit(1,
				 rw(IO_COMPARE, 8, 16, DATA, DATA + FAKE_PAGE)),
			  COMPARE_FAILURE);
	ck_assert_uint_eq(submit(1,
				 rw(IO_COMPARE, 8, 15, DATA, DATA + FAKE_PAGE)),
			  SUCCESS);
}
END_TEST

static void assert_zeroed(uint64_t slba, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		const uint8_t *bytes = fake_dma_at(DATA);

		ck_assert_uint_eq(submit(1, rw(IO_READ, slba + i, 1, DATA, 0)),
				  SUCCESS);
		for (size_t j = 0; j < BLOCK; j++)
			ck_assert_uint_eq(bytes[j], 0);
	}
}

static void write_blocks(uint64_t slba, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		fill(DATA, BLOCK, SEED);
		ck_assert_uint_eq(submit(1, rw(IO_WRITE, slba + i, 1, DATA, 0)),
				  SUCCESS);
	}
}

static void assert_blocks(uint64_t slba, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		ck_assert_uint_eq(submit(1, rw(IO_READ, slba + i, 1, DATA, 0)),
				  SUCCESS);
		assert_filled(DATA, BLOCK, SEED);
	}
}

START_TEST(zeroes)
{
	write_blocks(0, 64);
	ck_assert_uint_eq(submit(1, rw(IO_WRITE_ZEROES, 3, 2, 0, 0)), SUCCESS);
	ck_assert_uint_eq(submit(1, rw(IO_WRITE_ZEROES, 13, 30, 0, 0)),
			  SUCCESS);
	assert_blocks(0, 3);
	assert_zeroed(3, 2);
	assert_blocks(5, 8);
	assert_zeroed(13, 30);
	assert_blocks(43, 21);
}
END_TEST

static struct nvme_cmd dsm(uint32_t nr, uint32_t cdw11)
{
	struct nvme_cmd cmd = data_cmd(IO_DSM, 1, LIST);

	cmd.cdw10 = nr - 1;
	cmd.cdw11 = cdw11;
	return cmd;
}

START_TEST(deallocate)
{
	struct nvme_dsm_range *ranges = fake_dma_at(LIST);

	write_blocks(0, 64);
	ranges[0] = (struct nvme_dsm_range){ .slba = 5, .blocks = 1 };
	ranges[1] = (struct nvme_dsm_range){ .slba = 8, .blocks = 24 };
	ranges[2] = (struct nvme_dsm_range){ .slba = 40, .blocks = 0 };
	/* Other attributes are hints only. */
	ck_assert_uint_eq(submit(1, dsm(3, 3)), SUCCESS);
	assert_blocks(0, 64);
	ck_assert_uint_eq(submit(1, dsm(3, DSM_DEALLOCATE)), SUCCESS);
	assert_blocks(0, 5);
	assert_zeroed(5, 1);
	assert_blocks(6, 2);
	assert_zeroed(8, 24);
	assert_blocks(32, 32);
	/* All or nothing. */
	ranges[0] = (struct nvme_dsm_range){ .slba = 40, .blocks = 8 };
	ranges[1] = (struct nvme_dsm_range){ .slba = RIG_BLOCKS, .blocks = 1 };
	ck_assert_uint_eq(submit(1, dsm(2, DSM_DEALLOCATE)), LBA_OUT_OF_RANGE);
	assert_blocks(40, 8);
	fake_dma_prot(LIST, 0);
	ck_assert_uint_eq(submit(1, dsm(2, DSM_DEALLOCATE)),
			  DATA_TRANSFER_ERROR);
}
END_TEST

static void setup_readonly(void)
{
	fake_param("readonly", "on");
	nvme_rig_setup();
}

START_TEST(readonly)
{
	memset(fake_dma_at(LIST), 0, 16);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 1, DATA, 0)), SUCCESS);
	ck_assert_uint_eq(submit(1, rw(IO_WRITE, 0, 1, DATA, 0)),
			  WRITE_PROTECTED);
	ck_assert_uint_eq(submit(1, rw(IO_WRITE_ZEROES, 0, 1, DATA, 0)),
			  WRITE_PROTECTED);
	ck_assert_uint_eq(submit(1, dsm(1, DSM_DEALLOCATE)), WRITE_PROTECTED);
}
END_TEST

static void setup_4k(void)
{
	fake_param("block", "4096");
	nvme_rig_setup();
}

START_TEST(block_4k)
{
	fill(DATA, FAKE_PAGE, SEED);
	ck_assert_uint_eq(submit(1, rw(IO_WRITE, 255, 1, DATA, 0)), SUCCESS);
	memset(fake_dma_at(DATA), 0, FAKE_PAGE);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 255, 1, DATA, 0)), SUCCESS);
	assert_filled(DATA, FAKE_PAGE, SEED);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 256, 1, DATA, 0)),
			  LBA_OUT_OF_RANGE);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 129, DATA, LIST)),
			  INVALID_FIELD);
}
END_TEST

/* ---- the namespace itself, in a file ---- */

static char path[] = "/tmp/vfiod-nvme-XXXXXX";
static int fd;
static struct nvme_ns ns;

static void setup_file(void)
{
	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
	ns = (struct nvme_ns){ .shift = 9 };
	ck_assert_int_eq(nvme_ns_file(&ns, path, 65536), 0);
	unlink(path);
}

static void teardown_file(void)
{
	nvme_ns_free(&ns);
	close(fd);
}

START_TEST(file_data)
{
	uint8_t *data = nvme_ns_buffer(&ns, 4096);
	uint8_t bytes[65536];
	void *read;

	ck_assert_uint_eq(ns.blocks, 2048);
	memset(data, SEED, 65536);
	ck_assert_int_eq(nvme_ns_write(&ns, 4096, 65536, false), 0);
	ck_assert_int_eq(nvme_ns_write(&ns, 4096, 65536, true), 0);
	ck_assert_int_eq(nvme_ns_flush(&ns), 0);
	ck_assert_int_eq(pread(fd, bytes, sizeof(bytes), 4096), 65536);
	for (size_t i = 0; i < sizeof(bytes); i++)
		ck_assert_uint_eq(bytes[i], SEED);
	ck_assert_int_eq(nvme_ns_read(&ns, 4096 + 65536 - 512, 1024, &read), 0);
	ck_assert_uint_eq(((uint8_t *)read)[511], SEED);
	ck_assert_uint_eq(((uint8_t *)read)[512], 0);
	ck_assert_int_eq(nvme_ns_zero(&ns, 8192, 131072, true), 0);
	nvme_ns_deallocate(&ns, 4608, 512);
	ck_assert_int_eq(nvme_ns_read(&ns, 4096, 8192, &read), 0);
	for (size_t i = 0; i < 8192; i++)
		ck_assert_uint_eq(((uint8_t *)read)[i],
				  i < 512 || (i >= 1024 && i < 4096) ? SEED :
								       0);
}
END_TEST

START_TEST(file_errors)
{
	void *read;

	/* It has become shorter behind our back. */
	ck_assert_int_eq(ftruncate(fd, 8192), 0);
	ck_assert_int_eq(nvme_ns_read(&ns, 8192 - 512, 1024, &read), -EIO);
	/* It cannot be written to any more. */
	ck_assert_int_eq(dup3(open("/dev/null", O_RDONLY), ns.fd, O_CLOEXEC),
			 ns.fd);
	ck_assert_int_eq(nvme_ns_write(&ns, 0, 512, false), -EBADF);
	ck_assert_int_lt(nvme_ns_zero(&ns, 0, 512, false), 0);
}
END_TEST

Suite *nvme_io_suite(void)
{
	Suite *suite = suite_create("nvme I/O");
	TCase *tc = tcase_create("commands");

	tcase_add_checked_fixture(tc, nvme_rig_setup, nvme_rig_teardown);
	tcase_add_test(tc, small);
	tcase_add_test(tc, list);
	tcase_add_test(tc, chained_list);
	tcase_add_test(tc, wrong_prps);
	tcase_add_test(tc, large_pages);
	tcase_add_test(tc, block_ranges);
	tcase_add_test(tc, other_commands);
	tcase_add_test(tc, compare);
	tcase_add_test(tc, zeroes);
	tcase_add_test(tc, deallocate);
	suite_add_tcase(suite, tc);
	tc = tcase_create("readonly");
	tcase_add_checked_fixture(tc, setup_readonly, nvme_rig_teardown);
	tcase_add_test(tc, readonly);
	suite_add_tcase(suite, tc);
	tc = tcase_create("4096");
	tcase_add_checked_fixture(tc, setup_4k, nvme_rig_teardown);
	tcase_add_test(tc, block_4k);
	suite_add_tcase(suite, tc);
	tc = tcase_create("file");
	tcase_add_checked_fixture(tc, setup_file, teardown_file);
	tcase_add_test(tc, file_data);
	tcase_add_test(tc, file_errors);
	suite_add_tcase(suite, tc);
	return suite;
}
