// SPDX-License-Identifier: BSD-3-Clause
/* Mappings of one process, used by another, or when it is gone. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "helpers_probe.h"

#define V2 VFIO_TYPE1v2_IOMMU

static void in_pin(struct ctx *c)
{
	p_pin(c, c_fd(c, "d0"), P_IOVA(0), 1, P_RW);
}

static void in_unpin(struct ctx *c)
{
	p_unpin(c, c_fd(c, "d0"), P_IOVA(0), 1);
}

static void in_copy(struct ctx *c)
{
	p_dma_write(c, c_fd(c, "d0"), P_IOVA(0), 4, 'c');
	p_dma_read(c, c_fd(c, "d0"), P_IOVA(0), 4);
	p_dma_write(c, c_fd(c, "d0"), P_IOVA(8), 4, 'c');
	p_dma_read(c, c_fd(c, "d0"), P_IOVA(8), 4);
}

static void in_map(struct ctx *c)
{
	char *b = c_mem(c, "B", 2 * C_PAGE, 0);

	c_map(c, c_fd(c, "container"), b, P_IOVA(8), 2 * C_PAGE, P_RW);
}

static void in_pin_own(struct ctx *c)
{
	p_pin(c, c_fd(c, "d0"), P_IOVA(8), 1, P_RW);
	p_page_write(c, c_fd(c, "d0"), P_IOVA(8), 0, 4, 'p');
}

static void in_unmap(struct ctx *c)
{
	c_unmap(c, c_fd(c, "container"), P_IOVA(0), 2 * C_PAGE, 0, NULL);
	p_log(c, c_fd(c, "d0"));
}

static struct p_rig rig(struct ctx *c)
{
	struct p_rig r = p_ready(c, V2, 2);
	char *a = c_mem(c, "A", 2 * C_PAGE, 0);

	c_map(c, r.container, a, P_IOVA(0), 2 * C_PAGE, P_RW);
	return r;
}

/* The parent's mapping: the child can have it pinned, but not copied. */
P_CASE("probe/process/parent-s-mapping")
{
	struct p_rig r = rig(c);
	struct c_actor *child = c_process(c, "child");

	c_on(child, in_copy);
	c_on(child, in_pin);
	p_page_write(c, r.device[0], P_IOVA(0), 0, 4, '0');
	p_held(c, r.device[0]);
	c_on(child, in_unpin);
	p_held(c, r.device[0]);
	c_end(child, 0);
	p_dma_read(c, r.device[0], P_IOVA(0), 4);
}

/* The child's: the same the other way. */
P_CASE("probe/process/child-s-mapping")
{
	struct p_rig r = rig(c);
	struct c_actor *child = c_process(c, "child");

	c_on(child, in_map);
	p_dma_write(c, r.device[0], P_IOVA(8), 4, 'x');
	p_dma_read(c, r.device[0], P_IOVA(8), 4);
	p_dma_write(c, r.device[0], P_IOVA(8), 0, 'x');
	p_pin(c, r.device[0], P_IOVA(8), 2, P_RW);
	p_page_write(c, r.device[0], P_IOVA(9), 4, 4, '0');
	c_on(child, in_copy);
	c_on(child, in_pin_own);
	c_end(child, 0);
	p_unmap(c, &r, P_IOVA(8), 2 * C_PAGE);
}

/* Over a seam of two processes' mappings. */
static void in_map_next(struct ctx *c)
{
	char *b = c_mem(c, "B", 2 * C_PAGE, 0);

	c_map(c, c_fd(c, "container"), b, P_IOVA(2), 2 * C_PAGE, P_RW);
}

static void in_copy_over(struct ctx *c)
{
	p_dma_write(c, c_fd(c, "d0"), P_IOVA(2) - 4, 8, 'c');
}

P_CASE("probe/process/two-owners")
{
	struct p_rig r = rig(c);
	struct c_actor *child = c_process(c, "child");

	c_on(child, in_map_next);
	p_dma_write(c, r.device[0], P_IOVA(2) - 4, 8, 'p');
	c_on(child, in_copy_over);
	p_pin(c, r.device[0], P_IOVA(1), 2, P_RW);
	p_page_read(c, r.device[0], P_IOVA(1), 4092, 4);
	c_end(child, 0);
	p_pin(c, r.device[0], P_IOVA(1), 3, P_RW);
	p_pin(c, r.device[0], P_IOVA(1), 2, P_RW);
	p_unmap(c, &r, P_IOVA(0), 4 * C_PAGE);
}

/* Whose call it is decides nothing for the callbacks. */
P_CASE("probe/process/unmapped-by-the-child")
{
	struct p_rig r = rig(c);
	struct c_actor *child = c_process(c, "child");

	p_pin(c, r.device[0], P_IOVA(1), 1, P_RW);
	c_on(child, in_unmap);
	c_end(child, 0);
	p_held(c, r.device[0]);
}

