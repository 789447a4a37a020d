// SPDX-License-Identifier: BSD-3-Clause
/* The device: its life, and which ioctl goes where. */
#include <errno.h>
#include <string.h>

#include "model_rig.h"
#include "suites.h"

static struct model m;

static void teardown(void)
{
	model_teardown(&m);
}

/* What happened to the device, in order, a letter each. */
static struct {
	char done[32];
	int open_ret;
	int init_ret;
	unsigned int request_count;
	struct vfio_page *page;
} life;

static void did(char what)
{
	size_t n = strlen(life.done);

	ck_assert_uint_lt(n, sizeof(life.done) - 1);
	life.done[n] = what;
	life.done[n + 1] = '\0';
}

static void assert_did(const char *what)
{
	ck_assert_str_eq(life.done, what);
	life.done[0] = '\0';
}

static int life_init(struct vfio_device *vdev)
{
	did('i');
	ck_assert_str_eq(vfiod_device_name(vdev), "dev0");
	ck_assert_str_eq(vfiod_device_type(vdev)->name, "1");
	return life.init_ret;
}

static void life_release(struct vfio_device *vdev)
{
	(void)vdev;
	did('r');
}

/* It can pin already, and does. */
static int life_open(struct vfio_device *vdev)
{
	did('o');
	ck_assert_int_eq(vfiod_pin_pages(vdev, 0, 1, 3, &life.page), 1);
	return life.open_ret;
}

static void life_close(struct vfio_device *vdev)
{
	did('c');
	ck_assert_int_eq(vfiod_page_rw(life.page, 0, &(char){ 1 }, 1, true), 0);
	vfiod_unpin_pages(vdev, 0, 1);
}

static void life_request(struct vfio_device *vdev, unsigned int count)
{
	(void)vdev;
	did('q');
	life.request_count = count;
}

static const struct vfiod_plugin life_plugin = {
	.name = "life",
	.init = life_init,
	.release = life_release,
	.open_device = life_open,
	.close_device = life_close,
	.request = life_request,
	.dma_unmap = model_dma_unmap,
};

/* All but the open device, with a page mapped. */
static void life_setup(void)
{
	memset(&life, 0, sizeof(life));
	model_setup(&m);
	model_attach(&m, 0, &life_plugin, &model_type);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_TYPE1v2_IOMMU), 0);
	ck_assert_int_eq(model_map(&m, 0, 0), 0);
	assert_did("i");
}

START_TEST(first_open_last_close)
{
	struct vfio_device_file *files[3];

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(model_get_device(&m, 0, "dev0", &files[i]), 0);
	assert_did("o");
	ck_assert_uint_eq(m.devs[0].group->container_users, 2);
	for (int i = 0; i < 3; i++) {
		assert_did("");
		ck_assert_uint_eq(host_mm_locked(m.mm), 1);
		vfio_device_file_release(files[i]);
	}
	assert_did("c");
	ck_assert_uint_eq(host_mm_locked(m.mm), 0);
	model_open(&m, 0);
	assert_did("o");
}
END_TEST

/* The pins of an open_device that fails are not kept. */
START_TEST(open_fails)
{
	struct vfio_device_file *file = NULL;

	life.open_ret = -EXDEV;
	ck_assert_int_eq(model_get_device(&m, 0, "dev0", &file), -EXDEV);
	ck_assert_ptr_null(file);
	assert_did("o");
	ck_assert_uint_eq(host_mm_locked(m.mm), 0);
	ck_assert(host_log_has("dev0"));
	host_log_clear();
	ck_assert_int_eq(vfiod_pin_pages(m.devs[0].vdev, 0, 1, 3, &life.page),
			 -EINVAL);
	/* It was never open: the group can go, and be left by its device. */
	ck_assert_uint_eq(m.devs[0].group->opened, 1);
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), 0);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_TYPE1v2_IOMMU), 0);
	ck_assert_int_eq(model_map(&m, 0, 0), 0);
	life.open_ret = 0;
	model_open(&m, 0);
	assert_did("o");
}
END_TEST

