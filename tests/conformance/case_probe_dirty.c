// SPDX-License-Identifier: BSD-3-Clause
/* Dirty bitmaps of what devices have pinned and written. */
#include <string.h>
#include <sys/mman.h>
#include "helpers_probe.h"

#define V2 VFIO_TYPE1v2_IOMMU
#define START VFIO_IOMMU_DIRTY_PAGES_FLAG_START
#define STOP VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP

struct rig {
	struct p_rig p;
	char *a;
	void *bitmap;
};

/* Eight pages that are mapped, rw, at page 0; and tracking on. */
static struct rig rig(struct ctx *c, int nr)
{
	struct rig r = { .p = p_ready(c, V2, nr) };

	r.a = c_mem(c, "A", 8 * C_PAGE, C_UNWATCHED);
	r.bitmap = c_mem(c, "bitmap", C_PAGE, 0);
	c_map(c, r.p.container, r.a, P_IOVA(0), 8 * C_PAGE, P_RW);
	c_dirty(c, r.p.container, START);
	return r;
}

static void look(struct ctx *c, struct rig *r)
{
	p_dirty(c, &r->p, P_IOVA(0), 8, r->bitmap);
}

P_CASE("probe/dirty/nothing")
{
	struct rig r = rig(c, 1);

	look(c, &r);
	p_dma_read(c, r.p.device[0], P_IOVA(1), 8);
	look(c, &r);
}

P_CASE("probe/dirty/pinned-stay-dirty")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[0], P_IOVA(1), 2, P_RW);
	look(c, &r);
	look(c, &r);
	p_unpin(c, r.p.device[0], P_IOVA(1), 1);
	/* Since the last look it was pinned: it is dirty once more. */
	look(c, &r);
	look(c, &r);
}

P_CASE("probe/dirty/pinned-before-start")
{
	struct rig r = rig(c, 1);

	c_dirty(c, r.p.container, STOP);
	p_pin(c, r.p.device[0], P_IOVA(3), 1, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(5), 1, P_RW);
	p_unpin(c, r.p.device[0], P_IOVA(5), 1);
	p_dma_write(c, r.p.device[0], P_IOVA(6), 1, 0);
	c_dirty(c, r.p.container, START);
	look(c, &r);
}

P_CASE("probe/dirty/pinned-and-unpinned-between")
{
	struct rig r = rig(c, 1);

	p_pin(c, r.p.device[0], P_IOVA(4), 2, P_RW);
	p_unpin(c, r.p.device[0], P_IOVA(4), 2);
	look(c, &r);
	look(c, &r);
}

/* Pinned is dirty, though nothing may be written. */
P_CASE("probe/dirty/pinned-for-reading")
{
	struct rig r = rig(c, 1);

	p_pin(c, r.p.device[0], P_IOVA(2), 1, P_R);
	p_pin(c, r.p.device[0], P_IOVA(4), 1, 0);
	look(c, &r);
	look(c, &r);
}

P_CASE("probe/dirty/read-only-mapping")
{
	struct rig r = rig(c, 1);

	c_map(c, r.p.container, r.a, P_IOVA(8), 8 * C_PAGE, P_R);
	p_pin(c, r.p.device[0], P_IOVA(9), 1, P_R);
	p_dma_write(c, r.p.device[0], P_IOVA(10), 1, 0);
	p_dirty(c, &r.p, P_IOVA(8), 8, r.bitmap);
	p_dirty(c, &r.p, P_IOVA(8), 8, r.bitmap);
	p_dirty(c, &r.p, P_IOVA(0), 16, r.bitmap);
}

P_CASE("probe/dirty/pinned-again")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[0], P_IOVA(2), 1, P_RW);
	look(c, &r);
	p_pin(c, r.p.device[1], P_IOVA(2), 1, P_RW);
	p_unpin(c, r.p.device[0], P_IOVA(2), 1);
	look(c, &r);
	p_unpin(c, r.p.device[1], P_IOVA(2), 1);
	look(c, &r);
	look(c, &r);
}

P_CASE("probe/dirty/pinned-unaligned")
{
	struct rig r = rig(c, 1);

	p_pin(c, r.p.device[0], P_IOVA(2) + 100, 1, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(5) + 4095, 2, P_RW);
	look(c, &r);
	look(c, &r);
}

/* A pin that fails half way has made its pages dirty. */
P_CASE("probe/dirty/pin-that-fails")
{
	struct rig r = rig(c, 1);

	p_pin(c, r.p.device[0], P_IOVA(6), 3, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(7), 1, 4);
	look(c, &r);
	look(c, &r);
}

