// SPDX-License-Identifier: BSD-3-Clause
/* Ops that return what they must not: what comes of it, and who is told. */
#include <errno.h>
#include <string.h>

#include "../../backend/blame.h"
#include "model_rig.h"
#include "suites.h"

static struct model m;

/* What each op returns. */
static struct {
	int init;
	int open_device;
	int match;
	int access;
	int reset;
	int device_feature;
	ssize_t rw;
	long ioctl;
} returns;

static int bad_init(struct vfio_device *vdev)
{
	(void)vdev;
	return returns.init;
}

static int bad_open_device(struct vfio_device *vdev)
{
	(void)vdev;
	return returns.open_device;
}

static int bad_match(struct vfio_device *vdev, const char *name)
{
	(void)vdev;
	(void)name;
	return returns.match;
}

static int bad_access(struct vfio_device *vdev, unsigned int index,
		      uint64_t offset, void *buf, unsigned int len, bool write)
{
	(void)vdev;
	(void)index;
	(void)offset;
	if (!write)
		memset(buf, 0, len);
	return returns.access;
}

static ssize_t bad_read(struct vfio_device *vdev, void *buf, size_t count,
			uint64_t pos)
{
	(void)vdev;
	(void)pos;
	memset(buf, 0, count);
	return returns.rw;
}

static ssize_t bad_write(struct vfio_device *vdev, const void *buf,
			 size_t count, uint64_t pos)
{
	(void)vdev;
	(void)buf;
	(void)count;
	(void)pos;
	return returns.rw;
}

static long bad_ioctl(struct vfio_device *vdev, unsigned int cmd, uint64_t arg)
{
	(void)vdev;
	(void)cmd;
	(void)arg;
	return returns.ioctl;
}

static int bad_reset(struct vfio_device *vdev)
{
	(void)vdev;
	return returns.reset;
}

static int bad_device_feature(struct vfio_device *vdev, uint32_t flags,
			      uint64_t arg, size_t argsz)
{
	(void)vdev;
	(void)flags;
	(void)arg;
	(void)argsz;
	return returns.device_feature;
}

static const struct vfiod_plugin bad_plugin = {
	.name = "bad",
	.init = bad_init,
	.open_device = bad_open_device,
	.match = bad_match,
	.access = bad_access,
	.ioctl = bad_ioctl,
	.reset = bad_reset,
	.device_feature = bad_device_feature,
	.dma_unmap = model_dma_unmap,
};
/* The same with ops that go before access. */
static struct vfiod_plugin bad_rw_plugin;

static const struct vfiod_region regions[] = {
	{ .size = 64,
	  .flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE },
};
static const struct vfiod_type type = { .name = "1",
					.nr_regions = 1,
					.regions = regions };

static void setup(void)
{
	memset(&returns, 0, sizeof(returns));
	returns.ioctl = VFIOD_NOT_MINE;
	returns.match = 1;
}

static void teardown(void)
{
	model_teardown(&m);
}

/* There was one complaint, with this in it. */
static void assert_blamed(const char *what)
{
	ck_assert_uint_eq(host_log_count(4), 1);
	ck_assert_msg(host_log_has(what), "no line says: %s", what);
	host_log_clear();
}

static int device_ioctl(unsigned int cmd)
{
	struct vfio_device_feature feature = { .argsz = sizeof(feature) };

	return model_device_ioctl(&m, cmd, &feature, sizeof(feature));
}

START_TEST(errnos_out_of_range)
{
	static const long wrong[] = { -512,	 -4095,	   -100000,  INT32_MIN,
				      INT64_MIN, 1L << 31, 1L << 32, INT64_MAX };

	model_ready(&m, &bad_plugin, &type);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		returns.ioctl = wrong[i];
		ck_assert_int_eq(device_ioctl(VFIO_DEVICE_GET_INFO), -EIO);
		assert_blamed("bad: dev0: ioctl returned");
	}
	returns.ioctl = INT32_MAX;
	ck_assert_int_eq(device_ioctl(VFIO_DEVICE_GET_INFO), INT32_MAX);
	returns.ioctl = -VFIO_MAX_ERRNO;
	ck_assert_int_eq(device_ioctl(VFIO_DEVICE_GET_INFO), -VFIO_MAX_ERRNO);
}
END_TEST

