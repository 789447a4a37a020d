// SPDX-License-Identifier: BSD-3-Clause
/* type1: MAP_DMA. */
#include <errno.h>
#include <string.h>

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

static int map(uint64_t iova, uint64_t size, uint64_t vaddr, uint32_t flags)
{
	return rig_map(&rig, iova, size, vaddr, flags);
}

static int map_argsz(uint32_t argsz, uint32_t flags)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = argsz,
		.flags = flags,
		.vaddr = rig.mem,
		.size = PAGE,
	};

	return rig_ioctl(&rig, VFIO_IOMMU_MAP_DMA, &arg, sizeof(arg));
}

START_TEST(basics)
{
	const uint64_t at = 0x100000;

	ck_assert_int_eq(map(at, PAGE, rig.mem, RIG_RW), 0);
	ck_assert_int_eq(map(at, PAGE, rig.mem, RIG_RW), -EEXIST);
	ck_assert_int_eq(map(at, PAGE, rig.mem, 0), -EINVAL);
	ck_assert_int_eq(map(at, PAGE, rig.mem, 8), -EINVAL);
	ck_assert_int_eq(map(at, PAGE, rig.mem, RIG_RW | 8), -EINVAL);
	ck_assert_int_eq(map(at, 0, rig.mem, RIG_RW), -EINVAL);
	ck_assert_int_eq(map(at + 1, PAGE, rig.mem, RIG_RW), -EINVAL);
	ck_assert_int_eq(map(at, PAGE, rig.mem + 512, RIG_RW), -EINVAL);
	ck_assert_int_eq(map(at, PAGE + 2048, rig.mem, RIG_RW), -EINVAL);
	ck_assert_int_eq(map(-PAGE, 2 * PAGE, rig.mem, RIG_RW), -EINVAL);
	ck_assert_int_eq(map(0, 2 * PAGE, -PAGE, RIG_RW), -EINVAL);
	ck_assert_int_eq(map(PAGE, -PAGE, rig.mem, RIG_RW), -EINVAL);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65534);
}
END_TEST

START_TEST(argsz)
{
	ck_assert_int_eq(map_argsz(0, RIG_RW), -EINVAL);
	ck_assert_int_eq(map_argsz(31, RIG_RW), -EINVAL);
	ck_assert_int_eq(map_argsz(32, RIG_RW), 0);
	ck_assert_int_eq(rig_unmap_all(&rig), PAGE);
	ck_assert_int_eq(map_argsz(~0U, RIG_RW), 0);
}
END_TEST

START_TEST(faults)
{
	uint64_t end = rig.args + (RIG_ARGS + RIG_PAGES) * PAGE;

	ck_assert_int_eq(vfio_container_ioctl(rig.container, VFIO_IOMMU_MAP_DMA,
					      0),
			 -EFAULT);
	/* The whole structure is read before argsz is looked at. */
	memset(host_mm_ptr(rig.mm, end - 31), 0, 31);
	ck_assert_int_eq(vfio_container_ioctl(rig.container, VFIO_IOMMU_MAP_DMA,
					      end - 31),
			 -EFAULT);
}
END_TEST

START_TEST(writes_nothing_back)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = 99, .flags = RIG_R, .vaddr = rig.mem,
		.iova = PAGE, .size = PAGE,
	}, before = arg;

	host_mm_protect(rig.mm, 0, 1, HOST_READ);
	ck_assert_int_eq(rig_ioctl(&rig, VFIO_IOMMU_MAP_DMA, &arg, sizeof(arg)),
			 0);
	ck_assert_mem_eq(&arg, &before, sizeof(arg));
	host_mm_protect(rig.mm, 0, 1, HOST_READ | HOST_WRITE);
}
END_TEST

