// SPDX-License-Identifier: BSD-3-Clause
#include "dma_log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "device.h"
#include "host.h"

/* LOG_MAX_RANGES: what fits into a page. */
#define MAX_RANGES (VFIO_PAGE_SIZE / sizeof(range_t))
/* How much of a bitmap is read and written at a time. */
#define CHUNK 512

typedef struct vfio_device_feature_dma_logging_range range_t;

static uint64_t last_of(const range_t *range)
{
	return range->iova + range->length - 1;
}

static bool overlaps(const range_t *range, const range_t *ranges, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (ranges[i].iova <= last_of(range) &&
		    range->iova <= last_of(&ranges[i]))
			return true;
	return false;
}

/* One range after the other: the first bad one says which errno it is. */
static int get_range(range_t *ranges, size_t nr, uint64_t from,
		     uint64_t page_size)
{
	range_t *range = &ranges[nr];
	uint64_t end;

	if (vfio_copy_from_user(range, from + nr * sizeof(*range),
				sizeof(*range)))
		return -EFAULT;
	if ((range->iova | range->length) & (page_size - 1))
		return -EINVAL;
	if (__builtin_add_overflow(range->iova, range->length, &end))
		return -EOVERFLOW;
	return overlaps(range, ranges, nr) ? -EINVAL : 0;
}

static int by_iova(const void *a, const void *b)
{
	uint64_t x = ((const range_t *)a)->iova, y = ((const range_t *)b)->iova;

	return (x > y) - (x < y);
}

static int start(struct vfio_device *vdev, uint64_t arg,
		 struct vfio_device_feature_dma_logging_control *control,
		 range_t *ranges)
{
	uint64_t page_size = control->page_size;
	uint32_t nr = control->num_ranges;
	int ret = 0;

	for (uint32_t i = 0; i < nr && !ret; i++)
		ret = get_range(ranges, i, control->ranges, page_size);
	if (ret)
		return ret;
	qsort(ranges, nr, sizeof(*ranges), by_iova);
	ret = vdev->plugin->log_start(vdev, ranges, nr, &page_size);
	if (ret)
		return ret;
	control->page_size = page_size;
	if (!vfio_copy_to_user(arg, control, sizeof(*control)))
		return 0;
	vdev->plugin->log_stop(vdev);
	return -EFAULT;
}

int vfio_feature_log_start(struct vfio_device *vdev, uint32_t flags,
			   uint64_t arg, size_t argsz)
{
	struct vfio_device_feature_dma_logging_control control;
	range_t *ranges;
	int ret;

	if (!vdev->plugin->log_start)
		return -ENOTTY;
	ret = vfiod_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_SET,
				  sizeof(control));
	if (ret != 1)
		return ret;
	if (vfio_copy_from_user(&control, arg, sizeof(control)))
		return -EFAULT;
	if (!control.num_ranges)
		return -EINVAL;
	if (control.num_ranges > MAX_RANGES)
		return -E2BIG;
	ranges = calloc(control.num_ranges, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	ret = start(vdev, arg, &control, ranges);
	free(ranges);
	return ret;
}

int vfio_feature_log_stop(struct vfio_device *vdev, uint32_t flags,
			  size_t argsz)
{
	int ret;

	if (!vdev->plugin->log_start)
		return -ENOTTY;
	ret = vfiod_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_SET, 0);
	if (ret != 1)
		return ret;
	return vdev->plugin->log_stop(vdev);
}

/* One report, on the stack of the call. */
struct vfiod_dirty {
	uint64_t iova;
	uint64_t length;
	unsigned int shift; /* of the page size */
	uint64_t bitmap; /* the client's */
	bool failed; /* a part of the bitmap cannot be accessed */
};

/* Add the bits from @first to @last to a chunk whose first bit is @base. */
static void set_bits(uint8_t *chunk, size_t size, uint64_t base, uint64_t first,
		     uint64_t last)
{
	uint64_t end = base + 8 * size - 1;

	if (first < base)
		first = base;
	if (last > end)
		last = end;
	for (uint64_t bit = first - base; bit <= last - base; bit++)
		chunk[bit / 8] |= 1 << bit % 8;
}

/* Bytes are words of a bitmap too: the machine has its low byte first. */
static int add_bits(uint64_t bitmap, uint64_t first, uint64_t last)
{
	uint64_t left = last / 8 - first / 8 + 1;
	uint8_t chunk[CHUNK];

	for (uint64_t at = first / 8; left;) {
		size_t size = left < CHUNK ? left : CHUNK;

		if (vfio_copy_from_user(chunk, bitmap + at, size))
			return -EFAULT;
		set_bits(chunk, size, at * 8, first, last);
		if (vfio_copy_to_user(bitmap + at, chunk, size))
			return -EFAULT;
		at += size;
		left -= size;
	}
	return 0;
}

int vfiod_dirty_set(struct vfiod_dirty *dirty, uint64_t iova, uint64_t length)
{
	uint64_t offset = iova - dirty->iova;
	int ret;

	if (!length || iova < dirty->iova || offset >= dirty->length ||
	    length > dirty->length - offset)
		return -EINVAL;
	ret = add_bits(dirty->bitmap, offset >> dirty->shift,
		       (offset + length - 1) >> dirty->shift);
	if (ret)
		dirty->failed = true;
	return ret;
}

int vfio_feature_log_report(struct vfio_device *vdev, uint32_t flags,
			    uint64_t arg, size_t argsz)
{
	struct vfio_device_feature_dma_logging_report report;
	struct vfiod_dirty dirty;
	uint64_t end;
	int ret;

	if (!vdev->plugin->log_start)
		return -ENOTTY;
	ret = vfiod_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET,
				  sizeof(report));
	if (ret != 1)
		return ret;
	if (vfio_copy_from_user(&report, arg, sizeof(report)))
		return -EFAULT;
	if (report.page_size < VFIO_PAGE_SIZE ||
	    report.page_size & (report.page_size - 1))
		return -EINVAL;
	if (__builtin_add_overflow(report.iova, report.length, &end))
		return -EOVERFLOW;
	dirty = (struct vfiod_dirty){
		.iova = report.iova,
		.length = report.length,
		.shift = __builtin_ctzll(report.page_size),
		.bitmap = report.bitmap,
	};
	ret = vdev->plugin->log_read_and_clear(vdev, report.iova, report.length,
					       &dirty);
	return !ret && dirty.failed ? -EFAULT : ret;
}
