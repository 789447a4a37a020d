// SPDX-License-Identifier: BSD-3-Clause
/* Configuration space of a PCI function. */
#include <errno.h>
#include <string.h>

#include "pci_rig.h"
#include "suites.h"

static struct pci_rig r;

static void setup(void)
{
	pci_setup(&r);
}

static void teardown(void)
{
	pci_teardown(&r);
}

START_TEST(identity)
{
	ck_assert_uint_eq(pci_get(&r, PCI_VENDOR_ID, 4), 0x56781234);
	ck_assert_uint_eq(pci_get(&r, PCI_CLASS_REVISION, 4), 0x01080203);
	ck_assert_uint_eq(pci_get(&r, PCI_SUBSYSTEM_VENDOR_ID, 4), 0x11001af4);
	ck_assert_uint_eq(pci_get(&r, PCI_INTERRUPT_PIN, 1), 1);
	pci_put(&r, PCI_VENDOR_ID, 4, 0xffffffff);
	ck_assert_uint_eq(pci_get(&r, PCI_VENDOR_ID, 4), 0x56781234);
}
END_TEST

START_TEST(chain)
{
	static const uint8_t ids[] = { PCI_CAP_ID_MSI, PCI_CAP_ID_PM,
				       PCI_CAP_ID_EXP, PCI_CAP_ID_MSIX,
				       PCI_CAP_ID_VNDR };
	unsigned int at = pci_get(&r, PCI_CAPABILITY_LIST, 1);

	ck_assert_uint_ne(pci_get(&r, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST, 0);
	for (size_t i = 0; i < sizeof(ids); i++) {
		ck_assert_uint_eq(pci_get(&r, at, 1), ids[i]);
		at = pci_get(&r, at + PCI_CAP_LIST_NEXT, 1);
	}
	ck_assert_uint_eq(at, 0);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_MSIX, 4), 0x0007a011);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_MSIX + 4, 4), 0x1000);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_VENDOR, 4), 0x01080009);
}
END_TEST

/* Write ones, read the size: each kind of BAR. */
START_TEST(bar_sizing)
{
	static const struct {
		unsigned int at;
		uint32_t first, ones;
	} bars[] = {
		{ 0x10, 0x8000000c, 0xffffc00c }, { 0x14, 0x10, 0xffffffff },
		{ 0x18, 0xfe000000, 0xfffff000 }, { 0x1c, 0, 0 },
		{ 0x20, 0xc001, 0xffffffe1 },	  { 0x24, 0, 0 },
		{ 0x30, 0, 0xfffff801 },
	};

	for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++) {
		ck_assert_uint_eq(pci_get(&r, bars[i].at, 4), bars[i].first);
		pci_put(&r, bars[i].at, 4, 0xffffffff);
		ck_assert_uint_eq(pci_get(&r, bars[i].at, 4), bars[i].ones);
		pci_put(&r, bars[i].at, 4, bars[i].first);
		ck_assert_uint_eq(pci_get(&r, bars[i].at, 4), bars[i].first);
	}
}
END_TEST

START_TEST(command)
{
	ck_assert_uint_eq(pci_get(&r, PCI_COMMAND, 2), 0x103);
	ck_assert(!vfiod_pci_bus_master(r.m.devs[0].vdev));
	pci_put(&r, PCI_COMMAND, 2, 0xffff);
	ck_assert_uint_eq(pci_get(&r, PCI_COMMAND, 2), 0x507);
	ck_assert(vfiod_pci_bus_master(r.m.devs[0].vdev));
	pci_put(&r, PCI_COMMAND, 1, 0);
	ck_assert_uint_eq(pci_get(&r, PCI_COMMAND, 2), 0x500);
	/* A new client finds it as the first did. */
	model_close(&r.m, 0);
	model_open(&r.m, 0);
	ck_assert_uint_eq(pci_get(&r, PCI_COMMAND, 2), 0x103);
}
END_TEST

START_TEST(edges)
{
	struct vfio_device_file *file = r.m.devs[0].file;
	uint8_t buf[8] = { 0 };

	ck_assert_int_eq(vfio_device_file_read(file, buf, 4,
					       VFIOD_OFFSET(7) + 4096),
			 -EFAULT);
	ck_assert_int_eq(vfio_device_file_read(file, buf, 8,
					       VFIOD_OFFSET(7) + 4092),
			 -EFAULT);
	ck_assert_int_eq(vfio_device_file_write(file, buf, 8,
						VFIOD_OFFSET(7) + 4092),
			 -EFAULT);
	ck_assert_int_eq(
		vfio_device_file_read(file, buf, 0, VFIOD_OFFSET(7) + 9999), 0);
	ck_assert_int_eq(
		vfio_device_file_read(file, buf, 4, VFIOD_OFFSET(7) + 4092), 4);
}
END_TEST

