// SPDX-License-Identifier: BSD-3-Clause
/* The disk's commands: status, length, sense. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ccw_rig.h"
#include "suites.h"

#define GOOD (DSTAT_CHANNEL_END | DSTAT_DEVICE_END)
#define CHECK (GOOD | DSTAT_UNIT_CHECK)

/* A program of its own. */
static void assert_sense(uint8_t sense0, uint8_t sense1)
{
	uint8_t *sense = fake_dma_at(DATA + 0x6000);

	memset(sense, 0xee, 33);
	at(PROGRAM);
	ccw1(SENSE, 0, 32, DATA + 0x6000);
	assert_good(run(FORMAT1));
	ck_assert_uint_eq(sense[0], sense0);
	ck_assert_uint_eq(sense[1], sense1);
	ck_assert_uint_eq(sense[31], 0);
	ck_assert_uint_eq(sense[32], 0xee);
}

START_TEST(characteristics)
{
	const uint8_t *c = fake_dma_at(DATA);

	ccw1(RDC, 0, 32, DATA);
	assert_good(run(FORMAT1));
	ck_assert_uint_eq(c[0], 0x10);
	ck_assert_uint_eq(get_be16(c + 4), 512);
	ck_assert_uint_eq(get_be32(c + 14), RIG_BLOCKS);
}
END_TEST

START_TEST(write_read)
{
	uint8_t *data = fake_dma_at(DATA), block[3 * BLOCK];

	memset(data, 0x5a, 3 * BLOCK);
	locate(WRITE, 1, 3);
	ccw1(WRITE, CC, 3 * BLOCK, DATA);
	ccw1(LOCATE, CC, 8, ORDERS + 24);
	ccw1(READ, 0, BLOCK, DATA + 0x2000);
	put32(ORDERS + 24, 6 << 24 | 1);
	put32(ORDERS + 28, 4);
	assert_good(run(FORMAT1));
	ck_assert_int_eq(pread(rig.disk, block, sizeof(block), BLOCK),
			 sizeof(block));
	ck_assert_mem_eq(block, data, sizeof(block));
	assert_disk_bytes(fake_dma_at(DATA + 0x2000), 4 * BLOCK, BLOCK);
}
END_TEST

/* An extent that lies somewhere, with numbers of its own. */
START_TEST(extent)
{
	locate(READ, 0, 1);
	put32(ORDERS + 4, 20);
	put32(ORDERS + 8, 100);
	put32(ORDERS + 12, 109);
	put32(ORDERS + 20, 109);
	ccw1(READ, 0, BLOCK, DATA);
	assert_good(run(FORMAT1));
	assert_disk_bytes(fake_dma_at(DATA), 29 * BLOCK, BLOCK);
	put32(ORDERS + 20, 110);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), 0);
	ck_assert_uint_eq(finish().dstat, CHECK);
	assert_sense(0x80, 0);
	/* And it is told once. */
	assert_sense(0, 0);
}
END_TEST

struct bad_order {
	uint32_t order; /* which word */
	uint32_t value;
	uint8_t sense1;
};

static const struct bad_order bad_orders[] = {
	{ 0, 0x40000000 | 1024, 0 }, /* not the size of a block */
	{ 1, 1, 0 }, /* over the end of the disk */
	{ 1, UINT32_MAX, 0 },
	{ 2, 64, 0 }, /* ends before it begins */
	{ 3, 64, 0 },
	{ 3, UINT32_MAX, 0 },
	{ 4, 6 << 24 | 0, 0 }, /* no block */
	{ 4, 6 << 24 | 65, 0 }, /* more than there are */
	{ 4, 7 << 24 | 1, 0 }, /* no such operation */
	{ 4, 5 << 24 | 1, 0x04 }, /* to write where that is not allowed */
	{ 5, 64, 0 },
	{ 5, UINT32_MAX, 0 },
};

START_TEST(bad_order)
{
	struct scsw status;

	locate(READ, 0, 1);
	ccw1(READ, 0, BLOCK, DATA);
	put32(ORDERS + 4 * bad_orders[_i].order, bad_orders[_i].value);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), 0);
	status = finish();
	assert_status(status, CHECK, 0);
	ck_assert(status.stctl & SCSW_STCTL_ALERT);
	ck_assert_uint_eq(status.cpa,
			  PROGRAM + (bad_orders[_i].order < 4 ? 8 : 16));
	assert_sense(0x80, bad_orders[_i].sense1);
}
END_TEST

