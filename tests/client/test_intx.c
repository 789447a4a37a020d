// SPDX-License-Identifier: BSD-3-Clause
/*
 * The level interrupt: mtty's, caused by its UART, and that of the irqs
 * plugin, whose line is held up and let down by a register.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../plugins/irqs.h"
#include "client.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define MASK (VFIO_IRQ_SET_ACTION_MASK | VFIO_IRQ_SET_DATA_NONE)
#define UNMASK (VFIO_IRQ_SET_ACTION_UNMASK | VFIO_IRQ_SET_DATA_NONE)
#define UNMASK_BOOL (VFIO_IRQ_SET_ACTION_UNMASK | VFIO_IRQ_SET_DATA_BOOL)
#define UNMASK_FD (VFIO_IRQ_SET_ACTION_UNMASK | VFIO_IRQ_SET_DATA_EVENTFD)
#define TRIGGER (VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_NONE)

static struct vfio_session session;
static int event;

static void open_mtty(void)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	session = vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	event = ck_fd(eventfd(0, EFD_CLOEXEC));
	/* mtty's SET_IRQS counts indices only when it was asked for them. */
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_INFO, &info));
}

static void open_irqs(void)
{
	session = vfio_session_open(DEV_IRQS, VFIO_TYPE1v2_IOMMU);
	event = ck_fd(eventfd(0, EFD_CLOEXEC));
}

static void close_all(void)
{
	close(event);
	vfio_session_close(&session);
}

static int set(uint32_t flags, const void *data, size_t size)
{
	return vfio_set_irqs(session.device, flags, INTX, 0, 1, data, size);
}

static void uart_write(uint64_t reg, uint8_t value)
{
	ck_assert_int_eq(pwrite(session.device, &value, 1, REGION(0) + reg), 1);
}

/* Let one character come, which interrupts, and take it. */
static void receive(void)
{
	uint8_t value;

	uart_write(0, 'x');
	ck_assert_int_eq(pread(session.device, &value, 1, REGION(0)), 1);
}

static void uart_start(void)
{
	uart_write(4, 0); /* MCR */
	uart_write(2, 0x07); /* FCR: clear */
	uart_write(1, 0x01); /* IER: data received */
}

START_TEST(mtty_intx_masks_itself)
{
	uart_start();
	ck_ok(vfio_set_trigger(session.device, INTX, 0, event));
	receive();
	ck_assert(event_arrives(event));
	receive();
	ck_assert_uint_eq(event_count(event), 0);
	ck_ok(set(UNMASK, NULL, 0));
	ck_assert_uint_eq(event_count(event), 0);
	receive();
	ck_assert(event_arrives(event));
	ck_ok(set(UNMASK, NULL, 0));
	ck_ok(set(MASK, NULL, 0));
	receive();
	ck_assert_uint_eq(event_count(event), 0);
	ck_ok(vfio_disable_irqs(session.device, INTX));
	ck_assert_int_eq(set(UNMASK, NULL, 0), -EINVAL);
}
END_TEST

START_TEST(mtty_msi)
{
	uart_start();
	ck_ok(vfio_set_trigger(session.device, MSI, 0, event));
	for (int i = 0; i < 10; i++)
		receive();
	ck_assert_uint_eq(event_count(event), 10);
	ck_assert_int_eq(vfio_set_trigger(session.device, INTX, 0, event),
			 -EINVAL);
	ck_ok(vfio_disable_irqs(session.device, MSI));
	receive();
	ck_assert_uint_eq(event_count(event), 0);
}
END_TEST

START_TEST(mtty_rules)
{
	int none = -1;

	ck_assert_int_eq(set(MASK, NULL, 0), -EINVAL);
	ck_assert_int_eq(set(TRIGGER, NULL, 0), -EINVAL);
	ck_ok(vfio_set_trigger(session.device, INTX, 0, event));
	ck_assert_int_eq(set(UNMASK_FD, &event, 4), -ENOTTY);
	ck_ok(set(MASK | UNMASK, NULL, 0));
	ck_ok(set(TRIGGER, NULL, 0));
	ck_assert_uint_eq(event_count(event), 1);
	/* A wrong fd takes the old one away. */
	ck_assert_int_eq(vfio_set_trigger(session.device, INTX, 0,
					  session.group),
			 -EINVAL);
	ck_assert_int_eq(set(TRIGGER, NULL, 0), -EINVAL);
	ck_ok(vfio_set_trigger(session.device, INTX, 0, none));
	ck_assert_int_eq(vfio_set_irqs(session.device, TRIGGER,
				       VFIO_PCI_REQ_IRQ_INDEX, 0, 1, NULL, 0),
			 -ENOTTY);
}
END_TEST

