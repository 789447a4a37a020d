// SPDX-License-Identifier: BSD-3-Clause
/* A device that uses services in the wrong state, and from its own thread. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "../plugins/careless.h"
#include "../plugins/keeper.h"
#include "faulty.h"

#define IOVA 0x100000UL
#define TRIES 10000

/* The container with IOVA 0 mapped before the device is opened. */
static void open_mapped(struct faulty *f)
{
	faulty_open(f, FAULTY_GOOD);
	faulty_map(f, 0, 1);
	faulty_join(f, FAULTY_CARELESS);
}

static int64_t result(struct faulty *f, enum careless_place place,
		      enum careless_service service)
{
	return (int64_t)faulty_read(f, FAULTY_CARELESS,
				    CARELESS_RESULT(place, service));
}

/* Where no client's call is served. */
static void assert_no_client(struct faulty *f, enum careless_place place)
{
	ck_assert_int_eq(result(f, place, CARELESS_IRQ), 0);
	ck_assert_int_eq(result(f, place, CARELESS_COPY), -EFAULT);
	ck_assert_int_eq(result(f, place, CARELESS_EVENTFD), -EBADF);
}

static void assert_shut(struct faulty *f, enum careless_place place)
{
	ck_assert_int_eq(result(f, place, CARELESS_PIN), -EINVAL);
	ck_assert_int_eq(result(f, place, CARELESS_DMA), -EINVAL);
}

START_TEST(before_and_in_open)
{
	struct faulty f;

	open_mapped(&f);
	assert_shut(&f, CARELESS_INIT);
	assert_no_client(&f, CARELESS_INIT);
	assert_shut(&f, CARELESS_MATCH);
	ck_assert_int_eq(result(&f, CARELESS_MATCH, CARELESS_COPY), -EFAULT);
	ck_assert_int_eq(result(&f, CARELESS_OPEN, CARELESS_PIN), 1);
	ck_assert_int_eq(result(&f, CARELESS_OPEN, CARELESS_DMA), 0);
	ck_assert_int_eq(result(&f, CARELESS_OPEN, CARELESS_IRQ), 0);
	/* There are a client and its fd 0, which is no eventfd. */
	ck_assert_int_eq(result(&f, CARELESS_OPEN, CARELESS_COPY), -EFAULT);
	ck_assert_int_eq(result(&f, CARELESS_OPEN, CARELESS_EVENTFD), -EINVAL);
	faulty_close(&f);
}
END_TEST

static void reopen(struct faulty *f)
{
	faulty_leave(f, FAULTY_CARELESS);
	faulty_join(f, FAULTY_CARELESS);
}

START_TEST(in_close)
{
	struct faulty f;

	open_mapped(&f);
	reopen(&f);
	ck_assert_int_eq(result(&f, CARELESS_CLOSE, CARELESS_PIN), 1);
	ck_assert_int_eq(result(&f, CARELESS_CLOSE, CARELESS_DMA), 0);
	assert_no_client(&f, CARELESS_CLOSE);
	faulty_close(&f);
}
END_TEST

/*
 * Where the device is not open. How soon after the close a thread or a timer
 * comes is its own affair: at the instant of it there may still be pages.
 */
static void find_shut(enum careless_place place)
{
	struct faulty f;
	int tries = 0;

	open_mapped(&f);
	do {
		reopen(&f);
		poll(NULL, 0, 1);
	} while (result(&f, place, CARELESS_PIN) != -EINVAL && ++tries < TRIES);
	ck_assert_int_lt(tries, TRIES);
	assert_no_client(&f, place);
	faulty_close(&f);
}

START_TEST(in_timer_after_close)
{
	find_shut(CARELESS_TIMER);
}
END_TEST

START_TEST(in_thread_after_close)
{
	find_shut(CARELESS_CLOSED);
}
END_TEST

/* Its neighbour works as if it were alone, while it is opened and closed. */
START_TEST(beside_its_thread)
{
	struct faulty f;
	uint64_t *mem, rounds, tries = 0;

	open_mapped(&f);
	mem = faulty_map(&f, IOVA, 1);
	rounds = faulty_read(&f, FAULTY_CARELESS, CARELESS_ROUNDS);
	for (uint64_t i = 1; i <= 100; i++) {
		ck_ok(faulty_write(&f, FAULTY_GOOD, KEEPER_PIN, IOVA));
		reopen(&f);
		ck_ok(faulty_write(&f, FAULTY_GOOD, KEEPER_DATA, i));
		ck_assert_uint_eq(mem[0], i);
		ck_assert_int_eq(vfio_unmap(f.container, IOVA, PAGE, 0), PAGE);
		ck_assert_uint_eq(faulty_read(&f, FAULTY_GOOD, KEEPER_PIN), 0);
		ck_ok(vfio_map(f.container, IOVA, mem, PAGE));
	}
	ck_assert_uint_eq(faulty_read(&f, FAULTY_GOOD, KEEPER_CALLS), 100);
	ck_assert_uint_gt(faulty_read(&f, FAULTY_CARELESS, CARELESS_ROUNDS),
			  rounds);
	while (!faulty_read(&f, FAULTY_CARELESS, CARELESS_PINNED) &&
	       ++tries < TRIES)
		poll(NULL, 0, 1);
	ck_assert_uint_lt(tries, TRIES);
	faulty_close(&f);
	ck_ok(vfio_device_is_free(FAULTY_CARELESS));
}
END_TEST

Suite *faulty_use_suite(void)
{
	Suite *suite = suite_create("faulty: services in the wrong state");
	TCase *tc = client_case(suite, "use");

	tcase_add_test(tc, before_and_in_open);
	tcase_add_test(tc, in_close);
	tcase_add_test(tc, in_timer_after_close);
	tcase_add_test(tc, in_thread_after_close);
	tcase_add_test(tc, beside_its_thread);
	return suite;
}
