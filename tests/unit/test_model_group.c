// SPDX-License-Identifier: BSD-3-Clause
/* The group: open, container, GET_DEVICE_FD, close. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "model_rig.h"
#include "suites.h"

static struct model m;

static void setup(void)
{
	model_setup(&m);
}

static void teardown(void)
{
	model_teardown(&m);
}

static void add(int i)
{
	model_add(&m, i, VFIO_EMULATED_IOMMU, &model_plugin, &model_type);
}

static void attach(int i)
{
	model_attach(&m, i, &model_plugin, &model_type);
}

static void set_iommu(void)
{
	ck_assert_int_eq(model_set_iommu(&m, VFIO_TYPE1v2_IOMMU), 0);
}

START_TEST(open_once)
{
	add(0);
	ck_assert_int_eq(model_group_open(&m, 0), 0);
	ck_assert_int_eq(vfio_group_open(m.devs[0].group), -EBUSY);
	model_group_close(&m, 0);
	ck_assert_int_eq(model_group_open(&m, 0), 0);
}
END_TEST

/* No device comes before no permission, that before busy. */
START_TEST(open_order)
{
	struct vfio_group *empty = vfio_group_create(7, VFIO_NO_IOMMU);

	ck_assert_int_eq(vfio_group_open(empty), -ENODEV);
	vfio_group_destroy(empty);

	model_add(&m, 0, VFIO_NO_IOMMU, &model_plugin, &model_type);
	ck_assert_int_eq(model_group_open(&m, 0), -EPERM);
	host_client_allow(&m.client, CAP_SYS_RAWIO, true);
	ck_assert_int_eq(model_group_open(&m, 0), 0);
	ck_assert_int_eq(vfio_group_open(m.devs[0].group), -EBUSY);
	host_client_allow(&m.client, CAP_SYS_RAWIO, false);
	ck_assert_int_eq(vfio_group_open(m.devs[0].group), -EPERM);
	vfio_set_current(NULL);
	ck_assert_int_eq(vfio_group_open(m.devs[0].group), -EPERM);
	vfio_set_current(&m.client.client);
}
END_TEST

static int get_status(struct vfio_group_status *status)
{
	return model_group_ioctl(&m, 0, VFIO_GROUP_GET_STATUS, status,
				 sizeof(*status));
}

static void assert_status(uint32_t flags)
{
	struct vfio_group_status status = { .argsz = 4000, .flags = ~0U };

	ck_assert_int_eq(get_status(&status), 0);
	ck_assert_uint_eq(status.flags, flags);
	ck_assert_uint_eq(status.argsz, 4000);
}

START_TEST(get_status_flags)
{
	const uint32_t viable = VFIO_GROUP_FLAGS_VIABLE;

	add(0);
	ck_assert_int_eq(model_group_open(&m, 0), 0);
	assert_status(viable);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), 0);
	assert_status(viable | VFIO_GROUP_FLAGS_CONTAINER_SET);
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
	assert_status(viable);
}
END_TEST

START_TEST(get_status_argsz)
{
	struct vfio_group_status status = { .argsz = 7, .flags = 99 };
	uint64_t at;

	add(0);
	ck_assert_int_eq(get_status(&status), -EINVAL);
	ck_assert_uint_eq(status.flags, 99);
	status.argsz = 8;
	at = model_put_at_hole(&m, &status, sizeof(status));
	ck_assert_int_eq(vfio_group_ioctl(m.devs[0].group,
					  VFIO_GROUP_GET_STATUS, at),
			 0);
	/* Unreadable, whatever argsz says; not writable. */
	ck_assert_int_eq(vfio_group_ioctl(m.devs[0].group,
					  VFIO_GROUP_GET_STATUS, at + 4),
			 -EFAULT);
	host_mm_protect(m.mm, 0, 1, HOST_READ);
	ck_assert_int_eq(vfio_group_ioctl(m.devs[0].group,
					  VFIO_GROUP_GET_STATUS, at),
			 -EFAULT);
}
END_TEST

START_TEST(set_container_fds)
{
	int other = host_client_add_other(&m.client);

	add(0);
	ck_assert_int_eq(vfio_group_ioctl(m.devs[0].group,
					  VFIO_GROUP_SET_CONTAINER, m.hole - 3),
			 -EFAULT);
	ck_assert_int_eq(model_set_container(&m, 0, -1), -EBADF);
	ck_assert_int_eq(model_set_container(&m, 0, 31), -EBADF);
	ck_assert_int_eq(model_set_container(&m, 0, INT32_MIN), -EBADF);
	ck_assert_int_eq(model_set_container(&m, 0, other), -EBADFD);
	assert_status(VFIO_GROUP_FLAGS_VIABLE);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), 0);
	/* The number is looked up first, then the state, then the file. */
	ck_assert_int_eq(model_set_container(&m, 0, -1), -EBADF);
	ck_assert_int_eq(model_set_container(&m, 0, other), -EINVAL);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), -EINVAL);
	ck_assert_uint_eq(atomic_load(&m.container->refs), 2);
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
	ck_assert_uint_eq(atomic_load(&m.container->refs), 1);
}
END_TEST

