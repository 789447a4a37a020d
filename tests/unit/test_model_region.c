// SPDX-License-Identifier: BSD-3-Clause
/* Regions: GET_REGION_INFO, read and write. */
#include <errno.h>
#include <string.h>

#include "model_rig.h"
#include "suites.h"

static struct model m;

static void teardown(void)
{
	model_teardown(&m);
}

static const struct vfio_info_cap_header cap = { .id = 3,
						 .version = 1,
						 .next = 0xbad };
static const struct vfiod_cap caps[1] = { { &cap, sizeof(cap) } };

#define R VFIO_REGION_INFO_FLAG_READ
#define W VFIO_REGION_INFO_FLAG_WRITE

/* Of either kind one, one that is not there, a large one with a capability. */
static const struct vfiod_region regions[] = {
	{ .size = 21, .flags = R | W },
	{ .size = 16, .flags = R },
	{ .size = 16, .flags = W },
	{ .size = 0, .flags = R | W },
	{ .size = 1ULL << 40, .flags = R | W, .nr_caps = 1, .caps = caps },
};
#define NR_REGIONS 5

static const struct vfiod_type type = {
	.name = "1",
	.nr_regions = NR_REGIONS,
	.regions = regions,
};

/* The accesses, in order. */
static struct {
	unsigned int n;
	unsigned int fail_at; /* the so-many-th fails */
	int error;
	struct access {
		unsigned int index;
		uint64_t offset;
		unsigned int len;
		bool write;
	} done[64];
	uint8_t content[32]; /* of each region's start */
} log_of;

static int access_op(struct vfio_device *vdev, unsigned int index,
		     uint64_t offset, void *buf, unsigned int len, bool write)
{
	(void)vdev;
	ck_assert_uint_lt(log_of.n, 64);
	log_of.done[log_of.n++] = (struct access){ index, offset, len, write };
	if (log_of.error && log_of.n == log_of.fail_at)
		return log_of.error;
	if (offset + len > sizeof(log_of.content))
		return 0;
	if (write)
		memcpy(log_of.content + offset, buf, len);
	else
		memcpy(buf, log_of.content + offset, len);
	return 0;
}

static const struct vfiod_plugin plugin = {
	.name = "regions",
	.init = model_init,
	.access = access_op,
	.dma_unmap = model_dma_unmap,
};

static void clear(void)
{
	memset(&log_of, 0, sizeof(log_of));
	for (unsigned int i = 0; i < sizeof(log_of.content); i++)
		log_of.content[i] = i;
}

static void setup(void)
{
	clear();
	model_ready(&m, &plugin, &type);
}

/* GET_REGION_INFO */

#define INFO_SIZE 32
#define AREA 48

union area {
	struct vfio_region_info info;
	uint8_t bytes[AREA];
	uint32_t words[AREA / 4];
};

static int get_info(uint32_t argsz, uint32_t index, union area *area)
{
	memset(area, 0xee, sizeof(*area));
	area->info.argsz = argsz;
	area->info.index = index;
	return model_device_ioctl(&m, VFIO_DEVICE_GET_REGION_INFO, area,
				  sizeof(*area));
}

static void assert_untouched(const union area *area, size_t from)
{
	for (size_t i = from; i < AREA; i++)
		ck_assert_uint_eq(area->bytes[i], 0xee);
}

/* All of it is written back but what only a chain would change. */
START_TEST(info)
{
	union area area;

	for (uint32_t i = 0; i < 4; i++) {
		ck_assert_int_eq(get_info(1000, i, &area), 0);
		ck_assert_uint_eq(area.info.argsz, 1000);
		ck_assert_uint_eq(area.info.index, i);
		ck_assert_uint_eq(area.info.flags, regions[i].flags);
		ck_assert_uint_eq(area.info.size, regions[i].size);
		ck_assert_uint_eq(area.info.offset, (uint64_t)i << 40);
		ck_assert_uint_eq(area.info.cap_offset, 0xeeeeeeee);
		assert_untouched(&area, INFO_SIZE);
	}
}
END_TEST

START_TEST(info_refused)
{
	union area area;

	for (uint32_t argsz = 0; argsz < INFO_SIZE; argsz++) {
		ck_assert_int_eq(get_info(argsz, 0, &area), -EINVAL);
		assert_untouched(&area, 12);
	}
	ck_assert_int_eq(get_info(INFO_SIZE, NR_REGIONS, &area), -EINVAL);
	ck_assert_int_eq(get_info(INFO_SIZE, ~0U, &area), -EINVAL);
	assert_untouched(&area, 12);
}
END_TEST

