// SPDX-License-Identifier: BSD-3-Clause
/* The ring, its commands, and its errors. */
#include <string.h>

#include "../../mdevs/vgpu/regs.h"
#include "vgpu_rig.h"

#define A GPU_FREE_PAGE
#define B (GPU_FREE_PAGE + 8)
#define BATCH (GPU_FREE_PAGE + 16)
#define RING_SIZE (GPU_RING_PAGES * GPU_PAGE)

static void put_batch(const uint32_t *dw, size_t size)
{
	gpu_map(&rig.gpu, BATCH, 1);
	memcpy(rig.memory + BATCH * FAKE_PAGE, dw, size);
	gpu_batch(&rig.gpu, gpu_address(&rig.gpu, BATCH));
}

static void expect_error(uint32_t error)
{
	uint32_t head = gpu_get(&rig.gpu, BCS_HEAD);

	vgpu_rig_run();
	ck_assert_uint_eq(gpu_error(&rig.gpu), error);
	ck_assert_uint_eq(gpu_get(&rig.gpu, BCS_HEAD), head);
	ck_assert(gpu_get(&rig.gpu, GT_IIR) & GT_BCS_ERROR);
}

START_TEST(head_follows_tail)
{
	gpu_signal(&rig.gpu, 5);
	vgpu_rig_run();
	ck_assert_uint_eq(gpu_seqno(&rig.gpu), 5);
	ck_assert_uint_eq(gpu_get(&rig.gpu, BCS_HEAD), 16);
	ck_assert_uint_eq(gpu_get(&rig.gpu, GT_IIR), GT_BCS_USER);
	ck_assert_uint_eq(gpu_error(&rig.gpu), 0);
}
END_TEST

/* Many times round; a command may lie over the end. */
START_TEST(ring_wraps)
{
	for (uint32_t i = 1; i < 2000; i++) {
		const uint32_t noop = MI_NOOP;

		gpu_signal(&rig.gpu, i);
		gpu_emit(&rig.gpu, &noop, 1);
		vgpu_rig_run();
		ck_assert_uint_eq(gpu_seqno(&rig.gpu), i);
	}
}
END_TEST

START_TEST(command_waits_for_its_end)
{
	const uint32_t dw[] = { MI_STORE_DATA_INDEX, GPU_SEQNO_INDEX, 8 };

	gpu_emit(&rig.gpu, dw, 2);
	vgpu_rig_run();
	ck_assert_uint_eq(gpu_get(&rig.gpu, BCS_HEAD), 0);
	ck_assert_uint_eq(gpu_error(&rig.gpu), 0);
	gpu_emit(&rig.gpu, dw + 2, 1);
	vgpu_rig_run();
	ck_assert_uint_eq(gpu_seqno(&rig.gpu), 8);
}
END_TEST

/* A tail behind the end of the ring is taken modulo its size. */
START_TEST(tail_out_of_range)
{
	gpu_signal(&rig.gpu, 3);
	gpu_set(&rig.gpu, BCS_TAIL, RING_SIZE + rig.gpu.tail);
	ck_assert(fake_timer_run());
	ck_assert_uint_eq(gpu_seqno(&rig.gpu), 3);
	ck_assert_uint_eq(gpu_get(&rig.gpu, BCS_HEAD), rig.gpu.tail);
}
END_TEST

START_TEST(ring_that_is_off)
{
	gpu_set(&rig.gpu, BCS_CTL, 0);
	gpu_signal(&rig.gpu, 3);
	vgpu_rig_run();
	ck_assert_uint_eq(gpu_seqno(&rig.gpu), 0);
	gpu_set(&rig.gpu, BCS_CTL, (RING_SIZE - GPU_PAGE) | RING_VALID);
	ck_assert(fake_timer_run());
	ck_assert_uint_eq(gpu_seqno(&rig.gpu), 3);
}
END_TEST

START_TEST(fill_over_pages)
{
	struct gpu_rect r = { gpu_address(&rig.gpu, A), 3000, 7, 1, 700, 3 };

	gpu_map(&rig.gpu, A, 3);
	gpu_fill(&rig.gpu, &r, 0x01020304);
	vgpu_rig_run();
	for (unsigned int i = 0; i < 3 * FAKE_PAGE / 4; i++) {
		unsigned int x = i % 750, y = i / 750;
		bool inside = x >= 7 && x < 700 && y >= 1 && y < 3;

		ck_assert_uint_eq(vgpu_rig_pixel(A, i),
				  inside ? 0x01020304 : 0);
	}
}
END_TEST

