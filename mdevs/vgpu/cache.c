// SPDX-License-Identifier: BSD-3-Clause
#include "cache.h"

#include <errno.h>
#include <stdlib.h>

/* 0 is no address. */
#define FIRST_ADDR ((uint64_t)1 << 32)

/* kvmgt's gvt_dma. */
struct vgpu_dma {
	RB_ENTRY(vgpu_dma) gfn_node;
	RB_ENTRY(vgpu_dma) addr_node;
	uint64_t gfn;
	uint64_t addr;
	unsigned int nr_pages;
	unsigned int refs;
	struct vfio_page *pages[]; /* nr_pages */
};

/* By the first frame. Entries may overlap: a small one in a large one. */
static int compare_gfn(const struct vgpu_dma *a, const struct vgpu_dma *b)
{
	return a->gfn < b->gfn ? -1 : a->gfn > b->gfn;
}

static uint64_t end_of(const struct vgpu_dma *dma)
{
	return dma->addr + dma->nr_pages * VGPU_PAGE_SIZE;
}

/* Addresses do not overlap; so a page's finds the entry that it is in. */
static int compare_addr(const struct vgpu_dma *a, const struct vgpu_dma *b)
{
	return end_of(a) <= b->addr ? -1 : a->addr >= end_of(b);
}

RB_PROTOTYPE_INTERNAL(vgpu_gfn_tree, vgpu_dma, gfn_node, compare_gfn,
		      static __attribute__((unused)))
RB_GENERATE_INTERNAL(vgpu_gfn_tree, vgpu_dma, gfn_node, compare_gfn,
		     static __attribute__((unused)))
RB_PROTOTYPE_INTERNAL(vgpu_addr_tree, vgpu_dma, addr_node, compare_addr,
		      static __attribute__((unused)))
RB_GENERATE_INTERNAL(vgpu_addr_tree, vgpu_dma, addr_node, compare_addr,
		     static __attribute__((unused)))

void vgpu_cache_init(struct vgpu_cache *cache, struct vfio_device *vdev)
{
	cache->vdev = vdev;
	pthread_mutex_init(&cache->lock, NULL);
	RB_INIT(&cache->by_gfn);
	RB_INIT(&cache->by_addr);
	cache->next_addr = FIRST_ADDR;
}

void vgpu_cache_fini(struct vgpu_cache *cache)
{
	pthread_mutex_destroy(&cache->lock);
}

static struct vgpu_dma *find_gfn(struct vgpu_cache *cache, uint64_t gfn)
{
	struct vgpu_dma key = { .gfn = gfn };

	return RB_FIND(vgpu_gfn_tree, &cache->by_gfn, &key);
}

static struct vgpu_dma *find_addr(struct vgpu_cache *cache, uint64_t addr)
{
	struct vgpu_dma key = { .addr = addr & ~(VGPU_PAGE_SIZE - 1),
				.nr_pages = 1 };

	return RB_FIND(vgpu_addr_tree, &cache->by_addr, &key);
}

/*
 * Naturally aligned, and never used again: an address that is still in a GTT
 * when its entry has been unmapped leads nowhere, not to another's page.
 */
static uint64_t take_addr(struct vgpu_cache *cache, unsigned int nr_pages)
{
	uint64_t size = nr_pages * VGPU_PAGE_SIZE;
	uint64_t addr = (cache->next_addr + size - 1) & ~(size - 1);

	cache->next_addr = addr + size;
	return addr;
}

/*
 * READ and WRITE whatever the entry is for, as kvmgt: what a client has
 * mapped for one only cannot be had.
 */
static int add(struct vgpu_cache *cache, uint64_t gfn, unsigned int nr_pages,
	       struct vgpu_dma **result)
{
	struct vgpu_dma *dma;
	int ret;

	dma = calloc(1, sizeof(*dma) + nr_pages * sizeof(dma->pages[0]));
	if (!dma)
		return -ENOMEM;
	ret = vfiod_pin_pages(cache->vdev, gfn << VGPU_PAGE_SHIFT, nr_pages,
			      VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
			      dma->pages);
	if (ret < 0) {
		free(dma);
		return ret;
	}
	dma->gfn = gfn;
	dma->nr_pages = nr_pages;
	dma->refs = 1;
	dma->addr = take_addr(cache, nr_pages);
	RB_INSERT(vgpu_gfn_tree, &cache->by_gfn, dma);
	RB_INSERT(vgpu_addr_tree, &cache->by_addr, dma);
	*result = dma;
	return 0;
}

