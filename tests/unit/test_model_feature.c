// SPDX-License-Identifier: BSD-3-Clause
/* VFIO_DEVICE_FEATURE: the checks around a plugin's device_feature. */
#include <errno.h>
#include <string.h>

#include "model_rig.h"
#include "suites.h"

static struct model m;

#define GET VFIO_DEVICE_FEATURE_GET
#define SET VFIO_DEVICE_FEATURE_SET
#define PROBE VFIO_DEVICE_FEATURE_PROBE

/* The device's features by number: a value each, and what can be done. */
#define BOTH 3
#define ONLY_GET 4
#define ONLY_SET 5
#define LARGEST 0xffff

static uint64_t value;
static unsigned int calls;

static int feature_op(struct vfio_device *vdev, uint32_t flags, uint64_t arg,
		      size_t argsz)
{
	uint32_t supported;
	int ret;

	(void)vdev;
	calls++;
	switch (flags & VFIO_DEVICE_FEATURE_MASK) {
	case BOTH:
	case LARGEST:
		supported = GET | SET;
		break;
	case ONLY_GET:
		supported = GET;
		break;
	case ONLY_SET:
		supported = SET;
		break;
	default:
		return -ENOTTY;
	}
	ret = vfiod_check_feature(flags, argsz, supported, sizeof(value));
	if (ret != 1)
		return ret;
	if (flags & GET)
		return vfiod_copy_to_user(arg, &value, sizeof(value));
	return vfiod_copy_from_user(&value, arg, sizeof(value));
}

static const struct vfiod_plugin plugin = {
	.name = "feature",
	.init = model_init,
	.device_feature = feature_op,
	.dma_unmap = model_dma_unmap,
};

static void setup(void)
{
	value = 0x1122334455667788;
	calls = 0;
	model_ready(&m, &plugin, &model_type);
}

static void teardown(void)
{
	model_teardown(&m);
}

struct feature {
	struct vfio_device_feature header;
	uint64_t data;
};

static int feature(uint32_t argsz, uint32_t flags, uint64_t *data)
{
	struct feature arg = {
		.header = { .argsz = argsz, .flags = flags },
		.data = *data,
	};
	int ret =
		model_device_ioctl(&m, VFIO_DEVICE_FEATURE, &arg, sizeof(arg));

	*data = arg.data;
	ck_assert_uint_eq(arg.header.argsz, argsz);
	ck_assert_uint_eq(arg.header.flags, flags);
	return ret;
}

static int ask(uint32_t argsz, uint32_t flags)
{
	uint64_t data = 0;

	return feature(argsz, flags, &data);
}

/* Where only the first @size bytes of the structure are there. */
static int ask_at_hole(size_t size, uint32_t argsz, uint32_t flags)
{
	const struct feature arg = { .header = { .argsz = argsz,
						 .flags = flags } };

	return vfio_device_file_ioctl(m.devs[0].file, VFIO_DEVICE_FEATURE,
				      model_put_at_hole(&m, &arg, size));
}

START_TEST(get_and_set)
{
	uint64_t data = 0;

	ck_assert_int_eq(feature(16, BOTH | GET, &data), 0);
	ck_assert_uint_eq(data, 0x1122334455667788);
	data = 99;
	ck_assert_int_eq(feature(~0U, LARGEST | SET, &data), 0);
	ck_assert_uint_eq(value, 99);
	ck_assert_int_eq(feature(16, ONLY_GET | GET, &data), 0);
	ck_assert_int_eq(feature(16, ONLY_SET | SET, &data), 0);
}
END_TEST

/* Before the device is asked whether it knows the feature. */
START_TEST(header)
{
	ck_assert_int_eq(ask_at_hole(7, 0, ~0U), -EFAULT);
	ck_assert_int_eq(ask(0, BOTH | PROBE), -EINVAL);
	ck_assert_int_eq(ask(7, BOTH | PROBE), -EINVAL);
	ck_assert_int_eq(ask(7, 999 | GET), -EINVAL);
	for (int bit = 19; bit < 32; bit++)
		ck_assert_int_eq(ask(16, 1U << bit | 999 | PROBE), -EINVAL);
	ck_assert_int_eq(ask(16, 999 | GET | SET), -EINVAL);
	ck_assert_uint_eq(calls, 0);
}
END_TEST

