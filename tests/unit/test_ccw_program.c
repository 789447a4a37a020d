// SPDX-License-Identifier: BSD-3-Clause
/* Channel programs: how they are fetched, what is pinned, how they chain. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ccw_rig.h"
#include "suites.h"

static const uint8_t identity[] = { 0xff, 0x63, 0x10, 0x80, 0x93, 0x36, 0x10 };

START_TEST(one)
{
	struct scsw status;

	ccw1(SENSE_ID, 0, 7, DATA + 5);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), 0);
	ck_assert_uint_eq(fake_dma_pins(), 1);
	ck_assert_uint_eq(fake_dma_pins_at(DATA + 5), 1);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), -EBUSY);
	status = finish();
	assert_good(status);
	ck_assert_uint_eq(status.fctl, SCSW_FCTL_START);
	ck_assert_uint_eq(status.actl, 0);
	ck_assert_uint_eq(status.stctl, SCSW_STCTL_PENDING |
						SCSW_STCTL_PRIMARY |
						SCSW_STCTL_SECONDARY);
	ck_assert_uint_eq(status.cpa, PROGRAM + 8);
	ck_assert_uint_eq(status.count, 0);
	ck_assert_mem_eq(fake_dma_at(DATA + 5), identity, 7);
	ck_assert_uint_eq(fake_timers_run(), 0);
	assert_good(run(FORMAT1));
}
END_TEST

START_TEST(format0)
{
	ccw0(NOP, CC, 1, DATA);
	ccw0(TIC | 0x70, 0xff, 0xffff, PROGRAM2);
	at(PROGRAM2);
	ccw0(SENSE_ID, 0, 7, DATA);
	ck_assert_int_eq(start(PROGRAM, 0), 0);
	ck_assert_uint_eq(finish().cpa, PROGRAM2 + 8);
	ck_assert_mem_eq(fake_dma_at(DATA), identity, 7);
	/* As format 1 the first one is not chained. */
	ck_assert_int_eq(start(PROGRAM, FORMAT1), 0);
	ck_assert_uint_eq(finish().cpa, PROGRAM + 8);
}
END_TEST

START_TEST(command_chain)
{
	locate(READ, 3, 2);
	ccw1(READ, CC, 2 * BLOCK, DATA);
	ccw1(SENSE_ID, 0, 7, DATA + 0x1000);
	assert_good(run(FORMAT1));
	assert_disk_bytes(fake_dma_at(DATA), 3 * BLOCK, 2 * BLOCK);
	ck_assert_mem_eq(fake_dma_at(DATA + 0x1000), identity, 7);
}
END_TEST

START_TEST(data_chain)
{
	locate(READ, 10, 4);
	ccw1(READ, DC, 100, DATA);
	ccw1(NOP + 0x10, DC, 3000 - 2048, DATA + 0x1ff0);
	ccw1(READ, 0, 4 * BLOCK - 100 - (3000 - 2048), DATA + 0x4000);
	assert_good(run(FORMAT1));
	assert_disk_bytes(fake_dma_at(DATA), 10 * BLOCK, 100);
	assert_disk_bytes(fake_dma_at(DATA + 0x1ff0), 10 * BLOCK + 100,
			  3000 - 2048);
	assert_disk_bytes(fake_dma_at(DATA + 0x4000), 10 * BLOCK + 1052,
			  4 * BLOCK - 1052);
}
END_TEST

START_TEST(write_data_chain)
{
	uint8_t block[BLOCK], want[BLOCK];

	memset(want, 0x11, 200);
	memset(want + 200, 0x22, BLOCK - 200);
	memset(fake_dma_at(DATA), 0x11, 200);
	memset(fake_dma_at(DATA + 0x3000), 0x22, BLOCK - 200);
	locate(WRITE, 63, 1);
	ccw1(WRITE, DC, 200, DATA);
	ccw1(TIC, 0, 0, PROGRAM2);
	at(PROGRAM2);
	ccw1(WRITE, 0, BLOCK - 200, DATA + 0x3000);
	assert_good(run(FORMAT1));
	ck_assert_int_eq(pread(rig.disk, block, BLOCK, 63 * BLOCK), BLOCK);
	ck_assert_mem_eq(block, want, BLOCK);
}
END_TEST

START_TEST(skip)
{
	locate(READ, 0, 2);
	ccw1(READ, DC | SKIP, BLOCK, 0);
	ccw1(READ, 0, BLOCK, DATA);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), 0);
	/* Two orders, one block: nothing is pinned for what is skipped. */
	ck_assert_uint_eq(fake_dma_pins(), 3);
	assert_good(finish());
	assert_disk_bytes(fake_dma_at(DATA), BLOCK, BLOCK);
}
END_TEST

