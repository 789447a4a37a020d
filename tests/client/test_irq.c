// SPDX-License-Identifier: BSD-3-Clause
/*
 * Messages: MSI, MSI-X, ERR and REQ of the irqs plugin, which fires what it
 * is told to.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../plugins/irqs.h"
#include "client.h"

#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define MASK VFIO_IRQ_SET_ACTION_MASK
#define UNMASK VFIO_IRQ_SET_ACTION_UNMASK
#define NONE VFIO_IRQ_SET_DATA_NONE
#define BOOL VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD

#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define MSIX VFIO_PCI_MSIX_IRQ_INDEX
#define ERR VFIO_PCI_ERR_IRQ_INDEX
#define REQ VFIO_PCI_REQ_IRQ_INDEX

static struct vfio_session session;

static void open_irqs(void)
{
	session = vfio_session_open(DEV_IRQS, VFIO_TYPE1v2_IOMMU);
}

static void close_session(void)
{
	vfio_session_close(&session);
}

static int event_new(void)
{
	return ck_fd(eventfd(0, EFD_CLOEXEC));
}

static void fire(uint32_t index, uint32_t vector)
{
	uint32_t value = index << 16 | vector;

	ck_assert_int_eq(
		pwrite(session.device, &value, 4, REGION(0) + IRQS_TRIGGER), 4);
}

static int set(uint32_t flags, uint32_t index, uint32_t start, uint32_t count,
	       const void *data, size_t size)
{
	return vfio_set_irqs(session.device, flags, index, start, count, data,
			     size);
}

START_TEST(each_vector_has_its_eventfd)
{
	const uint32_t index = _i ? MSIX : MSI;
	const uint32_t count = _i ? IRQS_NR_MSIX : IRQS_NR_MSI;
	int fds[IRQS_NR_MSIX];

	for (uint32_t i = 0; i < count; i++)
		fds[i] = event_new();
	ck_ok(set(TRIGGER | EVENTFD, index, 0, count, fds, count * 4));
	for (uint32_t i = 0; i < count; i++)
		fire(index, i);
	fire(index, 3);
	for (uint32_t i = 0; i < count; i++)
		ck_assert_uint_eq(event_count(fds[i]), i == 3 ? 2 : 1);
	ck_ok(vfio_disable_irqs(session.device, index));
	fire(index, 0);
	ck_assert_uint_eq(event_count(fds[0]), 0);
	for (uint32_t i = 0; i < count; i++)
		close(fds[i]);
}
END_TEST

/* vfiod holds the object, not the number. */
START_TEST(eventfd_closed_by_the_client)
{
	int event = event_new();
	int kept = ck_fd(dup(event));

	ck_ok(vfio_set_trigger(session.device, MSI, 0, event));
	close(event);
	fire(MSI, 0);
	ck_assert(event_arrives(kept));
	close(kept);
	fire(MSI, 0);
}
END_TEST

START_TEST(vectors_without_eventfd)
{
	int fds[3] = { -1, event_new(), -1 };
	uint8_t bools[3] = { 1, 0, 1 };

	ck_ok(set(TRIGGER | EVENTFD, MSI, 0, 3, fds, sizeof(fds)));
	ck_ok(set(TRIGGER | NONE, MSI, 0, 3, NULL, 0));
	ck_assert_uint_eq(event_count(fds[1]), 1);
	ck_ok(set(TRIGGER | BOOL, MSI, 0, 3, bools, 3));
	ck_assert_uint_eq(event_count(fds[1]), 0);
	bools[1] = 1;
	ck_ok(set(TRIGGER | BOOL, MSI, 0, 3, bools, 3));
	ck_assert_uint_eq(event_count(fds[1]), 1);
	close(fds[1]);
}
END_TEST

