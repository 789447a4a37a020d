/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver of the vgpu plugin's blitter, for tests: it is told how to access
 * the device's regions and where the guest's memory is. What has to succeed
 * and does not fails the test.
 */
#ifndef TESTS_CLIENT_GPU_H
#define TESTS_CLIENT_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GPU_PAGE 4096UL

/* Pages of the guest's memory that the driver uses; the rest is the test's. */
#define GPU_STATUS_PAGE 0
#define GPU_RING_PAGE 1
#define GPU_RING_PAGES 2
#define GPU_FREE_PAGE 16

/* In the status page: where the sequence number of gpu_signal() goes. */
#define GPU_SEQNO_INDEX 0x30

struct gpu {
	/* Access to file position @pos: 0 or a negative errno. */
	int (*access)(void *arg, uint64_t pos, void *buf, size_t len,
		      bool write);
	void *arg;
	uint8_t *memory; /* the guest's, at IOVA @iova */
	uint64_t iova;
	/* Where the vGPU's part of the aperture begins. */
	uint64_t low;
	uint32_t tail; /* bytes */
};

uint32_t gpu_get(struct gpu *gpu, unsigned int reg);
void gpu_set(struct gpu *gpu, unsigned int reg, uint32_t value);
void gpu_config_set(struct gpu *gpu, unsigned int offset, uint32_t value,
		    size_t len);

/*
 * Page @page of the vGPU's aperture: its address, its entry in the GTT. Set
 * up by gpu_map() to be page @page of the guest's memory.
 */
uint64_t gpu_address(const struct gpu *gpu, unsigned int page);
void gpu_set_pte(struct gpu *gpu, unsigned int page, uint64_t pte);
uint64_t gpu_pte(struct gpu *gpu, unsigned int page);
void gpu_map(struct gpu *gpu, unsigned int page, unsigned int nr);

/* Interrupts on, the ring on and empty; its pages mapped. */
void gpu_init(struct gpu *gpu);

/* Put commands into the ring. */
void gpu_emit(struct gpu *gpu, const uint32_t *dw, unsigned int nr);
/* The rectangle's corners are pixels, x2 and y2 not in it. */
struct gpu_rect {
	uint64_t base;
	unsigned int pitch; /* bytes */
	unsigned int x1, y1, x2, y2;
};
void gpu_fill(struct gpu *gpu, const struct gpu_rect *r, uint32_t color);
void gpu_copy(struct gpu *gpu, const struct gpu_rect *r, uint64_t source,
	      unsigned int pitch, unsigned int x, unsigned int y);
void gpu_batch(struct gpu *gpu, uint64_t address);
/* Write @seqno to the status page, and interrupt. */
void gpu_signal(struct gpu *gpu, uint32_t seqno);
/* Have it executed. */
void gpu_submit(struct gpu *gpu);

uint32_t gpu_seqno(const struct gpu *gpu);
/* What the blitter has stopped with; 0: it has not. */
uint32_t gpu_error(struct gpu *gpu);
/* The address of its last page fault. */
uint64_t gpu_fault(struct gpu *gpu);

/* Commands, for batches and for wrong ones. */
#define MI_NOOP 0U
#define MI_USER_INTERRUPT (0x02U << 23)
#define MI_BATCH_BUFFER_END (0x0aU << 23)
#define MI_STORE_DATA_INDEX (0x21U << 23 | 1)
#define MI_BATCH_BUFFER_START (0x31U << 23 | 1)
#define XY_COLOR_BLT (2U << 29 | 0x50U << 22 | 3U << 20 | 5)
#define XY_SRC_COPY_BLT (2U << 29 | 0x53U << 22 | 3U << 20 | 8)
#define BR13_FILL (3U << 24 | 0xf0U << 16)
#define BR13_COPY (3U << 24 | 0xccU << 16)

#endif
