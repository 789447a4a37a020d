// SPDX-License-Identifier: BSD-3-Clause
/*
 * A client that does anything: random registers, entries, commands, unmaps.
 * Nothing crashes, and at the end nothing is pinned (the fixture looks).
 */
#include <stdlib.h>
#include <string.h>

#include "../../mdevs/vgpu/regs.h"
#include "vgpu_rig.h"

#define SEEDS 40
#define STEPS 1500
#define LOW_PAGES 64U

static unsigned int seed;

static uint32_t pick(uint32_t n)
{
	return (uint32_t)rand_r(&seed) % n;
}

static uint32_t any(void)
{
	return (uint32_t)rand_r(&seed) << 16 ^ (uint32_t)rand_r(&seed);
}

/* An address that leads somewhere, mostly. */
static uint32_t address(void)
{
	return pick(8) ? (uint32_t)gpu_address(&rig.gpu, pick(LOW_PAGES)) +
				 pick(FAKE_PAGE) :
			 any();
}

static void do_register(void)
{
	static const unsigned int regs[] = {
		BCS_TAIL,    BCS_HEAD,	   BCS_START,  BCS_CTL,
		BCS_HWS_PGA, BCS_EIR,	   MASTER_IRQ, GT_IMR,
		GT_IIR,	     GT_IER,	   PIPE_CONF,  PLANE_CTL,
		PIPE_SRC,    PLANE_STRIDE, PLANE_SURF, PVINFO,
	};
	unsigned int reg = regs[pick(sizeof(regs) / sizeof(regs[0]))];

	gpu_set(&rig.gpu, reg, pick(2) ? address() : any());
	gpu_get(&rig.gpu, reg);
}

static void do_entry(void)
{
	uint64_t pte = FAKE_IOVA + pick(FAKE_PAGES + 8) * FAKE_PAGE;

	if (pick(8))
		pte |= 1;
	if (!pick(8))
		pte |= 1U << 11;
	gpu_set_pte(&rig.gpu, pick(LOW_PAGES), pte);
}

/* A command of the blitter, all of it right but for a few bits. */
static void do_command(void)
{
	static const uint32_t headers[] = {
		MI_NOOP,
		MI_USER_INTERRUPT,
		MI_BATCH_BUFFER_END,
		MI_STORE_DATA_INDEX,
		MI_BATCH_BUFFER_START,
		XY_COLOR_BLT,
		XY_SRC_COPY_BLT,
	};
	uint32_t header = headers[pick(sizeof(headers) / sizeof(headers[0]))];
	uint32_t dw[10] = { header,
			    BR13_FILL | pick(8192),
			    any() & 0x3f003f,
			    any() & 0xff00ff,
			    address(),
			    0,
			    any(),
			    pick(8192),
			    address(),
			    0 };

	if (header == XY_SRC_COPY_BLT)
		dw[1] = BR13_COPY | pick(8192);
	if (header == MI_BATCH_BUFFER_START)
		dw[1] = address(), dw[2] = 0;
	if (!pick(20))
		dw[pick(10)] ^= 1U << pick(32);
	gpu_emit(&rig.gpu, dw, pick(20) ? 10 : 1 + pick(10));
	gpu_submit(&rig.gpu);
}

static void do_access(void)
{
	static const unsigned int regions[] = { 0, 2, 7, 9, 10 };
	uint8_t buf[64];
	uint64_t pos = POS(regions[pick(5)]) + (pick(2) ? pick(8192) : any());

	memset(buf, (int)pick(256), sizeof(buf));
	vgpu_rig_access(rig.vdev, pos, buf, 1 + pick(sizeof(buf)), pick(2));
}

static void do_ioctl(void)
{
	uint32_t buf[24];

	for (size_t i = 0; i < sizeof(buf) / sizeof(buf[0]); i++)
		buf[i] = pick(2) ? pick(64) : any();
	fake_ioctl(rig.vdev, VFIO_DEVICE_GET_INFO + pick(12), buf);
}

/* The pages come back, as with a client that maps others in their place. */
static void do_unmap(void)
{
	unsigned int page = pick(FAKE_PAGES), nr = 1 + pick(32);

	if (nr > FAKE_PAGES - page)
		nr = FAKE_PAGES - page;
	vfiod_plugin_entry()->dma_unmap(rig.vdev, FAKE_IOVA + page * FAKE_PAGE,
					nr * FAKE_PAGE);
	for (unsigned int i = page; i < page + nr; i++)
		ck_assert_uint_eq(fake_pins(i), 0);
}

/* As a driver does when the ring stands still. */
static void do_restart(void)
{
	if (!pick(10))
		ck_assert_int_eq(vfiod_plugin_entry()->reset(rig.vdev), 0);
	gpu_set(&rig.gpu, BCS_EIR, ~0U);
	gpu_init(&rig.gpu);
}

START_TEST(anything)
{
	static void (*const steps[])(void) = {
		do_register, do_entry,	do_entry, do_command, do_command,
		do_command,  do_access, do_ioctl, do_unmap,   do_restart,
	};

	seed = (unsigned int)_i;
	for (unsigned int i = 0; i < STEPS; i++) {
		steps[pick(sizeof(steps) / sizeof(steps[0]))]();
		fake_timer_run();
	}
}
END_TEST

Suite *vgpu_fuzz_suite(void)
{
	Suite *suite = suite_create("vgpu fuzz");
	TCase *tc = tcase_create("fuzz");

	tcase_add_checked_fixture(tc, vgpu_rig_setup, vgpu_rig_teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, anything, 0, SEEDS);
	suite_add_tcase(suite, tc);
	return suite;
}
