/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What most tests of the IOMMU driver start from: a process, its container
 * with up to three groups of one recorder device each, and the driver.
 */
#ifndef TESTS_UNIT_RIG_H
#define TESTS_UNIT_RIG_H

#include <vfiod/uapi.h>

#include "../../backend/container.h"
#include "../../backend/device.h"
#include "../../backend/group.h"
#include "host.h"
#include "recorder.h"

#define RIG_DEVICES 3
#define RIG_PAGES 256
#define PAGE 4096ULL

#define RIG_R VFIO_DMA_MAP_FLAG_READ
#define RIG_W VFIO_DMA_MAP_FLAG_WRITE
#define RIG_RW (RIG_R | RIG_W)

struct rig {
	struct host_mm *mm;
	struct host_client client;
	struct vfio_iommu_drivers drivers; /* type1 alone */
	struct vfio_container *container;
	int container_fd;
	struct recorder recorder;
	struct vfio_group *groups[RIG_DEVICES];
	struct vfio_device *devs[RIG_DEVICES];
	struct vfio_device_file *files[RIG_DEVICES]; /* NULL: not open */
	uint64_t args; /* user address of ioctl arguments: RIG_ARGS pages */
	uint64_t mem; /* and of the rest of the process's memory */
};

#define RIG_ARGS 2

/*
 * SET_IOMMU(@type) with @ndevs groups, no device open. The calling thread
 * serves the client from then on. Teardown closes what is open, looks that
 * nothing is charged or referred to, and logs have no warnings but those the
 * test has cleared.
 */
void rig_setup(struct rig *rig, unsigned long type, int ndevs);
/*
 * The same with groups of any kind, and without SET_IOMMU and SET_CONTAINER;
 * rig_set_container() is the latter.
 */
void rig_setup_kinds(struct rig *rig, const enum vfio_group_type *kinds,
		     int ndevs);
int rig_set_container(struct rig *rig, int i);
int rig_unset_container(struct rig *rig, int i);
void rig_teardown(struct rig *rig);

/* GET_DEVICE_FD and the release of that fd. */
void rig_open(struct rig *rig, int i);
void rig_close(struct rig *rig, int i);

/*
 * A container ioctl with @size bytes of @arg in the client's memory, read
 * back afterwards.
 */
int rig_ioctl(struct rig *rig, unsigned int cmd, void *arg, size_t size);

int rig_map(struct rig *rig, uint64_t iova, uint64_t size, uint64_t vaddr,
	    uint32_t flags);
/* What UNMAP returns, and its size field afterwards. */
int rig_unmap(struct rig *rig, uint64_t iova, uint64_t size, uint32_t flags,
	      uint64_t *unmapped);
/* Both in one: the bytes unmapped, or the errno. */
int64_t rig_unmapped(struct rig *rig, uint64_t iova, uint64_t size);
/* UNMAP of all: bytes. */
int64_t rig_unmap_all(struct rig *rig);
/* From GET_INFO. */
unsigned int rig_dma_avail(struct rig *rig);

/* Pages charged to the process. */
uint64_t rig_locked(const struct rig *rig);

/* The calls of the record are these, in this order. */
struct rig_call {
	int dev;
	uint64_t iova;
	uint64_t length;
};
void rig_assert_calls(struct rig *rig, const struct rig_call *calls, size_t n);
/* @rounds rounds of all @ndevs devices, newest first, for one mapping. */
void rig_assert_rounds(struct rig *rig, int ndevs, size_t rounds, uint64_t iova,
		       uint64_t length);

#endif
