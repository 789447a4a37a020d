// SPDX-License-Identifier: BSD-3-Clause
/* Services for plugins: in the wrong state, at the wrong time. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "model_rig.h"
#include "suites.h"

static struct model m;

static void setup(void)
{
	model_setup(&m);
	model_attach(&m, 0, &model_plugin, &model_type);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_TYPE1v2_IOMMU), 0);
	ck_assert_int_eq(model_map(&m, 0, 0), 0);
}

static void teardown(void)
{
	model_teardown(&m);
}

static int pin(int npage, struct vfio_page **pages)
{
	return vfiod_pin_pages(m.devs[0].vdev, 0, npage, 3, pages);
}

static void assert_shut(void)
{
	struct vfio_page *page;
	uint8_t byte;

	ck_assert_int_eq(pin(1, &page), -EINVAL);
	/* Closed comes before too many. */
	ck_assert_int_eq(pin(513, &page), -EINVAL);
	ck_assert_int_eq(vfiod_dma_rw(m.devs[0].vdev, 0, &byte, 1, false),
			 -EINVAL);
	ck_assert_uint_eq(host_log_count(4), 0);
	vfiod_unpin_pages(m.devs[0].vdev, 0, 1);
	ck_assert_uint_eq(host_log_count(4), 1);
	ck_assert(host_log_has("not open"));
	host_log_clear();
}

START_TEST(when_not_open)
{
	struct vfio_page *page;

	assert_shut();
	model_open(&m, 0);
	ck_assert_int_eq(pin(1, &page), 1);
	vfiod_unpin_pages(m.devs[0].vdev, 0, 1);
	model_close(&m, 0);
	assert_shut();
	/* Nor with another device of the container open. */
	model_attach(&m, 1, &model_plugin, &model_type);
	model_open(&m, 1);
	assert_shut();
}
END_TEST

START_TEST(arguments)
{
	struct vfio_page *pages[512];
	uint8_t byte;

	model_open(&m, 0);
	ck_assert_int_eq(pin(0, pages), -EINVAL);
	ck_assert_int_eq(pin(1, NULL), -EINVAL);
	ck_assert_int_eq(pin(513, NULL), -EINVAL);
	ck_assert_int_eq(pin(513, pages), -E2BIG);
	ck_assert_int_eq(pin(-1, pages), -E2BIG);
	ck_assert_int_eq(pin(INT32_MIN, pages), -E2BIG);
	ck_assert_int_eq(pin(512, pages), -EINVAL);
	ck_assert_int_eq(vfiod_dma_rw(m.devs[0].vdev, 0, NULL, 1, false),
			 -EINVAL);
	ck_assert_int_eq(vfiod_dma_rw(m.devs[0].vdev, 0, &byte, 0, false),
			 -EINVAL);
	vfiod_unpin_pages(m.devs[0].vdev, 0, 0);
	vfiod_unpin_pages(m.devs[0].vdev, 0, -1);
	ck_assert_uint_eq(host_log_count(4), 2);
	host_log_clear();
	vfiod_unpin_pages(m.devs[0].vdev, 0, 1);
}
END_TEST

/* On a thread that serves nobody there is no memory, and no fd. */
START_TEST(without_client)
{
	struct vfio_eventfd *eventfd = NULL;
	uint8_t byte = 7;

	model_open(&m, 0);
	vfio_set_current(NULL);
	ck_assert_int_eq(vfiod_copy_from_user(&byte, m.args, 1), -EFAULT);
	ck_assert_int_eq(vfiod_copy_to_user(m.args, &byte, 1), -EFAULT);
	ck_assert_int_eq(vfiod_eventfd_get(3, &eventfd), -EBADF);
	ck_assert_ptr_null(eventfd);
	vfiod_eventfd_put(NULL);
	/* What goes by the device is there for every thread. */
	ck_assert_int_eq(vfiod_dma_rw(m.devs[0].vdev, 9, &byte, 1, true), 0);
	ck_assert_uint_eq(*(uint8_t *)host_mm_ptr(m.mm, m.mem + 9), 7);
	vfio_set_current(&m.client.client);
}
END_TEST

