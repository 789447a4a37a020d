// SPDX-License-Identifier: BSD-3-Clause
/* Blits in this process's memory, and taking that memory away. */
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "../../mdevs/vgpu/regs.h"
#include "vgpu.h"

#define A (GPU_FREE_PAGE)
#define B (GPU_FREE_PAGE + 64)
#define WIDTH 100U /* pixels; a row is longer: */
#define PITCH 416U
#define HEIGHT 80U

static uint32_t at(unsigned int page, unsigned int pitch, unsigned int x,
		   unsigned int y)
{
	return vgpu_pixel(page, y * (pitch / 4) + x);
}

START_TEST(fill_and_copy)
{
	struct gpu_rect a = {
		gpu_address(&vgpu.gpu, A), PITCH, 0, 0, WIDTH, HEIGHT
	};
	struct gpu_rect part = a;
	struct gpu_rect b = {
		gpu_address(&vgpu.gpu, B), PITCH, 5, 7, 5 + WIDTH, 7 + HEIGHT
	};

	part.x1 = 10, part.y1 = 20, part.x2 = 30, part.y2 = 21;
	gpu_map(&vgpu.gpu, A, 16);
	gpu_map(&vgpu.gpu, B, 16);
	gpu_fill(&vgpu.gpu, &a, 0x11111111);
	gpu_fill(&vgpu.gpu, &part, 0x22222222);
	gpu_copy(&vgpu.gpu, &b, a.base, PITCH, 0, 0);
	vgpu_run(1);
	for (unsigned int y = 0; y < HEIGHT; y++) {
		for (unsigned int x = 0; x < WIDTH; x++) {
			uint32_t want = y == 20 && x >= 10 && x < 30 ?
						0x22222222 :
						0x11111111;

			ck_assert_uint_eq(at(A, PITCH, x, y), want);
			ck_assert_uint_eq(at(B, PITCH, x + 5, y + 7), want);
		}
		ck_assert_uint_eq(at(A, PITCH, WIDTH, y), 0);
		ck_assert_uint_eq(at(B, PITCH, 4, y + 7), 0);
	}
}
END_TEST

/* 64 KiB by one entry. */
START_TEST(large_page)
{
	struct gpu_rect r = vgpu_page_rect(A, 16);

	gpu_set_pte(&vgpu.gpu, A, (VGPU_IOVA + A * PAGE) | 1U << 11 | 1);
	gpu_fill(&vgpu.gpu, &r, 0x33333333);
	vgpu_run(1);
	ck_assert_uint_eq(vgpu_pixel(A, 0), 0x33333333);
	ck_assert_uint_eq(vgpu_pixel(A + 15, PAGE / 4 - 1), 0x33333333);
	ck_assert_uint_eq(vgpu_pixel(A + 16, 0), 0);
}
END_TEST

/* The aperture shows what the GTT maps. */
START_TEST(aperture)
{
	uint64_t pos = REGION(VFIO_PCI_BAR2_REGION_INDEX) +
		       gpu_address(&vgpu.gpu, A) + 8;
	uint32_t value = 0x44444444;

	gpu_map(&vgpu.gpu, A, 1);
	ck_assert_int_eq(pwrite(vgpu.session.device, &value, 4, (off_t)pos), 4);
	ck_assert_uint_eq(vgpu_pixel(A, 2), 0x44444444);
	vgpu.gpu.memory[A * PAGE + 8] = 0x55;
	ck_assert_int_eq(pread(vgpu.session.device, &value, 4, (off_t)pos), 4);
	ck_assert_uint_eq(value, 0x44444455);
}
END_TEST

/* A blit stops at what is not mapped, and goes on when it is. */
START_TEST(fault_and_go_on)
{
	struct gpu_rect r = vgpu_page_rect(A, 2);

	gpu_map(&vgpu.gpu, A, 1);
	gpu_fill(&vgpu.gpu, &r, 0x66666666);
	gpu_signal(&vgpu.gpu, 9);
	ck_assert_uint_eq(vgpu_run_error(), EIR_PAGE_TABLE);
	ck_assert_uint_eq(gpu_fault(&vgpu.gpu), gpu_address(&vgpu.gpu, A + 1));
	ck_assert_uint_eq(vgpu_pixel(A, 0), 0x66666666);
	ck_assert_uint_eq(vgpu_pixel(A + 1, 0), 0);
	ck_assert_uint_eq(gpu_seqno(&vgpu.gpu), 0);

	gpu_map(&vgpu.gpu, A + 1, 1);
	gpu_set(&vgpu.gpu, BCS_EIR, EIR_PAGE_TABLE);
	vgpu_run(10);
	ck_assert_uint_eq(vgpu_pixel(A + 1, 0), 0x66666666);
}
END_TEST

/* What is mapped for reading only is not to be had, not for reading either. */
START_TEST(read_only)
{
	static uint8_t page[PAGE] __attribute__((aligned(PAGE)));
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.vaddr = (uintptr_t)page,
		.iova = 1UL << 32,
		.size = PAGE,
	};
	struct gpu_rect r = vgpu_page_rect(B, 1);

	ck_ok(vfio_ioctl(vgpu.session.container, VFIO_IOMMU_MAP_DMA, &map));
	gpu_set_pte(&vgpu.gpu, A, map.iova | 1);
	gpu_map(&vgpu.gpu, B, 1);
	gpu_copy(&vgpu.gpu, &r, gpu_address(&vgpu.gpu, A), PAGE, 0, 0);
	ck_assert_uint_eq(vgpu_run_error(), EIR_PAGE_TABLE);
	ck_assert_uint_eq(gpu_fault(&vgpu.gpu), gpu_address(&vgpu.gpu, A));
}
END_TEST

