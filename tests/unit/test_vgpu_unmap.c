// SPDX-License-Identifier: BSD-3-Clause
/*
 * Memory, registers and the device itself are taken away while blits run on
 * another thread. A blit in memory that is gone crashes.
 */
#include <pthread.h>
#include <sched.h>

#include "../../mdevs/vgpu/regs.h"
#include "vgpu_rig.h"

#define A GPU_FREE_PAGE
#define NR (FAKE_PAGES - GPU_FREE_PAGE)
#define BATCH (GPU_RING_PAGE + GPU_RING_PAGES)
#define COPIES 100U /* fit in a page */
#define BATCHES 600U /* fit in the ring */

static pthread_t thread;

static void *blit(void *arg)
{
	while (fake_timer_run())
		;
	return arg;
}

/* What is emitted between these goes into a batch. */
static void begin_batch(void)
{
	gpu_map(&rig.gpu, BATCH, 1);
	rig.gpu.memory += (BATCH - GPU_RING_PAGE) * FAKE_PAGE;
}

static void end_batch(void)
{
	const uint32_t end = MI_BATCH_BUFFER_END;

	gpu_emit(&rig.gpu, &end, 1);
	rig.gpu.memory = rig.memory;
	rig.gpu.tail = 0;
}

/* Copies between all pages: what one entry of the ring does. */
static void make_batch(void)
{
	struct gpu_rect r = vgpu_rig_rect(A, NR / 2);

	begin_batch();
	for (unsigned int i = 0; i < COPIES; i++)
		gpu_copy(&rig.gpu, &r, gpu_address(&rig.gpu, A + NR / 2),
			 FAKE_PAGE, 0, 0);
	end_batch();
}

/* Far more than is done before the end. */
static void start_work(void)
{
	gpu_map(&rig.gpu, A, NR);
	make_batch();
	for (unsigned int i = 0; i < BATCHES; i++)
		gpu_batch(&rig.gpu, gpu_address(&rig.gpu, BATCH));
	gpu_submit(&rig.gpu);
	ck_assert_int_eq(pthread_create(&thread, NULL, blit, NULL), 0);
	while (!gpu_get(&rig.gpu, BCS_HEAD))
		sched_yield();
}

static void end_work(void)
{
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

START_TEST(unmap_all)
{
	start_work();
	ck_assert(fake_unmap(rig.vdev, A, NR));
	end_work();
	ck_assert_uint_eq(gpu_error(&rig.gpu), EIR_PAGE_TABLE);
	ck_assert_uint_eq(fake_pins_total(), rig.pins + 1); /* the batch */
}
END_TEST

/* What the blits need least goes last. */
START_TEST(unmap_page_by_page)
{
	start_work();
	for (unsigned int i = 0; i < NR; i++)
		ck_assert(fake_unmap(rig.vdev, A + i, 1));
	end_work();
	ck_assert_uint_eq(gpu_error(&rig.gpu), EIR_PAGE_TABLE);
}
END_TEST

/* The ring's own memory. */
START_TEST(unmap_the_ring)
{
	start_work();
	ck_assert(fake_unmap(rig.vdev, GPU_RING_PAGE, GPU_RING_PAGES));
	end_work();
	ck_assert_uint_eq(gpu_error(&rig.gpu), EIR_PAGE_TABLE);
	ck_assert_uint_eq(gpu_fault(&rig.gpu) / FAKE_PAGE,
			  (gpu_address(&rig.gpu, GPU_RING_PAGE) +
			   gpu_get(&rig.gpu, BCS_HEAD)) /
				  FAKE_PAGE);
}
END_TEST

START_TEST(entries_change_under_it)
{
	start_work();
	for (unsigned int round = 0; round < 3; round++)
		for (unsigned int i = 0; i < NR; i++)
			gpu_map(&rig.gpu, A + (i * 7) % NR, 1);
	for (unsigned int i = 0; i < NR; i++)
		gpu_set_pte(&rig.gpu, A + i, 0);
	end_work();
	ck_assert_uint_eq(fake_pins_total(), rig.pins + 1); /* the batch */
}
END_TEST

/* What was fetched before does not move the new ring's head. */
START_TEST(ring_is_set_up_anew)
{
	start_work();
	gpu_set(&rig.gpu, BCS_CTL, 0);
	gpu_set(&rig.gpu, BCS_HEAD, 0x80);
	end_work();
	ck_assert_uint_eq(gpu_get(&rig.gpu, BCS_HEAD), 0x80);
	ck_assert_uint_eq(gpu_error(&rig.gpu), 0);
}
END_TEST

START_TEST(reset)
{
	start_work();
	ck_assert_int_eq(vfiod_plugin_entry()->reset(rig.vdev), 0);
	ck_assert_uint_eq(fake_pins_total(), 0);
	ck_assert_uint_eq(gpu_get(&rig.gpu, BCS_HEAD), 0);
	end_work();
	ck_assert_uint_eq(gpu_get(&rig.gpu, BCS_HEAD), 0);
	gpu_init(&rig.gpu);
	gpu_signal(&rig.gpu, 6);
	vgpu_rig_run();
	ck_assert_uint_eq(gpu_seqno(&rig.gpu), 6);
}
END_TEST

/* Under the cache's lock, as the blitter writes. */
static uint32_t read_aperture(unsigned int page)
{
	uint64_t pos =
		POS(VFIO_PCI_BAR2_REGION_INDEX) + gpu_address(&rig.gpu, page);
	uint32_t value;

	ck_assert_int_eq(vgpu_rig_access(rig.vdev, pos, &value, sizeof(value),
					 false),
			 0);
	return value;
}

/* A batch that takes seconds, and writes at its end. */
START_TEST(reset_cuts_a_batch_short)
{
	struct gpu_rect r = {
		gpu_address(&rig.gpu, A), 0, 0, 0, 0x3fff, 0xffff
	};

	gpu_map(&rig.gpu, A, 16);
	begin_batch();
	for (unsigned int i = 0; i < COPIES / 2; i++)
		gpu_fill(&rig.gpu, &r, 1);
	gpu_signal(&rig.gpu, 7);
	end_batch();
	gpu_batch(&rig.gpu, gpu_address(&rig.gpu, BATCH));
	gpu_submit(&rig.gpu);
	ck_assert_int_eq(pthread_create(&thread, NULL, blit, NULL), 0);
	while (!read_aperture(A))
		sched_yield();
	ck_assert_int_eq(vfiod_plugin_entry()->reset(rig.vdev), 0);
	end_work();
	ck_assert_uint_eq(gpu_seqno(&rig.gpu), 0);
}
END_TEST

Suite *vgpu_unmap_suite(void)
{
	Suite *suite = suite_create("vgpu unmap");
	TCase *tc = tcase_create("unmap");

	tcase_add_checked_fixture(tc, vgpu_rig_setup, vgpu_rig_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, unmap_all);
	tcase_add_test(tc, unmap_page_by_page);
	tcase_add_test(tc, unmap_the_ring);
	tcase_add_test(tc, entries_change_under_it);
	tcase_add_test(tc, ring_is_set_up_anew);
	tcase_add_test(tc, reset);
	tcase_add_test(tc, reset_cuts_a_batch_short);
	suite_add_tcase(suite, tc);
	return suite;
}
