// SPDX-License-Identifier: BSD-3-Clause
/* mdpy: a client of the mdpy plugin, started by mdpy.sh over any transport. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"

#define RW (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE)
#define MEMORY 0x1000 /* where it is in the file */
#define DISPLAY 16
#define FORMAT 0x34325258

/* By their place on the command line, from 1 on. */
static const struct mode {
	uint32_t width, height, memory;
} modes[] = {
	{ 640, 480, 2 << 20 },
	{ 1024, 768, 4 << 20 },
	{ 1920, 1080, 8 << 20 },
};
#define NR_MODES ((int)(sizeof(modes) / sizeof(modes[0])))

static struct vfio_session session;

static void setup(int n)
{
	session = vfio_session_open(n, VFIO_TYPE1v2_IOMMU);
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_RESET, NULL));
}

static void teardown(void)
{
	vfio_session_close(&session);
}

static uint32_t config_read(uint64_t offset)
{
	uint32_t value = 0;

	ck_assert_int_eq(pread(session.device, &value, 4, (off_t)offset), 4);
	return value;
}

static uint32_t config_write(uint64_t offset, uint32_t value)
{
	ck_assert_int_eq(pwrite(session.device, &value, 4, (off_t)offset), 4);
	return config_read(offset);
}

static int region_info(uint32_t index, struct vfio_region_info *info)
{
	memset(info, 0xee, sizeof(*info));
	info->argsz = sizeof(*info);
	info->index = index;
	return vfio_ioctl(session.device, VFIO_DEVICE_GET_REGION_INFO, info);
}

START_TEST(config_space)
{
	const struct mode *mode = &modes[_i];
	uint8_t bytes[255];

	setup(_i + 1);
	ck_assert_uint_eq(config_read(0), 0x000f1b36);
	ck_assert_uint_eq(config_read(4), 0x00100003);
	ck_assert_uint_eq(config_read(8), 0x03800001);
	ck_assert_uint_eq(config_read(0x2c), 0x11001af4);
	ck_assert_uint_eq(config_read(0x34), 0x40);
	ck_assert_uint_eq(config_read(0x40), 0x00100009);
	ck_assert_uint_eq(config_read(0x44), FORMAT);
	ck_assert_uint_eq(config_read(0x48), mode->width);
	ck_assert_uint_eq(config_read(0x4c), mode->height);
	/* The BAR can be written, and asked for its size. */
	ck_assert_uint_eq(config_write(0x10, ~0U), -mode->memory | 8);
	ck_assert_uint_eq(config_write(0x10, 0xe0000001), 0xe0000008);
	ck_assert_uint_eq(config_write(0x10, 0), 8);
	ck_assert_uint_eq(config_write(0x48, 5), mode->width);
	ck_assert_int_eq(pread(session.device, bytes, sizeof(bytes), 0), 255);
	ck_assert_int_eq(pread(session.device, bytes, 1, 255), -1);
	ck_assert_int_eq(errno, EFAULT);
}
END_TEST

START_TEST(information)
{
	const struct mode *mode = &modes[_i];
	uint32_t mmap_flag = client_can_map() ? VFIO_REGION_INFO_FLAG_MMAP : 0;
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq), .flags = 0xaa };
	struct vfio_region_info region;

	setup(_i + 1);
	/* The number of indices is known from GET_INFO on. */
	irq.index = VFIO_PCI_MSI_IRQ_INDEX;
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_INFO, &info));
	ck_assert_uint_eq(info.flags, VFIO_DEVICE_FLAGS_PCI);
	ck_assert_uint_eq(info.num_regions, VFIO_PCI_NUM_REGIONS);
	ck_assert_uint_eq(info.num_irqs, VFIO_PCI_NUM_IRQS);
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_IRQ_INFO, &irq));
	ck_assert_uint_eq(irq.count, 0);
	ck_assert_uint_eq(irq.flags, 0xaa);
	irq.index = VFIO_PCI_NUM_IRQS;
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_GET_IRQ_INFO,
				    &irq),
			 -EINVAL);
	ck_assert_int_eq(vfio_disable_irqs(session.device, 0), -EINVAL);

	for (uint32_t i = 0; i <= DISPLAY + 1; i++) {
		if (i == 0 || i == DISPLAY) {
			ck_ok(region_info(i, &region));
			ck_assert_uint_eq(region.offset, MEMORY);
			ck_assert_uint_eq(region.size, mode->memory);
			ck_assert_uint_eq(region.flags, RW | mmap_flag);
		} else if (i >= VFIO_PCI_NUM_REGIONS) {
			ck_assert_int_eq(region_info(i, &region), -EINVAL);
		} else {
			ck_ok(region_info(i, &region));
			ck_assert_uint_eq(region.offset, 0);
			ck_assert_uint_eq(region.size, i == 7 ? 255 : 0);
			ck_assert_uint_eq(region.flags, i == 7 ? RW : 0);
		}
	}
}
END_TEST

