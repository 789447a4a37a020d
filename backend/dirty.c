// SPDX-License-Identifier: BSD-3-Clause
/* VFIO_IOMMU_DIRTY_PAGES, and the bitmaps of dirty pages. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <vfiod/uapi.h>

#include "type1.h"

#define WORD_BITS 64
/* How many words go to the client at a time. */
#define CHUNK 512

#define DIRTY_MINSZ offsetof(struct vfio_iommu_type1_dirty_bitmap, data)

static size_t words(uint64_t bits)
{
	return bits / WORD_BITS + !!(bits % WORD_BITS);
}

static void set_bit(uint64_t *bitmap, uint64_t bit)
{
	bitmap[bit / WORD_BITS] |= 1ULL << bit % WORD_BITS;
}

/* Pinned pages may be written at any time: they are dirty. */
static void add_pinned(struct vfio_dma *dma)
{
	struct vfio_page *page;

	for (page = vfio_page_first(dma); page; page = vfio_page_next(page))
		set_bit(dma->bitmap,
			(page->iova - dma->iova) >> VFIO_PAGE_SHIFT);
}

int vfio_dirty_alloc(struct vfio_dma *dma)
{
	size_t npages = vfio_dma_npages(dma);

	if (npages > VFIO_DIRTY_PAGES_MAX)
		return -EINVAL;
	dma->bitmap = calloc(words(npages), sizeof(*dma->bitmap));
	return dma->bitmap ? 0 : -ENOMEM;
}

void vfio_dirty_set(struct vfio_dma *dma, uint64_t offset, uint64_t len)
{
	uint64_t bit = offset >> VFIO_PAGE_SHIFT;
	uint64_t last = (offset + len - 1) >> VFIO_PAGE_SHIFT;

	for (; dma->bitmap && bit <= last; bit++)
		set_bit(dma->bitmap, bit);
}

void vfio_dirty_fill(struct vfio_dma *dma)
{
	size_t npages = vfio_dma_npages(dma), full = npages / WORD_BITS;

	if (!dma->bitmap)
		return;
	memset(dma->bitmap, 0xff, full * sizeof(*dma->bitmap));
	for (size_t bit = full * WORD_BITS; bit < npages; bit++)
		set_bit(dma->bitmap, bit);
}

/* How a bitmap of the client's stands to that of one mapping. */
struct view {
	const struct vfio_dma *dma;
	uint64_t first; /* the mapping's first page: its number there */
	unsigned int order; /* the client's pages are 2^order of these */
};

/* Is any of these pages dirty that the mapping has? */
static bool any_dirty(const struct view *view, uint64_t page, uint64_t end)
{
	uint64_t npages = vfio_dma_npages(view->dma);

	page = page > view->first ? page - view->first : 0;
	end = end > view->first ? end - view->first : 0;
	for (; page < end && page < npages; page++)
		if (view->dma->bitmap[page / WORD_BITS] >> page % WORD_BITS & 1)
			return true;
	return false;
}

static uint64_t large_word(const struct view *view, size_t i)
{
	uint64_t page = i * WORD_BITS << view->order, word = 0;

	for (unsigned int bit = 0; bit < WORD_BITS; bit++) {
		uint64_t end = page + (1ULL << view->order);

		word |= (uint64_t)any_dirty(view, page, end) << bit;
		page = end;
	}
	return word;
}

/* Word @i of the client's bitmap, as far as it is the mapping's. */
static uint64_t word_of(const struct view *view, size_t i)
{
	const struct vfio_dma *dma = view->dma;
	unsigned int shift = view->first % WORD_BITS;
	uint64_t word = 0;

	if (view->order)
		return large_word(view, i);
	i -= view->first / WORD_BITS;
	if (i < words(vfio_dma_npages(dma)))
		word = dma->bitmap[i] << shift;
	if (shift && i)
		word |= dma->bitmap[i - 1] >> (WORD_BITS - shift);
	return word;
}

/*
 * Words @i up to @end. The lower bits of the first are another mapping's: the
 * word is read and added to, all of it, as the kernel does.
 */
static int write_words(const struct view *view, size_t i, size_t end,
		       uint64_t data)
{
	uint64_t chunk[CHUNK], present = 0;
	int ret = 0;
	size_t n;

	if (view->first % ((uint64_t)WORD_BITS << view->order))
		ret = vfio_copy_from_user(&present, data + i * sizeof(present),
					  sizeof(present));
	for (; !ret && i < end; i += n) {
		for (n = 0; n < CHUNK && i + n < end; n++)
			chunk[n] = word_of(view, i + n);
		chunk[0] |= present;
		present = 0;
		ret = vfio_copy_to_user(data + i * sizeof(*chunk), chunk,
					n * sizeof(*chunk));
	}
	return ret;
}

/*
 * Only words that @dma has a page in are written. What a device behind an
 * IOMMU has written nobody knows: all is dirty, unless it has shown that it
 * pins.
 */
