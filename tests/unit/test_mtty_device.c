// SPDX-License-Identifier: BSD-3-Clause
/* The device as the model sees it: made, read, written, asked for info. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <linux/serial_reg.h>

#include "fake_services.h"
#include "suites.h"

#define CONFIG(offset) (VFIOD_OFFSET(VFIO_PCI_CONFIG_REGION_INDEX) + (offset))
#define BAR(index, offset) (VFIOD_OFFSET(index) + (offset))

static const struct vfiod_plugin *plugin;
static struct vfio_device *vdev;

static void setup(void)
{
	fake_reset();
	plugin = vfiod_plugin_entry();
	ck_assert_int_eq(fake_device_new("2", &vdev), 0);
}

static void teardown(void)
{
	plugin->close_device(vdev);
	fake_device_free(vdev);
	ck_assert_uint_eq(fake_eventfds_held(), 0);
}

static uint8_t in(unsigned int bar, unsigned int reg)
{
	uint8_t value;

	ck_assert_int_eq(plugin->read(vdev, &value, 1, BAR(bar, reg)), 1);
	return value;
}

static void out(unsigned int bar, unsigned int reg, uint8_t value)
{
	ck_assert_int_eq(plugin->write(vdev, &value, 1, BAR(bar, reg)), 1);
}

START_TEST(registration)
{
	ck_assert_uint_eq(plugin->struct_size, sizeof(*plugin));
	ck_assert_uint_eq(plugin->api_version, VFIOD_API_VERSION);
	ck_assert_str_eq(plugin->name, "mtty");
	ck_assert_uint_eq(plugin->nr_types, 2);
	ck_assert_str_eq(plugin->types[0].name, "1");
	ck_assert_str_eq(plugin->types[0].pretty_name, "Single port serial");
	ck_assert_str_eq(plugin->types[1].name, "2");
	ck_assert_str_eq(plugin->types[1].pretty_name, "Dual port serial");
	ck_assert_ptr_nonnull(plugin->dma_unmap);
}
END_TEST

/* _i: the number of ports. */
START_TEST(region_table)
{
	const struct vfiod_type *type = &plugin->types[_i - 1];
	const uint64_t sizes[VFIO_PCI_NUM_REGIONS] = {
		8, _i == 2 ? 8 : 0, 0, 0, 0, 0, 0, 255, 0
	};

	ck_assert_uint_eq(type->info_flags, VFIO_DEVICE_FLAGS_PCI);
	ck_assert_uint_eq(type->nr_regions, VFIO_PCI_NUM_REGIONS);
	for (int i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		ck_assert_uint_eq(type->regions[i].size, sizes[i]);
		ck_assert_uint_eq(type->regions[i].flags,
				  VFIO_REGION_INFO_FLAG_READ |
					  VFIO_REGION_INFO_FLAG_WRITE);
		ck_assert_uint_eq(type->regions[i].nr_caps, 0);
	}
}
END_TEST

START_TEST(irq_table)
{
	const struct vfiod_irq *irqs = plugin->types[_i - 1].irqs;

	ck_assert_uint_eq(plugin->types[_i - 1].nr_irqs, VFIO_PCI_NUM_IRQS);
	ck_assert_uint_eq(irqs[VFIO_PCI_INTX_IRQ_INDEX].count, 1);
	ck_assert_uint_eq(irqs[VFIO_PCI_INTX_IRQ_INDEX].flags, 7);
	ck_assert_uint_eq(irqs[VFIO_PCI_MSI_IRQ_INDEX].count, 1);
	ck_assert_uint_eq(irqs[VFIO_PCI_MSI_IRQ_INDEX].flags, 9);
	ck_assert(!irqs[VFIO_PCI_INTX_IRQ_INDEX].absent);
	ck_assert(!irqs[VFIO_PCI_MSI_IRQ_INDEX].absent);
	for (int i = VFIO_PCI_MSIX_IRQ_INDEX; i < VFIO_PCI_NUM_IRQS; i++)
		ck_assert(irqs[i].absent);
}
END_TEST

static unsigned int left_of(unsigned int type)
{
	return plugin->available(&plugin->types[type]);
}

START_TEST(capacity)
{
	struct vfio_device *singles[24];
	struct vfio_device *extra;

	fake_device_free(vdev);
	ck_assert_uint_eq(left_of(0), 24);
	ck_assert_uint_eq(left_of(1), 12);
	for (int i = 0; i < 23; i++)
		ck_assert_int_eq(fake_device_new("1", &singles[i]), 0);
	ck_assert_uint_eq(left_of(0), 1);
	ck_assert_uint_eq(left_of(1), 0);
	ck_assert_int_eq(fake_device_new("2", &extra), -ENOSPC);
	ck_assert_int_eq(fake_device_new("1", &singles[23]), 0);
	ck_assert_int_eq(fake_device_new("1", &extra), -ENOSPC);
	ck_assert_uint_eq(left_of(0), 0);

	fake_device_free(singles[0]);
	fake_device_free(singles[1]);
	ck_assert_int_eq(fake_device_new("2", &vdev), 0);
	ck_assert_int_eq(fake_device_new("1", &extra), -ENOSPC);
	for (int i = 2; i < 24; i++)
		fake_device_free(singles[i]);
	ck_assert_uint_eq(left_of(1), 11);
}
END_TEST

