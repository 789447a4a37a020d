// SPDX-License-Identifier: BSD-3-Clause
/* Devices that keep pages, and what their neighbours notice of it. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "../plugins/keeper.h"
#include "../plugins/sleepy.h"
#include "faulty.h"

#define IOVA 0x100000UL
#define OTHER 0x200000UL
#define ROUNDS 11

static void assert_pins(struct faulty *f, int n, uint64_t pins)
{
	ck_assert_uint_eq(faulty_read(f, n, KEEPER_PIN), pins);
}

/* A device that is well: it pins, writes, and unpins when it is asked. */
static void assert_works(struct faulty *f, int n)
{
	uint64_t *mem = faulty_map(f, OTHER, 1);

	ck_ok(faulty_write(f, n, KEEPER_PIN, OTHER));
	ck_ok(faulty_write(f, n, KEEPER_DATA, 0xfeed));
	ck_assert_uint_eq(mem[0], 0xfeed);
	ck_assert_int_eq(vfio_unmap(f->container, OTHER, PAGE, 0), PAGE);
	assert_pins(f, n, 0);
}

/* All that can be asked of a device that is broken. */
static void assert_broken(struct faulty *f, int n)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	uint64_t word = 0;

	ck_assert_int_eq(pread(f->device[n], &word, 8, KEEPER_PIN), -1);
	ck_assert_int_eq(errno, EIO);
	ck_assert_int_eq(faulty_write(f, n, KEEPER_PIN, IOVA), -EIO);
	ck_assert_int_eq(vfio_ioctl(f->device[n], VFIO_DEVICE_GET_INFO, &info),
			 -EIO);
	ck_assert_int_eq(vfio_ioctl(f->device[n], VFIO_DEVICE_RESET, NULL),
			 -EIO);
	ck_assert_int_eq(vfio_get_device(f->group[n], n), -EIO);
}

/* From an earlier run of the test, or the next client of the device. */
static void assert_stays_broken(void)
{
	struct vfio_session s;

	ck_assert_int_eq(
		vfio_session_try(&s, FAULTY_IGNORES, VFIO_TYPE1v2_IOMMU), -EIO);
}

START_TEST(never_unpins)
{
	struct faulty f, elsewhere;
	uint64_t *mem;

	faulty_open(&f, FAULTY_GOOD);
	faulty_join(&f, FAULTY_IGNORES);
	faulty_open(&elsewhere, FAULTY_NONE);
	mem = faulty_map(&f, IOVA, 4);
	ck_ok(faulty_write(&f, FAULTY_GOOD, KEEPER_PIN, IOVA));
	ck_ok(faulty_write(&f, FAULTY_IGNORES, KEEPER_PIN, IOVA));
	ck_ok(faulty_write(&f, FAULTY_IGNORES, KEEPER_PIN, IOVA + PAGE));
	ck_ok(faulty_write(&f, FAULTY_IGNORES, KEEPER_DATA, 5));
	ck_assert_uint_eq(mem[0], 5);
	ck_assert_int_eq(vfio_unmap(f.container, IOVA, 4 * PAGE, 0), 4 * PAGE);
	ck_assert_uint_eq(faulty_read(&f, FAULTY_GOOD, KEEPER_CALLS), ROUNDS);
	assert_pins(&f, FAULTY_GOOD, 0);
	assert_broken(&f, FAULTY_IGNORES);
	assert_works(&f, FAULTY_GOOD);
	ck_ok(vfio_ioctl(elsewhere.device[FAULTY_NONE], VFIO_DEVICE_RESET,
			 NULL));
	/* It can be closed, and its neighbour goes on; it comes no more. */
	faulty_leave(&f, FAULTY_IGNORES);
	assert_works(&f, FAULTY_GOOD);
	assert_stays_broken();
	faulty_close(&elsewhere);
	faulty_close(&f);
	ck_ok(vfio_device_is_free(FAULTY_GOOD));
}
END_TEST

/* Pages that are left at close are taken; a neighbour's pins stay. */
START_TEST(closes_over_pins)
{
	struct faulty f;
	uint64_t *mem;

	faulty_open(&f, FAULTY_GOOD);
	faulty_join(&f, FAULTY_LEAVES);
	mem = faulty_map(&f, IOVA, 4);
	ck_ok(faulty_write(&f, FAULTY_GOOD, KEEPER_PIN, IOVA));
	for (int i = 0; i < 3; i++)
		ck_ok(faulty_write(&f, FAULTY_LEAVES, KEEPER_PIN,
				   IOVA + i * PAGE));
	faulty_leave(&f, FAULTY_LEAVES);
	ck_ok(faulty_write(&f, FAULTY_GOOD, KEEPER_DATA, 6));
	ck_assert_uint_eq(mem[0], 6);
	/* One round for that neighbour's pin, and nothing else in the way. */
	ck_assert_int_eq(vfio_unmap(f.container, IOVA, 4 * PAGE, 0), 4 * PAGE);
	ck_assert_uint_eq(faulty_read(&f, FAULTY_GOOD, KEEPER_CALLS), 1);
	/* It is not broken. */
	faulty_join(&f, FAULTY_LEAVES);
	assert_works(&f, FAULTY_LEAVES);
	assert_works(&f, FAULTY_GOOD);
	faulty_close(&f);
}
END_TEST

/* It pins again whatever it unpins: up to the last round. */
START_TEST(pins_again)
{
	struct faulty f;

	faulty_open(&f, FAULTY_AGAIN);
	faulty_map(&f, IOVA, 1);
	ck_ok(faulty_write(&f, FAULTY_AGAIN, KEEPER_PIN, IOVA));
	ck_assert_int_eq(vfio_unmap(f.container, IOVA, PAGE, 0), PAGE);
	ck_assert_uint_eq(faulty_read(&f, FAULTY_AGAIN, KEEPER_CALLS), ROUNDS);
	assert_works(&f, FAULTY_AGAIN);
	faulty_close(&f);
}
END_TEST

