// SPDX-License-Identifier: BSD-3-Clause
/* SET_IRQS and delivery of MSI and MSI-X. */
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

START_TEST(msi_not_enabled)
{
	const uint8_t one = 1;

	ck_assert_int_eq(irq_off(&r, _i), -EINVAL);
	ck_assert_int_eq(irq_set(&r, _i, NONE | TRIGGER, 0, 1, NULL), -EINVAL);
	ck_assert_int_eq(irq_set(&r, _i, BOOL | TRIGGER, 0, 1, &one), -EINVAL);
	ck_assert_int_eq(irq_trigger(&r, _i, 0), 0);
	/* The kernel asks its PCI code for no vector. */
	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 0, 0, NULL), -ERANGE);
	ck_assert_int_eq(irq_off(&r, _i), -EINVAL);
}
END_TEST

START_TEST(msi_fire)
{
	const int fds[4] = { r.fds[0], -1, r.fds[2], r.fds[2] };
	const uint8_t bools[4] = { 1, 1, 0, 255 };

	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 0, 4, fds), 0);
	ck_assert_uint_eq(irq_refs(&r, 2), 2);
	ck_assert_int_eq(irq_set(&r, _i, NONE | TRIGGER, 0, 4, NULL), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	ck_assert_uint_eq(irq_came(&r, 2), 2);
	ck_assert_int_eq(irq_set(&r, _i, BOOL | TRIGGER, 0, 4, bools), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 1);
	ck_assert_uint_eq(irq_came(&r, 2), 1);
	ck_assert_int_eq(irq_set(&r, _i, NONE | TRIGGER, 1, 1, NULL), 0);
	ck_assert_int_eq(irq_set(&r, _i, BOOL | TRIGGER, 2, 1, bools), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 0);
	ck_assert_uint_eq(irq_came(&r, 2), 1);
	/* Nothing of no vectors, but not off. */
	ck_assert_int_eq(irq_set(&r, _i, BOOL | TRIGGER, 0, 0, NULL), 0);
	ck_assert_int_eq(irq_trigger(&r, _i, 0), 1);
	ck_assert_int_eq(irq_trigger(&r, _i, 0), 1);
	ck_assert_int_eq(irq_trigger(&r, _i, 1), 0);
	ck_assert_int_eq(irq_trigger(&r, _i, 99), -EINVAL);
	ck_assert_uint_eq(irq_came(&r, 0), 2);
}
END_TEST

/* Count 0 is off from whatever vector on. */
START_TEST(msi_off)
{
	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 0, 4, r.fds), 0);
	ck_assert_int_eq(irq_set(&r, _i, NONE | TRIGGER, 2, 0, NULL), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(irq_refs(&r, i), 0);
	ck_assert_int_eq(irq_trigger(&r, _i, 0), 0);
	ck_assert_int_eq(irq_off(&r, _i), -EINVAL);
	ck_assert_int_eq(irq_fd(&r, _i, r.fds[0]), 0);
}
END_TEST

START_TEST(msi_replace)
{
	const int swap[2] = { r.fds[2], r.fds[3] }, clear[2] = { -1, -3 };

	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 0, 2, r.fds), 0);
	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 0, 2, swap), 0);
	ck_assert_uint_eq(irq_refs(&r, 0) + irq_refs(&r, 1), 0);
	ck_assert_int_eq(irq_trigger(&r, _i, 1), 1);
	ck_assert_uint_eq(irq_came(&r, 3), 1);
	/* All cleared it is still on. */
	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 0, 2, clear), 0);
	ck_assert_uint_eq(irq_refs(&r, 2) + irq_refs(&r, 3), 0);
	ck_assert_int_eq(irq_set(&r, _i, NONE | TRIGGER, 0, 2, NULL), 0);
	ck_assert_int_eq(irq_fd(&r, _i == MSI ? MSIX : MSI, r.fds[0]), -EINVAL);
	ck_assert_int_eq(irq_off(&r, _i), 0);
}
END_TEST