START_TEST(attribute)
{
	char text[64];

	ck_assert_uint_eq(plugin->nr_attributes, 1);
	ck_assert_str_eq(plugin->attributes[0].group, "vendor");
	ck_assert_str_eq(plugin->attributes[0].name, "sample_mdev_dev");
	ck_assert_int_eq(plugin->attributes[0].show(vdev, text, sizeof(text)),
			 sizeof("This is MDEV " FAKE_UUID));
	ck_assert_str_eq(text, "This is MDEV " FAKE_UUID "\n");
}
END_TEST

START_TEST(ports_are_apart)
{
	out(0, UART_TX, 'a');
	out(1, UART_TX, 'b');
	out(1, UART_SCR, 0x5a);
	ck_assert_uint_eq(in(0, UART_SCR), 0);
	ck_assert_uint_eq(in(0, UART_RX), 'a');
	ck_assert_uint_eq(in(1, UART_RX), 'b');
	ck_assert_uint_eq(in(1, UART_SCR), 0x5a);
}
END_TEST

START_TEST(second_port_of_mtty_1)
{
	teardown();
	ck_assert_int_eq(fake_device_new("1", &vdev), 0);
	out(1, UART_TX, 'x');
	ck_assert_uint_eq(in(1, UART_RX), 'x');
}
END_TEST

START_TEST(bars_without_port)
{
	for (unsigned int bar = 2; bar <= VFIO_PCI_BAR5_REGION_INDEX; bar++) {
		out(bar, UART_SCR, 0xff);
		ck_assert_uint_eq(in(bar, UART_SCR), 0);
		ck_assert_uint_eq(in(bar, UART_LSR), 0);
	}
}
END_TEST

/* An access of several bytes is one register, not several. */
START_TEST(wide_accesses)
{
	uint32_t value = 0xffffffff;

	out(0, UART_SCR, 0x77);
	ck_assert_int_eq(plugin->read(vdev, &value, 4, BAR(0, 4)), 4);
	ck_assert_uint_eq(value, 0); /* MCR, and nothing of LSR, MSR, SCR */
	value = 0x04030201;
	ck_assert_int_eq(plugin->write(vdev, &value, 4, BAR(0, 0)), 4);
	ck_assert_uint_eq(in(0, UART_RX), 0x01);
	ck_assert_uint_eq(in(0, UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
	/* Offsets over the BAR's end, and those that 16 bits cannot say. */
	ck_assert_uint_eq(in(0, 8), 0);
	ck_assert_uint_eq(in(0, 0x10000 + UART_SCR), 0x77);
}
END_TEST

/* Seven bytes from 1 on: 1 at IER, 2 at FCR, 4 at MCR. */
START_TEST(splitting)
{
	uint8_t written[7] = { 0x0f, 0x01, 0xee, 0x1f, 0xee, 0xee, 0xee };
	uint8_t bytes[8];

	ck_assert_int_eq(plugin->write(vdev, written, 7, BAR(0, 1)), 7);
	ck_assert_uint_eq(in(0, UART_IER), 0x0f);
	ck_assert_uint_eq(in(0, UART_LCR), 0);
	ck_assert_uint_eq(in(0, UART_MCR), 0x1f);
	ck_assert_uint_eq(in(0, UART_SCR), 0);

	ck_assert_int_eq(plugin->read(vdev, bytes, 8, CONFIG(0x5f)), 8);
	ck_assert_mem_eq(bytes, "\0PCI Ser", 8);
	ck_assert_int_eq(plugin->read(vdev, bytes, 3, CONFIG(0x66)), 3);
	ck_assert_mem_eq(bytes, "ria", 3);
}
END_TEST

START_TEST(sizing_both_bars_at_once)
{
	uint32_t bars[2] = { 0xffffffff, 0xffffffff };

	ck_assert_int_eq(plugin->write(vdev, bars, 8, CONFIG(0x10)), 8);
	ck_assert_int_eq(plugin->read(vdev, bars, 8, CONFIG(0x10)), 8);
	ck_assert_uint_eq(bars[0], 0xfffffff9);
	ck_assert_uint_eq(bars[1], 0xfffffff9);
}
END_TEST

START_TEST(regions_that_fault)
{
	static const unsigned int indices[] = { 6, 8, 9, 0xfff };
	uint8_t bytes[8] = { 0 };

	for (size_t i = 0; i < 4; i++) {
		uint64_t pos = VFIOD_OFFSET(indices[i]);

		ck_assert_int_eq(plugin->read(vdev, bytes, 4, pos), -EFAULT);
		ck_assert_int_eq(plugin->write(vdev, bytes, 4, pos), -EFAULT);
	}
	/* Out of the last BAR into the ROM. */
	ck_assert_int_eq(plugin->read(vdev, bytes, 8, VFIOD_OFFSET(6) - 4),
			 -EFAULT);
	/* Over the end of the configuration space; not out of its region. */
	ck_assert_int_eq(plugin->read(vdev, bytes, 8, CONFIG(0xfc)), 8);
}
END_TEST

START_TEST(get_info)
{
	struct vfio_device_info info;

	memset(&info, 0xee, sizeof(info));
	info.argsz = 15;
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_INFO, &info),
			 -EINVAL);
	ck_assert_uint_eq(info.flags, 0xeeeeeeee);
	info.argsz = 100;
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_INFO, &info), 0);
	ck_assert_uint_eq(info.argsz, 100);
	ck_assert_uint_eq(info.flags, VFIO_DEVICE_FLAGS_PCI);
	ck_assert_uint_eq(info.num_regions, 9);
	ck_assert_uint_eq(info.num_irqs, 5);
	ck_assert_uint_eq(info.cap_offset, 0xeeeeeeee);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_INFO, NULL), -EFAULT);
}
END_TEST

