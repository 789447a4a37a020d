/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls that are measured. */
#ifndef VFIOD_BENCH_CALLS_H
#define VFIOD_BENCH_CALLS_H

#include <stdint.h>

/* A group in a type1v2 container of its own. */
struct vfio {
	int container;
	int group;
	int device; /* -1 unless opened */
	uint64_t config; /* file position of the device's config space */
};

#define MANY 60000

struct bench {
	int floor; /* a file of the null server */
	struct vfio one; /* its device is open, one mapping lives */
	struct vfio many; /* MANY mappings live */
	struct vfio idle; /* its device is opened and closed */
	const char *idle_name;
	uint8_t *page; /* what all mappings map */
};

/* Open group @path. 0, or an errno with the culprit on stderr. */
int calls_open(struct vfio *vfio, const char *path);

/* Open the device @name of the group; likewise. */
int calls_open_device(struct vfio *vfio, const char *name);

/* @count mappings of one page, a page apart; likewise. */
int calls_fill(struct bench *bench, struct vfio *vfio, unsigned int count);

/*
 * A call, the @i-th of its kind: 0 or an errno. A map is undone by the unmap
 * with the same @i; it lies in a gap that calls_fill() leaves.
 */
typedef int call_fn(struct bench *bench, unsigned int i);

call_fn call_floor_ioctl;
call_fn call_floor_read;
call_fn call_api_version;
call_fn call_iommu_info;
call_fn call_device_info;
call_fn call_region_read;
call_fn call_map;
call_fn call_unmap;
call_fn call_map_many;
call_fn call_unmap_many;
call_fn call_device_fd;

#endif
