// SPDX-License-Identifier: BSD-3-Clause
/*
 * A PCI function in low power. That INTx waits until it wakes is shown here and
 * not by the conformance suite: there the client's own access raises INTx, and
 * that wakes the function. What edu raises by itself, at the end of a transfer,
 * comes after 100 ms from QEMU's and at once from ours.
 */
#include <errno.h>
#include <string.h>

#include "pci_rig.h"
#include "suites.h"

#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define MASK VFIO_IRQ_SET_ACTION_MASK
#define UNMASK VFIO_IRQ_SET_ACTION_UNMASK
#define NONE VFIO_IRQ_SET_DATA_NONE
#define FDS VFIO_IRQ_SET_DATA_EVENTFD

#define ENTRY (VFIO_DEVICE_FEATURE_SET | 3)
#define ENTRY_WITH_WAKEUP (VFIO_DEVICE_FEATURE_SET | 4)
#define EXIT (VFIO_DEVICE_FEATURE_SET | 5)

static struct pci_rig r;
static struct host_eventfd *intx, *wakeup;
static int intx_fd, wakeup_fd;

static int set_irqs(uint32_t index, uint32_t flags, uint32_t count, int fd)
{
	struct {
		struct vfio_irq_set set;
		int32_t fd;
	} arg = { .set = { .argsz = sizeof(arg),
			   .flags = flags,
			   .index = index,
			   .count = count },
		  .fd = fd };

	return model_device_ioctl(&r.m, VFIO_DEVICE_SET_IRQS, &arg,
				  sizeof(arg));
}

static int intx_set(uint32_t flags, uint32_t count)
{
	return set_irqs(VFIO_PCI_INTX_IRQ_INDEX, flags, count, intx_fd);
}

static void setup(void)
{
	pci_setup(&r);
	intx = host_eventfd_create();
	wakeup = host_eventfd_create();
	intx_fd = host_client_add_eventfd(&r.m.client, intx);
	wakeup_fd = host_client_add_eventfd(&r.m.client, wakeup);
	ck_assert_int_eq(intx_set(FDS | TRIGGER, 1), 0);
}

static void teardown(void)
{
	pci_teardown(&r);
	ck_assert_uint_eq(host_eventfd_refs(intx), 0);
	ck_assert_uint_eq(host_eventfd_refs(wakeup), 0);
	host_eventfd_destroy(intx);
	host_eventfd_destroy(wakeup);
}

static int feature(uint32_t flags, int fd)
{
	struct {
		struct vfio_device_feature hdr;
		int32_t fd;
		uint32_t reserved;
	} arg = { .hdr = { .argsz = sizeof(arg), .flags = flags }, .fd = fd };

	return model_device_ioctl(&r.m, VFIO_DEVICE_FEATURE, &arg, sizeof(arg));
}

START_TEST(low_power)
{
	ck_assert_int_eq(feature(EXIT, -1), 0);
	ck_assert_int_eq(feature(ENTRY, -1), 0);
	ck_assert_int_eq(feature(ENTRY, -1), -EINVAL);
	ck_assert_int_eq(feature(ENTRY_WITH_WAKEUP, wakeup_fd), -EINVAL);
	ck_assert_int_eq(feature(EXIT, -1), 0);
	ck_assert_int_eq(feature(ENTRY_WITH_WAKEUP, -1), -EINVAL);
	ck_assert_int_eq(feature(ENTRY_WITH_WAKEUP, 30), -EBADF);
	ck_assert_int_eq(feature(VFIO_DEVICE_FEATURE_GET | 3, -1), -EINVAL);
	ck_assert_int_eq(feature(VFIO_DEVICE_FEATURE_SET, -1), -ENOTTY);
	ck_assert_uint_eq(host_eventfd_refs(wakeup), 0);
}
END_TEST

/* Whatever the client does with the function wakes it. */
START_TEST(wake_up)
{
	ck_assert_int_eq(feature(ENTRY_WITH_WAKEUP, wakeup_fd), 0);
	ck_assert_uint_eq(host_eventfd_refs(wakeup), 1);
	ck_assert_uint_eq(host_eventfd_read(wakeup), 0);
	ck_assert_int_eq(feature(ENTRY_WITH_WAKEUP, wakeup_fd), 0);
	ck_assert_uint_eq(host_eventfd_read(wakeup), 1);
	pci_get(&r, 0, 4);
	ck_assert_uint_eq(host_eventfd_refs(wakeup), 0);
	ck_assert_uint_eq(host_eventfd_read(wakeup), 1);
	pci_get(&r, 0, 4);
	ck_assert_uint_eq(host_eventfd_read(wakeup), 0);
	ck_assert_int_eq(feature(ENTRY_WITH_WAKEUP, wakeup_fd), 0);
	pci_put(&r, PCI_COMMAND, 2, 0);
	ck_assert_uint_eq(host_eventfd_read(wakeup), 1);
	/* A close is no use of it. */
	ck_assert_int_eq(feature(ENTRY_WITH_WAKEUP, wakeup_fd), 0);
	model_close(&r.m, 0);
	ck_assert_uint_eq(host_eventfd_refs(wakeup), 0);
	ck_assert_uint_eq(host_eventfd_read(wakeup), 0);
}
END_TEST

