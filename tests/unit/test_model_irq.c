// SPDX-License-Identifier: BSD-3-Clause
/* Interrupts from the table: GET_IRQ_INFO, the header of SET_IRQS, life. */
#include <errno.h>
#include <string.h>

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

/* GET_IRQ_INFO */

static int get_info(uint32_t argsz, uint32_t index, uint32_t area[6])
{
	memset(area, 0xee, 24);
	area[0] = argsz;
	area[2] = index;
	return model_device_ioctl(&r.m, VFIO_DEVICE_GET_IRQ_INFO, area, 24);
}

START_TEST(info)
{
	static const uint32_t want[5][2] = {
		{ 7, 1 }, { 9, 4 }, { 1, 8 }, { 9, 1 }, { 9, 1 }
	};
	uint32_t area[6];

	for (uint32_t i = 0; i < 5; i++) {
		ck_assert_int_eq(get_info(16 + 100 * i, i, area), 0);
		ck_assert_uint_eq(area[0], 16 + 100 * i);
		ck_assert_uint_eq(area[1], want[i][0]);
		ck_assert_uint_eq(area[2], i);
		ck_assert_uint_eq(area[3], want[i][1]);
		ck_assert_uint_eq(area[4], 0xeeeeeeee);
	}
	ck_assert_int_eq(get_info(16, EMPTY, area), 0);
	ck_assert_uint_eq(area[3], 0);
}
END_TEST

START_TEST(info_refused)
{
	const uint32_t arg[4] = { 16 };
	uint32_t area[6];
	uint64_t at;

	for (uint32_t argsz = 0; argsz < 16; argsz++) {
		ck_assert_int_eq(get_info(argsz, 0, area), -EINVAL);
		ck_assert_uint_eq(area[1], 0xeeeeeeee);
	}
	ck_assert_int_eq(get_info(16, ABSENT, area), -EINVAL);
	ck_assert_int_eq(get_info(16, NR_IRQS, area), -EINVAL);
	ck_assert_int_eq(get_info(16, ~0U, area), -EINVAL);
	at = model_put_at_hole(&r.m, arg, 15);
	ck_assert_int_eq(vfio_device_file_ioctl(r.m.devs[0].file,
						VFIO_DEVICE_GET_IRQ_INFO, at),
			 -EFAULT);
	at = model_put_at_hole(&r.m, arg, 16);
	ck_assert_int_eq(vfio_device_file_ioctl(r.m.devs[0].file,
						VFIO_DEVICE_GET_IRQ_INFO, at),
			 0);
	host_mm_protect(r.m.mm, 0, 1, HOST_READ);
	ck_assert_int_eq(vfio_device_file_ioctl(r.m.devs[0].file,
						VFIO_DEVICE_GET_IRQ_INFO, at),
			 -EFAULT);
}
END_TEST

/* The header of SET_IRQS */

static int set_header(uint32_t argsz, uint32_t flags, uint32_t index,
		      uint32_t start, uint32_t count)
{
	const uint32_t arg[5] = { argsz, flags, index, start, count };

	return vfio_device_file_ioctl(r.m.devs[0].file, VFIO_DEVICE_SET_IRQS,
				      model_put_at_hole(&r.m, arg,
							sizeof(arg)));
}

START_TEST(header)
{
	const uint32_t ok = NONE | TRIGGER;

	ck_assert_int_eq(vfio_device_file_ioctl(r.m.devs[0].file,
						VFIO_DEVICE_SET_IRQS,
						r.m.hole - 19),
			 -EFAULT);
	ck_assert_int_eq(set_header(0, ok, ERR, 0, 1), -EINVAL);
	ck_assert_int_eq(set_header(19, ok, ERR, 0, 1), -EINVAL);
	ck_assert_int_eq(set_header(20, ok, NR_IRQS, 0, 1), -EINVAL);
	ck_assert_int_eq(set_header(20, ok, ~0U, 0, 1), -EINVAL);
	/* An unknown bit; an index without interrupts; outside of one. */
	ck_assert_int_eq(set_header(20, NONE | MASK | 64, MSI, 0, 1), -EINVAL);
	ck_assert_int_eq(set_header(20, NONE | MASK, EMPTY, 0, 0), -EINVAL);
	ck_assert_int_eq(set_header(20, NONE | MASK, ABSENT, 0, 0), -EINVAL);
	ck_assert_int_eq(set_header(20, NONE | MASK, MSI, 4, 0), -EINVAL);
	ck_assert_int_eq(set_header(20, NONE | MASK, MSI, 3, 2), -EINVAL);
	ck_assert_int_eq(set_header(20, NONE | MASK, MSI, 3, ~0U - 3), -EINVAL);
	ck_assert_int_eq(set_header(20, NONE | MASK, MSI, 3, ~0U - 2), -EINVAL);
	ck_assert_int_eq(set_header(20, NONE | MASK, MSI, 0, ~0U), -EINVAL);
	/* Inside: what is said is that MSI has no such action. */
	ck_assert_int_eq(set_header(20, NONE | MASK, MSI, 3, 1), -ENOTTY);
	ck_assert_int_eq(set_header(20, NONE | MASK, MSI, 3, 0), -ENOTTY);
	ck_assert_int_eq(set_header(~0U, NONE | MASK, MSI, 0, 4), -ENOTTY);
}
END_TEST

