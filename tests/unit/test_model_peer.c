// SPDX-License-Identifier: BSD-3-Clause
/*
 * Device notifiers, and what the IOMMU driver has them for: memory of device
 * 0, mapped by the client and given to device 1 to use.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "model_rig.h"
#include "suites.h"

#define IOVA 0x10000UL

static struct model m;
static struct vfiod_plugin plugin;
static struct vfiod_device_notifier *notifier;

/* What happened, a letter each. */
static char story[32];

static void note(char c)
{
	size_t len = strlen(story);

	ck_assert_uint_lt(len, sizeof(story) - 1);
	story[len] = c;
}

static int reset(struct vfio_device *vdev)
{
	(void)vdev;
	note('r');
	return 0;
}

static int open_device(struct vfio_device *vdev)
{
	(void)vdev;
	note('o');
	return 0;
}

static void close_device(struct vfio_device *vdev)
{
	(void)vdev;
	note('c');
}

static void on_event(void *arg, enum vfiod_device_event event)
{
	ck_assert_ptr_eq(arg, &m);
	note(event == VFIOD_DEVICE_RESET ? 'R' : 'E');
}

static const struct vfiod_type type = { .name = "1",
					.info_flags = VFIO_DEVICE_FLAGS_RESET };

/* Both devices are open, in one container. */
static void setup(void)
{
	plugin = model_plugin;
	plugin.reset = reset;
	model_setup(&m);
	model_attach(&m, 0, &plugin, &type);
	model_attach(&m, 1, &model_plugin, &model_type);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_TYPE1v2_IOMMU), 0);
	model_open(&m, 0);
	model_open(&m, 1);
	plugin.open_device = open_device;
	plugin.close_device = close_device;
	memset(story, 0, sizeof(story));
}

static void teardown(void)
{
	model_teardown(&m);
}

static int watch(void)
{
	return vfiod_device_notifier_register(m.devs[0].vdev, on_event, &m,
					      &notifier);
}

static void reset_device(void)
{
	ck_assert_int_eq(vfio_device_file_ioctl(m.devs[0].file,
						VFIO_DEVICE_RESET, 0),
			 0);
}

START_TEST(events)
{
	ck_assert_int_eq(watch(), 0);
	reset_device();
	model_close(&m, 0);
	/* It is registered still. */
	model_open(&m, 0);
	reset_device();
	vfiod_device_notifier_unregister(notifier);
	reset_device();
	model_close(&m, 0);
	ck_assert_str_eq(story, "rREcorRrc");
}
END_TEST

START_TEST(needs_open)
{
	model_close(&m, 0);
	ck_assert_int_eq(watch(), -ENODEV);
	model_open(&m, 0);
	ck_assert_int_eq(watch(), 0);
	vfiod_device_notifier_unregister(notifier);
	ck_assert_str_eq(story, "co");
}
END_TEST

START_TEST(failed_reset)
{
	ck_assert_int_eq(watch(), 0);
	plugin.reset = NULL;
	ck_assert_int_eq(vfio_device_file_ioctl(m.devs[0].file,
						VFIO_DEVICE_RESET, 0),
			 -EINVAL);
	vfiod_device_notifier_unregister(notifier);
	ck_assert_str_eq(story, "");
}
END_TEST

/* The container stays while somebody listens, whatever is closed. */
START_TEST(holds_container)
{
	struct vfio_container *container = m.container;
	unsigned int refs = atomic_load(&container->refs);

	ck_assert_int_eq(watch(), 0);
	ck_assert_uint_eq(atomic_load(&container->refs), refs + 1);
	model_close(&m, 0);
	model_close(&m, 1);
	model_group_close(&m, 0);
	model_group_close(&m, 1);
	model_container_close(&m);
	ck_assert_uint_eq(atomic_load(&container->refs), 1);
	vfiod_device_notifier_unregister(notifier);
}
END_TEST

/* Pages from 1 on are device 0's memory. */
static void lend(void)
{
	m.client.device = m.devs[0].vdev;
	m.client.device_base = m.mem + PAGE;
	ck_assert_int_eq(model_map(&m, 0, 0), 0);
	ck_assert_int_eq(model_map(&m, IOVA, 1), 0);
	ck_assert_int_eq(model_map(&m, IOVA + PAGE, 2), 0);
}

