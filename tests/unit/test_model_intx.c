// SPDX-License-Identifier: BSD-3-Clause
/* SET_IRQS and delivery of INTx. */
#include <errno.h>

#include "model_irq.h"
#include "suites.h"

static struct irq_rig r;

static void setup(void)
{
	irq_setup(&r);
}

static void teardown(void)
{
	irq_teardown(&r);
}

START_TEST(intx_not_enabled)
{
	const uint8_t one = 1;

	ck_assert_int_eq(irq_set(&r, INTX, NONE | MASK, 0, 1, NULL), -EINVAL);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | UNMASK, 0, 1, NULL), -EINVAL);
	ck_assert_int_eq(irq_set(&r, INTX, FDS | MASK, 0, 1, &r.fds[0]),
			 -EINVAL);
	ck_assert_int_eq(irq_set(&r, INTX, FDS | UNMASK, 0, 1, &r.fds[0]),
			 -EINVAL);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | TRIGGER, 0, 1, NULL),
			 -EINVAL);
	ck_assert_int_eq(irq_set(&r, INTX, BOOL | TRIGGER, 0, 1, &one),
			 -EINVAL);
	ck_assert_int_eq(irq_set(&r, INTX, FDS | TRIGGER, 0, 0, NULL), -EINVAL);
	ck_assert_int_eq(irq_off(&r, INTX), -EINVAL);
	ck_assert_int_eq(irq_fd(&r, INTX, 31), -EBADF);
	ck_assert_int_eq(irq_fd(&r, INTX, r.other_fd), -EINVAL);
	/* Neither has enabled it. */
	ck_assert_int_eq(irq_set(&r, INTX, NONE | MASK, 0, 1, NULL), -EINVAL);
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 0);
	ck_assert_int_eq(irq_fd(&r, MSI, r.fds[0]), 0);
}
END_TEST

/* Each delivery masks, until the client unmasks. */
START_TEST(intx_automask)
{
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 0);
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 1);
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	/* There is no line that would be up still. */
	ck_assert_int_eq(irq_set(&r, INTX, NONE | UNMASK, 0, 1, NULL), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 0);
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 1);
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	ck_assert_int_eq(irq_trigger(&r, INTX, 1), -EINVAL);
}
END_TEST

START_TEST(intx_line)
{
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_int_eq(irq_line(&r, true), 1);
	ck_assert_int_eq(irq_line(&r, true), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | UNMASK, 0, 1, NULL), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	/* Masked again by that delivery. */
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 0);
	ck_assert_int_eq(irq_line(&r, false), 0);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | UNMASK, 0, 1, NULL), 0);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | UNMASK, 0, 1, NULL), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 0);
	ck_assert_int_eq(vfiod_irq_line(r.m.devs[0].vdev, MSI, true), -EINVAL);
	ck_assert_int_eq(vfiod_irq_line(r.m.devs[0].vdev, 99, true), -EINVAL);
}
END_TEST

START_TEST(intx_mask)
{
	const uint8_t zero = 0, two = 2;

	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_int_eq(irq_set(&r, INTX, BOOL | MASK, 0, 1, &zero), 0);
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 1);
	ck_assert_int_eq(irq_set(&r, INTX, BOOL | UNMASK, 0, 1, &zero), 0);
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 0);
	ck_assert_int_eq(irq_set(&r, INTX, BOOL | UNMASK, 0, 1, &two), 0);
	ck_assert_int_eq(irq_set(&r, INTX, BOOL | MASK, 0, 1, &two), 0);
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 0);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | UNMASK, 0, 1, NULL), 0);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | MASK, 0, 1, NULL), 0);
	ck_assert_int_eq(irq_line(&r, true), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | UNMASK, 0, 1, NULL), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | MASK, 0, 0, NULL), -EINVAL);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | UNMASK, 0, 0, NULL), -EINVAL);
	ck_assert_int_eq(irq_set(&r, INTX, FDS | UNMASK, 0, 0, NULL), -EINVAL);
	ck_assert_int_eq(irq_set(&r, INTX, FDS | MASK, 0, 1, &r.fds[1]),
			 -ENOTTY);
	ck_assert_int_eq(irq_set(&r, INTX, FDS | MASK, 0, 1, &(int){ 31 }),
			 -ENOTTY);
}
END_TEST

/* A TRIGGER by the client signals, and has to do with no mask. */
START_TEST(intx_loopback)
{
	const uint8_t zero = 0, one = 1;

	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | TRIGGER, 0, 1, NULL), 0);
	ck_assert_int_eq(irq_set(&r, INTX, BOOL | TRIGGER, 0, 1, &one), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 2);
	ck_assert_int_eq(irq_set(&r, INTX, BOOL | TRIGGER, 0, 1, &zero), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 0);
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 1);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | TRIGGER, 0, 1, NULL), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 2);
}
END_TEST

/* Enabled with nobody to tell: masked by the first delivery all the same. */
START_TEST(intx_without_target)
{
	ck_assert_int_eq(irq_fd(&r, INTX, -1), 0);
	ck_assert_int_eq(irq_line(&r, true), 0);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | TRIGGER, 0, 1, NULL), 0);
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 0);
	ck_assert_int_eq(irq_set(&r, INTX, NONE | UNMASK, 0, 1, NULL), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	ck_assert_int_eq(irq_fd(&r, INTX, -7), 0);
	ck_assert_uint_eq(irq_refs(&r, 0), 0);
}
END_TEST

