// SPDX-License-Identifier: BSD-3-Clause
/* SET_IRQS, row by row, and how INTx and MSI are delivered. */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/serial_reg.h>

#include "fake_services.h"
#include "suites.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define NONE VFIO_IRQ_SET_DATA_NONE
#define BOOL VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD
#define MASK VFIO_IRQ_SET_ACTION_MASK
#define UNMASK VFIO_IRQ_SET_ACTION_UNMASK
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER

static const struct vfiod_plugin *plugin;
static struct vfio_device *vdev;
static int fd;

static void get_info(void)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_INFO, &info), 0);
}

static void setup(void)
{
	fake_reset();
	plugin = vfiod_plugin_entry();
	ck_assert_int_eq(fake_device_new("2", &vdev), 0);
	get_info();
	fd = fake_eventfd_new();
	ck_assert_int_ge(fd, 0);
}

static void teardown(void)
{
	plugin->close_device(vdev);
	ck_assert_uint_eq(fake_eventfds_held(), 0);
	fake_device_free(vdev);
}

/* @data: the first item, followed by zeros. */
static long set_irqs(unsigned int index, uint32_t flags, uint32_t start,
		     uint32_t count, int32_t data)
{
	struct {
		struct vfio_irq_set hdr;
		int32_t data[8];
	} set = {
		.hdr = { .argsz = sizeof(set),
			 .flags = flags,
			 .index = index,
			 .start = start,
			 .count = count },
		.data = { data },
	};

	return fake_ioctl(vdev, VFIO_DEVICE_SET_IRQS, &set);
}

static void enable(unsigned int index)
{
	ck_assert_int_eq(set_irqs(index, EVENTFD | TRIGGER, 0, 1, fd), 0);
}

static void out(unsigned int reg, uint8_t value)
{
	ck_assert_int_eq(plugin->write(vdev, &value, 1, reg), 1);
}

/* An access that raises one interrupt. */
static void raise_one(void)
{
	out(UART_IER, UART_IER_THRI);
}

START_TEST(header)
{
	struct vfio_irq_set set = { .argsz = 20, .flags = NONE | TRIGGER };

	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_SET_IRQS, NULL), -EFAULT);
	ck_assert_int_eq(set_irqs(5, NONE | TRIGGER, 0, 1, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(INTX, NONE | 0x40, 0, 1, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(INTX, TRIGGER, 0, 1, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(INTX, NONE | BOOL | TRIGGER, 0, 1, 0),
			 -EINVAL);
	set.argsz = 19;
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_SET_IRQS, &set), -EINVAL);
	set.argsz = 20;
	set.count = 1;
	set.flags = BOOL | TRIGGER;
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_SET_IRQS, &set), -EINVAL);
}
END_TEST

/* Any index is said to have 5, so MSI-X gets past the header check. */
START_TEST(header_counts)
{
	ck_assert_int_eq(set_irqs(MSI, NONE | TRIGGER, 5, 0, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(MSI, NONE | TRIGGER, 4, 2, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(2, NONE | TRIGGER, 4, 1, 0), -ENOTTY);
	ck_assert_int_eq(set_irqs(2, EVENTFD | TRIGGER, 0, 5, -1), -ENOTTY);
}
END_TEST

START_TEST(before_get_info)
{
	struct vfio_device *known = vdev;

	ck_assert_int_eq(fake_device_new("1", &vdev), 0);
	ck_assert_int_eq(set_irqs(INTX, EVENTFD | TRIGGER, 0, 1, fd), -EINVAL);
	ck_assert_int_eq(set_irqs(2, NONE | TRIGGER, 0, 0, 0), -EINVAL);
	get_info();
	ck_assert_int_eq(set_irqs(INTX, EVENTFD | TRIGGER, 0, 1, fd), 0);
	plugin->close_device(vdev);
	fake_device_free(vdev);
	vdev = known;
}
END_TEST

START_TEST(data_fault)
{
	/* The header ends where memory ends. */
	static _Alignas(4096) uint8_t pages[8192];
	struct vfio_irq_set hdr = { .argsz = 24,
				    .flags = EVENTFD | TRIGGER,
				    .count = 1 };
	uint8_t *at = pages + 4096 - 20;

	memcpy(at, &hdr, 20);
	ck_assert_int_eq(mprotect(pages + 4096, 4096, PROT_NONE), 0);
	enable(INTX);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_SET_IRQS, at), -EFAULT);
	ck_assert_int_eq(mprotect(pages + 4096, 4096, PROT_READ | PROT_WRITE),
			 0);
	/* And what was set up before is as it was. */
	raise_one();
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
}
END_TEST

