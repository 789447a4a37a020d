// SPDX-License-Identifier: BSD-3-Clause
/* A device that uses services in the wrong state: careless.h. */
#include "careless.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <vfiod/plugin.h>

#define PAGE 4096

struct careless {
	struct vfio_device *vdev;
	_Atomic int64_t results[CARELESS_PLACES][CARELESS_SERVICES];
	atomic_ulong rounds;
	atomic_ulong pinned;
	atomic_bool open; /* between open_device and close_device */
	atomic_bool stop;
	pthread_t thread;
	bool has_thread; /* made at the first open: init must not */
	struct vfiod_timer *timer; /* until release */
};

static int pin_and_unpin(struct vfio_device *vdev)
{
	struct vfio_page *page;
	int ret = vfiod_pin_pages(vdev, 0, 1, VFIO_DMA_MAP_FLAG_READ, &page);

	vfiod_unpin_pages(vdev, 0, 1);
	vfiod_unpin_pages(vdev, 0, 1);
	return ret;
}

static void use_services(struct careless *careless, enum careless_place place)
{
	_Atomic int64_t *results = careless->results[place];
	struct vfio_device *vdev = careless->vdev;
	struct vfio_eventfd *eventfd;
	uint64_t word;
	int ret;

	results[CARELESS_PIN] = pin_and_unpin(vdev);
	results[CARELESS_DMA] =
		vfiod_dma_rw(vdev, 0, &word, sizeof(word), false);
	results[CARELESS_IRQ] = vfiod_irq_trigger(vdev, 0, 0);
	results[CARELESS_COPY] =
		vfiod_copy_from_user(&word, PAGE, sizeof(word));
	ret = vfiod_eventfd_get(0, &eventfd);
	if (!ret)
		vfiod_eventfd_put(eventfd);
	results[CARELESS_EVENTFD] = ret;
}

/* Unpins what nobody has pinned, too, and what is not mapped. */
static void one_round(struct careless *careless)
{
	struct vfio_device *vdev = careless->vdev;
	uint64_t word;

	if (!atomic_load(&careless->open))
		use_services(careless, CARELESS_CLOSED);
	else if (pin_and_unpin(vdev) == 1)
		atomic_fetch_add(&careless->pinned, 1);
	vfiod_dma_rw(vdev, 8, &word, sizeof(word), true);
	vfiod_unpin_pages(vdev, PAGE, 512);
	vfiod_unpin_pages(vdev, UINT64_MAX, 1);
	vfiod_unpin_pages(vdev, 0, -1);
	atomic_fetch_add(&careless->rounds, 1);
}

static void *run(void *arg)
{
	struct careless *careless = arg;

	while (!atomic_load(&careless->stop))
		one_round(careless);
	return NULL;
}

static void expired(void *arg)
{
	use_services(arg, CARELESS_TIMER);
}

static int careless_init(struct vfio_device *vdev)
{
	struct careless *careless = calloc(1, sizeof(*careless));

	if (!careless)
		return -ENOMEM;
	careless->vdev = vdev;
	careless->timer = vfiod_timer_new(vdev, expired, careless);
	if (!careless->timer) {
		free(careless);
		return -ENOMEM;
	}
	for (int place = 0; place < CARELESS_PLACES; place++)
		for (int service = 0; service < CARELESS_SERVICES; service++)
			careless->results[place][service] = CARELESS_NEVER;
	vfiod_set_drvdata(vdev, careless);
	use_services(careless, CARELESS_INIT);
	return 0;
}

static void careless_release(struct vfio_device *vdev)
{
	struct careless *careless = vfiod_get_drvdata(vdev);
	uint64_t word;

	atomic_store(&careless->stop, true);
	if (careless->has_thread)
		pthread_join(careless->thread, NULL);
	/* The timer is left behind, and armed. */
	vfiod_timer_arm(careless->timer, 0);
	vfiod_log(vdev, VFIOD_LOG_WARNING,
		  "in release: pin %d, dma_rw %d, irq_trigger %d",
		  pin_and_unpin(vdev),
		  vfiod_dma_rw(vdev, 0, &word, sizeof(word), false),
		  vfiod_irq_trigger(vdev, 0, 0));
	free(careless);
}

static int careless_open_device(struct vfio_device *vdev)
{
	struct careless *careless = vfiod_get_drvdata(vdev);
	int ret;

	use_services(careless, CARELESS_OPEN);
	atomic_store(&careless->open, true);
	if (careless->has_thread)
		return 0;
	ret = -pthread_create(&careless->thread, NULL, run, careless);
	careless->has_thread = !ret;
	return ret;
}

static void careless_close_device(struct vfio_device *vdev)
{
	struct careless *careless = vfiod_get_drvdata(vdev);

	use_services(careless, CARELESS_CLOSE);
	atomic_store(&careless->open, false);
	vfiod_timer_arm(careless->timer, 0);
}

static int careless_match(struct vfio_device *vdev, const char *name)
{
	struct careless *careless = vfiod_get_drvdata(vdev);

	if (!atomic_load(&careless->open))
		use_services(careless, CARELESS_MATCH);
	return !strcmp(name, vfiod_device_name(vdev));
}

static int careless_access(struct vfio_device *vdev, unsigned int index,
			   uint64_t offset, void *buf, unsigned int len,
			   bool write)
{
	struct careless *careless = vfiod_get_drvdata(vdev);
	uint64_t value;

	if (index || write || len != sizeof(value))
		return -EINVAL;
	if (offset == CARELESS_ROUNDS)
		value = atomic_load(&careless->rounds);
	else if (offset == CARELESS_PINNED)
		value = atomic_load(&careless->pinned);
	else
		value = (&careless->results[0][0])[offset / 8];
	memcpy(buf, &value, sizeof(value));
	return 0;
}

/* Whatever the thread has pinned it unpins at once. */
static void careless_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			       uint64_t length)
{
	(void)vdev;
	(void)iova;
	(void)length;
}

static const struct vfiod_region regions[] = {
	{ .size = CARELESS_SIZE, .flags = VFIO_REGION_INFO_FLAG_READ },
};

static const struct vfiod_irq irq_table[] = {
	{ .count = 1, .flags = VFIO_IRQ_INFO_EVENTFD },
};

static const struct vfiod_type types[] = {
	{ .name = "device",
	  .pretty_name = "A device that uses services at any time",
	  .nr_regions = 1,
	  .nr_irqs = 1,
	  .regions = regions,
	  .irqs = irq_table },
};

static struct vfiod_plugin careless_plugin = {
	.name = "careless",
	.version = "1.0",
	.description = "uses services in the wrong state",
	.nr_types = 1,
	.types = types,
	.init = careless_init,
	.release = careless_release,
	.open_device = careless_open_device,
	.close_device = careless_close_device,
	.match = careless_match,
	.access = careless_access,
	.dma_unmap = careless_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(careless_plugin);
