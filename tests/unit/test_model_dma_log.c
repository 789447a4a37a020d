// SPDX-License-Identifier: BSD-3-Clause
/* Logging by the device: ranges, their order, and the client's bitmap. */
#include <errno.h>
#include <string.h>

#include "model_rig.h"
#include "suites.h"

static struct model m;

#define GET VFIO_DEVICE_FEATURE_GET
#define SET VFIO_DEVICE_FEATURE_SET
#define START (SET | VFIO_DEVICE_FEATURE_DMA_LOGGING_START)
#define STOP (SET | VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP)
#define REPORT (GET | VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT)
#define MAX_RANGES 256

typedef struct vfio_device_feature_dma_logging_range range_t;

/* What the device was told, and what it tells. */
static range_t got[MAX_RANGES];
static uint32_t nr_got;
static uint64_t got_page_size, asked_iova, asked_length;
static int op_errno;
static unsigned int starts, stops, reports;
static range_t dirty[4]; /* length 0: none */
static int dirty_errno[4];

static int log_start(struct vfio_device *vdev, const range_t *ranges,
		     uint32_t nr, uint64_t *page_size)
{
	(void)vdev;
	starts++;
	memcpy(got, ranges, nr * sizeof(*ranges));
	nr_got = nr;
	got_page_size = *page_size;
	*page_size = 0x10000;
	return op_errno;
}

static int log_stop(struct vfio_device *vdev)
{
	(void)vdev;
	stops++;
	return op_errno;
}

static int log_read_and_clear(struct vfio_device *vdev, uint64_t iova,
			      uint64_t length, struct vfiod_dirty *bitmap)
{
	(void)vdev;
	reports++;
	asked_iova = iova;
	asked_length = length;
	for (int i = 0; i < 4 && dirty[i].length; i++)
		dirty_errno[i] =
			vfiod_dirty_set(bitmap, dirty[i].iova, dirty[i].length);
	return op_errno;
}

static const struct vfiod_plugin plugin = {
	.name = "log",
	.init = model_init,
	.dma_unmap = model_dma_unmap,
	.log_start = log_start,
	.log_stop = log_stop,
	.log_read_and_clear = log_read_and_clear,
};

static void setup(void)
{
	op_errno = 0;
	starts = stops = reports = 0;
	memset(dirty, 0, sizeof(dirty));
	model_ready(&m, &plugin, &model_type);
}

static void teardown(void)
{
	model_teardown(&m);
}

struct control {
	struct vfio_device_feature header;
	struct vfio_device_feature_dma_logging_control data;
};

static int start_at(uint64_t ranges, uint32_t nr, uint64_t *page_size)
{
	struct control arg = {
		.header = { .argsz = sizeof(arg), .flags = START },
		.data = { .page_size = *page_size,
			  .num_ranges = nr,
			  .ranges = ranges },
	};
	int ret =
		model_device_ioctl(&m, VFIO_DEVICE_FEATURE, &arg, sizeof(arg));

	*page_size = arg.data.page_size;
	return ret;
}

/* The ranges are at the start of the client's memory, which is two pages. */
static int start(const range_t *ranges, uint32_t nr, uint64_t page_size)
{
	ck_assert_int_eq(vfio_copy_to_user(m.mem, ranges, nr * sizeof(*ranges)),
			 0);
	return start_at(m.mem, nr, &page_size);
}

START_TEST(ranges_are_sorted)
{
	const range_t ranges[] = { { 0x9000, 0x1000 },
				   { 0x1000, 0x2000 },
				   { 0x3000, 0x1000 } };
	uint64_t page_size = 0x1000;

	ck_assert_int_eq(vfio_copy_to_user(m.mem, ranges, sizeof(ranges)), 0);
	ck_assert_int_eq(start_at(m.mem, 3, &page_size), 0);
	ck_assert_uint_eq(page_size, 0x10000);
	ck_assert_uint_eq(got_page_size, 0x1000);
	ck_assert_uint_eq(nr_got, 3);
	ck_assert_uint_eq(got[0].iova, 0x1000);
	ck_assert_uint_eq(got[1].iova, 0x3000);
	ck_assert_uint_eq(got[2].iova, 0x9000);
	ck_assert_uint_eq(got[2].length, 0x1000);
}
END_TEST

START_TEST(number_of_ranges)
{
	range_t ranges[MAX_RANGES];
	uint64_t page_size = 0x1000;

	for (size_t i = 0; i < MAX_RANGES; i++)
		ranges[i] = (range_t){ (MAX_RANGES - i) * 0x1000, 0x1000 };
	ck_assert_int_eq(start(ranges, MAX_RANGES, 0x1000), 0);
	ck_assert_uint_eq(got[0].iova, 0x1000);
	/* These come before the ranges are looked at. */
	ck_assert_int_eq(start_at(0, 0, &page_size), -EINVAL);
	ck_assert_int_eq(start_at(0, MAX_RANGES + 1, &page_size), -E2BIG);
	ck_assert_int_eq(start_at(0, UINT32_MAX, &page_size), -E2BIG);
	ck_assert_int_eq(start_at(0, 1, &page_size), -EFAULT);
	ck_assert_uint_eq(page_size, 0x1000);
	ck_assert_uint_eq(starts, 1);
}
END_TEST