/* The bytes behind the capabilities are the plugin's, in aligned pieces. */
START_TEST(own_registers)
{
	ck_assert_uint_eq(r.accesses, 0);
	pci_put(&r, 0xf0, 4, 0x01020304);
	ck_assert_uint_eq(r.last_index, 7);
	ck_assert_uint_eq(r.last_offset, 0xf0);
	ck_assert_uint_eq(r.last_len, 4);
	ck_assert_uint_eq(pci_get(&r, 0xf1, 2), 0x0203);
	ck_assert_uint_eq(r.accesses, 3);
}
END_TEST

START_TEST(vendor_capability)
{
	pci_put(&r, PCI_RIG_VENDOR + 4, 4, 0xffffffff);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_VENDOR + 4, 4), 0x05040fff);
	pci_put(&r, PCI_RIG_VENDOR, 4, 0);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_VENDOR, 4), 0x01080009);
}
END_TEST

static int set_irqs(uint32_t index, uint32_t flags, uint32_t count, int fd)
{
	struct {
		struct vfio_irq_set set;
		int32_t fds[8];
	} arg = { .set = { .argsz = sizeof(arg),
			   .flags = flags,
			   .index = index,
			   .count = count } };

	for (uint32_t i = 0; i < count; i++)
		arg.fds[i] = fd;
	return model_device_ioctl(&r.m, VFIO_DEVICE_SET_IRQS, &arg,
				  sizeof(arg));
}

#define FDS_TRIGGER (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)
#define NONE_TRIGGER (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)

/* Enabled by SET_IRQS alone, and asked for no more than that. */
START_TEST(msi_control)
{
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_MSI + 2, 2), 0x84);
	pci_put(&r, PCI_RIG_MSI + 2, 2, 0x84 | 0x71);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_MSI + 2, 2), 0x84);
	ck_assert_int_eq(set_irqs(VFIO_PCI_MSI_IRQ_INDEX, FDS_TRIGGER, 2, -1),
			 0);
	pci_put(&r, PCI_RIG_MSI + 2, 2, 0x84 | 0x71);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_MSI + 2, 2), 0x95);
	pci_put(&r, PCI_RIG_MSI + 4, 4, 0xfee00123);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_MSI + 4, 4), 0xfee00123);
}
END_TEST

