/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The type1 IOMMU driver's state for one container, the kernel's struct
 * vfio_iommu (drivers/vfio/vfio_iommu_type1.c). Private to the driver's
 * files: type1.c, type1_info.c, domain.c, map.c, unmap.c, notify.c, pin.c,
 * dma_rw.c, dirty.c.
 */
#ifndef VFIOD_BACKEND_TYPE1_H
#define VFIOD_BACKEND_TYPE1_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "dma.h"
#include "host.h"
#include "iova.h"
#include "page.h"

struct vfio_bitmap;
struct vfio_device;
struct vfio_group;

/* The kernel's dma_entry_limit, at its default. */
#define VFIO_DMA_ENTRY_LIMIT 65535
/* 2^31 - 1 pages: 8 TiB, and a bitmap of 256 MiB. */
#define VFIO_DIRTY_PAGES_MAX 0x7fffffffUL
#define VFIO_DIRTY_BITMAP_SIZE_MAX 0x10000000UL

/* An attached group. */
struct vfio_iommu_group {
	LIST_ENTRY(vfio_iommu_group) next;
	struct vfio_group *group;
	/*
	 * Its devices write to pages only that they have pinned. Set once of
	 * a group behind an IOMMU: when a device of it first pins.
	 */
	bool pinned_page_dirty_scope;
};

/* An open device, and all its pins. */
struct vfio_registration {
	LIST_ENTRY(vfio_registration) next;
	struct vfio_device *vdev;
	struct vfio_pin_list pins;
	struct vfio_pin_list revoked; /* of pages taken away by force */
};

LIST_HEAD(vfio_registration_list, vfio_registration);

struct vfio_iommu {
	bool v2;
	bool nesting; /* SET_IOMMU(VFIO_TYPE1_NESTING_IOMMU) */
	/*
	 * Held while devices are asked to unpin, so that none is closed
	 * meanwhile. Taken before lock; with lock held it may only be tried:
	 * a device that is being asked takes lock to unpin. (The kernel takes
	 * them the other way round, and two UNMAPs, or an UNMAP and a close,
	 * can lock each other out there.)
	 */
	pthread_mutex_t device_list_lock;
	/*
	 * Guards everything below, down to the pages. Innermost but for what
	 * the host does in its ops. Never held while a plugin is called.
	 */
	pthread_mutex_t lock;
	/* Changed with both locks held, so either suffices to read. Newest
	 * first. */
	struct vfio_registration_list devices;
	LIST_HEAD(, vfio_iommu_group) iommu_groups; /* behind an IOMMU */
	LIST_HEAD(, vfio_iommu_group) emulated_groups;
	unsigned int non_pinned_groups; /* without pinned_page_dirty_scope */
	struct vfio_iova_list iovas; /* empty until there is an IOMMU */
	struct vfio_dma_tree dmas;
	/*
	 * The mapping whose devices are asked for the last time, and in which
	 * nothing can be pinned while they are. Size 0: none. A client that
	 * has a device pin as fast as it unpins would else make a good device
	 * look like one that does not unpin. (The kernel lets it pin, and
	 * stops the machine.)
	 */
	uint64_t going_iova;
	uint64_t going_size;
	unsigned int dma_avail;
	unsigned int vaddr_invalid_count;
	uint64_t pgsize_bitmap;
	bool dirty_tracking;
};

/* The smallest page size: what addresses and sizes must be multiples of. */
static inline uint64_t vfio_iommu_pgsize(const struct vfio_iommu *iommu)
{
	return iommu->pgsize_bitmap & -iommu->pgsize_bitmap;
}

/*
 * The ioctls. @arg is the address of the structure in the memory of the
 * current client. Called without locks. What the client's ioctl returns.
 */
int vfio_type1_get_info(struct vfio_iommu *iommu, uint64_t arg);
int vfio_type1_map_dma(struct vfio_iommu *iommu, uint64_t arg);
int vfio_type1_unmap_dma(struct vfio_iommu *iommu, uint64_t arg);
int vfio_type1_dirty_pages(struct vfio_iommu *iommu, uint64_t arg);

/* The ops of the same names (iommu.h). */
int vfio_type1_pin_pages(void *data, struct vfio_device *vdev, uint64_t iova,
			 int npage, int prot, struct vfio_page **pages);
void vfio_type1_unpin_pages(void *data, struct vfio_device *vdev, uint64_t iova,
			    int npage);
int vfio_type1_register_device(void *data, struct vfio_device *vdev);
void vfio_type1_unregister_device(void *data, struct vfio_device *vdev);
int vfio_type1_dma_rw(void *data, struct vfio_device *vdev, uint64_t iova,
		      void *buf, size_t len, bool write);

/* All that follows: with lock held. */

/*
 * Call dma_unmap of all devices for [@iova, @iova + @size). Drops lock
 * meanwhile: the mappings may be others afterwards. @last: nothing can be
 * pinned there until it returns. False when nobody was called, because other
 * callbacks were running; they are over then.
 */
bool vfio_notify_dma_unmap(struct vfio_iommu *iommu, uint64_t iova,
			   uint64_t size, bool last);

/*
 * The devices that hold pins in @dma did not unpin: take the pins away, say
 * so, and mark the devices broken. @dma has no pinned pages afterwards.
 */
void vfio_revoke_pins(struct vfio_iommu *iommu, struct vfio_dma *dma);
/* All pins of a device that is being closed. Returns how many there were. */
unsigned int vfio_release_pins(struct vfio_registration *holder);

/*
 * attach: @group becomes one of iommu_groups; -EINVAL (mappings are where its
 * IOMMU has nothing, or nothing is left to map), -EFAULT, -ENOMEM (mappings
 * cannot be pinned). detached: one of them has gone, others are left.
 */
int vfio_iommu_attach_domain(struct vfio_iommu *iommu,
			     struct vfio_iommu_group *group);
void vfio_iommu_detached_domain(struct vfio_iommu *iommu);
bool vfio_iommu_is_coherent(const struct vfio_iommu *iommu);
/*
 * Pin and charge all pages of a mapping, or none: -EFAULT, -ENOMEM. And the
 * reverse, nothing if they are not.
 */
int vfio_dma_iommu_map(struct vfio_dma *dma);
void vfio_dma_iommu_unmap(struct vfio_dma *dma);

/* Out of the tree and freed; one more can be mapped. No page is pinned. */
void vfio_iommu_remove_dma(struct vfio_iommu *iommu, struct vfio_dma *dma);

/*
 * Dirty bitmaps. alloc: -ENOMEM, -EINVAL (too large to track). set marks the
 * pages that [@offset, @offset + @len) of @dma touches; no effect while
 * nothing is tracked.
 */
int vfio_dirty_alloc(struct vfio_dma *dma);
void vfio_dirty_set(struct vfio_dma *dma, uint64_t offset, uint64_t len);
/* All of them, if anything is tracked. */
void vfio_dirty_fill(struct vfio_dma *dma);
/*
 * Write the bits of @dma to the client's bitmap at @data, whose first bit is
 * the page at @base: -EFAULT.
 */
int vfio_dirty_write(const struct vfio_iommu *iommu, struct vfio_dma *dma,
		     uint64_t base, uint64_t data);
/*
 * Is @bitmap fit for @size bytes of IOVA? -EINVAL: not user memory, or of a
 * size that does not do. Needs no lock.
 */
int vfio_dirty_check_bitmap(const struct vfio_bitmap *bitmap, uint64_t size);

#endif
