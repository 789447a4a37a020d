// SPDX-License-Identifier: BSD-3-Clause
/* Resets of a PCI function and its bus, and bad descriptions. */
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

/* Each open resets, as vfio_pci_core_enable() does. */
START_TEST(function_reset)
{
	ck_assert_uint_eq(r.resets, 1);
	pci_put(&r, PCI_RIG_PM + PCI_PM_CTRL, 2, 3);
	ck_assert_int_eq(vfio_device_file_ioctl(r.m.devs[0].file,
						VFIO_DEVICE_RESET, 0),
			 0);
	ck_assert_uint_eq(r.resets, 2);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_PM + PCI_PM_CTRL, 1) & 3, 0);
	/* By the bit in Device Control, which reads 0. */
	pci_put(&r, PCI_RIG_EXP + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
	ck_assert_uint_eq(r.resets, 3);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_EXP + PCI_EXP_DEVCTL, 2), 0);
	model_close(&r.m, 0);
	model_open(&r.m, 0);
	ck_assert_uint_eq(r.resets, 4);
}
END_TEST

struct info {
	struct vfio_pci_hot_reset_info info;
	struct vfio_pci_dependent_device devs[2];
};

START_TEST(hot_reset_info)
{
	struct info arg = { .info.argsz = sizeof(arg) };

	ck_assert_int_eq(model_device_ioctl(&r.m,
					    VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
					    &arg, sizeof(arg)),
			 0);
	ck_assert_uint_eq(arg.info.count, 2);
	ck_assert_uint_eq(arg.devs[0].group_id + arg.devs[1].group_id, 1);
	ck_assert_uint_eq(arg.devs[0].bus, 1);
	arg.info.argsz = sizeof(arg) - 1;
	arg.info.count = 0;
	ck_assert_int_eq(model_device_ioctl(&r.m,
					    VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
					    &arg, sizeof(arg)),
			 -ENOSPC);
	ck_assert_uint_eq(arg.info.count, 2);
	arg.info.argsz = 11;
	ck_assert_int_eq(model_device_ioctl(&r.m,
					    VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
					    &arg, sizeof(arg)),
			 -EINVAL);
	/* On the root bus nothing is reset. */
	r.bus.number = 0;
	arg.info.argsz = sizeof(arg);
	ck_assert_int_eq(model_device_ioctl(&r.m,
					    VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
					    &arg, sizeof(arg)),
			 -ENODEV);
}
END_TEST

static int hot_reset(uint32_t flags, uint32_t count, int32_t a, int32_t b)
{
	struct {
		struct vfio_pci_hot_reset hdr;
		int32_t fds[3];
	} arg = {
		.hdr = { .argsz = sizeof(arg), .flags = flags, .count = count },
		.fds = { a, b }
	};

	return model_device_ioctl(&r.m, VFIO_DEVICE_PCI_HOT_RESET, &arg,
				  sizeof(arg));
}

START_TEST(bus_reset)
{
	int a = host_client_add_group(&r.m.client, r.m.devs[0].group);
	int b = host_client_add_group(&r.m.client, r.m.devs[1].group);

	ck_assert_int_eq(hot_reset(1, 2, a, b), -EINVAL);
	ck_assert_int_eq(hot_reset(0, 0, a, b), -EINVAL);
	ck_assert_int_eq(hot_reset(0, 3, a, b), -EINVAL);
	ck_assert_int_eq(hot_reset(0, 1, a, b), -EINVAL);
	ck_assert_int_eq(hot_reset(0, 2, a, 30), -EBADF);
	ck_assert_int_eq(hot_reset(0, 2, a, r.m.container_fd), -EINVAL);
	ck_assert_uint_eq(r.resets, 1);
	ck_assert_int_eq(hot_reset(0, 2, a, b), 0);
	ck_assert_uint_eq(r.resets, 2); /* the other is not open */
	model_open(&r.m, 1);
	ck_assert_int_eq(hot_reset(0, 2, b, a), 0);
	ck_assert_uint_eq(r.resets, 5);
}
END_TEST

/* What no function can have is refused when the device is made. */
START_TEST(bad_descriptions)
{
	static const struct {
		uint64_t size;
		uint8_t flags;
		uint32_t msi, msix, pin;
	} bad[] = {
		{ .size = 100 },
		{ .size = 8 },
		{ .size = 512, .flags = VFIOD_PCI_BAR_IO },
		{ .size = 1ULL << 32 },
		{ .size = 64, .flags = VFIOD_PCI_BAR_IO | VFIOD_PCI_BAR_64 },
		{ .size = 4096, .msi = 3 },
		{ .size = 4096, .msi = 64 },
		{ .size = 4096, .msix = 257 },
		{ .size = 4096, .pin = 5 },
	};
	struct vfiod_region region = { .flags = VFIO_REGION_INFO_FLAG_READ };
	struct vfiod_pci desc = { VFIOD_PCI_SIZES };
	const struct vfiod_type type = {
		.name = "x", .nr_regions = 1, .regions = &region, .pci = &desc
	};
	const struct vfio_device_desc device = { .plugin = &pci_rig_plugin,
						 .type = &type,
						 .name = "bad" };
	struct vfio_device *vdev;

	region.size = bad[_i].size;
	desc.bar_flags[0] = bad[_i].flags;
	desc.msi_vectors = bad[_i].msi;
	desc.msix_vectors = bad[_i].msix;
	desc.interrupt_pin = bad[_i].pin;
	ck_assert_int_eq(vfio_device_create(r.m.devs[0].group, &device, &vdev),
			 -EINVAL);
}
END_TEST

Suite *pci_reset_suite(void)
{
	Suite *suite = suite_create("pci reset");
	TCase *tcase = tcase_create("reset");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, function_reset);
	tcase_add_test(tcase, hot_reset_info);
	tcase_add_test(tcase, bus_reset);
	tcase_add_loop_test(tcase, bad_descriptions, 0, 9);
	suite_add_tcase(suite, tcase);
	return suite;
}
