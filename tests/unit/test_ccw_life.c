// SPDX-License-Identifier: BSD-3-Clause
/* A program that runs, and what comes in between. */
#include <errno.h>
#include <string.h>

#include <linux/vfio_ccw.h>

#include "attribute.h"
#include "ccw_rig.h"
#include "suites.h"

#define HALT VFIO_CCW_ASYNC_CMD_HSCH
#define CLEAR VFIO_CCW_ASYNC_CMD_CSCH
#define HALTED (SCSW_FCTL_START | SCSW_FCTL_HALT)

/* A program that goes round until it is stopped, with data in one page. */
static void start_endless(void)
{
	at(PROGRAM);
	ccw1(SENSE_ID, CC, 7, DATA + 0x100);
	ccw1(TIC, 0, 0, PROGRAM);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(fake_timers_run(), 1);
	ck_assert_uint_eq(fake_eventfd_take(rig.io_irq), 0);
	ck_assert_uint_eq(fake_dma_pins(), 1);
	ck_assert_uint_eq(*(uint8_t *)fake_dma_at(DATA + 0x100), 0xff);
	memset(fake_dma_at(DATA + 0x100), 0, 7);
}

/* It has stopped with these functions, and does not write any more. */
static void assert_stopped(uint8_t fctl)
{
	struct scsw status = last_status();

	ck_assert_uint_eq(status.fctl, fctl);
	ck_assert_uint_eq(status.actl, 0);
	ck_assert(status.stctl & SCSW_STCTL_PENDING);
	ck_assert_uint_eq(fake_dma_pins(), 0);
	fake_timers_run();
	ck_assert_uint_eq(fake_timers_run(), 0);
	ck_assert_uint_eq(fake_eventfd_take(rig.io_irq), 0);
	ck_assert_uint_eq(*(uint8_t *)fake_dma_at(DATA + 0x100), 0);
	at(PROGRAM);
	ccw1(NOP, 0, 0, 0);
	assert_good(run(FORMAT1));
}

START_TEST(busy)
{
	start_endless();
	ck_assert_int_eq(start(PROGRAM, FORMAT1), -EBUSY);
	ck_assert_uint_eq(fake_timers_run(), 1);
	ck_assert_uint_eq(fake_dma_pins(), 1);
}
END_TEST

START_TEST(halt)
{
	start_endless();
	ck_assert_int_eq(async_command(HALT), 0);
	ck_assert_int_eq(async_command(HALT), -EBUSY);
	/* The program is there until its status is taken. */
	ck_assert_int_eq(start(PROGRAM, FORMAT1), -EBUSY);
	ck_assert_uint_eq(fake_dma_pins(), 1);
	ck_assert_uint_eq(finish().fctl, HALTED);
	assert_stopped(HALTED);
}
END_TEST

START_TEST(clear)
{
	start_endless();
	ck_assert_int_eq(async_command(HALT), 0);
	ck_assert_int_eq(async_command(CLEAR), 0);
	ck_assert_int_eq(async_command(CLEAR), 0);
	ck_assert_uint_eq(finish().fctl, SCSW_FCTL_CLEAR);
	assert_stopped(SCSW_FCTL_CLEAR);
}
END_TEST

START_TEST(halt_idle)
{
	ck_assert_int_eq(async_command(HALT), 0);
	ccw1(NOP, 0, 0, 0);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), -EBUSY);
	ck_assert_uint_eq(finish().fctl, SCSW_FCTL_HALT);
	assert_stopped(SCSW_FCTL_HALT);
}
END_TEST

START_TEST(unmap)
{
	start_endless();
	rig.plugin->dma_unmap(rig.vdev, DATA, 0x1000);
	ck_assert_uint_eq(fake_dma_pins(), 0);
	ck_assert_uint_eq(fake_eventfd_take(rig.io_irq), 1);
	assert_stopped(HALTED);
}
END_TEST

/* As wide as can be, and as narrow: pages count, not bytes. */
START_TEST(unmap_ranges)
{
	start_endless();
	rig.plugin->dma_unmap(rig.vdev, 0, UINT64_MAX);
	ck_assert_uint_eq(fake_eventfd_take(rig.io_irq), 1);
	start_endless();
	rig.plugin->dma_unmap(rig.vdev, DATA + 0xfff, 1);
	ck_assert_uint_eq(fake_eventfd_take(rig.io_irq), 1);
	assert_stopped(HALTED);
}
END_TEST

