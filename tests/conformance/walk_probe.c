// SPDX-License-Identifier: BSD-3-Clause
/*
 * Walks with probes: maps, unmaps, pins, copies, dirty bitmaps, and devices
 * that come and go, and do this and that when they are asked to unpin. What
 * dma_unmap was called for is read back after every step.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "helpers_probe.h"

/*
 * Mappings begin at multiples of 64 pages, as do the ranges of bitmaps: what
 * Linux shows of others in shared words is its defect, and no subject here.
 */
#define SLOTS 4
#define SLOT 64
#define NR 4

static struct {
	struct p_rig rig;
	unsigned char *a, *b; /* of 8 pages, watched; of 66, not */
	unsigned char *bitmap;
	char held[NR * 8];
	unsigned int protected; /* pages of b that can only be read, a bit each */
} walk;

static void begin(struct ctx *c)
{
	walk.rig = p_ready(c, VFIO_TYPE1v2_IOMMU, NR);
	walk.a = c_mem(c, "A", 8 * C_PAGE, 0);
	walk.b = c_mem(c, "B", (SLOT + 2) * C_PAGE, C_UNWATCHED);
	walk.bitmap = c_mem(c, "bitmap", C_PAGE, 0);
}

/* An open one, or -1. */
static int some_device(struct ctx *c)
{
	return walk.rig.device[c_random(c, NR)];
}

static unsigned long some_page(struct ctx *c)
{
	unsigned long page = SLOT * c_random(c, SLOTS);

	/* Mostly where mappings begin; now and then in and behind them. */
	if (c_random(c, 8))
		return page + c_random(c, 3);
	return page + c_random(c, SLOT);
}

static uint64_t some_iova(struct ctx *c)
{
	return P_IOVA(some_page(c));
}

static void do_map(struct ctx *c)
{
	static const uint32_t flags[] = { P_RW, P_RW, P_RW, P_RW, P_R, P_W };
	uint64_t iova = P_IOVA(SLOT * c_random(c, SLOTS));
	unsigned long pages = 1 + c_random(c, 5);
	unsigned char *at = walk.a + c_random(c, 4) * C_PAGE;

	if (!c_random(c, 3)) {
		pages = SLOT - c_random(c, 2);
		at = walk.b + c_random(c, 4) * C_PAGE;
	}
	c_map(c, walk.rig.container, at, iova, pages * C_PAGE,
	      C_PICK(c, flags));
}

