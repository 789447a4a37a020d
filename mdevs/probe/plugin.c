// SPDX-License-Identifier: BSD-3-Clause
/* A probe in vfiod. */
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include <vfiod/plugin.h>

#include "probe.h"

#define WAIT_SECONDS 5

struct probe_plugin {
	struct probe core;
	struct vfio_device *vdev;
	pthread_mutex_t lock; /* guards core */
	pthread_cond_t woken; /* core.go is set */
};

/* What all devices share. */
static struct {
	pthread_mutex_t lock; /* guards log; innermost */
	struct probe_log log;
	int free_numbers; /* a bit each; init and release are one thread's */
} shared = { .lock = PTHREAD_MUTEX_INITIALIZER, .free_numbers = -1 };

static struct probe_plugin *plugin_of(struct probe *p)
{
	return (struct probe_plugin *)p;
}

void probe_os_lock(struct probe *p)
{
	pthread_mutex_lock(&plugin_of(p)->lock);
}

void probe_os_unlock(struct probe *p)
{
	pthread_mutex_unlock(&plugin_of(p)->lock);
}

void probe_os_lock_log(struct probe *p)
{
	(void)p;
	pthread_mutex_lock(&shared.lock);
}

void probe_os_unlock_log(struct probe *p)
{
	(void)p;
	pthread_mutex_unlock(&shared.lock);
}

int probe_os_wait(struct probe *p)
{
	struct probe_plugin *probe = plugin_of(p);
	struct timespec end;
	int ret = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += WAIT_SECONDS;
	while (!p->go && !ret)
		ret = pthread_cond_timedwait(&probe->woken, &probe->lock, &end);
	return p->go ? 0 : -ETIME;
}

void probe_os_wake(struct probe *p)
{
	pthread_cond_broadcast(&plugin_of(p)->woken);
}

int probe_os_pin_pages(struct probe *p, __u64 iova, int npage, int prot,
		       void **pages)
{
	return vfiod_pin_pages(plugin_of(p)->vdev, iova, npage, prot,
			       (struct vfio_page **)pages);
}

void probe_os_unpin_pages(struct probe *p, __u64 iova, int npage)
{
	vfiod_unpin_pages(plugin_of(p)->vdev, iova, npage);
}

int probe_os_dma_rw(struct probe *p, __u64 iova, void *buf, size_t len,
		    bool write)
{
	return vfiod_dma_rw(plugin_of(p)->vdev, iova, buf, len, write);
}

int probe_os_page_rw(void *page, size_t offset, void *buf, size_t len,
		     bool write)
{
	return vfiod_page_rw(page, offset, buf, len, write);
}

static unsigned int take_number(void)
{
	int number = ffs(shared.free_numbers) - 1;

	shared.free_numbers &= ~(1U << number);
	return (unsigned int)number;
}

static int init(struct vfio_device *vdev)
{
	struct probe_plugin *probe = calloc(1, sizeof(*probe));
	pthread_condattr_t attr;

	if (!probe)
		return -ENOMEM;
	if (!shared.free_numbers) {
		free(probe);
		return -ENOSPC;
	}
	probe->vdev = vdev;
	pthread_mutex_init(&probe->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&probe->woken, &attr);
	pthread_condattr_destroy(&attr);
	probe_init(&probe->core, &shared.log, take_number());
	vfiod_set_drvdata(vdev, probe);
	return 0;
}

static void release(struct vfio_device *vdev)
{
	struct probe_plugin *probe = vfiod_get_drvdata(vdev);

	shared.free_numbers |= 1U << probe->core.regs.number;
	pthread_cond_destroy(&probe->woken);
	pthread_mutex_destroy(&probe->lock);
	free(probe);
}

static struct probe *core_of(struct vfio_device *vdev)
{
	struct probe_plugin *probe = vfiod_get_drvdata(vdev);

	return &probe->core;
}

static int open_device(struct vfio_device *vdev)
{
	probe_open(core_of(vdev));
	return 0;
}

static void close_device(struct vfio_device *vdev)
{
	probe_close(core_of(vdev));
}

static ssize_t read_device(struct vfio_device *vdev, void *buf, size_t count,
			   uint64_t pos)
{
	int ret = probe_read(core_of(vdev), pos, buf, count);

	return ret ? ret : (ssize_t)count;
}

static ssize_t write_device(struct vfio_device *vdev, const void *buf,
			    size_t count, uint64_t pos)
{
	int ret = probe_write(core_of(vdev), pos, buf, count);

	return ret ? ret : (ssize_t)count;
}

static void dma_unmap(struct vfio_device *vdev, uint64_t iova, uint64_t length)
{
	probe_dma_unmap(core_of(vdev), iova, length);
}

static const struct vfiod_region regions[VFIO_PCI_NUM_REGIONS] = {
	[VFIO_PCI_BAR0_REGION_INDEX] = { .size = PROBE_REGION_SIZE,
					 .flags = VFIO_REGION_INFO_FLAG_READ |
						  VFIO_REGION_INFO_FLAG_WRITE },
	[VFIO_PCI_CONFIG_REGION_INDEX] = { .size = PROBE_CONFIG_SIZE,
					   .flags =
						   VFIO_REGION_INFO_FLAG_READ },
};

static const struct vfiod_type types[] = {
	{ .name = "1",
	  .pretty_name = "Instrumented device",
	  .info_flags = VFIO_DEVICE_FLAGS_PCI,
	  .nr_regions = VFIO_PCI_NUM_REGIONS,
	  .regions = regions },
};

static struct vfiod_plugin probe_plugin = {
	.name = "probe",
	.version = "1.0",
	.description = "pins, unpins and copies as its client orders, and "
		       "logs dma_unmap",
	.nr_types = 1,
	.types = types,
	.init = init,
	.release = release,
	.open_device = open_device,
	.close_device = close_device,
	.read = read_device,
	.write = write_device,
	.dma_unmap = dma_unmap,
};

VFIOD_REGISTER_PLUGIN(probe_plugin);
