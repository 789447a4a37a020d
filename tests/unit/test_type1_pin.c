// SPDX-License-Identifier: BSD-3-Clause
/* type1: pin_pages, unpin_pages, the charge for them, pinned pages' content. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "rig.h"
#include "suites.h"

#define MIB 0x100000ULL

static struct rig rig;

static void setup(void)
{
	rig_setup(&rig, VFIO_TYPE1v2_IOMMU, RIG_DEVICES);
	for (int i = 0; i < RIG_DEVICES; i++)
		rig_open(&rig, i);
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

static void map_pages(uint64_t iova, uint64_t n, uint32_t flags)
{
	ck_assert_int_eq(rig_map(&rig, iova, n * PAGE, rig.mem, flags), 0);
}

static int pin(int dev, uint64_t iova, int n, int prot)
{
	struct vfio_page *pages[512];

	return vfiod_pin_pages(rig.devs[dev], iova, n, prot, pages);
}

static void unpin(int dev, uint64_t iova, int n)
{
	vfiod_unpin_pages(rig.devs[dev], iova, n);
}

START_TEST(bad_arguments)
{
	struct vfio_page *page;

	map_pages(MIB, 16, RIG_RW);
	ck_assert_int_eq(pin(0, MIB, 0, RIG_RW), -EINVAL);
	ck_assert_int_eq(pin(0, MIB, -1, RIG_RW), -E2BIG);
	ck_assert_int_eq(pin(0, MIB, 513, RIG_RW), -E2BIG);
	ck_assert_int_eq(pin(0, MIB, 512, RIG_RW), -EINVAL);
	ck_assert_int_eq(pin(0, MIB - PAGE, 1, RIG_RW), -EINVAL);
	ck_assert_int_eq(pin(0, MIB + 15 * PAGE, 2, RIG_RW), -EINVAL);
	ck_assert_int_eq(vfiod_pin_pages(rig.devs[0], MIB, 1, RIG_RW, NULL),
			 -EINVAL);
	rig_close(&rig, 0);
	ck_assert_int_eq(vfiod_pin_pages(rig.devs[0], MIB, 1, RIG_RW, &page),
			 -EINVAL);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

START_TEST(v1_has_none)
{
	map_pages(MIB, 1, RIG_RW);
	ck_assert_int_eq(pin(0, MIB, 1, RIG_RW), -EACCES);
	ck_assert_int_eq(pin(0, 0, 1, RIG_RW), -EACCES);
	unpin(0, MIB, 1);
}
END_TEST

/* The driver itself: a device that is not registered, after v1's answer. */
START_TEST(unregistered)
{
	struct vfiod_plugin plugin = { .name = "none" };
	struct vfio_device stranger = { .name = "stranger", .plugin = &plugin };
	const struct vfio_iommu_driver_ops *ops = rig.container->driver;
	void *data = rig.container->iommu_data;
	struct vfio_page *page;

	map_pages(MIB, 1, RIG_RW);
	ck_assert_int_eq(ops->pin_pages(data, &stranger, MIB, 1, RIG_R, &page),
			 -EINVAL);
	ops->unpin_pages(data, &stranger, MIB, 1);
	ck_assert(host_log_has("stranger"));
	host_log_clear();
	ops->unregister_device(data, &stranger);
	ck_assert_int_eq(ops->register_device(data, &stranger), -EINVAL);
}
END_TEST

START_TEST(rights)
{
	map_pages(0, 1, RIG_R);
	map_pages(PAGE, 1, RIG_W);
	ck_assert_int_eq(pin(0, 0, 1, RIG_W), -EPERM);
	ck_assert_int_eq(pin(0, 0, 1, RIG_RW), -EPERM);
	ck_assert_int_eq(pin(0, 0, 1, RIG_R), 1);
	ck_assert_int_eq(pin(0, PAGE, 1, RIG_R), -EPERM);
	ck_assert_int_eq(pin(0, PAGE, 1, RIG_W), 1);
	ck_assert_int_eq(pin(0, 0, 2, 0), 2);
	ck_assert_int_eq(pin(0, 0, 1, RIG_R | 4), -EPERM);
	unpin(0, 0, 2);
	unpin(0, 0, 2);
}
END_TEST

