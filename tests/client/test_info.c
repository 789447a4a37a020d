// SPDX-License-Identifier: BSD-3-Clause
/* What mtty says of itself: GET_INFO, regions, interrupts, features. */
#include <errno.h>
#include <string.h>

#include "client.h"

static struct vfio_session session;

static void open_session(void)
{
	session = vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
}

static void close_session(void)
{
	vfio_session_close(&session);
}

START_TEST(device_info)
{
	struct vfio_device_info info;

	memset(&info, 0xee, sizeof(info));
	info.argsz = 15;
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_GET_INFO,
				    &info),
			 -EINVAL);
	ck_assert_uint_eq(info.flags, 0xeeeeeeee);
	info.argsz = 24;
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_INFO, &info));
	ck_assert_uint_eq(info.argsz, 24);
	ck_assert_uint_eq(info.flags, VFIO_DEVICE_FLAGS_PCI);
	ck_assert_uint_eq(info.num_regions, 9);
	ck_assert_uint_eq(info.num_irqs, 5);
	ck_assert_uint_eq(info.cap_offset, 0xeeeeeeee);
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_GET_INFO, NULL),
			 -EFAULT);
}
END_TEST

START_TEST(device_info_at_page_end)
{
	char *end = page_before_hole() + PAGE;
	uint32_t argsz = 16;

	memcpy(end - 12, &argsz, 4);
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_GET_INFO,
				    end - 12),
			 -EFAULT);
	memcpy(end - 16, &argsz, 4);
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_INFO, end - 16));
}
END_TEST

static void check_region(uint32_t index, uint64_t size)
{
	struct vfio_region_info info = { .argsz = 31, .index = index };

	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_GET_REGION_INFO,
				    &info),
			 -EINVAL);
	info.argsz = 32;
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_REGION_INFO, &info));
	ck_assert_uint_eq(info.argsz, 32);
	ck_assert_uint_eq(info.size, size);
	ck_assert_uint_eq(info.offset, REGION(index));
	ck_assert_uint_eq(info.flags, VFIO_REGION_INFO_FLAG_READ |
					      VFIO_REGION_INFO_FLAG_WRITE);
}

START_TEST(region_info)
{
	struct vfio_region_info info = { .argsz = 32, .index = 9 };

	for (uint32_t i = 0; i < 9; i++)
		check_region(i, i < 2 ? 8 : i == 7 ? 255 : 0);
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_GET_REGION_INFO,
				    &info),
			 -EINVAL);
	info.index = UINT32_MAX;
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_GET_REGION_INFO,
				    &info),
			 -EINVAL);
}
END_TEST

START_TEST(irq_info)
{
	static const uint32_t flags[2] = { 7, 9 };
	struct vfio_device_info device = { .argsz = sizeof(device) };

	/* mtty wants to be asked this first. */
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_INFO, &device));
	for (uint32_t i = 0; i < 6; i++) {
		struct vfio_irq_info info = { .argsz = 16, .index = i };

		ck_assert_int_eq(vfio_ioctl(session.device,
					    VFIO_DEVICE_GET_IRQ_INFO, &info),
				 i < 2 ? 0 : -EINVAL);
		ck_assert_uint_eq(info.flags, i < 2 ? flags[i] : 0);
		ck_assert_uint_eq(info.count, i < 2);
		info.argsz = 15;
		ck_assert_int_eq(vfio_ioctl(session.device,
					    VFIO_DEVICE_GET_IRQ_INFO, &info),
				 -EINVAL);
	}
}
END_TEST

START_TEST(reset)
{
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_RESET, NULL));
}
END_TEST

/* Of a feature that no device has. */
START_TEST(unknown_feature)
{
	struct vfio_device_feature feature = {
		.argsz = sizeof(feature),
		.flags = 4711 | VFIO_DEVICE_FEATURE_PROBE,
	};

	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_FEATURE,
				    &feature),
			 -ENOTTY);
	feature.flags |= VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET;
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_FEATURE,
				    &feature),
			 -ENOTTY);
	feature.flags &= ~VFIO_DEVICE_FEATURE_PROBE;
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_FEATURE,
				    &feature),
			 -EINVAL);
	feature.flags = 1U << 19;
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_FEATURE,
				    &feature),
			 -EINVAL);
	feature.argsz = 7;
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_FEATURE,
				    &feature),
			 -EINVAL);
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_FEATURE, NULL),
			 -EFAULT);
}
END_TEST

/* The other type has one port, so one BAR. */
START_TEST(single_port_device)
{
	struct vfio_session s =
		vfio_session_open(DEV_MTTY1, VFIO_TYPE1v2_IOMMU);
	struct vfio_region_info info = { .argsz = 32, .index = 0 };

	ck_ok(vfio_ioctl(s.device, VFIO_DEVICE_GET_REGION_INFO, &info));
	ck_assert_uint_eq(info.size, 8);
	info.index = 1;
	ck_ok(vfio_ioctl(s.device, VFIO_DEVICE_GET_REGION_INFO, &info));
	ck_assert_uint_eq(info.size, 0);
	ck_assert_uint_eq(info.flags, VFIO_REGION_INFO_FLAG_READ |
					      VFIO_REGION_INFO_FLAG_WRITE);
	vfio_session_close(&s);
}
END_TEST

Suite *info_suite(void)
{
	Suite *suite = suite_create("info");
	TCase *tc = client_case(suite, "info");

	tcase_add_checked_fixture(tc, open_session, close_session);
	tcase_add_test(tc, device_info);
	tcase_add_test(tc, device_info_at_page_end);
	tcase_add_test(tc, region_info);
	tcase_add_test(tc, irq_info);
	tcase_add_test(tc, reset);
	tcase_add_test(tc, unknown_feature);
	tcase_add_test(tc, single_port_device);
	return suite;
}
