// SPDX-License-Identifier: BSD-3-Clause
/* type1: CHECK_EXTENSION, GET_INFO, unknown ioctls, groups. */
#include <errno.h>
#include <string.h>

#include "../../backend/chain.h"
#include "rig.h"
#include "suites.h"

static struct rig rig;

static void setup_v2(void)
{
	rig_setup(&rig, VFIO_TYPE1v2_IOMMU, 1);
}

static void setup_v1(void)
{
	rig_setup(&rig, VFIO_TYPE1_IOMMU, 1);
}

static void teardown(void)
{
	rig_teardown(&rig);
}

/* The bytes that Linux 6.12 gave for argsz 72. */
static const uint8_t info_72[72] = "\x48\0\0\0\3\0\0\0"
				   "\0\xf0\xff\xff\xff\xff\xff\xff"
				   "\x18\0\0\0\0\0\0\0"
				   "\2\0\1\0\x38\0\0\0"
				   "\0\0\0\0\0\0\0\0"
				   "\0\x10\0\0\0\0\0\0"
				   "\0\0\0\x10\0\0\0\0"
				   "\3\0\1\0\0\0\0\0"
				   "\xff\xff\0\0\0\0\0";

#define INFO_BUF 128

static int get_info(uint32_t argsz, uint8_t buf[INFO_BUF])
{
	memset(buf, 0xaa, INFO_BUF);
	memcpy(buf, &argsz, sizeof(argsz));
	return rig_ioctl(&rig, VFIO_IOMMU_GET_INFO, buf, INFO_BUF);
}

/* @buf is untouched from @from on. */
static void assert_untouched(const uint8_t *buf, size_t from)
{
	for (size_t i = from; i < INFO_BUF; i++)
		ck_assert_uint_eq(buf[i], 0xaa);
}

START_TEST(info_exact)
{
	uint8_t buf[INFO_BUF];

	ck_assert_int_eq(get_info(72, buf), 0);
	ck_assert_mem_eq(buf, info_72, 72);
	assert_untouched(buf, 72);
}
END_TEST

START_TEST(info_larger)
{
	uint8_t buf[INFO_BUF];
	uint32_t argsz = 1000;

	ck_assert_int_eq(get_info(argsz, buf), 0);
	ck_assert_mem_eq(buf, &argsz, 4);
	ck_assert_mem_eq(buf + 4, info_72 + 4, 68);
	assert_untouched(buf, 72);
}
END_TEST

START_TEST(info_too_small)
{
	uint8_t buf[INFO_BUF];
	uint32_t argsz = _i;

	ck_assert_int_eq(get_info(argsz, buf), -EINVAL);
	ck_assert_mem_eq(buf, &argsz, 4);
	assert_untouched(buf, 4);
}
END_TEST

/* Too small for the chain: what is needed, and no more than asked for. */
START_TEST(info_no_room_for_chain)
{
	uint8_t buf[INFO_BUF], want[24];
	size_t n = _i < 24 ? _i : 24;

	memcpy(want, info_72, sizeof(want));
	want[16] = 0;
	ck_assert_int_eq(get_info(_i, buf), 0);
	ck_assert_mem_eq(buf, want, n);
	assert_untouched(buf, n);
}
END_TEST

START_TEST(info_faults)
{
	uint64_t end = rig.args + (RIG_ARGS + RIG_PAGES) * PAGE;
	uint32_t argsz = 72;

	/* The first 16 bytes are read whatever argsz is. */
	ck_assert_int_eq(vfio_container_ioctl(rig.container,
					      VFIO_IOMMU_GET_INFO, end - 15),
			 -EFAULT);
	memcpy(host_mm_ptr(rig.mm, end - 71), &argsz, sizeof(argsz));
	ck_assert_int_eq(vfio_container_ioctl(rig.container,
					      VFIO_IOMMU_GET_INFO, end - 71),
			 -EFAULT);
	memcpy(host_mm_ptr(rig.mm, rig.args), &argsz, sizeof(argsz));
	host_mm_protect(rig.mm, 0, 1, HOST_READ);
	ck_assert_int_eq(vfio_container_ioctl(rig.container,
					      VFIO_IOMMU_GET_INFO, rig.args),
			 -EFAULT);
	host_mm_protect(rig.mm, 0, 1, HOST_READ | HOST_WRITE);
}
END_TEST

START_TEST(info_counts_entries)
{
	ck_assert_uint_eq(rig_dma_avail(&rig), 65535);
	ck_assert_int_eq(rig_map(&rig, 0, PAGE, rig.mem, RIG_RW), 0);
	ck_assert_int_eq(rig_map(&rig, PAGE, PAGE, rig.mem, RIG_RW), 0);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65533);
	ck_assert_int_eq(rig_unmap_all(&rig), 2 * PAGE);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65535);
}
END_TEST

static int check_extension(uint64_t arg)
{
	return vfio_container_ioctl(rig.container, VFIO_CHECK_EXTENSION, arg);
}

START_TEST(extensions)
{
	static const int want[] = { 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0 };

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		ck_assert_int_eq(check_extension(i), want[i]);
	ck_assert_int_eq(check_extension(-1), 0);
	ck_assert_int_eq(check_extension(1ULL << 32 | 1), 0);
}
END_TEST

START_TEST(extensions_without_state)
{
	static const int want[] = { 0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0 };

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		ck_assert_int_eq(
			vfio_iommu_type1.ioctl(NULL, VFIO_CHECK_EXTENSION, i),
			want[i]);
}
END_TEST