static int rw(uint64_t iova, bool write)
{
	uint64_t value = 1;

	return vfiod_dma_rw(m.devs[1].vdev, iova, &value, sizeof(value), write);
}

static int pin(uint64_t iova, struct vfio_page **page)
{
	int ret = vfiod_pin_pages(m.devs[1].vdev, iova, 1,
				  VFIO_DMA_MAP_FLAG_READ, page);

	return ret == 1 ? 0 : ret;
}

static int page_rw(struct vfio_page *page)
{
	uint64_t value;

	return vfiod_page_rw(page, 0, &value, sizeof(value), false);
}

START_TEST(cut_off)
{
	struct vfio_page *page, *other;

	lend();
	ck_assert_int_eq(pin(IOVA, &page), 0);
	ck_assert_int_eq(pin(0, &other), 0);
	ck_assert_int_eq(page_rw(page), 0);
	ck_assert_int_eq(rw(IOVA + PAGE, true), 0);
	if (_i)
		reset_device();
	else
		model_close(&m, 0);
	ck_assert_int_eq(page_rw(page), -EFAULT);
	ck_assert_int_eq(page_rw(other), 0);
	for (int write = 0; write < 2; write++) {
		ck_assert_int_eq(rw(IOVA, write), -EFAULT);
		ck_assert_int_eq(rw(IOVA + PAGE, write), -EFAULT);
		ck_assert_int_eq(rw(0, write), 0);
	}
	vfiod_unpin_pages(m.devs[1].vdev, IOVA, 1);
	vfiod_unpin_pages(m.devs[1].vdev, 0, 1);
	ck_assert_int_eq(pin(IOVA, &page), -EFAULT);
	ck_assert_int_eq(model_unmap(&m, IOVA), PAGE);
}
END_TEST

/* Memory of a device that is closed is of no use from the start. */
START_TEST(mapped_too_late)
{
	model_close(&m, 0);
	lend();
	ck_assert_int_eq(rw(IOVA, false), -EFAULT);
	ck_assert_int_eq(rw(0, false), 0);
	model_open(&m, 0);
	ck_assert_int_eq(rw(IOVA, false), -EFAULT);
	ck_assert_int_eq(model_unmap(&m, IOVA), PAGE);
	ck_assert_int_eq(model_map(&m, IOVA, 1), 0);
	ck_assert_int_eq(rw(IOVA, false), 0);
}
END_TEST

/* A mapping that is refused leaves nothing behind. */
START_TEST(refused)
{
	unsigned int refs;

	lend();
	refs = atomic_load(&m.container->refs);
	ck_assert_int_eq(model_map(&m, IOVA, 3), -EEXIST);
	ck_assert_uint_eq(atomic_load(&m.container->refs), refs);
	ck_assert_int_eq(model_unmap(&m, IOVA), PAGE);
	ck_assert_uint_eq(atomic_load(&m.container->refs), refs - 1);
}
END_TEST

static atomic_bool over;

static void *use(void *arg)
{
	(void)arg;
	while (!atomic_load(&over)) {
		int ret = rw(IOVA, true);

		ck_assert(ret == 0 || ret == -EFAULT);
	}
	return NULL;
}

/* While the user runs, the lender comes and goes, and mappings do. */
START_TEST(at_once)
{
	pthread_t thread;

	lend();
	atomic_store(&over, false);
	plugin.open_device = NULL;
	plugin.close_device = NULL;
	ck_assert_int_eq(pthread_create(&thread, NULL, use, NULL), 0);
	for (int i = 0; i < 200; i++) {
		model_close(&m, 0);
		ck_assert_int_eq(rw(IOVA, false), -EFAULT);
		model_open(&m, 0);
		ck_assert_int_eq(model_unmap(&m, IOVA + PAGE), PAGE);
		ck_assert_int_eq(model_map(&m, IOVA + PAGE, 1), 0);
		ck_assert_int_eq(rw(IOVA + PAGE, false), 0);
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
}
END_TEST

Suite *model_peer_suite(void)
{
	Suite *suite = suite_create("model peer");
	TCase *tc = tcase_create("peer");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, events);
	tcase_add_test(tc, needs_open);
	tcase_add_test(tc, failed_reset);
	tcase_add_test(tc, holds_container);
	tcase_add_loop_test(tc, cut_off, 0, 2);
	tcase_add_test(tc, mapped_too_late);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, at_once);
	suite_add_tcase(suite, tc);
	return suite;
}