/* Direct data of 16 pages: 2 KiB blocks for 32-bit IDAWs, else 4 KiB. */
START_TEST(direct_pages)
{
	static const struct {
		uint8_t orb;
		unsigned int pins, calls;
	} kinds[] = { { FORMAT1, 5, 5 },
		      { FORMAT1 | IDAW64 | IDAW2K, 5, 5 },
		      { FORMAT1 | IDAW64, 3, 2 },
		      { FORMAT1 | IDAW2K, 5, 5 } };

	locate(READ, 0, 16);
	ccw1(READ, 0, 8192, DATA + 0x700);
	ck_assert_int_eq(start(PROGRAM, kinds[_i].orb), 0);
	ck_assert_uint_eq(fake_dma_pins(), 2 + kinds[_i].pins);
	ck_assert_uint_eq(fake_dma_pin_calls(), 2 + kinds[_i].calls);
	ck_assert_uint_eq(fake_dma_pins_at(DATA + 0x700), 1);
	ck_assert_uint_eq(fake_dma_pins_at(DATA + 0x800), kinds[_i].pins == 5);
	ck_assert_uint_eq(fake_dma_pins_at(DATA + 0x1000), 1);
	assert_good(finish());
	assert_disk_bytes(fake_dma_at(DATA + 0x700), 0, 8192);
	ck_assert_uint_eq(*(uint8_t *)fake_dma_at(DATA + 0x700 + 8192), 0);
}
END_TEST

START_TEST(idal_4k)
{
	put64(IDAL, DATA + 0xe00);
	put64(IDAL + 8, DATA + 0x5000);
	put64(IDAL + 16, DATA + 0x6000);
	put64(IDAL + 24, DATA + 0x3000);
	locate(READ, 5, 20);
	ccw1(READ, IDA, 20 * BLOCK, IDAL);
	ck_assert_int_eq(start(PROGRAM, FORMAT1 | IDAW64), 0);
	/* The two that adjoin are one call. */
	ck_assert_uint_eq(fake_dma_pins(), 2 + 4);
	ck_assert_uint_eq(fake_dma_pin_calls(), 2 + 3);
	assert_good(finish());
	assert_disk_bytes(fake_dma_at(DATA + 0xe00), 5 * BLOCK, 512);
	assert_disk_bytes(fake_dma_at(DATA + 0x5000), 5 * BLOCK + 512, 8192);
	assert_disk_bytes(fake_dma_at(DATA + 0x3000), 5 * BLOCK + 8704, 1536);
}
END_TEST

/* _i: 32-bit words, or 64-bit ones for 2 KiB. */
START_TEST(idal_2k)
{
	static const uint32_t words[] = { DATA + 0x7f0, DATA + 0x800,
					  DATA + 0x5800 };
	uint8_t orb = _i ? FORMAT1 | IDAW64 | IDAW2K : FORMAT1;

	for (unsigned int i = 0; i < 3; i++) {
		if (_i)
			put64(IDAL + 8 * i, words[i]);
		else
			put32(IDAL + 4 * i, words[i]);
	}
	locate(READ, 0, 6);
	ccw1(READ, IDA, 6 * BLOCK, IDAL);
	ck_assert_int_eq(start(PROGRAM, orb), 0);
	/* Two of them in one page, which is pinned twice. */
	ck_assert_uint_eq(fake_dma_pins_at(DATA + 0x7f0), 1);
	ck_assert_uint_eq(fake_dma_pins_at(DATA + 0x800), 1);
	ck_assert_uint_eq(fake_dma_pins(), 2 + 3);
	assert_good(finish());
	assert_disk_bytes(fake_dma_at(DATA + 0x7f0), 0, 16 + 2048);
	assert_disk_bytes(fake_dma_at(DATA + 0x5800), 16 + 2048,
			  6 * BLOCK - 16 - 2048);
}
END_TEST

START_TEST(idaw_not_aligned)
{
	put64(IDAL, DATA);
	put64(IDAL + 8, DATA + 0x1800);
	locate(READ, 0, 16);
	ccw1(READ, IDA, 16 * BLOCK, IDAL);
	assert_status(run(FORMAT1 | IDAW64), 0, CSTAT_PROGRAM_CHECK);
}
END_TEST

START_TEST(tic)
{
	ccw1(NOP, CC, 0, 0);
	ccw1(TIC, 0, 0, PROGRAM2 + 16);
	at(PROGRAM2 + 16);
	ccw1(SENSE_ID, CC, 7, DATA);
	ccw1(TIC, 0, 0, PROGRAM2);
	at(PROGRAM2);
	ccw1(NOP, 0, 0, 0);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), 0);
	ck_assert_uint_eq(finish().cpa, PROGRAM2 + 8);
	ck_assert_mem_eq(fake_dma_at(DATA), identity, 7);
}
END_TEST

START_TEST(tic_to_tic)
{
	ccw1(TIC, 0, 0, PROGRAM2);
	at(PROGRAM2);
	ccw1(TIC, 0, 0, PROGRAM2 + 0x100);
	at(PROGRAM2 + 0x100);
	ccw1(NOP, 0, 0, 0);
	assert_status(run(FORMAT1), 0, CSTAT_PROGRAM_CHECK);
}
END_TEST

