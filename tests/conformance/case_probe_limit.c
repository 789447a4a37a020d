// SPDX-License-Identifier: BSD-3-Clause
/*
 * RLIMIT_MEMLOCK: what pins are charged, to whom, and when it is given back.
 * What is charged is seen by what still can be pinned.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/capability.h>
#include "helpers_probe.h"

#define V2 VFIO_TYPE1v2_IOMMU
#define PAGES 16

static void limit(struct ctx *c, rlim_t bytes)
{
	struct rlimit both = { bytes, bytes };

	c_did(c, setrlimit(RLIMIT_MEMLOCK, &both),
	      "setrlimit(RLIMIT_MEMLOCK, 0x%llx)", (unsigned long long)bytes);
}

/* Of those that this process has; no privileged one is needed below. */
static void drop_caps(struct ctx *c)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { { 0 } };

	c_did(c, syscall(SYS_capset, &header, none), "capset(none)");
}

struct rig {
	struct p_rig p;
	char *a;
};

/* Sixteen pages that were mapped with a limit of so many, without caps. */
static struct rig rig(struct ctx *c, int nr, rlim_t pages)
{
	struct rig r = { .p = p_ready(c, V2, nr) };

	r.a = c_mem(c, "A", PAGES * C_PAGE, C_UNWATCHED);
	drop_caps(c);
	limit(c, pages * C_PAGE);
	c_map(c, r.p.container, r.a, P_IOVA(0), PAGES * C_PAGE, P_RW);
	return r;
}

/* How many more pages can be pinned; they are unpinned again. */
static void room(struct ctx *c, struct rig *r)
{
	uint64_t iovas[PAGES];
	int i;

	for (i = 0; i < PAGES; i++)
		iovas[i] = P_IOVA(i) + 2048;
	p_pin_list(c, r->p.device[0], iovas, PAGES, 1, P_R);
	p_unpin(c, r->p.device[0], P_IOVA(0) + 2048, PAGES);
}

static void up_to_it(struct ctx *c)
{
	int n = (int)c->param;
	struct rig r = rig(c, 1, (rlim_t)n);

	p_pin(c, r.p.device[0], P_IOVA(0), n, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(n), 1, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(0), n, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(0), n + 1, P_RW);
	p_unmap(c, &r.p, P_IOVA(0), PAGES * C_PAGE);
}

CASES
{
	int n;

	for (n = 0; n <= 8; n++)
		conform_add(up_to_it, n, CASE_PROBES, "probe/limit/up-to/%d",
			    n);
}

/* What does not fit as a whole is not pinned in part. */
P_CASE("probe/limit/all-or-nothing")
{
	struct rig r = rig(c, 1, 4);

	p_pin(c, r.p.device[0], P_IOVA(0), 5, P_RW);
	p_held(c, r.p.device[0]);
	p_pin(c, r.p.device[0], P_IOVA(0), 3, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(2), 3, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(2), 2, P_RW);
	p_held(c, r.p.device[0]);
}

P_CASE("probe/limit/given-back-by-unpin")
{
	struct rig r = rig(c, 1, 4);

	p_pin(c, r.p.device[0], P_IOVA(0), 4, P_RW);
	p_unpin(c, r.p.device[0], P_IOVA(1), 2);
	room(c, &r);
}

P_CASE("probe/limit/given-back-by-unmap")
{
	struct rig r = rig(c, 1, 4);

	p_pin(c, r.p.device[0], P_IOVA(0), 4, P_RW);
	p_unmap(c, &r.p, P_IOVA(0), PAGES * C_PAGE);
	c_map(c, r.p.container, r.a, P_IOVA(0), PAGES * C_PAGE, P_RW);
	room(c, &r);
}

P_CASE("probe/limit/given-back-by-close")
{
	struct rig r = rig(c, 2, 4);

	p_pin(c, r.p.device[1], P_IOVA(0), 4, P_RW);
	p_close(c, &r.p, 1);
	room(c, &r);
}

P_CASE("probe/limit/given-back-by-failure")
{
	struct rig r = rig(c, 1, 4);

	p_pin(c, r.p.device[0], P_IOVA(PAGES - 3), 4, P_RW);
	c_protect(c, r.a + 3 * C_PAGE, C_PAGE, PROT_READ);
	p_pin(c, r.p.device[0], P_IOVA(0), 4, P_RW);
	room(c, &r);
}

/* A page that is pinned already costs nothing, whoever pins it. */
P_CASE("probe/limit/pinned-by-two")
{
	struct rig r = rig(c, 2, 4);

	p_pin(c, r.p.device[0], P_IOVA(0), 3, P_RW);
	p_pin(c, r.p.device[1], P_IOVA(0), 3, P_RW);
	room(c, &r);
	p_unpin(c, r.p.device[0], P_IOVA(0), 3);
	room(c, &r);
	p_unpin(c, r.p.device[1], P_IOVA(0), 3);
	room(c, &r);
}

/* At another IOVA it is another pin. */
P_CASE("probe/limit/one-page-at-two-iovas")
{
	struct rig r = rig(c, 1, 4);

	c_map(c, r.p.container, r.a, P_IOVA(32), C_PAGE, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(0), 1, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(32), 1, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(0) + 1, 1, P_RW);
	room(c, &r);
}

/* A part of a page is none. */
static void odd_bytes(struct ctx *c)
{
	struct rig r = rig(c, 1, 8);

	limit(c, (rlim_t)c->param);
	room(c, &r);
}

CASES
{
	static const long sizes[] = { 1, 4095, 4096, 4097, 8191, 12288 };
	long i;

	for (i = 0; i < P_COUNT(sizes); i++)
		conform_add(odd_bytes, sizes[i], CASE_PROBES,
			    "probe/limit/bytes/%ld", sizes[i]);
}