START_TEST(request_when_open)
{
	vfio_device_request(m.devs[0].vdev, 0);
	assert_did("");
	model_open(&m, 0);
	vfio_device_request(m.devs[0].vdev, 5);
	assert_did("oq");
	ck_assert_uint_eq(life.request_count, 5);
	model_close(&m, 0);
	vfio_device_request(m.devs[0].vdev, 6);
	assert_did("c");
}
END_TEST

/* Neither listed nor released. */
START_TEST(init_fails)
{
	const struct vfio_device_desc desc = {
		.plugin = &life_plugin,
		.type = &model_type,
		.name = "dev0",
	};
	struct vfio_group *group = vfio_group_create(9, VFIO_EMULATED_IOMMU);
	struct vfio_device *vdev = NULL;

	life.init_ret = -ENOSPC;
	ck_assert_int_eq(vfio_device_create(group, &desc, &vdev), -ENOSPC);
	ck_assert_ptr_null(vdev);
	assert_did("i");
	ck_assert_int_eq(vfio_group_open(group), -ENODEV);
	life.init_ret = 0;
	ck_assert_int_eq(vfio_device_create(group, &desc, &vdev), 0);
	vfio_device_destroy(vdev);
	assert_did("ir");
	ck_assert_int_eq(vfio_group_open(group), -ENODEV);
	vfio_group_destroy(group);
}
END_TEST

START_TEST(request_without_op)
{
	model_ready(&m, &model_plugin, &model_type);
	vfio_device_request(m.devs[0].vdev, 0);
}
END_TEST

/* The ioctl op: what it was asked, and what it says. */
static struct {
	unsigned int cmd;
	uint64_t arg;
	long ret;
	int resets;
	int reset_ret;
} asked;

static long asked_ioctl(struct vfio_device *vdev, unsigned int cmd,
			uint64_t arg)
{
	(void)vdev;
	asked.cmd = cmd;
	asked.arg = arg;
	return asked.ret;
}

static int asked_reset(struct vfio_device *vdev)
{
	(void)vdev;
	asked.resets++;
	return asked.reset_ret;
}

static const struct vfiod_plugin asked_plugin = {
	.name = "asked",
	.init = model_init,
	.ioctl = asked_ioctl,
	.reset = asked_reset,
	.dma_unmap = model_dma_unmap,
};

static void asked_setup(void)
{
	memset(&asked, 0, sizeof(asked));
	model_ready(&m, &asked_plugin, &model_type);
}

static int device_ioctl(unsigned int cmd, uint64_t arg)
{
	return vfio_device_file_ioctl(m.devs[0].file, cmd, arg);
}

static const unsigned int any_cmds[] = { VFIO_DEVICE_GET_INFO,
					 VFIO_DEVICE_GET_REGION_INFO,
					 VFIO_DEVICE_GET_IRQ_INFO,
					 VFIO_DEVICE_SET_IRQS,
					 VFIO_DEVICE_RESET,
					 VFIO_DEVICE_ATTACH_IOMMUFD_PT,
					 VFIO_DEVICE_DETACH_IOMMUFD_PT,
					 VFIO_GET_API_VERSION,
					 0,
					 ~0U };
#define NR_ANY_CMDS (sizeof(any_cmds) / sizeof(any_cmds[0]))

START_TEST(ioctl_op_is_first)
{
	static const long rets[] = { 0, 1, 77, -EPERM, -ENOTTY, -511 };

	for (size_t i = 0; i < NR_ANY_CMDS; i++) {
		for (size_t j = 0; j < 6; j++) {
			asked.ret = rets[j];
			ck_assert_int_eq(device_ioctl(any_cmds[i], 1000 + i),
					 rets[j]);
			ck_assert_uint_eq(asked.cmd, any_cmds[i]);
			ck_assert_uint_eq(asked.arg, 1000 + i);
		}
	}
	ck_assert_int_eq(asked.resets, 0);
}
END_TEST

/* What it leaves is answered as if there were no op, never with NOT_MINE. */
START_TEST(ioctl_not_mine)
{
	asked.ret = VFIOD_NOT_MINE;
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(device_ioctl(any_cmds[i], m.hole), -EFAULT);
	asked.reset_ret = -EBUSY;
	ck_assert_int_eq(device_ioctl(VFIO_DEVICE_RESET, 0), -EBUSY);
	asked.reset_ret = 0;
	ck_assert_int_eq(device_ioctl(VFIO_DEVICE_RESET, ~0UL), 0);
	ck_assert_int_eq(asked.resets, 2);
	for (size_t i = 5; i < NR_ANY_CMDS; i++)
		ck_assert_int_eq(device_ioctl(any_cmds[i], 0), -ENOTTY);
}
END_TEST