/* Flags come before addresses, addresses before what is mapped. */
START_TEST(order)
{
	ck_assert_int_eq(map(0, PAGE, rig.mem, RIG_RW), 0);
	ck_assert_int_eq(map(0, PAGE, rig.mem, RIG_RW | 4), -EINVAL);
	ck_assert_int_eq(map(PAGE, PAGE, rig.mem, 4), -ENOENT);
	ck_assert_int_eq(map(PAGE + 1, PAGE, rig.mem, 4), -EINVAL);
	ck_assert_int_eq(map(-PAGE, 2 * PAGE, rig.mem, 4), -EINVAL);
	/* Not invalidated; exact or not. */
	ck_assert_int_eq(map(0, PAGE, rig.mem, 4), -EINVAL);
	ck_assert_int_eq(map(0, 2 * PAGE, rig.mem, 4), -EINVAL);
	ck_assert_int_eq(map(1, PAGE, rig.mem, RIG_RW), -EINVAL);
}
END_TEST

START_TEST(overlaps)
{
	const uint64_t a = 16 * PAGE;

	ck_assert_int_eq(map(a, 4 * PAGE, rig.mem, RIG_RW), 0);
	ck_assert_int_eq(map(a - PAGE, PAGE, rig.mem, RIG_RW), 0);
	ck_assert_int_eq(map(a + 4 * PAGE, PAGE, rig.mem, RIG_RW), 0);
	ck_assert_int_eq(map(a + PAGE, PAGE, rig.mem, RIG_RW), -EEXIST);
	ck_assert_int_eq(map(a - 3 * PAGE, 3 * PAGE, rig.mem, RIG_RW), -EEXIST);
	ck_assert_int_eq(map(a - 3 * PAGE, 2 * PAGE, rig.mem, RIG_RW), 0);
	ck_assert_int_eq(map(a + 4 * PAGE, 9 * PAGE, rig.mem, RIG_RW), -EEXIST);
	ck_assert_int_eq(map(0, 64 * PAGE, rig.mem, RIG_RW), -EEXIST);
	ck_assert_int_eq(map(0, -PAGE, 0, RIG_RW), -EEXIST);
}
END_TEST

/* Nothing looks at the memory before a device does. */
START_TEST(any_vaddr)
{
	ck_assert_int_eq(map(0, PAGE, 0, RIG_RW), 0);
	ck_assert_int_eq(map(PAGE, PAGE, 0xffff888000000000, RIG_RW), 0);
	ck_assert_int_eq(map(2 * PAGE, PAGE, -PAGE, RIG_W), 0);
	ck_assert_uint_eq(atomic_load(&rig.mm->pin_calls), 0);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

/* An entry may end at 2^64, and is like any other. */
START_TEST(top_of_address_space)
{
	ck_assert_int_eq(map(-PAGE, PAGE, rig.mem, RIG_RW), 0);
	ck_assert_int_eq(map(-PAGE, PAGE, rig.mem, RIG_RW), -EEXIST);
	ck_assert_int_eq(map(0, PAGE, rig.mem, RIG_RW), 0);
	ck_assert_int_eq(map(0x100000, PAGE, rig.mem, RIG_RW), 0);
	ck_assert_int_eq(rig_unmapped(&rig, 0x100000, PAGE), PAGE);
	ck_assert_int_eq(rig_unmapped(&rig, -PAGE, PAGE), PAGE);
	ck_assert_int_eq(map(-PAGE, PAGE, rig.mem, RIG_RW), 0);
	ck_assert_int_eq(rig_unmap_all(&rig), 2 * PAGE);
}
END_TEST

START_TEST(largest)
{
	ck_assert_int_eq(map(0, -PAGE, 0, RIG_RW), 0);
	ck_assert_int_eq(map(-PAGE, PAGE, 0, RIG_RW), 0);
	ck_assert_int_eq(map(-2 * PAGE, PAGE, 0, RIG_RW), -EEXIST);
	ck_assert_int_eq(rig_unmapped(&rig, 0, -PAGE), -(int64_t)PAGE);
}
END_TEST

START_TEST(entry_limit)
{
	for (uint64_t i = 0; i < 65535; i++)
		ck_assert_int_eq(map(2 * i * PAGE, PAGE, rig.mem, RIG_RW), 0);
	ck_assert_uint_eq(rig_dma_avail(&rig), 0);
	ck_assert_int_eq(map(PAGE, PAGE, rig.mem, RIG_RW), -ENOSPC);
	ck_assert_int_eq(map(0, PAGE, rig.mem, RIG_RW), -EEXIST);
	ck_assert_int_eq(map(PAGE, PAGE, rig.mem, 4), -ENOENT);
	ck_assert_int_eq(rig_unmapped(&rig, 4 * PAGE, PAGE), PAGE);
	ck_assert_int_eq(map(PAGE, PAGE, rig.mem, RIG_RW), 0);
	ck_assert_int_eq(rig_unmap_all(&rig), 65535 * PAGE);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65535);
}
END_TEST

