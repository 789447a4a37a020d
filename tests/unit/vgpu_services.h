/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The services that the vgpu plugin needs beyond fake_services.h: client
 * memory to pin, and a timer that fires when the test says so. One device at
 * a time pins.
 */
#ifndef TESTS_UNIT_VGPU_SERVICES_H
#define TESTS_UNIT_VGPU_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

#include <vfiod/plugin.h>

#define FAKE_PAGE 4096UL
#define FAKE_PAGES 256U
/* Where the memory is mapped: at a multiple of 64 KiB. */
#define FAKE_IOVA 0x100000UL
#define FAKE_GFN (FAKE_IOVA / FAKE_PAGE)

/* The memory, all of it mapped for reading and writing. */
uint8_t *fake_memory_new(void);
void fake_memory_free(void);
/* What a page can be pinned for from now on: VFIO_DMA_MAP_FLAG_*, 0: hole. */
void fake_memory_protect(unsigned int page, int prot);
/* How often page @page, all pages are pinned. */
unsigned int fake_pins(unsigned int page);
unsigned int fake_pins_total(void);
/*
 * A client's UNMAP_DMA of pages: true when the device has unpinned all of
 * them. Then they are gone: what touches them crashes.
 */
bool fake_unmap(struct vfio_device *vdev, unsigned int page, unsigned int nr);

/* Let the timer fire, if it is armed; on this thread. Was it? */
bool fake_timer_run(void);
/* Timers that have not been freed. */
unsigned int fake_timers(void);

#endif