START_TEST(info_faults)
{
	struct vfio_region_info arg = { .argsz = 8 };
	uint64_t at = model_put_at_hole(&m, &arg, 31);

	/* Read whole before argsz is looked at. */
	ck_assert_int_eq(vfio_device_file_ioctl(m.devs[0].file,
						VFIO_DEVICE_GET_REGION_INFO,
						at),
			 -EFAULT);
	arg.argsz = INFO_SIZE;
	at = model_put_at_hole(&m, &arg, sizeof(arg));
	ck_assert_int_eq(vfio_device_file_ioctl(m.devs[0].file,
						VFIO_DEVICE_GET_REGION_INFO,
						at),
			 0);
	host_mm_protect(m.mm, 0, 1, HOST_READ);
	ck_assert_int_eq(vfio_device_file_ioctl(m.devs[0].file,
						VFIO_DEVICE_GET_REGION_INFO,
						at),
			 -EFAULT);
}
END_TEST

START_TEST(info_with_cap)
{
	static const uint32_t chain[2] = { 0x10003, 0 };
	union area area;

	for (uint32_t argsz = INFO_SIZE; argsz <= AREA; argsz++) {
		bool fits = argsz >= 40;

		ck_assert_int_eq(get_info(argsz, 4, &area), 0);
		ck_assert_uint_eq(area.info.argsz, fits ? argsz : 40);
		ck_assert_uint_eq(area.info.flags,
				  R | W | VFIO_REGION_INFO_FLAG_CAPS);
		ck_assert_uint_eq(area.info.cap_offset, fits ? 32 : 0);
		ck_assert_uint_eq(area.info.size, 1ULL << 40);
		assert_untouched(&area, fits ? 40 : 32);
		if (fits)
			ck_assert_mem_eq(area.words + 8, chain, sizeof(chain));
	}
}
END_TEST

START_TEST(info_with_cap_faults)
{
	struct vfio_region_info arg = { .argsz = 40, .index = 4 };
	uint64_t at = model_put_at_hole(&m, &arg, sizeof(arg));
	struct vfio_region_info after;

	ck_assert_int_eq(vfio_device_file_ioctl(m.devs[0].file,
						VFIO_DEVICE_GET_REGION_INFO,
						at),
			 -EFAULT);
	memcpy(&after, host_mm_ptr(m.mm, at), sizeof(after));
	ck_assert_mem_eq(&after, &arg, sizeof(arg));
	arg.argsz = 39;
	at = model_put_at_hole(&m, &arg, sizeof(arg));
	ck_assert_int_eq(vfio_device_file_ioctl(m.devs[0].file,
						VFIO_DEVICE_GET_REGION_INFO,
						at),
			 0);
}
END_TEST

/* read and write by the access op */

static ssize_t do_read(void *buf, size_t count, uint64_t pos)
{
	return vfio_device_file_read(m.devs[0].file, buf, count, pos);
}

static ssize_t do_write(const void *buf, size_t count, uint64_t pos)
{
	return vfio_device_file_write(m.devs[0].file, buf, count, pos);
}

/* The lengths of the accesses, from @offset of region @index on. */
static void assert_accesses(unsigned int index, uint64_t offset, bool write,
			    const char *lens)
{
	ck_assert_uint_eq(log_of.n, strlen(lens));
	for (unsigned int i = 0; i < log_of.n; i++) {
		const struct access *a = &log_of.done[i];

		ck_assert_uint_eq(a->index, index);
		ck_assert_uint_eq(a->offset, offset);
		ck_assert_uint_eq(a->len, lens[i] - '0');
		ck_assert_int_eq(a->write, write);
		offset += a->len;
	}
	log_of.n = 0;
}

static const struct split {
	uint64_t offset;
	size_t count;
	const char *lens;
} splits[] = {
	{ 0, 1, "1" },
	{ 0, 2, "2" },
	{ 0, 3, "21" },
	{ 0, 4, "4" },
	{ 0, 5, "41" },
	{ 0, 6, "42" },
	{ 0, 7, "421" },
	{ 0, 8, "8" },
	{ 0, 16, "88" },
	{ 1, 1, "1" },
	{ 1, 2, "11" },
	{ 1, 7, "124" },
	{ 1, 8, "1241" },
	{ 1, 15, "1248" },
	{ 2, 4, "22" },
	{ 3, 10, "1441" },
	{ 4, 8, "44" },
	{ 6, 12, "282" },
	{ 7, 2, "11" },
	{ 0, 21, "8841" },
	{ 20, 1, "1" },
	/* over the end: cut */
	{ 0, 22, "8841" },
	{ 20, 100, "1" },
	{ 16, 8, "41" },
	{ 5, 1000, "12841" },
};
#define NR_SPLITS (sizeof(splits) / sizeof(splits[0]))

