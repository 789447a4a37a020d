/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the cases on probes share: devices that pin, unpin and copy as they are
 * told, and keep a log of the calls of their dma_unmap (mdevs/probe).
 */
#ifndef CONFORM_HELPERS_PROBE_H
#define CONFORM_HELPERS_PROBE_H

#include "conform.h"
#include "../../mdevs/probe/probe_regs.h"

#define P_CASE(name) CASE_FLAGS(name, CASE_PROBES)
#define P_COUNT(array) ((long)(sizeof(array) / sizeof((array)[0])))
/* The iova of a page. */
#define P_IOVA(page) (0x100000UL + (uint64_t)(page)*C_PAGE)
#define P_R VFIO_DMA_MAP_FLAG_READ
#define P_W VFIO_DMA_MAP_FLAG_WRITE
#define P_RW (P_R | P_W)

/* The fds also have roles: "container", "g0" …, "d0" … */
struct p_rig {
	int container;
	int group[C_GROUPS], device[C_GROUPS];
};

/*
 * A container with the groups of nr probes, which are opened in order, and
 * the log empty. Records one line.
 */
struct p_rig p_ready(struct ctx *c, unsigned long type, int nr);
/* The same with nr groups and no device opened, and no record. */
struct p_rig p_groups(struct ctx *c, unsigned long type, int nr);
/* Opens a device, once more perhaps. */
int p_open(struct ctx *c, struct p_rig *r, int nr);
/* Closes it, and forgets its fd. */
void p_close(struct ctx *c, struct p_rig *r, int nr);

/* ---- orders; device is its fd. Return what the probe's service returned ---- */

long p_pin(struct ctx *c, int device, uint64_t iova, int npage, uint32_t prot);
/* The probe's own pins; how many these were. */
long p_unpin(struct ctx *c, int device, uint64_t iova, int npage);
/* Whoever's; a range with a hole ends there. */
long p_unpin_any(struct ctx *c, int device, uint64_t iova, int npage);
/* Up to 64 KiB; what was read is recorded, as a sum if it is much. */
long p_dma_read(struct ctx *c, int device, uint64_t iova, uint64_t length);
/*
 * Bytes from value on, up to 64, and then one value for each page, so that the
 * record is short. What they change is recorded.
 */
long p_dma_write(struct ctx *c, int device, uint64_t iova, uint64_t length,
		 unsigned char value);
/* In the page that is pinned at exactly iova. */
long p_page_read(struct ctx *c, int device, uint64_t iova, uint32_t offset,
		 uint32_t length);
long p_page_write(struct ctx *c, int device, uint64_t iova, uint32_t offset,
		  uint32_t length, unsigned char value);
/* PROBE_PIN_LIST; records what each of the calls returned. */
void p_pin_list(struct ctx *c, int device, const uint64_t *iovas,
		uint32_t count, int npage, uint32_t prot);

/* What its dma_unmap does from now on, after as many calls as it ignores. */
void p_action(struct ctx *c, int device, uint32_t ignore, uint32_t action);
/* The same, with where its actions lie. */
void p_action_at(struct ctx *c, int device, uint32_t ignore, uint32_t action,
		 uint64_t iova, uint64_t length, uint32_t prot);

/* ---- what happened ---- */

/* Records the log, by way of any device, and empties it. */
void p_log(struct ctx *c, int device);
/* Records how many pins the device holds; the same without a record. */
void p_held(struct ctx *c, int device);
unsigned int p_pins(struct ctx *c, int device);
/* UNMAP, and the log. */
void p_unmap(struct ctx *c, const struct p_rig *r, uint64_t iova,
	     uint64_t size);
void p_unmap_flags(struct ctx *c, const struct p_rig *r, uint64_t iova,
		   uint64_t size, uint32_t flags);
/* UNMAP with GET_DIRTY_BITMAP, and the log. bitmap: c_mem(). */
void p_unmap_dirty(struct ctx *c, const struct p_rig *r, uint64_t iova,
		   uint64_t size, void *bitmap);
/* GET of the dirty bitmap, of up to 64 pages, which goes to bitmap. */
void p_dirty(struct ctx *c, const struct p_rig *r, uint64_t iova,
	     uint64_t pages, void *bitmap);

/* Without a record: until the device's dma_unmap waits (PROBE_WAIT). */
void p_await(struct ctx *c, int device);
/* It goes on. */
void p_go(struct ctx *c, int device);

#endif
