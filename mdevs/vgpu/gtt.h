/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The global GTT: which guest frame is behind a page of graphics memory. The
 * guest writes entries with guest frames; beside each the device keeps what
 * the hardware would be given, the DMA address of that frame in the cache.
 */
#ifndef VGPU_GTT_H
#define VGPU_GTT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache.h"
#include "gm.h"

/* A guest's entry. */
#define VGPU_PTE_VALID ((uint64_t)1 << 0)
/* 64 KiB from here on: for 16 entries, the number of the first is one of 16. */
#define VGPU_PTE_64K ((uint64_t)1 << 11)
#define VGPU_PTE_ADDRESS (((uint64_t)1 << 46) - VGPU_PAGE_SIZE)

struct vgpu_gtt {
	const struct vgpu_gm *gm; /* constant */
	struct vgpu_cache *cache;
	/* Guards the entries. Comes before the cache's. */
	pthread_mutex_t lock;
	uint64_t *guest; /* of the low part, then of the high one */
	uint64_t *shadow; /* DMA addresses; 0: there is none */
};

/* 0 or -ENOMEM. */
int vgpu_gtt_init(struct vgpu_gtt *gtt, const struct vgpu_gm *gm,
		  struct vgpu_cache *cache);
void vgpu_gtt_fini(struct vgpu_gtt *gtt);

/*
 * The entry of page @index of graphics memory. Those of other vGPUs read as 0
 * and ignore writes: a guest may believe that it has the whole GPU. A frame
 * that cannot be pinned leaves the entry without one: no error.
 */
uint64_t vgpu_gtt_get(struct vgpu_gtt *gtt, uint64_t index);
void vgpu_gtt_set(struct vgpu_gtt *gtt, uint64_t index, uint64_t pte);
/* All entries 0, and what they have pinned given back. */
void vgpu_gtt_clear(struct vgpu_gtt *gtt);

/*
 * Read or write @len bytes of graphics memory. -EFAULT: part of it is not
 * mapped; what comes before it is done, @fault says where it is.
 */
int vgpu_gtt_rw(struct vgpu_gtt *gtt, uint64_t address, void *buf, size_t len,
		bool write, uint64_t *fault);

#endif