/* _i: 2 MSI-X, 3 ERR, 4 REQ. */
START_TEST(absent_indices)
{
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 0, 1, fd), -ENOTTY);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 0, 0, 0), -ENOTTY);
	ck_assert_int_eq(set_irqs(_i, NONE | MASK, 0, 1, 0), -ENOTTY);
	ck_assert_int_eq(set_irqs(_i, NONE, 0, 1, 0), -ENOTTY);
}
END_TEST

/* _i: INTx, MSI. */
START_TEST(no_action_or_several)
{
	ck_assert_int_eq(set_irqs(_i, NONE, 0, 1, 0), 0);
	ck_assert_int_eq(set_irqs(_i, NONE | MASK | UNMASK, 0, 1, 0), 0);
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER | MASK, 0, 1, fd), 0);
	ck_assert_uint_eq(fake_eventfds_held(), 0);
}
END_TEST

START_TEST(trigger_when_off)
{
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 0, 1, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(_i, BOOL | TRIGGER, 0, 1, 1), -EINVAL);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 0, 0, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 1, 1, fd), -EINVAL);
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 0, 2, fd), -EINVAL);
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 0, 0, fd), -EINVAL);
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 0, 1, 9999), -EBADF);
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 0, 1, FAKE_PLAIN_FD),
			 -EINVAL);
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 0, 1, -1), 0);
	ck_assert_uint_eq(fake_eventfds_held(), 0);
}
END_TEST

START_TEST(trigger_by_client)
{
	enable(_i);
	ck_assert_int_eq(set_irqs(_i, BOOL | TRIGGER, 0, 1, 0), 0);
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
	ck_assert_int_eq(set_irqs(_i, BOOL | TRIGGER, 0, 1, 1), 0);
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
	if (_i == INTX)
		ck_assert_int_eq(set_irqs(_i, NONE | UNMASK, 0, 1, 0), 0);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 0, 1, 0), 0);
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 0, 2, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 1, 1, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(_i, BOOL | TRIGGER, 0, 0, 0), -EINVAL);
}
END_TEST

START_TEST(disable)
{
	enable(_i);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 0, 0, 0), 0);
	ck_assert_uint_eq(fake_eventfds_held(), 0);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 0, 0, 0), -EINVAL);
	/* The start does not matter to it. */
	enable(_i);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 3, 0, 0), 0);
	enable(_i);
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 0, 1, -1), 0);
	ck_assert_uint_eq(fake_eventfds_held(), 0);
	raise_one();
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
}
END_TEST

START_TEST(replace)
{
	int second = fake_eventfd_new();

	enable(_i);
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 0, 1, second), 0);
	ck_assert_uint_eq(fake_eventfds_held(), 1);
	raise_one();
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
	ck_assert_uint_eq(fake_eventfd_take(second), 1);
	/* A bad one leaves none. */
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 0, 1, 9999), -EBADF);
	ck_assert_uint_eq(fake_eventfds_held(), 0);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 0, 1, 0), -EINVAL);
}
END_TEST