START_TEST(unset_container)
{
	add(0);
	ck_assert_int_eq(model_unset_container(&m, 0), -EINVAL);
	ck_assert_int_eq(model_group_open(&m, 0), 0);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), 0);
	set_iommu();
	model_open(&m, 0);
	ck_assert_int_eq(model_unset_container(&m, 0), -EBUSY);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), -EINVAL);
	model_close(&m, 0);
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
	ck_assert_int_eq(model_unset_container(&m, 0), -EINVAL);
}
END_TEST

START_TEST(other_commands)
{
	attach(0);
	for (unsigned int n = 0; n < 24; n++) {
		if (n >= 3 && n <= 6)
			continue;
		ck_assert_int_eq(vfio_group_ioctl(m.devs[0].group,
						  _IO(VFIO_TYPE, VFIO_BASE + n),
						  0),
				 -ENOTTY);
	}
	ck_assert_int_eq(vfio_group_ioctl(m.devs[0].group, ~0U, 0), -ENOTTY);
}
END_TEST

static int get(const char *name)
{
	struct vfio_device_file *file = NULL;
	int ret = model_get_device(&m, 0, name, &file);

	if (ret)
		ck_assert_ptr_null(file);
	else
		vfio_device_file_release(file);
	return ret;
}

static int get_at(uint64_t at)
{
	struct vfio_device_file *file = NULL;
	int ret = vfio_group_get_device(m.devs[0].group, at, &file);

	if (!ret)
		vfio_device_file_release(file);
	return ret;
}

/* The name is looked for first, then the container, then its driver. */
START_TEST(get_order)
{
	add(0);
	ck_assert_int_eq(get("nobody"), -ENODEV);
	ck_assert_int_eq(get("dev0"), -EINVAL);
	ck_assert_int_eq(model_group_open(&m, 0), 0);
	ck_assert_int_eq(model_set_container(&m, 0, m.container_fd), 0);
	ck_assert_int_eq(get("nobody"), -ENODEV);
	ck_assert_int_eq(get("dev0"), -EINVAL);
	set_iommu();
	ck_assert_int_eq(get("nobody"), -ENODEV);
	ck_assert_int_eq(get("dev0"), 0);
}
END_TEST

START_TEST(get_names)
{
	static const char *const wrong[] = { "",      "dev",  "dev0 ", " dev0",
					     "dev00", "Dev0", "dev1" };

	attach(0);
	set_iommu();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_int_eq(get(wrong[i]), -ENODEV);
	ck_assert_int_eq(get("dev0"), 0);
	/* What is behind the NUL is not looked at, nor need it exist. */
	ck_assert_int_eq(get_at(model_put_at_hole(&m, "dev0", 5)), 0);
	ck_assert_int_eq(get_at(model_put_at_hole(&m, "dev0", 4)), -EFAULT);
	ck_assert_int_eq(get_at(m.hole), -EFAULT);
	ck_assert_int_eq(get_at(0), -EFAULT);
}
END_TEST

/* 4095 characters and a NUL are a name, 4096 are none. */
START_TEST(get_long_names)
{
	uint64_t at = m.mem + 100; /* over a page's end */
	char *p = host_mm_ptr(m.mm, at);

	attach(0);
	set_iommu();
	memset(p, 'x', 2 * PAGE);
	ck_assert_int_eq(get_at(at), -EINVAL);
	p[PAGE - 1] = '\0';
	ck_assert_int_eq(get_at(at), -ENODEV);
	memset(host_mm_ptr(m.mm, m.args), 'x', PAGE);
	ck_assert_int_eq(get_at(m.args), -EINVAL);
	ck_assert_int_eq(get_at(m.args + 1), -EFAULT);
	*(char *)host_mm_ptr(m.mm, m.hole - 1) = '\0';
	ck_assert_int_eq(get_at(m.args), -ENODEV);
	ck_assert_int_eq(get_at(m.args + 1), -ENODEV);
	/* Begun on one page, ended on the next. */
	memcpy(host_mm_ptr(m.mm, m.mem + PAGE - 2), "dev0", 5);
	ck_assert_int_eq(get_at(m.mem + PAGE - 2), 0);
}
END_TEST

