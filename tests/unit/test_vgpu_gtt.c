// SPDX-License-Identifier: BSD-3-Clause
/* The GTT, by BAR0, and the aperture. */
#include <errno.h>
#include <string.h>

#include "../../mdevs/vgpu/gtt.h"
#include "../../mdevs/vgpu/regs.h"
#include "vgpu_rig.h"

#define A GPU_FREE_PAGE

static uint64_t pte(unsigned int page)
{
	return (FAKE_IOVA + page * FAKE_PAGE) | VGPU_PTE_VALID;
}

static uint64_t entry_pos(uint64_t index)
{
	return POS(VFIO_PCI_BAR0_REGION_INDEX) + VGPU_GTT_OFFSET + 8 * index;
}

static uint64_t aperture(unsigned int page)
{
	return POS(VFIO_PCI_BAR2_REGION_INDEX) + gpu_address(&rig.gpu, page);
}

static int read_aperture(uint64_t pos, uint32_t *value)
{
	return vgpu_rig_access(rig.vdev, pos, value, sizeof(*value), false);
}

START_TEST(entries_pin_and_unpin)
{
	gpu_set_pte(&rig.gpu, A, pte(40));
	gpu_set_pte(&rig.gpu, A + 1, pte(40));
	ck_assert_uint_eq(gpu_pte(&rig.gpu, A), pte(40));
	ck_assert_uint_eq(fake_pins(40), 1);
	gpu_set_pte(&rig.gpu, A, pte(41));
	gpu_set_pte(&rig.gpu, A, pte(41));
	ck_assert_uint_eq(fake_pins(40), 1);
	ck_assert_uint_eq(fake_pins(41), 1);
	gpu_set_pte(&rig.gpu, A, pte(41) & ~VGPU_PTE_VALID);
	gpu_set_pte(&rig.gpu, A + 1, 0);
	ck_assert_uint_eq(fake_pins_total(), rig.pins);
}
END_TEST

START_TEST(entries_by_halves)
{
	uint64_t pos = entry_pos(gpu_address(&rig.gpu, A) / FAKE_PAGE);
	uint32_t low = (uint32_t)pte(40), high = 0, value;

	ck_assert_int_eq(vgpu_rig_access(rig.vdev, pos, &low, 4, true), 0);
	ck_assert_int_eq(vgpu_rig_access(rig.vdev, pos + 4, &high, 4, true), 0);
	ck_assert_uint_eq(gpu_pte(&rig.gpu, A), pte(40));
	ck_assert_uint_eq(fake_pins(40), 1);
	ck_assert_int_eq(vgpu_rig_access(rig.vdev, pos, &value, 4, false), 0);
	ck_assert_uint_eq(value, low);
	ck_assert_int_eq(vgpu_rig_access(rig.vdev, pos, &value, 2, false),
			 -EFAULT);
}
END_TEST

START_TEST(several_entries_at_once)
{
	uint64_t entries[] = { pte(40), pte(41), pte(42) };

	ck_assert_int_eq(
		vgpu_rig_access(rig.vdev,
				entry_pos(gpu_address(&rig.gpu, A) / FAKE_PAGE),
				entries, sizeof(entries), true),
		0);
	ck_assert_uint_eq(fake_pins(40) + fake_pins(41) + fake_pins(42), 3);
}
END_TEST