/* But for what is copied in them. */
P_CASE("probe/process/unmapped-by-the-child-and-copied")
{
	struct p_rig r = rig(c);
	struct c_actor *child = c_process(c, "child");

	p_pin(c, r.device[0], P_IOVA(1), 1, P_RW);
	p_action_at(c, r.device[1], 0, PROBE_WRITE_OTHER, P_IOVA(0), 8, 0);
	c_on(child, in_unmap);
	c_end(child, 0);
}

/* ---- the process is gone: param is the signal it ends by, or -1: exec ---- */

static void end_child(struct ctx *c, struct c_actor *child)
{
	if (c->param >= 0) {
		c_end(child, (int)c->param);
		return;
	}
	c_exec(child);
	c_end(child, 0);
}

static void gone(struct ctx *c)
{
	struct p_rig r = rig(c);
	struct c_actor *child = c_process(c, "child");

	c_on(child, in_map);
	end_child(c, child);
	p_pin(c, r.device[0], P_IOVA(8), 1, P_RW);
	p_pin(c, r.device[0], P_IOVA(8), 1, 0);
	p_pin(c, r.device[0], P_IOVA(10), 1, P_RW);
	p_dma_write(c, r.device[0], P_IOVA(8), 4, 'x');
	p_dma_read(c, r.device[0], P_IOVA(8), 4);
	p_dma_read(c, r.device[0], P_IOVA(10) - 4, 8);
	p_unmap(c, &r, P_IOVA(8), 2 * C_PAGE);
}

/* What was pinned stays so until somebody unpins it. */
static void gone_pinned(struct ctx *c)
{
	struct p_rig r = rig(c);
	struct c_actor *child = c_process(c, "child");

	c_on(child, in_map);
	c_on(child, in_pin_own);
	end_child(c, child);
	p_held(c, r.device[0]);
	/* A pin that is there needs the process no more. */
	p_pin(c, r.device[0], P_IOVA(8), 1, P_RW);
	p_pin(c, r.device[1], P_IOVA(8), 1, P_R);
	p_pin(c, r.device[1], P_IOVA(9), 1, P_R);
	p_unpin(c, r.device[0], P_IOVA(8), 1);
	p_unmap(c, &r, P_IOVA(8), 2 * C_PAGE);
	p_held(c, r.device[0]);
}

static void gone_dirty(struct ctx *c)
{
	struct p_rig r = rig(c);
	struct c_actor *child = c_process(c, "child");
	void *bitmap = c_mem(c, "bitmap", C_PAGE, 0);

	c_dirty(c, r.container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
	c_on(child, in_map);
	c_on(child, in_pin_own);
	end_child(c, child);
	p_dirty(c, &r, P_IOVA(8), 2, bitmap);
	p_unmap_dirty(c, &r, P_IOVA(8), 2 * C_PAGE, bitmap);
}

static void gone_with_all(struct ctx *c)
{
	struct c_actor *child;
	struct p_rig r = rig(c);

	child = c_process(c, "child");
	c_on(child, in_pin);
	p_close(c, &r, 0);
	p_close(c, &r, 1);
	end_child(c, child);
	p_open(c, &r, 0);
	p_log(c, r.device[0]);
	p_held(c, r.device[0]);
	p_unmap(c, &r, P_IOVA(0), 2 * C_PAGE);
}

CASES
{
	static const struct {
		const char *name;
		long how;
	} ends[] = { { "exits", 0 }, { "killed", 9 }, { "execs", -1 } };
	long i;

	for (i = 0; i < P_COUNT(ends); i++) {
		conform_add(gone, ends[i].how, CASE_PROBES,
			    "probe/process/gone/%s", ends[i].name);
		conform_add(gone_pinned, ends[i].how, CASE_PROBES,
			    "probe/process/gone-pinned/%s", ends[i].name);
		conform_add(gone_dirty, ends[i].how, CASE_PROBES,
			    "probe/process/gone-dirty/%s", ends[i].name);
		conform_add(gone_with_all, ends[i].how, CASE_PROBES,
			    "probe/process/gone-with-all/%s", ends[i].name);
	}
}

/* The thread that has mapped is gone, its process is not. */
P_CASE("probe/process/thread-gone")
{
	struct p_rig r = rig(c);
	struct c_actor *thread = c_thread(c, "thread");

	c_on(thread, in_map);
	c_end(thread, 0);
	p_pin(c, r.device[0], P_IOVA(8), 1, P_RW);
	p_dma_write(c, r.device[0], P_IOVA(8), 4, 'x');
	p_unmap(c, &r, P_IOVA(8), 2 * C_PAGE);
}
