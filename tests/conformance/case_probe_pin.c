// SPDX-License-Identifier: BSD-3-Clause
/* pin_pages and unpin_pages: what they return, and which page it is. */
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "helpers_probe.h"

#define V2 VFIO_TYPE1v2_IOMMU

/* A prot of the mapping, one of the pin. */
#define PAIR(map, pin) ((long)(map) | (long)(pin) << 4)

static const char *const prot_names[] = { "none", "r", "w", "rw" };

static void prots(struct ctx *c)
{
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", 2 * C_PAGE, 0);
	uint32_t pin = (uint32_t)c->param >> 4;

	c_map(c, r.container, a, P_IOVA(0), 2 * C_PAGE, c->param & 3);
	p_pin(c, r.device[0], P_IOVA(0), 2, pin);
	p_page_write(c, r.device[0], P_IOVA(1), 8, 4, '1');
	p_page_read(c, r.device[0], P_IOVA(1), 4, 12);
	p_unmap(c, &r, P_IOVA(0), 2 * C_PAGE);
}

/* Bits that are none: a mapping never has them. */
P_CASE("probe/pin/prot/unknown-bits")
{
	static const uint32_t bits[] = { 4, 8, 7, 1U << 31, -1U };
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", C_PAGE, 0);
	long i;

	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	for (i = 0; i < P_COUNT(bits); i++)
		p_pin(c, r.device[0], P_IOVA(0), 1, bits[i]);
}

/* Memory that is not as the mapping says: none, r--, rw- × mapping × pin. */
static void memory_prots(struct ctx *c)
{
	static const int prot[] = { PROT_NONE, PROT_READ,
				    PROT_READ | PROT_WRITE };
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", C_PAGE, C_UNWATCHED);
	uint32_t map;

	c_protect(c, a, C_PAGE, prot[c->param]);
	for (map = P_R; map <= P_RW; map++) {
		c_map(c, r.container, a, P_IOVA(map), C_PAGE, map);
		p_pin(c, r.device[0], P_IOVA(map), 1, 0);
		p_pin(c, r.device[0], P_IOVA(map), 1, map);
		p_unmap(c, &r, P_IOVA(map), C_PAGE);
	}
}

CASES
{
	uint32_t map, pin;
	long i;

	for (map = P_R; map <= P_RW; map++)
		for (pin = 0; pin <= P_RW; pin++)
			conform_add(prots, PAIR(map, pin), CASE_PROBES,
				    "probe/pin/prot/map-%s/pin-%s",
				    prot_names[map], prot_names[pin]);
	for (i = 0; i < 3; i++)
		conform_add(memory_prots, i, CASE_PROBES, "probe/pin/memory/%s",
			    i == 2 ? "rw" : prot_names[i]);
}

/* ---- how many ---- */

static void npages(struct ctx *c)
{
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", 600 * C_PAGE, C_UNWATCHED);
	int n = (int)c->param;

	c_map(c, r.container, a, P_IOVA(0), 600 * C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), n, P_RW);
	p_pin(c, r.device[0], P_IOVA(599), n, P_RW);
	p_pin(c, r.device[0], P_IOVA(600), n, P_RW);
	p_held(c, r.device[0]);
	p_unpin(c, r.device[0], P_IOVA(0), n);
	p_unmap(c, &r, P_IOVA(0), 600 * C_PAGE);
}

CASES
{
	static const int numbers[] = { 0,	1,   2,	  511,	 512,
				       513,	514, 600, 65536, INT_MAX,
				       INT_MIN, -1,  -512 };
	long i;

	for (i = 0; i < P_COUNT(numbers); i++)
		conform_add(npages, numbers[i], CASE_PROBES,
			    "probe/pin/npage/%d", numbers[i]);
}

/* ---- where ---- */

/* Pages 0, 1 rw; 2, 3 r; 4, 5 none; 6 rw, with nothing behind it. */
static struct p_rig patchwork(struct ctx *c, char **memory)
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);

	*memory = a;
	c_map(c, r.container, a, P_IOVA(0), 2 * C_PAGE, P_RW);
	c_map(c, r.container, a + 2 * C_PAGE, P_IOVA(2), 2 * C_PAGE, P_R);
	c_map(c, r.container, a + 4 * C_PAGE, P_IOVA(6), C_PAGE, P_RW);
	return r;
}