START_TEST(wrong_fds)
{
	int event = event_new();
	int null = ck_fd(vfio_open("/dev/null", 0));
	int closed = dup(null);

	close(closed);
	ck_assert_int_eq(vfio_set_trigger(session.device, MSI, 0, closed),
			 -EBADF);
	ck_assert_int_eq(vfio_set_trigger(session.device, MSI, 0, null),
			 -EINVAL);
	ck_assert_int_eq(vfio_set_trigger(session.device, MSI, 0,
					  session.group),
			 -EINVAL);
	/* None of these enabled MSI. */
	ck_assert_int_eq(vfio_disable_irqs(session.device, MSI), -EINVAL);
	ck_ok(vfio_set_trigger(session.device, MSIX, 0, event));
	ck_assert_int_eq(vfio_set_trigger(session.device, MSIX, 1, null),
			 -EINVAL);
	fire(MSIX, 0);
	ck_assert(event_arrives(event));
	close(null);
	close(event);
}
END_TEST

START_TEST(one_index_at_a_time)
{
	int event = event_new();

	ck_ok(vfio_set_trigger(session.device, MSI, 0, event));
	ck_assert_int_eq(vfio_set_trigger(session.device, MSIX, 0, event),
			 -EINVAL);
	ck_ok(vfio_disable_irqs(session.device, MSI));
	ck_assert_int_eq(vfio_disable_irqs(session.device, MSI), -EINVAL);
	ck_ok(vfio_set_trigger(session.device, MSIX, 0, event));
	close(event);
}
END_TEST

/* What vfio-pci makes of flags; fact sheet rows by row. */
START_TEST(header_errors)
{
	static const struct {
		uint32_t argsz, flags, index, start, count;
		int result;
	} calls[] = {
		{ 19, TRIGGER | NONE, MSI, 0, 0, -EINVAL },
		{ 20, TRIGGER | NONE, 5, 0, 1, -EINVAL },
		{ 20, TRIGGER | NONE, MSI, 8, 0, -EINVAL },
		{ 20, TRIGGER | NONE, MSI, 7, 2, -EINVAL },
		{ 20, TRIGGER | NONE, MSI, 1, UINT32_MAX - 1, -EINVAL },
		{ 20, TRIGGER | NONE | 64, MSI, 0, 1, -EINVAL },
		{ 20, TRIGGER, MSI, 0, 1, -EINVAL },
		{ 20, TRIGGER | NONE | BOOL, MSI, 0, 1, -EINVAL },
		{ 20, TRIGGER | BOOL, MSI, 0, 1, -EINVAL },
		{ 23, TRIGGER | EVENTFD, MSI, 0, 1, -EINVAL },
		{ 20, NONE, MSI, 0, 1, -ENOTTY },
		{ 20, MASK | UNMASK | NONE, MSI, 0, 1, -ENOTTY },
		{ 20, MASK | NONE, MSI, 0, 1, -ENOTTY },
		{ 20, UNMASK | NONE, MSIX, 0, 1, -ENOTTY },
		{ 20, MASK | NONE, ERR, 0, 1, -ENOTTY },
		{ 20, TRIGGER | NONE, MSI, 0, 1, -EINVAL },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		uint32_t words[6] = { calls[i].argsz, calls[i].flags,
				      calls[i].index, calls[i].start,
				      calls[i].count, 0 };

		ck_assert_msg(vfio_ioctl(session.device, VFIO_DEVICE_SET_IRQS,
					 words) == calls[i].result,
			      "row %zu", i);
	}
}
END_TEST

START_TEST(data_in_bad_memory)
{
	char *end = page_before_hole() + PAGE;
	struct vfio_irq_set *irqs = (void *)(end - sizeof(*irqs));

	*irqs = (struct vfio_irq_set){ 24, TRIGGER | EVENTFD, MSI, 0, 1 };
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_SET_IRQS, irqs),
			 -EFAULT);
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_SET_IRQS,
				    end - 16),
			 -EFAULT);
}
END_TEST