START_TEST(bad_ranges)
{
	static const struct {
		range_t ranges[2];
		uint32_t nr;
		uint64_t page_size;
		int error;
	} bad[] = {
		{ { { 0x1800, 0x1000 } }, 1, 0x1000, -EINVAL },
		{ { { 0x1000, 0x1800 } }, 1, 0x1000, -EINVAL },
		{ { { 0x1000, 0x1000 } }, 1, 0, -EINVAL },
		{ { { -0x1000ULL, 0x2000 } }, 1, 0x1000, -EOVERFLOW },
		{ { { -0x1000ULL, 0x1000 } }, 1, 0x1000, -EOVERFLOW },
		{ { { 0x1000, 0x2000 }, { 0x2000, 0x1000 } },
		  2,
		  0x1000,
		  -EINVAL },
		{ { { 0x2000, 0x1000 }, { 0x1000, 0x3000 } },
		  2,
		  0x1000,
		  -EINVAL },
		/* A range of nothing at 0 reaches from there to the end. */
		{ { { 0, 0 }, { 0x1000, 0x1000 } }, 2, 0x1000, -EINVAL },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(start(bad[i].ranges, bad[i].nr,
				       bad[i].page_size),
				 bad[i].error);
	ck_assert_uint_eq(starts, 0);
}
END_TEST

/* The errno is that of the first range that is wrong. */
START_TEST(first_bad_range)
{
	const range_t range = { 0x1001, 0x1000 };
	uint64_t page_size = 0x1000;
	uint64_t at = model_put_at_hole(&m, &range, sizeof(range));

	ck_assert_int_eq(start_at(at, 2, &page_size), -EINVAL);
	page_size = 1;
	ck_assert_int_eq(start_at(at, 2, &page_size), -EFAULT);
	ck_assert_uint_eq(starts, 0);
}
END_TEST

START_TEST(start_fails)
{
	const range_t range = { 0x1000, 0x1000 };
	uint64_t page_size = 0x1000;

	op_errno = -EBUSY;
	ck_assert_int_eq(start(&range, 1, 0x1000), -EBUSY);
	ck_assert_int_eq(start_at(m.mem, 1, &page_size), -EBUSY);
	ck_assert_uint_eq(page_size, 0x1000);
	ck_assert_uint_eq(stops, 0);
}
END_TEST

/* What cannot be told has not begun. */
START_TEST(start_cannot_be_told)
{
	const range_t range = { 0x1000, 0x1000 };
	const struct control arg = {
		.header = { .argsz = sizeof(arg), .flags = START },
		.data = { .page_size = 0x1000,
			  .num_ranges = 1,
			  .ranges = m.mem },
	};
	uint64_t at = model_put(&m, &arg, sizeof(arg));

	ck_assert_int_eq(vfio_copy_to_user(m.mem, &range, sizeof(range)), 0);
	host_mm_protect(m.mm, (at - m.mm->base) / PAGE, 1, HOST_READ);
	ck_assert_int_eq(vfio_device_file_ioctl(m.devs[0].file,
						VFIO_DEVICE_FEATURE, at),
			 -EFAULT);
	host_mm_protect(m.mm, (at - m.mm->base) / PAGE, 1,
			HOST_READ | HOST_WRITE);
	ck_assert_uint_eq(starts, 1);
	ck_assert_uint_eq(stops, 1);
}
END_TEST

START_TEST(stop)
{
	struct vfio_device_feature arg = { .argsz = 8, .flags = STOP };

	ck_assert_int_eq(model_device_ioctl(&m, VFIO_DEVICE_FEATURE, &arg, 8),
			 0);
	op_errno = -EIO;
	ck_assert_int_eq(model_device_ioctl(&m, VFIO_DEVICE_FEATURE, &arg, 8),
			 -EIO);
	ck_assert_uint_eq(stops, 2);
}
END_TEST

struct report {
	struct vfio_device_feature header;
	struct vfio_device_feature_dma_logging_report data;
};

/* The bitmap is in the client's memory. */
static int report(uint64_t iova, uint64_t length, uint64_t page_size,
		  uint64_t bitmap)
{
	struct report arg = {
		.header = { .argsz = sizeof(arg), .flags = REPORT },
		.data = { .iova = iova,
			  .length = length,
			  .page_size = page_size,
			  .bitmap = bitmap },
	};

	return model_device_ioctl(&m, VFIO_DEVICE_FEATURE, &arg, sizeof(arg));
}

static uint64_t word(uint64_t at)
{
	uint64_t value;

	ck_assert_int_eq(vfio_copy_from_user(&value, at, sizeof(value)), 0);
	return value;
}

START_TEST(report_checks)
{
	ck_assert_int_eq(report(0, 0x1000, 0x800, m.mem), -EINVAL);
	ck_assert_int_eq(report(0, 0x1000, 0x3000, m.mem), -EINVAL);
	ck_assert_int_eq(report(0, 0x1000, 0, m.mem), -EINVAL);
	ck_assert_int_eq(report(-0x1000ULL, 0x1000, 0x1000, m.mem), -EOVERFLOW);
	ck_assert_uint_eq(reports, 0);
	op_errno = -EIO;
	ck_assert_int_eq(report(0x4000, 0x3000, 0x1000, m.mem), -EIO);
	ck_assert_uint_eq(asked_iova, 0x4000);
	ck_assert_uint_eq(asked_length, 0x3000);
}
END_TEST

/* Bits are added to what is there; the first page has the first. */
START_TEST(bits)
{
	const uint64_t there[3] = { 1ULL << 63, 0, 1 };

	ck_assert_int_eq(vfio_copy_to_user(m.mem, there, sizeof(there)), 0);
	dirty[0] = (range_t){ 0x100000, 1 };
	dirty[1] = (range_t){ 0x102fff, 2 };
	dirty[2] = (range_t){ 0x100000 + 60 * 0x1000, 0x6000 };
	ck_assert_int_eq(report(0x100000, 192 * 0x1000, 0x1000, m.mem), 0);
	ck_assert_uint_eq(word(m.mem), 0xf00000000000000dULL);
	ck_assert_uint_eq(word(m.mem + 8), 3);
	ck_assert_uint_eq(word(m.mem + 16), 1);
}
END_TEST

START_TEST(larger_pages)
{
	dirty[0] = (range_t){ 0x10000, 0x1000 };
	dirty[1] = (range_t){ 0x5f000, 0x2000 };
	ck_assert_int_eq(report(0, 0x100000, 0x10000, m.mem), 0);
	ck_assert_uint_eq(word(m.mem), 0x62);
}
END_TEST

/* More bits than are written at a time. */
START_TEST(many_bits)
{
	uint64_t nr = 5000;

	dirty[0] = (range_t){ 3 * 0x1000, (nr - 6) * 0x1000 };
	ck_assert_int_eq(report(0, nr * 0x1000, 0x1000, m.mem), 0);
	ck_assert_uint_eq(word(m.mem), ~7ULL);
	for (uint64_t i = 1; i < nr / 64; i++)
		ck_assert_uint_eq(word(m.mem + 8 * i), ~0ULL);
	/* Of the last 8 bits three are missing, and nothing is behind. */
	ck_assert_uint_eq(word(m.mem + 8 * (nr / 64)), 0x1f);
}
END_TEST

START_TEST(outside_of_the_range)
{
	dirty[0] = (range_t){ 0xfff, 2 };
	dirty[1] = (range_t){ 0x1000, 0x1001 };
	dirty[2] = (range_t){ 0x2000, 1 };
	dirty[3] = (range_t){ 0x1800, UINT64_MAX };
	ck_assert_int_eq(report(0x1000, 0x1000, 0x1000, m.mem), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(dirty_errno[i], -EINVAL);
	ck_assert_uint_eq(word(m.mem), 0);
}
END_TEST

START_TEST(bitmap_is_not_there)
{
	ck_assert_int_eq(report(0x1000, 0x1000, 0x1000, m.hole), 0);
	dirty[0] = (range_t){ 0x1000, 1 };
	ck_assert_int_eq(report(0x1000, 0x1000, 0x1000, m.hole), -EFAULT);
	ck_assert_int_eq(dirty_errno[0], -EFAULT);
	op_errno = -EIO;
	ck_assert_int_eq(report(0x1000, 0x1000, 0x1000, m.hole), -EIO);
}
END_TEST

Suite *model_dma_log_suite(void)
{
	Suite *suite = suite_create("model dma_log");
	TCase *tc = tcase_create("dma_log");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, ranges_are_sorted);
	tcase_add_test(tc, number_of_ranges);
	tcase_add_test(tc, bad_ranges);
	tcase_add_test(tc, first_bad_range);
	tcase_add_test(tc, start_fails);
	tcase_add_test(tc, start_cannot_be_told);
	tcase_add_test(tc, stop);
	tcase_add_test(tc, report_checks);
	tcase_add_test(tc, bits);
	tcase_add_test(tc, larger_pages);
	tcase_add_test(tc, many_bits);
	tcase_add_test(tc, outside_of_the_range);
	tcase_add_test(tc, bitmap_is_not_there);
	suite_add_tcase(suite, tc);
	return suite;
}
