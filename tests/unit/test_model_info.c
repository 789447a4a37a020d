// SPDX-License-Identifier: BSD-3-Clause
/* The device's GET_INFO and its capabilities. */
#include <errno.h>
#include <string.h>

#include "model_rig.h"
#include "suites.h"

static struct model m;

static void teardown(void)
{
	model_teardown(&m);
}

/* Two capabilities: of 16 bytes, and of 12, padded to 16. */
static const struct vfio_info_cap_header cap_a[2] = {
	{ .id = 0x11, .version = 1, .next = 0xbad },
	{ .id = 0xa, .next = 0xaa }
};
static const struct {
	struct vfio_info_cap_header header;
	uint32_t value;
} cap_b = { { .id = 0x22, .version = 3, .next = 0xbad }, 0xbbbbbbbb };

static const struct vfiod_cap caps[2] = {
	{ cap_a, sizeof(cap_a) },
	{ &cap_b.header, sizeof(cap_b) },
};

static const struct vfiod_type info_type = {
	.name = "1",
	.info_flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
	.nr_regions = 9,
	.nr_irqs = 5,
	.regions = (const struct vfiod_region[9]){ { .size = 0 } },
	.irqs = (const struct vfiod_irq[5]){ { .count = 1 } },
};

static struct vfiod_type caps_type;

#define INFO_NEEDED 56
#define INFO_AREA 64

union info_area {
	struct vfio_device_info info;
	uint8_t bytes[INFO_AREA];
	uint32_t words[INFO_AREA / 4];
};

static int get_info_at(uint64_t at)
{
	return vfio_device_file_ioctl(m.devs[0].file, VFIO_DEVICE_GET_INFO, at);
}

/* GET_INFO with @argsz in an area full of 0xee. */
static int get_info(uint32_t argsz, union info_area *area)
{
	memset(area, 0xee, sizeof(*area));
	area->info.argsz = argsz;
	return model_device_ioctl(&m, VFIO_DEVICE_GET_INFO, area,
				  sizeof(*area));
}

static void assert_untouched(const union info_area *area, size_t from)
{
	for (size_t i = from; i < INFO_AREA; i++)
		ck_assert_uint_eq(area->bytes[i], 0xee);
}

static void info_setup(void)
{
	model_ready(&m, &model_plugin, &info_type);
}

START_TEST(info)
{
	union info_area area;

	for (uint32_t argsz = 0; argsz < INFO_AREA; argsz++) {
		if (argsz < 16) {
			ck_assert_int_eq(get_info(argsz, &area), -EINVAL);
			assert_untouched(&area, 4);
			continue;
		}
		ck_assert_int_eq(get_info(argsz, &area), 0);
		ck_assert_uint_eq(area.info.argsz, argsz);
		ck_assert_uint_eq(area.info.flags, 3);
		ck_assert_uint_eq(area.info.num_regions, 9);
		ck_assert_uint_eq(area.info.num_irqs, 5);
		assert_untouched(&area, 16);
	}
	ck_assert_int_eq(get_info(~0U, &area), 0);
}
END_TEST

START_TEST(info_faults)
{
	const uint32_t argsz[4] = { 16 }, small[3] = { 15 };
	uint64_t at = model_put_at_hole(&m, argsz, sizeof(argsz));

	ck_assert_int_eq(get_info_at(at), 0);
	host_mm_protect(m.mm, 0, 1, HOST_READ);
	ck_assert_int_eq(get_info_at(at), -EFAULT);
	host_mm_protect(m.mm, 0, 1, HOST_READ | HOST_WRITE);
	/* Read whole before argsz is looked at. */
	at = model_put_at_hole(&m, small, sizeof(small));
	ck_assert_int_eq(get_info_at(at), -EFAULT);
	ck_assert_int_eq(get_info_at(0), -EFAULT);
}
END_TEST

static void caps_setup(void)
{
	caps_type = info_type;
	caps_type.nr_caps = 2;
	caps_type.caps = caps;
	model_ready(&m, &model_plugin, &caps_type);
}

static void assert_chain(const union info_area *area)
{
	static const uint32_t chain[8] = { 0x10011, 40, 0xa,	    0xaa,
					   0x30022, 0,	0xbbbbbbbb, 0 };

	ck_assert_mem_eq(area->words + 6, chain, sizeof(chain));
	assert_untouched(area, INFO_NEEDED);
}

/* As much as argsz has room for; the chain whole or not at all. */
START_TEST(info_with_caps)
{
	union info_area area;

	for (uint32_t argsz = 16; argsz < INFO_AREA; argsz++) {
		bool fits = argsz >= INFO_NEEDED;

		ck_assert_int_eq(get_info(argsz, &area), 0);
		ck_assert_uint_eq(area.info.argsz, fits ? argsz : INFO_NEEDED);
		ck_assert_uint_eq(area.info.flags, 3 | VFIO_DEVICE_FLAGS_CAPS);
		if (argsz >= 20)
			ck_assert_uint_eq(area.words[4], fits ? 24 : 0);
		if (argsz >= 24)
			ck_assert_uint_eq(area.words[5], 0);
		if (fits)
			assert_chain(&area);
		else
			assert_untouched(&area, argsz < 24 ? argsz : 24);
	}
	ck_assert_int_eq(get_info(15, &area), -EINVAL);
	assert_untouched(&area, 4);
}
END_TEST

/* With a chain that ends at the hole, and one that runs into it. */
START_TEST(info_with_caps_faults)
{
	union info_area area = { .info.argsz = INFO_NEEDED };
	uint64_t at = model_put_at_hole(&m, &area, INFO_NEEDED);
	struct vfio_device_info after;

	ck_assert_int_eq(get_info_at(at), 0);
	for (size_t size = 24; size < INFO_NEEDED; size += 8) {
		at = model_put_at_hole(&m, &area, size);
		ck_assert_int_eq(get_info_at(at), -EFAULT);
		memcpy(&after, host_mm_ptr(m.mm, at), sizeof(after));
		ck_assert_uint_eq(after.flags, 0);
	}
	/* A small argsz is all that it needs. */
	area.info.argsz = 16;
	at = model_put_at_hole(&m, &area, 16);
	ck_assert_int_eq(get_info_at(at), 0);
}
END_TEST

Suite *model_info_suite(void)
{
	Suite *suite = suite_create("model info");
	TCase *bare = tcase_create("no caps"), *tc = tcase_create("caps");

	tcase_add_checked_fixture(bare, info_setup, teardown);
	tcase_add_test(bare, info);
	tcase_add_test(bare, info_faults);
	tcase_add_checked_fixture(tc, caps_setup, teardown);
	tcase_add_test(tc, info_with_caps);
	tcase_add_test(tc, info_with_caps_faults);
	suite_add_tcase(suite, bare);
	suite_add_tcase(suite, tc);
	return suite;
}