START_TEST(not_aligned)
{
	ccw1(NOP, CC, 0, 0);
	ccw1(TIC, 0, 0, PROGRAM2 + 4);
	assert_status(run(FORMAT1), 0, CSTAT_PROGRAM_CHECK);
	at(PROGRAM);
	ccw1(0x40, SLI, 1, DATA);
	assert_status(run(FORMAT1), 0, CSTAT_PROGRAM_CHECK);
	at(PROGRAM);
	ccw1(NOP, CCW_FLAG_SUSPEND, 1, DATA);
	assert_status(run(FORMAT1), 0, CSTAT_PROGRAM_CHECK);
}
END_TEST

/* 256 are a segment; a TIC back into it does not end it. */
START_TEST(long_segment)
{
	for (int i = 0; i < 254; i++)
		ccw1(NOP, CC, 0, 0);
	ccw1(NOP, CC, 0, 0);
	ccw1(SENSE_ID, 0, 7, DATA);
	assert_good(run(FORMAT1));
	at(PROGRAM + 255 * CCW_SIZE);
	ccw1(NOP, CC, 0, 0);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), -EINVAL);
	ck_assert_uint_eq(fake_dma_pins(), 0);
	at(PROGRAM + 255 * CCW_SIZE);
	ccw1(TIC, 0, 0, PROGRAM);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), -EINVAL);
}
END_TEST

/* _i: how many. */
START_TEST(many_segments)
{
	for (uint32_t i = 0; i < (uint32_t)_i; i++) {
		at(PROGRAM + i * 64);
		ccw1(SENSE_ID, CC, 7, DATA + i * 16);
		if (i < (uint32_t)_i - 1)
			ccw1(TIC, 0, 0, PROGRAM + (i + 1) * 64);
		else
			ccw1(NOP, 0, 0, 0);
	}
	if (_i > 16) {
		ck_assert_int_eq(start(PROGRAM, FORMAT1), -EINVAL);
		ck_assert_uint_eq(fake_dma_pin_calls(), 0);
		return;
	}
	ck_assert_int_eq(start(PROGRAM, FORMAT1), 0);
	ck_assert_uint_eq(fake_dma_pins(), _i);
	assert_good(finish());
	ck_assert_mem_eq(fake_dma_at(DATA + (uint32_t)(_i - 1) * 16), identity,
			 7);
}
END_TEST

START_TEST(no_memory_behind)
{
	uint64_t last = FAKE_DMA_BASE + FAKE_DMA_PAGES * FAKE_PAGE;

	at(last - 2048);
	ccw1(NOP, 0, 0, 0);
	ck_assert_int_eq(start(last - 2048, FORMAT1), 0);
	assert_good(finish());
	at(last - 2040);
	ccw1(NOP, 0, 0, 0);
	ck_assert_int_eq(start(last - 2040, FORMAT1), -EINVAL);
}
END_TEST

/* What is wrong with the data; all that was pinned is given back. */
START_TEST(bad_data)
{
	locate(READ, 0, 24);
	ccw1(READ, 0, 24 * BLOCK, DATA);
	fake_dma_prot(DATA + 0x2000, 0);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), -EINVAL);
	ck_assert_uint_eq(fake_dma_pins(), 0);
	fake_dma_prot(DATA + 0x2000, VFIO_DMA_MAP_FLAG_READ);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), -EPERM);
	ck_assert_uint_eq(fake_dma_pins(), 0);
	/* Nor for a command that would only read it. */
	fake_dma_prot(ORDERS, VFIO_DMA_MAP_FLAG_READ);
	fake_dma_prot(DATA + 0x2000,
		      VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), -EPERM);
	/* A list of addresses has to be there also if there are no data. */
	at(PROGRAM);
	ccw1(NOP, IDA, 0, DATA + 0x100000);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), -EINVAL);
	ck_assert_uint_eq(fake_timers_run(), 0);
}
END_TEST

Suite *ccw_program_suite(void)
{
	Suite *suite = suite_create("ccw program");
	TCase *tc = tcase_create("program");

	tcase_add_checked_fixture(tc, ccw_rig_setup, ccw_rig_teardown);
	tcase_add_test(tc, one);
	tcase_add_test(tc, format0);
	tcase_add_test(tc, command_chain);
	tcase_add_test(tc, data_chain);
	tcase_add_test(tc, write_data_chain);
	tcase_add_test(tc, skip);
	tcase_add_loop_test(tc, direct_pages, 0, 4);
	tcase_add_test(tc, idal_4k);
	tcase_add_loop_test(tc, idal_2k, 0, 2);
	tcase_add_test(tc, idaw_not_aligned);
	tcase_add_test(tc, tic);
	tcase_add_test(tc, tic_to_tic);
	tcase_add_test(tc, not_aligned);
	tcase_add_test(tc, long_segment);
	tcase_add_loop_test(tc, many_segments, 15, 18);
	tcase_add_test(tc, no_memory_behind);
	tcase_add_test(tc, bad_data);
	suite_add_tcase(suite, tc);
	return suite;
}