static int query(uint32_t flags, struct vfio_device_gfx_plane_info *plane)
{
	memset(plane, 0, sizeof(*plane));
	plane->argsz = sizeof(*plane);
	plane->flags = flags;
	return vfio_ioctl(session.device, VFIO_DEVICE_QUERY_GFX_PLANE, plane);
}

START_TEST(plane)
{
	const struct mode *mode = &modes[_i];
	struct vfio_device_gfx_plane_info info;
	uint32_t probe = VFIO_GFX_PLANE_TYPE_PROBE;

	setup(_i + 1);
	ck_ok(query(probe | VFIO_GFX_PLANE_TYPE_REGION, &info));
	ck_assert_int_eq(query(probe | VFIO_GFX_PLANE_TYPE_DMABUF, &info),
			 -EINVAL);
	ck_assert_int_eq(query(VFIO_GFX_PLANE_TYPE_DMABUF, &info), -EINVAL);
	ck_assert_int_eq(query(0, &info), -EINVAL);
	ck_ok(query(VFIO_GFX_PLANE_TYPE_REGION, &info));
	ck_assert_uint_eq(info.drm_format, FORMAT);
	ck_assert_uint_eq(info.width, mode->width);
	ck_assert_uint_eq(info.height, mode->height);
	ck_assert_uint_eq(info.stride, mode->width * 4);
	ck_assert_uint_eq(info.size, mode->memory);
	ck_assert_uint_eq(info.region_index, DISPLAY);
}
END_TEST

START_TEST(gradient)
{
	const struct mode *mode = &modes[_i];
	size_t stride = mode->width * 4UL;
	uint8_t *line = malloc(stride);

	setup(_i + 1);
	ck_assert_ptr_nonnull(line);
	for (uint32_t i = 0; i < mode->height; i += 7) {
		ck_assert_int_eq(pread(session.device, line, stride,
				       (off_t)(MEMORY + i * stride)),
				 (ssize_t)stride);
		for (size_t x = 0; x < stride; x++)
			ck_assert_uint_eq(line[x], i * 255 / mode->height);
	}
	free(line);
}
END_TEST

START_TEST(reads_and_writes)
{
	off_t end = MEMORY + (off_t)modes[0].memory;
	uint8_t bytes[] = "abcdefg", back[sizeof(bytes)];

	setup(1);
	ck_assert_int_eq(pwrite(session.device, bytes, 7, MEMORY + 0x2001), 7);
	ck_assert_int_eq(pread(session.device, back, 7, MEMORY + 0x2001), 7);
	ck_assert_mem_eq(back, bytes, 7);
	ck_assert_int_eq(pread(session.device, back, 4, end - 4), 4);
	ck_assert_int_eq(pread(session.device, back, 5, end - 4), -1);
	ck_assert_int_eq(errno, EFAULT);
	ck_assert_int_eq(pread(session.device, back, 4, MEMORY - 4), -1);
	ck_assert_int_eq(errno, EFAULT);
}
END_TEST

START_TEST(mapped)
{
	const struct mode *mode = &modes[_i];
	off_t last = (off_t)mode->memory - 1;
	uint8_t *memory, byte = 0;

	setup(_i + 1);
	memory = mmap(NULL, mode->memory, PROT_READ | PROT_WRITE, MAP_SHARED,
		      session.device, MEMORY);
	if (!client_can_map()) {
		ck_assert_ptr_eq(memory, MAP_FAILED);
		return;
	}
	ck_assert_ptr_ne(memory, MAP_FAILED);
	ck_assert_uint_eq(memory[mode->width * 4UL * (mode->height - 1)],
			  (mode->height - 1) * 255 / mode->height);
	memory[last] = 0x5a;
	ck_assert_int_eq(pread(session.device, &byte, 1, MEMORY + last), 1);
	ck_assert_uint_eq(byte, 0x5a);
	byte = 0xa5;
	ck_assert_int_eq(pwrite(session.device, &byte, 1, MEMORY + 5), 1);
	ck_assert_uint_eq(memory[5], 0xa5);
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_RESET, NULL));
	ck_assert_uint_eq(memory[5], 0);
	munmap(memory, mode->memory);
}
END_TEST

START_TEST(sysfs)
{
	char path[512], text[32] = "", expected[32];
	FILE *file;

	snprintf(path, sizeof(path), "%s/vendor/resolution",
		 vfio_sysfsdev(_i + 1));
	snprintf(expected, sizeof(expected), "%ux%u\n", modes[_i].width,
		 modes[_i].height);
	setup(_i + 1);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
	fclose(file);
	ck_assert_str_eq(text, expected);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mdpy");
	TCase *tcase = client_case(suite, "mdpy");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_loop_test(tcase, config_space, 0, NR_MODES);
	tcase_add_loop_test(tcase, information, 0, NR_MODES);
	tcase_add_loop_test(tcase, plane, 0, NR_MODES);
	tcase_add_loop_test(tcase, gradient, 0, NR_MODES);
	tcase_add_test(tcase, reads_and_writes);
	tcase_add_loop_test(tcase, mapped, 0, NR_MODES);
	tcase_add_loop_test(tcase, sysfs, 0, NR_MODES);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