START_TEST(intx_swap)
{
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[1]), 0);
	ck_assert_uint_eq(irq_refs(&r, 0), 0);
	ck_assert_uint_eq(irq_refs(&r, 1), 1);
	/* What is refused changes nothing. */
	ck_assert_int_eq(irq_fd(&r, INTX, 31), -EBADF);
	ck_assert_int_eq(irq_fd(&r, INTX, r.other_fd), -EINVAL);
	ck_assert_uint_eq(irq_refs(&r, 1), 1);
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 1);
	ck_assert_uint_eq(irq_came(&r, 0), 0);
	ck_assert_uint_eq(irq_came(&r, 1), 1);
	/* Masked it stays. */
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 0);
}
END_TEST

/* Unmasked when enabled again; a line that is up comes through at once. */
START_TEST(intx_disable)
{
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_int_eq(irq_set(&r, INTX, FDS | UNMASK, 0, 1, &r.fds[1]), 0);
	ck_assert_int_eq(irq_line(&r, true), 1);
	ck_assert_int_eq(irq_off(&r, INTX), 0);
	ck_assert_uint_eq(irq_refs(&r, 0), 0);
	ck_assert_uint_eq(irq_refs(&r, 1), 0);
	ck_assert_int_eq(irq_off(&r, INTX), -EINVAL);
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	ck_assert_int_eq(irq_line(&r, true), 0);
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	ck_assert_int_eq(irq_line(&r, false), 0);
	ck_assert_int_eq(irq_off(&r, INTX), 0);
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 0);
}
END_TEST

static int watch(int fd)
{
	return irq_set(&r, INTX, FDS | UNMASK, 0, 1, &fd);
}

START_TEST(unmask_eventfd)
{
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_int_eq(watch(r.fds[1]), 0);
	ck_assert_int_eq(irq_line(&r, true), 1);
	for (int i = 0; i < 10; i++) {
		ck_assert_uint_eq(irq_came(&r, 0), 1);
		host_eventfd_write(r.eventfds[1], 1 + i);
		host_eventfd_settle(r.eventfds[1]);
	}
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	ck_assert_uint_eq(irq_came(&r, 1), 0);
	ck_assert_int_eq(irq_line(&r, false), 0);
	host_eventfd_write(r.eventfds[1], 1);
	host_eventfd_settle(r.eventfds[1]);
	ck_assert_uint_eq(irq_came(&r, 0), 0);
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 1);
}
END_TEST

START_TEST(unmask_eventfd_set_twice)
{
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_int_eq(watch(-1), 0);
	ck_assert_int_eq(watch(31), -EBADF);
	ck_assert_int_eq(watch(r.other_fd), -EINVAL);
	ck_assert_int_eq(watch(r.fds[1]), 0);
	ck_assert_int_eq(watch(r.fds[2]), -EBUSY);
	ck_assert_int_eq(watch(r.fds[1]), -EBUSY);
	/* The fd is looked up first. */
	ck_assert_int_eq(watch(31), -EBADF);
	ck_assert_int_eq(watch(r.other_fd), -EINVAL);
	ck_assert_uint_eq(irq_refs(&r, 1), 1);
	ck_assert_uint_eq(irq_refs(&r, 2), 0);
	ck_assert_int_eq(watch(-5), 0);
	ck_assert_uint_eq(irq_refs(&r, 1), 0);
	host_eventfd_write(r.eventfds[1], 1);
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 1);
	ck_assert_int_eq(irq_trigger(&r, INTX, 0), 0);
	ck_assert_int_eq(watch(r.fds[2]), 0);
	ck_assert_int_eq(watch(-1), 0);
	ck_assert_int_eq(watch(-1), 0);
}
END_TEST

/* What was written before it was set up is not missed. */
START_TEST(unmask_eventfd_written_before)
{
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_int_eq(irq_line(&r, true), 1);
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	host_eventfd_write(r.eventfds[1], 5);
	ck_assert_int_eq(watch(r.fds[1]), 0);
	host_eventfd_settle(r.eventfds[1]);
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	ck_assert_uint_eq(host_eventfd_read(r.eventfds[1]), 5);
}
END_TEST

/* It can be the trigger's eventfd, and stays when that one is swapped. */
START_TEST(unmask_eventfd_stays)
{
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_int_eq(watch(r.fds[1]), 0);
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[1]), 0);
	ck_assert_uint_eq(irq_refs(&r, 1), 2);
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_uint_eq(irq_refs(&r, 1), 1);
	ck_assert_int_eq(watch(r.fds[2]), -EBUSY);
}
END_TEST

Suite *model_intx_suite(void)
{
	Suite *suite = suite_create("model intx");
	TCase *tc = tcase_create("intx");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, intx_not_enabled);
	tcase_add_test(tc, intx_automask);
	tcase_add_test(tc, intx_line);
	tcase_add_test(tc, intx_mask);
	tcase_add_test(tc, intx_loopback);
	tcase_add_test(tc, intx_without_target);
	tcase_add_test(tc, intx_swap);
	tcase_add_test(tc, intx_disable);
	tcase_add_test(tc, unmask_eventfd);
	tcase_add_test(tc, unmask_eventfd_set_twice);
	tcase_add_test(tc, unmask_eventfd_written_before);
	tcase_add_test(tc, unmask_eventfd_stays);
	suite_add_tcase(suite, tc);
	return suite;
}
