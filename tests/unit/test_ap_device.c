// SPDX-License-Identifier: BSD-3-Clause
/* The device: its ioctls, and the interrupts of its queues. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "attribute.h"
#include "fake_dma.h"
#include "fake_services.h"
#include "suites.h"

#define NONE VFIO_IRQ_SET_DATA_NONE
#define BOOL VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define NIB (FAKE_DMA_BASE + 0x1234)

static const struct vfiod_plugin *plugin;
static struct vfio_device *vdev;

static void setup(void)
{
	fake_reset();
	fake_dma_reset();
	plugin = vfiod_plugin_entry();
	ck_assert_int_eq(fake_device_new("passthrough", &vdev), 0);
	/* 02.0004, 02.0005, 03.0004, 03.0005 */
	ck_assert_int_eq(attribute_store(vdev, "ap_config", "0x3,0x0c,0x0"), 0);
}

static void teardown(void)
{
	plugin->close_device(vdev);
	ck_assert_uint_eq(fake_dma_pins(), 0);
	ck_assert_uint_eq(fake_eventfds_held(), 0);
	fake_device_free(vdev);
}

static int aqic(const char *text)
{
	return attribute_store(vdev, "aqic", text);
}

START_TEST(tables)
{
	const struct vfiod_type *type = &plugin->types[0];

	ck_assert_str_eq(plugin->name, "ap");
	ck_assert_str_eq(type->name, "passthrough");
	ck_assert_uint_eq(type->info_flags, 0x21);
	ck_assert_uint_eq(type->nr_regions, 0);
	ck_assert_uint_eq(type->nr_irqs, 1);
	ck_assert_uint_eq(type->irqs[0].count, 1);
	ck_assert_uint_eq(type->irqs[0].flags, VFIO_IRQ_INFO_EVENTFD);
	ck_assert(!plugin->read && !plugin->write && !plugin->access);
}
END_TEST

START_TEST(ioctls)
{
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_INFO, NULL),
			 VFIOD_NOT_MINE);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_IRQ_INFO, NULL),
			 VFIOD_NOT_MINE);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_RESET, NULL),
			 VFIOD_NOT_MINE);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_GET_REGION_INFO, NULL),
			 -EOPNOTSUPP);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_GET_API_VERSION, NULL),
			 -EOPNOTSUPP);
}
END_TEST

static long set_irqs(uint32_t index, uint32_t flags, uint32_t count, int32_t fd)
{
	struct {
		struct vfio_irq_set hdr;
		int32_t fd;
	} set = {
		.hdr = { .argsz = sizeof(set),
			 .flags = flags,
			 .index = index,
			 .count = count },
		.fd = fd,
	};

	return fake_ioctl(vdev, VFIO_DEVICE_SET_IRQS, &set);
}

START_TEST(request_irq)
{
	int fd = fake_eventfd_new(), other = fake_eventfd_new();

	plugin->request(vdev, 0);
	ck_assert_int_eq(set_irqs(0, EVENTFD | TRIGGER, 1, fd), 0);
	plugin->request(vdev, 1);
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
	ck_assert_int_eq(set_irqs(0, EVENTFD | TRIGGER, 1, other), 0);
	plugin->request(vdev, 2);
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
	ck_assert_uint_eq(fake_eventfd_take(other), 1);
	ck_assert_uint_eq(fake_eventfds_held(), 1);
	ck_assert_int_eq(set_irqs(0, EVENTFD | TRIGGER, 0, -1), 0);
	ck_assert_uint_eq(fake_eventfds_held(), 0);
}
END_TEST

