/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest pages that the device has pinned and mapped for DMA, in two trees:
 * by guest frame, to find what is there already and what an unmap takes away;
 * by DMA address, which is what the GTT holds. The DMA addresses are those of
 * an IOMMU that is nothing but this cache.
 */
#ifndef VGPU_CACHE_H
#define VGPU_CACHE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/tree.h>

#include <vfiod/plugin.h>

#define VGPU_PAGE_SHIFT 12
#define VGPU_PAGE_SIZE ((uint64_t)1 << VGPU_PAGE_SHIFT)
/* An entry has 1 page, or this many. */
#define VGPU_LARGE_PAGES 16

struct vgpu_dma;

RB_HEAD(vgpu_gfn_tree, vgpu_dma);
RB_HEAD(vgpu_addr_tree, vgpu_dma);

struct vgpu_cache {
	struct vfio_device *vdev;
	/*
	 * Guards what follows, and is held over each use of a page: who has
	 * taken an entry out knows that nobody uses its pages any more. The
	 * last of the device's locks.
	 */
	pthread_mutex_t lock;
	struct vgpu_gfn_tree by_gfn;
	struct vgpu_addr_tree by_addr;
	uint64_t next_addr;
};

void vgpu_cache_init(struct vgpu_cache *cache, struct vfio_device *vdev);
/* Nothing is in it. */
void vgpu_cache_fini(struct vgpu_cache *cache);

/*
 * Pin and map @nr_pages (1 or VGPU_LARGE_PAGES) from guest frame @gfn on, or
 * take one more reference to the entry that is there; one of the other size
 * is replaced, whoever refers to it. Device open. 0 and the DMA address, or
 * an errno: -ENOMEM, or one of vfiod_pin_pages().
 */
int vgpu_cache_map(struct vgpu_cache *cache, uint64_t gfn,
		   unsigned int nr_pages, uint64_t *addr);
/* Drop a reference; the last one unpins. An address without entry is no-op. */
void vgpu_cache_unmap(struct vgpu_cache *cache, uint64_t addr);

/*
 * Remove all entries with a page in [@iova, @iova + @length), whatever their
 * reference count. The time goes with their number, not with the length.
 */
void vgpu_cache_unmap_range(struct vgpu_cache *cache, uint64_t iova,
			    uint64_t length);
void vgpu_cache_clear(struct vgpu_cache *cache);

/*
 * DMA: read or write @len bytes at @addr, not over the end of a page. -EFAULT:
 * the address is not mapped, or vfiod_page_rw() failed.
 */
int vgpu_cache_rw(struct vgpu_cache *cache, uint64_t addr, void *buf,
		  size_t len, bool write);

#endif