START_TEST(client_memory)
{
	uint8_t bytes[4] = { 1, 2, 3, 4 };

	ck_assert_int_eq(vfiod_copy_to_user(m.hole - 4, bytes, 4), 0);
	ck_assert_int_eq(vfiod_copy_to_user(m.hole - 3, bytes, 4), -EFAULT);
	memset(bytes, 0, sizeof(bytes));
	ck_assert_int_eq(vfiod_copy_from_user(bytes, m.hole - 3, 4), -EFAULT);
	ck_assert_int_eq(vfiod_copy_from_user(bytes, m.hole - 4, 4), 0);
	ck_assert_uint_eq(bytes[3], 4);
}
END_TEST

START_TEST(eventfds)
{
	struct host_eventfd *host = host_eventfd_create();
	int fd = host_client_add_eventfd(&m.client, host);
	int other = host_client_add_other(&m.client);
	struct vfio_eventfd *eventfd;

	ck_assert_int_eq(vfiod_eventfd_get(-1, &eventfd), -EBADF);
	ck_assert_int_eq(vfiod_eventfd_get(31, &eventfd), -EBADF);
	ck_assert_int_eq(vfiod_eventfd_get(other, &eventfd), -EINVAL);
	ck_assert_int_eq(vfiod_eventfd_get(fd, &eventfd), 0);
	vfiod_eventfd_signal(eventfd);
	vfiod_eventfd_signal(eventfd);
	ck_assert_uint_eq(host_eventfd_read(host), 2);
	ck_assert_uint_eq(host_eventfd_refs(host), 1);
	vfiod_eventfd_put(eventfd);
	host_eventfd_destroy(host);
}
END_TEST

static int params_init(struct vfio_device *vdev)
{
	static int data;

	ck_assert_str_eq(vfiod_device_name(vdev), "named");
	ck_assert_ptr_eq(vfiod_device_type(vdev), &model_type);
	ck_assert_str_eq(vfiod_device_param(vdev, "size"), "10");
	ck_assert_str_eq(vfiod_device_param(vdev, "empty"), "");
	ck_assert_ptr_null(vfiod_device_param(vdev, "siz"));
	ck_assert_ptr_null(vfiod_device_param(vdev, "sizes"));
	ck_assert_ptr_null(vfiod_get_drvdata(vdev));
	vfiod_set_drvdata(vdev, &data);
	ck_assert_ptr_eq(vfiod_get_drvdata(vdev), &data);
	/* There is nothing else yet. */
	ck_assert_int_eq(vfiod_irq_trigger(vdev, 0, 0), -EINVAL);
	ck_assert_int_eq(vfiod_irq_line(vdev, 0, true), -EINVAL);
	ck_assert_int_eq(vfiod_dma_rw(vdev, 0, &(char){ 0 }, 1, false),
			 -EINVAL);
	return 0;
}

START_TEST(in_init)
{
	static const struct vfio_device_param params[] = { { "size", "10" },
							   { "empty", "" } };
	const struct vfiod_plugin plugin = {
		.name = "params",
		.init = params_init,
		.dma_unmap = model_dma_unmap,
	};
	const struct vfio_device_desc desc = {
		.plugin = &plugin,
		.type = &model_type,
		.name = "named",
		.params = params,
		.nr_params = 2,
	};
	struct vfio_group *group = vfio_group_create(9, VFIO_EMULATED_IOMMU);
	struct vfio_device *vdev;

	ck_assert_int_eq(vfio_device_create(group, &desc, &vdev), 0);
	vfio_device_destroy(vdev);
	vfio_group_destroy(group);
}
END_TEST