/* Exactly one type of data, and as much of it as the count needs. */
START_TEST(header_data)
{
	static const uint32_t types[] = { 0, NONE | BOOL, NONE | FDS,
					  BOOL | FDS, NONE | BOOL | FDS };

	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(set_header(999, types[i] | MASK, MSI, 0, 1),
				 -EINVAL);
	ck_assert_int_eq(set_header(23, BOOL | MASK, MSI, 0, 4), -EINVAL);
	ck_assert_int_eq(set_header(35, FDS | MASK, MSI, 0, 4), -EINVAL);
	/* Enough, and not there; the action is looked at later. */
	ck_assert_int_eq(set_header(24, BOOL | MASK, MSI, 0, 4), -EFAULT);
	ck_assert_int_eq(set_header(36, FDS | MASK, MSI, 0, 4), -EFAULT);
	ck_assert_int_eq(set_header(20, BOOL | MASK, MSI, 0, 0), -ENOTTY);
	ck_assert_int_eq(set_header(20, FDS | MASK, MSI, 0, 0), -ENOTTY);
}
END_TEST

START_TEST(actions)
{
	static const uint32_t no_action[] = { 0, MASK | UNMASK, MASK | TRIGGER,
					      UNMASK | TRIGGER,
					      MASK | UNMASK | TRIGGER };

	for (uint32_t index = INTX; index <= REQ; index++) {
		for (size_t i = 0; i < 5; i++)
			ck_assert_int_eq(set_header(20, NONE | no_action[i],
						    index, 0, 1),
					 -ENOTTY);
		if (index == INTX)
			continue;
		ck_assert_int_eq(set_header(20, NONE | MASK, index, 0, 1),
				 -ENOTTY);
		ck_assert_int_eq(set_header(20, NONE | UNMASK, index, 0, 1),
				 -ENOTTY);
	}
}
END_TEST

/* Of the three one at a time. */
START_TEST(one_mode)
{
	for (uint32_t on = INTX; on <= MSIX; on++) {
		ck_assert_int_eq(irq_fd(&r, on, r.fds[0]), 0);
		for (uint32_t i = INTX; i <= MSIX; i++) {
			if (i == on)
				continue;
			ck_assert_int_eq(irq_fd(&r, i, r.fds[1]), -EINVAL);
			ck_assert_int_eq(irq_fd(&r, i, -1), -EINVAL);
			ck_assert_int_eq(irq_off(&r, i), -EINVAL);
			ck_assert_int_eq(irq_set(&r, i, NONE | TRIGGER, 0, 1,
						 NULL),
					 -EINVAL);
			ck_assert_int_eq(irq_trigger(&r, i, 0), 0);
		}
		if (on != INTX)
			ck_assert_int_eq(irq_set(&r, INTX, NONE | MASK, 0, 1,
						 NULL),
					 -EINVAL);
		ck_assert_uint_eq(irq_refs(&r, 1), 0);
		ck_assert_int_eq(irq_trigger(&r, on, 0), 1);
		ck_assert_uint_eq(irq_came(&r, 0), 1);
		ck_assert_int_eq(irq_off(&r, on), 0);
	}
}
END_TEST

/* A line that goes up while messages are used waits for INTx. */
START_TEST(line_while_msi)
{
	ck_assert_int_eq(irq_fd(&r, MSI, r.fds[0]), 0);
	ck_assert_int_eq(irq_line(&r, true), 0);
	ck_assert_int_eq(irq_off(&r, MSI), 0);
	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[1]), 0);
	ck_assert_uint_eq(irq_came(&r, 0), 0);
	ck_assert_uint_eq(irq_came(&r, 1), 1);
}
END_TEST

/* ERR, REQ */