START_TEST(unknown_ioctls)
{
	static const unsigned int cmds[] = {
		VFIO_IOMMU_ENABLE,
		VFIO_IOMMU_DISABLE,
		VFIO_EEH_PE_OP,
		VFIO_GROUP_GET_STATUS,
		VFIO_DEVICE_GET_INFO,
		0,
		~0U,
	};

	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		ck_assert_int_eq(vfio_container_ioctl(rig.container, cmds[i],
						      0),
				 -ENOTTY);
}
END_TEST

START_TEST(types)
{
	static const int want[] = {
		-EINVAL, 0,	  -EINVAL, 0,	    -EINVAL, -EINVAL,
		0,	 -EINVAL, -EINVAL, -EINVAL, -EINVAL,
	};
	void *data;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		int ret = vfio_iommu_type1.open(i, &data);

		ck_assert_int_eq(ret, want[i]);
		if (!ret)
			vfio_iommu_type1.release(data);
	}
}
END_TEST

START_TEST(groups)
{
	struct vfio_group a = { .type = VFIO_EMULATED_IOMMU };
	struct vfio_group b = { .type = VFIO_EMULATED_IOMMU };
	const struct vfio_iommu_driver_ops *ops = &vfio_iommu_type1;
	void *data;

	ck_assert_int_eq(ops->open(VFIO_TYPE1v2_IOMMU, &data), 0);
	ck_assert_int_eq(ops->attach_group(data, &a, VFIO_EMULATED_IOMMU), 0);
	ck_assert_int_eq(ops->attach_group(data, &a, VFIO_EMULATED_IOMMU),
			 -EINVAL);
	ck_assert_int_eq(ops->attach_group(data, &b, VFIO_EMULATED_IOMMU), 0);
	ops->detach_group(data, &a);
	ops->detach_group(data, &a);
	ops->detach_group(data, &b);
	ops->release(data);
}
END_TEST

static void add_cap(struct vfio_chain *chain, uint16_t id, size_t size)
{
	uint8_t cap[64];
	struct vfio_info_cap_header header = { .id = id, .next = 77 };

	memset(cap, 0xff, sizeof(cap));
	memcpy(cap, &header, sizeof(header));
	ck_assert_int_eq(vfio_chain_add(chain, (void *)cap, size), 0);
}

/* Sizes that are no multiple of 8 are padded with zeros. */
START_TEST(chain_pads_and_links)
{
	struct vfio_chain chain = { 0 };
	uint32_t argsz = 24 + 16 + 24, cap_offset = 7, word;
	const struct vfio_chain_info info = {
		.info = &argsz,
		.size = 24,
		.written = sizeof(argsz),
		.argsz = &argsz,
		.cap_offset = &cap_offset,
	};
	uint8_t *at = host_mm_ptr(rig.mm, rig.args);

	add_cap(&chain, 1, 9);
	add_cap(&chain, 2, 20);
	ck_assert_uint_eq(chain.size, 40);
	memset(at, 0xaa, 100);
	ck_assert_int_eq(vfio_chain_write(&chain, rig.args, &info), 0);
	ck_assert_uint_eq(argsz, 64);
	ck_assert_uint_eq(cap_offset, 24);
	memcpy(&word, at + 24 + 4, 4);
	ck_assert_uint_eq(word, 40);
	ck_assert_mem_eq(at + 32, "\xff\0\0\0\0\0\0\0", 8);
	memcpy(&word, at + 40 + 4, 4);
	ck_assert_uint_eq(word, 0);
	ck_assert_mem_eq(at + 56, "\xff\xff\xff\xff\0\0\0\0\xaa", 9);
	ck_assert_uint_eq(at[23], 0xaa);
	ck_assert_ptr_null(chain.buf);
}
END_TEST

START_TEST(chain_empty)
{
	struct vfio_chain chain = { 0 };
	uint32_t argsz = 5, cap_offset = 7;
	const struct vfio_chain_info info = {
		.info = &argsz,
		.size = 24,
		.written = sizeof(argsz),
		.argsz = &argsz,
		.cap_offset = &cap_offset,
	};

	ck_assert_int_eq(vfio_chain_write(&chain, rig.args, &info), 0);
	ck_assert_uint_eq(argsz, 5);
	ck_assert_uint_eq(cap_offset, 7);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, info_exact);
	tcase_add_test(tc, info_larger);
	tcase_add_loop_test(tc, info_too_small, 0, 16);
	tcase_add_loop_test(tc, info_no_room_for_chain, 16, 72);
	tcase_add_test(tc, info_faults);
	tcase_add_test(tc, info_counts_entries);
	tcase_add_test(tc, extensions);
	tcase_add_test(tc, unknown_ioctls);
}

Suite *type1_info_suite(void)
{
	Suite *suite = suite_create("type1 info");
	TCase *v2 = tcase_create("v2"), *v1 = tcase_create("v1");

	tcase_add_checked_fixture(v2, setup_v2, teardown);
	tcase_add_checked_fixture(v1, setup_v1, teardown);
	add_tests(v2);
	add_tests(v1);
	tcase_add_test(v2, extensions_without_state);
	tcase_add_test(v2, types);
	tcase_add_test(v2, groups);
	tcase_add_test(v2, chain_pads_and_links);
	tcase_add_test(v2, chain_empty);
	suite_add_tcase(suite, v2);
	suite_add_tcase(suite, v1);
	return suite;
}
