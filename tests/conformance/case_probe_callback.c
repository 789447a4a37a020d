// SPDX-License-Identifier: BSD-3-Clause
/* When dma_unmap is called: of which devices, in which order, with what. */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include "helpers_probe.h"

#define V2 VFIO_TYPE1v2_IOMMU

/* ---- order ---- */

/* All orders of opening three; param: the digits. */
static void open_order(struct ctx *c)
{
	struct p_rig r = p_groups(c, V2, 3);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);
	int order[3] = { (int)(c->param / 100), (int)(c->param / 10 % 10),
			 (int)(c->param % 10) };
	int i;

	for (i = 0; i < 3; i++)
		p_open(c, &r, order[i]);
	p_log(c, r.device[0]);
	c_map(c, r.container, a, P_IOVA(0), 4 * C_PAGE, P_RW);
	for (i = 0; i < 3; i++)
		p_pin(c, r.device[i], P_IOVA(i), 1, P_RW);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
}

/* All are called, whoever has pinned. param: a mask of those that have. */
static void who_pinned(struct ctx *c)
{
	struct p_rig r = p_ready(c, V2, 3);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);
	int i;

	c_map(c, r.container, a, P_IOVA(0), 4 * C_PAGE, P_RW);
	for (i = 0; i < 3; i++)
		if (c->param & 1 << i)
			p_pin(c, r.device[i], P_IOVA(1), 1, P_R);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
	for (i = 0; i < 3; i++)
		p_held(c, r.device[i]);
}

/* Three mappings; param: a mask of those with a pin, each by another device. */
static void which_mappings(struct ctx *c)
{
	struct p_rig r = p_ready(c, V2, 3);
	char *a = c_mem(c, "A", 8 * C_PAGE, 0);
	int i;

	for (i = 0; i < 3; i++)
		c_map(c, r.container, a + 2 * i * C_PAGE, P_IOVA(2 * i),
		      2 * C_PAGE, P_RW);
	for (i = 0; i < 3; i++)
		if (c->param & 1 << i)
			p_pin(c, r.device[(i + 1) % 3], P_IOVA(2 * i + 1), 1,
			      P_RW);
	p_unmap(c, &r, P_IOVA(0), 6 * C_PAGE);
}

CASES
{
	static const int orders[] = { 12, 21, 102, 120, 201, 210 };
	long i;

	for (i = 0; i < P_COUNT(orders); i++)
		conform_add(open_order, orders[i], CASE_PROBES,
			    "probe/callback/open-order/%03d", orders[i]);
	for (i = 0; i < 8; i++)
		conform_add(who_pinned, i, CASE_PROBES,
			    "probe/callback/who-pinned/%ld", i);
	for (i = 0; i < 8; i++)
		conform_add(which_mappings, i, CASE_PROBES,
			    "probe/callback/which-mappings/%ld", i);
}

P_CASE("probe/callback/four-devices")
{
	struct p_rig r = p_ready(c, V2, 4);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), 4 * C_PAGE, P_RW);
	p_pin(c, r.device[1], P_IOVA(0), 4, P_RW);
	p_pin(c, r.device[3], P_IOVA(1), 2, P_RW);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
}

/* ---- the range is a mapping's, never the request's ---- */

struct request {
	const char *name;
	uint64_t iova, size;
	uint32_t flags;
};

static const struct request requests[] = {
	{ "exact", P_IOVA(8), 4 * C_PAGE, 0 },
	{ "more", P_IOVA(0), 64 * C_PAGE, 0 },
	{ "from-0", 0, P_IOVA(12), 0 },
	{ "nearly-all", 0, 1UL << 63, 0 },
	{ "first-half", P_IOVA(8), 2 * C_PAGE, 0 },
	{ "last-half", P_IOVA(10), 2 * C_PAGE, 0 },
	{ "middle", P_IOVA(9), C_PAGE, 0 },
	{ "around-the-end", P_IOVA(11), 8 * C_PAGE, 0 },
	{ "around-the-begin", P_IOVA(4), 5 * C_PAGE, 0 },
	{ "hole", P_IOVA(20), 4 * C_PAGE, 0 },
	{ "size-0", P_IOVA(8), 0, 0 },
	{ "unaligned", P_IOVA(8) + 1, 4 * C_PAGE, 0 },
	{ "wraps", P_IOVA(8), -C_PAGE, 0 },
	{ "all", 0, 0, VFIO_DMA_UNMAP_FLAG_ALL },
	{ "all-with-size", P_IOVA(8), 4 * C_PAGE, VFIO_DMA_UNMAP_FLAG_ALL },
	{ "vaddr", P_IOVA(8), 4 * C_PAGE, VFIO_DMA_UNMAP_FLAG_VADDR },
	{ "vaddr-all", 0, 0,
	  VFIO_DMA_UNMAP_FLAG_VADDR | VFIO_DMA_UNMAP_FLAG_ALL },
	{ "flags-unknown", P_IOVA(8), 4 * C_PAGE, 16 },
	{ "dirty-without-tracking", P_IOVA(8), 4 * C_PAGE,
	  VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP },
};

