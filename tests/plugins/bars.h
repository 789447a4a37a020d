/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bars-mapped: a device with regions that clients can map, and that uses
 * client memory on order. The registers are 8 bytes each.
 */
#ifndef TESTS_BARS_H
#define TESTS_BARS_H

#define BARS_PAGE 4096UL

/* Region 0: all of it can be mapped, and is plain memory. */
#define BARS_WHOLE 0
#define BARS_WHOLE_SIZE (4 * BARS_PAGE)

/* Region 1: two parts can be; read(2) and write(2) get to the plugin. */
#define BARS_PARTS 1
#define BARS_PARTS_SIZE (8 * BARS_PAGE)
#define BARS_PART_1 (1 * BARS_PAGE) /* two pages */
#define BARS_PART_1_SIZE (2 * BARS_PAGE)
#define BARS_PART_2 (5 * BARS_PAGE) /* one page */
#define BARS_PART_2_SIZE BARS_PAGE
#define BARS_ANSWER 0x5a /* each byte of what read(2) gets */

/* Region 2: registers. */
#define BARS_REGISTERS 2
#define BARS_ARG 0x00
#define BARS_VALUE 0x08
#define BARS_ORDER 0x10 /* written: carried out; an error is the write's */
#define BARS_REGISTERS_SIZE 0x18

enum bars_order {
	BARS_PEEK, /* VALUE from the memory of regions at position ARG */
	BARS_POKE, /* and to it */
	BARS_DMA_READ, /* VALUE from IOVA ARG */
	BARS_DMA_WRITE, /* and to it */
	BARS_PIN, /* the page of IOVA ARG, the only one pinned */
	BARS_UNPIN,
	BARS_PAGE_READ, /* VALUE from the pinned page, at offset ARG */
	BARS_PAGE_WRITE, /* and to it */
};

#endif