/* Mappings that nobody unmaps go with the last group. */
START_TEST(left_behind)
{
	for (uint64_t i = 0; i < 100; i++)
		ck_assert_int_eq(map(i * PAGE, PAGE, rig.mem, RIG_RW), 0);
}
END_TEST

/* The VADDR flag: only without emulated groups, so past the container. */
struct vaddr_rig {
	void *data;
	struct host_mm *mm, *other;
	struct host_client client, other_client;
};

static void vaddr_setup(struct vaddr_rig *r)
{
	ck_assert_int_eq(vfio_iommu_type1.open(VFIO_TYPE1v2_IOMMU, &r->data),
			 0);
	r->mm = host_mm_create(1ULL << 32, 4);
	r->other = host_mm_create(2ULL << 32, 4);
	host_client_init(&r->client, r->mm);
	host_client_init(&r->other_client, r->other);
	vfio_set_current(&r->client.client);
}

static void vaddr_teardown(struct vaddr_rig *r)
{
	vfio_iommu_type1.release(r->data);
	host_mm_destroy(r->mm);
	host_mm_destroy(r->other);
	vfio_set_current(&rig.client.client);
}

static int vaddr_map(struct vaddr_rig *r, uint64_t iova, uint64_t size,
		     uint32_t flags)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = flags,
		.iova = iova,
		.size = size,
	};
	uint64_t at = vfio_current() == &r->client.client ? r->mm->base :
							    r->other->base;

	arg.vaddr = at;
	vfio_copy_to_user(at, &arg, sizeof(arg));
	return vfio_iommu_type1.ioctl(r->data, VFIO_IOMMU_MAP_DMA, at);
}

static int64_t vaddr_unmap(struct vaddr_rig *r, uint64_t iova, uint64_t size,
			   uint32_t flags)
{
	struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg),
		.flags = flags,
		.iova = iova,
		.size = size,
	};
	int ret;

	vfio_copy_to_user(r->mm->base, &arg, sizeof(arg));
	ret = vfio_iommu_type1.ioctl(r->data, VFIO_IOMMU_UNMAP_DMA,
				     r->mm->base);
	vfio_copy_from_user(&arg, r->mm->base, sizeof(arg));
	return ret ? ret : (int64_t)arg.size;
}

#define INVALIDATE VFIO_DMA_UNMAP_FLAG_VADDR
#define UNMAP_ALL VFIO_DMA_UNMAP_FLAG_ALL

static int update_vaddr_offered(struct vaddr_rig *r)
{
	return vfio_iommu_type1.ioctl(r->data, VFIO_CHECK_EXTENSION,
				      VFIO_UPDATE_VADDR);
}