/* A fd that is refused takes along what the call has come past. */
START_TEST(msi_bad_fd)
{
	const int bad[3] = { r.fds[3], 31, r.fds[3] };
	const int other[3] = { -1, r.other_fd, r.fds[3] };

	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 0, 4, r.fds), 0);
	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 0, 3, bad), -EBADF);
	ck_assert_uint_eq(irq_refs(&r, 0) + irq_refs(&r, 1), 0);
	ck_assert_uint_eq(irq_refs(&r, 2), 1);
	ck_assert_uint_eq(irq_refs(&r, 3), 1);
	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 1, 3, other), -EINVAL);
	ck_assert_uint_eq(irq_refs(&r, 2), 0);
	ck_assert_uint_eq(irq_refs(&r, 3), 1);
	ck_assert_int_eq(irq_trigger(&r, _i, 3), 1);
	ck_assert_int_eq(irq_off(&r, _i), 0);
}
END_TEST

/* And if it was the call that enables, it is off again. */
START_TEST(msi_bad_fd_at_first)
{
	const int bad[3] = { r.fds[0], r.fds[1], 31 };

	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 0, 3, bad), -EBADF);
	ck_assert_uint_eq(irq_refs(&r, 0) + irq_refs(&r, 1), 0);
	ck_assert_int_eq(irq_off(&r, _i), -EINVAL);
	ck_assert_int_eq(irq_fd(&r, _i, r.other_fd), -EINVAL);
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
}
END_TEST

/* Only MSI-X gets vectors that it was not enabled with. */
START_TEST(msi_more_vectors)
{
	int want = _i == MSIX ? 0 : -EINVAL;

	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 0, 2, r.fds), 0);
	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 2, 1, &r.fds[2]), want);
	ck_assert_uint_eq(irq_refs(&r, 2), want ? 0 : 1);
	ck_assert_int_eq(irq_trigger(&r, _i, 2), want ? 0 : 1);
	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 3, 1, &(int){ -1 }), 0);
	/* The block from 1 on is undone where it fails. */
	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 1, 3, &r.fds[1]), want);
	ck_assert_uint_eq(irq_refs(&r, 0), 1);
	ck_assert_uint_eq(irq_refs(&r, 1), want ? 0 : 1);
	ck_assert_uint_eq(irq_refs(&r, 3), want ? 0 : 1);
	/* A bad fd is not looked at where there is no vector. */
	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 3, 1, &(int){ 31 }),
			 want ? -EINVAL : -EBADF);
	/* Enabled again, with more. */
	ck_assert_int_eq(irq_off(&r, _i), 0);
	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 3, 1, &r.fds[3]), 0);
	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 0, 4, r.fds), 0);
}
END_TEST

/* Enabled up to the start, with no eventfd. */
START_TEST(msi_enable_without_fds)
{
	ck_assert_int_eq(irq_set(&r, MSI, FDS | TRIGGER, 2, 0, NULL), 0);
	ck_assert_int_eq(irq_set(&r, MSI, FDS | TRIGGER, 1, 1, &r.fds[1]), 0);
	ck_assert_int_eq(irq_set(&r, MSI, FDS | TRIGGER, 2, 1, &r.fds[2]),
			 -EINVAL);
	ck_assert_int_eq(irq_set(&r, MSI, FDS | TRIGGER, 0, 0, NULL), 0);
	ck_assert_int_eq(irq_off(&r, MSI), 0);
}
END_TEST

Suite *model_msi_suite(void)
{
	Suite *suite = suite_create("model msi");
	TCase *tc = tcase_create("msi");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, msi_not_enabled, MSI, MSIX + 1);
	tcase_add_loop_test(tc, msi_fire, MSI, MSIX + 1);
	tcase_add_loop_test(tc, msi_off, MSI, MSIX + 1);
	tcase_add_loop_test(tc, msi_replace, MSI, MSIX + 1);
	tcase_add_loop_test(tc, msi_bad_fd, MSI, MSIX + 1);
	tcase_add_loop_test(tc, msi_bad_fd_at_first, MSI, MSIX + 1);
	tcase_add_loop_test(tc, msi_more_vectors, MSI, MSIX + 1);
	tcase_add_test(tc, msi_enable_without_fds);
	suite_add_tcase(suite, tc);
	return suite;
}
