// SPDX-License-Identifier: BSD-3-Clause
/* dma_rw: what it returns, and what it has copied by then. */
#include <string.h>
#include <sys/mman.h>
#include "helpers_probe.h"

#define V2 VFIO_TYPE1v2_IOMMU

static const char *const prot_names[] = { "none", "r", "w", "rw" };

/* Every prot of the mapping over every prot of the memory. */
static void prots(struct ctx *c)
{
	static const int prot[] = { PROT_NONE, PROT_READ, PROT_WRITE,
				    PROT_READ | PROT_WRITE };
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", C_PAGE, C_UNWATCHED);
	uint32_t map = (uint32_t)c->param & 3;

	c_protect(c, a, C_PAGE, prot[c->param >> 4]);
	c_map(c, r.container, a, P_IOVA(0), C_PAGE, map);
	p_dma_write(c, r.device[0], P_IOVA(0) + 4, 8, 'a');
	p_dma_read(c, r.device[0], P_IOVA(0), 16);
}

CASES
{
	long map, memory;

	for (map = P_R; map <= P_RW; map++)
		for (memory = 0; memory <= 3; memory++)
			conform_add(prots, map | memory << 4, CASE_PROBES,
				    "probe/rw/prot/map-%s/memory-%s",
				    prot_names[map], prot_names[memory]);
}

/*
 * Pages 0 to 3 are rw, in mappings of one, two and one; 4 r; 5 w; 6 none; 7 rw,
 * in memory that follows the first's.
 */
static struct p_rig patchwork(struct ctx *c, unsigned long type)
{
	struct p_rig r = p_ready(c, type, 1);
	char *a = c_mem(c, "A", 8 * C_PAGE, 0);

	memset(a, '.', 8 * C_PAGE);
	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	c_map(c, r.container, a + 2 * C_PAGE, P_IOVA(1), 2 * C_PAGE, P_RW);
	c_map(c, r.container, a + 6 * C_PAGE, P_IOVA(3), C_PAGE, P_RW);
	c_map(c, r.container, a + 4 * C_PAGE, P_IOVA(4), C_PAGE, P_R);
	c_map(c, r.container, a + 5 * C_PAGE, P_IOVA(5), C_PAGE, P_W);
	c_map(c, r.container, a + C_PAGE, P_IOVA(7), C_PAGE, P_RW);
	return r;
}

static const struct range {
	const char *name;
	uint64_t iova, length;
} ranges[] = {
	{ "one-byte", P_IOVA(0) + 4095, 1 },
	{ "nothing", P_IOVA(0), 0 },
	{ "nothing-in-a-hole", P_IOVA(6), 0 },
	{ "a-mapping", P_IOVA(1), 2 * C_PAGE },
	{ "over-a-seam", P_IOVA(1) - 5, 10 },
	{ "over-two-seams", P_IOVA(1) - 5, 2 * C_PAGE + 10 },
	{ "all-that-is-rw", P_IOVA(0), 4 * C_PAGE },
	{ "into-r", P_IOVA(4) - 6, 12 },
	{ "into-w", P_IOVA(5) - 6, 12 },
	{ "in-w", P_IOVA(5) + 8, 4 },
	{ "into-a-hole", P_IOVA(6) - 6, 12 },
	{ "over-a-hole", P_IOVA(3) - 6, 4 * C_PAGE + 12 },
	{ "in-a-hole", P_IOVA(6) + 8, 8 },
	{ "out-of-a-hole", P_IOVA(7) - 8, 16 },
	{ "at-the-end", P_IOVA(8) - 8, 8 },
	{ "over-the-end", P_IOVA(8) - 8, 9 },
	{ "at-0", 0, 8 },
	{ "at-the-top", -8UL, 8 },
	{ "over-the-top", -8UL, 16 },
	{ "the-window", P_IOVA(0), PROBE_DATA_SIZE },
};

static void writes(struct ctx *c)
{
	const struct range *range = &ranges[c->param];
	struct p_rig r = patchwork(c, V2);

	p_dma_write(c, r.device[0], range->iova, range->length, '0');
}

static void reads(struct ctx *c)
{
	const struct range *range = &ranges[c->param];
	struct p_rig r = patchwork(c, V2);

	p_dma_write(c, r.device[0], P_IOVA(0), 2 * C_PAGE, 1);
	p_dma_read(c, r.device[0], range->iova, range->length);
}