START_TEST(copy_from_an_offset)
{
	struct gpu_rect to = { gpu_address(&rig.gpu, B), 1200, 3, 2, 103, 12 };
	uint32_t *from = (uint32_t *)(rig.memory + A * FAKE_PAGE);

	gpu_map(&rig.gpu, A, 8);
	gpu_map(&rig.gpu, B, 8);
	for (uint32_t i = 0; i < 8 * FAKE_PAGE / 4; i++)
		from[i] = i;
	gpu_copy(&rig.gpu, &to, gpu_address(&rig.gpu, A), 1600, 50, 4);
	vgpu_rig_run();
	for (unsigned int y = 0; y < 10; y++)
		for (unsigned int x = 0; x < 100; x++)
			ck_assert_uint_eq(vgpu_rig_pixel(B,
							 (y + 2) * 300 + x + 3),
					  (y + 4) * 400 + x + 50);
}
END_TEST

START_TEST(empty_rectangle)
{
	struct gpu_rect r = { gpu_address(&rig.gpu, A), 4096, 5, 5, 5, 9 };

	gpu_fill(&rig.gpu, &r, 1);
	r.x2 = 3;
	gpu_fill(&rig.gpu, &r, 1);
	r.x2 = 9, r.y2 = 2;
	gpu_fill(&rig.gpu, &r, 1);
	gpu_signal(&rig.gpu, 1);
	vgpu_rig_run();
	ck_assert_uint_eq(gpu_seqno(&rig.gpu), 1);
}
END_TEST

START_TEST(batch)
{
	const uint32_t dw[] = { MI_NOOP, MI_STORE_DATA_INDEX, 0x40,
				77,	 MI_BATCH_BUFFER_END, 0xffffffff };

	put_batch(dw, sizeof(dw));
	gpu_signal(&rig.gpu, 2);
	vgpu_rig_run();
	ck_assert_uint_eq(vgpu_rig_pixel(GPU_STATUS_PAGE, 0x10), 77);
	ck_assert_uint_eq(gpu_seqno(&rig.gpu), 2);
}
END_TEST

/* One without an end stops where the GTT does. */
START_TEST(batch_without_end)
{
	const uint32_t dw[] = { MI_NOOP };

	put_batch(dw, sizeof(dw));
	expect_error(EIR_PAGE_TABLE);
	ck_assert_uint_eq(gpu_fault(&rig.gpu),
			  gpu_address(&rig.gpu, BATCH + 1));
	ck_assert_uint_eq(gpu_get(&rig.gpu, BCS_ACTHD),
			  gpu_address(&rig.gpu, BATCH + 1));
}
END_TEST

START_TEST(batch_in_a_batch)
{
	uint64_t address = gpu_address(&rig.gpu, BATCH);
	const uint32_t dw[] = { MI_BATCH_BUFFER_START, (uint32_t)address, 0 };

	put_batch(dw, sizeof(dw));
	expect_error(EIR_INSTRUCTION);
	ck_assert_uint_eq(gpu_get(&rig.gpu, BCS_IPEHR), MI_BATCH_BUFFER_START);
}
END_TEST

/* Commands and blits that there are not; _i is the number. */
static const uint32_t wrong[][7] = {
	{ 0xffffffff },
	{ MI_BATCH_BUFFER_END },
	{ 0x03U << 23 },
	{ MI_STORE_DATA_INDEX + 1 },
	{ XY_COLOR_BLT | 1U << 11, BR13_FILL },
	{ XY_COLOR_BLT & ~(3U << 20), BR13_FILL },
	{ XY_COLOR_BLT - 1, BR13_FILL },
	{ XY_COLOR_BLT, BR13_FILL | 1U << 30 },
	{ XY_COLOR_BLT, BR13_FILL & ~(1U << 24) },
	{ XY_COLOR_BLT, BR13_COPY },
	{ XY_COLOR_BLT, BR13_FILL | 0x8000 },
};

