// SPDX-License-Identifier: BSD-3-Clause
/*
 * A group behind an IOMMU: what MAP_DMA says to real memory, and what it
 * charges to a real process.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client.h"

#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
/* Pages: more than are looked at together, fewer than the usual limit. */
#define MANY 1500UL

static struct vfio_session session;

static void open_session(void)
{
	session = vfio_session_open(DEV_PCI, VFIO_TYPE1v2_IOMMU);
}

static void close_session(void)
{
	vfio_session_close(&session);
}

static int map_for(uint32_t flags, uint64_t iova, const void *vaddr,
		   uint64_t npages)
{
	struct vfio_iommu_type1_dma_map map = { sizeof(map), flags,
						(uintptr_t)vaddr, iova,
						npages * PAGE };

	return vfio_ioctl(session.container, VFIO_IOMMU_MAP_DMA, &map);
}

static int map(uint64_t iova, const void *vaddr, uint64_t npages)
{
	return map_for(RW, iova, vaddr, npages);
}

static int64_t unmap(uint64_t iova, uint64_t npages)
{
	int64_t ret = vfio_unmap(session.container, iova, npages * PAGE, 0);

	return ret < 0 ? ret : ret / (int64_t)PAGE;
}

static char *pages(uint64_t n, int prot)
{
	void *at =
		mmap(NULL, n * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	return at;
}

START_TEST(whole)
{
	char *mem = pages(MANY, PROT_READ | PROT_WRITE);

	ck_ok(map(0, mem, MANY));
	ck_assert_int_eq(map(PAGE, mem, 1), -EEXIST);
	ck_assert_int_eq(unmap(0, MANY), MANY);
}
END_TEST

/* Wherever the page is that is not there. */
START_TEST(hole)
{
	static const uint64_t at[] = { 0, 1, 1023, 1024, MANY / 2, MANY - 1 };

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		char *mem = pages(MANY, PROT_READ | PROT_WRITE);

		ck_ok(munmap(mem + at[i] * PAGE, PAGE));
		ck_assert_int_eq(map(0, mem, MANY), -EFAULT);
		ck_assert_int_eq(map_for(RW & ~2, 0, mem, MANY), -EFAULT);
		if (at[i]) {
			ck_ok(map(0, mem, at[i]));
			ck_assert_int_eq(unmap(0, at[i]), at[i]);
		}
		munmap(mem, MANY * PAGE);
	}
}
END_TEST

START_TEST(read_only)
{
	char *mem = pages(MANY, PROT_READ | PROT_WRITE);

	ck_ok(mprotect(mem + 1200 * PAGE, PAGE, PROT_READ));
	ck_assert_int_eq(map(0, mem, MANY), -EFAULT);
	ck_assert_int_eq(map_for(VFIO_DMA_MAP_FLAG_WRITE, 0, mem, MANY),
			 -EFAULT);
	ck_ok(map_for(VFIO_DMA_MAP_FLAG_READ, 0, mem, MANY));
	ck_assert_int_eq(unmap(0, MANY), MANY);
	ck_ok(mprotect(mem + 1201 * PAGE, PAGE, PROT_NONE));
	ck_assert_int_eq(map_for(VFIO_DMA_MAP_FLAG_READ, 0, mem, MANY),
			 -EFAULT);
}
END_TEST

/* The file ends before the mapping of it does. */
START_TEST(end_of_file)
{
	FILE *file = tmpfile();
	char *mem;

	ck_assert_ptr_nonnull(file);
	ck_ok(ftruncate(fileno(file), 2 * PAGE));
	mem = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fileno(file), 0);
	ck_assert_ptr_ne(mem, MAP_FAILED);
	ck_ok(map_for(VFIO_DMA_MAP_FLAG_READ, 0, mem, 2));
	ck_assert_int_eq(map_for(VFIO_DMA_MAP_FLAG_READ, 4 * PAGE, mem, 3),
			 -EFAULT);
	fclose(file);
}
END_TEST

START_TEST(addresses)
{
	char *mem = pages(2, PROT_READ | PROT_WRITE);

	ck_assert_int_eq(map(0xfee00000, mem, 1), -EINVAL);
	ck_assert_int_eq(map(0xfeeff000, mem, 2), -EINVAL);
	ck_ok(map(0xfef00000, mem, 2));
	ck_assert_int_eq(map(1ULL << 39, mem, 1), -EINVAL);
	ck_ok(map((1ULL << 39) - 2 * PAGE, mem, 2));
	ck_assert_int_eq(map(0, (void *)-PAGE, 1), -EFAULT);
}
END_TEST

static void limit(uint64_t npages)
{
	struct rlimit rlimit;

	ck_ok(getrlimit(RLIMIT_MEMLOCK, &rlimit));
	rlimit.rlim_cur = npages * PAGE;
	ck_ok(setrlimit(RLIMIT_MEMLOCK, &rlimit));
}

