// SPDX-License-Identifier: BSD-3-Clause
/* Several processes at one container, each with a group. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "model_rig.h"
#include "suites.h"

static struct model m;

#define CALLS 4000

/* Held by a device from pin to unpin: its dma_unmap waits for the unpin. */
static pthread_mutex_t in_use[MODEL_DEVICES];

static void crowd_unmap(struct vfio_device *vdev, uint64_t iova,
			uint64_t length)
{
	(void)iova;
	(void)length;
	pthread_mutex_lock(vfiod_get_drvdata(vdev));
	pthread_mutex_unlock(vfiod_get_drvdata(vdev));
}

static const struct vfiod_plugin crowd_plugin = {
	.name = "crowd",
	.init = model_init,
	.dma_unmap = crowd_unmap,
};

static void setup(void)
{
	model_setup(&m);
	for (int i = 0; i < MODEL_DEVICES; i++) {
		model_add(&m, i, VFIO_EMULATED_IOMMU, &crowd_plugin,
			  &model_type);
		pthread_mutex_init(&in_use[i], NULL);
		vfiod_set_drvdata(m.devs[i].vdev, &in_use[i]);
	}
}

static void teardown(void)
{
	model_teardown(&m);
}

struct actor {
	unsigned int seed;
	struct model_device *dev;
	uint64_t at; /* a page of its own for arguments */
	unsigned int pinned; /* how often it has: goes on until it could */
};

static int container_ioctl(struct actor *a, unsigned int cmd, const void *arg,
			   size_t size)
{
	ck_assert_int_eq(vfio_copy_to_user(a->at, arg, size), 0);
	return vfio_container_ioctl(m.container, cmd, a->at);
}

/* Another group's state may be there or not: most calls may be refused. */
static void map(struct actor *a)
{
	const struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.vaddr = m.mem,
		.iova = rand_r(&a->seed) % 2 * PAGE,
		.size = PAGE,
	};
	int ret = container_ioctl(a, VFIO_IOMMU_MAP_DMA, &arg, sizeof(arg));

	ck_assert(ret == 0 || ret == -EINVAL || ret == -EEXIST);
}

static void unmap(struct actor *a)
{
	const struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_UNMAP_FLAG_ALL,
	};
	int ret = container_ioctl(a, VFIO_IOMMU_UNMAP_DMA, &arg, sizeof(arg));

	ck_assert(ret == 0 || ret == -EINVAL);
}

static void set_iommu(struct actor *a)
{
	int ret = vfio_container_ioctl(m.container, VFIO_SET_IOMMU,
				       rand_r(&a->seed) % 2 ? 1 : 3);

	ck_assert(ret == 0 || ret == -EINVAL);
	vfio_container_ioctl(m.container, VFIO_CHECK_EXTENSION, 4);
}

static void set_container(struct actor *a)
{
	const int32_t fd = m.container_fd;
	int ret;

	if (!a->dev->group_open) {
		ck_assert_int_eq(vfio_group_open(a->dev->group), 0);
		a->dev->group_open = true;
	}
	ck_assert_int_eq(vfio_copy_to_user(a->at, &fd, sizeof(fd)), 0);
	ret = vfio_group_ioctl(a->dev->group, VFIO_GROUP_SET_CONTAINER, a->at);
	ck_assert(ret == 0 || ret == -EINVAL);
}

static void unset_container(struct actor *a)
{
	int ret =
		vfio_group_ioctl(a->dev->group, VFIO_GROUP_UNSET_CONTAINER, 0);

	ck_assert(ret == 0 || ret == -EINVAL ||
		  (ret == -EBUSY && a->dev->file));
}

static void open_or_close(struct actor *a)
{
	int ret;

	if (a->dev->file) {
		vfio_device_file_release(a->dev->file);
		a->dev->file = NULL;
		return;
	}
	/* Device files come from group files. */
	if (!a->dev->group_open)
		return;
	ck_assert_int_eq(vfio_copy_to_user(a->at, a->dev->vdev->name, 5), 0);
	ret = vfio_group_get_device(a->dev->group, a->at, &a->dev->file);
	ck_assert(ret == 0 || ret == -EINVAL);
}

static void use(struct actor *a)
{
	struct vfio_page *page;
	uint8_t byte;
	int ret;

	if (!a->dev->file)
		return;
	pthread_mutex_lock(vfiod_get_drvdata(a->dev->vdev));
	ret = vfiod_pin_pages(a->dev->vdev, 0, 1, 0, &page);
	ck_assert(ret == 1 || ret == -EINVAL || ret == -EACCES);
	if (ret == 1)
		vfiod_unpin_pages(a->dev->vdev, 0, 1);
	pthread_mutex_unlock(vfiod_get_drvdata(a->dev->vdev));
	a->pinned += ret == 1;
	ret = vfiod_dma_rw(a->dev->vdev, PAGE, &byte, 1, false);
	ck_assert(ret == 0 || ret == -EINVAL);
}

static void close_group(struct actor *a)
{
	if (!a->dev->group_open || a->dev->file)
		return;
	vfio_group_close(a->dev->group);
	a->dev->group_open = false;
}

static void *actor_thread(void *arg)
{
	static void (*const acts[])(struct actor * a) = {
		map,	       unmap,	      map,	     set_iommu,
		set_iommu,     set_container, set_container, unset_container,
		open_or_close, open_or_close, use,	     use,
		use,	       close_group,
	};
	struct actor *a = arg;

	vfio_set_current(&m.client.client);
	for (int i = 0; i < CALLS || !a->pinned; i++)
		acts[rand_r(&a->seed) % (sizeof(acts) / sizeof(acts[0]))](a);
	/* Leave the container, or it keeps the type it has for the others. */
	if (a->dev->file)
		open_or_close(a);
	close_group(a);
	return NULL;
}

START_TEST(crowd)
{
	pthread_t threads[MODEL_DEVICES];
	struct actor actors[MODEL_DEVICES];

	for (int i = 0; i < MODEL_DEVICES; i++) {
		actors[i] = (struct actor){
			.seed = i + 1,
			.dev = &m.devs[i],
			.at = m.mem + (1 + i) * PAGE,
		};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, actor_thread,
						&actors[i]),
				 0);
	}
	for (int i = 0; i < MODEL_DEVICES; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

Suite *model_crowd_suite(void)
{
	Suite *suite = suite_create("model crowd");
	TCase *tc = tcase_create("crowd");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, crowd);
	suite_add_tcase(suite, tc);
	return suite;
}