static void line(bool up)
{
	vfiod_irq_line(r.m.devs[0].vdev, VFIO_PCI_INTX_IRQ_INDEX, up);
}

static uint64_t came(void)
{
	return host_eventfd_read(intx);
}

/* A register that the client reads: it wakes the function for that. */
static void use(void)
{
	pci_get(&r, 0, 4);
}

START_TEST(intx_waits)
{
	ck_assert_int_eq(feature(ENTRY, -1), 0);
	line(true);
	ck_assert_uint_eq(came(), 0);
	use();
	ck_assert_uint_eq(came(), 1);
	/* Masked by the delivery, until the client unmasks it. */
	use();
	ck_assert_uint_eq(came(), 0);
	line(false);
	ck_assert_int_eq(intx_set(NONE | UNMASK, 1), 0);
	/* It sleeps again. */
	line(true);
	ck_assert_uint_eq(came(), 0);
	ck_assert_int_eq(feature(EXIT, -1), 0);
	ck_assert_uint_eq(came(), 1);
	line(false);
	ck_assert_int_eq(intx_set(NONE | UNMASK, 1), 0);
	line(true);
	ck_assert_uint_eq(came(), 1);
}
END_TEST

/* The eventfd for waking up ends low power, and INTx comes as ever. */
START_TEST(intx_after_wake_up)
{
	ck_assert_int_eq(feature(ENTRY_WITH_WAKEUP, wakeup_fd), 0);
	line(true);
	ck_assert_uint_eq(came(), 0);
	ck_assert_uint_eq(host_eventfd_read(wakeup), 0);
	use();
	ck_assert_uint_eq(came(), 1);
	ck_assert_uint_eq(host_eventfd_read(wakeup), 1);
	line(false);
	ck_assert_int_eq(intx_set(NONE | UNMASK, 1), 0);
	line(true);
	ck_assert_uint_eq(came(), 1);
}
END_TEST

/* A line that went down again was never up for the client. */
START_TEST(intx_that_goes)
{
	ck_assert_int_eq(feature(ENTRY, -1), 0);
	line(true);
	line(false);
	ck_assert_int_eq(feature(EXIT, -1), 0);
	ck_assert_uint_eq(came(), 0);
}
END_TEST

/* What the client has masked stays masked. */
START_TEST(intx_masked_before)
{
	ck_assert_int_eq(intx_set(NONE | MASK, 1), 0);
	ck_assert_int_eq(feature(ENTRY, -1), 0);
	line(true);
	use();
	ck_assert_int_eq(feature(EXIT, -1), 0);
	ck_assert_uint_eq(came(), 0);
	ck_assert_int_eq(intx_set(NONE | UNMASK, 1), 0);
	ck_assert_uint_eq(came(), 1);
}
END_TEST

/* Messages are not INTx. */
START_TEST(messages)
{
	struct vfio_device *vdev = r.m.devs[0].vdev;

	ck_assert_int_eq(intx_set(NONE | TRIGGER, 0), 0);
	ck_assert_int_eq(set_irqs(VFIO_PCI_MSIX_IRQ_INDEX, FDS | TRIGGER, 1,
				  intx_fd),
			 0);
	pci_put(&r, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	ck_assert_int_eq(feature(ENTRY, -1), 0);
	line(true);
	ck_assert_int_eq(vfiod_pci_interrupt(vdev, 0), 1);
	ck_assert_uint_eq(came(), 1);
	use();
	ck_assert_int_eq(feature(EXIT, -1), 0);
	ck_assert_uint_eq(came(), 0);
}
END_TEST

/* In D3hot by configuration space, without the feature, it comes. */
START_TEST(intx_in_d3hot)
{
	pci_put(&r, PCI_RIG_PM + PCI_PM_CTRL, 2, 3);
	line(true);
	ck_assert_uint_eq(came(), 1);
}
END_TEST

/* Closing wakes it, before it ends INTx; the next client finds it awake. */
START_TEST(intx_after_closing)
{
	ck_assert_int_eq(feature(ENTRY, -1), 0);
	line(true);
	model_close(&r.m, 0);
	ck_assert_uint_eq(came(), 1);
	line(false);
	model_open(&r.m, 0);
	ck_assert_int_eq(intx_set(FDS | TRIGGER, 1), 0);
	line(true);
	ck_assert_uint_eq(came(), 1);
}
END_TEST

Suite *pci_power_suite(void)
{
	Suite *suite = suite_create("pci power");
	TCase *tcase = tcase_create("power");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, low_power);
	tcase_add_test(tcase, wake_up);
	tcase_add_test(tcase, intx_waits);
	tcase_add_test(tcase, intx_after_wake_up);
	tcase_add_test(tcase, intx_that_goes);
	tcase_add_test(tcase, intx_masked_before);
	tcase_add_test(tcase, messages);
	tcase_add_test(tcase, intx_in_d3hot);
	tcase_add_test(tcase, intx_after_closing);
	suite_add_tcase(suite, tcase);
	return suite;
}
