// SPDX-License-Identifier: BSD-3-Clause
/* Stores that the device bell-polled finds by looking. */
#include <bell.h>
#include <linux/vfio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

static struct vfio_session session;

static void open_session(void)
{
	session = vfio_session_open(DEV_BELL, VFIO_TYPE1v2_IOMMU);
}

static void close_session(void)
{
	vfio_session_close(&session);
}

static void nap(long usec)
{
	const struct timespec ts = { .tv_nsec = usec * 1000 };

	nanosleep(&ts, NULL);
}

static uint64_t get(uint64_t offset)
{
	uint64_t value = 0;

	ck_assert_int_eq(pread(session.device, &value, sizeof(value),
			       (off_t)(REGION(BELL_REGION) + offset)),
			 sizeof(value));
	return value;
}

static void ring(uint64_t value)
{
	ck_assert_int_eq(pwrite(session.device, &value, sizeof(value),
				(off_t)(REGION(BELL_REGION) + BELL_DOORBELL)),
			 sizeof(value));
}

static void wait_for_answer(uint64_t value)
{
	while (get(BELL_ANSWER) != value)
		nap(10);
}

/* Until it sleeps: not one look more. */
static uint64_t wait_for_idle(void)
{
	uint64_t before, after = get(BELL_LOOKS);

	do {
		before = after;
		nap(20000);
		after = get(BELL_LOOKS);
	} while (before != after || !after);
	return after;
}

/* Plain memory is looked at, however the store came there. */
START_TEST(written)
{
	for (uint64_t i = 1; i <= 100; i++) {
		ring(i);
		wait_for_answer(i);
		nap((long)i);
	}
	wait_for_idle();
	ring(1000);
	wait_for_answer(1000);
}
END_TEST

/* A closed device does not look; opened anew it does. */
START_TEST(reopened)
{
	uint64_t looks = wait_for_idle();

	close_session();
	open_session();
	while (get(BELL_LOOKS) == looks)
		nap(10);
	ring(2000);
	wait_for_answer(2000);
}
END_TEST

static bool can_map(void)
{
	struct vfio_region_info info = { .argsz = sizeof(info),
					 .index = BELL_REGION };

	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_REGION_INFO, &info));
	return info.flags & VFIO_REGION_INFO_FLAG_MMAP;
}

static void exchange(char *memory, uint64_t value)
{
	const uint64_t *answer = (uint64_t *)(memory + BELL_ANSWER);
	uint64_t *doorbell = (uint64_t *)(memory + BELL_DOORBELL);

	__atomic_store_n(doorbell, value, __ATOMIC_RELEASE);
	while (__atomic_load_n(answer, __ATOMIC_ACQUIRE) != value)
		nap(1);
}

/* test_mmap.c checks where there is to be such memory. */
START_TEST(mapped)
{
	char *memory;

	if (!can_map())
		return;
	memory = mmap(NULL, BELL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      session.device, (off_t)REGION(BELL_REGION));
	ck_assert_ptr_ne(memory, MAP_FAILED);
	for (uint64_t i = 3000; i < 3500; i++) {
		exchange(memory, i);
		nap((long)(i % 150));
	}
	for (uint64_t i = 1; i <= 5; i++) {
		wait_for_idle();
		exchange(memory, i);
	}
	munmap(memory, BELL_SIZE);
}
END_TEST

Suite *poll_suite(void)
{
	Suite *suite = suite_create("poll");
	TCase *tc = client_case(suite, "poll");

	tcase_add_checked_fixture(tc, open_session, close_session);
	tcase_add_test(tc, written);
	tcase_add_test(tc, reopened);
	tcase_add_test(tc, mapped);
	return suite;
}