START_TEST(ops_behind_ioctl)
{
	model_ready(&m, &bad_plugin, &type);
	returns.reset = -512;
	ck_assert_int_eq(device_ioctl(VFIO_DEVICE_RESET), -EIO);
	assert_blamed("ioctl returned -512");
	/* That is what only the ioctl op may say. */
	returns.device_feature = VFIOD_NOT_MINE;
	ck_assert_int_eq(device_ioctl(VFIO_DEVICE_FEATURE), -EIO);
	assert_blamed("ioctl returned -515");
}
END_TEST

START_TEST(counts)
{
	static const ssize_t wrong[] = { 9, 4096, INT64_MAX, -512, -100000 };
	uint8_t buf[8];

	bad_rw_plugin = bad_plugin;
	bad_rw_plugin.read = bad_read;
	bad_rw_plugin.write = bad_write;
	model_ready(&m, &bad_rw_plugin, &type);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		returns.rw = wrong[i];
		ck_assert_int_eq(
			vfio_device_file_read(m.devs[0].file, buf, 8, 0), -EIO);
		assert_blamed("bad: dev0: read returned");
		ck_assert_int_eq(vfio_device_file_write(m.devs[0].file, buf, 8,
							0),
				 -EIO);
		assert_blamed("bad: dev0: write returned");
	}
	returns.rw = 8;
	ck_assert_int_eq(vfio_device_file_read(m.devs[0].file, buf, 8, 0), 8);
}
END_TEST

START_TEST(access_is_no_count)
{
	uint8_t buf[8];

	model_ready(&m, &bad_plugin, &type);
	returns.access = 4;
	ck_assert_int_eq(vfio_device_file_read(m.devs[0].file, buf, 4, 0),
			 -EIO);
	assert_blamed("bad: dev0: access returned 4");
	returns.access = -600;
	ck_assert_int_eq(vfio_device_file_write(m.devs[0].file, buf, 4, 0),
			 -EIO);
	assert_blamed("bad: dev0: access returned -600");
}
END_TEST

START_TEST(first_open)
{
	struct vfio_device_file *file = NULL;

	model_setup(&m);
	model_attach(&m, 0, &bad_plugin, &type);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_TYPE1v2_IOMMU), 0);
	returns.open_device = 1;
	ck_assert_int_eq(model_get_device(&m, 0, "x", &file), -EIO);
	ck_assert_ptr_null(file);
	assert_blamed("bad: dev0: open_device returned 1");
	returns.match = -512;
	ck_assert_int_eq(model_get_device(&m, 0, "x", &file), -EIO);
	assert_blamed("bad: dev0: match returned -512");
	returns.match = 0;
	ck_assert_int_eq(model_get_device(&m, 0, "x", &file), -ENODEV);
	/* Not open, and so not in the way of anything. */
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
}
END_TEST

START_TEST(no_device)
{
	const struct vfio_device_desc desc = {
		.plugin = &bad_plugin,
		.type = &type,
		.name = "dev9",
	};
	struct vfio_group *group = vfio_group_create(9, VFIO_EMULATED_IOMMU);
	struct vfio_device *vdev = NULL;

	returns.init = 1;
	ck_assert_int_eq(vfio_device_create(group, &desc, &vdev), -EIO);
	ck_assert_ptr_null(vdev);
	assert_blamed("bad: dev9: init returned 1");
	vfio_group_destroy(group);
}
END_TEST

/* A plugin cannot fill the log. */
START_TEST(few_lines)
{
	model_ready(&m, &bad_plugin, &type);
	for (int i = 0; i < 100; i++)
		vfiod_unpin_pages(m.devs[0].vdev, 0, -1);
	ck_assert_uint_eq(host_log_count(4), VFIO_BLAME_LINES);
	ck_assert(host_log_has("unpin_pages of -1 pages, device open; what"));
	host_log_clear();
	/* Each device has lines of its own. */
	model_attach(&m, 1, &bad_plugin, &type);
	vfiod_unpin_pages(m.devs[1].vdev, 0, 1);
	assert_blamed("bad: dev1: unpin_pages of 1 pages, device not open");
}
END_TEST

Suite *model_blame_suite(void)
{
	Suite *suite = suite_create("model blame");
	TCase *tc = tcase_create("results"), *bare = tcase_create("init");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, errnos_out_of_range);
	tcase_add_test(tc, ops_behind_ioctl);
	tcase_add_test(tc, counts);
	tcase_add_test(tc, access_is_no_count);
	tcase_add_test(tc, first_open);
	tcase_add_test(tc, few_lines);
	tcase_add_checked_fixture(bare, setup, NULL);
	tcase_add_test(bare, no_device);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, bare);
	return suite;
}