START_TEST(set_irqs_refused)
{
	int fd = fake_eventfd_new();

	ck_assert_int_eq(set_irqs(0, EVENTFD | TRIGGER, 1, fd), 0);
	ck_assert_int_eq(set_irqs(1, EVENTFD | TRIGGER, 1, fd), -EINVAL);
	ck_assert_int_eq(set_irqs(0, EVENTFD | TRIGGER, 2, fd), -EINVAL);
	ck_assert_int_eq(set_irqs(0, NONE | TRIGGER, 1, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(0, BOOL | TRIGGER, 1, 1), -EINVAL);
	ck_assert_int_eq(set_irqs(0, EVENTFD, 1, fd), -EINVAL);
	ck_assert_int_eq(set_irqs(0, EVENTFD | VFIO_IRQ_SET_ACTION_MASK, 1, fd),
			 -EINVAL);
	ck_assert_int_eq(set_irqs(0, EVENTFD | TRIGGER, 1, -2), -EINVAL);
	ck_assert_int_eq(set_irqs(0, EVENTFD | TRIGGER, 1, FAKE_PLAIN_FD),
			 -EINVAL);
	ck_assert_int_eq(set_irqs(0, EVENTFD | TRIGGER, 1, 9999), -EBADF);
	ck_assert_int_eq(fake_ioctl(vdev, VFIO_DEVICE_SET_IRQS, NULL), -EFAULT);
	/* And the one that was set is as it was. */
	plugin->request(vdev, 0);
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
}
END_TEST

START_TEST(enable)
{
	ck_assert_int_eq(aqic("02.0004 0x11234 3\n"), 0);
	ck_assert_uint_eq(fake_dma_pins_at(NIB), 1);
	ck_assert_uint_eq(fake_dma_pins(), 1);
	ck_assert_str_eq(attribute_show(vdev, "aqic"), "02.0004 0x11234 3\n");
	ck_assert_int_eq(attribute_store(vdev, "reply", "02.0004\n"), 0);
	ck_assert_uint_eq(*(uint8_t *)fake_dma_at(NIB), 1);
	ck_assert_uint_eq(*(uint8_t *)fake_dma_at(NIB - 1), 0);
	ck_assert_uint_eq(*(uint8_t *)fake_dma_at(NIB + 1), 0);
	ck_assert_int_eq(aqic("02.0004"), 0);
	ck_assert_uint_eq(fake_dma_pins(), 0);
	ck_assert_str_eq(attribute_show(vdev, "aqic"), "");
	ck_assert_int_eq(attribute_store(vdev, "reply", "02.0004"), -EINVAL);
	ck_assert_int_eq(aqic("02.0004"), 0);
}
END_TEST

START_TEST(enable_again)
{
	ck_assert_int_eq(aqic("02.0004 0x11234 3"), 0);
	ck_assert_int_eq(aqic("02.0004 0x13000 4"), 0);
	ck_assert_uint_eq(fake_dma_pins_at(NIB), 0);
	ck_assert_uint_eq(fake_dma_pins_at(0x13000), 1);
	ck_assert_uint_eq(fake_dma_pins(), 1);
	/* One that fails leaves the one before. */
	fake_dma_prot(0x14000, 0);
	ck_assert_int_eq(aqic("02.0004 0x14000 4"), -EINVAL);
	fake_dma_prot(0x14000, VFIO_DMA_MAP_FLAG_READ);
	ck_assert_int_eq(aqic("02.0004 0x14000 4"), -EPERM);
	ck_assert_str_eq(attribute_show(vdev, "aqic"), "02.0004 0x13000 4\n");
	ck_assert_uint_eq(fake_dma_pins(), 1);
	/* The same address twice: the new pin comes before the old one goes. */
	ck_assert_int_eq(aqic("02.0004 0x13000 5"), 0);
	ck_assert_uint_eq(fake_dma_pins_at(0x13000), 1);
}
END_TEST

START_TEST(enable_refused)
{
	ck_assert_int_eq(aqic("02.0003 0x11000 3"), -ENODEV);
	ck_assert_int_eq(aqic("ff.0004 0x11000 3"), -ENODEV);
	ck_assert_int_eq(aqic("02.ffff"), -ENODEV);
	ck_assert_int_eq(attribute_store(vdev, "reply", "01.0004"), -ENODEV);
	ck_assert_int_eq(aqic("02.0004 0 3"), -EINVAL);
	ck_assert_int_eq(aqic("02.0004 0x11000 8"), -EINVAL);
	ck_assert_int_eq(aqic("02.0004 0x11000"), -EINVAL);
	ck_assert_int_eq(aqic("02.0004 0x11000 3 x"), -EINVAL);
	ck_assert_int_eq(aqic("2"), -EINVAL);
	ck_assert_int_eq(aqic(""), -EINVAL);
	ck_assert_uint_eq(fake_dma_pins(), 0);
}
END_TEST

static void enable_three(void)
{
	ck_assert_int_eq(aqic("02.0004 0x10fff 1"), 0);
	ck_assert_int_eq(aqic("02.0005 0x11000 1"), 0);
	ck_assert_int_eq(aqic("03.0004 0x12fff 1"), 0);
}

START_TEST(unmap)
{
	enable_three();
	plugin->dma_unmap(vdev, 0x13000, 0x1000);
	ck_assert_uint_eq(fake_dma_pins(), 3);
	plugin->dma_unmap(vdev, 0x11000, 0x2000);
	ck_assert_str_eq(attribute_show(vdev, "aqic"), "02.0004 0x10fff 1\n");
	ck_assert_uint_eq(fake_dma_pins(), 1);
	/* All there is: iommufd's way to say so. */
	plugin->dma_unmap(vdev, 0, UINT64_MAX);
	ck_assert_uint_eq(fake_dma_pins(), 0);
}
END_TEST

START_TEST(reset)
{
	enable_three();
	ck_assert_int_eq(plugin->reset(vdev), 0);
	ck_assert_uint_eq(fake_dma_pins(), 0);
	ck_assert_uint_eq(strlen(attribute_show(vdev, "matrix")), 4 * 8);
}
END_TEST

START_TEST(unassign)
{
	enable_three();
	ck_assert_int_eq(attribute_store(vdev, "unassign_domain", "5"), 0);
	ck_assert_uint_eq(fake_dma_pins(), 2);
	ck_assert_uint_eq(fake_dma_pins_at(0x11000), 0);
	ck_assert_int_eq(attribute_store(vdev, "ap_config", "0x1,0x0f,0x0"), 0);
	ck_assert_str_eq(attribute_show(vdev, "aqic"), "03.0004 0x12fff 1\n");
	ck_assert_int_eq(attribute_store(vdev, "unassign_adapter", "3"), 0);
	ck_assert_uint_eq(fake_dma_pins(), 0);
}
END_TEST

START_TEST(capacity)
{
	static struct vfio_device *more[255];
	struct vfio_device *extra;

	for (int i = 0; i < 255; i++)
		ck_assert_int_eq(fake_device_new("passthrough", &more[i]), 0);
	ck_assert_uint_eq(plugin->available(&plugin->types[0]), 0);
	ck_assert_int_eq(fake_device_new("passthrough", &extra), -ENOSPC);
	for (int i = 0; i < 255; i++)
		fake_device_free(more[i]);
	ck_assert_uint_eq(plugin->available(&plugin->types[0]), 255);
}
END_TEST

Suite *ap_device_suite(void)
{
	Suite *suite = suite_create("ap device");
	TCase *tc = tcase_create("device");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, tables);
	tcase_add_test(tc, ioctls);
	tcase_add_test(tc, request_irq);
	tcase_add_test(tc, set_irqs_refused);
	tcase_add_test(tc, enable);
	tcase_add_test(tc, enable_again);
	tcase_add_test(tc, enable_refused);
	tcase_add_test(tc, unmap);
	tcase_add_test(tc, reset);
	tcase_add_test(tc, unassign);
	tcase_add_test(tc, capacity);
	suite_add_tcase(suite, tc);
	return suite;
}
