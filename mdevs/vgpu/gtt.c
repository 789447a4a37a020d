// SPDX-License-Identifier: BSD-3-Clause
#include "gtt.h"

#include <errno.h>
#include <stdlib.h>

static size_t pages(uint64_t size)
{
	return size >> VGPU_PAGE_SHIFT;
}

static size_t nr_slots(const struct vgpu_gtt *gtt)
{
	return pages(gtt->gm->low_size) + pages(gtt->gm->high_size);
}

int vgpu_gtt_init(struct vgpu_gtt *gtt, const struct vgpu_gm *gm,
		  struct vgpu_cache *cache)
{
	gtt->gm = gm;
	gtt->cache = cache;
	gtt->guest = calloc(nr_slots(gtt), sizeof(*gtt->guest));
	gtt->shadow = calloc(nr_slots(gtt), sizeof(*gtt->shadow));
	if (!gtt->guest || !gtt->shadow) {
		free(gtt->guest);
		free(gtt->shadow);
		return -ENOMEM;
	}
	pthread_mutex_init(&gtt->lock, NULL);
	return 0;
}

void vgpu_gtt_fini(struct vgpu_gtt *gtt)
{
	pthread_mutex_destroy(&gtt->lock);
	free(gtt->guest);
	free(gtt->shadow);
}

/* Where the entry of a page is in the arrays. Both parts begin at a 64 KiB. */
static bool find_slot(const struct vgpu_gtt *gtt, uint64_t index, size_t *slot)
{
	const struct vgpu_gm *gm = gtt->gm;
	uint64_t address = index << VGPU_PAGE_SHIFT;

	if (index >= pages(VGPU_GM_SIZE) ||
	    !vgpu_gm_holds(gm, address, VGPU_PAGE_SIZE))
		return false;
	if (address < VGPU_APERTURE_SIZE)
		*slot = pages(address - gm->low_base);
	else
		*slot = pages(gm->low_size) + pages(address - gm->high_base);
	return true;
}

uint64_t vgpu_gtt_get(struct vgpu_gtt *gtt, uint64_t index)
{
	uint64_t pte = 0;
	size_t slot;

	if (!find_slot(gtt, index, &slot))
		return 0;
	pthread_mutex_lock(&gtt->lock);
	pte = gtt->guest[slot];
	pthread_mutex_unlock(&gtt->lock);
	return pte;
}

/* The DMA address for an entry, 0 when there is none to be had. */
static uint64_t map(struct vgpu_gtt *gtt, size_t slot, uint64_t pte)
{
	uint64_t gfn = (pte & VGPU_PTE_ADDRESS) >> VGPU_PAGE_SHIFT;
	unsigned int nr_pages = 1;
	uint64_t addr;
	int ret;

	if (!(pte & VGPU_PTE_VALID))
		return 0;
	if (pte & VGPU_PTE_64K) {
		if (slot % VGPU_LARGE_PAGES)
			return 0;
		gfn -= gfn % VGPU_LARGE_PAGES;
		nr_pages = VGPU_LARGE_PAGES;
	}
	ret = vgpu_cache_map(gtt->cache, gfn, nr_pages, &addr);
	if (!ret)
		return addr;
	vfiod_log(gtt->cache->vdev, VFIOD_LOG_DEBUG,
		  "GTT: guest frame %#lx cannot be mapped: %d", gfn, ret);
	return 0;
}

/* The new one first: it may be of the same frame as the old. */
static void set_slot(struct vgpu_gtt *gtt, size_t slot, uint64_t pte)
{
	uint64_t old = gtt->shadow[slot];

	gtt->guest[slot] = pte;
	gtt->shadow[slot] = map(gtt, slot, pte);
	if (old)
		vgpu_cache_unmap(gtt->cache, old);
}

void vgpu_gtt_set(struct vgpu_gtt *gtt, uint64_t index, uint64_t pte)
{
	size_t slot;

	if (!find_slot(gtt, index, &slot))
		return;
	pthread_mutex_lock(&gtt->lock);
	set_slot(gtt, slot, pte);
	pthread_mutex_unlock(&gtt->lock);
}

void vgpu_gtt_clear(struct vgpu_gtt *gtt)
{
	pthread_mutex_lock(&gtt->lock);
	for (size_t slot = 0; slot < nr_slots(gtt); slot++)
		if (gtt->guest[slot])
			set_slot(gtt, slot, 0);
	pthread_mutex_unlock(&gtt->lock);
}

/* A large entry covers what the 15 behind it hold. */
static uint64_t dma_addr(const struct vgpu_gtt *gtt, size_t slot)
{
	const uint64_t large = VGPU_PTE_VALID | VGPU_PTE_64K;
	size_t first = slot - slot % VGPU_LARGE_PAGES;

	if ((gtt->guest[first] & large) != large)
		return gtt->shadow[slot];
	if (!gtt->shadow[first])
		return 0;
	return gtt->shadow[first] + (slot - first) * VGPU_PAGE_SIZE;
}

static int page_rw(struct vgpu_gtt *gtt, uint64_t address, void *buf,
		   size_t len, bool write)
{
	uint64_t addr;
	size_t slot;

	if (!find_slot(gtt, address >> VGPU_PAGE_SHIFT, &slot))
		return -EFAULT;
	pthread_mutex_lock(&gtt->lock);
	addr = dma_addr(gtt, slot);
	pthread_mutex_unlock(&gtt->lock);
	if (!addr)
		return -EFAULT;
	/* An entry that changes or is unmapped now: the address is no more. */
	return vgpu_cache_rw(gtt->cache, addr + address % VGPU_PAGE_SIZE, buf,
			     len, write);
}

int vgpu_gtt_rw(struct vgpu_gtt *gtt, uint64_t address, void *buf, size_t len,
		bool write, uint64_t *fault)
{
	char *at = buf;

	while (len) {
		size_t n = VGPU_PAGE_SIZE - address % VGPU_PAGE_SIZE;
		int ret;

		if (n > len)
			n = len;
		ret = page_rw(gtt, address, at, n, write);
		if (ret) {
			*fault = address;
			return ret;
		}
		address += n;
		at += n;
		len -= n;
	}
	return 0;
}