/* Of the first one the client takes the memory away. */
P_CASE("probe/dirty/pin-that-faults")
{
	struct rig r = rig(c, 1);

	c_protect(c, r.a + 2 * C_PAGE, C_PAGE, PROT_READ);
	p_pin(c, r.p.device[0], P_IOVA(2), 1, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(1), 2, P_RW);
	look(c, &r);
}

/* ---- dma_rw ---- */

static const struct written {
	const char *name;
	uint64_t offset, length;
} written[] = {
	{ "one-byte", 3 * C_PAGE, 1 },
	{ "last-byte", 4 * C_PAGE - 1, 1 },
	{ "a-page", 2 * C_PAGE, C_PAGE },
	{ "two-bytes-over-a-seam", 3 * C_PAGE - 1, 2 },
	{ "three-pages", C_PAGE + 8, 2 * C_PAGE },
	{ "all", 0, 8 * C_PAGE },
	{ "over-the-end", 8 * C_PAGE - 4, 8 },
	{ "hole", 9 * C_PAGE, 8 },
};

static void dma_write(struct ctx *c)
{
	const struct written *w = &written[c->param];
	struct rig r = rig(c, 1);

	p_dma_write(c, r.p.device[0], P_IOVA(0) + w->offset, w->length, 0);
	look(c, &r);
	look(c, &r);
}

CASES
{
	long i;

	for (i = 0; i < P_COUNT(written); i++)
		conform_add(dma_write, i, CASE_PROBES, "probe/dirty/write/%s",
			    written[i].name);
}

/* Over two mappings; and into one whose memory ends. */
P_CASE("probe/dirty/write/two-mappings")
{
	struct rig r = rig(c, 1);

	c_map(c, r.p.container, r.a, P_IOVA(8), 4 * C_PAGE, P_RW);
	p_dma_write(c, r.p.device[0], P_IOVA(7), 2 * C_PAGE, 0);
	look(c, &r);
	p_dirty(c, &r.p, P_IOVA(8), 4, r.bitmap);
	c_protect(c, r.a + C_PAGE, C_PAGE, PROT_READ);
	p_dma_write(c, r.p.device[0], P_IOVA(7), 3 * C_PAGE, 0);
	look(c, &r);
	p_dirty(c, &r.p, P_IOVA(8), 4, r.bitmap);
}

P_CASE("probe/dirty/write/to-pinned")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[0], P_IOVA(1), 1, P_RW);
	p_dma_write(c, r.p.device[1], P_IOVA(1), 1, 0);
	look(c, &r);
	p_unpin(c, r.p.device[0], P_IOVA(1), 1);
	look(c, &r);
	look(c, &r);
}

/* ---- tracking off, on, and off ---- */

P_CASE("probe/dirty/start-again")
{
	struct rig r = rig(c, 1);

	p_pin(c, r.p.device[0], P_IOVA(1), 1, P_RW);
	p_dma_write(c, r.p.device[0], P_IOVA(2), 1, 0);
	c_dirty(c, r.p.container, START);
	look(c, &r);
	p_dma_write(c, r.p.device[0], P_IOVA(3), 1, 0);
	c_dirty(c, r.p.container, STOP);
	look(c, &r);
	c_dirty(c, r.p.container, START);
	look(c, &r);
}

P_CASE("probe/dirty/mapped-later")
{
	struct rig r = rig(c, 1);

	c_map(c, r.p.container, r.a, P_IOVA(16), 2 * C_PAGE, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(17), 1, P_RW);
	p_dirty(c, &r.p, P_IOVA(16), 2, r.bitmap);
	p_dirty(c, &r.p, P_IOVA(0), 24, r.bitmap);
}

/* The bits of a large mapping that is pinned and written here and there. */
P_CASE("probe/dirty/large")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", 300 * C_PAGE, C_UNWATCHED);
	void *bitmap = c_mem(c, "bitmap", C_PAGE, 0);
	int i;

	c_dirty(c, r.container, START);
	c_map(c, r.container, a, P_IOVA(3), 300 * C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(66), 3, P_RW);
	p_pin(c, r.device[1], P_IOVA(200), 70, P_R);
	for (i = 0; i < 300; i += 37)
		p_dma_write(c, r.device[0], P_IOVA(3 + i), 1, 0);
	c_dirty_get(c, r.container, P_IOVA(0), 320 * C_PAGE, C_PAGE, bitmap,
		    40);
	c_dirty_get(c, r.container, P_IOVA(0), 320 * C_PAGE, C_PAGE, bitmap,
		    40);
	memset(bitmap, 0xee, 40);
	p_unmap_dirty(c, &r, P_IOVA(0), 320 * C_PAGE, bitmap);
}

