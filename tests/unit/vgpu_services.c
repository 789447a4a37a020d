// SPDX-License-Identifier: BSD-3-Clause
#include "vgpu_services.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fake_services.h"

struct vfio_page {
	unsigned int pins;
	int prot;
};

struct vfiod_timer {
	void (*fn)(void *arg);
	void *arg;
	bool armed;
};

static struct {
	/* Guards the pages. A leaf. */
	pthread_mutex_t lock;
	struct vfio_page pages[FAKE_PAGES];
	uint8_t *data;
} memory = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct {
	/* Guards the timer. A leaf. */
	pthread_mutex_t lock;
	struct vfiod_timer *timer;
	unsigned int nr;
} timers = { .lock = PTHREAD_MUTEX_INITIALIZER };

uint8_t *fake_memory_new(void)
{
	memory.data = mmap(NULL, FAKE_PAGES * FAKE_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory.data == MAP_FAILED)
		abort();
	for (unsigned int i = 0; i < FAKE_PAGES; i++)
		memory.pages[i] = (struct vfio_page){
			.prot = VFIO_DMA_MAP_FLAG_READ |
				VFIO_DMA_MAP_FLAG_WRITE,
		};
	return memory.data;
}

void fake_memory_free(void)
{
	munmap(memory.data, FAKE_PAGES * FAKE_PAGE);
}

void fake_memory_protect(unsigned int page, int prot)
{
	memory.pages[page].prot = prot;
}

unsigned int fake_pins(unsigned int page)
{
	unsigned int pins;

	pthread_mutex_lock(&memory.lock);
	pins = memory.pages[page].pins;
	pthread_mutex_unlock(&memory.lock);
	return pins;
}

unsigned int fake_pins_total(void)
{
	unsigned int total = 0;

	for (unsigned int i = 0; i < FAKE_PAGES; i++)
		total += fake_pins(i);
	return total;
}

bool fake_unmap(struct vfio_device *vdev, unsigned int page, unsigned int nr)
{
	vfiod_plugin_entry()->dma_unmap(vdev, FAKE_IOVA + page * FAKE_PAGE,
					nr * FAKE_PAGE);
	for (unsigned int i = page; i < page + nr; i++)
		if (fake_pins(i))
			return false;
	pthread_mutex_lock(&memory.lock);
	for (unsigned int i = page; i < page + nr; i++)
		memory.pages[i].prot = 0;
	pthread_mutex_unlock(&memory.lock);
	return !mprotect(memory.data + page * FAKE_PAGE, nr * FAKE_PAGE,
			 PROT_NONE);
}

/* The page at @iova; NULL: it is not in the memory. */
static struct vfio_page *page_at(uint64_t iova)
{
	uint64_t page = (iova - FAKE_IOVA) / FAKE_PAGE;

	return iova >= FAKE_IOVA && page < FAKE_PAGES ? &memory.pages[page] :
							NULL;
}

static int may_pin(uint64_t iova, int npage, int prot)
{
	for (int i = 0; i < npage; i++) {
		struct vfio_page *page = page_at(iova + i * FAKE_PAGE);

		if (!page || !page->prot)
			return -EINVAL;
		if ((page->prot & prot) != prot)
			return -EPERM;
	}
	return 0;
}

int vfiod_pin_pages(struct vfio_device *vdev, uint64_t iova, int npage,
		    int prot, struct vfio_page **pages)
{
	int ret;

	(void)vdev;
	pthread_mutex_lock(&memory.lock);
	ret = may_pin(iova, npage, prot);
	for (int i = 0; !ret && i < npage; i++) {
		pages[i] = page_at(iova + i * FAKE_PAGE);
		pages[i]->pins++;
	}
	pthread_mutex_unlock(&memory.lock);
	return ret ? ret : npage;
}

/* Unpinning what is not pinned is a bug of the plugin. */
void vfiod_unpin_pages(struct vfio_device *vdev, uint64_t iova, int npage)
{
	(void)vdev;
	pthread_mutex_lock(&memory.lock);
	for (int i = 0; i < npage; i++) {
		struct vfio_page *page = page_at(iova + i * FAKE_PAGE);

		if (!page || !page->pins)
			abort();
		page->pins--;
	}
	pthread_mutex_unlock(&memory.lock);
}

/* Without the lock: a page that is unmapped under it has to crash. */
int vfiod_page_rw(struct vfio_page *page, size_t offset, void *buf, size_t len,
		  bool write)
{
	uint8_t *at = memory.data + (page - memory.pages) * FAKE_PAGE + offset;

	if (offset > FAKE_PAGE || len > FAKE_PAGE - offset)
		return -EINVAL;
	memcpy(write ? at : buf, write ? buf : at, len);
	return 0;
}

struct vfiod_timer *vfiod_timer_new(struct vfio_device *vdev,
				    void (*fn)(void *arg), void *arg)
{
	struct vfiod_timer *timer = calloc(1, sizeof(*timer));

	(void)vdev;
	if (!timer)
		return NULL;
	timer->fn = fn;
	timer->arg = arg;
	pthread_mutex_lock(&timers.lock);
	timers.timer = timer;
	timers.nr++;
	pthread_mutex_unlock(&timers.lock);
	return timer;
}

int vfiod_timer_arm(struct vfiod_timer *timer, uint64_t ns)
{
	(void)ns;
	pthread_mutex_lock(&timers.lock);
	timer->armed = true;
	pthread_mutex_unlock(&timers.lock);
	return 0;
}

void vfiod_timer_free(struct vfiod_timer *timer)
{
	pthread_mutex_lock(&timers.lock);
	timers.timer = NULL;
	timers.nr--;
	pthread_mutex_unlock(&timers.lock);
	free(timer);
}

bool fake_timer_run(void)
{
	struct vfiod_timer *timer;
	bool armed;

	pthread_mutex_lock(&timers.lock);
	timer = timers.timer;
	armed = timer && timer->armed;
	if (armed)
		timer->armed = false;
	pthread_mutex_unlock(&timers.lock);
	if (armed)
		timer->fn(timer->arg);
	return armed;
}

unsigned int fake_timers(void)
{
	return timers.nr;
}