/* A good device whose client orders it to pin all the time. */
static void *order_pins(void *arg)
{
	struct faulty *f = arg;
	int ret;

	do {
		ret = faulty_write(f, FAULTY_GOOD, KEEPER_PIN, IOVA);
	} while (!ret || ret == -ENOSPC || ret == -EINVAL);
	return (void *)(intptr_t)ret;
}

START_TEST(client_cannot_break_it)
{
	pthread_t threads[3];
	struct faulty f;
	void *pages, *ret;

	faulty_open(&f, FAULTY_GOOD);
	pages = faulty_map(&f, IOVA, 1);
	for (int i = 0; i < 3; i++)
		ck_ok(pthread_create(&threads[i], NULL, order_pins, &f));
	for (int i = 0; i < 300; i++) {
		ck_assert_int_eq(vfio_unmap(f.container, IOVA, PAGE, 0), PAGE);
		ck_ok(vfio_map(f.container, IOVA, pages, PAGE));
	}
	/* What may not be written ends them. */
	ck_assert_int_eq(vfio_unmap(f.container, IOVA, PAGE, 0), PAGE);
	ck_ok(vfio_ioctl(
		f.container, VFIO_IOMMU_MAP_DMA,
		&(struct vfio_iommu_type1_dma_map){
			.argsz = sizeof(struct vfio_iommu_type1_dma_map),
			.flags = VFIO_DMA_MAP_FLAG_READ,
			.vaddr = (uintptr_t)pages,
			.iova = IOVA,
			.size = PAGE }));
	for (int i = 0; i < 3; i++) {
		ck_ok(pthread_join(threads[i], &ret));
		ck_assert_int_eq((intptr_t)ret, -EPERM);
	}
	assert_works(&f, FAULTY_GOOD);
	faulty_close(&f);
}
END_TEST

/* Only what a device has pinned itself can it unpin. */
START_TEST(unpins_what_is_not_its_own)
{
	struct faulty f;
	uint64_t *mem;

	faulty_open(&f, FAULTY_GOOD);
	faulty_join(&f, FAULTY_AGAIN);
	mem = faulty_map(&f, IOVA, 2);
	ck_ok(faulty_write(&f, FAULTY_GOOD, KEEPER_PIN, IOVA));
	for (int i = 0; i < 3; i++) {
		ck_ok(faulty_write(&f, FAULTY_AGAIN, KEEPER_UNPIN, IOVA));
		ck_ok(faulty_write(&f, FAULTY_AGAIN, KEEPER_UNPIN,
				   IOVA + PAGE));
		ck_ok(faulty_write(&f, FAULTY_AGAIN, KEEPER_UNPIN, OTHER));
	}
	ck_ok(faulty_write(&f, FAULTY_GOOD, KEEPER_DATA, 7));
	ck_assert_uint_eq(mem[0], 7);
	/* It is asked, so the pin is still there. */
	ck_assert_int_eq(vfio_unmap(f.container, IOVA, 2 * PAGE, 0), 2 * PAGE);
	ck_assert_uint_eq(faulty_read(&f, FAULTY_GOOD, KEEPER_CALLS), 1);
	faulty_close(&f);
}
END_TEST

/* Unmaps what the sleeper holds. */
static void *unmap(void *arg)
{
	struct faulty *f = arg;

	return (void *)(intptr_t)vfio_unmap(f->container, IOVA, PAGE, 0);
}

/*
 * While a dma_unmap sleeps, its neighbours in the container pin and write,
 * and the client maps and unmaps what is not pinned.
 */
START_TEST(sleeps_in_dma_unmap)
{
	struct faulty f;
	pthread_t thread;
	uint64_t calls;
	void *ret;

	faulty_open(&f, FAULTY_GOOD);
	faulty_join(&f, FAULTY_SLEEPS);
	faulty_map(&f, IOVA, 1);
	calls = faulty_read(&f, FAULTY_SLEEPS, SLEEPY_UNMAPS);
	ck_ok(faulty_write(&f, FAULTY_SLEEPS, SLEEPY_PIN, IOVA));
	ck_ok(pthread_create(&thread, NULL, unmap, &f));
	while (faulty_read(&f, FAULTY_SLEEPS, SLEEPY_UNMAPS) == calls)
		poll(NULL, 0, 1);
	faulty_map(&f, OTHER, 1);
	ck_ok(faulty_write(&f, FAULTY_GOOD, KEEPER_PIN, OTHER));
	ck_ok(faulty_write(&f, FAULTY_GOOD, KEEPER_DATA, 8));
	ck_ok(faulty_write(&f, FAULTY_GOOD, KEEPER_DMA, OTHER));
	ck_ok(pthread_join(thread, &ret));
	ck_assert_int_eq((intptr_t)ret, PAGE);
	ck_assert_int_eq(vfio_unmap(f.container, OTHER, PAGE, 0), PAGE);
	faulty_close(&f);
}
END_TEST

Suite *faulty_keep_suite(void)
{
	Suite *suite = suite_create("faulty: pages kept");
	TCase *tc = client_case(suite, "keep");

	tcase_add_test(tc, closes_over_pins);
	tcase_add_test(tc, pins_again);
	tcase_add_test(tc, client_cannot_break_it);
	tcase_add_test(tc, unpins_what_is_not_its_own);
	tcase_add_test(tc, sleeps_in_dma_unmap);
	tcase_add_test(tc, never_unpins);
	return suite;
}
