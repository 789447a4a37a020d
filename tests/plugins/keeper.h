/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What clients of the keeper plugin (type keeper-page) need to know. It pins
 * the pages it is told to, and unpins them in dma_unmap and close_device,
 * unless it is made with one of
 *
 *   ignore=N     dma_unmap does nothing the first N times
 *   again=yes    dma_unmap pins again what it has unpinned
 *   leave=yes    close_device leaves everything pinned
 */
#ifndef TESTS_PLUGINS_KEEPER_H
#define TESTS_PLUGINS_KEEPER_H

/* Registers of region 0, 8 bytes each. */

/* Write: pin the page at this IOVA; the error of vfiod_pin_pages(), ENOSPC
 * when it has KEEPER_PINS already. Read: how many it has. */
#define KEEPER_PIN 0
/* Write: vfiod_unpin_pages() of one page, whether it has it or not. */
#define KEEPER_UNPIN 8
/* Write, read: the first 8 bytes of the page that was pinned first; ENXIO
 * when there is none. */
#define KEEPER_DATA 16
/* Read: how often dma_unmap was called since the device was opened. */
#define KEEPER_CALLS 24
/* Write: vfiod_dma_rw(), reading 8 bytes at this IOVA; its error. */
#define KEEPER_DMA 32
#define KEEPER_SIZE 40

#define KEEPER_PINS 16

#endif