/* Below what is pinned: that stays. */
P_CASE("probe/limit/lowered")
{
	struct rig r = rig(c, 1, 8);

	p_pin(c, r.p.device[0], P_IOVA(0), 4, P_RW);
	limit(c, 2 * C_PAGE);
	p_pin(c, r.p.device[0], P_IOVA(0), 4, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(4), 1, P_RW);
	p_unpin(c, r.p.device[0], P_IOVA(0), 4);
	p_unpin(c, r.p.device[0], P_IOVA(0), 3);
	room(c, &r);
}

/* One account for all containers of a process. */
P_CASE("probe/limit/two-containers")
{
	struct rig r = rig(c, 1, 4);
	int container = c_open(c, "other", c->container, 2);
	int group = c_open(c, "g1", c->group[1], 2), device;

	c_set_container(c, group, container);
	c_ioctl(c, container, &SET_IOMMU, V2);
	device = c_device_fd(c, group, "d1", c->device[1]);
	c_map(c, container, r.a, P_IOVA(0), PAGES * C_PAGE, P_RW);
	p_pin(c, device, P_IOVA(0), 3, P_RW);
	room(c, &r);
	p_pin(c, device, P_IOVA(3), 2, P_RW);
	c_close(c, device);
	room(c, &r);
}

/* And for what the process itself has locked. */
P_CASE("probe/limit/mlock")
{
	struct rig r = rig(c, 1, 4);
	void *b = c_mem(c, "B", 4 * C_PAGE, C_UNWATCHED);

	c_did(c, mlock(b, 3 * C_PAGE), "mlock(B, 0x3000)");
	p_pin(c, r.p.device[0], P_IOVA(0), 2, P_RW);
	p_unpin(c, r.p.device[0], P_IOVA(0), 2);
	c_did(c, munlock(b, 3 * C_PAGE), "munlock(B, 0x3000)");
	room(c, &r);
}

/* ---- whose limit, and whose capability ---- */

static void in_limit_2(struct ctx *c)
{
	limit(c, 2 * C_PAGE);
}

static void in_pin_4(struct ctx *c)
{
	p_pin(c, c_fd(c, "d0"), P_IOVA(0), 4, P_RW);
	p_pin(c, c_fd(c, "d0"), P_IOVA(4), 1, P_RW);
}

/* It is charged to the process that has mapped. */
P_CASE("probe/limit/pinned-by-the-child")
{
	struct rig r = rig(c, 1, 4);
	struct c_actor *child = c_process(c, "child");

	c_on(child, in_limit_2);
	c_on(child, in_pin_4);
	p_pin(c, r.p.device[0], P_IOVA(8), 1, P_RW);
	c_end(child, 0);
	p_pin(c, r.p.device[0], P_IOVA(8), 1, P_RW);
	p_unpin(c, r.p.device[0], P_IOVA(0), 4);
	room(c, &r);
}

static void in_map(struct ctx *c)
{
	char *b = c_mem(c, "B", PAGES * C_PAGE, C_UNWATCHED);

	c_map(c, c_fd(c, "container"), b, P_IOVA(32), PAGES * C_PAGE, P_RW);
}

static void in_pin_own(struct ctx *c)
{
	p_pin(c, c_fd(c, "d0"), P_IOVA(32), 2, P_RW);
	p_pin(c, c_fd(c, "d0"), P_IOVA(34), 1, P_RW);
}

P_CASE("probe/limit/mapped-by-the-child")
{
	struct rig r = rig(c, 1, 4);
	struct c_actor *child = c_process(c, "child");

	c_on(child, in_limit_2);
	c_on(child, in_map);
	p_pin(c, r.p.device[0], P_IOVA(32), 2, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(34), 1, P_RW);
	room(c, &r);
	p_unpin(c, r.p.device[0], P_IOVA(32), 2);
	c_on(child, in_pin_own);
	c_end(child, 0);
}

/* Its limit is that of the process, whatever thread has mapped. */
P_CASE("probe/limit/mapped-by-a-thread")
{
	struct rig r = rig(c, 1, 4);
	struct c_actor *thread = c_thread(c, "thread");

	c_on(thread, in_map);
	c_end(thread, 0);
	p_pin(c, r.p.device[0], P_IOVA(32), 4, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(36), 1, P_RW);
}

/* CAP_IPC_LOCK, or its lack, is that of when it was mapped. */
P_CASE("probe/limit/capable-when-mapped")
{
	struct rig r = { .p = p_ready(c, V2, 1) };

	r.a = c_mem(c, "A", PAGES * C_PAGE, C_UNWATCHED);
	c_map(c, r.p.container, r.a, P_IOVA(0), PAGES * C_PAGE, P_RW);
	limit(c, 2 * C_PAGE);
	drop_caps(c);
	p_pin(c, r.p.device[0], P_IOVA(0), 3, P_RW);
	p_unpin(c, r.p.device[0], P_IOVA(0), 3);
	c_map(c, r.p.container, r.a, P_IOVA(32), PAGES * C_PAGE, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(32), 2, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(34), 1, P_RW);
}

/* Between, what the capable has pinned counts, and may be beyond it. */
P_CASE("probe/limit/capable-beyond-it")
{
	struct rig r = { .p = p_ready(c, V2, 1) };

	r.a = c_mem(c, "A", PAGES * C_PAGE, C_UNWATCHED);
	c_map(c, r.p.container, r.a, P_IOVA(0), PAGES * C_PAGE, P_RW);
	limit(c, 4 * C_PAGE);
	drop_caps(c);
	c_map(c, r.p.container, r.a, P_IOVA(32), PAGES * C_PAGE, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(0), 3, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(32), 1, P_RW);
	p_pin(c, r.p.device[0], P_IOVA(33), 1, P_RW);
}
