// SPDX-License-Identifier: BSD-3-Clause
/* type1: several threads in one container. */
#include <pthread.h>
#include <time.h>

#include "rig.h"
#include "suites.h"

#define MIB 0x100000ULL

static struct rig rig;

static void setup(void)
{
	rig_setup(&rig, VFIO_TYPE1v2_IOMMU, RIG_DEVICES);
	for (int i = 0; i < RIG_DEVICES; i++)
		rig_open(&rig, i);
}

static void teardown(void)
{
	rig_teardown(&rig);
}

static void map_pages(uint64_t iova, uint64_t n)
{
	ck_assert_int_eq(rig_map(&rig, iova, n * PAGE, rig.mem, RIG_RW), 0);
}

static void pin(int dev, uint64_t iova)
{
	ck_assert_int_eq(recorder_pin(rig.devs[dev], iova, RIG_RW), 1);
}

/* A callback that waits until it is let go. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool entered;
	bool open;
};

static void gate_hook(struct vfio_device *vdev, uint64_t iova, uint64_t length,
		      void *arg)
{
	struct gate *gate = arg;

	(void)vdev;
	(void)iova;
	(void)length;
	pthread_mutex_lock(&gate->lock);
	gate->entered = true;
	pthread_cond_broadcast(&gate->changed);
	while (!gate->open)
		pthread_cond_wait(&gate->changed, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

static void gate_wait(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	while (!gate->entered)
		pthread_cond_wait(&gate->changed, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

static void gate_open(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->open = true;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

/*
 * An UNMAP_DMA of the client by another thread; its structure is in the
 * page at rig.mem + @slot pages. Returns the bytes unmapped.
 */
struct unmapper {
	uint64_t iova;
	uint64_t slot;
};

static void *unmapper_thread(void *arg)
{
	const struct unmapper *u = arg;
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = u->iova,
		.size = PAGE,
	};
	uint64_t at = rig.mem + u->slot * PAGE;
	int ret;

	vfio_set_current(&rig.client.client);
	vfio_copy_to_user(at, &unmap, sizeof(unmap));
	ret = vfio_container_ioctl(rig.container, VFIO_IOMMU_UNMAP_DMA, at);
	vfio_copy_from_user(&unmap, at, sizeof(unmap));
	return (void *)(intptr_t)(ret ? ret : (int64_t)unmap.size);
}

static void *closer_thread(void *arg)
{
	(void)arg;
	vfio_device_file_release(rig.files[2]);
	rig.files[2] = NULL;
	return NULL;
}

static void start(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	ck_assert_int_eq(pthread_create(thread, NULL, fn, arg), 0);
}

static intptr_t join(pthread_t thread)
{
	void *ret;

	ck_assert_int_eq(pthread_join(thread, &ret), 0);
	return (intptr_t)ret;
}

/*
 * While a callback sleeps: MAP, UNMAP and pins go on; an UNMAP that needs
 * callbacks and a close wait, without holding up the callback's unpin.
 */
START_TEST(others_while_callback_sleeps)
{
	struct gate gate = { .lock = PTHREAD_MUTEX_INITIALIZER,
			     .changed = PTHREAD_COND_INITIALIZER };
	struct unmapper first = { MIB, 1 }, second = { 2 * MIB, 2 };
	pthread_t a, b, c;

	map_pages(MIB, 1);
	map_pages(2 * MIB, 1);
	pin(0, MIB);
	pin(1, 2 * MIB);
	recorder_of(rig.devs[0])->hook = gate_hook;
	recorder_of(rig.devs[0])->arg = &gate;
	start(&a, unmapper_thread, &first);
	gate_wait(&gate);
	map_pages(3 * MIB, 1);
	ck_assert_int_eq(rig_unmapped(&rig, 3 * MIB, PAGE), PAGE);
	pin(1, 2 * MIB);
	start(&b, unmapper_thread, &second);
	start(&c, closer_thread, NULL);
	/* Neither can be over; let them get to where they wait. */
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65533);
	gate_open(&gate);
	ck_assert_int_eq(join(a), PAGE);
	ck_assert_int_eq(join(b), PAGE);
	join(c);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65535);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

#define CROWD 4
#define CROWD_ROUNDS 300