START_TEST(wrong_command)
{
	gpu_emit(&rig.gpu, wrong[_i], 7);
	expect_error(EIR_INSTRUCTION);
	ck_assert_uint_eq(gpu_get(&rig.gpu, BCS_IPEHR), wrong[_i][0]);
	ck_assert_uint_eq(gpu_get(&rig.gpu, BCS_ACTHD),
			  gpu_address(&rig.gpu, GPU_RING_PAGE));
}
END_TEST

START_TEST(wrong_copy)
{
	struct gpu_rect r = vgpu_rig_rect(A, 1);

	gpu_copy(&rig.gpu, &r, gpu_address(&rig.gpu, B), 0x8000, 0, 0);
	expect_error(EIR_INSTRUCTION);
}
END_TEST

START_TEST(faults_say_where)
{
	struct gpu_rect r = vgpu_rig_rect(A, 3);

	gpu_map(&rig.gpu, A, 2);
	gpu_fill(&rig.gpu, &r, 9);
	expect_error(EIR_PAGE_TABLE);
	ck_assert_uint_eq(gpu_fault(&rig.gpu), gpu_address(&rig.gpu, A + 2));
	ck_assert(gpu_get(&rig.gpu, RING_FAULT) & RING_FAULT_WRITE);
	ck_assert_uint_eq(vgpu_rig_pixel(A + 1, 1023), 9);
	/* It stands still, whatever comes, until EIR is clear. */
	gpu_signal(&rig.gpu, 4);
	vgpu_rig_run();
	ck_assert_uint_eq(gpu_seqno(&rig.gpu), 0);
	gpu_map(&rig.gpu, A + 2, 1);
	gpu_set(&rig.gpu, BCS_EIR, ~0U);
	vgpu_rig_run();
	ck_assert_uint_eq(gpu_seqno(&rig.gpu), 4);
	ck_assert_uint_eq(vgpu_rig_pixel(A + 2, 0), 9);
}
END_TEST

START_TEST(fault_of_a_read)
{
	struct gpu_rect r = vgpu_rig_rect(A, 1);

	gpu_map(&rig.gpu, A, 1);
	gpu_copy(&rig.gpu, &r, gpu_address(&rig.gpu, B), 0, 0, 0);
	expect_error(EIR_PAGE_TABLE);
	ck_assert_uint_eq(gpu_fault(&rig.gpu), gpu_address(&rig.gpu, B));
	ck_assert(!(gpu_get(&rig.gpu, RING_FAULT) & RING_FAULT_WRITE));
}
END_TEST

/* Far outside the vGPU's memory, and the ring itself. */
START_TEST(fault_outside)
{
	struct gpu_rect r = vgpu_rig_rect(A, 1);

	r.base = (1UL << 47) + 4096;
	gpu_fill(&rig.gpu, &r, 1);
	expect_error(EIR_PAGE_TABLE);
	gpu_set(&rig.gpu, BCS_EIR, EIR_PAGE_TABLE);
	gpu_set(&rig.gpu, BCS_START, 0);
	expect_error(EIR_PAGE_TABLE);
	ck_assert_uint_eq(gpu_fault(&rig.gpu), 0);
}
END_TEST

Suite *vgpu_ring_suite(void)
{
	Suite *suite = suite_create("vgpu ring");
	TCase *tc = tcase_create("ring");

	tcase_add_checked_fixture(tc, vgpu_rig_setup, vgpu_rig_teardown);
	tcase_add_test(tc, head_follows_tail);
	tcase_add_test(tc, ring_wraps);
	tcase_add_test(tc, command_waits_for_its_end);
	tcase_add_test(tc, tail_out_of_range);
	tcase_add_test(tc, ring_that_is_off);
	tcase_add_test(tc, fill_over_pages);
	tcase_add_test(tc, copy_from_an_offset);
	tcase_add_test(tc, empty_rectangle);
	tcase_add_test(tc, batch);
	tcase_add_test(tc, batch_without_end);
	tcase_add_test(tc, batch_in_a_batch);
	tcase_add_loop_test(tc, wrong_command, 0,
			    sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(tc, wrong_copy);
	tcase_add_test(tc, faults_say_where);
	tcase_add_test(tc, fault_of_a_read);
	tcase_add_test(tc, fault_outside);
	suite_add_tcase(suite, tc);
	return suite;
}
