// SPDX-License-Identifier: BSD-3-Clause
/* Regions and interrupts of a PCI function, and its eventfds for writing. */
#include <errno.h>
#include <string.h>

#include "pci_rig.h"
#include "suites.h"

static struct pci_rig r;
static struct host_eventfd *eventfd;
static int fd;

static void setup(void)
{
	pci_setup(&r);
	eventfd = host_eventfd_create();
	fd = host_client_add_eventfd(&r.m.client, eventfd);
}

static void teardown(void)
{
	pci_teardown(&r);
	host_eventfd_destroy(eventfd);
}

static ssize_t get(void *buf, size_t n, uint64_t pos)
{
	return vfio_device_file_read(r.m.devs[0].file, buf, n, pos);
}

static ssize_t put(const void *buf, size_t n, uint64_t pos)
{
	return vfio_device_file_write(r.m.devs[0].file, buf, n, pos);
}

START_TEST(device_info)
{
	struct {
		struct vfio_device_info info;
		uint32_t more;
	} arg = { .info.argsz = 24 };

	ck_assert_int_eq(
		model_device_ioctl(&r.m, VFIO_DEVICE_GET_INFO, &arg, 24), 0);
	ck_assert_uint_eq(arg.info.flags,
			  VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET);
	ck_assert_uint_eq(arg.info.num_regions, 9);
	ck_assert_uint_eq(arg.info.num_irqs, 5);
}
END_TEST

START_TEST(region_info)
{
	static const uint64_t sizes[] = { 0x4000, 0, 0x1000, 0,
					  0x20,	  0, 0x800,  4096 };
	struct vfio_region_info info = { .argsz = sizeof(info) };

	for (info.index = 0; info.index < 8; info.index++) {
		ck_assert_int_eq(model_device_ioctl(&r.m,
						    VFIO_DEVICE_GET_REGION_INFO,
						    &info, sizeof(info)),
				 0);
		ck_assert_uint_eq(info.size, sizes[info.index]);
		ck_assert_uint_eq(info.offset, VFIOD_OFFSET(info.index));
	}
	for (; info.index < 11; info.index++)
		ck_assert_int_eq(model_device_ioctl(&r.m,
						    VFIO_DEVICE_GET_REGION_INFO,
						    &info, sizeof(info)),
				 -EINVAL);
}
END_TEST

START_TEST(irq_info)
{
	static const struct {
		uint32_t flags, count;
	} want[] = { { 7, 1 }, { 9, 4 }, { 1, 8 }, { 9, 1 }, { 9, 1 } };
	struct vfio_irq_info info = { .argsz = sizeof(info) };

	for (info.index = 0; info.index < 5; info.index++) {
		ck_assert_int_eq(model_device_ioctl(&r.m,
						    VFIO_DEVICE_GET_IRQ_INFO,
						    &info, sizeof(info)),
				 0);
		ck_assert_uint_eq(info.flags, want[info.index].flags);
		ck_assert_uint_eq(info.count, want[info.index].count);
	}
	ck_assert_int_eq(model_device_ioctl(&r.m, VFIO_DEVICE_GET_IRQ_INFO,
					    &info, sizeof(info)),
			 -EINVAL);
}
END_TEST

START_TEST(bar_access)
{
	uint64_t value = 0x1122334455667788;

	ck_assert_int_eq(put(&value, 8, VFIOD_OFFSET(2) + 8), 8);
	ck_assert_uint_eq(r.accesses, 1);
	ck_assert_uint_eq(r.last_len, 8);
	value = 0;
	ck_assert_int_eq(get(&value, 3, VFIOD_OFFSET(2) + 9), 3);
	ck_assert_uint_eq(value, 0x556677);
	ck_assert_uint_eq(r.accesses, 3);
	/* Over the end, at the end, no BAR. */
	ck_assert_int_eq(get(&value, 8, VFIOD_OFFSET(2) + 0xffe), 2);
	ck_assert_int_eq(get(&value, 8, VFIOD_OFFSET(2) + 0x1000), -EINVAL);
	ck_assert_int_eq(get(&value, 8, VFIOD_OFFSET(1)), -EINVAL);
	ck_assert_int_eq(get(&value, 8, VFIOD_OFFSET(8)), -EINVAL);
	ck_assert_int_eq(get(&value, 8, VFIOD_OFFSET(9)), -EINVAL);
	/* The ROM: in fours, and not to be written. */
	ck_assert_int_eq(get(&value, 8, VFIOD_OFFSET(6)), 8);
	ck_assert_uint_eq(r.last_len, 4);
	ck_assert_int_eq(put(&value, 4, VFIOD_OFFSET(6)), -EINVAL);
}
END_TEST

