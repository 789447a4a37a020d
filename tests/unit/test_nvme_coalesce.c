// SPDX-License-Identifier: BSD-3-Clause
/* Interrupt coalescing. Time passes by fake_timers_run(). */
#include "nvme_rig.h"
#include "suites.h"

static void set_feature(uint8_t feature, uint32_t cdw11)
{
	struct nvme_cmd cmd = { .opcode = ADMIN_SET_FEATURES,
				.cdw10 = feature,
				.cdw11 = cdw11 };

	ck_assert_uint_eq(submit(0, cmd), SUCCESS);
}

/* @entries at least, for at most @time of 100 us. */
static void coalesce(uint8_t entries, uint8_t time)
{
	set_feature(FEATURE_COALESCING, time << 8 | (uint8_t)(entries - 1));
	fake_pci_take_messages(0);
}

static unsigned int messages(void)
{
	return fake_pci_take_messages(RIG_VECTOR);
}

/* Reads of one block, rung for at once: what messages there are then. */
static unsigned int read_blocks(uint16_t qid, unsigned int nr)
{
	while (nr--)
		push(qid, rw(IO_READ, 0, 1, DATA, 0));
	ring_sq(qid);
	let_run();
	return messages();
}

static void consume(uint16_t qid, unsigned int nr)
{
	while (nr--)
		reap(qid);
	ring_cq(qid);
	let_run();
}

START_TEST(at_once)
{
	ck_assert_uint_eq(read_blocks(1, 1), 1);
	ck_assert_uint_eq(read_blocks(1, 2), 1);
	/* Either value at 0 is none. */
	coalesce(3, 0);
	ck_assert_uint_eq(read_blocks(1, 1), 1);
	coalesce(1, 10);
	ck_assert_uint_eq(read_blocks(1, 1), 1);
	ck_assert_uint_eq(fake_timers_run(), 0);
}
END_TEST

START_TEST(threshold)
{
	coalesce(3, 10);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	ck_assert(has_completion(1));
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	ck_assert_uint_eq(read_blocks(1, 1), 1);
	/* The count begins anew, whether the client has been there or not. */
	ck_assert_uint_eq(read_blocks(1, 2), 0);
	consume(1, 5);
	ck_assert_uint_eq(read_blocks(1, 4), 1);
}
END_TEST

/* The time is that of the first, and is over once. */
START_TEST(elapsed)
{
	coalesce(3, 10);
	ck_assert_uint_eq(fake_timers_next(), UINT64_MAX);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	ck_assert_uint_eq(fake_timers_next(), 10 * 100 * 1000);
	set_feature(FEATURE_COALESCING, 20 << 8 | 2);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	ck_assert_uint_eq(fake_timers_next(), 10 * 100 * 1000);
	ck_assert_uint_eq(fake_timers_run(), 1);
	ck_assert_uint_eq(messages(), 1);
	ck_assert_uint_eq(fake_timers_run(), 0);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	ck_assert_uint_eq(fake_timers_next(), 20 * 100 * 1000);
	ck_assert_uint_eq(fake_timers_run(), 1);
	ck_assert_uint_eq(messages(), 1);
}
END_TEST

/* Of what the client has found by itself it is not told. */
START_TEST(consumed)
{
	coalesce(3, 10);
	ck_assert_uint_eq(read_blocks(1, 2), 0);
	consume(1, 2);
	ck_assert_uint_eq(fake_timers_run(), 1);
	ck_assert_uint_eq(messages(), 0);
	ck_assert_uint_eq(read_blocks(1, 2), 0);
	consume(1, 1);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	ck_assert_uint_eq(read_blocks(1, 1), 1);
}
END_TEST

START_TEST(queues_of_a_vector)
{
	coalesce(3, 10);
	create_pair(2);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	ck_assert_uint_eq(read_blocks(2, 1), 0);
	ck_assert_uint_eq(read_blocks(1, 1), 1);
	ck_assert_uint_eq(read_blocks(2, 2), 0);
	ck_assert_uint_eq(fake_timers_run(), 1);
	ck_assert_uint_eq(messages(), 1);
	/* Both wait: the one interrupt is for both. */
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	ck_assert_uint_eq(read_blocks(2, 1), 0);
	ck_assert_uint_eq(fake_timers_run(), 1);
	ck_assert_uint_eq(messages(), 1);
}
END_TEST