/* Fills of all pages, so that there is time to take them away. */
static void submit_long_work(uint32_t color)
{
	struct gpu_rect r = vgpu_page_rect(VGPU_REST, VGPU_PAGES - VGPU_REST);

	for (unsigned int i = 0; i < 200; i++)
		gpu_fill(&vgpu.gpu, &r, color);
	gpu_submit(&vgpu.gpu);
	while (vgpu_pixel(VGPU_REST, 0) != color)
		sched_yield();
}

static bool all_bytes_are(const uint8_t *rest, uint8_t value)
{
	return rest[0] == value && !memcmp(rest, rest + 1, VGPU_REST_SIZE - 1);
}

/*
 * The mapping goes in the middle of a blit: that one stops with a fault, and
 * when UNMAP_DMA has returned nothing is written any more.
 */
START_TEST(unmap_in_the_middle)
{
	uint8_t *rest = vgpu.gpu.memory + VGPU_REST * PAGE;

	gpu_map(&vgpu.gpu, VGPU_REST, VGPU_PAGES - VGPU_REST);
	submit_long_work(0x77777777);
	ck_assert_int_eq(vfio_unmap(vgpu.session.container, VGPU_REST_IOVA,
				    VGPU_REST_SIZE, 0),
			 VGPU_REST_SIZE);
	memset(rest, 0x88, VGPU_REST_SIZE);
	ck_assert_uint_eq(vgpu_run_error(), EIR_PAGE_TABLE);
	ck_assert(all_bytes_are(rest, 0x88));
}
END_TEST

/* What is mapped again after that has to be entered into the GTT again. */
START_TEST(map_again)
{
	struct gpu_rect r = vgpu_page_rect(A, 1);

	gpu_map(&vgpu.gpu, A, 1);
	ck_assert_int_eq(vfio_unmap(vgpu.session.container, VGPU_REST_IOVA,
				    VGPU_REST_SIZE, 0),
			 VGPU_REST_SIZE);
	ck_ok(vfio_map(vgpu.session.container, VGPU_REST_IOVA,
		       vgpu.gpu.memory + VGPU_REST * PAGE, VGPU_REST_SIZE));
	gpu_fill(&vgpu.gpu, &r, 0x99999999);
	ck_assert_uint_eq(vgpu_run_error(), EIR_PAGE_TABLE);
	gpu_map(&vgpu.gpu, A, 1);
	gpu_set(&vgpu.gpu, BCS_EIR, EIR_PAGE_TABLE);
	vgpu_run(2);
	ck_assert_uint_eq(vgpu_pixel(A, 0), 0x99999999);
}
END_TEST

/* A reset in the middle of a blit ends it, and gives all pages back. */
START_TEST(reset_in_the_middle)
{
	uint8_t *rest = vgpu.gpu.memory + VGPU_REST * PAGE;

	gpu_map(&vgpu.gpu, VGPU_REST, VGPU_PAGES - VGPU_REST);
	submit_long_work(0xaaaaaaaa);
	ck_ok(vfio_ioctl(vgpu.session.device, VFIO_DEVICE_RESET, NULL));
	memset(rest, 0xbb, VGPU_REST_SIZE);
	ck_assert_uint_eq(gpu_pte(&vgpu.gpu, VGPU_REST), 0);
	ck_assert_uint_eq(gpu_get(&vgpu.gpu, BCS_CTL), 0);
	gpu_init(&vgpu.gpu);
	vgpu_run(3);
	ck_assert(all_bytes_are(rest, 0xbb));
}
END_TEST

/* So does closing the device, without a word. */
START_TEST(close_in_the_middle)
{
	uint8_t *rest = vgpu.gpu.memory + VGPU_REST * PAGE;

	gpu_map(&vgpu.gpu, VGPU_REST, VGPU_PAGES - VGPU_REST);
	submit_long_work(0xcccccccc);
	vfio_session_close(&vgpu.session);
	ck_ok(vfio_device_is_free(DEV_V5_8));
	memset(rest, 0xdd, VGPU_REST_SIZE);
	vgpu.session = vfio_session_open(DEV_V5_8, VFIO_TYPE1v2_IOMMU);
	ck_assert_uint_eq(gpu_get(&vgpu.gpu, BCS_CTL), 0);
	ck_assert(all_bytes_are(rest, 0xdd));
}
END_TEST

Suite *vgpu_blit_suite(void)
{
	Suite *suite = suite_create("vgpu blits");
	TCase *tc = client_case(suite, "blits");

	tcase_add_checked_fixture(tc, vgpu_setup, vgpu_teardown);
	tcase_add_test(tc, fill_and_copy);
	tcase_add_test(tc, large_page);
	tcase_add_test(tc, aperture);
	tcase_add_test(tc, fault_and_go_on);
	tcase_add_test(tc, read_only);
	tcase_add_test(tc, unmap_in_the_middle);
	tcase_add_test(tc, map_again);
	tcase_add_test(tc, reset_in_the_middle);
	tcase_add_test(tc, close_in_the_middle);
	return suite;
}
