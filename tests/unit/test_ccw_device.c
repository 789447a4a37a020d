// SPDX-License-Identifier: BSD-3-Clause
/* The device as vfio-ccw's: tables, regions, interrupts, reports. */
#include <errno.h>
#include <string.h>

#include <linux/vfio_ccw.h>

#include "attribute.h"
#include "ccw_rig.h"
#include "fake_params.h"
#include "suites.h"

#define POS(index, offset) ((uint64_t)(index) << 10 | (offset))
#define ASYNC 1
#define SCHIB 2
#define CRW 3

#define NONE VFIO_IRQ_SET_DATA_NONE
#define BOOL VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER

static ssize_t rd(void *buf, size_t count, uint64_t pos)
{
	return rig.plugin->read(rig.vdev, buf, count, pos);
}

static ssize_t wr(const void *buf, size_t count, uint64_t pos)
{
	return rig.plugin->write(rig.vdev, buf, count, pos);
}

START_TEST(tables)
{
	static const uint64_t sizes[] = { 124, 8, 52, 8 };
	const struct vfiod_type *type = &rig.plugin->types[0];

	ck_assert_str_eq(rig.plugin->name, "ccw");
	ck_assert_str_eq(type->name, "io");
	ck_assert_uint_eq(type->info_flags, 0x11);
	ck_assert_uint_eq(type->offset_shift, 10);
	ck_assert_uint_eq(type->nr_regions, 4);
	for (unsigned int i = 0; i < 4; i++) {
		const struct vfiod_region *region = &type->regions[i];
		const struct vfio_region_info_cap_type *cap;

		ck_assert_uint_eq(region->size, sizes[i]);
		ck_assert_uint_eq(region->flags, i < 2 ? 3 : 1);
		ck_assert_uint_eq(region->nr_caps, i ? 1 : 0);
		if (!i)
			continue;
		cap = (const void *)region->caps[0].header;
		ck_assert_uint_eq(region->caps[0].size, 16);
		ck_assert_uint_eq(cap->header.id, VFIO_REGION_INFO_CAP_TYPE);
		ck_assert_uint_eq(cap->type, VFIO_REGION_TYPE_CCW);
		ck_assert_uint_eq(cap->subtype, i);
	}
	ck_assert_uint_eq(type->nr_irqs, 3);
	for (unsigned int i = 0; i < 3; i++) {
		ck_assert_uint_eq(type->irqs[i].count, 1);
		ck_assert_uint_eq(type->irqs[i].flags, VFIO_IRQ_INFO_EVENTFD);
	}
}
END_TEST

START_TEST(no_file)
{
	struct vfio_device *extra;

	fake_param("file", "/nonexistent/disk");
	ck_assert_int_eq(fake_device_new("io", &extra), -ENOENT);
	fake_param("file", "/dev/null");
	ck_assert_int_eq(fake_device_new("io", &extra), -EINVAL);
	fake_param(NULL, NULL);
	ck_assert_int_eq(fake_device_new("io", &extra), -EINVAL);
	ck_assert_uint_eq(fake_timers_held(), 1);
}
END_TEST

START_TEST(bounds)
{
	static const size_t sizes[] = { 124, 8, 52, 8 };
	uint8_t bytes[128] = { 0 };

	for (unsigned int i = 0; i < 4; i++) {
		size_t size = sizes[i];

		ck_assert_int_eq(rd(bytes, size, POS(i, 0)), size);
		ck_assert_int_eq(rd(bytes, 1, POS(i, size - 1)), 1);
		ck_assert_int_eq(rd(bytes, 1, POS(i, size)), -EINVAL);
		ck_assert_int_eq(rd(bytes, size, POS(i, 1)), -EINVAL);
		ck_assert_int_eq(wr(bytes, 1, POS(i, size)), -EINVAL);
	}
	ck_assert_int_eq(rd(bytes, 1, POS(4, 0)), -EINVAL);
	ck_assert_int_eq(wr(bytes, 1, POS(4, 0)), -EINVAL);
	ck_assert_int_eq(rd(bytes, 1, VFIOD_OFFSET(1)), -EINVAL);
	ck_assert_int_eq(wr(bytes, 1, UINT64_MAX), -EINVAL);
	ck_assert_int_eq(wr(bytes, 1, POS(SCHIB, 0)), -EINVAL);
	ck_assert_int_eq(wr(bytes, 1, POS(CRW, 0)), -EINVAL);
}
END_TEST