/* Each device's close gives its pins back; they were dirty. */
P_CASE("probe/dirty/device-closed")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[0], P_IOVA(2), 1, P_RW);
	look(c, &r);
	p_close(c, &r.p, 0);
	look(c, &r);
	look(c, &r);
}

/* ---- UNMAP with a bitmap ---- */

static void unmap(struct ctx *c, struct rig *r, uint64_t iova, uint64_t pages)
{
	memset(r->bitmap, 0xee, 16);
	p_unmap_dirty(c, &r->p, iova, pages * C_PAGE, r->bitmap);
}

P_CASE("probe/dirty/unmap/pinned")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[0], P_IOVA(2), 2, P_RW);
	unmap(c, &r, P_IOVA(0), 8);
}

P_CASE("probe/dirty/unmap/pinned-and-looked-at")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[0], P_IOVA(2), 2, P_RW);
	look(c, &r);
	unmap(c, &r, P_IOVA(0), 8);
}

P_CASE("probe/dirty/unmap/unpinned-before")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[0], P_IOVA(2), 2, P_RW);
	look(c, &r);
	p_unpin(c, r.p.device[0], P_IOVA(2), 1);
	unmap(c, &r, P_IOVA(0), 8);
}

/* The device writes while it is asked to unpin. */
P_CASE("probe/dirty/unmap/written-in-dma-unmap")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[0], P_IOVA(1), 1, P_RW);
	p_action_at(c, r.p.device[1], 0, PROBE_WRITE_OTHER, P_IOVA(4) - 4, 8,
		    0);
	unmap(c, &r, P_IOVA(0), 8);
}

P_CASE("probe/dirty/unmap/pinned-in-dma-unmap")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[0], P_IOVA(1), 1, P_RW);
	p_action_at(c, r.p.device[1], 0, PROBE_UNPIN_RANGE | PROBE_PIN_OTHER,
		    P_IOVA(6), 0, P_RW);
	unmap(c, &r, P_IOVA(0), 8);
}

P_CASE("probe/dirty/unmap/rounds")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[0], P_IOVA(1), 1, P_RW);
	p_action(c, r.p.device[0], 4, PROBE_UNPIN_RANGE);
	p_dma_write(c, r.p.device[0], P_IOVA(7), 8, 0);
	unmap(c, &r, P_IOVA(0), 8);
}

P_CASE("probe/dirty/unmap/three-mappings")
{
	struct rig r = rig(c, 2);

	c_map(c, r.p.container, r.a, P_IOVA(8), 2 * C_PAGE, P_RW);
	c_map(c, r.p.container, r.a, P_IOVA(12), 2 * C_PAGE, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(9), 1, P_RW);
	p_pin(c, r.p.device[1], P_IOVA(12), 1, P_RW);
	p_dma_write(c, r.p.device[0], P_IOVA(0), 8, 0);
	unmap(c, &r, P_IOVA(0), 16);
}

/* Asked, unpinned, and then the bitmap cannot be written. */
P_CASE("probe/dirty/unmap/bitmap-faults")
{
	struct rig r = rig(c, 2);
	uint64_t ones = -1UL;

	c_map(c, r.p.container, r.a, P_IOVA(8), 2 * C_PAGE, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(1), 1, P_RW);
	p_pin(c, r.p.device[1], P_IOVA(9), 1, P_RW);
	p_unmap_dirty(c, &r.p, P_IOVA(0), 16 * C_PAGE,
		      c_read_only(c, &ones, sizeof(ones)));
	p_held(c, r.p.device[0]);
	p_held(c, r.p.device[1]);
	look(c, &r);
	unmap(c, &r, P_IOVA(0), 16);
}

/* Refused before anybody is asked. */
P_CASE("probe/dirty/unmap/refused")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[0], P_IOVA(1), 1, P_RW);
	unmap(c, &r, P_IOVA(0), 4);
	unmap(c, &r, P_IOVA(4), 4);
	c_dirty(c, r.p.container, STOP);
	unmap(c, &r, P_IOVA(0), 8);
	p_held(c, r.p.device[0]);
}

P_CASE("probe/dirty/v1")
{
	struct p_rig r = p_ready(c, VFIO_TYPE1_IOMMU, 1);
	char *a = c_mem(c, "A", C_PAGE, 0);
	void *bitmap = c_mem(c, "bitmap", C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	c_dirty(c, r.container, START);
	p_dma_write(c, r.device[0], P_IOVA(0), 8, 1);
	p_dirty(c, &r, P_IOVA(0), 1, bitmap);
	p_unmap_dirty(c, &r, P_IOVA(0), C_PAGE, bitmap);
}