/* All ranges of up to four pages; all or nothing. param: the first page. */
static void ranges(struct ctx *c)
{
	int first = (int)c->param - 1, n;
	char *a;
	struct p_rig r = patchwork(c, &a);

	for (n = 1; n <= 4; n++) {
		p_pin(c, r.device[0], P_IOVA(first), n, P_R);
		p_pin(c, r.device[1], P_IOVA(first), n, P_RW);
	}
	p_held(c, r.device[0]);
	p_held(c, r.device[1]);
	p_unmap_flags(c, &r, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
}

/* What was pinned before keeps its count when a later pin fails over it. */
P_CASE("probe/pin/where/undone-over-pinned")
{
	char *a;
	struct p_rig r = patchwork(c, &a);

	p_pin(c, r.device[0], P_IOVA(1), 1, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 3, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 5, P_R);
	p_pin(c, r.device[1], P_IOVA(1), 5, P_R);
	p_held(c, r.device[0]);
	p_unmap(c, &r, P_IOVA(0), 2 * C_PAGE);
	p_unmap(c, &r, P_IOVA(2), 2 * C_PAGE);
}

/* An unaligned IOVA is a pin of its own, of the page that holds it. */
static void unaligned(struct ctx *c)
{
	uint64_t off = (uint64_t)c->param;
	char *a;
	struct p_rig r = patchwork(c, &a);

	p_pin(c, r.device[0], P_IOVA(0) + off, 1, P_RW);
	p_page_write(c, r.device[0], P_IOVA(0) + off, 0, 4, 'a');
	p_pin(c, r.device[0], P_IOVA(0) + off, 2, P_R);
	p_pin(c, r.device[0], P_IOVA(1) + off, 2, P_R);
	p_pin(c, r.device[0], P_IOVA(3) + off, 1, P_R);
	p_pin(c, r.device[0], P_IOVA(3) + off, 2, P_R);
	p_held(c, r.device[0]);
	p_unpin(c, r.device[0], P_IOVA(0), 1);
	p_unpin(c, r.device[0], P_IOVA(0) + off, 1);
	p_held(c, r.device[0]);
	p_unmap_flags(c, &r, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
}

CASES
{
	static const int offsets[] = { 1, 8, 2048, 4095 };
	long i;

	for (i = 0; i <= 8; i++)
		conform_add(ranges, i, CASE_PROBES,
			    "probe/pin/where/from-page-%ld", i - 1);
	for (i = 0; i < P_COUNT(offsets); i++)
		conform_add(unaligned, offsets[i], CASE_PROBES,
			    "probe/pin/where/unaligned-%d", offsets[i]);
}

/* Begins before the mapping, ends in it. */
P_CASE("probe/pin/where/just-below")
{
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", 2 * C_PAGE, 0);

	c_map(c, r.container, a + C_PAGE, P_IOVA(4), C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(4) - 8, 1, P_RW);
	p_held(c, r.device[0]);
}

P_CASE("probe/pin/where/extremes")
{
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", 2 * C_PAGE, 0);
	uint64_t top = -2 * C_PAGE;

	c_map(c, r.container, a, 0, C_PAGE, P_RW);
	c_map(c, r.container, a + C_PAGE, top, C_PAGE, P_RW);
	p_pin(c, r.device[0], 0, 1, P_RW);
	p_pin(c, r.device[0], 0, 2, P_RW);
	p_pin(c, r.device[0], top, 1, P_RW);
	p_pin(c, r.device[0], top, 2, P_RW);
	p_pin(c, r.device[0], 1UL << 63, 1, P_RW);
	p_held(c, r.device[0]);
	p_unmap(c, &r, 0, C_PAGE);
	p_unmap(c, &r, top, C_PAGE);
}

P_CASE("probe/pin/where/list")
{
	const uint64_t iovas[] = { P_IOVA(0),	  P_IOVA(0), P_IOVA(1) + 4,
				   P_IOVA(4),	  P_IOVA(3), P_IOVA(2),
				   P_IOVA(6) + 1, 0,	     -C_PAGE,
				   P_IOVA(1) };
	char *a;
	struct p_rig r = patchwork(c, &a);

	p_pin_list(c, r.device[0], iovas, P_COUNT(iovas), 1, P_R);
	p_pin_list(c, r.device[1], iovas, P_COUNT(iovas), 2, P_R);
	p_held(c, r.device[0]);
	p_held(c, r.device[1]);
	p_unmap_flags(c, &r, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
}

/* ---- what is there ---- */

P_CASE("probe/pin/vaddr/nothing")
{
	struct p_rig r = p_ready(c, V2, 1);
	uint32_t map;

	for (map = P_R; map <= P_RW; map++) {
		c_map(c, r.container, (void *)0x10000, P_IOVA(map), C_PAGE,
		      map);
		p_pin(c, r.device[0], P_IOVA(map), 1, map);
	}
	c_map(c, r.container, (void *)C_KERNEL, P_IOVA(8), C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(8), 1, P_RW);
	c_map(c, r.container, NULL, P_IOVA(9), C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(9), 1, P_RW);
}

P_CASE("probe/pin/vaddr/comes-later")
{
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", 2 * C_PAGE, C_UNWATCHED);

	c_protect(c, a, 2 * C_PAGE, PROT_NONE);
	c_map(c, r.container, a, P_IOVA(0), 2 * C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	c_protect(c, a, C_PAGE, PROT_READ | PROT_WRITE);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 2, P_RW);
	p_unmap(c, &r, P_IOVA(0), 2 * C_PAGE);
}

/* The device has the page all the same. */
P_CASE("probe/pin/vaddr/protected-later")
{
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", C_PAGE, C_UNWATCHED);

	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	c_protect(c, a, C_PAGE, PROT_READ);
	p_page_read(c, r.device[0], P_IOVA(0), 0, 4);
	p_page_write(c, r.device[0], P_IOVA(0), 0, 4, '0');
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
}

P_CASE("probe/pin/vaddr/gone-later")
{
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", C_PAGE, C_UNWATCHED);

	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	c_munmap(c, a, C_PAGE);
	p_page_write(c, r.device[0], P_IOVA(0), 0, 4, '0');
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
}

P_CASE("probe/pin/vaddr/shared-by-two-mappings")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	c_map(c, r.container, a, P_IOVA(1), C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_pin(c, r.device[1], P_IOVA(1), 1, P_RW);
	p_page_write(c, r.device[0], P_IOVA(0), 0, 4, 'a');
	p_page_read(c, r.device[1], P_IOVA(1), 0, 4);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
	p_page_read(c, r.device[1], P_IOVA(1), 0, 4);
	p_page_read(c, r.device[0], P_IOVA(0), 0, 4);
	p_unmap(c, &r, P_IOVA(1), C_PAGE);
}

/* param: MAP_SHARED or MAP_PRIVATE of a memfd, that can be read only, or not */
static void memfd(struct ctx *c)
{
	struct p_rig r = p_ready(c, V2, 1);
	int fd = memfd_create("m", 0), prot = PROT_READ;
	uint32_t map;
	char *m;

	if (c->param & 0x100)
		prot |= PROT_WRITE;
	c_name_fd(c, "memfd", fd);
	c_did(c, ftruncate(fd, C_PAGE), "ftruncate(memfd, 0x1000)");
	m = c_mmap(c, "M", fd, 2 * C_PAGE, prot, (int)c->param & 0xff, 0);
	for (map = P_R; map <= P_RW; map++) {
		c_map(c, r.container, m, P_IOVA(0), 2 * C_PAGE, map);
		p_pin(c, r.device[0], P_IOVA(0), 1, 0);
		p_page_read(c, r.device[0], P_IOVA(0), 0, 4);
		/* Behind the end of the file. */
		p_pin(c, r.device[0], P_IOVA(1), 1, 0);
		p_unmap(c, &r, P_IOVA(0), 2 * C_PAGE);
	}
}

CASES
{
	conform_add(memfd, MAP_SHARED, CASE_PROBES, "probe/pin/memfd/shared-r");
	conform_add(memfd, MAP_SHARED | 0x100, CASE_PROBES,
		    "probe/pin/memfd/shared-rw");
	conform_add(memfd, MAP_PRIVATE, CASE_PROBES,
		    "probe/pin/memfd/private-r");
	conform_add(memfd, MAP_PRIVATE | 0x100, CASE_PROBES,
		    "probe/pin/memfd/private-rw");
}

/* ---- unpin ---- */

P_CASE("probe/unpin/what-is-not-pinned")
{
	char *a;
	struct p_rig r = patchwork(c, &a);

	p_unpin_any(c, r.device[0], P_IOVA(0), 1);
	p_unpin_any(c, r.device[0], P_IOVA(0) + 1, 4);
	p_unpin_any(c, r.device[0], P_IOVA(4), 1);
	p_unpin_any(c, r.device[0], P_IOVA(3), 4);
	p_unpin_any(c, r.device[0], P_IOVA(0), 0);
	p_unpin_any(c, r.device[0], P_IOVA(0), -1);
	p_unpin_any(c, r.device[0], -C_PAGE, 2);
	p_unmap_flags(c, &r, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
}

/* Beyond a hole it does not get. */
P_CASE("probe/unpin/over-a-hole")
{
	char *a;
	struct p_rig r = patchwork(c, &a);

	p_pin(c, r.device[0], P_IOVA(3), 1, P_R);
	p_unpin_any(c, r.device[0], P_IOVA(2), 4);
	p_unmap(c, &r, P_IOVA(2), 2 * C_PAGE);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_R);
	p_unpin_any(c, r.device[0], P_IOVA(-1), 4);
	p_unmap(c, &r, P_IOVA(0), 2 * C_PAGE);
}

P_CASE("probe/unpin/once-too-often")
{
	char *a;
	struct p_rig r = patchwork(c, &a);

	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_unpin_any(c, r.device[0], P_IOVA(0), 1);
	p_unpin_any(c, r.device[0], P_IOVA(0), 1);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_unmap(c, &r, P_IOVA(0), 2 * C_PAGE);
}

P_CASE("probe/unpin/v1")
{
	struct p_rig r = p_ready(c, VFIO_TYPE1_IOMMU, 1);
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	p_unpin_any(c, r.device[0], P_IOVA(0), 1);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
}
