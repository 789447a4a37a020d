// SPDX-License-Identifier: BSD-3-Clause
/* Configuration space, OpRegion, EDID, registers, what vGPUs share. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "../../mdevs/vgpu/regs.h"
#include "vgpu_rig.h"

#define CONFIG POS(VFIO_PCI_CONFIG_REGION_INDEX)
#define OPREGION POS(VFIO_PCI_NUM_REGIONS)
#define EDID POS(VFIO_PCI_NUM_REGIONS + 1)
#define EDID_REG(name) (EDID + offsetof(struct vfio_region_gfx_edid, name))
#define BLOB (EDID + 2048)

static uint32_t get(uint64_t pos, size_t len)
{
	uint32_t value = 0;

	ck_assert_int_eq(vgpu_rig_access(rig.vdev, pos, &value, len, false), 0);
	return value;
}

static int put(uint64_t pos, uint32_t value, size_t len)
{
	return vgpu_rig_access(rig.vdev, pos, &value, len, true);
}

START_TEST(identity)
{
	ck_assert_uint_eq(get(CONFIG + PCI_VENDOR_ID, 4), 0x19128086);
	ck_assert_uint_eq(get(CONFIG + PCI_CLASS_REVISION, 4), 0x03000006);
	ck_assert_int_eq(put(CONFIG + PCI_VENDOR_ID, 0, 4), 0);
	ck_assert_uint_eq(get(CONFIG + PCI_VENDOR_ID, 4), 0x19128086);
	ck_assert_uint_eq(get(CONFIG + 4092, 4), 0);
}
END_TEST

START_TEST(bars_tell_their_size)
{
	static const uint32_t masks[6] = { 0xff000004, 0xffffffff, 0xc000000c,
					   0xffffffff, 0,	   0 };

	for (unsigned int i = 0; i < 6; i++) {
		uint64_t bar = CONFIG + PCI_BASE_ADDRESS_0 + 4 * i;

		ck_assert_int_eq(put(bar, 0xffffffff, 4), 0);
		ck_assert_uint_eq(get(bar, 4), masks[i]);
	}
	ck_assert_int_eq(put(CONFIG + PCI_BASE_ADDRESS_0, 0xfe000000, 4), 0);
	ck_assert_uint_eq(get(CONFIG + PCI_BASE_ADDRESS_0, 4), 0xfe000004);
	ck_assert_int_eq(put(CONFIG + PCI_BASE_ADDRESS_0 + 2, 0, 2), -EFAULT);
}
END_TEST

START_TEST(command_by_itself)
{
	ck_assert_int_eq(put(CONFIG + PCI_COMMAND, 0xffff, 2), 0);
	ck_assert_uint_eq(get(CONFIG + PCI_COMMAND, 2), 0x07ff);
	ck_assert_int_eq(put(CONFIG + PCI_COMMAND, 0, 4), -EFAULT);
	ck_assert_uint_eq(get(CONFIG + PCI_COMMAND, 4), 0x001007ff);
}
END_TEST

START_TEST(reset_restores)
{
	ck_assert_int_eq(put(CONFIG + PCI_INTERRUPT_LINE, 9, 1), 0);
	gpu_set(&rig.gpu, GT_IMR, 0);
	gpu_set(&rig.gpu, 0x1234, 5);
	ck_assert_int_eq(vfiod_plugin_entry()->reset(rig.vdev), 0);
	ck_assert_uint_eq(get(CONFIG + PCI_INTERRUPT_LINE, 1), 0);
	ck_assert_uint_eq(gpu_get(&rig.gpu, GT_IMR), UINT32_MAX);
	ck_assert_uint_eq(gpu_get(&rig.gpu, 0x1234), 0);
}
END_TEST

START_TEST(registers)
{
	uint64_t bar0 = POS(VFIO_PCI_BAR0_REGION_INDEX);

	ck_assert_uint_eq(gpu_get(&rig.gpu, PVINFO), 0x47765447);
	gpu_set(&rig.gpu, PVINFO_ID, 77);
	ck_assert_uint_eq(gpu_get(&rig.gpu, PVINFO_ID), 1);
	gpu_set(&rig.gpu, 0x1234, 0x11223344);
	ck_assert_int_eq(put(bar0 + 0x1235, 0xaa, 1), 0);
	ck_assert_uint_eq(gpu_get(&rig.gpu, 0x1234), 0x1122aa44);
	ck_assert_uint_eq(get(bar0 + 0x1236, 2), 0x1122);
	/* Between registers and GTT, and behind. */
	ck_assert_int_eq(put(bar0 + VGPU_MMIO_SIZE, 0, 4), -EFAULT);
	ck_assert_int_eq(put(bar0 + VGPU_BAR0_SIZE, 0, 4), -EFAULT);
}
END_TEST

/* Regions without anything, and where the index ends. */
START_TEST(other_regions)
{
	static const unsigned int none[] = { 1, 3, 4, 5, 6, 8, 11, 1000 };
	uint32_t value = 0;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_int_eq(vgpu_rig_access(rig.vdev, POS(none[i]), &value,
						 4, false),
				 -EFAULT);
}
END_TEST

