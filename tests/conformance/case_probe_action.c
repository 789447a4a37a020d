// SPDX-License-Identifier: BSD-3-Clause
/* What a device may do in its dma_unmap. */
#include <string.h>
#include "helpers_probe.h"

/*
 * Three mappings of two pages: at pages 0, 2 and 8. Two devices, of which d0
 * has pinned in the first.
 */
static struct p_rig rig(struct ctx *c)
{
	struct p_rig r = p_ready(c, VFIO_TYPE1v2_IOMMU, 2);
	char *a = c_mem(c, "A", 6 * C_PAGE, 0);

	memset(a, 'A', 6 * C_PAGE);
	c_map(c, r.container, a, P_IOVA(0), 2 * C_PAGE, P_RW);
	c_map(c, r.container, a + 2 * C_PAGE, P_IOVA(2), 2 * C_PAGE, P_RW);
	c_map(c, r.container, a + 4 * C_PAGE, P_IOVA(8), 2 * C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(1), 1, P_RW);
	return r;
}

/* Which other iova the action is about. */
static const struct place {
	const char *name;
	uint64_t iova;
} places[] = {
	{ "same-page", P_IOVA(1) },    { "same-mapping", P_IOVA(0) },
	{ "next-mapping", P_IOVA(3) }, { "outside", P_IOVA(8) },
	{ "hole", P_IOVA(5) },	       { "over-the-end", P_IOVA(4) - 4 },
};

/* By the device that was asked first, and by that asked last. */
static void copies(struct ctx *c, uint32_t action)
{
	const struct place *place = &places[c->param];
	struct p_rig r = rig(c);

	p_dma_write(c, r.device[1], P_IOVA(8), 8, '0');
	p_action_at(c, r.device[1], 0, PROBE_UNPIN_RANGE | action, place->iova,
		    8, 0);
	p_action_at(c, r.device[0], 0, PROBE_UNPIN_RANGE | action, place->iova,
		    8, 0);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
}

static void reads(struct ctx *c)
{
	copies(c, PROBE_READ_OTHER);
}

static void writes(struct ctx *c)
{
	copies(c, PROBE_WRITE_OTHER);
}

/* Pinned there anew in each round: the eleventh is the last. */
static void pins(struct ctx *c)
{
	const struct place *place = &places[c->param];
	struct p_rig r = rig(c);

	p_action_at(c, r.device[0], 0, PROBE_UNPIN_RANGE | PROBE_PIN_OTHER,
		    place->iova, 0, P_RW);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
	p_held(c, r.device[0]);
	p_unmap_flags(c, &r, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
	p_held(c, r.device[0]);
}

/* The same by a device that has nothing to unpin, and is asked first. */
static void pins_newest(struct ctx *c)
{
	const struct place *place = &places[c->param];
	struct p_rig r = rig(c);

	p_action_at(c, r.device[1], 0, PROBE_UNPIN_RANGE | PROBE_PIN_OTHER,
		    place->iova, 0, P_R);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
	p_held(c, r.device[1]);
	p_unmap_flags(c, &r, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
	p_held(c, r.device[1]);
}

/* What is unpinned elsewhere need not be asked for later. */
static void unpins(struct ctx *c)
{
	const struct place *place = &places[c->param];
	struct p_rig r = rig(c);

	p_pin(c, r.device[0], P_IOVA(3), 1, P_RW);
	p_pin(c, r.device[0], P_IOVA(8), 1, P_RW);
	p_action_at(c, r.device[0], 0, PROBE_UNPIN_RANGE | PROBE_UNPIN_OTHER,
		    place->iova, C_PAGE, 0);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
	p_held(c, r.device[0]);
	p_unmap_flags(c, &r, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
}

CASES
{
	static const struct {
		const char *name;
		case_fn *fn;
	} actions[] = {
		{ "read", reads },   { "write", writes },
		{ "pin", pins },     { "pin-newest", pins_newest },
		{ "unpin", unpins },
	};
	long i, j;

	for (i = 0; i < P_COUNT(actions); i++)
		for (j = 0; j < P_COUNT(places); j++)
			conform_add(actions[i].fn, j, CASE_PROBES,
				    "probe/action/%s/%s", actions[i].name,
				    places[j].name);
}

/* Only elsewhere, at first: the mapping in question waits its turn. */
P_CASE("probe/action/unpin-the-others-first")
{
	struct p_rig r = rig(c);

	p_pin(c, r.device[0], P_IOVA(8), 1, P_RW);
	p_action_at(c, r.device[0], 0, PROBE_UNPIN_OTHER, P_IOVA(8), C_PAGE, 0);
	p_unmap_flags(c, &r, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
}

/* Ignoring counts calls, not mappings. */
P_CASE("probe/action/ignore-then-write")
{
	struct p_rig r = rig(c);

	p_pin(c, r.device[1], P_IOVA(2), 1, P_RW);
	p_action_at(c, r.device[0], 3, PROBE_UNPIN_RANGE | PROBE_WRITE_OTHER,
		    P_IOVA(8), 4, 0);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
}

/* The last bytes of the mapping that goes: they are the client's yet. */
P_CASE("probe/action/last-words")
{
	struct p_rig r = rig(c);

	p_dma_write(c, r.device[0], P_IOVA(8), 16, 'k');
	p_action_at(c, r.device[0], 0, PROBE_WRITE_OTHER | PROBE_UNPIN_RANGE,
		    P_IOVA(2) - 16, 16, 0);
	p_unmap(c, &r, P_IOVA(0), 2 * C_PAGE);
	p_dma_write(c, r.device[0], P_IOVA(2) - 16, 16, 'k');
}

/* An entry before the one that is asked for is gone already. */
P_CASE("probe/action/pin-in-what-is-gone")
{
	struct p_rig r = rig(c);

	p_pin(c, r.device[1], P_IOVA(8), 1, P_RW);
	p_action_at(c, r.device[1], 1, PROBE_UNPIN_RANGE | PROBE_PIN_OTHER,
		    P_IOVA(0), 0, P_RW);
	p_unmap_flags(c, &r, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
}

/* One lets go of what the other takes: they pass a page to and fro. */
P_CASE("probe/action/to-and-fro")
{
	struct p_rig r = rig(c);

	p_action_at(c, r.device[0], 0, PROBE_UNPIN_RANGE | PROBE_PIN_OTHER,
		    P_IOVA(0), 0, P_RW);
	p_action_at(c, r.device[1], 5, PROBE_UNPIN_RANGE | PROBE_PIN_OTHER,
		    P_IOVA(1), 0, P_RW);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
	p_held(c, r.device[0]);
	p_held(c, r.device[1]);
}