int vfio_dirty_write(const struct vfio_iommu *iommu, struct vfio_dma *dma,
		     uint64_t base, uint64_t data)
{
	const struct view view = {
		.dma = dma,
		.first = (dma->iova - base) >> VFIO_PAGE_SHIFT,
		.order = __builtin_ctzll(vfio_iommu_pgsize(iommu)) -
			 VFIO_PAGE_SHIFT,
	};
	uint64_t last = view.first + vfio_dma_npages(dma) - 1;

	if (iommu->non_pinned_groups && dma->iommu_mapped)
		vfio_dirty_fill(dma);
	return write_words(&view, (view.first >> view.order) / WORD_BITS,
			   (last >> view.order) / WORD_BITS + 1, data);
}

int vfio_dirty_check_bitmap(const struct vfio_bitmap *bitmap, uint64_t size)
{
	uint64_t npages;

	if (!vfio_access_ok((uintptr_t)bitmap->data, bitmap->size) ||
	    !bitmap->pgsize)
		return -EINVAL;
	npages = size >> __builtin_ctzll(bitmap->pgsize);
	if (!npages || bitmap->size > VFIO_DIRTY_BITMAP_SIZE_MAX ||
	    bitmap->size / sizeof(uint64_t) < words(npages))
		return -EINVAL;
	return 0;
}

static void stop(struct vfio_iommu *iommu)
{
	struct vfio_dma *dma;

	for (dma = vfio_dma_first(&iommu->dmas, 0); dma;
	     dma = vfio_dma_next(dma)) {
		free(dma->bitmap);
		dma->bitmap = NULL;
	}
	iommu->dirty_tracking = false;
}

static int start(struct vfio_iommu *iommu)
{
	struct vfio_dma *dma;
	int ret;

	if (iommu->dirty_tracking)
		return 0;
	for (dma = vfio_dma_first(&iommu->dmas, 0); dma;
	     dma = vfio_dma_next(dma)) {
		ret = vfio_dirty_alloc(dma);
		if (ret) {
			stop(iommu);
			return ret;
		}
		add_pinned(dma);
	}
	iommu->dirty_tracking = true;
	return 0;
}

static int check_range(const struct vfio_iommu *iommu,
		       const struct vfio_iommu_type1_dirty_bitmap_get *range)
{
	uint64_t pgsize = vfio_iommu_pgsize(iommu);

	if (range->bitmap.pgsize != pgsize ||
	    (range->iova | range->size) & (pgsize - 1) || !range->size ||
	    !iommu->dirty_tracking)
		return -EINVAL;
	return 0;
}

/* Reading clears, but pinned pages stay dirty. */
static int get_locked(struct vfio_iommu *iommu,
		      const struct vfio_iommu_type1_dirty_bitmap_get *range)
{
	uint64_t last = range->iova + range->size - 1;
	struct vfio_dma *dma;
	int ret;

	ret = check_range(iommu, range);
	if (ret)
		return ret;
	if (vfio_dma_bisected(&iommu->dmas, range->iova, last))
		return -EINVAL;
	for (dma = vfio_dma_first(&iommu->dmas, range->iova);
	     dma && dma->iova <= last; dma = vfio_dma_next(dma)) {
		ret = vfio_dirty_write(iommu, dma, range->iova,
				       (uintptr_t)range->bitmap.data);
		if (ret)
			return ret;
		memset(dma->bitmap, 0,
		       words(vfio_dma_npages(dma)) * sizeof(uint64_t));
		add_pinned(dma);
	}
	return 0;
}

static int get(struct vfio_iommu *iommu, uint64_t arg, size_t size)
{
	struct vfio_iommu_type1_dirty_bitmap_get range;
	int ret;

	if (size < sizeof(range))
		return -EINVAL;
	ret = vfio_copy_from_user(&range, arg, sizeof(range));
	if (ret)
		return ret;
	/* As in the kernel, a range that ends at 2^64 wraps. */
	if (range.iova + range.size < range.iova)
		return -EINVAL;
	ret = vfio_dirty_check_bitmap(&range.bitmap, range.size);
	if (ret)
		return ret;
	pthread_mutex_lock(&iommu->lock);
	ret = get_locked(iommu, &range);
	pthread_mutex_unlock(&iommu->lock);
	return ret;
}

static int start_or_stop(struct vfio_iommu *iommu, bool on)
{
	int ret = 0;

	pthread_mutex_lock(&iommu->lock);
	if (on)
		ret = start(iommu);
	else
		stop(iommu);
	pthread_mutex_unlock(&iommu->lock);
	return ret;
}

int vfio_type1_dirty_pages(struct vfio_iommu *iommu, uint64_t arg)
{
	struct vfio_iommu_type1_dirty_bitmap dirty;
	int ret;

	if (!iommu->v2)
		return -EACCES;
	ret = vfio_copy_from_user(&dirty, arg, DIRTY_MINSZ);
	if (ret)
		return ret;
	if (dirty.argsz < DIRTY_MINSZ)
		return -EINVAL;
	switch (dirty.flags) {
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_START:
		return start_or_stop(iommu, true);
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP:
		return start_or_stop(iommu, false);
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP:
		return get(iommu, arg + DIRTY_MINSZ, dirty.argsz - DIRTY_MINSZ);
	default:
		return -EINVAL;
	}
}