START_TEST(out_of_order)
{
	ccw1(READ, SLI, BLOCK, DATA);
	assert_status(run(FORMAT1), CHECK, 0);
	assert_sense(0x80, 0);
	/* What LOCATE found is for one command of its kind. */
	at(PROGRAM);
	locate(READ, 0, 1);
	ccw1(READ, CC, BLOCK, DATA);
	ccw1(READ, 0, BLOCK, DATA);
	assert_status(run(FORMAT1), CHECK, 0);
	at(PROGRAM);
	locate(READ, 0, 1);
	ccw1(WRITE, 0, BLOCK, DATA);
	assert_status(run(FORMAT1), CHECK, 0);
	/* And for the program it is in. */
	at(PROGRAM);
	locate(READ, 0, 1);
	ccw1(NOP, 0, 0, 0);
	assert_good(run(FORMAT1));
	at(PROGRAM);
	ccw1(LOCATE, CC, 8, ORDERS + 16);
	ccw1(READ, 0, BLOCK, DATA);
	assert_status(run(FORMAT1), CHECK, 0);
}
END_TEST

START_TEST(unknown_command)
{
	ccw1(0x9f, SLI, 1, DATA);
	assert_status(run(FORMAT1), CHECK, 0);
	assert_sense(0x80, 0);
	/* A NOP leaves the sense data. */
	at(PROGRAM);
	ccw1(0x9f, SLI, 1, DATA);
	assert_status(run(FORMAT1), CHECK, 0);
	at(PROGRAM);
	ccw1(NOP, 0, 0, 0);
	assert_good(run(FORMAT1));
	assert_sense(0x80, 0);
}
END_TEST

struct length {
	uint8_t flags;
	uint16_t count;
	uint8_t cstat;
	uint16_t residual;
};

static const struct length lengths[] = {
	{ 0, 7, 0, 0 },
	{ 0, 6, CSTAT_INCORRECT_LENGTH, 0 },
	{ 0, 9, CSTAT_INCORRECT_LENGTH, 2 },
	{ SLI, 6, 0, 0 },
	{ SLI, 9, 0, 2 },
	{ SLI, 0, 0, 0 },
};

START_TEST(length)
{
	const struct length *l = &lengths[_i];
	struct scsw status;

	ccw1(SENSE_ID, l->flags | CC, l->count, DATA);
	ccw1(NOP, 0, 0, 0);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), 0);
	status = finish();
	assert_status(status, GOOD, l->cstat);
	/* An incorrect length ends the chain. */
	ck_assert_uint_eq(status.cpa, PROGRAM + (l->cstat ? 8 : 16));
	if (l->cstat)
		ck_assert_uint_eq(status.count, l->residual);
	ck_assert_uint_eq(((uint8_t *)fake_dma_at(DATA))[l->count], 0);
}
END_TEST

/* Data that do not fill a chained CCW are too few, suppressed or not. */
START_TEST(length_in_data_chain)
{
	ccw1(SENSE_ID, DC | SLI, 8, DATA);
	ccw1(SENSE_ID, SLI, 8, DATA);
	assert_status(run(FORMAT1), GOOD, CSTAT_INCORRECT_LENGTH);
	at(PROGRAM);
	ccw1(SENSE_ID, DC | SLI, 7, DATA);
	ccw1(SENSE_ID, SLI, 8, DATA);
	assert_good(run(FORMAT1));
	ck_assert_uint_eq(last_status().count, 8);
}
END_TEST

/* An order that is cut short is none. */
START_TEST(short_order)
{
	locate(READ, 0, 1);
	at(PROGRAM);
	ccw1(DEFINE_EXTENT, CC | SLI, 12, ORDERS);
	assert_status(run(FORMAT1), CHECK, 0);
	assert_sense(0x80, 0);
}
END_TEST

/* The file has been cut behind our back. */
START_TEST(disk_fails)
{
	ck_assert_int_eq(ftruncate(rig.disk, 3 * BLOCK + 100), 0);
	locate(READ, 2, 2);
	ccw1(READ, SLI, 2 * BLOCK, DATA);
	assert_status(run(FORMAT1), CHECK, 0);
	assert_sense(0x10, 0);
}
END_TEST

Suite *ccw_disk_suite(void)
{
	Suite *suite = suite_create("ccw disk");
	TCase *tc = tcase_create("disk");

	tcase_add_checked_fixture(tc, ccw_rig_setup, ccw_rig_teardown);
	tcase_add_test(tc, characteristics);
	tcase_add_test(tc, write_read);
	tcase_add_test(tc, extent);
	tcase_add_loop_test(tc, bad_order, 0,
			    sizeof(bad_orders) / sizeof(bad_orders[0]));
	tcase_add_test(tc, out_of_order);
	tcase_add_test(tc, unknown_command);
	tcase_add_loop_test(tc, length, 0,
			    sizeof(lengths) / sizeof(lengths[0]));
	tcase_add_test(tc, length_in_data_chain);
	tcase_add_test(tc, short_order);
	tcase_add_test(tc, disk_fails);
	suite_add_tcase(suite, tc);
	return suite;
}