START_TEST(decoding)
{
	uint32_t value = 1;

	pci_put(&r, PCI_COMMAND, 2, 0);
	ck_assert_int_eq(get(&value, 4, VFIOD_OFFSET(2)), -EIO);
	ck_assert_int_eq(put(&value, 4, VFIOD_OFFSET(0)), -EIO);
	ck_assert_uint_eq(r.accesses, 0);
	/* vfio-pci does not look at the bit for I/O. */
	ck_assert_int_eq(put(&value, 4, VFIOD_OFFSET(4)), 4);
	pci_put(&r, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ck_assert_int_eq(get(&value, 4, VFIOD_OFFSET(2)), 4);
}
END_TEST

/* The table of eight vectors: ones to read, nothing to write. */
START_TEST(msix_table)
{
	uint8_t buf[160];

	memset(r.bars[0], 0x11, sizeof(r.bars[0]));
	ck_assert_int_eq(get(buf, 160, 0x1000 - 16), 160);
	for (int i = 0; i < 160; i++)
		ck_assert_uint_eq(buf[i], i < 16 || i >= 144 ? 0x11 : 0xff);
	memset(buf, 0x22, sizeof(buf));
	ck_assert_int_eq(put(buf, 160, 0x1000 - 16), 160);
	ck_assert_uint_eq(r.bars[0][0xfff], 0x22);
	ck_assert_uint_eq(r.bars[0][0x1000], 0x11);
	ck_assert_uint_eq(r.bars[0][0x107f], 0x11);
	ck_assert_uint_eq(r.bars[0][0x1080], 0x22);
}
END_TEST

START_TEST(interrupts)
{
	struct {
		struct vfio_irq_set set;
		int32_t fds[2];
	} arg = { .set = { .argsz = sizeof(arg),
			   .flags = VFIO_IRQ_SET_DATA_EVENTFD |
				    VFIO_IRQ_SET_ACTION_TRIGGER,
			   .index = VFIO_PCI_MSIX_IRQ_INDEX,
			   .start = 3,
			   .count = 1 },
		  .fds = { fd } };
	struct vfio_device *vdev = r.m.devs[0].vdev;

	ck_assert_int_eq(vfiod_pci_interrupt(vdev, 3), 0);
	ck_assert_int_eq(model_device_ioctl(&r.m, VFIO_DEVICE_SET_IRQS, &arg,
					    sizeof(arg)),
			 0);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_MSIX + PCI_MSIX_FLAGS, 2),
			  PCI_MSIX_FLAGS_ENABLE | (PCI_RIG_MSIX_VECTORS - 1));
	/* A message is a write to memory. */
	ck_assert_int_eq(vfiod_pci_interrupt(vdev, 3), 1);
	ck_assert_uint_eq(host_eventfd_read(eventfd), 0);
	pci_put(&r, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	ck_assert_int_eq(vfiod_pci_interrupt(vdev, 3), 1);
	ck_assert_int_eq(vfiod_pci_interrupt(vdev, 2), 1);
	ck_assert_int_eq(vfiod_pci_interrupt(vdev, 77), 1);
	ck_assert_uint_eq(host_eventfd_read(eventfd), 1);
}
END_TEST

static int ioeventfd(uint32_t flags, uint64_t offset, uint64_t data, int32_t to)
{
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = flags,
		.offset = offset,
		.data = data,
		.fd = to,
	};

	return model_device_ioctl(&r.m, VFIO_DEVICE_IOEVENTFD, &arg,
				  sizeof(arg));
}

START_TEST(ioeventfds)
{
	const uint64_t at = VFIOD_OFFSET(2) + 0x20;

	ck_assert_int_eq(ioeventfd(3, at, 1, fd), -EINVAL);
	ck_assert_int_eq(ioeventfd(4, VFIOD_OFFSET(6), 1, fd), -EINVAL);
	ck_assert_int_eq(ioeventfd(4, VFIOD_OFFSET(2) + 0xffe, 1, fd), -EINVAL);
	ck_assert_int_eq(ioeventfd(4, 0x1004, 1, fd), -EINVAL);
	ck_assert_int_eq(ioeventfd(4, at, 1, -2), -EINVAL);
	ck_assert_int_eq(ioeventfd(4, at, 1, -1), -ENODEV);
	ck_assert_int_eq(ioeventfd(4, at, 1, 30), -EBADF);
	ck_assert_int_eq(ioeventfd(4, at, 0xabcd, fd), 0);
	ck_assert_int_eq(ioeventfd(4, at, 0xabcd, fd), -EEXIST);
	host_eventfd_write(eventfd, 1);
	host_eventfd_settle(eventfd);
	ck_assert_uint_eq(vfio_pci_get32(r.bars[2] + 0x20), 0xabcd);
	ck_assert_int_eq(ioeventfd(4, at, 0xabcd, -1), 0);
	ck_assert_uint_eq(host_eventfd_refs(eventfd), 0);
	/* What is left goes with the last fd. */
	ck_assert_int_eq(ioeventfd(8, at, 1, fd), 0);
	model_close(&r.m, 0);
	ck_assert_uint_eq(host_eventfd_refs(eventfd), 0);
}
END_TEST

Suite *pci_region_suite(void)
{
	Suite *suite = suite_create("pci region");
	TCase *tcase = tcase_create("region");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, device_info);
	tcase_add_test(tcase, region_info);
	tcase_add_test(tcase, irq_info);
	tcase_add_test(tcase, bar_access);
	tcase_add_test(tcase, decoding);
	tcase_add_test(tcase, msix_table);
	tcase_add_test(tcase, interrupts);
	tcase_add_test(tcase, ioeventfds);
	suite_add_tcase(suite, tcase);
	return suite;
}
