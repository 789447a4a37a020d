// SPDX-License-Identifier: BSD-3-Clause
/*
 * type1: random ioctls and random calls of devices. Nothing may crash, hang
 * or leak, and the counts must agree with what was answered.
 */
#include <errno.h>
#include <string.h>

#include "rig.h"
#include "suites.h"

#define CALLS 20000

static struct rig rig;
static uint64_t seed;

static uint64_t draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static bool one_in(unsigned int n)
{
	return draw() % n == 0;
}

/* Numbers that matter: few pages, edges, and now and then anything. */
static uint64_t number(void)
{
	static const uint64_t odd[] = {
		0,	    1,
		4095,	    4097,
		-1,	    -4096,
		-8192,	    1ULL << 31,
		1ULL << 47, (1ULL << 47) - 4096,
		1ULL << 63, 0x10000000,
		0x10000001,
	};

	if (one_in(50))
		return draw();
	if (one_in(8))
		return odd[draw() % (sizeof(odd) / sizeof(odd[0]))];
	if (one_in(8))
		return -(draw() % 16) * PAGE;
	return draw() % 16 * PAGE;
}

/* Of the process's memory, mostly. */
static uint64_t address(void)
{
	return one_in(8) ? number() : rig.mem + draw() % RIG_PAGES * PAGE;
}

/* An ioctl structure: argsz, flags, then numbers and addresses. */
static void fill(uint64_t words[7], uint32_t flags)
{
	uint32_t head[2] = { 56, one_in(16) ? draw() : flags };

	if (one_in(8))
		head[0] = one_in(2) ? draw() % 64 : draw();
	memcpy(words, head, sizeof(head));
	for (int i = 1; i < 7; i++)
		words[i] = number();
}

/* The structure's address: now and then one that faults half-way. */
static uint64_t arg_address(const uint64_t words[7])
{
	uint64_t at = rig.args;

	if (one_in(30))
		at = rig.mem + RIG_PAGES * PAGE - draw() % 64;
	for (size_t i = 0; i < 56 && host_mm_ptr(rig.mm, at + i); i++)
		*(uint8_t *)host_mm_ptr(rig.mm, at + i) =
			((const uint8_t *)words)[i];
	return one_in(100) ? draw() : at;
}

static void random_map(void)
{
	uint64_t words[7];

	fill(words, 1 + draw() % 3);
	words[1] = one_in(4) ? number() : rig.mem + draw() % 200 * PAGE;
	vfio_container_ioctl(rig.container, VFIO_IOMMU_MAP_DMA,
			     arg_address(words));
}

static void random_unmap(void)
{
	uint64_t words[7];

	fill(words, one_in(2) ? 0 : draw() % 8);
	if (one_in(20)) {
		fill(words, VFIO_DMA_UNMAP_FLAG_ALL);
		words[1] = words[2] = 0;
	}
	words[3] = one_in(4) ? number() : PAGE;
	words[4] = one_in(4) ? number() : 8;
	words[5] = address();
	vfio_container_ioctl(rig.container, VFIO_IOMMU_UNMAP_DMA,
			     arg_address(words));
}

static void random_dirty(void)
{
	uint64_t words[7];

	fill(words, one_in(4) ? draw() % 8 : 4);
	words[3] = one_in(4) ? number() : PAGE;
	words[4] = one_in(4) ? number() : 8;
	words[5] = address();
	vfio_container_ioctl(rig.container, VFIO_IOMMU_DIRTY_PAGES,
			     arg_address(words));
}

static void random_other(void)
{
	uint64_t words[7];

	fill(words, draw());
	vfio_container_ioctl(rig.container,
			     _IO(VFIO_TYPE, VFIO_BASE + draw() % 24),
			     one_in(2) ? draw() % 12 : arg_address(words));
	vfio_container_ioctl(rig.container, VFIO_IOMMU_GET_INFO,
			     arg_address(words));
}

static void random_device(void)
{
	struct vfio_device *vdev = rig.devs[draw() % RIG_DEVICES];
	uint8_t buf[10000] = { 0 };
	uint64_t iova = number();

	switch (draw() % 4) {
	case 0:
		if (recorder_of(vdev)->nr_pins < RECORDER_PINS)
			recorder_pin(vdev, iova, draw() % 4);
		break;
	case 1:
		recorder_unpin(vdev, iova);
		break;
	case 2:
		vfiod_dma_rw(vdev, iova + draw() % 100, buf,
			     draw() % sizeof(buf), one_in(2));
		break;
	default:
		vfiod_unpin_pages(vdev, number(), draw() % 3 ? 0 : -1);
		break;
	}
}

static void random_reopen(void)
{
	int i = draw() % RIG_DEVICES;

	if (rig.files[i])
		rig_close(&rig, i);
	else
		rig_open(&rig, i);
}

static void random_protect(void)
{
	host_mm_protect(rig.mm, RIG_ARGS + draw() % RIG_PAGES, 1,
			draw() % 4 ? HOST_READ | HOST_WRITE : draw() % 2);
	atomic_store(&rig.mm->memlock, one_in(4) ? draw() % 8 : UINT64_MAX);
}

static void random_call(void)
{
	switch (draw() % 16) {
	case 0 ... 5:
		random_map();
		break;
	case 6 ... 8:
		random_unmap();
		break;
	case 9:
		random_dirty();
		break;
	case 10:
		random_other();
		break;
	case 11:
		random_reopen();
		break;
	case 12:
		random_protect();
		break;
	default:
		random_device();
		break;
	}
}

/* All that is charged is pinned, and all goes with UNMAP ALL. */
static void check_end(void)
{
	uint64_t pins = 0;

	for (int i = 0; i < RIG_DEVICES; i++)
		pins += recorder_of(rig.devs[i])->nr_pins;
	ck_assert_uint_le(rig_locked(&rig), pins);
	ck_assert_int_ne(rig_unmap_all(&rig), -EINVAL);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65535);
	ck_assert_uint_eq(rig_locked(&rig), 0);
	ck_assert_uint_eq(atomic_load(&rig.mm->mm.refs), 1);
	host_log_clear();
}

START_TEST(random_calls)
{
	seed = 0x9e3779b97f4a7c15 * (_i + 1);
	rig_setup(&rig, _i % 4 ? VFIO_TYPE1v2_IOMMU : VFIO_TYPE1_IOMMU,
		  RIG_DEVICES);
	for (int i = 0; i < CALLS; i++)
		random_call();
	check_end();
	rig_teardown(&rig);
}
END_TEST

Suite *type1_fuzz_suite(void)
{
	Suite *suite = suite_create("type1 fuzz");
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, random_calls, 0, 8);
	suite_add_tcase(suite, tc);
	return suite;
}