START_TEST(not_of_this_vector)
{
	coalesce(3, 10);
	set_feature(FEATURE_VECTOR, 1 << 16 | RIG_VECTOR);
	ck_assert_uint_eq(read_blocks(1, 1), 1);
	set_feature(FEATURE_VECTOR, RIG_VECTOR);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	set_feature(FEATURE_VECTOR, 1 << 16 | (RIG_VECTOR + 1));
	ck_assert_uint_eq(read_blocks(1, 1), 0);
}
END_TEST

START_TEST(not_of_admin)
{
	coalesce(3, 10);
	submit(0, (struct nvme_cmd){ .opcode = ADMIN_ABORT });
	ck_assert_uint_eq(fake_pci_take_messages(0), 1);
	ck_assert_uint_eq(fake_timers_next(), UINT64_MAX);
}
END_TEST

START_TEST(not_of_errors)
{
	coalesce(8, 10);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	push(1, rw(IO_READ, RIG_BLOCKS, 1, DATA, 0));
	ck_assert_uint_eq(read_blocks(1, 1), 1);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
}
END_TEST

/* Who does not want interrupts does not get a late one. */
START_TEST(no_interrupts)
{
	coalesce(3, 10);
	reg_write(REG_INTMS, 1 << RIG_VECTOR);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	ck_assert_uint_eq(fake_timers_next(), UINT64_MAX);
	reg_write(REG_INTMC, 1 << RIG_VECTOR);
	ck_assert_uint_eq(messages(), 1);
	/* Masked while it waits. */
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	reg_write(REG_INTMS, 1 << RIG_VECTOR);
	ck_assert_uint_eq(fake_timers_run(), 1);
	ck_assert_uint_eq(messages(), 0);
}
END_TEST

START_TEST(line)
{
	fake_pci_set_messages(false);
	coalesce(3, 10);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	ck_assert(!fake_pci_line());
	ck_assert_uint_eq(fake_timers_run(), 1);
	ck_assert(fake_pci_line());
	consume(1, 1);
	ck_assert(!fake_pci_line());
}
END_TEST

START_TEST(reset)
{
	coalesce(3, 10);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	disable();
	ck_assert_uint_eq(fake_timers_run(), 1);
	ck_assert_uint_eq(messages(), 0);
	/* The features are as new. */
	enable();
	create_pair(1);
	ck_assert_uint_eq(read_blocks(1, 1), 1);
	/* And over closing while one waits. */
	coalesce(3, 10);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	rig.plugin->close_device(rig.vdev);
	ck_assert_uint_eq(fake_timers_run(), 0);
	ck_assert_int_eq(rig.plugin->open_device(rig.vdev), 0);
	enable();
	create_pair(1);
	coalesce(3, 10);
	ck_assert_uint_eq(read_blocks(1, 1), 0);
	ck_assert_uint_eq(fake_timers_run(), 1);
	ck_assert_uint_eq(messages(), 1);
}
END_TEST

Suite *nvme_coalesce_suite(void)
{
	Suite *suite = suite_create("nvme coalescing");
	TCase *tcase = tcase_create("coalesce");

	tcase_add_checked_fixture(tcase, nvme_rig_setup, nvme_rig_teardown);
	tcase_add_test(tcase, at_once);
	tcase_add_test(tcase, threshold);
	tcase_add_test(tcase, elapsed);
	tcase_add_test(tcase, consumed);
	tcase_add_test(tcase, queues_of_a_vector);
	tcase_add_test(tcase, not_of_this_vector);
	tcase_add_test(tcase, not_of_admin);
	tcase_add_test(tcase, not_of_errors);
	tcase_add_test(tcase, no_interrupts);
	tcase_add_test(tcase, line);
	tcase_add_test(tcase, reset);
	suite_add_tcase(suite, tcase);
	return suite;
}