static void request(struct ctx *c)
{
	const struct request *q = &requests[c->param];
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(8), 4 * C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(9), 1, P_RW);
	p_unmap_flags(c, &r, q->iova, q->size, q->flags);
	p_held(c, r.device[0]);
	p_unmap(c, &r, P_IOVA(8), 4 * C_PAGE);
}

CASES
{
	long i;

	for (i = 0; i < P_COUNT(requests); i++)
		conform_add(request, i, CASE_PROBES,
			    "probe/callback/request/%s", requests[i].name);
}

/* ---- rounds: devices that do not unpin at once ---- */

/* param: calls ignored, by the device that alone has pinned. */
static void rounds(struct ctx *c)
{
	struct p_rig r = p_ready(c, V2, 3);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), 4 * C_PAGE, P_RW);
	p_pin(c, r.device[1], P_IOVA(2), 2, P_RW);
	p_action(c, r.device[1], (uint32_t)c->param, PROBE_UNPIN_RANGE);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
}

/* Each ignores another number. */
static void rounds_of_each(struct ctx *c)
{
	struct p_rig r = p_ready(c, V2, 3);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);
	int i;

	c_map(c, r.container, a, P_IOVA(0), 4 * C_PAGE, P_RW);
	for (i = 0; i < 3; i++) {
		p_pin(c, r.device[i], P_IOVA(2), 1, P_RW);
		p_action(c, r.device[i], (uint32_t)(c->param >> 4 * i & 0xf),
			 PROBE_UNPIN_RANGE);
	}
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
}

CASES
{
	static const long each[] = { 0x012, 0x210, 0x101, 0x039, 0x555, 0x900 };
	long i;

	for (i = 0; i <= 10; i++)
		conform_add(rounds, i, CASE_PROBES,
			    "probe/callback/rounds/%02ld", i);
	for (i = 0; i < P_COUNT(each); i++)
		conform_add(rounds_of_each, each[i], CASE_PROBES,
			    "probe/callback/rounds-of-each/%03lx", each[i]);
}

/* Calls for a mapping are counted anew for the next. */
P_CASE("probe/callback/rounds-of-two-mappings")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), 2 * C_PAGE, P_RW);
	c_map(c, r.container, a, P_IOVA(2), 2 * C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(1), 2, P_RW);
	p_pin(c, r.device[1], P_IOVA(3), 1, P_RW);
	p_action(c, r.device[0], 9, PROBE_UNPIN_RANGE);
	p_action(c, r.device[1], 16, PROBE_UNPIN_RANGE);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
}

/* ---- how it was pinned ---- */

P_CASE("probe/callback/unpinned-before")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), 4 * C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 4, P_RW);
	p_unpin(c, r.device[0], P_IOVA(0), 4);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
}

P_CASE("probe/callback/pinned-twice-unpinned-once")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), 4 * C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(1), 2, P_RW);
	p_pin(c, r.device[0], P_IOVA(2), 2, P_R);
	p_unpin(c, r.device[0], P_IOVA(1), 2);
	p_held(c, r.device[0]);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
}

P_CASE("probe/callback/pinned-by-two-unpinned-by-one")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), 4 * C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(1), 1, P_RW);
	p_pin(c, r.device[1], P_IOVA(1), 1, P_RW);
	p_unpin(c, r.device[0], P_IOVA(1), 1);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
}

P_CASE("probe/callback/pinned-without-prot")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), 4 * C_PAGE, P_R);
	p_pin(c, r.device[0], P_IOVA(1), 1, 0);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
}

P_CASE("probe/callback/pinned-unaligned")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), 4 * C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(1) + 100, 2, P_RW);
	p_pin(c, r.device[0], P_IOVA(1), 1, P_RW);
	p_unpin(c, r.device[0], P_IOVA(1), 1);
	p_held(c, r.device[0]);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
}

/* A pin over two mappings is two pins. */
P_CASE("probe/callback/pin-over-two-mappings")
{
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), 2 * C_PAGE, P_RW);
	c_map(c, r.container, a, P_IOVA(2), 2 * C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(1), 2, P_RW);
	p_unmap(c, &r, P_IOVA(2), 2 * C_PAGE);
	p_held(c, r.device[0]);
	p_unmap(c, &r, P_IOVA(0), 2 * C_PAGE);
	p_held(c, r.device[0]);
}

P_CASE("probe/callback/many-mappings")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", C_PAGE, 0);
	int i;

	for (i = 39; i >= 0; i--)
		c_map(c, r.container, a, P_IOVA(2 * i), C_PAGE, P_RW);
	for (i = 0; i < 40; i += 3)
		p_pin(c, r.device[i % 2], P_IOVA(2 * i), 1, P_RW);
	p_unmap_flags(c, &r, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
}

/* ---- mapped anew ---- */

P_CASE("probe/callback/again-and-again")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", C_PAGE, 0);
	int i;

	for (i = 0; i < 14; i++) {
		c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
		p_pin(c, r.device[1], P_IOVA(0), 1, P_RW);
		p_unmap(c, &r, P_IOVA(0), C_PAGE);
	}
}

