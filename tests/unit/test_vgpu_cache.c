// SPDX-License-Identifier: BSD-3-Clause
/* The cache of pinned pages by itself. */
#include <errno.h>

#include "../../mdevs/vgpu/cache.h"
#include "vgpu_rig.h"

static struct vgpu_cache cache;
static uint8_t *memory;

static void setup(void)
{
	memory = fake_memory_new();
	vgpu_cache_init(&cache, NULL);
}

static void teardown(void)
{
	vgpu_cache_clear(&cache);
	ck_assert_uint_eq(fake_pins_total(), 0);
	vgpu_cache_fini(&cache);
	fake_memory_free();
}

static uint64_t map(unsigned int page, unsigned int nr)
{
	uint64_t addr = 0;

	ck_assert_int_eq(vgpu_cache_map(&cache, FAKE_GFN + page, nr, &addr), 0);
	ck_assert_uint_ne(addr, 0);
	return addr;
}

static void unmap_pages(unsigned int page, unsigned int nr)
{
	vgpu_cache_unmap_range(&cache, FAKE_IOVA + page * FAKE_PAGE,
			       nr * FAKE_PAGE);
}

static int read_byte(uint64_t addr, uint8_t *byte)
{
	return vgpu_cache_rw(&cache, addr, byte, 1, false);
}

START_TEST(one_frame_is_pinned_once)
{
	uint64_t addr = map(3, 1);

	ck_assert_uint_eq(map(3, 1), addr);
	ck_assert_uint_eq(fake_pins(3), 1);
	vgpu_cache_unmap(&cache, addr);
	ck_assert_uint_eq(fake_pins(3), 1);
	vgpu_cache_unmap(&cache, addr);
	ck_assert_uint_eq(fake_pins(3), 0);
	vgpu_cache_unmap(&cache, addr);
}
END_TEST

START_TEST(dma_reaches_the_page)
{
	uint64_t small = map(2, 1), large = map(16, 16);
	uint8_t byte = 7;

	memory[2 * FAKE_PAGE + 5] = 1;
	memory[31 * FAKE_PAGE + FAKE_PAGE - 1] = 2;
	ck_assert_int_eq(read_byte(small + 5, &byte), 0);
	ck_assert_uint_eq(byte, 1);
	ck_assert_int_eq(read_byte(large + 16 * FAKE_PAGE - 1, &byte), 0);
	ck_assert_uint_eq(byte, 2);
	ck_assert_int_eq(vgpu_cache_rw(&cache, large + 8, &byte, 1, true), 0);
	ck_assert_uint_eq(memory[16 * FAKE_PAGE + 8], 2);
	ck_assert_int_eq(read_byte(small + FAKE_PAGE, &byte), -EFAULT);
	ck_assert_int_eq(read_byte(large + 16 * FAKE_PAGE, &byte), -EFAULT);
	ck_assert_int_eq(read_byte(small - 1, &byte), -EFAULT);
	ck_assert_int_eq(read_byte(0, &byte), -EFAULT);
}
END_TEST

START_TEST(another_size_replaces)
{
	uint64_t small = map(16, 1), large;
	uint8_t byte;

	map(16, 1);
	large = map(16, 16);
	ck_assert_uint_eq(fake_pins_total(), 16);
	ck_assert_int_eq(read_byte(small, &byte), -EFAULT);
	ck_assert_int_eq(read_byte(large, &byte), 0);
	vgpu_cache_unmap(&cache, small);
	ck_assert_uint_eq(fake_pins_total(), 16);
	vgpu_cache_unmap(&cache, large);
	ck_assert_uint_eq(fake_pins_total(), 0);
}
END_TEST

/* A small entry inside a large one is its own. */
START_TEST(entries_overlap)
{
	uint64_t large = map(16, 16), small = map(20, 1);

	ck_assert_uint_eq(fake_pins(20), 2);
	vgpu_cache_unmap(&cache, large);
	ck_assert_uint_eq(fake_pins_total(), 1);
	vgpu_cache_unmap(&cache, small);
}
END_TEST

