/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pinned page of client memory and who holds it. Guarded by the lock of
 * the struct vfio_iommu it belongs to, but for what has a remark.
 */
#ifndef VFIOD_BACKEND_PAGE_H
#define VFIOD_BACKEND_PAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <bsd/sys/tree.h>

#include "host.h"

struct vfio_dma;
struct vfio_page;
struct vfio_peer;
struct vfio_registration;

/* One device's hold on one page: the page is pinned @count times by it. */
struct vfio_pin {
	LIST_ENTRY(vfio_pin) page_next;
	LIST_ENTRY(vfio_pin) device_next;
	struct vfio_page *page;
	struct vfio_registration *holder;
	unsigned int count;
};

LIST_HEAD(vfio_pin_list, vfio_pin);

/*
 * The kernel's vfio_pfn: keyed by the exact IOVA, which need not be aligned.
 * Freed with its last pin.
 */
struct vfio_page {
	RB_ENTRY(vfio_page) node; /* in dma->pages */
	uint64_t iova;
	struct vfio_dma *dma; /* NULL when revoked */
	struct vfio_pin_list pins;
	/* Constant: plugins read them without a lock. */
	struct vfio_mm *mm; /* a reference */
	uint64_t vaddr; /* of the page's start */
	struct vfio_hold hold; /* if it can be held */
	struct vfio_peer *peer; /* a reference; or NULL */
	bool writable;
	/*
	 * Taken away by force. The plugin may still have the pointer, so the
	 * page stays until the device is closed, but leads nowhere. Set once.
	 */
	atomic_bool revoked;
};

RB_HEAD(vfio_page_tree, vfio_page);

/* The page of @dma that was pinned at exactly @iova, or NULL. */
struct vfio_page *vfio_page_find(struct vfio_dma *dma, uint64_t iova);
/*
 * Pin the page of @dma that holds @iova and charge it: 0 and the page, which
 * has no vfio_pin yet, or -ENODEV (the process that mapped is gone),
 * -EFAULT, -ENOMEM (its RLIMIT_MEMLOCK, too).
 */
int vfio_page_create(struct vfio_dma *dma, uint64_t iova,
		     struct vfio_page **page);
/* Not pinned any more: uncharge it, and take it out of its dma. */
void vfio_page_detach(struct vfio_page *page);
/* A page without pins, detached. */
void vfio_page_destroy(struct vfio_page *page);
/* In order of IOVA; NULL at the end. */
struct vfio_page *vfio_page_first(struct vfio_dma *dma);
struct vfio_page *vfio_page_next(struct vfio_page *page);

#endif