/*
 * Each worker has its own mapping to map, pin and unmap; device 2 is opened
 * and closed meanwhile. Callbacks of all go to all.
 */
struct worker {
	int n;
	struct host_client client;
	struct rig *rig;
};

static void worker_round(struct worker *w, uint64_t args)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = RIG_RW,
		.vaddr = w->rig->mem,
		.iova = (w->n + 1) * MIB,
		.size = 2 * PAGE,
	};
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = map.iova,
		.size = map.size,
	};
	struct vfio_page *pages[2];
	uint8_t byte = w->n;

	vfio_copy_to_user(args, &map, sizeof(map));
	ck_assert_int_eq(vfio_container_ioctl(w->rig->container,
					      VFIO_IOMMU_MAP_DMA, args),
			 0);
	ck_assert_int_eq(recorder_pin(w->rig->devs[w->n % 2], map.iova, RIG_RW),
			 1);
	ck_assert_int_eq(
		vfiod_pin_pages(w->rig->devs[1], map.iova, 2, RIG_R, pages), 2);
	ck_assert_int_eq(vfiod_dma_rw(w->rig->devs[0], map.iova + 10 + w->n,
				      &byte, 1, true),
			 0);
	vfiod_unpin_pages(w->rig->devs[1], map.iova, 2);
	vfio_copy_to_user(args, &unmap, sizeof(unmap));
	ck_assert_int_eq(vfio_container_ioctl(w->rig->container,
					      VFIO_IOMMU_UNMAP_DMA, args),
			 0);
	vfio_copy_from_user(&unmap, args, sizeof(unmap));
	ck_assert_uint_eq(unmap.size, 2 * PAGE);
}

static void *worker_thread(void *arg)
{
	struct worker *w = arg;

	host_client_init(&w->client, w->rig->mm);
	vfio_set_current(&w->client.client);
	for (int i = 0; i < CROWD_ROUNDS; i++)
		worker_round(w, w->rig->mem + (10 + w->n) * PAGE);
	return NULL;
}

/* What device 2's group does meanwhile is @disturb. */
static void run_crowd(void (*disturb)(void))
{
	struct worker workers[CROWD];
	pthread_t threads[CROWD];

	for (int i = 0; i < CROWD; i++) {
		workers[i] = (struct worker){ .n = i, .rig = &rig };
		start(&threads[i], worker_thread, &workers[i]);
	}
	for (int i = 0; i < CROWD_ROUNDS; i++)
		disturb();
	for (int i = 0; i < CROWD; i++)
		join(threads[i]);
	ck_assert_uint_eq(rig_locked(&rig), 0);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65535);
}

static void reopen(void)
{
	rig_close(&rig, 2);
	rig_open(&rig, 2);
}

START_TEST(crowd)
{
	run_crowd(reopen);
}
END_TEST

static void reattach(void)
{
	ck_assert_int_eq(rig_set_container(&rig, 2), 0);
	ck_assert_int_eq(rig_unset_container(&rig, 2), 0);
}

/* All that is mapped gets pages pinned and loses them again. */
START_TEST(crowd_and_iommu)
{
	static const enum vfio_group_type kinds[] = { VFIO_EMULATED_IOMMU,
						      VFIO_EMULATED_IOMMU,
						      VFIO_IOMMU };

	rig_setup_kinds(&rig, kinds, RIG_DEVICES);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(rig_set_container(&rig, i), 0);
	ck_assert_int_eq(vfio_container_ioctl(rig.container, VFIO_SET_IOMMU,
					      VFIO_TYPE1v2_IOMMU),
			 0);
	for (int i = 0; i < 2; i++)
		rig_open(&rig, i);
	run_crowd(reattach);
	rig_teardown(&rig);
}
END_TEST

Suite *type1_threads_suite(void)
{
	Suite *suite = suite_create("type1 threads");
	TCase *tc = tcase_create("v2"), *kinds = tcase_create("kinds");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_set_timeout(kinds, 60);
	tcase_add_test(tc, others_while_callback_sleeps);
	tcase_add_test(tc, crowd);
	tcase_add_test(kinds, crowd_and_iommu);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, kinds);
	return suite;
}