START_TEST(other_functions)
{
	struct ccw_io_region io = { .scsw_area = { 0 } };

	ck_assert_int_eq(wr(&io, sizeof(io), 0), sizeof(io));
	io.scsw_area[2] = SCSW_FCTL_HALT << 4;
	ck_assert_int_eq(wr(&io, sizeof(io), 0), -EOPNOTSUPP);
	io.scsw_area[2] = SCSW_FCTL_CLEAR << 4;
	ck_assert_int_eq(wr(&io, sizeof(io), 0), -EOPNOTSUPP);
	ck_assert_int_eq(rd(&io, sizeof(io), 0), sizeof(io));
	ck_assert_uint_eq(io.ret_code, (uint32_t)-EOPNOTSUPP);
	ck_assert_int_eq(start(PROGRAM, FORMAT1 | TRANSPORT), -EOPNOTSUPP);
	ck_assert_int_eq(async_command(3), -EINVAL);
	ck_assert_int_eq(async_command(0), -EINVAL);
	ck_assert_uint_eq(fake_timers_run(), 0);
}
END_TEST

START_TEST(not_open)
{
	struct ccw_cmd_region cmd = { .command = VFIO_CCW_ASYNC_CMD_HSCH };

	rig.plugin->close_device(rig.vdev);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), -EIO);
	ck_assert_int_eq(wr(&cmd, sizeof(cmd), POS(ASYNC, 0)), -EIO);
	ck_assert_int_eq(rd(&cmd, sizeof(cmd), POS(ASYNC, 0)), sizeof(cmd));
	ck_assert_uint_eq(cmd.ret_code, (uint32_t)-EIO);
}
END_TEST

START_TEST(schib)
{
	uint8_t s[52];

	ck_assert_int_eq(rd(s, sizeof(s), POS(SCHIB, 0)), sizeof(s));
	ck_assert_uint_eq(s[5], 0x81);
	ck_assert_uint_eq(get_be16(s + 6), 0x1000);
	ck_assert_uint_eq(s[15], 0x80);
	ck_assert_uint_eq(s[16], 0x10);
	ck_assert_uint_eq(get_be16(s + 30), 0);
	ccw1(NOP, CC, 0, DATA);
	ccw1(TIC, 0, 0, PROGRAM);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), 0);
	ck_assert_int_eq(rd(s, sizeof(s), POS(SCHIB, 0)), sizeof(s));
	ck_assert_uint_eq(get_be16(s + 30), 4 << 12 | 6 << 5);
}
END_TEST

static long set_irqs(uint32_t index, uint32_t flags, uint32_t count,
		     int32_t data)
{
	struct {
		struct vfio_irq_set hdr;
		int32_t data;
	} set = {
		.hdr = { .argsz = sizeof(set),
			 .flags = flags,
			 .index = index,
			 .count = count },
		.data = data,
	};

	return fake_ioctl(rig.vdev, VFIO_DEVICE_SET_IRQS, &set);
}

/* _i: the index. */
START_TEST(irqs)
{
	int fd = fake_eventfd_new();

	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 1, fd), 0);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 1, 0), 0);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 0, 0), 0);
	ck_assert_uint_eq(fake_eventfd_take(fd), 2);
	ck_assert_int_eq(set_irqs(_i, BOOL | TRIGGER, 1, 0), 0);
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
	ck_assert_int_eq(set_irqs(_i, BOOL | TRIGGER, 0, 1), 0);
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 1, -2), -EINVAL);
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 1, FAKE_PLAIN_FD),
			 -EINVAL);
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 1, 9999), -EBADF);
	ck_assert_int_eq(set_irqs(_i, NONE, 1, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(_i, NONE | VFIO_IRQ_SET_ACTION_MASK, 1, 0),
			 -EINVAL);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 2, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 1, 0), 0);
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
	ck_assert_int_eq(set_irqs(_i, EVENTFD | TRIGGER, 0, -1), 0);
	ck_assert_int_eq(set_irqs(_i, NONE | TRIGGER, 1, 0), 0);
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
}
END_TEST