/* "pick" and a number means that device, "fail" breaks the search off. */
static int match(struct vfio_device *vdev, const char *name)
{
	if (!strcmp(name, "fail"))
		return -EACCES;
	return !strncmp(name, "pick", 4) &&
	       name[4] == vfiod_device_name(vdev)[3];
}

START_TEST(get_by_match)
{
	static struct vfiod_plugin plugin;

	plugin = model_plugin;
	plugin.match = match;
	model_attach(&m, 0, &plugin, &model_type);
	ck_assert_int_eq(get("fail"), -EACCES);
	ck_assert_int_eq(get("pick0"), -EINVAL);
	set_iommu();
	ck_assert_int_eq(get("dev0"), -ENODEV);
	ck_assert_int_eq(get("pick1"), -ENODEV);
	ck_assert_int_eq(get("pick0"), 0);
	ck_assert_int_eq(get("fail"), -EACCES);
}
END_TEST

/* The newest device of a group is asked first. */
START_TEST(get_of_two)
{
	struct vfiod_plugin plugin = model_plugin;
	const struct vfio_device_desc desc = {
		.plugin = &plugin,
		.type = &model_type,
		.name = "new1",
	};
	struct vfio_device *second;

	attach(0);
	set_iommu();
	plugin.match = match;
	ck_assert_int_eq(vfio_device_create(m.devs[0].group, &desc, &second),
			 0);
	ck_assert_int_eq(get("dev0"), 0);
	ck_assert_int_eq(get("new1"), -ENODEV);
	/* It has no fourth letter of its name in "pick", but in "pick1". */
	ck_assert_int_eq(get("pick1"), 0);
	ck_assert_int_eq(get("fail"), -EACCES);
	vfio_device_destroy(second);
	ck_assert_int_eq(get("fail"), -ENODEV);
}
END_TEST

/* A device without dma_unmap cannot be told of an unmap: not opened. */
START_TEST(get_without_dma_unmap)
{
	static const struct vfiod_plugin plugin = {
		.name = "deaf",
		.init = model_init,
	};

	model_attach(&m, 0, &plugin, &model_type);
	set_iommu();
	ck_assert_int_eq(get("dev0"), -EINVAL);
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
}
END_TEST

/* Device fds keep the group open, and in its container. */
START_TEST(close_group_first)
{
	struct vfio_device_file *second;

	attach(0);
	set_iommu();
	model_open(&m, 0);
	ck_assert_int_eq(model_get_device(&m, 0, "dev0", &second), 0);
	model_group_close(&m, 0);
	ck_assert_int_eq(vfio_group_open(m.devs[0].group), -EBUSY);
	model_close(&m, 0);
	ck_assert_int_eq(vfio_group_open(m.devs[0].group), -EBUSY);
	ck_assert_int_eq(model_map(&m, 0, 0), 0);
	vfio_device_file_release(second);
	ck_assert_int_eq(model_map(&m, PAGE, 0), -EINVAL);
	ck_assert_uint_eq(atomic_load(&m.container->refs), 1);
	ck_assert_int_eq(model_group_open(&m, 0), 0);
	assert_status(VFIO_GROUP_FLAGS_VIABLE);
}
END_TEST

/* And the other way round: the group's file is the last. */
START_TEST(close_group_last)
{
	attach(0);
	set_iommu();
	model_container_close(&m);
	model_open(&m, 0);
	model_close(&m, 0);
	ck_assert_int_eq(vfio_group_open(m.devs[0].group), -EBUSY);
	assert_status(VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET);
	model_open(&m, 0);
	model_close(&m, 0);
	model_group_close(&m, 0);
	ck_assert_ptr_null(m.devs[0].group->container);
}
END_TEST

static void add_get_tests(TCase *tc)
{
	tcase_add_test(tc, get_order);
	tcase_add_test(tc, get_names);
	tcase_add_test(tc, get_long_names);
	tcase_add_test(tc, get_by_match);
	tcase_add_test(tc, get_of_two);
	tcase_add_test(tc, get_without_dma_unmap);
}

Suite *model_group_suite(void)
{
	Suite *suite = suite_create("model group");
	TCase *tc = tcase_create("group");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, open_once);
	tcase_add_test(tc, open_order);
	tcase_add_test(tc, get_status_flags);
	tcase_add_test(tc, get_status_argsz);
	tcase_add_test(tc, set_container_fds);
	tcase_add_test(tc, unset_container);
	tcase_add_test(tc, other_commands);
	add_get_tests(tc);
	tcase_add_test(tc, close_group_first);
	tcase_add_test(tc, close_group_last);
	suite_add_tcase(suite, tc);
	return suite;
}
