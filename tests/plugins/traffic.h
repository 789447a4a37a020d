/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The traffic plugin (type traffic-device), and the record that its devices
 * share with their clients: a file of sizeof(struct traffic_record), mapped by
 * all. While a device is open, its threads pin pages, unpin them, and write to
 * them, by page_rw and dma_rw; what they write is a stamp, higher each time,
 * and what became of it is in the record. Parameters: `record=FILE`, and
 * `n=N`, the device's number.
 */
#ifndef TESTS_PLUGINS_TRAFFIC_H
#define TESTS_PLUGINS_TRAFFIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define TRAFFIC_PAGE 4096UL
#define TRAFFIC_DEVICES 3

/* Thread t is one of device t % TRAFFIC_DEVICES, and writes its stamp to all
 * TRAFFIC_WORDS words from word TRAFFIC_WORDS * t of a page on. */
#define TRAFFIC_THREADS 4
#define TRAFFIC_WORDS 8

/* A client has some slots. A slot is mapped as a whole; they lie side by side
 * from IOVA 0 on, the slots of a client together. */
#define TRAFFIC_CLIENTS 4
#define TRAFFIC_SLOTS 8
#define TRAFFIC_SLOT_PAGES 4
#define TRAFFIC_CLIENT_PAGES (TRAFFIC_SLOTS * TRAFFIC_SLOT_PAGES)
#define TRAFFIC_PAGES (TRAFFIC_CLIENTS * TRAFFIC_CLIENT_PAGES)

/* What a thread did to a page. */
struct traffic_writes {
	_Atomic uint64_t begun; /* the last stamp that it set out to write */
	_Atomic uint64_t done; /* the last that was written */
	_Atomic uint64_t refused; /* the last that was not */
};

struct traffic_record {
	struct {
		struct traffic_writes by[TRAFFIC_THREADS];
		atomic_int pins[TRAFFIC_DEVICES]; /* 1: the device has it */
	} pages[TRAFFIC_PAGES];
	struct {
		/* Set by the client from the end of a close to an open. */
		atomic_bool closed;
		atomic_ulong calls; /* of dma_unmap */
		atomic_ulong late_calls; /* while closed */
		atomic_ulong unpinned; /* pages, in dma_unmap */
	} devices[TRAFFIC_DEVICES];
	struct {
		atomic_ulong pinned; /* page_rw writes that were done */
		atomic_ulong copied; /* dma_rw writes that were done */
		atomic_ulong refused;
	} threads[TRAFFIC_THREADS];
	/* By the clients, in the second half of their time. */
	atomic_ulong closes;
	atomic_ulong deaths;
	atomic_int wrong_errno; /* one that no service should have returned */
	atomic_bool failed; /* a client has found something wrong */
};

#endif