START_TEST(one_at_a_time)
{
	unsigned int other = _i == INTX ? MSI : INTX;

	enable(_i);
	ck_assert_int_eq(set_irqs(other, EVENTFD | TRIGGER, 0, 1, fd), -EINVAL);
	ck_assert_int_eq(set_irqs(other, EVENTFD | TRIGGER, 0, 1, -1), -EINVAL);
	ck_assert_int_eq(set_irqs(other, NONE | TRIGGER, 0, 0, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(other, NONE | TRIGGER, 0, 1, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 0, 0, 0), 0);
	enable(other);
}
END_TEST

START_TEST(close_disables)
{
	enable(_i);
	plugin->close_device(vdev);
	ck_assert_uint_eq(fake_eventfds_held(), 0);
	raise_one();
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
	enable(_i);
	raise_one();
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
}
END_TEST

/* _i: MASK, UNMASK as 8 << _i. */
START_TEST(mask_rules)
{
	uint32_t action = 8U << _i;

	ck_assert_int_eq(set_irqs(INTX, NONE | action, 0, 1, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(INTX, EVENTFD | action, 0, 1, fd), -EINVAL);
	enable(INTX);
	ck_assert_int_eq(set_irqs(INTX, NONE | action, 0, 1, 0), 0);
	ck_assert_int_eq(set_irqs(INTX, NONE | action, 1, 1, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(INTX, NONE | action, 0, 0, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(INTX, NONE | action, 0, 2, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(INTX, BOOL | action, 0, 1, 1), 0);
	ck_assert_int_eq(set_irqs(INTX, EVENTFD | action, 0, 1, fd), -ENOTTY);
	ck_assert_int_eq(set_irqs(INTX, EVENTFD | action, 0, 1, -1), -ENOTTY);
	ck_assert_int_eq(set_irqs(INTX, EVENTFD | action, 1, 1, fd), -EINVAL);
	ck_assert_int_eq(set_irqs(MSI, NONE | action, 0, 1, 0), -ENOTTY);
	ck_assert_uint_eq(fake_eventfds_held(), 1);
}
END_TEST

START_TEST(msi_cannot_be_masked)
{
	enable(MSI);
	ck_assert_int_eq(set_irqs(MSI, NONE | MASK, 0, 1, 0), -ENOTTY);
	ck_assert_int_eq(set_irqs(MSI, BOOL | UNMASK, 0, 1, 1), -ENOTTY);
	ck_assert_int_eq(set_irqs(INTX, NONE | MASK, 0, 1, 0), -EINVAL);
	raise_one();
	raise_one();
	ck_assert_uint_eq(fake_eventfd_take(fd), 2);
}
END_TEST

START_TEST(intx_masks_itself)
{
	enable(INTX);
	raise_one();
	raise_one();
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
	/* Unmasking does not send what came meanwhile. */
	ck_assert_int_eq(set_irqs(INTX, BOOL | UNMASK, 0, 1, 0), 0);
	raise_one();
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
	ck_assert_int_eq(set_irqs(INTX, NONE | UNMASK, 0, 1, 0), 0);
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
	raise_one();
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
}
END_TEST

START_TEST(intx_masked_by_client)
{
	enable(INTX);
	ck_assert_int_eq(set_irqs(INTX, BOOL | MASK, 0, 1, 0), 0);
	raise_one();
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
	ck_assert_int_eq(set_irqs(INTX, BOOL | UNMASK, 0, 1, 1), 0);
	ck_assert_int_eq(set_irqs(INTX, NONE | MASK, 0, 1, 0), 0);
	raise_one();
	ck_assert_int_eq(set_irqs(INTX, NONE | TRIGGER, 0, 1, 0), 0);
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
	/* A new eventfd begins unmasked. */
	enable(INTX);
	raise_one();
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
}
END_TEST

START_TEST(both_modem_causes)
{
	out(UART_IER, UART_IER_MSI);
	enable(MSI);
	out(UART_MCR, UART_MCR_OUT2 | UART_MCR_DTR);
	ck_assert_uint_eq(fake_eventfd_take(fd), 2);
	ck_assert_int_eq(set_irqs(MSI, NONE | TRIGGER, 0, 0, 0), 0);
	enable(INTX);
	out(UART_MCR, UART_MCR_OUT2 | UART_MCR_DTR);
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
}
END_TEST

static TCase *set_tests(void)
{
	TCase *tc = tcase_create("SET_IRQS");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, header);
	tcase_add_test(tc, header_counts);
	tcase_add_test(tc, before_get_info);
	tcase_add_test(tc, data_fault);
	tcase_add_loop_test(tc, absent_indices, 2, 5);
	tcase_add_loop_test(tc, no_action_or_several, 0, 2);
	tcase_add_loop_test(tc, trigger_when_off, 0, 2);
	tcase_add_loop_test(tc, trigger_by_client, 0, 2);
	tcase_add_loop_test(tc, disable, 0, 2);
	tcase_add_loop_test(tc, replace, 0, 2);
	tcase_add_loop_test(tc, one_at_a_time, 0, 2);
	tcase_add_loop_test(tc, close_disables, 0, 2);
	tcase_add_loop_test(tc, mask_rules, 0, 2);
	return tc;
}

static TCase *delivery_tests(void)
{
	TCase *tc = tcase_create("delivery");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, msi_cannot_be_masked);
	tcase_add_test(tc, intx_masks_itself);
	tcase_add_test(tc, intx_masked_by_client);
	tcase_add_test(tc, both_modem_causes);
	return tc;
}

Suite *mtty_irq_suite(void)
{
	Suite *suite = suite_create("mtty irq");

	suite_add_tcase(suite, set_tests());
	suite_add_tcase(suite, delivery_tests());
	return suite;
}