START_TEST(error_and_request)
{
	const uint32_t index = _i ? REQ : ERR;
	const int wrong = -2;
	int event = event_new();

	ck_assert_int_eq(set(TRIGGER | NONE, index, 0, 1, NULL, 0), -EINVAL);
	ck_ok(set(TRIGGER | BOOL, index, 0, 1, "\1", 1));
	ck_ok(vfio_set_trigger(session.device, index, 0, event));
	ck_ok(set(TRIGGER | NONE, index, 0, 1, NULL, 0));
	ck_assert_uint_eq(event_count(event), 1);
	fire(index, 0);
	ck_assert(event_arrives(event));
	ck_assert_int_eq(set(TRIGGER | EVENTFD, index, 0, 1, &wrong, 4),
			 -EINVAL);
	ck_ok(set(TRIGGER | NONE, index, 0, 0, NULL, 0));
	fire(index, 0);
	ck_assert_uint_eq(event_count(event), 0);
	close(event);
}
END_TEST

/* vfiod never waits for the owner of an eventfd. */
START_TEST(saturated_eventfd)
{
	uint64_t full = UINT64_MAX - 1;
	int fds[2] = { event_new(), event_new() };

	ck_assert_int_eq(write(fds[0], &full, 8), 8);
	ck_ok(set(TRIGGER | EVENTFD, MSI, 0, 2, fds, sizeof(fds)));
	for (int i = 0; i < 100; i++) {
		fire(MSI, 0);
		fire(MSI, 1);
	}
	ck_assert_uint_eq(event_count(fds[1]), 100);
	ck_assert_uint_ge(event_count(fds[0]), UINT64_MAX - 1);
	fire(MSI, 0);
	ck_assert_uint_eq(event_count(fds[0]), 1);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* The timer of the plugin fires MSI 0 on a thread of vfiod's. */
START_TEST(message_from_a_timer)
{
	uint64_t ns = 1000000;
	int event = event_new();

	ck_ok(vfio_set_trigger(session.device, MSI, 0, event));
	ck_assert_int_eq(pwrite(session.device, &ns, 8, REGION(0) + IRQS_TIMER),
			 8);
	ck_assert(event_arrives(event));
	close(event);
}
END_TEST

static int set_trigger_and_exit(void *arg)
{
	(void)arg;
	return vfio_set_trigger(session.device, MSI, 0, event_new()) ? 1 : 0;
}

/* The owner of the eventfd is gone, the device is not. */
START_TEST(eventfd_of_a_dead_child)
{
	int event = event_new();

	ck_ok(in_child(set_trigger_and_exit, NULL));
	fire(MSI, 0);
	ck_ok(vfio_set_trigger(session.device, MSI, 0, event));
	fire(MSI, 0);
	ck_assert(event_arrives(event));
	close(event);
}
END_TEST

START_TEST(closing_disables)
{
	int event = event_new();

	ck_ok(vfio_set_trigger(session.device, MSI, 0, event));
	close_session();
	open_irqs();
	fire(MSI, 0);
	ck_assert_uint_eq(event_count(event), 0);
	ck_ok(vfio_set_trigger(session.device, MSIX, 0, event));
	close(event);
}
END_TEST

Suite *irq_suite(void)
{
	Suite *suite = suite_create("irq");
	TCase *tc = client_case(suite, "messages");

	tcase_add_checked_fixture(tc, open_irqs, close_session);
	tcase_add_loop_test(tc, each_vector_has_its_eventfd, 0, 2);
	tcase_add_test(tc, eventfd_closed_by_the_client);
	tcase_add_test(tc, vectors_without_eventfd);
	tcase_add_test(tc, wrong_fds);
	tcase_add_test(tc, one_index_at_a_time);
	tcase_add_test(tc, header_errors);
	tcase_add_test(tc, data_in_bad_memory);
	tcase_add_loop_test(tc, error_and_request, 0, 2);
	tcase_add_test(tc, saturated_eventfd);
	tcase_add_test(tc, message_from_a_timer);
	tcase_add_test(tc, eventfd_of_a_dead_child);
	tcase_add_test(tc, closing_disables);
	return suite;
}