static void remove_entry(struct vgpu_cache *cache, struct vgpu_dma *dma)
{
	RB_REMOVE(vgpu_gfn_tree, &cache->by_gfn, dma);
	RB_REMOVE(vgpu_addr_tree, &cache->by_addr, dma);
	vfiod_unpin_pages(cache->vdev, dma->gfn << VGPU_PAGE_SHIFT,
			  (int)dma->nr_pages);
	free(dma);
}

int vgpu_cache_map(struct vgpu_cache *cache, uint64_t gfn,
		   unsigned int nr_pages, uint64_t *addr)
{
	struct vgpu_dma *dma;
	int ret = 0;

	pthread_mutex_lock(&cache->lock);
	dma = find_gfn(cache, gfn);
	if (dma && dma->nr_pages != nr_pages) {
		remove_entry(cache, dma);
		dma = NULL;
	}
	if (dma)
		dma->refs++;
	else
		ret = add(cache, gfn, nr_pages, &dma);
	if (!ret)
		*addr = dma->addr;
	pthread_mutex_unlock(&cache->lock);
	return ret;
}

void vgpu_cache_unmap(struct vgpu_cache *cache, uint64_t addr)
{
	struct vgpu_dma *dma;

	pthread_mutex_lock(&cache->lock);
	dma = find_addr(cache, addr);
	if (dma && !--dma->refs)
		remove_entry(cache, dma);
	pthread_mutex_unlock(&cache->lock);
}

/* The last frame of a range that may end with the address space. */
static uint64_t last_gfn(uint64_t iova, uint64_t length)
{
	uint64_t last = iova + (length - 1);

	return (last < iova ? UINT64_MAX : last) >> VGPU_PAGE_SHIFT;
}

/*
 * What begins up to a large entry before the range can still reach into it.
 * kvmgt looks for entries that begin in the range, and has a pin left of one
 * that two mappings share.
 */
static struct vgpu_dma *first_that_may_reach(struct vgpu_cache *cache,
					     uint64_t gfn)
{
	uint64_t before = VGPU_LARGE_PAGES - 1;
	struct vgpu_dma key = { .gfn = gfn > before ? gfn - before : 0 };

	return RB_NFIND(vgpu_gfn_tree, &cache->by_gfn, &key);
}

void vgpu_cache_unmap_range(struct vgpu_cache *cache, uint64_t iova,
			    uint64_t length)
{
	uint64_t first = iova >> VGPU_PAGE_SHIFT;
	struct vgpu_dma *dma, *next;
	uint64_t last;

	if (!length)
		return;
	last = last_gfn(iova, length);
	pthread_mutex_lock(&cache->lock);
	for (dma = first_that_may_reach(cache, first); dma && dma->gfn <= last;
	     dma = next) {
		next = RB_NEXT(vgpu_gfn_tree, &cache->by_gfn, dma);
		if (dma->gfn + dma->nr_pages > first)
			remove_entry(cache, dma);
	}
	pthread_mutex_unlock(&cache->lock);
}

void vgpu_cache_clear(struct vgpu_cache *cache)
{
	vgpu_cache_unmap_range(cache, 0, UINT64_MAX);
}

int vgpu_cache_rw(struct vgpu_cache *cache, uint64_t addr, void *buf,
		  size_t len, bool write)
{
	size_t offset = addr & (VGPU_PAGE_SIZE - 1);
	struct vgpu_dma *dma;
	int ret = -EFAULT;

	pthread_mutex_lock(&cache->lock);
	dma = find_addr(cache, addr);
	if (dma)
		ret = vfiod_page_rw(
			dma->pages[(addr - dma->addr) >> VGPU_PAGE_SHIFT],
			offset, buf, len, write);
	pthread_mutex_unlock(&cache->lock);
	return ret ? -EFAULT : 0;
}