START_TEST(split)
{
	const struct split *s = &splits[_i];
	size_t want = s->count < 21 - s->offset ? s->count : 21 - s->offset;
	uint8_t buf[1000], sent[32];

	memset(buf, 0xee, sizeof(buf));
	ck_assert_int_eq(do_read(buf, s->count, s->offset), want);
	assert_accesses(0, s->offset, false, s->lens);
	for (size_t i = 0; i < sizeof(buf); i++)
		ck_assert_uint_eq(buf[i], i < want ? s->offset + i : 0xee);

	memset(buf, 0x55, sizeof(buf));
	ck_assert_int_eq(do_write(buf, s->count, s->offset), want);
	assert_accesses(0, s->offset, true, s->lens);
	memset(sent, 0x55, sizeof(sent));
	ck_assert_mem_eq(log_of.content + s->offset, sent, want);
	if (s->offset)
		ck_assert_uint_eq(log_of.content[s->offset - 1], s->offset - 1);
	ck_assert_uint_eq(log_of.content[21], 21);
}
END_TEST

/* Outside, absent, or of the other direction: nothing is asked. */
START_TEST(refused)
{
	static const uint64_t nowhere[] = {
		21,
		22,
		VFIOD_OFFSET(1) - 1,
		VFIOD_OFFSET(1) + 16,
		VFIOD_OFFSET(3),
		VFIOD_OFFSET(3) + 1,
		VFIOD_OFFSET(5),
		VFIOD_OFFSET(100),
		1ULL << 63,
		INT64_MAX,
		UINT64_MAX,
	};
	uint8_t buf[8] = { 0 };

	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		ck_assert_int_eq(do_read(buf, 1, nowhere[i]), -EINVAL);
		ck_assert_int_eq(do_write(buf, 1, nowhere[i]), -EINVAL);
	}
	ck_assert_int_eq(do_write(buf, 4, VFIOD_OFFSET(1)), -EINVAL);
	ck_assert_int_eq(do_read(buf, 4, VFIOD_OFFSET(2)), -EINVAL);
	ck_assert_uint_eq(log_of.n, 0);
	ck_assert_int_eq(do_read(buf, 4, VFIOD_OFFSET(1)), 4);
	assert_accesses(1, 0, false, "4");
	ck_assert_int_eq(do_write(buf, 4, VFIOD_OFFSET(2)), 4);
	assert_accesses(2, 0, true, "4");
}
END_TEST

/* Reads do not run from one region into the next. */
START_TEST(end_of_largest)
{
	uint8_t buf[64];

	ck_assert_int_eq(do_read(buf, 64, VFIOD_OFFSET(5) - 8), 8);
	assert_accesses(4, (1ULL << 40) - 8, false, "8");
	ck_assert_int_eq(do_write(buf, 64, VFIOD_OFFSET(5) - 7), 7);
	assert_accesses(4, (1ULL << 40) - 7, true, "124");
}
END_TEST

START_TEST(nothing)
{
	uint8_t buf = 0;

	ck_assert_int_eq(do_read(&buf, 0, 0), 0);
	ck_assert_int_eq(do_write(&buf, 0, 0), 0);
	ck_assert_int_eq(do_read(&buf, 0, VFIOD_OFFSET(100)), 0);
	ck_assert_int_eq(do_write(&buf, 0, VFIOD_OFFSET(1)), 0);
	ck_assert_uint_eq(log_of.n, 0);
}
END_TEST

/* What was done before counts; if nothing was, the errno. */
START_TEST(access_fails)
{
	static const int done[] = { 0, 8, 16, 20, 21 };
	uint8_t buf[21] = { 0 };

	for (unsigned int i = 1; i <= 5; i++) {
		clear();
		log_of.fail_at = i;
		log_of.error = -ENXIO;
		ck_assert_int_eq(do_read(buf, 21, 0),
				 i == 1 ? -ENXIO : done[i - 1]);
		clear();
		log_of.fail_at = i;
		log_of.error = -EIO;
		ck_assert_int_eq(do_write(buf, 21, 0),
				 i == 1 ? -EIO : done[i - 1]);
		ck_assert_uint_eq(log_of.n, i < 5 ? i : 4);
	}
}
END_TEST

/* vfiod_rw_split() with the other widths. */
static int narrow_access(struct vfio_device *vdev, uint64_t pos, void *buf,
			 unsigned int len)
{
	return access_op(vdev, 0, pos, buf, len, false);
}

