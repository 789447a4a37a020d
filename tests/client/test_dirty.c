// SPDX-License-Identifier: BSD-3-Clause
/* DIRTY_PAGES and UNMAP_DMA with a bitmap; the sleepy plugin pins the page. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../plugins/sleepy.h"
#include "client.h"

#define START VFIO_IOMMU_DIRTY_PAGES_FLAG_START
#define STOP VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP
#define GET VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP
#define UNTOUCHED 0x5555555555555555UL

static struct vfio_session session;

static void open_session(void)
{
	session = vfio_session_open(DEV_SLEEPY, VFIO_TYPE1v2_IOMMU);
}

static void close_session(void)
{
	vfio_session_close(&session);
}

static int dirty(uint32_t argsz, uint32_t flags)
{
	struct vfio_iommu_type1_dirty_bitmap arg = { .argsz = argsz,
						     .flags = flags };

	return vfio_ioctl(session.container, VFIO_IOMMU_DIRTY_PAGES, &arg);
}

/* struct vfio_iommu_type1_dirty_bitmap with its data. */
struct bitmap_request {
	uint32_t argsz;
	uint32_t flags;
	struct vfio_iommu_type1_dirty_bitmap_get get;
};

static struct bitmap_request request(uint64_t page, uint64_t pages,
				     uint64_t *bits)
{
	return (struct bitmap_request){
		.argsz = sizeof(struct bitmap_request),
		.flags = GET,
		.get = { .iova = page * PAGE,
			 .size = pages * PAGE,
			 .bitmap = { .pgsize = PAGE,
				     .size = (pages + 63) / 64 * 8,
				     .data = (void *)bits } },
	};
}

static int get(const struct bitmap_request *req)
{
	return vfio_ioctl(session.container, VFIO_IOMMU_DIRTY_PAGES, req);
}

static int get_bits(uint64_t page, uint64_t pages, uint64_t *bits)
{
	struct bitmap_request req = request(page, pages, bits);

	return get(&req);
}

START_TEST(not_in_v1)
{
	struct vfio_session v1 = vfio_session_open(DEV_MTTY2, VFIO_TYPE1_IOMMU);

	ck_assert_int_eq(vfio_ioctl(v1.container, VFIO_IOMMU_DIRTY_PAGES, NULL),
			 -EACCES);
	vfio_session_close(&v1);
}
END_TEST

START_TEST(start_and_stop)
{
	ck_ok(dirty(8, STOP));
	ck_ok(dirty(8, START));
	ck_ok(dirty(8, START));
	ck_ok(dirty(8, STOP));
	ck_ok(dirty(8, STOP));
	ck_assert_int_eq(dirty(7, START), -EINVAL);
	ck_assert_int_eq(dirty(8, 0), -EINVAL);
	ck_assert_int_eq(dirty(8, 8), -EINVAL);
	ck_assert_int_eq(dirty(8, START | STOP), -EINVAL);
	ck_assert_int_eq(dirty(8, START | GET), -EINVAL);
	ck_assert_int_eq(dirty(47, GET), -EINVAL);
	ck_assert_int_eq(vfio_ioctl(session.container, VFIO_IOMMU_DIRTY_PAGES,
				    NULL),
			 -EFAULT);
}
END_TEST

START_TEST(bitmap_errors)
{
	uint64_t bits[2] = { UNTOUCHED, UNTOUCHED };
	struct bitmap_request req;

	ck_ok(vfio_map(session.container, 0, NULL, 8 * PAGE));
	ck_assert_int_eq(get_bits(0, 8, bits), -EINVAL);
	ck_ok(dirty(8, START));
	ck_assert_int_eq(get_bits(0, 4, bits), -EINVAL);
	ck_assert_int_eq(get_bits(4, 8, bits), -EINVAL);
	ck_assert_int_eq(get_bits(0, 0, bits), -EINVAL);
	req = request(0, 8, bits);
	req.get.bitmap.pgsize = 2 * PAGE;
	ck_assert_int_eq(get(&req), -EINVAL);
	req = request(0, 8, bits);
	req.get.bitmap.size = 0;
	ck_assert_int_eq(get(&req), -EINVAL);
	req = request(0, 65, bits);
	req.get.bitmap.size = 8;
	ck_assert_int_eq(get(&req), -EINVAL);
	req = request(0, 8, bits);
	req.get.iova = 1;
	ck_assert_int_eq(get(&req), -EINVAL);
	req = request(0, 8, bits);
	req.get.iova = -PAGE;
	ck_assert_int_eq(get(&req), -EINVAL);
	ck_assert_int_eq(get_bits(0, 8, (uint64_t *)PAGE), -EFAULT);
	ck_assert_uint_eq(bits[0], UNTOUCHED);
}
END_TEST