START_TEST(memlock)
{
	char *mem = pages(16, PROT_READ | PROT_WRITE);

	set_cap(CAP_IPC_LOCK, false);
	limit(10);
	ck_assert_int_eq(map(0, mem, 11), -ENOMEM);
	ck_ok(map(0, mem, 6));
	ck_assert_int_eq(map(16 * PAGE, mem, 5), -ENOMEM);
	/* The same pages count again. */
	ck_ok(map(16 * PAGE, mem, 4));
	ck_assert_int_eq(map(32 * PAGE, mem, 1), -ENOMEM);
	ck_assert_int_eq(unmap(16 * PAGE, 4), 4);
	ck_ok(map(32 * PAGE, mem, 4));
	/* Who has the capability on the machine has no limit. */
	if (set_cap(CAP_IPC_LOCK, true))
		ck_ok(map(64 * PAGE, mem, 16));
	else
		ck_assert_int_eq(map(64 * PAGE, mem, 1), -ENOMEM);
}
END_TEST

/* UNMAP with VADDR, and another process takes the mapping over. */
static int take_over(void *mem)
{
	return map_for(VFIO_DMA_MAP_FLAG_VADDR, 0, mem, 4) ? 1 : 0;
}

START_TEST(vaddr)
{
	char *mem = pages(4, PROT_READ | PROT_WRITE);

	ck_ok(map(0, mem, 4));
	ck_assert_int_eq(vfio_unmap(session.container, 0, 4 * PAGE,
				    VFIO_DMA_UNMAP_FLAG_VADDR),
			 4 * PAGE);
	ck_assert_int_eq(in_child(take_over, mem), 0);
	ck_assert_int_eq(in_child(take_over, mem), 1);
	/* It has ended, and what it had mapped can be taken away. */
	ck_assert_int_eq(unmap(0, 4), 4);
}
END_TEST

/* What a session had charged is free again for the next. */
START_TEST(next_session)
{
	char *mem = pages(10, PROT_READ | PROT_WRITE);

	set_cap(CAP_IPC_LOCK, false);
	limit(10);
	for (int i = 0; i < 3; i++) {
		ck_ok(map(0, mem, 10));
		close_session();
		open_session();
	}
}
END_TEST

static uint64_t pgsizes(int container)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };

	ck_ok(vfio_ioctl(container, VFIO_IOMMU_GET_INFO, &info));
	return info.iova_pgsizes;
}

/* Behind an IOMMU with larger pages; then both in one container. */
START_TEST(large_pages)
{
	struct vfio_session s =
		vfio_session_open(DEV_LARGE_PAGES, VFIO_TYPE1v2_IOMMU);
	const uint64_t size = 16 * PAGE;
	char *mem = pages(32, PROT_READ | PROT_WRITE);

	mem = (char *)(((uintptr_t)mem + size - 1) & ~(size - 1));
	ck_assert_uint_eq(pgsizes(s.container), 0x210000);
	ck_assert_int_eq(vfio_map(s.container, 0, mem, PAGE), -EINVAL);
	ck_assert_int_eq(vfio_map(s.container, PAGE, mem, size), -EINVAL);
	ck_assert_int_eq(vfio_map(s.container, 0, mem + PAGE, size), -EINVAL);
	ck_ok(vfio_map(s.container, size, mem, size));
	ck_assert_int_eq(vfio_unmap(s.container, size, PAGE, 0), -EINVAL);
	ck_assert_int_eq(vfio_unmap(s.container, size, size, 0), size);
	vfio_session_close(&s);

	ck_assert_uint_eq(pgsizes(session.container), 0x40201000);
	s.group = ck_fd(vfio_open_group(DEV_LARGE_PAGES));
	ck_ok(map(PAGE, mem, 1));
	ck_assert_int_eq(vfio_set_container(s.group, session.container),
			 -EINVAL);
	ck_assert_int_eq(unmap(PAGE, 1), 1);
	ck_ok(vfio_set_container(s.group, session.container));
	ck_assert_uint_eq(pgsizes(session.container), 0x200000);
	ck_assert_int_eq(map(0, mem, 16), -EINVAL);
	close(s.group);
}
END_TEST

Suite *iommu_suite(void)
{
	Suite *suite = suite_create("client iommu");
	TCase *tc = client_case(suite, "iommu");

	tcase_add_checked_fixture(tc, open_session, close_session);
	tcase_add_test(tc, whole);
	tcase_add_test(tc, hole);
	tcase_add_test(tc, read_only);
	tcase_add_test(tc, end_of_file);
	tcase_add_test(tc, addresses);
	tcase_add_test(tc, memlock);
	tcase_add_test(tc, vaddr);
	tcase_add_test(tc, next_session);
	tcase_add_test(tc, large_pages);
	suite_add_tcase(suite, tc);
	return suite;
}