START_TEST(irq_info_needs_get_info)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };

	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_IRQ_INFO, &irq),
			 -EINVAL);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_IRQ_INFO, NULL),
			 -EFAULT);
	info.argsz = 8;
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_INFO, &info),
			 -EINVAL);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_IRQ_INFO, &irq),
			 -EINVAL);
	info.argsz = 16;
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_INFO, &info), 0);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_IRQ_INFO, &irq),
			 VFIOD_NOT_MINE);
	/* It is the device that remembers, not the open file. */
	plugin->close_device(vdev);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_IRQ_INFO, &irq),
			 VFIOD_NOT_MINE);
}
END_TEST

/* Asked with a place that cannot be written, it has been asked. */
START_TEST(get_info_fault_counts)
{
	static const struct vfio_device_info info = { .argsz = 24 };
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };

	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_INFO, &info),
			 -EFAULT);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_IRQ_INFO, &irq),
			 VFIOD_NOT_MINE);
}
END_TEST

START_TEST(other_ioctls)
{
	struct vfio_region_info region = { .argsz = sizeof(region) };

	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_REGION_INFO, &region),
			 VFIOD_NOT_MINE);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_RESET, NULL),
			 VFIOD_NOT_MINE);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
				    &region),
			 VFIOD_NOT_MINE);
}
END_TEST

START_TEST(reset_keeps_the_ports)
{
	out(0, UART_SCR, 0x12);
	out(0, UART_TX, 'r');
	ck_assert_int_eq(plugin->reset(vdev), 0);
	plugin->close_device(vdev);
	ck_assert_uint_eq(in(0, UART_SCR), 0x12);
	ck_assert_uint_eq(in(0, UART_RX), 'r');
}
END_TEST

#define ROUNDS 20000

static void *hammer(void *arg)
{
	unsigned int bar = *(unsigned int *)arg;
	uint8_t byte;

	for (int i = 0; i < ROUNDS; i++) {
		byte = (uint8_t)i;
		plugin->write(vdev, &byte, 1, BAR(bar, UART_TX));
		plugin->read(vdev, &byte, 1, BAR(bar, UART_RX));
	}
	return NULL;
}

/* Two threads on one port, one on the other: whole bytes or none. */
START_TEST(concurrent_accesses)
{
	unsigned int bars[] = { 0, 0, 1 };
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, hammer, &bars[i]), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	for (unsigned int bar = 0; bar < 2; bar++)
		ck_assert_uint_eq(in(bar, UART_LSR),
				  UART_LSR_TEMT | UART_LSR_THRE);
}
END_TEST

static TCase *info_tests(void)
{
	TCase *tc = tcase_create("info");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, registration);
	tcase_add_loop_test(tc, region_table, 1, 3);
	tcase_add_loop_test(tc, irq_table, 1, 3);
	tcase_add_test(tc, capacity);
	tcase_add_test(tc, attribute);
	tcase_add_test(tc, get_info);
	tcase_add_test(tc, irq_info_needs_get_info);
	tcase_add_test(tc, get_info_fault_counts);
	tcase_add_test(tc, other_ioctls);
	return tc;
}

static TCase *access_tests(void)
{
	TCase *tc = tcase_create("access");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, ports_are_apart);
	tcase_add_test(tc, second_port_of_mtty_1);
	tcase_add_test(tc, bars_without_port);
	tcase_add_test(tc, wide_accesses);
	tcase_add_test(tc, splitting);
	tcase_add_test(tc, sizing_both_bars_at_once);
	tcase_add_test(tc, regions_that_fault);
	tcase_add_test(tc, reset_keeps_the_ports);
	tcase_add_test(tc, concurrent_accesses);
	return tc;
}

Suite *mtty_device_suite(void)
{
	Suite *suite = suite_create("mtty device");

	suite_add_tcase(suite, info_tests());
	suite_add_tcase(suite, access_tests());
	return suite;
}