/* A device that closes with a pin left loses it, and is told off. */
START_TEST(closed_with_pins)
{
	struct vfio_page *page;

	model_open(&m, 0);
	ck_assert_int_eq(pin(1, &page), 1);
	ck_assert_int_eq(pin(1, &page), 1);
	ck_assert_uint_eq(host_mm_locked(m.mm), 1);
	model_close(&m, 0);
	ck_assert_uint_eq(host_mm_locked(m.mm), 0);
	ck_assert(host_log_has("dev0"));
	host_log_clear();
	ck_assert_int_eq(model_unmap(&m, 0), PAGE);
}
END_TEST

/*
 * A dma_unmap that still runs when the device is closed. Until it returns
 * the device is open to it, as in the kernel, which counts the close last.
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool entered;
	bool closed; /* close_device has returned */
	int ret;
} late = { .lock = PTHREAD_MUTEX_INITIALIZER,
	   .changed = PTHREAD_COND_INITIALIZER };

static void late_say(bool *what)
{
	pthread_mutex_lock(&late.lock);
	*what = true;
	pthread_cond_broadcast(&late.changed);
	pthread_mutex_unlock(&late.lock);
}

static void late_wait(const bool *what)
{
	pthread_mutex_lock(&late.lock);
	while (!*what)
		pthread_cond_wait(&late.changed, &late.lock);
	pthread_mutex_unlock(&late.lock);
}

static void late_unmap(struct vfio_device *vdev, uint64_t iova, uint64_t length)
{
	uint8_t byte;

	(void)length;
	late_say(&late.entered);
	late_wait(&late.closed);
	/* The close has nothing to do now but to wait for this. */
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	late.ret = vfiod_dma_rw(vdev, iova, &byte, 1, false);
	vfiod_unpin_pages(vdev, iova, 1);
}

static void late_close(struct vfio_device *vdev)
{
	vfiod_unpin_pages(vdev, 0, 1);
	late_say(&late.closed);
}

static const struct vfiod_plugin late_plugin = {
	.name = "late",
	.init = model_init,
	.close_device = late_close,
	.dma_unmap = late_unmap,
};

static void *unmap_thread(void *arg)
{
	(void)arg;
	vfio_set_current(&m.client.client);
	return (void *)(intptr_t)model_unmap(&m, 0);
}

START_TEST(close_while_unmapping)
{
	struct vfio_page *page;
	pthread_t thread;
	void *ret;

	late.ret = 1;
	model_ready(&m, &late_plugin, &model_type);
	ck_assert_int_eq(model_map(&m, 0, 0), 0);
	ck_assert_int_eq(pin(1, &page), 1);
	ck_assert_int_eq(pthread_create(&thread, NULL, unmap_thread, NULL), 0);
	late_wait(&late.entered);
	model_close(&m, 0);
	ck_assert_int_eq(pthread_join(thread, &ret), 0);
	ck_assert_int_eq((intptr_t)ret, PAGE);
	ck_assert_int_eq(late.ret, 0);
	assert_shut();
}
END_TEST

/*
 * A plugin's threads that never ask whether the device is open, while it is
 * opened and closed and its group changes container. They get what there
 * is, or EINVAL.
 */
#define CARELESS 3
#define ROUNDS 400

static atomic_bool careless_stop;
static atomic_uint careless_done;

static void careless_round(struct vfio_device *vdev)
{
	struct vfio_page *page;
	uint8_t byte = 0;
	int ret;

	ret = vfiod_pin_pages(vdev, 0, 1, VFIO_DMA_MAP_FLAG_READ, &page);
	ck_assert(ret == 1 || ret == -EINVAL);
	if (ret == 1)
		atomic_fetch_add(&careless_done, 1);
	ret = vfiod_dma_rw(vdev, 1, &byte, 1, false);
	ck_assert(ret == 0 || ret == -EINVAL);
	vfiod_unpin_pages(vdev, 0, 1);
	ck_assert_int_eq(vfiod_irq_trigger(vdev, 0, 0), -EINVAL);
}

static void *careless_thread(void *vdev)
{
	while (!atomic_load(&careless_stop))
		careless_round(vdev);
	return NULL;
}