/* v1 can be copied to and from. */
static void writes_v1(struct ctx *c)
{
	const struct range *range = &ranges[c->param];
	struct p_rig r = patchwork(c, VFIO_TYPE1_IOMMU);

	p_dma_write(c, r.device[0], range->iova, range->length, '0');
	p_dma_read(c, r.device[0], range->iova, range->length);
}

CASES
{
	long i;

	for (i = 0; i < P_COUNT(ranges); i++) {
		conform_add(writes, i, CASE_PROBES, "probe/rw/write/%s",
			    ranges[i].name);
		conform_add(reads, i, CASE_PROBES, "probe/rw/read/%s",
			    ranges[i].name);
		conform_add(writes_v1, i, CASE_PROBES, "probe/rw/v1/%s",
			    ranges[i].name);
	}
}

/* What a mapping holds of memory that ends in it is copied, and then fails. */
P_CASE("probe/rw/memory-ends")
{
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), 2 * C_PAGE, P_RW);
	p_dma_write(c, r.device[0], P_IOVA(1) - 8, 16, '0');
	p_dma_read(c, r.device[0], P_IOVA(1) - 8, 16);
	p_dma_write(c, r.device[0], P_IOVA(1), 4, 'a');
	p_dma_write(c, r.device[0], P_IOVA(1) - 4, 4, 'a');
	a = c_mem(c, "B", 2 * C_PAGE, C_UNWATCHED);
	c_protect(c, a, C_PAGE, PROT_NONE);
	c_map(c, r.container, a, P_IOVA(4), 2 * C_PAGE, P_RW);
	p_dma_write(c, r.device[0], P_IOVA(5) - 8, 16, 'A');
	p_dma_read(c, r.device[0], P_IOVA(5), 16);
}

P_CASE("probe/rw/memory-comes-and-goes")
{
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", 2 * C_PAGE, C_UNWATCHED);

	c_map(c, r.container, a, P_IOVA(0), 2 * C_PAGE, P_RW);
	p_dma_write(c, r.device[0], P_IOVA(1), 4, '0');
	c_protect(c, a + C_PAGE, C_PAGE, PROT_NONE);
	p_dma_read(c, r.device[0], P_IOVA(1), 4);
	c_protect(c, a + C_PAGE, C_PAGE, PROT_READ);
	p_dma_read(c, r.device[0], P_IOVA(1), 4);
	p_dma_write(c, r.device[0], P_IOVA(1), 4, 'a');
	c_munmap(c, a, 2 * C_PAGE);
	p_dma_read(c, r.device[0], P_IOVA(1), 4);
}

P_CASE("probe/rw/vaddr-of-nobody")
{
	static const uint64_t vaddrs[] = { 0, 0x10000, C_KERNEL, 1UL << 47,
					   (1UL << 47) - C_PAGE };
	struct p_rig r = p_ready(c, V2, 1);
	long i;

	for (i = 0; i < P_COUNT(vaddrs); i++) {
		c_map(c, r.container, (void *)vaddrs[i], P_IOVA(i), C_PAGE,
		      P_RW);
		p_dma_write(c, r.device[0], P_IOVA(i), 4, '0');
		p_dma_read(c, r.device[0], P_IOVA(i), 4);
	}
}

/* By one device, to what another has pinned: it is one memory. */
P_CASE("probe/rw/to-pinned")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_dma_write(c, r.device[1], P_IOVA(0) + 16, 8, '0');
	p_page_read(c, r.device[0], P_IOVA(0), 16, 8);
	p_page_write(c, r.device[0], P_IOVA(0), 20, 8, 'a');
	p_dma_read(c, r.device[1], P_IOVA(0) + 16, 16);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
	p_dma_read(c, r.device[1], P_IOVA(0) + 16, 16);
}

/* The same memory at two IOVAs, from the one to the other. */
P_CASE("probe/rw/overlapping-memory")
{
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", 2 * C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), 2 * C_PAGE, P_RW);
	c_map(c, r.container, a + C_PAGE, P_IOVA(2), C_PAGE, P_RW);
	p_dma_write(c, r.device[0], P_IOVA(2) - 4, 8, '0');
	p_dma_read(c, r.device[0], P_IOVA(1), 4);
}