/* What fails at its end fails. */
START_TEST(over_the_end)
{
	uint8_t buf[8];

	ck_assert_int_eq(vgpu_rig_access(rig.vdev, CONFIG + 4092, buf, 8,
					 false),
			 -EFAULT);
	ck_assert_int_eq(
		vgpu_rig_access(rig.vdev, OPREGION + 8188, buf, 4, false), 0);
	ck_assert_int_eq(vgpu_rig_access(rig.vdev, OPREGION + 8188, buf, 8,
					 false),
			 -EFAULT);
	ck_assert_int_eq(put(OPREGION, 0, 1), -EFAULT);
}
END_TEST

START_TEST(edid_registers)
{
	ck_assert_uint_eq(get(EDID_REG(link_state), 4), 0);
	ck_assert_int_eq(put(EDID_REG(link_state), 1, 4), 0);
	ck_assert_int_eq(put(EDID_REG(link_state), 2, 4), 0);
	ck_assert_int_eq(put(EDID_REG(link_state), 3, 4), -EFAULT);
	ck_assert_uint_eq(get(EDID_REG(link_state), 4), 2);
	ck_assert_int_eq(put(EDID_REG(max_xres), 1, 4), -EFAULT);
	ck_assert_int_eq(put(EDID_REG(edid_size), 129, 4), -EFAULT);
	ck_assert_int_eq(put(EDID_REG(link_state), 1, 2), -EFAULT);
	ck_assert_int_eq(put(EDID + sizeof(struct vfio_region_gfx_edid), 1, 4),
			 -EFAULT);
}
END_TEST

START_TEST(edid_blob)
{
	uint8_t blob[128], sum = 0;

	ck_assert_int_eq(vgpu_rig_access(rig.vdev, BLOB, blob, 128, false), 0);
	for (unsigned int i = 0; i < 128; i++)
		sum = (uint8_t)(sum + blob[i]);
	ck_assert_uint_eq(sum, 0);
	/* 1024x768 in the first detailed timing. */
	ck_assert_uint_eq(blob[56] | (blob[58] & 0xf0) << 4, 1024);
	ck_assert_uint_eq(blob[59] | (blob[61] & 0xf0) << 4, 768);
	ck_assert_int_eq(put(EDID_REG(edid_size), 8, 4), 0);
	ck_assert_int_eq(put(BLOB + 7, 1, 1), 0);
	ck_assert_int_eq(put(BLOB + 8, 1, 1), -EFAULT);
	/* The magic is broken now. */
	ck_assert_int_eq(put(EDID_REG(link_state), 1, 4), -EFAULT);
	ck_assert_int_eq(put(BLOB + 7, 0, 1), 0);
	ck_assert_int_eq(put(EDID_REG(link_state), 1, 4), 0);
}
END_TEST

static unsigned int left(unsigned int i)
{
	const struct vfiod_plugin *plugin = vfiod_plugin_entry();

	return plugin->available(&plugin->types[i]);
}

static void expect_left(unsigned int v8, unsigned int v4, unsigned int v2,
			unsigned int v1)
{
	ck_assert_uint_eq(left(0), v8);
	ck_assert_uint_eq(left(1), v4);
	ck_assert_uint_eq(left(2), v2);
	ck_assert_uint_eq(left(3), v1);
}

/* Each has its own part of what there is. */
START_TEST(instances)
{
	const struct vfiod_attribute *id = vfiod_plugin_entry()->attributes;
	struct vfio_device *big, *small, *none;
	char text[16];

	expect_left(6, 4, 2, 1);
	ck_assert_int_eq(fake_device_new("V5_2", &big), 0);
	expect_left(3, 2, 1, 0);
	ck_assert_int_eq(fake_device_new("V5_1", &none), -ENOSPC);
	ck_assert_int_eq(fake_device_new("V5_2", &small), 0);
	expect_left(0, 0, 0, 0);
	ck_assert_int_eq(fake_device_new("V5_8", &none), -ENOSPC);
	ck_assert_int_eq(id->show(small, text, sizeof(text)), 2);
	ck_assert_str_eq(text, "3\n");
	fake_device_free(big);
	fake_device_free(small);
	expect_left(6, 4, 2, 1);
}
END_TEST

START_TEST(as_many_as_it_says)
{
	struct vfio_device *more[6], *none;

	for (unsigned int i = 0; i < 6; i++)
		ck_assert_int_eq(fake_device_new("V5_8", &more[i]), 0);
	expect_left(0, 0, 0, 0);
	ck_assert_int_eq(fake_device_new("V5_8", &none), -ENOSPC);
	for (unsigned int i = 0; i < 6; i++)
		fake_device_free(more[i]);
}
END_TEST

Suite *vgpu_device_suite(void)
{
	Suite *suite = suite_create("vgpu device");
	TCase *tc = tcase_create("device");

	tcase_add_checked_fixture(tc, vgpu_rig_setup, vgpu_rig_teardown);
	tcase_add_test(tc, identity);
	tcase_add_test(tc, bars_tell_their_size);
	tcase_add_test(tc, command_by_itself);
	tcase_add_test(tc, reset_restores);
	tcase_add_test(tc, registers);
	tcase_add_test(tc, other_regions);
	tcase_add_test(tc, over_the_end);
	tcase_add_test(tc, edid_registers);
	tcase_add_test(tc, edid_blob);
	tcase_add_test(tc, instances);
	tcase_add_test(tc, as_many_as_it_says);
	suite_add_tcase(suite, tc);
	return suite;
}