static void line(uint32_t up)
{
	ck_assert_int_eq(pwrite(session.device, &up, 4, REGION(0) + IRQS_LINE),
			 4);
}

START_TEST(line_delivers_until_low)
{
	ck_ok(vfio_set_trigger(session.device, INTX, 0, event));
	line(1);
	ck_assert_uint_eq(event_count(event), 1);
	ck_ok(set(UNMASK, NULL, 0));
	ck_assert_uint_eq(event_count(event), 1);
	ck_ok(set(UNMASK_BOOL, "\0", 1));
	ck_assert_uint_eq(event_count(event), 0);
	ck_ok(set(UNMASK_BOOL, "\1", 1));
	ck_assert_uint_eq(event_count(event), 1);
	line(0);
	ck_ok(set(UNMASK, NULL, 0));
	ck_assert_uint_eq(event_count(event), 0);
	line(1);
	ck_assert_uint_eq(event_count(event), 1);
	line(0);
}
END_TEST

START_TEST(line_waits_behind_mask)
{
	ck_ok(vfio_set_trigger(session.device, INTX, 0, event));
	ck_ok(set(MASK, NULL, 0));
	line(1);
	ck_assert_uint_eq(event_count(event), 0);
	ck_ok(set(UNMASK, NULL, 0));
	ck_assert_uint_eq(event_count(event), 1);
	line(0);
}
END_TEST

static void signal_fd(int fd)
{
	uint64_t one = 1;

	ck_assert_int_eq(write(fd, &one, 8), 8);
}

START_TEST(unmask_eventfd)
{
	int unmask = ck_fd(eventfd(0, EFD_CLOEXEC));

	ck_ok(vfio_set_trigger(session.device, INTX, 0, event));
	ck_ok(set(UNMASK_FD, &unmask, 4));
	line(1);
	ck_assert(event_arrives(event));
	for (int i = 0; i < 20; i++) {
		signal_fd(unmask);
		ck_assert(event_arrives(event));
	}
	ck_ok(set(UNMASK_FD, &(int){ -1 }, 4));
	line(0);
	ck_assert_uint_eq(event_count(event), 0);
	close(unmask);
}
END_TEST

/* A count from before it was installed is an unmask, too. */
START_TEST(unmask_eventfd_already_signalled)
{
	int unmask = ck_fd(eventfd(1, EFD_CLOEXEC));

	ck_ok(vfio_set_trigger(session.device, INTX, 0, event));
	line(1);
	ck_assert(event_arrives(event));
	ck_ok(set(UNMASK_FD, &unmask, 4));
	ck_assert(event_arrives(event));
	line(0);
	close(unmask);
}
END_TEST

START_TEST(unmask_eventfd_rules)
{
	int unmask = ck_fd(eventfd(0, EFD_CLOEXEC));
	int closed = ck_fd(dup(unmask));

	close(closed);
	ck_assert_int_eq(set(UNMASK_FD, &unmask, 4), -EINVAL);
	ck_ok(vfio_set_trigger(session.device, INTX, 0, event));
	ck_assert_int_eq(set(UNMASK_FD, &closed, 4), -EBADF);
	ck_assert_int_eq(set(UNMASK_FD, &session.group, 4), -EINVAL);
	ck_ok(set(UNMASK_FD, &unmask, 4));
	ck_assert_int_eq(set(UNMASK_FD, &event, 4), -EBUSY);
	ck_ok(set(UNMASK_FD, &(int){ -1 }, 4));
	ck_ok(set(UNMASK_FD, &unmask, 4));
	close(unmask);
}
END_TEST

Suite *intx_suite(void)
{
	Suite *suite = suite_create("intx");
	TCase *mtty = client_case(suite, "mtty's interrupts");
	TCase *irqs = client_case(suite, "level interrupt");

	tcase_add_checked_fixture(mtty, open_mtty, close_all);
	tcase_add_test(mtty, mtty_intx_masks_itself);
	tcase_add_test(mtty, mtty_msi);
	tcase_add_test(mtty, mtty_rules);
	tcase_add_checked_fixture(irqs, open_irqs, close_all);
	tcase_add_test(irqs, line_delivers_until_low);
	tcase_add_test(irqs, line_waits_behind_mask);
	tcase_add_test(irqs, unmask_eventfd);
	tcase_add_test(irqs, unmask_eventfd_already_signalled);
	tcase_add_test(irqs, unmask_eventfd_rules);
	return suite;
}