/* Before all that is left. */
START_TEST(unknown)
{
	ck_assert_int_eq(ask(8, 999), -ENOTTY);
	ck_assert_int_eq(ask(8, 999 | GET), -ENOTTY);
	ck_assert_int_eq(ask(8, 999 | PROBE | GET | SET), -ENOTTY);
	ck_assert_uint_eq(calls, 3);
}
END_TEST

START_TEST(probe)
{
	ck_assert_int_eq(ask_at_hole(8, 8, BOTH | PROBE), 0);
	ck_assert_int_eq(ask_at_hole(8, 8, BOTH | PROBE | GET), 0);
	ck_assert_int_eq(ask_at_hole(8, 8, BOTH | PROBE | SET), 0);
	ck_assert_int_eq(ask_at_hole(8, 8, BOTH | PROBE | GET | SET), 0);
	ck_assert_int_eq(ask(16, ONLY_GET | PROBE | GET), 0);
	ck_assert_int_eq(ask(16, ONLY_GET | PROBE | SET), -EINVAL);
	ck_assert_int_eq(ask(16, ONLY_GET | PROBE | GET | SET), -EINVAL);
	ck_assert_int_eq(ask(16, ONLY_SET | PROBE | GET | SET), -EINVAL);
	ck_assert_int_eq(ask(16, ONLY_SET | PROBE), 0);
	ck_assert_uint_eq(value, 0x1122334455667788);
}
END_TEST

START_TEST(direction_and_size)
{
	ck_assert_int_eq(ask(8, BOTH), -EINVAL);
	ck_assert_int_eq(ask(16, BOTH), -EINVAL);
	ck_assert_int_eq(ask(16, ONLY_GET | SET), -EINVAL);
	ck_assert_int_eq(ask(16, ONLY_SET | GET), -EINVAL);
	ck_assert_int_eq(ask(8, BOTH | GET), -EINVAL);
	ck_assert_int_eq(ask(15, BOTH | GET), -EINVAL);
	ck_assert_int_eq(ask(15, BOTH | SET), -EINVAL);
	ck_assert_uint_eq(value, 0x1122334455667788);
}
END_TEST

START_TEST(data_faults)
{
	ck_assert_int_eq(ask_at_hole(16, 16, BOTH | GET), 0);
	ck_assert_int_eq(ask_at_hole(15, 16, BOTH | GET), -EFAULT);
	ck_assert_int_eq(ask_at_hole(8, 16, BOTH | SET), -EFAULT);
	/* The size is looked at first. */
	ck_assert_int_eq(ask_at_hole(8, 15, BOTH | SET), -EINVAL);
	ck_assert_uint_eq(value, 0x1122334455667788);
}
END_TEST

START_TEST(no_op)
{
	model_ready(&m, &model_plugin, &model_type);
	ck_assert_int_eq(ask_at_hole(7, 8, PROBE), -EFAULT);
	ck_assert_int_eq(ask(7, 1 | PROBE), -EINVAL);
	ck_assert_int_eq(ask(16, 1 | GET | SET), -EINVAL);
	for (uint32_t n = 0; n < 14; n++) {
		ck_assert_int_eq(ask(16, n | PROBE), -ENOTTY);
		ck_assert_int_eq(ask(16, n | GET), -ENOTTY);
		ck_assert_int_eq(ask(8, n), -ENOTTY);
	}
}
END_TEST

Suite *model_feature_suite(void)
{
	Suite *suite = suite_create("model feature");
	TCase *tc = tcase_create("feature"), *bare = tcase_create("bare");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, get_and_set);
	tcase_add_test(tc, header);
	tcase_add_test(tc, unknown);
	tcase_add_test(tc, probe);
	tcase_add_test(tc, direction_and_size);
	tcase_add_test(tc, data_faults);
	tcase_add_checked_fixture(bare, NULL, teardown);
	tcase_add_test(bare, no_op);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, bare);
	return suite;
}