START_TEST(counts)
{
	map_pages(MIB, 16, RIG_RW);
	ck_assert_int_eq(pin(0, MIB, 1, RIG_RW), 1);
	ck_assert_int_eq(pin(0, MIB, 1, RIG_RW), 1);
	ck_assert_int_eq(pin(1, MIB, 1, RIG_RW), 1);
	ck_assert_uint_eq(rig_locked(&rig), 1);
	ck_assert_uint_eq(atomic_load(&rig.mm->pin_calls), 1);
	unpin(0, MIB, 1);
	unpin(0, MIB, 1);
	ck_assert_uint_eq(rig_locked(&rig), 1);
	/* It has none left: device 1's is not touched. */
	unpin(0, MIB, 1);
	unpin(2, MIB, 1);
	ck_assert_uint_eq(rig_locked(&rig), 1);
	unpin(1, MIB, 1);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

START_TEST(unpin_ignores)
{
	map_pages(MIB, 4, RIG_RW);
	ck_assert_int_eq(pin(0, MIB + PAGE, 1, RIG_RW), 1);
	/* What is not pinned is passed over… */
	unpin(0, MIB, 4);
	ck_assert_uint_eq(rig_locked(&rig), 0);
	ck_assert_uint_eq(host_log_count(4), 0);
	/* …what is not mapped ends it. */
	ck_assert_int_eq(pin(0, MIB, 1, RIG_RW), 1);
	unpin(0, MIB - PAGE, 2);
	ck_assert_uint_eq(rig_locked(&rig), 1);
	ck_assert_uint_eq(host_log_count(4), 1);
	unpin(0, MIB, -1);
	ck_assert_uint_eq(host_log_count(4), 2);
	ck_assert_uint_eq(rig_locked(&rig), 1);
	unpin(0, MIB, 1);
	host_log_clear();
}
END_TEST

START_TEST(spans_mappings)
{
	map_pages(0, 2, RIG_RW);
	map_pages(2 * PAGE, 2, RIG_R);
	ck_assert_int_eq(pin(0, 0, 4, RIG_R), 4);
	ck_assert_uint_eq(rig_locked(&rig), 4);
	ck_assert_int_eq(pin(1, 0, 4, RIG_W), -EPERM);
	ck_assert_uint_eq(rig_locked(&rig), 4);
	unpin(0, 0, 4);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

/* Unaligned is another pin, of the page that holds the byte. */
START_TEST(unaligned)
{
	struct vfio_page *a, *b;
	uint8_t byte = 9;

	map_pages(MIB, 2, RIG_RW);
	ck_assert_int_eq(vfiod_pin_pages(rig.devs[0], MIB, 1, RIG_RW, &a), 1);
	ck_assert_int_eq(vfiod_pin_pages(rig.devs[0], MIB + 100, 1, RIG_RW, &b),
			 1);
	ck_assert_uint_eq(rig_locked(&rig), 2);
	ck_assert_int_eq(vfiod_page_rw(a, 100, &byte, 1, true), 0);
	byte = 0;
	ck_assert_int_eq(vfiod_page_rw(b, 100, &byte, 1, false), 0);
	ck_assert_uint_eq(byte, 9);
	unpin(0, MIB + 100, 1);
	ck_assert_uint_eq(rig_locked(&rig), 1);
	unpin(0, MIB, 1);
	/* The last page's, whose 4096 bytes reach over the mapping. */
	ck_assert_int_eq(pin(0, MIB + 2 * PAGE - 1, 1, RIG_RW), 1);
	unpin(0, MIB + 2 * PAGE - 1, 1);
	/* Just below a mapping there is nothing. */
	ck_assert_int_eq(pin(0, MIB - 1, 1, RIG_RW), -EINVAL);
}
END_TEST

START_TEST(top_of_address_space)
{
	map_pages(-2 * PAGE, 2, RIG_RW);
	map_pages(0, 1, RIG_RW);
	ck_assert_int_eq(pin(0, -2 * PAGE, 2, RIG_RW), 2);
	ck_assert_uint_eq(rig_locked(&rig), 2);
	ck_assert_int_eq(pin(0, -2 * PAGE, 3, RIG_RW), -EINVAL);
	ck_assert_int_eq(pin(0, -1, 2, RIG_RW), -EINVAL);
	ck_assert_uint_eq(rig_locked(&rig), 2);
	unpin(0, -2 * PAGE, 2);
}
END_TEST

/* All or nothing, and no pointers are left for what was undone. */
START_TEST(undone_on_failure)
{
	struct vfio_page *pages[4], *const canary = (void *)1;

	map_pages(0, 3, RIG_RW);
	ck_assert_int_eq(pin(1, PAGE, 1, RIG_RW), 1);
	pages[3] = canary;
	host_mm_protect(rig.mm, RIG_ARGS + 2, 1, HOST_READ);
	ck_assert_int_eq(vfiod_pin_pages(rig.devs[0], 0, 4, RIG_R, pages),
			 -EFAULT);
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_null(pages[i]);
	ck_assert_ptr_eq(pages[3], canary);
	ck_assert_uint_eq(rig_locked(&rig), 1);
	unpin(1, PAGE, 1);
}
END_TEST

/* The mapping's right counts, not the request's. */
START_TEST(page_access)
{
	map_pages(0, 1, RIG_RW);
	map_pages(PAGE, 1, RIG_R);
	host_mm_protect(rig.mm, RIG_ARGS, 1, HOST_READ);
	ck_assert_int_eq(pin(0, 0, 1, RIG_R), -EFAULT);
	ck_assert_int_eq(pin(0, PAGE, 1, RIG_R), 1);
	unpin(0, PAGE, 1);
	host_mm_protect(rig.mm, RIG_ARGS, 1, 0);
	ck_assert_int_eq(pin(0, PAGE, 1, RIG_R), -EFAULT);
	ck_assert_int_eq(rig_map(&rig, MIB, PAGE, 0xffff888000000000, RIG_R),
			 0);
	ck_assert_int_eq(pin(0, MIB, 1, RIG_R), -EFAULT);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

START_TEST(memlock)
{
	atomic_store(&rig.mm->memlock, 4);
	map_pages(0, 16, RIG_RW);
	ck_assert_int_eq(pin(0, 0, 4, RIG_RW), 4);
	ck_assert_int_eq(pin(0, 4 * PAGE, 1, RIG_RW), -ENOMEM);
	ck_assert_int_eq(pin(1, 0, 4, RIG_RW), 4);
	unpin(0, 0, 4);
	ck_assert_int_eq(pin(1, 4 * PAGE, 1, RIG_RW), -ENOMEM);
	unpin(1, 3 * PAGE, 1);
	ck_assert_int_eq(pin(1, 3 * PAGE, 2, RIG_RW), -ENOMEM);
	ck_assert_uint_eq(rig_locked(&rig), 3);
	ck_assert_int_eq(pin(1, 4 * PAGE, 1, RIG_RW), 1);
	/* A lower limit concerns only what comes. */
	atomic_store(&rig.mm->memlock, 0);
	ck_assert_int_eq(pin(2, 0, 3, RIG_RW), 3);
	ck_assert_int_eq(pin(2, 8 * PAGE, 1, RIG_RW), -ENOMEM);
	unpin(2, 0, 3);
	unpin(1, 0, 3);
	unpin(1, 4 * PAGE, 1);
}
END_TEST

/* CAP_IPC_LOCK counts when the mapping is made. */
START_TEST(memlock_capable)
{
	atomic_store(&rig.mm->memlock, 1);
	host_client_allow(&rig.client, CAP_IPC_LOCK, true);
	map_pages(0, 4, RIG_RW);
	host_client_allow(&rig.client, CAP_IPC_LOCK, false);
	map_pages(MIB, 4, RIG_RW);
	ck_assert_int_eq(pin(0, 0, 4, RIG_RW), 4);
	ck_assert_uint_eq(rig_locked(&rig), 4);
	ck_assert_int_eq(pin(0, MIB, 1, RIG_RW), -ENOMEM);
	host_client_allow(&rig.client, CAP_IPC_LOCK, true);
	ck_assert_int_eq(pin(0, MIB, 1, RIG_RW), -ENOMEM);
	unpin(0, 0, 4);
	ck_assert_int_eq(pin(0, MIB, 1, RIG_RW), 1);
	unpin(0, MIB, 1);
}
END_TEST

/* Two containers of one process are charged together. */
START_TEST(memlock_shared)
{
	const struct vfio_iommu_driver_ops *ops = &vfio_iommu_type1;
	struct vfio_device other = { .plugin = &recorder_plugin,
				     .name = "other" };
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = RIG_RW,
		.vaddr = rig.mem,
		.size = 4 * PAGE,
	};
	struct vfio_page *pages[4];
	void *data;

	ck_assert_int_eq(ops->open(VFIO_TYPE1v2_IOMMU, &data), 0);
	ck_assert_int_eq(ops->register_device(data, &other), 0);
	vfio_copy_to_user(rig.args, &map, sizeof(map));
	ck_assert_int_eq(ops->ioctl(data, VFIO_IOMMU_MAP_DMA, rig.args), 0);
	atomic_store(&rig.mm->memlock, 3);
	map_pages(0, 4, RIG_RW);
	ck_assert_int_eq(pin(0, 0, 2, RIG_RW), 2);
	ck_assert_int_eq(ops->pin_pages(data, &other, 0, 2, RIG_RW, pages),
			 -ENOMEM);
	ck_assert_int_eq(ops->pin_pages(data, &other, 0, 1, RIG_RW, pages), 1);
	ck_assert_int_eq(pin(0, 2 * PAGE, 1, RIG_RW), -ENOMEM);
	ops->unpin_pages(data, &other, 0, 1);
	unpin(0, 0, 2);
	ops->unregister_device(data, &other);
	ops->release(data);
}
END_TEST

/* Another process may trigger the pin; who mapped pays. */
START_TEST(charged_to_who_mapped)
{
	struct host_mm *child = host_mm_create(1ULL << 40, 4);
	struct host_client client;

	map_pages(0, 4, RIG_RW);
	host_client_init(&client, child);
	vfio_set_current(&client.client);
	ck_assert_int_eq(pin(0, 0, 1, RIG_RW), 1);
	ck_assert_uint_eq(rig_locked(&rig), 1);
	ck_assert_uint_eq(host_mm_locked(child), 0);
	vfio_set_current(&rig.client.client);
	unpin(0, 0, 1);
	host_mm_destroy(child);
}
END_TEST

START_TEST(process_gone)
{
	map_pages(0, 4, RIG_RW);
	ck_assert_int_eq(pin(0, 0, 1, RIG_RW), 1);
	host_mm_exit(rig.mm);
	ck_assert_int_eq(pin(0, PAGE, 1, RIG_RW), -ENODEV);
	ck_assert_int_eq(pin(0, 0, 2, RIG_RW), -ENODEV);
	/* What is pinned already is not looked at again. */
	ck_assert_int_eq(pin(1, 0, 1, RIG_RW), 1);
	ck_assert_uint_eq(rig_locked(&rig), 1);
	unpin(1, 0, 1);
	unpin(0, 0, 1);
}
END_TEST

START_TEST(page_content)
{
	uint8_t *mem = host_mm_ptr(rig.mm, rig.mem), buf[8] = "1234567";
	struct vfio_page *page;

	map_pages(0, 2, RIG_RW);
	ck_assert_int_eq(vfiod_pin_pages(rig.devs[0], PAGE, 1, RIG_RW, &page),
			 1);
	ck_assert_int_eq(vfiod_page_rw(page, 4088, buf, 8, true), 0);
	ck_assert_mem_eq(mem + PAGE + 4088, "1234567", 8);
	mem[PAGE] = 'x';
	ck_assert_int_eq(vfiod_page_rw(page, 0, buf, 1, false), 0);
	ck_assert_uint_eq(buf[0], 'x');
	ck_assert_int_eq(vfiod_page_rw(page, 4096, buf, 0, false), 0);
	ck_assert_int_eq(vfiod_page_rw(page, 4089, buf, 8, false), -EINVAL);
	ck_assert_int_eq(vfiod_page_rw(page, 4097, buf, 0, false), -EINVAL);
	ck_assert_int_eq(vfiod_page_rw(page, -1, buf, 2, false), -EINVAL);
	ck_assert_int_eq(vfiod_page_rw(page, 1, buf, -1, false), -EINVAL);
	host_mm_protect(rig.mm, RIG_ARGS + 1, 1, 0);
	ck_assert_int_eq(vfiod_page_rw(page, 0, buf, 1, false), -EFAULT);
	host_mm_exit(rig.mm);
	ck_assert_int_eq(vfiod_page_rw(page, 0, buf, 1, false), -EFAULT);
	unpin(0, PAGE, 1);
}
END_TEST

START_TEST(page_read_only)
{
	struct vfio_page *page;
	uint8_t byte = 1;

	map_pages(0, 1, RIG_R);
	ck_assert_int_eq(vfiod_pin_pages(rig.devs[0], 0, 1, RIG_R, &page), 1);
	ck_assert_int_eq(vfiod_page_rw(page, 0, &byte, 1, true), -EFAULT);
	ck_assert_int_eq(vfiod_page_rw(page, 0, &byte, 1, false), 0);
	unpin(0, 0, 1);
}
END_TEST

/* Shared memory that is pinned is there whatever becomes of the client. */
START_TEST(page_is_held)
{
	struct vfio_page *pages[2];
	uint8_t byte = 7;

	rig.mm->shared = true;
	map_pages(0, 2, RIG_RW);
	ck_assert_int_eq(vfiod_pin_pages(rig.devs[0], 0, 2, RIG_RW, pages), 2);
	ck_assert_uint_eq(atomic_load(&rig.mm->holds), 2);
	host_mm_protect(rig.mm, RIG_ARGS, 2, 0);
	host_mm_exit(rig.mm);
	ck_assert_int_eq(vfiod_page_rw(pages[1], 9, &byte, 1, true), 0);
	byte = 0;
	ck_assert_int_eq(vfiod_page_rw(pages[1], 9, &byte, 1, false), 0);
	ck_assert_uint_eq(byte, 7);
	ck_assert_uint_eq(*(uint8_t *)host_mm_ptr(rig.mm, rig.mem + PAGE + 9),
			  7);
	unpin(0, PAGE, 1);
	ck_assert_uint_eq(atomic_load(&rig.mm->holds), 1);
	unpin(0, 0, 1);
	ck_assert_uint_eq(atomic_load(&rig.mm->holds), 0);
}
END_TEST

Suite *type1_pin_suite(void)
{
	Suite *suite = suite_create("type1 pin");
	TCase *tc = tcase_create("v2"), *v1 = tcase_create("v1");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, bad_arguments);
	tcase_add_test(tc, unregistered);
	tcase_add_test(tc, rights);
	tcase_add_test(tc, counts);
	tcase_add_test(tc, unpin_ignores);
	tcase_add_test(tc, spans_mappings);
	tcase_add_test(tc, unaligned);
	tcase_add_test(tc, top_of_address_space);
	tcase_add_test(tc, undone_on_failure);
	tcase_add_test(tc, page_access);
	tcase_add_test(tc, memlock);
	tcase_add_test(tc, memlock_capable);
	tcase_add_test(tc, memlock_shared);
	tcase_add_test(tc, charged_to_who_mapped);
	tcase_add_test(tc, process_gone);
	tcase_add_test(tc, page_content);
	tcase_add_test(tc, page_read_only);
	tcase_add_test(tc, page_is_held);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(v1, setup_v1, teardown);
	tcase_add_test(v1, v1_has_none);
	suite_add_tcase(suite, v1);
	return suite;
}
