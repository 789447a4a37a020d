/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory services of plugin.h for tests of plugins: IOVAs from
 * FAKE_DMA_BASE on are a piece of memory of the test, of which pages can be
 * taken away or made read-only. Pins are counted by IOVA, and by device not
 * at all.
 */
#ifndef TESTS_UNIT_FAKE_DMA_H
#define TESTS_UNIT_FAKE_DMA_H

#include <vfiod/plugin.h>

#define FAKE_PAGE 4096UL
#define FAKE_DMA_BASE 0x10000UL
#define FAKE_DMA_PAGES 64UL

/* Before each test: all there, all zero, nothing pinned. */
void fake_dma_reset(void);
/* The memory at @iova. */
void *fake_dma_at(uint64_t iova);
/* The mapping of the page at @iova is one with these VFIO_DMA_MAP_FLAGs; 0:
 * there is none. */
void fake_dma_prot(uint64_t iova, int prot);
/* How often exactly @iova is pinned; how many pins there are. */
unsigned int fake_dma_pins_at(uint64_t iova);
unsigned int fake_dma_pins(void);
/* Calls of vfiod_pin_pages() so far. */
unsigned int fake_dma_pin_calls(void);

#endif
