// SPDX-License-Identifier: BSD-3-Clause
/* The matrix attributes: what can be assigned to whom, and how it is shown. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attribute.h"
#include "fake_dma.h"
#include "fake_services.h"
#include "suites.h"

#define Z16 "0000000000000000"

static struct vfio_device *a, *b;

static void setup(void)
{
	fake_reset();
	fake_dma_reset();
	ck_assert_int_eq(fake_device_new("passthrough", &a), 0);
	ck_assert_int_eq(fake_device_new("passthrough", &b), 0);
}

static void teardown(void)
{
	fake_device_free(a);
	fake_device_free(b);
	ck_assert_uint_eq(vfiod_plugin_entry()->available(NULL), 256);
}

static void assert_store(struct vfio_device *vdev, const char *name,
			 const char *text, int want)
{
	int ret = attribute_store(vdev, name, text);

	ck_assert_msg(ret == want, "%s of \"%s\": %d, not %d", name, text, ret,
		      want);
}

START_TEST(halves)
{
	ck_assert_str_eq(attribute_show(a, "matrix"), "");
	assert_store(a, "assign_adapter", "10\n", 0);
	assert_store(a, "assign_adapter", "0x2", 0);
	ck_assert_str_eq(attribute_show(a, "matrix"), "02.\n0a.\n");
	assert_store(a, "assign_domain", "014", 0);
	assert_store(a, "assign_domain", "+1\n", 0);
	ck_assert_str_eq(attribute_show(a, "matrix"),
			 "02.0001\n02.000c\n0a.0001\n0a.000c\n");
	ck_assert_str_eq(attribute_show(a, "guest_matrix"),
			 "02.0001\n02.000c\n0a.0001\n0a.000c\n");
	assert_store(a, "unassign_adapter", "2", 0);
	assert_store(a, "unassign_adapter", "10", 0);
	ck_assert_str_eq(attribute_show(a, "matrix"), ".0001\n.000c\n");
	ck_assert_str_eq(attribute_show(b, "matrix"), "");
}
END_TEST

START_TEST(numbers)
{
	static const char *const bad[] = { "",	 "\n", "x",	"-1", "1 ",
					   " 1", "08", "1\n\n", "0x", "1,2" };
	static const char *const files[] = {
		"assign_adapter",	 "unassign_adapter",
		"assign_domain",	 "unassign_domain",
		"assign_control_domain", "unassign_control_domain",
	};

	for (size_t f = 0; f < sizeof(files) / sizeof(files[0]); f++) {
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			assert_store(a, files[f], bad[i], -EINVAL);
		assert_store(a, files[f], "99999999999999999999", -ERANGE);
		assert_store(a, files[f], "16", -ENODEV);
		assert_store(a, files[f], "15", 0);
		assert_store(a, files[f], "15", 0);
	}
	ck_assert_str_eq(attribute_show(a, "matrix"), "");
}
END_TEST

START_TEST(control_domains)
{
	assert_store(a, "assign_control_domain", "11", 0);
	assert_store(a, "assign_control_domain", "0", 0);
	assert_store(b, "assign_control_domain", "11", 0);
	ck_assert_str_eq(attribute_show(a, "control_domains"), "0000\n000b\n");
	assert_store(a, "unassign_control_domain", "0", 0);
	ck_assert_str_eq(attribute_show(a, "control_domains"), "000b\n");
}
END_TEST

START_TEST(other_devices_queue)
{
	assert_store(a, "assign_adapter", "3", 0);
	assert_store(a, "assign_domain", "5", 0);
	assert_store(b, "assign_adapter", "3", 0);
	assert_store(b, "assign_domain", "6", 0);
	assert_store(b, "assign_domain", "5", -EADDRINUSE);
	ck_assert_str_eq(attribute_show(b, "matrix"), "03.0006\n");
	assert_store(b, "ap_config", "0x1,0x04,0x0\n", -EADDRINUSE);
	assert_store(a, "unassign_adapter", "3", 0);
	assert_store(b, "assign_domain", "5", 0);
}
END_TEST

START_TEST(hosts_queue)
{
	assert_store(a, "assign_adapter", "0", 0);
	assert_store(a, "assign_domain", "5", -EADDRNOTAVAIL);
	assert_store(a, "unassign_adapter", "0", 0);
	assert_store(a, "assign_domain", "5", 0);
	assert_store(a, "assign_adapter", "0", -EADDRNOTAVAIL);
	ck_assert_str_eq(attribute_show(a, "matrix"), ".0005\n");
}
END_TEST

START_TEST(config)
{
	assert_store(a, "ap_config", "0x41,0x1,0x8001\n", 0);
	ck_assert_str_eq(attribute_show(a, "matrix"), "01.0003\n07.0003\n");
	ck_assert_str_eq(attribute_show(a, "control_domains"), "0000\n000f\n");
	ck_assert_str_eq(attribute_show(a, "ap_config"),
			 "0x41000000"
			 "00000000" Z16 Z16 Z16 ","
			 "0x10000000"
			 "00000000" Z16 Z16 Z16 ","
			 "0x80010000"
			 "00000000" Z16 Z16 Z16 "\n");
	/* What is shown can be written. */
	assert_store(b, "ap_config", "0x,0x,0x", 0);
	assert_store(a, "ap_config", attribute_show(a, "ap_config"), 0);
	ck_assert_str_eq(attribute_show(a, "matrix"), "01.0003\n07.0003\n");
}
END_TEST

START_TEST(config_refused)
{
	static const char *const bad[] = { "0x4,0x1", "0x4", "0x4,0x1,0xg\n",
					   "0x4 ,0x1,0x0", "" };

	assert_store(a, "ap_config", "0x4,0x1,0x0", 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_store(a, "ap_config", bad[i], -EINVAL);
	assert_store(a, "ap_config", "0x80,0x1,0x0", -EADDRNOTAVAIL);
	assert_store(a, "ap_config", "0x00008,0x0,0x0", -ENODEV);
	assert_store(a, "ap_config", "0x0,0x00008,0x0", -ENODEV);
	assert_store(a, "ap_config", "0x0,0x0,0x00008", -ENODEV);
	/* Whose queues they are is looked at before the numbers. */
	assert_store(a, "ap_config", "0x80008,0x1,0x0", -EADDRNOTAVAIL);
	ck_assert_str_eq(attribute_show(a, "matrix"), "01.0003\n");
}
END_TEST

START_TEST(all_queues)
{
	char line[16];

	assert_store(a, "ap_config", "0x7fff,0xffff,0x0", 0);
	ck_assert_uint_eq(strlen(attribute_show(a, "matrix")), 15 * 16 * 8);
	snprintf(line, sizeof(line), "%02x.%04x\n", 15, 15);
	ck_assert_str_eq(attribute_show(a, "matrix") + 15 * 16 * 8 - 8, line);
}
END_TEST

Suite *ap_matrix_suite(void)
{
	Suite *suite = suite_create("ap matrix");
	TCase *tc = tcase_create("matrix");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, halves);
	tcase_add_test(tc, numbers);
	tcase_add_test(tc, control_domains);
	tcase_add_test(tc, other_devices_queue);
	tcase_add_test(tc, hosts_queue);
	tcase_add_test(tc, config);
	tcase_add_test(tc, config_refused);
	tcase_add_test(tc, all_queues);
	suite_add_tcase(suite, tc);
	return suite;
}
