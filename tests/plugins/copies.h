/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * copies-timed: times how the device copies client memory. Region 0 is one
 * struct copies: written whole it is an order, which is carried out at once;
 * read whole it has the answer.
 */
#ifndef TESTS_COPIES_H
#define TESTS_COPIES_H

#include <stdint.h>

enum copies_way {
	COPIES_DMA_RW, /* vfiod_dma_rw() */
	COPIES_PAGE_RW, /* vfiod_page_rw(), of a page that is pinned */
	COPIES_PROCESS, /* process_vm_readv(), process_vm_writev() */
	COPIES_MEMCPY, /* in vfiod's own memory */
};

#define COPIES_MAX (1UL << 20) /* bytes */

struct copies {
	uint32_t way; /* enum copies_way */
	uint32_t write; /* to the client */
	uint64_t iova;
	uint64_t vaddr; /* the same, in the client */
	uint64_t len;
	uint32_t pid; /* the client's */
	uint32_t count; /* copies, 1 or more */
	uint64_t ns; /* the answer: all of them took */
};

#endif
