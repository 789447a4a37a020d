// SPDX-License-Identifier: BSD-3-Clause
/* A device whose threads pin, write and unpin all the time: traffic.h. */
#include "traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vfiod/plugin.h>

#define RIGHTS (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

struct traffic;

struct worker {
	struct traffic *traffic;
	unsigned int t; /* its number among the threads of all devices */
	unsigned int seed;
	pthread_t thread;
};

struct traffic {
	struct vfio_device *vdev;
	struct traffic_record *record;
	unsigned int n;
	/* Made by open_device, ended by close_device. */
	struct worker workers[TRAFFIC_THREADS];
	unsigned int nr_workers;
	atomic_bool stop;
	/*
	 * Guards pages, and is held while one of them is written to: dma_unmap
	 * takes it, so that it returns after the last write.
	 */
	pthread_mutex_t lock;
	struct vfio_page *pages[TRAFFIC_PAGES]; /* NULL: not pinned */
};

static struct traffic_record *map_record(const char *path)
{
	void *record;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	record = mmap(NULL, sizeof(struct traffic_record),
		      PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return record == MAP_FAILED ? NULL : record;
}

static int traffic_init(struct vfio_device *vdev)
{
	const char *path = vfiod_device_param(vdev, "record");
	const char *n = vfiod_device_param(vdev, "n");
	struct traffic *traffic;

	if (!path || !n || strtoul(n, NULL, 10) >= TRAFFIC_DEVICES)
		return -EINVAL;
	traffic = calloc(1, sizeof(*traffic));
	if (!traffic)
		return -ENOMEM;
	traffic->vdev = vdev;
	traffic->n = strtoul(n, NULL, 10);
	traffic->record = map_record(path);
	if (!traffic->record) {
		free(traffic);
		return -ENOENT;
	}
	pthread_mutex_init(&traffic->lock, NULL);
	vfiod_set_drvdata(vdev, traffic);
	return 0;
}

static void traffic_release(struct vfio_device *vdev)
{
	struct traffic *traffic = vfiod_get_drvdata(vdev);

	munmap(traffic->record, sizeof(*traffic->record));
	pthread_mutex_destroy(&traffic->lock);
	free(traffic);
}

/*
 * What the services may say: nothing is mapped there (EINVAL), or its process
 * is gone (the others). Not ENOMEM: no more is pinned than its limit allows.
 */
static void check_errno(struct traffic *traffic, int ret)
{
	if (ret != -EINVAL && ret != -EFAULT && ret != -EPERM && ret != -ENODEV)
		atomic_store(&traffic->record->wrong_errno, ret);
}

/* The lock is held. */
static void unpin(struct traffic *traffic, unsigned int p)
{
	atomic_store(&traffic->record->pages[p].pins[traffic->n], 0);
	traffic->pages[p] = NULL;
	vfiod_unpin_pages(traffic->vdev, p * TRAFFIC_PAGE, 1);
}

static void pin_or_unpin(struct traffic *traffic, unsigned int p)
{
	int ret;

	pthread_mutex_lock(&traffic->lock);
	if (traffic->pages[p]) {
		unpin(traffic, p);
	} else {
		ret = vfiod_pin_pages(traffic->vdev, p * TRAFFIC_PAGE, 1,
				      RIGHTS, &traffic->pages[p]);
		if (ret == 1)
			atomic_store(
				&traffic->record->pages[p].pins[traffic->n], 1);
		else
			check_errno(traffic, ret);
	}
	pthread_mutex_unlock(&traffic->lock);
}

static struct traffic_writes *begin(struct worker *worker, unsigned int p,
				    uint64_t *words)
{
	struct traffic_record *record = worker->traffic->record;
	struct traffic_writes *writes = &record->pages[p].by[worker->t];
	uint64_t stamp = atomic_load(&writes->begun) + 1;

	atomic_store(&writes->begun, stamp);
	for (int i = 0; i < TRAFFIC_WORDS; i++)
		words[i] = stamp;
	return writes;
}

static void end(struct worker *worker, struct traffic_writes *writes, int ret,
		atomic_ulong *count)
{
	struct traffic *traffic = worker->traffic;
	uint64_t stamp = atomic_load(&writes->begun);

	if (!ret) {
		atomic_store(&writes->done, stamp);
		atomic_fetch_add(count, 1);
		return;
	}
	atomic_store(&writes->refused, stamp);
	atomic_fetch_add(&traffic->record->threads[worker->t].refused, 1);
	check_errno(traffic, ret);
}

static size_t place(const struct worker *worker)
{
	return worker->t * TRAFFIC_WORDS * sizeof(uint64_t);
}

static void write_pinned(struct worker *worker, unsigned int p)
{
	struct traffic *traffic = worker->traffic;
	uint64_t words[TRAFFIC_WORDS];
	struct traffic_writes *writes;
	int ret;

	pthread_mutex_lock(&traffic->lock);
	if (traffic->pages[p]) {
		writes = begin(worker, p, words);
		ret = vfiod_page_rw(traffic->pages[p], place(worker), words,
				    sizeof(words), true);
		end(worker, writes, ret,
		    &traffic->record->threads[worker->t].pinned);
	}
	pthread_mutex_unlock(&traffic->lock);
}

static void write_unpinned(struct worker *worker, unsigned int p)
{
	struct traffic *traffic = worker->traffic;
	uint64_t words[TRAFFIC_WORDS];
	struct traffic_writes *writes = begin(worker, p, words);
	int ret;

	ret = vfiod_dma_rw(traffic->vdev, p * TRAFFIC_PAGE + place(worker),
			   words, sizeof(words), true);
	end(worker, writes, ret, &traffic->record->threads[worker->t].copied);
}

/* Now and then others get a turn: mutexes are not fair. */
static void *work(void *arg)
{
	struct worker *worker = arg;

	while (!atomic_load(&worker->traffic->stop)) {
		unsigned int what = rand_r(&worker->seed);
		unsigned int p = what / 4 % TRAFFIC_PAGES;

		if (what % 4 == 0)
			pin_or_unpin(worker->traffic, p);
		else if (what % 4 == 1)
			write_unpinned(worker, p);
		else
			write_pinned(worker, p);
		if (what / (4 * TRAFFIC_PAGES) % 8 == 0)
			sched_yield();
	}
	return NULL;
}

static void stop_workers(struct traffic *traffic)
{
	atomic_store(&traffic->stop, true);
	for (unsigned int i = 0; i < traffic->nr_workers; i++)
		pthread_join(traffic->workers[i].thread, NULL);
	traffic->nr_workers = 0;
}

static int start_worker(struct traffic *traffic, unsigned int t)
{
	struct worker *worker = &traffic->workers[traffic->nr_workers];
	int ret;

	worker->traffic = traffic;
	worker->t = t;
	worker->seed += t + 1;
	ret = -pthread_create(&worker->thread, NULL, work, worker);
	if (!ret)
		traffic->nr_workers++;
	return ret;
}

static int traffic_open_device(struct vfio_device *vdev)
{
	struct traffic *traffic = vfiod_get_drvdata(vdev);
	int ret = 0;

	atomic_store(&traffic->stop, false);
	for (unsigned int t = traffic->n; t < TRAFFIC_THREADS && !ret;
	     t += TRAFFIC_DEVICES)
		ret = start_worker(traffic, t);
	if (ret)
		stop_workers(traffic);
	return ret;
}

static unsigned long unpin_pages(struct traffic *traffic, unsigned int first,
				 unsigned int end_page)
{
	unsigned long n = 0;

	pthread_mutex_lock(&traffic->lock);
	for (unsigned int p = first; p < end_page; p++) {
		if (!traffic->pages[p])
			continue;
		unpin(traffic, p);
		n++;
	}
	pthread_mutex_unlock(&traffic->lock);
	return n;
}

static void traffic_close_device(struct vfio_device *vdev)
{
	struct traffic *traffic = vfiod_get_drvdata(vdev);

	stop_workers(traffic);
	unpin_pages(traffic, 0, TRAFFIC_PAGES);
}

static void traffic_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			      uint64_t length)
{
	struct traffic *traffic = vfiod_get_drvdata(vdev);
	struct traffic_record *record = traffic->record;
	unsigned long n;

	if (atomic_load(&record->devices[traffic->n].closed))
		atomic_fetch_add(&record->devices[traffic->n].late_calls, 1);
	n = unpin_pages(traffic, iova / TRAFFIC_PAGE,
			(iova + length) / TRAFFIC_PAGE);
	atomic_fetch_add(&record->devices[traffic->n].unpinned, n);
	atomic_fetch_add(&record->devices[traffic->n].calls, 1);
}

static const struct vfiod_type types[] = {
	{ .name = "device", .pretty_name = "A device that is always busy" },
};

static const struct vfiod_param params[] = {
	{ .name = "record", .help = "the file that is shared with clients" },
	{ .name = "n", .help = "the device's number, from 0 on" },
};

static struct vfiod_plugin traffic_plugin = {
	.name = "traffic",
	.version = "1.0",
	.description = "pins, writes and unpins all the time",
	.nr_types = 1,
	.types = types,
	.nr_params = 2,
	.params = params,
	.init = traffic_init,
	.release = traffic_release,
	.open_device = traffic_open_device,
	.close_device = traffic_close_device,
	.dma_unmap = traffic_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(traffic_plugin);
