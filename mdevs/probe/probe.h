/* SPDX-License-Identifier: (GPL-2.0 OR BSD-3-Clause) */
/*
 * A probe, as far as it is the same in vfiod and in the kernel: core.c, pins.c,
 * log.c. What they need of either is in probe_os_… functions, which plugin.c
 * has for vfiod, and tests/oracle/kmod for the kernel.
 */
#ifndef PROBE_H
#define PROBE_H

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/pci_regs.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <linux/pci_regs.h>
#endif

#include "probe_regs.h"

#define PROBE_PAGE_SIZE 4096ULL
/* As many as vfio_pin_pages() takes at a time. */
#define PROBE_PIN_PAGES 512
#define PROBE_CONFIG_SIZE 64

/* Index and offset of a file position, as in vfio-pci. */
#define PROBE_INDEX(pos) ((unsigned int)((pos) >> 40))
#define PROBE_OFFSET(pos) ((pos) & ((1ULL << 40) - 1))

struct probe_pin {
	__u64 iova;
	void *page;
	__u32 count;
	__u32 prot; /* of the first */
};

/*
 * One for all probes. Guarded by probe_os_lock_log(), which is innermost.
 */
struct probe_log {
	__u32 nr;
	__u32 orders; /* commands that were given, to whichever probe */
	struct probe_log_entry entries[PROBE_MAX_LOG];
};

/* Guarded by probe_os_lock(), under which services are called. */
struct probe {
	struct probe_log *log; /* constant */
	struct probe_regs regs;
	bool go;

	/* How often in a row dma_unmap was called for a range. */
	__u64 asked_iova, asked_length;
	__u32 asked, asked_orders;

	unsigned int nr_pins;
	struct probe_pin pins[PROBE_MAX_PINS];
	void *pages[PROBE_PIN_PAGES]; /* of the pin that is under way */
	unsigned char data[PROBE_DATA_SIZE];
};

/* ---- core.c: called without locks, by the ops of the same names ---- */

void probe_init(struct probe *p, struct probe_log *log, unsigned int number);
void probe_open(struct probe *p);
void probe_close(struct probe *p);
/* All of it, at a file position: 0, or EINVAL. */
int probe_read(struct probe *p, __u64 pos, void *buf, size_t count);
int probe_write(struct probe *p, __u64 pos, const void *buf, size_t count);
void probe_dma_unmap(struct probe *p, __u64 iova, __u64 length);

/* ---- pins.c: with the probe's lock held ---- */

int probe_pin(struct probe *p, __u64 iova, int npage, __u32 prot);
/* Undo one pin of each page: how many there were. */
int probe_unpin(struct probe *p, __u64 iova, int npage);
/* Undo all whose IOVA lies in the range. */
void probe_unpin_range(struct probe *p, __u64 iova, __u64 length);
struct probe_pin *probe_find_pin(struct probe *p, __u64 iova);
/* How many pins lie there. */
__u32 probe_held(const struct probe *p, __u64 iova, __u64 length);

/* ---- log.c: called with the probe's lock or without ---- */

/* Appends a call. Its place, for probe_log_result(). */
__u32 probe_log_call(struct probe *p, __u64 iova, __u64 length);
void probe_log_result(struct probe *p, __u32 place, int result);
/* Copies a part of it out, which lies within the entries. */
void probe_log_read(struct probe *p, size_t offset, void *buf, size_t count);
void probe_log_clear(struct probe *p);
__u32 probe_log_count(struct probe *p);
/* A command was given: calls of dma_unmap are not in a row any more. */
void probe_log_order(struct probe *p);
__u32 probe_log_orders(struct probe *p);

/* ---- what is not the same ---- */

void probe_os_lock(struct probe *p);
void probe_os_unlock(struct probe *p);
void probe_os_lock_log(struct probe *p);
void probe_os_unlock_log(struct probe *p);
/*
 * With the lock held, which is dropped meanwhile: until p->go is set, and
 * probe_os_wake() called. 0, ETIME, or EINTR when the client is killed.
 */
int probe_os_wait(struct probe *p);
void probe_os_wake(struct probe *p);
/* The services of the same names. */
int probe_os_pin_pages(struct probe *p, __u64 iova, int npage, int prot,
		       void **pages);
void probe_os_unpin_pages(struct probe *p, __u64 iova, int npage);
int probe_os_dma_rw(struct probe *p, __u64 iova, void *buf, size_t len,
		    bool write);
int probe_os_page_rw(void *page, size_t offset, void *buf, size_t len,
		     bool write);

#endif
