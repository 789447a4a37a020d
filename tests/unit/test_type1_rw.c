// SPDX-License-Identifier: BSD-3-Clause
/* type1: dma_rw. */
#include <errno.h>
#include <string.h>

#include "rig.h"
#include "suites.h"

static struct rig rig;

static void setup_v2(void)
{
	rig_setup(&rig, VFIO_TYPE1v2_IOMMU, 1);
	rig_open(&rig, 0);
}

static void setup_v1(void)
{
	rig_setup(&rig, VFIO_TYPE1_IOMMU, 1);
	rig_open(&rig, 0);
}

static void teardown(void)
{
	rig_teardown(&rig);
}

static void map_pages(uint64_t iova, uint64_t n, uint64_t vaddr, uint32_t flags)
{
	ck_assert_int_eq(rig_map(&rig, iova, n * PAGE, vaddr, flags), 0);
}

static int rw(uint64_t iova, void *buf, size_t len, bool write)
{
	return vfiod_dma_rw(rig.devs[0], iova, buf, len, write);
}

START_TEST(copies)
{
	uint8_t *mem = host_mm_ptr(rig.mm, rig.mem), buf[4] = "abc";

	map_pages(0x100000, 2, rig.mem, RIG_RW);
	ck_assert_int_eq(rw(0x100000 + 4094, buf, 4, true), 0);
	ck_assert_mem_eq(mem + 4094, "abc", 4);
	memset(buf, 0, sizeof(buf));
	ck_assert_int_eq(rw(0x100000 + 4094, buf, 4, false), 0);
	ck_assert_mem_eq(buf, "abc", 4);
	ck_assert_uint_eq(rig_locked(&rig), 0);
	ck_assert_uint_eq(atomic_load(&rig.mm->pin_calls), 0);
}
END_TEST

/* READ is needed for writing, too. */
START_TEST(rights)
{
	uint8_t byte = 0;

	map_pages(0, 1, rig.mem, RIG_R);
	map_pages(PAGE, 1, rig.mem, RIG_W);
	ck_assert_int_eq(rw(0, &byte, 1, true), -EPERM);
	ck_assert_int_eq(rw(0, &byte, 1, false), 0);
	ck_assert_int_eq(rw(PAGE, &byte, 1, true), -EPERM);
	ck_assert_int_eq(rw(PAGE, &byte, 1, false), -EPERM);
}
END_TEST

START_TEST(bad_arguments)
{
	uint8_t byte = 0;

	map_pages(0, 1, rig.mem, RIG_RW);
	ck_assert_int_eq(rw(PAGE, &byte, 1, false), -EINVAL);
	ck_assert_int_eq(rw(0, &byte, 0, false), -EINVAL);
	ck_assert_int_eq(rw(0, NULL, 1, false), -EINVAL);
	rig_close(&rig, 0);
	ck_assert_int_eq(rw(0, &byte, 1, false), -EINVAL);
}
END_TEST

/* Over the end of what is mapped: what is before is done. */
START_TEST(crosses_end)
{
	uint8_t *mem = host_mm_ptr(rig.mm, rig.mem);
	uint8_t buf[4] = { 1, 2, 3, 4 };

	map_pages(0, 1, rig.mem, RIG_RW);
	ck_assert_int_eq(rw(PAGE - 2, buf, 4, true), -EINVAL);
	ck_assert_mem_eq(mem + PAGE - 2, "\1\2\0\0", 4);
}
END_TEST

START_TEST(spans_mappings)
{
	uint8_t *mem = host_mm_ptr(rig.mm, rig.mem);
	uint8_t out[3 * 4096], in[3 * 4096];

	map_pages(0, 1, rig.mem + 2 * PAGE, RIG_RW);
	map_pages(PAGE, 1, rig.mem + 7 * PAGE, RIG_RW);
	map_pages(2 * PAGE, 2, rig.mem, RIG_RW);
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = i * 7 + i / 256;
	ck_assert_int_eq(rw(100, out, sizeof(out), true), 0);
	ck_assert_mem_eq(mem + 2 * PAGE + 100, out, PAGE - 100);
	ck_assert_mem_eq(mem + 7 * PAGE, out + PAGE - 100, PAGE);
	ck_assert_int_eq(rw(100, in, sizeof(in), false), 0);
	ck_assert_mem_eq(in, out, sizeof(in));
}
END_TEST