/* It never gets to the plugin. */
START_TEST(ioctl_of_the_core)
{
	asked.ret = 77;
	ck_assert_int_eq(device_ioctl(VFIO_DEVICE_FEATURE, m.hole), -EFAULT);
	ck_assert_uint_eq(asked.cmd, 0);
}
END_TEST

START_TEST(without_ops)
{
	model_ready(&m, &model_plugin, &model_type);
	ck_assert_int_eq(device_ioctl(VFIO_DEVICE_RESET, 0), -EINVAL);
	ck_assert_int_eq(device_ioctl(VFIO_DEVICE_GET_INFO, 0), -EFAULT);
	ck_assert_int_eq(device_ioctl(VFIO_DEVICE_QUERY_GFX_PLANE, 0), -ENOTTY);
	/* As in a kernel without VFIO_DEVICE_CDEV, which Debian's is. */
	ck_assert_int_eq(device_ioctl(VFIO_DEVICE_BIND_IOMMUFD, 0), -ENOTTY);
}
END_TEST

/*
 * Every file of a broken device, another that is asked for, its DMA services;
 * and so it stays for the next client.
 */
START_TEST(broken)
{
	struct vfio_device_file *second, *third = NULL;
	struct vfio_page *page;
	uint8_t byte = 0;

	ck_assert_int_eq(model_get_device(&m, 0, "dev0", &second), 0);
	vfio_device_break(m.devs[0].vdev);
	vfio_device_break(m.devs[0].vdev);
	ck_assert_uint_eq(host_log_count(3), 1);
	ck_assert(host_log_has("asked: device dev0 is broken"));
	host_log_clear();
	ck_assert_int_eq(model_get_device(&m, 0, "dev0", &third), -EIO);
	ck_assert_ptr_null(third);
	for (size_t i = 0; i < NR_ANY_CMDS; i++)
		ck_assert_int_eq(device_ioctl(any_cmds[i], 0), -EIO);
	ck_assert_int_eq(device_ioctl(VFIO_DEVICE_FEATURE, 0), -EIO);
	ck_assert_int_eq(device_ioctl(VFIO_DEVICE_BIND_IOMMUFD, 0), -EIO);
	ck_assert_int_eq(vfio_device_file_read(second, &byte, 1, 0), -EIO);
	ck_assert_int_eq(vfio_device_file_write(second, &byte, 1, 0), -EIO);
	ck_assert_uint_eq(asked.cmd, 0);
	ck_assert_int_eq(model_map(&m, 0, 0), 0);
	ck_assert_int_eq(vfiod_pin_pages(m.devs[0].vdev, 0, 1, 3, &page), -EIO);
	ck_assert_int_eq(vfiod_dma_rw(m.devs[0].vdev, 0, &byte, 1, false),
			 -EIO);
	vfio_device_file_release(second);
	model_close(&m, 0);
	ck_assert_int_eq(model_get_device(&m, 0, "dev0", &third), -EIO);
}
END_TEST

static TCase *add_tcase(Suite *suite, const char *name, SFun setup)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, teardown);
	suite_add_tcase(suite, tc);
	return tc;
}

Suite *model_device_suite(void)
{
	Suite *suite = suite_create("model device");
	TCase *tc = add_tcase(suite, "life", life_setup);

	tcase_add_test(tc, first_open_last_close);
	tcase_add_test(tc, open_fails);
	tcase_add_test(tc, request_when_open);
	tcase_add_test(tc, init_fails);
	tc = add_tcase(suite, "ioctl", asked_setup);
	tcase_add_test(tc, ioctl_op_is_first);
	tcase_add_test(tc, ioctl_not_mine);
	tcase_add_test(tc, ioctl_of_the_core);
	tcase_add_test(tc, broken);
	tc = add_tcase(suite, "bare", NULL);
	tcase_add_test(tc, request_without_op);
	tcase_add_test(tc, without_ops);
	return suite;
}