static void do_unmap(struct ctx *c)
{
	uint64_t iova = some_iova(c);
	uint64_t pages = 1 + c_random(c, 2 * SLOT);

	switch (c_random(c, 16)) {
	case 0:
		p_unmap_flags(c, &walk.rig, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
		break;
	case 1:
	case 2:
		p_unmap(c, &walk.rig, P_IOVA(SLOT * c_random(c, SLOTS)),
			SLOT * C_PAGE * (1 + c_random(c, SLOTS)));
		break;
	case 3:
	case 4:
	case 5:
	case 6:
		p_unmap(c, &walk.rig, P_IOVA(SLOT * c_random(c, SLOTS)),
			SLOT * C_PAGE);
		break;
	default:
		p_unmap(c, &walk.rig, iova, pages * C_PAGE);
	}
}

static void do_pin(struct ctx *c)
{
	static const int odd[] = { 0, -1, 5, 64, 65, 512, 513 };
	static const uint32_t prots[] = { P_RW, P_RW, P_R, P_W, 0 };
	int device = some_device(c), npage = 1 + (int)c_random(c, 3);
	uint64_t iova = some_iova(c);

	if (!c_random(c, 10))
		npage = C_PICK(c, odd);
	if (device >= 0)
		p_pin(c, device, iova, npage, C_PICK(c, prots));
}

static void do_unpin(struct ctx *c)
{
	int device = some_device(c);
	uint64_t iova = some_iova(c);

	if (device >= 0)
		p_unpin(c, device, iova, 1 + (int)c_random(c, 4));
}

static uint64_t some_length(struct ctx *c)
{
	if (c_random(c, 3))
		return 1 + c_random(c, 16);
	return c_random(c, 3 * C_PAGE);
}

static void do_copy(struct ctx *c)
{
	uint64_t iova = some_iova(c) + c_random(c, C_PAGE);
	uint64_t length = some_length(c);
	int device = some_device(c);

	if (device < 0)
		return;
	if (c_random(c, 2))
		p_dma_read(c, device, iova, length);
	else
		p_dma_write(c, device, iova, length,
			    (unsigned char)c_random(c, 256));
}

static void do_page(struct ctx *c)
{
	uint32_t offset = (uint32_t)c_random(c, C_PAGE);
	uint64_t iova = some_iova(c);
	int device = some_device(c);

	if (device < 0)
		return;
	/* What becomes unwritable when it is pinned: see probe/pin/vaddr. */
	if (c_random(c, 2) || walk.protected)
		p_page_read(c, device, iova, offset, 4);
	else
		p_page_write(c, device, iova, offset, 4,
			     (unsigned char)c_random(c, 256));
}

static void do_action(struct ctx *c)
{
	static const uint32_t ignored[] = { 0, 0, 0, 0, 1, 2, 3, 7, 10, 12 };
	int device = some_device(c);
	uint32_t action = PROBE_UNPIN_RANGE;

	if (!c_random(c, 2))
		action |= 1U << c_random(c, 5);
	if (!c_random(c, 4))
		action ^= PROBE_UNPIN_RANGE;
	if (device >= 0)
		p_action_at(c, device, C_PICK(c, ignored), action, some_iova(c),
			    1 + c_random(c, 2 * C_PAGE),
			    (uint32_t)c_random(c, 4));
}

static void do_dirty(struct ctx *c)
{
	c_dirty(c, walk.rig.container,
		c_random(c, 4) ? VFIO_IOMMU_DIRTY_PAGES_FLAG_START :
				 VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
}

static void do_dirty_get(struct ctx *c)
{
	unsigned long slot = c_random(c, SLOTS);
	unsigned long slots = 1 + c_random(c, SLOTS - slot);
	uint64_t pages = SLOT * slots;

	if (!c_random(c, 4))
		pages -= c_random(c, SLOT);
	memset(walk.bitmap, 0xee, 8 * SLOTS);
	if (c_random(c, 6))
		c_dirty_get(c, walk.rig.container, P_IOVA(SLOT * slot),
			    pages * C_PAGE, C_PAGE, walk.bitmap, 8 * SLOTS);
	else
		p_unmap_dirty(c, &walk.rig, P_IOVA(SLOT * slot), pages * C_PAGE,
			      walk.bitmap);
}

/* Pages of B, which large mappings are of. */
static void do_protect(struct ctx *c)
{
	unsigned long page = c_random(c, 8);
	bool write = c_random(c, 3);

	c_did(c,
	      mprotect(walk.b + page * C_PAGE, C_PAGE,
		       write ? PROT_READ | PROT_WRITE : PROT_READ),
	      "mprotect(B+0x%lx, %s)", page * C_PAGE, write ? "rw" : "r");
	walk.protected &= ~(1U << page);
	if (!write)
		walk.protected |= 1U << page;
}

static void do_open_or_close(struct ctx *c)
{
	int nr = (int)c_random(c, NR);

	if (walk.rig.device[nr] < 0)
		p_open(c, &walk.rig, nr);
	else if (!c_random(c, 4))
		p_close(c, &walk.rig, nr);
}

/* The pins of each device, when they are others than after the last step. */
static void look(struct ctx *c)
{
	char held[NR * 8] = "";
	size_t len = 0;
	int nr;

	for (nr = 0; nr < NR; nr++) {
		if (walk.rig.device[nr] < 0) {
			len += (size_t)sprintf(held + len, " -");
			continue;
		}
		p_log(c, walk.rig.device[nr]);
		len += (size_t)sprintf(held + len, " %u",
				       p_pins(c, walk.rig.device[nr]));
	}
	if (strcmp(held, walk.held))
		c_say(c, "    held%s", held);
	strcpy(walk.held, held);
}

WALK("probe")
{
	static case_fn *const steps[] = {
		do_map,	      do_map,	  do_map,	    do_map,
		do_unmap,     do_unmap,	  do_pin,	    do_pin,
		do_pin,	      do_pin,	  do_pin,	    do_pin,
		do_unpin,     do_copy,	  do_copy,	    do_page,
		do_action,    do_action,  do_dirty,	    do_dirty_get,
		do_dirty_get, do_protect, do_open_or_close,
	};

	if (c_step_first(c))
		begin(c);
	C_PICK(c, steps)(c);
	look(c);
}