static void change_container(int fd, struct vfio_container *container)
{
	model_container_close(&m);
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
	m.container = container;
	m.container_fd = fd;
	ck_assert_int_eq(model_set_container(&m, 0, fd), 0);
	ck_assert_int_eq(model_set_iommu(&m, VFIO_TYPE1v2_IOMMU), 0);
	ck_assert_int_eq(model_map(&m, 0, 0), 0);
}

START_TEST(careless_threads)
{
	pthread_t threads[CARELESS];

	for (int i = 0; i < CARELESS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						careless_thread,
						m.devs[0].vdev),
				 0);
	for (int i = 0; i < ROUNDS || !atomic_load(&careless_done); i++) {
		struct vfio_container *next = vfio_container_create(&m.drivers);

		model_open(&m, 0);
		sched_yield();
		model_close(&m, 0);
		change_container(host_client_add_container(&m.client, next),
				 next);
	}
	atomic_store(&careless_stop, true);
	for (int i = 0; i < CARELESS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_uint_eq(host_mm_locked(m.mm), 0);
	host_log_clear();
}
END_TEST

/* Open and close of one device by several threads at once. */
#define OPENERS 3

static void *opener_thread(void *arg)
{
	uint64_t at = m.mem + (1 + (intptr_t)arg) * PAGE;
	struct vfio_device_file *file;
	struct vfio_page *page;

	vfio_set_current(&m.client.client);
	ck_assert_int_eq(vfio_copy_to_user(at, "dev0", 5), 0);
	for (int i = 0; i < ROUNDS; i++) {
		ck_assert_int_eq(
			vfio_group_get_device(m.devs[0].group, at, &file), 0);
		ck_assert_int_eq(vfiod_pin_pages(file->vdev, 0, 1, 3, &page),
				 1);
		vfiod_unpin_pages(file->vdev, 0, 1);
		ck_assert_int_eq(model_unset_container(&m, 0), -EBUSY);
		vfio_device_file_release(file);
	}
	return NULL;
}

START_TEST(many_openers)
{
	pthread_t threads[OPENERS];

	for (intptr_t i = 0; i < OPENERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						opener_thread, (void *)i),
				 0);
	for (int i = 0; i < OPENERS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	assert_shut();
	ck_assert_int_eq(model_unset_container(&m, 0), 0);
}
END_TEST

static void *close_thread(void *arg)
{
	model_close(&m, 0);
	return arg;
}

/*
 * The last close waits for the service that has begun, and no other begins
 * meanwhile: there could always be one more.
 */
START_TEST(close_beside_services)
{
	struct vfio_device *vdev = m.devs[0].vdev;
	pthread_t thread;

	model_open(&m, 0);
	ck_assert_ptr_nonnull(vfio_device_use_container(vdev));
	ck_assert_int_eq(pthread_create(&thread, NULL, close_thread, NULL), 0);
	while (vfio_device_use_container(vdev))
		vfio_device_unuse_container(vdev);
	ck_assert_int_eq(pthread_tryjoin_np(thread, NULL), EBUSY);
	vfio_device_unuse_container(vdev);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	assert_shut();
	model_open(&m, 0);
	ck_assert_ptr_nonnull(vfio_device_use_container(vdev));
	vfio_device_unuse_container(vdev);
	model_close(&m, 0);
}
END_TEST

Suite *model_services_suite(void)
{
	Suite *suite = suite_create("model services");
	TCase *tc = tcase_create("services"), *bare = tcase_create("late");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, when_not_open);
	tcase_add_test(tc, arguments);
	tcase_add_test(tc, without_client);
	tcase_add_test(tc, client_memory);
	tcase_add_test(tc, eventfds);
	tcase_add_test(tc, in_init);
	tcase_add_test(tc, closed_with_pins);
	tcase_add_test(tc, careless_threads);
	tcase_add_test(tc, many_openers);
	tcase_add_test(tc, close_beside_services);
	tcase_add_checked_fixture(bare, NULL, teardown);
	tcase_add_test(bare, close_while_unmapping);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, bare);
	return suite;
}
