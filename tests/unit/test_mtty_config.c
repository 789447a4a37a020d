// SPDX-License-Identifier: BSD-3-Clause
/* The card's configuration space, byte for byte. */
#include <check.h>
#include <string.h>

#include "../../mdevs/mtty/config.h"
#include "suites.h"

static struct mtty_config config;

/* What Linux 6.12's mtty-2 shows; mtty-1 differs in the byte at 0x14. */
static const uint8_t initial[256] = {
	[0x00] = 0x48, [0x01] = 0x43, [0x02] = 0x53, [0x03] = 0x32,
	[0x04] = 0x01, [0x07] = 0x02, [0x08] = 0x10, [0x09] = 0x02,
	[0x0b] = 0x07, [0x10] = 0x01, [0x14] = 0x01, [0x2c] = 0x48,
	[0x2d] = 0x43, [0x2e] = 0x53, [0x2f] = 0x32, [0x3d] = 0x01,
	[0x40] = 0x23, [0x43] = 0x80, [0x44] = 0x23, [0x48] = 0x23,
	[0x4c] = 0x23, [0x60] = 'P',  [0x61] = 'C',  [0x62] = 'I',
	[0x63] = ' ',  [0x64] = 'S',  [0x65] = 'e',  [0x66] = 'r',
	[0x67] = 'i',  [0x68] = 'a',  [0x69] = 'l',  [0x6a] = '/',
	[0x6b] = 'U',  [0x6c] = 'A',  [0x6d] = 'R',  [0x6e] = 'T',
};

static uint32_t get(uint64_t offset, size_t len)
{
	uint32_t value = 0;

	mtty_config_read(&config, offset, &value, len);
	return value;
}

static void set(uint64_t offset, uint32_t value, size_t len)
{
	mtty_config_write(&config, offset, &value, len);
}

/* _i: the number of ports. */
START_TEST(initial_bytes)
{
	uint8_t expected[256];
	uint8_t bytes[256];

	memcpy(expected, initial, sizeof(expected));
	expected[0x14] = _i == 2;
	mtty_config_init(&config, (unsigned int)_i);
	mtty_config_read(&config, 0, bytes, sizeof(bytes));
	ck_assert_mem_eq(bytes, expected, sizeof(expected));
}
END_TEST

START_TEST(bars_tell_their_size)
{
	mtty_config_init(&config, 2);
	for (unsigned int offset = 0x10; offset <= 0x14; offset += 4) {
		set(offset, 0xffffffff, 4);
		ck_assert_uint_eq(get(offset, 4), 0xfffffff9);
		set(offset, 0xc000, 4);
		ck_assert_uint_eq(get(offset, 4), 0xc001);
		/* An address is taken as it is. */
		set(offset, 0xc006, 4);
		ck_assert_uint_eq(get(offset, 4), 0xc007);
		/* And its low bits stay for good. */
		set(offset, 0xffffffff, 4);
		ck_assert_uint_eq(get(offset, 4), 0xfffffffb);
	}
}
END_TEST

START_TEST(absent_bars_are_zero)
{
	mtty_config_init(&config, 1);
	for (unsigned int offset = 0x14; offset <= 0x30; offset += 4) {
		uint32_t before = get(offset, 4);

		set(offset, 0xffffffff, 4);
		ck_assert_uint_eq(get(offset, 4), before);
		ck_assert(before == 0 || offset == 0x2c);
	}
}
END_TEST

START_TEST(short_bar_writes)
{
	mtty_config_init(&config, 2);
	set(0x10, 0xffff, 2);
	ck_assert_uint_eq(get(0x10, 4), 0xffff);
	set(0x10, 0x20, 1);
	ck_assert_uint_eq(get(0x10, 4), 0x23);
	/* Not at the BAR's first byte: nothing. */
	set(0x11, 0xff, 1);
	set(0x12, 0xffff, 2);
	ck_assert_uint_eq(get(0x10, 4), 0x23);
}
END_TEST

START_TEST(interrupt_line)
{
	mtty_config_init(&config, 2);
	set(0x3c, 0x0b, 1);
	ck_assert_uint_eq(get(0x3c, 1), 0x0b);
	set(0x3d, 0x02, 1);
	ck_assert_uint_eq(get(0x3d, 1), 0x01);
	/* A wide write reaches the line only. */
	set(0x3c, 0xffffff0a, 4);
	ck_assert_uint_eq(get(0x3c, 4), 0x0000010a);
}
END_TEST

START_TEST(the_rest_is_read_only)
{
	uint8_t bytes[256];

	mtty_config_init(&config, 2);
	for (unsigned int offset = 0; offset < 256; offset++) {
		if (offset == 0x10 || offset == 0x14 || offset == 0x3c)
			continue;
		set(offset, 0xffffffff, offset % 2 ? 1 : offset % 4 ? 2 : 4);
	}
	mtty_config_read(&config, 0, bytes, sizeof(bytes));
	ck_assert_mem_eq(bytes, initial, sizeof(initial));
}
END_TEST

START_TEST(over_the_end)
{
	mtty_config_init(&config, 2);
	config.bytes[0xfe] = 0xaa;
	ck_assert_uint_eq(get(0xfc, 4), 0x00aa0000);
	ck_assert_uint_eq(get(0xff, 1), 0);
	ck_assert_uint_eq(get(0x100, 4), 0);
	ck_assert_uint_eq(get(0xfffffffffc, 4), 0);
	set(0x100, 0xffffffff, 4);
	set(0xff, 0xff, 1);
	/* Of a write's offset 16 bits count. */
	set(0x1003c, 0x05, 1);
	ck_assert_uint_eq(get(0x3c, 1), 0x05);
}
END_TEST

Suite *mtty_config_suite(void)
{
	Suite *suite = suite_create("mtty config");
	TCase *tc = tcase_create("config");

	tcase_add_loop_test(tc, initial_bytes, 1, 3);
	tcase_add_test(tc, bars_tell_their_size);
	tcase_add_test(tc, absent_bars_are_zero);
	tcase_add_test(tc, short_bar_writes);
	tcase_add_test(tc, interrupt_line);
	tcase_add_test(tc, the_rest_is_read_only);
	tcase_add_test(tc, over_the_end);
	suite_add_tcase(suite, tc);
	return suite;
}