/* The GTT is that of the whole GPU; a vGPU has its parts of it. */
START_TEST(entries_of_others)
{
	uint64_t low = gpu_get(&rig.gpu, PVINFO_LOW_BASE) / FAKE_PAGE;
	uint64_t end = low + gpu_get(&rig.gpu, PVINFO_LOW_SIZE) / FAKE_PAGE;
	uint64_t high = gpu_get(&rig.gpu, PVINFO_HIGH_BASE) / FAKE_PAGE;
	uint64_t high_end =
		high + gpu_get(&rig.gpu, PVINFO_HIGH_SIZE) / FAKE_PAGE;
	const struct {
		uint64_t index;
		bool mine;
	} cases[] = {
		{ 0, false },		{ low - 1, false },  { end - 1, true },
		{ end, false },		{ high - 1, false }, { high, true },
		{ high_end - 1, true }, { high_end, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = pte(40), pos = entry_pos(cases[i].index);

		ck_assert_int_eq(
			vgpu_rig_access(rig.vdev, pos, &value, 8, true), 0);
		ck_assert_int_eq(
			vgpu_rig_access(rig.vdev, pos, &value, 8, false), 0);
		ck_assert_uint_eq(value, cases[i].mine ? pte(40) : 0);
	}
}
END_TEST

START_TEST(large_entry_covers_those_behind)
{
	uint32_t value;

	gpu_set_pte(&rig.gpu, A + 3, pte(100));
	gpu_set_pte(&rig.gpu, A, pte(32) | VGPU_PTE_64K);
	ck_assert_uint_eq(fake_pins_total(), rig.pins + 17);
	rig.memory[35 * FAKE_PAGE] = 0x35;
	rig.memory[100 * FAKE_PAGE] = 0x64;
	ck_assert_int_eq(read_aperture(aperture(A + 3), &value), 0);
	ck_assert_uint_eq(value, 0x35);
	gpu_set_pte(&rig.gpu, A, (pte(32) | VGPU_PTE_64K) & ~VGPU_PTE_VALID);
	ck_assert_int_eq(read_aperture(aperture(A + 3), &value), 0);
	ck_assert_uint_eq(value, 0x64);
	/* Not at a multiple of 16. */
	gpu_set_pte(&rig.gpu, A + 1, pte(32) | VGPU_PTE_64K);
	ck_assert_uint_eq(fake_pins_total(), rig.pins + 1);
}
END_TEST

START_TEST(aperture_without_page)
{
	uint32_t value = 7;

	ck_assert_int_eq(
		vgpu_rig_access(rig.vdev, aperture(A), &value, 4, true), 0);
	ck_assert_int_eq(read_aperture(aperture(A), &value), 0);
	ck_assert_uint_eq(value, 0);
	/* Before and behind the vGPU's part, and behind the aperture. */
	ck_assert_int_eq(read_aperture(aperture(0) - 4, &value), -EFAULT);
	ck_assert_int_eq(
		read_aperture(aperture(0) + gpu_get(&rig.gpu, PVINFO_LOW_SIZE),
			      &value),
		-EFAULT);
	ck_assert_int_eq(
		read_aperture(POS(VFIO_PCI_BAR2_REGION_INDEX) +
				      gpu_get(&rig.gpu, PVINFO_HIGH_BASE),
			      &value),
		-EFAULT);
}
END_TEST

START_TEST(reset_gives_all_back)
{
	gpu_map(&rig.gpu, A, 30);
	ck_assert_int_eq(vfiod_plugin_entry()->reset(rig.vdev), 0);
	ck_assert_uint_eq(fake_pins_total(), 0);
	ck_assert_uint_eq(gpu_pte(&rig.gpu, A), 0);
}
END_TEST

/* The entries are there at the next open, and lead nowhere. */
START_TEST(close_gives_all_back)
{
	uint32_t value;

	gpu_map(&rig.gpu, A, 1);
	rig.memory[A * FAKE_PAGE] = 1;
	vfiod_plugin_entry()->close_device(rig.vdev);
	ck_assert_uint_eq(fake_pins_total(), 0);
	ck_assert_int_eq(vfiod_plugin_entry()->open_device(rig.vdev), 0);
	ck_assert_uint_eq(gpu_pte(&rig.gpu, A), pte(A));
	ck_assert_int_eq(read_aperture(aperture(A), &value), 0);
	ck_assert_uint_eq(value, 0);
}
END_TEST

Suite *vgpu_gtt_suite(void)
{
	Suite *suite = suite_create("vgpu gtt");
	TCase *tc = tcase_create("gtt");

	tcase_add_checked_fixture(tc, vgpu_rig_setup, vgpu_rig_teardown);
	tcase_add_test(tc, entries_pin_and_unpin);
	tcase_add_test(tc, entries_by_halves);
	tcase_add_test(tc, several_entries_at_once);
	tcase_add_test(tc, entries_of_others);
	tcase_add_test(tc, large_entry_covers_those_behind);
	tcase_add_test(tc, aperture_without_page);
	tcase_add_test(tc, reset_gives_all_back);
	tcase_add_test(tc, close_gives_all_back);
	suite_add_tcase(suite, tc);
	return suite;
}
