// SPDX-License-Identifier: BSD-3-Clause
/* ap: its ioctls, its matrix, and the pages of its notification bytes. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "s390.h"

#define IOVA 0x100000UL

static struct vfio_session session;
static uint8_t *memory; /* two pages, a mapping each */

static void map_pages(void)
{
	ck_ok(vfio_map(session.container, IOVA, memory, PAGE));
	ck_ok(vfio_map(session.container, 2 * IOVA, memory + PAGE, PAGE));
}

static void setup(void)
{
	memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	/* What a test before has left is the administrator's, and stays. */
	ck_ok(s390_store(S390_OTHER_AP, "ap_config", "0x0,0x0,0x0\n"));
	ck_ok(s390_store(S390_AP, "ap_config", "0x3,0x0c,0x0\n"));
	session = vfio_session_open(S390_AP, VFIO_TYPE1v2_IOMMU);
	map_pages();
}

static void teardown(void)
{
	vfio_session_close(&session);
	munmap(memory, 2 * PAGE);
}

static int aqic(const char *text)
{
	return s390_store(S390_AP, "vfiod/aqic", text);
}

static void assert_enabled(const char *want)
{
	ck_assert_str_eq(s390_show(S390_AP, "vfiod/aqic"), want);
}

START_TEST(device_info)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };
	struct vfio_region_info region = { .argsz = sizeof(region) };
	char byte;

	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_INFO, &info));
	ck_assert_uint_eq(info.flags, 0x21);
	ck_assert_uint_eq(info.num_regions, 0);
	ck_assert_uint_eq(info.num_irqs, 1);
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_IRQ_INFO, &irq));
	ck_assert_uint_eq(irq.flags, VFIO_IRQ_INFO_EVENTFD);
	ck_assert_uint_eq(irq.count, 1);
	irq.index = 1;
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_GET_IRQ_INFO,
				    &irq),
			 -EINVAL);
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_GET_REGION_INFO,
				    &region),
			 -EOPNOTSUPP);
	ck_assert_int_eq(vfio_ioctl(session.device,
				    VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info),
			 -EOPNOTSUPP);
	ck_assert_int_eq(pread(session.device, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(request_irq)
{
	int fd = ck_fd(eventfd(0, EFD_CLOEXEC));

	ck_ok(vfio_set_trigger(session.device, 0, 0, fd));
	ck_assert_int_eq(vfio_set_trigger(session.device, 1, 0, fd), -EINVAL);
	ck_assert_int_eq(vfio_disable_irqs(session.device, 0), -EINVAL);
	ck_ok(vfio_set_trigger(session.device, 0, 0, -1));
	close(fd);
}
END_TEST

START_TEST(attributes)
{
	ck_assert_str_eq(s390_show(S390_AP, "matrix"),
			 "02.0004\n02.0005\n03.0004\n03.0005\n");
	ck_ok(s390_store(S390_AP, "unassign_domain", "5\n"));
	ck_ok(s390_store(S390_OTHER_AP, "assign_adapter", "0x2"));
	ck_assert_int_eq(s390_store(S390_OTHER_AP, "assign_domain", "4\n"),
			 -EADDRINUSE);
	ck_ok(s390_store(S390_OTHER_AP, "assign_domain", "5\n"));
	ck_assert_str_eq(s390_show(S390_OTHER_AP, "matrix"), "02.0005\n");
	ck_assert_int_eq(s390_store(S390_AP, "assign_adapter", "0"),
			 -EADDRNOTAVAIL);
	ck_assert_int_eq(s390_store(S390_AP, "assign_adapter", "16"), -ENODEV);
	ck_assert_int_eq(s390_store(S390_AP, "assign_adapter", "two"), -EINVAL);
	/* Not even root can do what the file does not have. */
	ck_assert_int_eq(s390_store(S390_AP, "matrix", "1"), -EACCES);
}
END_TEST

START_TEST(notify)
{
	ck_ok(aqic("02.0004 0x100123 3\n"));
	ck_ok(s390_store(S390_AP, "vfiod/reply", "02.0004\n"));
	ck_assert_uint_eq(memory[0x123], 1);
	ck_assert_int_eq(aqic("02.0006 0x100123 3"), -ENODEV);
	ck_assert_int_eq(aqic("02.0005 0x300000 3"), -EINVAL);
	assert_enabled("02.0004 0x100123 3\n");
	ck_ok(aqic("02.0004\n"));
	ck_assert_int_eq(s390_store(S390_AP, "vfiod/reply", "02.0004"),
			 -EINVAL);
}
END_TEST

/* Each queue goes with its own mapping. */
START_TEST(unmap)
{
	ck_ok(aqic("02.0004 0x100123 3"));
	ck_ok(aqic("02.0005 0x200456 3"));
	ck_assert_int_eq(vfio_unmap(session.container, IOVA, PAGE, 0), PAGE);
	assert_enabled("02.0005 0x200456 3\n");
	ck_assert_int_eq(vfio_unmap(session.container, 2 * IOVA, PAGE, 0),
			 PAGE);
	assert_enabled("");
}
END_TEST

/* The first page has no pin any more: its unmap concerns nobody. */
START_TEST(enable_again)
{
	ck_ok(aqic("02.0004 0x100123 3"));
	ck_ok(aqic("02.0004 0x200456 4"));
	ck_assert_int_eq(vfio_unmap(session.container, IOVA, PAGE, 0), PAGE);
	assert_enabled("02.0004 0x200456 4\n");
	ck_ok(s390_store(S390_AP, "vfiod/reply", "02.0004"));
	ck_assert_uint_eq(memory[0x123], 0);
	ck_assert_uint_eq(memory[PAGE + 0x456], 1);
}
END_TEST

/* Enables until told to stop; what fails is for the memory's sake. */
static void *enable_many(void *arg)
{
	volatile bool *stop_it = arg;
	int ret;

	while (!*stop_it) {
		ret = aqic("02.0004 0x100123 3");
		ck_assert_msg(!ret || ret == -EINVAL, "aqic: %s",
			      strerror(-ret));
	}
	return NULL;
}

/* Once an unmap has returned the byte is not the device's any more. */
START_TEST(unmap_race)
{
	volatile bool stop_it = false;
	pthread_t thread;

	ck_ok(pthread_create(&thread, NULL, enable_many, (void *)&stop_it));
	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(vfio_unmap(session.container, IOVA, PAGE, 0),
				 PAGE);
		memory[0x123] = 0;
		ck_assert_int_eq(s390_store(S390_AP, "vfiod/reply", "02.0004"),
				 -EINVAL);
		ck_assert_uint_eq(memory[0x123], 0);
		ck_ok(vfio_map(session.container, IOVA, memory, PAGE));
	}
	stop_it = true;
	ck_ok(pthread_join(thread, NULL));
}
END_TEST

START_TEST(reset)
{
	ck_ok(aqic("02.0004 0x100123 3"));
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_RESET, NULL));
	assert_enabled("");
}
END_TEST

START_TEST(unassign)
{
	ck_ok(aqic("02.0004 0x100123 3"));
	ck_ok(s390_store(S390_AP, "unassign_adapter", "2"));
	assert_enabled("");
}
END_TEST

START_TEST(close_and_open)
{
	ck_ok(aqic("02.0004 0x100123 3"));
	vfio_session_close(&session);
	/* What asks for the device again waits for the close. */
	session = vfio_session_open(S390_AP, VFIO_TYPE1v2_IOMMU);
	assert_enabled("");
	ck_assert_int_eq(aqic("02.0004 0x100123 3"), -EINVAL);
	map_pages();
	ck_ok(aqic("02.0004 0x100123 3"));
}
END_TEST

Suite *ap_suite(void)
{
	Suite *suite = suite_create("ap");
	TCase *tc = client_case(suite, "ap");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, device_info);
	tcase_add_test(tc, request_irq);
	tcase_add_test(tc, attributes);
	tcase_add_test(tc, notify);
	tcase_add_test(tc, unmap);
	tcase_add_test(tc, enable_again);
	tcase_add_test(tc, unmap_race);
	tcase_add_test(tc, reset);
	tcase_add_test(tc, unassign);
	tcase_add_test(tc, close_and_open);
	return suite;
}