START_TEST(unmap_others)
{
	start_endless();
	rig.plugin->dma_unmap(rig.vdev, DATA - 0x1000, 0x1000);
	rig.plugin->dma_unmap(rig.vdev, DATA + 0x1000, 0x100000);
	/* The CCWs are copies. */
	rig.plugin->dma_unmap(rig.vdev, PROGRAM, 0x1000);
	ck_assert_uint_eq(fake_dma_pins(), 1);
	ck_assert_uint_eq(fake_timers_run(), 1);
	ck_assert_uint_eq(*(uint8_t *)fake_dma_at(DATA + 0x100), 0xff);
	ck_assert_uint_eq(fake_eventfd_take(rig.io_irq), 0);
}
END_TEST

START_TEST(unmap_idle)
{
	rig.plugin->dma_unmap(rig.vdev, 0, UINT64_MAX);
	ck_assert_uint_eq(fake_eventfd_take(rig.io_irq), 0);
	ccw1(NOP, 0, 0, 0);
	assert_good(run(FORMAT1));
}
END_TEST

/* The program is done, and its status not taken: pages are still pinned. */
START_TEST(unmap_halted)
{
	start_endless();
	ck_assert_int_eq(async_command(HALT), 0);
	rig.plugin->dma_unmap(rig.vdev, DATA, 0x1000);
	ck_assert_uint_eq(fake_eventfd_take(rig.io_irq), 1);
	assert_stopped(HALTED);
}
END_TEST

START_TEST(reset)
{
	start_endless();
	ck_assert_int_eq(rig.plugin->reset(rig.vdev), 0);
	ck_assert_uint_eq(fake_eventfd_take(rig.io_irq), 1);
	assert_stopped(HALTED);
	ck_assert_int_eq(rig.plugin->reset(rig.vdev), 0);
	ck_assert_uint_eq(fake_eventfd_take(rig.io_irq), 0);
}
END_TEST

/* Also what has nothing pinned. */
START_TEST(reset_without_data)
{
	ccw1(NOP, CC, 0, 0);
	ccw1(TIC, 0, 0, PROGRAM);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), 0);
	rig.plugin->dma_unmap(rig.vdev, 0, UINT64_MAX);
	ck_assert_uint_eq(fake_eventfd_take(rig.io_irq), 0);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), -EBUSY);
	ck_assert_int_eq(rig.plugin->reset(rig.vdev), 0);
	ck_assert_uint_eq(fake_eventfd_take(rig.io_irq), 1);
	assert_stopped(HALTED);
}
END_TEST

START_TEST(path_gone)
{
	start_endless();
	ck_assert_int_eq(attribute_store(rig.vdev, "path", "0"), 0);
	ck_assert_uint_eq(finish().fctl, HALTED);
	ck_assert_uint_eq(fake_dma_pins(), 0);
	ck_assert_int_eq(attribute_store(rig.vdev, "path", "1"), 0);
	assert_stopped(HALTED);
}
END_TEST

/* The rig looks that all pages are given back. */
START_TEST(close_running)
{
	start_endless();
	rig.plugin->close_device(rig.vdev);
	ck_assert_uint_eq(fake_dma_pins(), 0);
	ck_assert_uint_eq(fake_timers_run(), 1);
	ck_assert_uint_eq(*(uint8_t *)fake_dma_at(DATA + 0x100), 0);
	/* The next client finds nothing of it. */
	ck_assert_int_eq(rig.plugin->open_device(rig.vdev), 0);
	ck_assert_uint_eq(last_status().fctl, 0);
}
END_TEST

Suite *ccw_life_suite(void)
{
	Suite *suite = suite_create("ccw life");
	TCase *tc = tcase_create("life");

	tcase_add_checked_fixture(tc, ccw_rig_setup, ccw_rig_teardown);
	tcase_add_test(tc, busy);
	tcase_add_test(tc, halt);
	tcase_add_test(tc, clear);
	tcase_add_test(tc, halt_idle);
	tcase_add_test(tc, unmap);
	tcase_add_test(tc, unmap_ranges);
	tcase_add_test(tc, unmap_others);
	tcase_add_test(tc, unmap_idle);
	tcase_add_test(tc, unmap_halted);
	tcase_add_test(tc, reset);
	tcase_add_test(tc, reset_without_data);
	tcase_add_test(tc, path_gone);
	tcase_add_test(tc, close_running);
	suite_add_tcase(suite, tc);
	return suite;
}
