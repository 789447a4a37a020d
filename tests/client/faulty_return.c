// SPDX-License-Identifier: BSD-3-Clause
/* A device whose ops return what they must not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../plugins/garbage.h"
#include "faulty.h"

static struct faulty f;

static void setup(void)
{
	faulty_open(&f, FAULTY_GARBAGE);
}

static void teardown(void)
{
	faulty_close(&f);
}

static int returns(int64_t value)
{
	return vfio_ioctl(f.device[FAULTY_GARBAGE], GARBAGE_RETURN, &value);
}

static void set(int64_t value)
{
	ck_ok(vfio_ioctl(f.device[FAULTY_GARBAGE], GARBAGE_SET, &value));
}

START_TEST(ioctl_results)
{
	/* An errno that no process gets; the kernel would drop the answer. */
	ck_assert_int_eq(returns(-512), -EIO);
	ck_assert_int_eq(returns(-100000), -EIO);
	ck_assert_int_eq(returns(1L << 31), -EIO);
	ck_assert_int_eq(returns(-511), -511);
	ck_assert_int_eq(returns(INT32_MAX), INT32_MAX);
	ck_assert_int_eq(returns(77), 77);
}
END_TEST

START_TEST(read_and_write_results)
{
	int device = f.device[FAULTY_GARBAGE];
	char buf[64];

	memset(buf, 'a', sizeof(buf));
	ck_assert_int_eq(pread(device, buf, 8, 0), 8);
	ck_assert_int_eq(buf[7], 0);
	ck_assert_int_eq(buf[8], 'a');
	set(9);
	ck_assert_int_eq(pread(device, buf, 8, 0), -1);
	ck_assert_int_eq(errno, EIO);
	ck_assert_int_eq(buf[8], 'a');
	ck_assert_int_eq(pwrite(device, buf, 8, 0), -1);
	ck_assert_int_eq(errno, EIO);
	set(-515);
	ck_assert_int_eq(pread(device, buf, 8, 0), -1);
	ck_assert_int_eq(errno, EIO);
	set(-EXDEV);
	ck_assert_int_eq(pread(device, buf, 8, 0), -1);
	ck_assert_int_eq(errno, EXDEV);
}
END_TEST

START_TEST(other_results)
{
	struct vfio_device_feature feature = { .argsz = sizeof(feature),
					       .flags = 77 };
	int device = f.device[FAULTY_GARBAGE];

	set(-513);
	ck_assert_int_eq(vfio_ioctl(device, VFIO_DEVICE_RESET, NULL), -EIO);
	ck_assert_int_eq(vfio_ioctl(device, VFIO_DEVICE_FEATURE, &feature),
			 -EIO);
}
END_TEST

/* match and open_device, of whom the device is asked for by another name. */
START_TEST(open_results)
{
	int group = f.group[FAULTY_GARBAGE];

	set(-512);
	ck_assert_int_eq(vfio_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "other"),
			 -EIO);
	set(5);
	ck_ok(close(f.device[FAULTY_GARBAGE]));
	ck_assert_int_eq(vfio_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "other"),
			 -EIO);
	ck_ok(vfio_ioctl(group, VFIO_GROUP_UNSET_CONTAINER, NULL));
	ck_ok(vfio_set_container(group, f.container));
	ck_ok(vfio_ioctl(f.container, VFIO_SET_IOMMU,
			 (void *)VFIO_TYPE1v2_IOMMU));
	f.device[FAULTY_GARBAGE] =
		ck_fd(vfio_get_device(group, FAULTY_GARBAGE));
}
END_TEST

static const char *garbage_in_sysfs(void)
{
	char name[32];
	const char *path;

	snprintf(name, sizeof(name), "VFIOD_SYSFSDEV_%d", FAULTY_GARBAGE);
	path = getenv(name);
	ck_assert_ptr_nonnull(path);
	return path;
}

/* A file in sysfs. */
START_TEST(attribute_results)
{
	char path[256], text[64];
	int fd;

	snprintf(path, sizeof(path), "%s/garbage/text", garbage_in_sysfs());
	set(5);
	fd = ck_fd(vfio_open(path, O_RDONLY));
	ck_assert_int_eq(read(fd, text, sizeof(text)), 5);
	ck_ok(close(fd));
	/* Longer than what there was to fill: as snprintf() has it. */
	set(1 << 20);
	fd = ck_fd(vfio_open(path, O_RDONLY));
	ck_assert_int_eq(read(fd, text, sizeof(text)), sizeof(text));
	ck_ok(close(fd));
	set(-514);
	fd = ck_fd(vfio_open(path, O_RDONLY));
	ck_assert_int_eq(read(fd, text, sizeof(text)), -1);
	ck_assert_int_eq(errno, EIO);
	ck_ok(close(fd));
	set(0);
}
END_TEST

/* What it says of itself is its client's affair: vfiod keeps to its tables. */
START_TEST(lies_about_itself)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_region_info region = { .argsz = sizeof(region),
					   .index = 0 };
	struct vfio_irq_info irq = { .argsz = sizeof(irq),
				     .index = GARBAGE_COUNT - 1 };
	int device = f.device[FAULTY_GARBAGE], event = 0;

	ck_ok(vfio_ioctl(device, VFIO_DEVICE_GET_INFO, &info));
	ck_assert_uint_eq(info.num_regions, GARBAGE_COUNT);
	ck_assert_int_eq(vfio_ioctl(device, VFIO_DEVICE_GET_REGION_INFO,
				    &region),
			 -EINVAL);
	ck_assert_int_eq(vfio_ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, &irq),
			 -EINVAL);
	ck_assert_int_eq(vfio_set_trigger(device, GARBAGE_COUNT - 1, 0, event),
			 -EINVAL);
}
END_TEST

Suite *faulty_return_suite(void)
{
	Suite *suite = suite_create("faulty: results");
	TCase *tc = client_case(suite, "return");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, ioctl_results);
	tcase_add_test(tc, read_and_write_results);
	tcase_add_test(tc, other_results);
	tcase_add_test(tc, open_results);
	tcase_add_test(tc, attribute_results);
	tcase_add_test(tc, lies_about_itself);
	return suite;
}
