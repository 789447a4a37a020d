// SPDX-License-Identifier: BSD-3-Clause
/*
 * execve(2): the fds go on, the memory that was mapped does not. The test's
 * child replaces itself with this same program, as exec_image().
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../plugins/sleepy.h"
#include "client.h"

#define OLD_IOVA 0x100000
#define NEW_IOVA 0x200000

static int pin(int device, uint64_t iova)
{
	return pwrite(device, &iova, 8, SLEEPY_PIN) == 8 ? 0 : -errno;
}

static void *new_page(void)
{
	return mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* 0, or the number of the step that went wrong. */
int exec_image(char **argv)
{
	int container = atoi(argv[0]);
	int device = atoi(argv[1]);

	if (pin(device, OLD_IOVA) != -ENODEV)
		return 1;
	if (vfio_map(container, OLD_IOVA, new_page(), PAGE) != -EEXIST)
		return 2;
	if (vfio_map(container, NEW_IOVA, new_page(), PAGE))
		return 3;
	if (pin(device, NEW_IOVA))
		return 4;
	if (vfio_unmap(container, NEW_IOVA, PAGE, 0) != PAGE)
		return 5;
	return vfio_unmap(container, OLD_IOVA, PAGE, 0) == PAGE ? 0 : 6;
}

static int map_and_exec(void *arg)
{
	const struct vfio_session *s = arg;
	char container[16], device[16];

	if (vfio_map(s->container, OLD_IOVA, new_page(), PAGE) ||
	    fcntl(s->container, F_SETFD, 0) || fcntl(s->device, F_SETFD, 0))
		return 100;
	snprintf(container, sizeof(container), "%d", s->container);
	snprintf(device, sizeof(device), "%d", s->device);
	execl("/proc/self/exe", "client", "exec-image", container, device,
	      NULL);
	return 101;
}

START_TEST(old_mappings_are_dead)
{
	struct vfio_session s =
		vfio_session_open(DEV_SLEEPY, VFIO_TYPE1v2_IOMMU);

	ck_ok(in_child(map_and_exec, &s));
	vfio_session_close(&s);
	ck_ok(vfio_device_is_free(DEV_SLEEPY));
}
END_TEST

/* The device fd is close-on-exec by itself, the others by our O_CLOEXEC. */
static int hold_and_exec(void *arg)
{
	struct vfio_session s;

	(void)arg;
	if (vfio_session_try(&s, DEV_MTTY2, VFIO_TYPE1v2_IOMMU))
		return 100;
	execl("/bin/sh", "sh", "-c", "exec 3<>\"$VFIOD_GROUP\"", NULL);
	return 101;
}

START_TEST(exec_closes)
{
	for (int i = 0; i < 20; i++)
		ck_ok(in_child(hold_and_exec, NULL));
	ck_ok(vfio_device_is_free(DEV_MTTY2));
}
END_TEST

Suite *exec_suite(void)
{
	Suite *suite = suite_create("exec");
	TCase *tc = client_case(suite, "exec");

	tcase_add_test(tc, old_mappings_are_dead);
	tcase_add_test(tc, exec_closes);
	return suite;
}