START_TEST(vaddr_update)
{
	struct vfio_group group = { .type = VFIO_EMULATED_IOMMU };
	struct vaddr_rig r;
	uint8_t byte;

	vaddr_setup(&r);
	ck_assert_int_eq(update_vaddr_offered(&r), 1);
	ck_assert_int_eq(vaddr_map(&r, 0, 2 * PAGE, RIG_RW), 0);
	ck_assert_int_eq(vaddr_map(&r, 4 * PAGE, PAGE, RIG_RW), 0);
	ck_assert_int_eq(vaddr_unmap(&r, 0, PAGE, INVALIDATE), -EINVAL);
	ck_assert_int_eq(vaddr_unmap(&r, 0, 2 * PAGE, INVALIDATE), 2 * PAGE);
	/* One that is invalid already: nothing is marked. */
	ck_assert_int_eq(vaddr_unmap(&r, 0, 0, INVALIDATE | UNMAP_ALL),
			 -EINVAL);
	ck_assert_int_eq(vaddr_map(&r, 4 * PAGE, PAGE, 4), -EINVAL);
	ck_assert_int_eq(vfio_iommu_type1.attach_group(r.data, &group,
						       VFIO_EMULATED_IOMMU),
			 -EBUSY);
	ck_assert_int_eq(vfio_iommu_type1.dma_rw(r.data, rig.devs[0], 0, &byte,
						 1, false),
			 -EBUSY);
	ck_assert_int_eq(vaddr_map(&r, 0, PAGE, 4), -EINVAL);
	ck_assert_int_eq(vaddr_map(&r, 0, 3 * PAGE, 4), -EINVAL);
	ck_assert_int_eq(vaddr_map(&r, 0, 2 * PAGE, 4), 0);
	ck_assert_int_eq(vaddr_map(&r, 0, 2 * PAGE, 4), -EINVAL);
	/* Unmapping a marked entry takes the mark with it. */
	ck_assert_int_eq(vaddr_unmap(&r, 0, 0, INVALIDATE | UNMAP_ALL),
			 3 * PAGE);
	ck_assert_int_eq(vaddr_unmap(&r, 0, 0, UNMAP_ALL), 3 * PAGE);
	ck_assert_int_eq(vfio_iommu_type1.attach_group(r.data, &group,
						       VFIO_EMULATED_IOMMU),
			 0);
	ck_assert_int_eq(update_vaddr_offered(&r), 0);
	vfio_iommu_type1.detach_group(r.data, &group);
	vaddr_teardown(&r);
}
END_TEST

/* Another process takes the mapping over: its memory is used then. */
START_TEST(vaddr_new_owner)
{
	struct vaddr_rig r;
	uint8_t byte = 0;

	vaddr_setup(&r);
	ck_assert_int_eq(vaddr_map(&r, 0, PAGE, RIG_RW), 0);
	ck_assert_int_eq(vaddr_unmap(&r, 0, PAGE, INVALIDATE), PAGE);
	vfio_set_current(&r.other_client.client);
	ck_assert_int_eq(vaddr_map(&r, 0, PAGE, 4), 0);
	ck_assert_uint_eq(atomic_load(&r.mm->mm.refs), 1);
	ck_assert_uint_eq(atomic_load(&r.other->mm.refs), 2);
	r.other->mem[100] = 42;
	ck_assert_int_eq(vfio_iommu_type1.dma_rw(r.data, rig.devs[0], 100,
						 &byte, 1, false),
			 0);
	ck_assert_uint_eq(byte, 42);
	vaddr_teardown(&r);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, basics);
	tcase_add_test(tc, argsz);
	tcase_add_test(tc, faults);
	tcase_add_test(tc, writes_nothing_back);
	tcase_add_test(tc, order);
	tcase_add_test(tc, overlaps);
	tcase_add_test(tc, any_vaddr);
	tcase_add_test(tc, top_of_address_space);
	tcase_add_test(tc, largest);
	tcase_add_test(tc, entry_limit);
	tcase_add_test(tc, left_behind);
}

Suite *type1_map_suite(void)
{
	Suite *suite = suite_create("type1 map");
	TCase *v2 = tcase_create("v2"), *v1 = tcase_create("v1");

	tcase_add_checked_fixture(v2, setup_v2, teardown);
	tcase_add_checked_fixture(v1, setup_v1, teardown);
	add_tests(v2);
	add_tests(v1);
	tcase_add_test(v2, vaddr_update);
	tcase_add_test(v2, vaddr_new_owner);
	suite_add_tcase(suite, v2);
	suite_add_tcase(suite, v1);
	return suite;
}