START_TEST(narrow_split)
{
	uint8_t buf[16];

	ck_assert_int_eq(
		vfiod_rw_split(m.devs[0].vdev, buf, 9, 3, 4, narrow_access), 9);
	assert_accesses(0, 3, false, "144");
	ck_assert_int_eq(
		vfiod_rw_split(m.devs[0].vdev, buf, 5, 3, 2, narrow_access), 5);
	assert_accesses(0, 3, false, "122");
	ck_assert_int_eq(
		vfiod_rw_split(m.devs[0].vdev, buf, 3, 4, 1, narrow_access), 3);
	assert_accesses(0, 4, false, "111");
	ck_assert_int_eq(
		vfiod_rw_split(m.devs[0].vdev, buf, 0, 4, 8, narrow_access), 0);
	ck_assert_uint_eq(log_of.n, 0);
}
END_TEST

/* A plugin's own read and write get everything, as it comes. */
static struct {
	size_t count;
	uint64_t pos;
	ssize_t ret;
} own;

static ssize_t own_read(struct vfio_device *vdev, void *buf, size_t count,
			uint64_t pos)
{
	(void)vdev;
	memset(buf, 0x77, count);
	own.count = count;
	own.pos = pos;
	return own.ret;
}

static ssize_t own_write(struct vfio_device *vdev, const void *buf,
			 size_t count, uint64_t pos)
{
	(void)vdev;
	ck_assert_uint_eq(*(const uint8_t *)buf, 0x77);
	own.count = count;
	own.pos = pos;
	return own.ret;
}

START_TEST(own_ops)
{
	static const ssize_t rets[] = { 0, 3, 4, -EPERM };
	static struct vfiod_plugin with_own;
	uint8_t buf[5] = { 0 };

	with_own = plugin;
	with_own.read = own_read;
	with_own.write = own_write;
	model_ready(&m, &with_own, &type);
	for (size_t i = 0; i < 4; i++) {
		own.ret = rets[i];
		ck_assert_int_eq(do_read(buf, 5, 1ULL << 62), rets[i]);
		ck_assert_uint_eq(own.pos, 1ULL << 62);
		ck_assert_int_eq(do_write(buf, 4, VFIOD_OFFSET(1) + 3),
				 rets[i]);
		ck_assert_uint_eq(own.pos, VFIOD_OFFSET(1) + 3);
		ck_assert_uint_eq(own.count, 4);
	}
	own.ret = 77;
	ck_assert_int_eq(do_read(buf, 0, 0), 0);
	ck_assert_int_eq(do_write(buf, 0, 0), 0);
	ck_assert_uint_eq(log_of.n, 0);
}
END_TEST

/* As vfio-ccw has it. */
START_TEST(own_offsets)
{
	static struct vfiod_type shifted;
	union area area;

	shifted = type;
	shifted.offset_shift = 10;
	model_ready(&m, &plugin, &shifted);
	for (uint32_t i = 0; i < 4; i++) {
		ck_assert_int_eq(get_info(INFO_SIZE, i, &area), 0);
		ck_assert_uint_eq(area.info.offset, (uint64_t)i << 10);
	}
}
END_TEST

START_TEST(no_ops)
{
	uint8_t byte = 0;

	model_ready(&m, &model_plugin, &type);
	ck_assert_int_eq(do_read(&byte, 1, 0), -EINVAL);
	ck_assert_int_eq(do_write(&byte, 1, 0), -EINVAL);
	ck_assert_int_eq(do_read(&byte, 0, 0), -EINVAL);
	ck_assert_int_eq(do_write(&byte, 0, 0), -EINVAL);
}
END_TEST

Suite *model_region_suite(void)
{
	Suite *suite = suite_create("model region");
	TCase *tc = tcase_create("table"), *own_tc = tcase_create("own");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, info);
	tcase_add_test(tc, info_refused);
	tcase_add_test(tc, info_faults);
	tcase_add_test(tc, info_with_cap);
	tcase_add_test(tc, info_with_cap_faults);
	tcase_add_loop_test(tc, split, 0, NR_SPLITS);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, end_of_largest);
	tcase_add_test(tc, nothing);
	tcase_add_test(tc, access_fails);
	tcase_add_test(tc, narrow_split);
	tcase_add_checked_fixture(own_tc, clear, teardown);
	tcase_add_test(own_tc, own_ops);
	tcase_add_test(own_tc, own_offsets);
	tcase_add_test(own_tc, no_ops);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, own_tc);
	return suite;
}