/* Once messages are in use the capability's bit turns them off and on. */
START_TEST(msi_enable_bit)
{
	struct host_eventfd *eventfd = host_eventfd_create();
	int fd = host_client_add_eventfd(&r.m.client, eventfd);
	struct vfio_device *vdev = r.m.devs[0].vdev;

	pci_put(&r, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	ck_assert_int_eq(set_irqs(VFIO_PCI_MSI_IRQ_INDEX, FDS_TRIGGER, 1, fd),
			 0);
	/* An address does not touch the bit. */
	pci_put(&r, PCI_RIG_MSI + PCI_MSI_ADDRESS_LO, 4, 0xfee00000);
	ck_assert_int_eq(vfiod_pci_interrupt(vdev, 0), 1);
	pci_put(&r, PCI_RIG_MSI + PCI_MSI_FLAGS, 2, 0x84);
	ck_assert_int_eq(vfiod_pci_interrupt(vdev, 0), 0);
	pci_put(&r, PCI_RIG_MSI + PCI_MSI_FLAGS, 2, 0x85);
	ck_assert_int_eq(vfiod_pci_interrupt(vdev, 0), 1);
	pci_put(&r, PCI_RIG_MSI + PCI_MSI_FLAGS, 2, 0x84);
	ck_assert_int_eq(set_irqs(VFIO_PCI_MSI_IRQ_INDEX, NONE_TRIGGER, 0, -1),
			 0);
	ck_assert_int_eq(set_irqs(VFIO_PCI_MSI_IRQ_INDEX, FDS_TRIGGER, 1, fd),
			 0);
	ck_assert_int_eq(vfiod_pci_interrupt(vdev, 0), 1);
	ck_assert_uint_eq(host_eventfd_read(eventfd), 3);
	model_close(&r.m, 0);
	host_eventfd_destroy(eventfd);
}
END_TEST

START_TEST(interrupt_status)
{
	struct vfio_device *vdev = r.m.devs[0].vdev;
	uint8_t config[64];

	vfiod_irq_line(vdev, VFIO_PCI_INTX_IRQ_INDEX, true);
	ck_assert_uint_eq(pci_get(&r, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT,
			  PCI_STATUS_INTERRUPT);
	ck_assert_uint_eq(pci_get(&r, PCI_STATUS + 1, 1), 0);
	ck_assert_uint_eq(pci_get(&r, PCI_COMMAND, 4) >> 16 &
				  PCI_STATUS_INTERRUPT,
			  PCI_STATUS_INTERRUPT);
	vfio_pci_hardware_config(vdev, config, sizeof(config));
	ck_assert(config[PCI_STATUS] & PCI_STATUS_INTERRUPT);
	vfiod_irq_line(vdev, VFIO_PCI_INTX_IRQ_INDEX, false);
	ck_assert_uint_eq(pci_get(&r, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT, 0);
}
END_TEST

START_TEST(power_states)
{
	unsigned int control = PCI_RIG_PM + PCI_PM_CTRL;
	uint8_t byte;

	pci_put(&r, PCI_COMMAND, 2, 7);
	pci_put(&r, control, 2, 3);
	ck_assert_uint_eq(pci_get(&r, control, 1) & 3, 3);
	ck_assert(!vfiod_pci_bus_master(r.m.devs[0].vdev));
	ck_assert_int_eq(vfio_device_file_read(r.m.devs[0].file, &byte, 1, 0),
			 -EIO);
	pci_put(&r, control, 2, 1);
	ck_assert_uint_eq(pci_get(&r, control, 1) & 3, 3);
	pci_put(&r, control, 2, 0);
	ck_assert_int_eq(vfio_device_file_read(r.m.devs[0].file, &byte, 1, 0),
			 1);
}
END_TEST

/* INTx that the client has disabled comes when it is enabled again. */
START_TEST(intx_disable)
{
	struct host_eventfd *eventfd = host_eventfd_create();
	int fd = host_client_add_eventfd(&r.m.client, eventfd);
	struct vfio_device *vdev = r.m.devs[0].vdev;

	pci_put(&r, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
	ck_assert_int_eq(set_irqs(VFIO_PCI_INTX_IRQ_INDEX, FDS_TRIGGER, 1, fd),
			 0);
	ck_assert_int_eq(vfiod_irq_line(vdev, VFIO_PCI_INTX_IRQ_INDEX, true),
			 0);
	ck_assert_uint_eq(host_eventfd_read(eventfd), 0);
	pci_put(&r, PCI_COMMAND, 2, 0);
	ck_assert_uint_eq(host_eventfd_read(eventfd), 1);
	model_close(&r.m, 0);
	host_eventfd_destroy(eventfd);
}
END_TEST

/* It has no say in messages, whatever the line does. */
START_TEST(intx_disable_and_messages)
{
	struct host_eventfd *eventfd = host_eventfd_create();
	int fd = host_client_add_eventfd(&r.m.client, eventfd);
	struct vfio_device *vdev = r.m.devs[0].vdev;

	ck_assert_int_eq(set_irqs(VFIO_PCI_MSI_IRQ_INDEX, FDS_TRIGGER, 1, fd),
			 0);
	vfiod_irq_line(vdev, VFIO_PCI_INTX_IRQ_INDEX, true);
	pci_put(&r, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
	pci_put(&r, PCI_COMMAND, 2, 0);
	ck_assert_uint_eq(host_eventfd_read(eventfd), 0);
	model_close(&r.m, 0);
	host_eventfd_destroy(eventfd);
}
END_TEST

Suite *pci_config_suite(void)
{
	Suite *suite = suite_create("pci config");
	TCase *tcase = tcase_create("config");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, identity);
	tcase_add_test(tcase, chain);
	tcase_add_test(tcase, bar_sizing);
	tcase_add_test(tcase, command);
	tcase_add_test(tcase, edges);
	tcase_add_test(tcase, own_registers);
	tcase_add_test(tcase, vendor_capability);
	tcase_add_test(tcase, msi_control);
	tcase_add_test(tcase, msi_enable_bit);
	tcase_add_test(tcase, interrupt_status);
	tcase_add_test(tcase, power_states);
	tcase_add_test(tcase, intx_disable);
	tcase_add_test(tcase, intx_disable_and_messages);
	suite_add_tcase(suite, tcase);
	return suite;
}