/* ---- fds of devices ---- */

P_CASE("probe/callback/two-fds")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", C_PAGE, 0);
	int dup, second;

	second = c_device_fd(c, r.group[0], "second", c->device[0]);
	dup = c_dup(c, "dup", r.device[1]);
	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	p_pin(c, second, P_IOVA(0), 1, P_RW);
	p_pin(c, dup, P_IOVA(0), 1, P_RW);
	p_held(c, r.device[0]);
	c_close(c, second);
	c_close(c, dup);
	p_held(c, r.device[0]);
	p_held(c, r.device[1]);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
}

/* A device's last close gives its pins back. param: which is closed. */
static void closed(struct ctx *c)
{
	struct p_rig r = p_ready(c, V2, 3);
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_pin(c, r.device[1], P_IOVA(0), 1, P_RW);
	p_close(c, &r, (int)c->param);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
	/* The newest now. */
	p_open(c, &r, (int)c->param);
	p_held(c, r.device[c->param]);
	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	p_pin(c, r.device[2], P_IOVA(0), 1, P_RW);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
}

CASES
{
	long i;

	for (i = 0; i < 3; i++)
		conform_add(closed, i, CASE_PROBES,
			    "probe/callback/closed-and-opened/%ld", i);
}

P_CASE("probe/callback/all-closed")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_pin(c, r.device[1], P_IOVA(0), 1, P_RW);
	p_close(c, &r, 1);
	p_close(c, &r, 0);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
	p_open(c, &r, 1);
	p_log(c, r.device[1]);
}

/* What dma_unmap was to do is forgotten. */
P_CASE("probe/callback/closed-while-ignoring")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	p_action(c, r.device[0], 9, PROBE_UNPIN_RANGE);
	p_close(c, &r, 0);
	p_open(c, &r, 0);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
}

/* ---- other containers, and the end ---- */

P_CASE("probe/callback/other-container")
{
	struct p_rig r = p_ready(c, V2, 2);
	int container = c_open(c, "other", c->container, O_RDWR);
	int group = c_open(c, "g2", c->group[2], O_RDWR), device;
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_set_container(c, group, container);
	c_ioctl(c, container, &SET_IOMMU, V2);
	device = c_device_fd(c, group, "d2", c->device[2]);
	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	c_map(c, container, a, P_IOVA(0), C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_pin(c, device, P_IOVA(0), 1, P_RW);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
	p_held(c, device);
	c_unmap(c, container, P_IOVA(0), C_PAGE, 0, NULL);
	p_log(c, device);
}

/* Without an UNMAP nobody is asked. */
P_CASE("probe/callback/container-closed")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	c_close(c, r.container);
	p_log(c, r.device[0]);
	p_held(c, r.device[0]);
	/* The container is there as long as the groups are in it. */
	p_dma_write(c, r.device[1], P_IOVA(0), 4, 'x');
	p_close(c, &r, 0);
	p_close(c, &r, 1);
	c_ioctl(c, r.group[0], &GROUP_UNSET_CONTAINER, 0);
	c_ioctl(c, r.group[1], &GROUP_UNSET_CONTAINER, 0);
}

P_CASE("probe/callback/group-detached")
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_pin(c, r.device[1], P_IOVA(0), 1, P_RW);
	c_ioctl(c, r.group[0], &GROUP_UNSET_CONTAINER, 0);
	p_close(c, &r, 0);
	c_ioctl(c, r.group[0], &GROUP_UNSET_CONTAINER, 0);
	p_log(c, r.device[1]);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
}

/* The mappings go with the last group, though the container stays. */
P_CASE("probe/callback/last-group-detached")
{
	struct p_rig r = p_ready(c, V2, 1);
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_close(c, &r, 0);
	c_ioctl(c, r.group[0], &GROUP_UNSET_CONTAINER, 0);
	c_set_container(c, r.group[0], r.container);
	c_ioctl(c, r.container, &SET_IOMMU, V2);
	p_open(c, &r, 0);
	p_log(c, r.device[0]);
	p_held(c, r.device[0]);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
}

/* ---- v1: nothing can be pinned, so nobody is asked ---- */

P_CASE("probe/callback/v1")
{
	struct p_rig r = p_ready(c, VFIO_TYPE1_IOMMU, 2);
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), 4 * C_PAGE, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 1, P_RW);
	p_pin(c, r.device[0], P_IOVA(8), 1, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 0, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), 513, P_RW);
	p_pin(c, r.device[0], P_IOVA(0), -1, P_RW);
	p_held(c, r.device[0]);
	p_dma_write(c, r.device[0], P_IOVA(1), 4, 'a');
	p_dma_read(c, r.device[1], P_IOVA(1), 4);
	p_unmap(c, &r, P_IOVA(1), C_PAGE);
	p_unmap(c, &r, P_IOVA(0), C_PAGE);
	p_dma_read(c, r.device[1], P_IOVA(1), 4);
}