START_TEST(single)
{
	const uint8_t zero = 0, one = 1;

	ck_assert_int_eq(irq_off(&r, _i), -EINVAL);
	ck_assert_int_eq(irq_set(&r, _i, NONE | TRIGGER, 0, 1, NULL), -EINVAL);
	ck_assert_int_eq(irq_set(&r, _i, BOOL | TRIGGER, 0, 1, &one), 0);
	ck_assert_int_eq(irq_set(&r, _i, BOOL | TRIGGER, 0, 0, NULL), -EINVAL);
	ck_assert_int_eq(irq_set(&r, _i, FDS | TRIGGER, 0, 0, NULL), -EINVAL);
	ck_assert_int_eq(irq_trigger(&r, _i, 0), 0);
	ck_assert_int_eq(irq_fd(&r, _i, r.fds[0]), 0);
	ck_assert_int_eq(irq_set(&r, _i, NONE | TRIGGER, 0, 1, NULL), 0);
	ck_assert_int_eq(irq_set(&r, _i, BOOL | TRIGGER, 0, 1, &one), 0);
	ck_assert_int_eq(irq_set(&r, _i, BOOL | TRIGGER, 0, 1, &zero), 0);
	ck_assert_int_eq(irq_set(&r, _i, BOOL | TRIGGER, 0, 0, NULL), -EINVAL);
	ck_assert_int_eq(irq_trigger(&r, _i, 0), 1);
	ck_assert_int_eq(irq_trigger(&r, _i, 0), 1);
	ck_assert_uint_eq(irq_came(&r, 0), 4);
	ck_assert_int_eq(irq_off(&r, _i), 0);
	ck_assert_uint_eq(irq_refs(&r, 0), 0);
	ck_assert_int_eq(irq_off(&r, _i), -EINVAL);
}
END_TEST

START_TEST(single_fds)
{
	ck_assert_int_eq(irq_fd(&r, _i, -1), 0);
	ck_assert_int_eq(irq_fd(&r, _i, -2), -EINVAL);
	ck_assert_int_eq(irq_fd(&r, _i, r.fds[0]), 0);
	ck_assert_int_eq(irq_fd(&r, _i, INT32_MIN), -EINVAL);
	ck_assert_int_eq(irq_fd(&r, _i, 31), -EBADF);
	ck_assert_int_eq(irq_fd(&r, _i, r.other_fd), -EINVAL);
	ck_assert_uint_eq(irq_refs(&r, 0), 1);
	ck_assert_int_eq(irq_fd(&r, _i, r.fds[1]), 0);
	ck_assert_uint_eq(irq_refs(&r, 0), 0);
	/* Beside any of the modes. */
	ck_assert_int_eq(irq_set(&r, MSIX, FDS | TRIGGER, 0, 8, r.fds), 0);
	ck_assert_int_eq(irq_off(&r, MSIX), 0);
	ck_assert_int_eq(irq_trigger(&r, _i, 0), 1);
	ck_assert_uint_eq(irq_came(&r, 1), 1);
	ck_assert_int_eq(irq_fd(&r, _i, -1), 0);
	ck_assert_uint_eq(irq_refs(&r, 1), 0);
}
END_TEST

/* Life */

START_TEST(close_gives_all_back)
{
	struct vfio_device_file *second;

	ck_assert_int_eq(irq_fd(&r, INTX, r.fds[0]), 0);
	ck_assert_int_eq(irq_set(&r, INTX, FDS | UNMASK, 0, 1, &r.fds[1]), 0);
	ck_assert_int_eq(irq_fd(&r, ERR, r.fds[2]), 0);
	ck_assert_int_eq(irq_fd(&r, REQ, r.fds[3]), 0);
	ck_assert_int_eq(irq_line(&r, true), 1);
	/* With the last file only. */
	ck_assert_int_eq(model_get_device(&r.m, 0, "dev0", &second), 0);
	vfio_device_file_release(second);
	ck_assert_uint_eq(irq_refs(&r, 0) + irq_refs(&r, 1) + irq_refs(&r, 2) +
				  irq_refs(&r, 3),
			  4);
	model_close(&r.m, 0);
	ck_assert_uint_eq(irq_refs(&r, 0) + irq_refs(&r, 1) + irq_refs(&r, 2) +
				  irq_refs(&r, 3),
			  0);
	ck_assert_int_eq(irq_trigger(&r, ERR, 0), 0);
	ck_assert_int_eq(irq_line(&r, false), 0);
	model_open(&r.m, 0);
	ck_assert_int_eq(irq_off(&r, INTX), -EINVAL);
	ck_assert_int_eq(irq_set(&r, MSI, FDS | TRIGGER, 0, 4, r.fds), 0);
	model_close(&r.m, 0);
	ck_assert_uint_eq(irq_refs(&r, 0) + irq_refs(&r, 1) + irq_refs(&r, 2) +
				  irq_refs(&r, 3),
			  0);
}
END_TEST

Suite *model_irq_suite(void)
{
	Suite *suite = suite_create("model irq");
	TCase *tc = tcase_create("irq");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, info);
	tcase_add_test(tc, info_refused);
	tcase_add_test(tc, header);
	tcase_add_test(tc, header_data);
	tcase_add_test(tc, actions);
	tcase_add_test(tc, one_mode);
	tcase_add_test(tc, line_while_msi);
	tcase_add_loop_test(tc, single, ERR, REQ + 1);
	tcase_add_loop_test(tc, single_fds, ERR, REQ + 1);
	tcase_add_test(tc, close_gives_all_back);
	suite_add_tcase(suite, tc);
	return suite;
}