START_TEST(irqs_refused)
{
	struct vfio_irq_set *end_of_memory = NULL;

	ck_assert_int_eq(set_irqs(3, NONE | TRIGGER, 1, 0), -EINVAL);
	ck_assert_int_eq(fake_ioctl(rig.vdev, VFIO_DEVICE_SET_IRQS,
				    end_of_memory),
			 -EFAULT);
	ck_assert_int_eq(fake_ioctl(rig.vdev, VFIO_DEVICE_GET_INFO, NULL),
			 VFIOD_NOT_MINE);
}
END_TEST

START_TEST(request)
{
	int fd = fake_eventfd_new();

	rig.plugin->request(rig.vdev, 0);
	ck_assert_int_eq(
		set_irqs(VFIO_CCW_REQ_IRQ_INDEX, EVENTFD | TRIGGER, 1, fd), 0);
	rig.plugin->request(rig.vdev, 1);
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
}
END_TEST

static uint32_t take_report(void)
{
	struct ccw_crw_region crw = { .crw = 0xeeeeeeee, .pad = 0xeeeeeeee };

	ck_assert_int_eq(rd(&crw, sizeof(crw), POS(CRW, 0)), sizeof(crw));
	ck_assert_uint_eq(crw.pad, 0);
	return crw.crw;
}

START_TEST(path)
{
	int fd = fake_eventfd_new();

	ck_assert_int_eq(
		set_irqs(VFIO_CCW_CRW_IRQ_INDEX, EVENTFD | TRIGGER, 1, fd), 0);
	ck_assert_uint_eq(take_report(), 0);
	ck_assert_str_eq(attribute_show(rig.vdev, "path"), "1\n");
	ck_assert_int_eq(attribute_store(rig.vdev, "path", "0\n"), 0);
	ck_assert_int_eq(attribute_store(rig.vdev, "path", "0"), 0);
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
	ck_assert_int_eq(attribute_store(rig.vdev, "path", "1"), 0);
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
	ck_assert_uint_eq(take_report(), 0x04060010);
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
	ck_assert_uint_eq(take_report(), 0x04020010);
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
	ck_assert_uint_eq(take_report(), 0);
	ck_assert_int_eq(attribute_store(rig.vdev, "path", "2"), -EINVAL);
	ck_assert_int_eq(attribute_store(rig.vdev, "path", ""), -EINVAL);
	ck_assert_int_eq(attribute_store(rig.vdev, "path", "10"), -EINVAL);
}
END_TEST

START_TEST(path_gone)
{
	uint8_t s[52];

	ck_assert_int_eq(attribute_store(rig.vdev, "path", "0"), 0);
	ccw1(SENSE, SLI, 32, DATA);
	ck_assert_int_eq(start(PROGRAM, FORMAT1), -ENODEV);
	ck_assert_uint_eq(fake_dma_pins(), 0);
	ck_assert_int_eq(async_command(VFIO_CCW_ASYNC_CMD_HSCH), -ENODEV);
	ck_assert_int_eq(async_command(VFIO_CCW_ASYNC_CMD_CSCH), -ENODEV);
	ck_assert_int_eq(rd(s, sizeof(s), POS(SCHIB, 0)), sizeof(s));
	ck_assert_uint_eq(s[15], 0);
	ck_assert_int_eq(attribute_store(rig.vdev, "path", "1"), 0);
	assert_good(run(FORMAT1));
}
END_TEST

/* The oldest are kept. */
START_TEST(many_reports)
{
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(attribute_store(rig.vdev, "path",
						 i % 2 ? "1" : "0"),
				 0);
	for (int i = 0; i < 16; i++)
		ck_assert_uint_eq(take_report(),
				  i % 2 ? 0x04020010 : 0x04060010);
	ck_assert_uint_eq(take_report(), 0);
}
END_TEST

Suite *ccw_device_suite(void)
{
	Suite *suite = suite_create("ccw device");
	TCase *tc = tcase_create("device");

	tcase_add_checked_fixture(tc, ccw_rig_setup, ccw_rig_teardown);
	tcase_add_test(tc, tables);
	tcase_add_test(tc, no_file);
	tcase_add_test(tc, bounds);
	tcase_add_test(tc, other_functions);
	tcase_add_test(tc, not_open);
	tcase_add_test(tc, schib);
	tcase_add_loop_test(tc, irqs, 0, 3);
	tcase_add_test(tc, irqs_refused);
	tcase_add_test(tc, request);
	tcase_add_test(tc, path);
	tcase_add_test(tc, path_gone);
	tcase_add_test(tc, many_reports);
	suite_add_tcase(suite, tc);
	return suite;
}
