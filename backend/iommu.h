/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IOMMU driver behind a container: the kernel's vfio_iommu_driver_ops
 * (drivers/vfio/vfio.h). Ops are called by container.c only, which keeps
 * @data alive meanwhile. attach_group, detach_group and release are called
 * with the container's group_lock held for writing, the others with it held
 * for reading or with a device open, which holds the container just as well.
 * From pin_pages on ops may be missing: a device gets -ENOTTY for these then.
 */
#ifndef VFIOD_BACKEND_IOMMU_H
#define VFIOD_BACKEND_IOMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vfio_device;
struct vfio_group;
struct vfio_page;

/* enum vfio_group_type of the kernel. */
enum vfio_group_type {
	VFIO_IOMMU, /* a real IOMMU stands between device and memory */
	VFIO_EMULATED_IOMMU, /* the device asks for pages: mdev */
	VFIO_NO_IOMMU,
};

struct vfio_iommu_driver_ops {
	const char *name;
	/* @arg: what SET_IOMMU was given. -EINVAL: not a type of ours. */
	int (*open)(unsigned long arg, void **data);
	/* All groups are detached. */
	void (*release)(void *data);
	/*
	 * Container ioctls but GET_API_VERSION and SET_IOMMU, in the context
	 * of the client. CHECK_EXTENSION comes with @data NULL before there
	 * is a SET_IOMMU.
	 */
	int (*ioctl)(void *data, unsigned int cmd, uint64_t arg);
	int (*attach_group)(void *data, struct vfio_group *group,
			    enum vfio_group_type type);
	void (*detach_group)(void *data, struct vfio_group *group);
	/* See vfiod_pin_pages(); the checks that need no container are done:
	 * the device is open, @npage is 1…512. */
	int (*pin_pages)(void *data, struct vfio_device *vdev, uint64_t iova,
			 int npage, int prot, struct vfio_page **pages);
	void (*unpin_pages)(void *data, struct vfio_device *vdev, uint64_t iova,
			    int npage);
	/* From before open_device to after close_device, for dma_unmap.
	 * -ENOMEM; -EINVAL: the device has no dma_unmap. */
	int (*register_device)(void *data, struct vfio_device *vdev);
	void (*unregister_device)(void *data, struct vfio_device *vdev);
	/* See vfiod_dma_rw(); @len is not 0, the device is open. */
	int (*dma_rw)(void *data, struct vfio_device *vdev, uint64_t iova,
		      void *buf, size_t len, bool write);
};

/* VFIO_TYPE1_IOMMU and VFIO_TYPE1v2_IOMMU: type1.c. */
extern const struct vfio_iommu_driver_ops vfio_iommu_type1;
/* VFIO_NOIOMMU_IOMMU: noiommu.c. */
extern const struct vfio_iommu_driver_ops vfio_noiommu;

/* vfiod_page_rw(), of the driver that pinned the page: page.c. */
int vfio_page_rw(struct vfio_page *page, size_t offset, void *buf, size_t len,
		 bool write);

#endif