/* What write(2) says of a buffer that it will not read: access_ok(). */
static int expected_at(int null, uint64_t address)
{
	return syscall(SYS_write, null, address, 8UL) == 8 ? -EFAULT : -EINVAL;
}

/* An address that no program can have is EINVAL, whatever the machine's are. */
START_TEST(bitmap_beyond_user_addresses)
{
	static const uint64_t addresses[] = {
		1UL << 47, 1UL << 55, (1UL << 56) - 2 * PAGE, 1UL << 57, -PAGE,
	};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(null, 0);
	ck_ok(vfio_map(session.container, 0, NULL, 8 * PAGE));
	ck_ok(dirty(8, START));
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		ck_assert_int_eq(get_bits(0, 8, (uint64_t *)addresses[i]),
				 expected_at(null, addresses[i]));
	close(null);
}
END_TEST

/* Only words of the bitmap that belong to a mapping are written. */
START_TEST(clean_pages)
{
	uint64_t bits[3] = { UNTOUCHED, UNTOUCHED, UNTOUCHED };

	ck_ok(vfio_map(session.container, 0, NULL, 64 * PAGE));
	ck_ok(vfio_map(session.container, 128 * PAGE, NULL, 64 * PAGE));
	ck_ok(dirty(8, START));
	ck_ok(get_bits(0, 192, bits));
	ck_assert_uint_eq(bits[0], 0);
	ck_assert_uint_eq(bits[1], UNTOUCHED);
	ck_assert_uint_eq(bits[2], 0);
}
END_TEST

static int unmap_with_bitmap(uint64_t pages, uint64_t *bits)
{
	struct {
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_bitmap bitmap;
	} arg = {
		.unmap = { .argsz = sizeof(arg),
			   .flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
			   .size = pages * PAGE },
		.bitmap = { .pgsize = PAGE, .size = 8, .data = (void *)bits },
	};
	int ret = vfio_ioctl(session.container, VFIO_IOMMU_UNMAP_DMA, &arg);

	return ret ? ret : (int)(arg.unmap.size / PAGE);
}

START_TEST(pinned_page_is_dirty)
{
	char *memory = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t iova = 2 * PAGE, bits = UNTOUCHED;

	ck_assert_ptr_ne(memory, MAP_FAILED);
	ck_ok(vfio_map(session.container, 0, memory, 8 * PAGE));
	ck_assert_int_eq(unmap_with_bitmap(8, &bits), -EINVAL);
	ck_assert_int_eq(pwrite(session.device, &iova, 8, SLEEPY_PIN), 8);
	ck_ok(dirty(8, START));
	for (int i = 0; i < 2; i++) {
		bits = UNTOUCHED;
		ck_ok(get_bits(0, 8, &bits));
		ck_assert_uint_eq(bits & 0xff, 1 << 2);
	}
	ck_assert_int_eq(unmap_with_bitmap(8, &bits), 8);
	ck_assert_uint_eq(bits & 0xff, 1 << 2);
	munmap(memory, 8 * PAGE);
}
END_TEST

Suite *dirty_suite(void)
{
	Suite *suite = suite_create("dirty");
	TCase *tc = client_case(suite, "dirty");

	tcase_add_checked_fixture(tc, open_session, close_session);
	tcase_add_test(tc, not_in_v1);
	tcase_add_test(tc, start_and_stop);
	tcase_add_test(tc, bitmap_errors);
	tcase_add_test(tc, bitmap_beyond_user_addresses);
	tcase_add_test(tc, clean_pages);
	tcase_add_test(tc, pinned_page_is_dirty);
	return suite;
}