START_TEST(top_of_address_space)
{
	uint8_t buf[4] = { 1, 2, 3, 4 };

	map_pages(-PAGE, 1, rig.mem, RIG_RW);
	map_pages(0, 1, rig.mem + PAGE, RIG_RW);
	ck_assert_int_eq(rw(-4, buf, 4, true), 0);
	ck_assert_int_eq(rw(-2, buf, 4, true), -EINVAL);
	ck_assert_mem_eq(host_mm_ptr(rig.mm, rig.mem + PAGE - 4), "\1\2\1\2\0",
			 5);
}
END_TEST

START_TEST(bad_memory)
{
	uint8_t byte = 0;

	map_pages(0, 1, 0xffff888000000000, RIG_RW);
	map_pages(PAGE, 1, rig.mem, RIG_RW);
	host_mm_protect(rig.mm, RIG_ARGS, 1, HOST_READ);
	ck_assert_int_eq(rw(0, &byte, 1, false), -EFAULT);
	ck_assert_int_eq(rw(PAGE, &byte, 1, false), 0);
	ck_assert_int_eq(rw(PAGE, &byte, 1, true), -EFAULT);
}
END_TEST

/* In another process's context: EFAULT, but EPERM when the first is gone. */
START_TEST(other_process)
{
	struct host_mm *child = host_mm_create(1ULL << 40, 4);
	struct host_client client;
	uint8_t byte = 0;

	map_pages(0, 1, rig.mem, RIG_RW);
	map_pages(PAGE, 1, rig.mem, RIG_R);
	host_client_init(&client, child);
	vfio_set_current(&client.client);
	ck_assert_int_eq(rw(0, &byte, 1, false), -EFAULT);
	ck_assert_int_eq(rw(PAGE, &byte, 1, true), -EPERM);
	host_mm_exit(rig.mm);
	ck_assert_int_eq(rw(0, &byte, 1, false), -EPERM);
	vfio_set_current(&rig.client.client);
	host_mm_destroy(child);
}
END_TEST

/* A plugin's own thread may use any process's memory. */
START_TEST(no_process)
{
	uint8_t byte = 7;

	map_pages(0, 1, rig.mem, RIG_RW);
	vfio_set_current(NULL);
	ck_assert_int_eq(rw(5, &byte, 1, true), 0);
	ck_assert_uint_eq(*(uint8_t *)host_mm_ptr(rig.mm, rig.mem + 5), 7);
	host_mm_exit(rig.mm);
	ck_assert_int_eq(rw(5, &byte, 1, true), -EPERM);
	vfio_set_current(&rig.client.client);
}
END_TEST

/* A hold makes copies fast, not others than they would be. */
START_TEST(holds_mapping)
{
	uint8_t buf[4096] = { 0 };

	rig.mm->shared = true;
	map_pages(0, 4, rig.mem, RIG_RW);
	ck_assert_int_eq(rw(0, buf, 64, false), 0);
	ck_assert_uint_eq(atomic_load(&rig.mm->holds), 0);
	ck_assert_int_eq(rw(100, buf, sizeof(buf), true), 0);
	ck_assert_int_eq(rw(200, buf, sizeof(buf), true), 0);
	ck_assert_uint_eq(atomic_load(&rig.mm->holds), 1);
	host_mm_protect(rig.mm, RIG_ARGS, 1, 0);
	ck_assert_int_eq(rw(0, buf, sizeof(buf), false), -EFAULT);
	ck_assert_int_gt(rig_unmapped(&rig, 0, 4 * PAGE), 0);
	ck_assert_uint_eq(atomic_load(&rig.mm->holds), 0);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, copies);
	tcase_add_test(tc, rights);
	tcase_add_test(tc, bad_arguments);
	tcase_add_test(tc, crosses_end);
	tcase_add_test(tc, spans_mappings);
	tcase_add_test(tc, top_of_address_space);
	tcase_add_test(tc, bad_memory);
	tcase_add_test(tc, other_process);
	tcase_add_test(tc, no_process);
	tcase_add_test(tc, holds_mapping);
}

Suite *type1_rw_suite(void)
{
	Suite *suite = suite_create("type1 rw");
	TCase *v2 = tcase_create("v2"), *v1 = tcase_create("v1");

	tcase_add_checked_fixture(v2, setup_v2, teardown);
	tcase_add_checked_fixture(v1, setup_v1, teardown);
	add_tests(v2);
	add_tests(v1);
	suite_add_tcase(suite, v2);
	suite_add_tcase(suite, v1);
	return suite;
}