START_TEST(unmap_takes_what_is_in_the_range)
{
	for (unsigned int i = 0; i < FAKE_PAGES; i += 2)
		map(i, 1);
	map(100, 1); /* counted twice */
	unmap_pages(99, 4);
	for (unsigned int i = 0; i < FAKE_PAGES; i++)
		ck_assert_uint_eq(fake_pins(i),
				  !(i % 2) && i != 100 && i != 102);
	unmap_pages(0, FAKE_PAGES);
	ck_assert_uint_eq(fake_pins_total(), 0);
}
END_TEST

/* It reaches into the range: from before it, and over its end. */
START_TEST(unmap_of_a_part_takes_the_whole)
{
	map(16, 16);
	unmap_pages(31, 1);
	ck_assert_uint_eq(fake_pins_total(), 0);
	map(16, 16);
	unmap_pages(8, 9);
	ck_assert_uint_eq(fake_pins_total(), 0);
	map(16, 16);
	unmap_pages(32, 8);
	unmap_pages(0, 16);
	ck_assert_uint_eq(fake_pins_total(), 16);
}
END_TEST

START_TEST(ranges_at_the_ends)
{
	map(0, 1);
	vgpu_cache_unmap_range(&cache, 0, 0);
	vgpu_cache_unmap_range(&cache, 0, FAKE_IOVA);
	vgpu_cache_unmap_range(&cache, UINT64_MAX - FAKE_PAGE + 1, FAKE_PAGE);
	vgpu_cache_unmap_range(&cache, FAKE_IOVA + FAKE_PAGE, UINT64_MAX);
	ck_assert_uint_eq(fake_pins_total(), 1);
	vgpu_cache_unmap_range(&cache, 0, UINT64_MAX);
	ck_assert_uint_eq(fake_pins_total(), 0);
}
END_TEST

/* An address is not used again, for nobody else's page. */
START_TEST(old_addresses_lead_nowhere)
{
	uint64_t old = map(1, 1);
	uint8_t byte;

	unmap_pages(1, 1);
	for (unsigned int i = 0; i < 64; i++)
		ck_assert_uint_ne(map(i, 1), old);
	ck_assert_int_eq(read_byte(old, &byte), -EFAULT);
	vgpu_cache_unmap(&cache, old);
	ck_assert_uint_eq(fake_pins(1), 1);
}
END_TEST

START_TEST(what_cannot_be_pinned)
{
	uint64_t addr;

	fake_memory_protect(5, 0);
	fake_memory_protect(6, VFIO_DMA_MAP_FLAG_READ);
	ck_assert_int_eq(vgpu_cache_map(&cache, FAKE_GFN + 5, 1, &addr),
			 -EINVAL);
	ck_assert_int_eq(vgpu_cache_map(&cache, FAKE_GFN + 6, 1, &addr),
			 -EPERM);
	ck_assert_int_eq(vgpu_cache_map(&cache, FAKE_GFN, 16, &addr), -EINVAL);
	ck_assert_uint_eq(fake_pins_total(), 0);
}
END_TEST

Suite *vgpu_cache_suite(void)
{
	Suite *suite = suite_create("vgpu cache");
	TCase *tc = tcase_create("cache");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, one_frame_is_pinned_once);
	tcase_add_test(tc, dma_reaches_the_page);
	tcase_add_test(tc, another_size_replaces);
	tcase_add_test(tc, entries_overlap);
	tcase_add_test(tc, unmap_takes_what_is_in_the_range);
	tcase_add_test(tc, unmap_of_a_part_takes_the_whole);
	tcase_add_test(tc, ranges_at_the_ends);
	tcase_add_test(tc, old_addresses_lead_nowhere);
	tcase_add_test(tc, what_cannot_be_pinned);
	suite_add_tcase(suite, tc);
	return suite;
}
