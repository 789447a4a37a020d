// SPDX-License-Identifier: BSD-3-Clause
/*
 * Other calls while an UNMAP waits for a device's dma_unmap. The device that
 * waits (d0) was opened first, so that it is asked last, and has unpinned by
 * then: in Linux, calls that hold the driver's lock while they wait for the
 * callbacks would else wait for each other for ever.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "helpers_probe.h"

#define V2 VFIO_TYPE1v2_IOMMU

/* Two mappings, at pages 0 and 8, of two pages each; d0 has pinned page 0. */
struct rig {
	struct p_rig p;
	char *a;
	struct c_actor *unmapper;
};

/*
 * What threads do at a time with others is recorded when they are done: one
 * after the other.
 */
struct unmapped {
	long result;
	uint64_t size;
};

static struct unmapped first, second;

static struct unmapped unmap(struct ctx *c, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg),
		.iova = iova,
		.size = size,
	};
	long result = c_quiet(c_fd(c, "container"), &IOMMU_UNMAP_DMA, &arg);

	return (struct unmapped){ result, arg.size };
}

static void in_unmap(struct ctx *c)
{
	first = unmap(c, P_IOVA(0), 4 * C_PAGE);
}

static void say_unmapped(struct ctx *c, const char *name,
			 const struct unmapped *u)
{
	c_say(c, "%s: UNMAP_DMA = %ld, size 0x%llx", name, u->result,
	      (unsigned long long)u->size);
}

/* An UNMAP of pages 0 to 3 is under way, and d0's dma_unmap waits. */
static struct rig rig_with(struct ctx *c, int nr, struct p_rig p,
			   uint32_t ignore)
{
	struct rig r = { .p = p };
	int i;

	r.a = c_mem(c, "A", 8 * C_PAGE, C_UNWATCHED);
	c_map(c, p.container, r.a, P_IOVA(0), 2 * C_PAGE, P_RW);
	c_map(c, p.container, r.a + 4 * C_PAGE, P_IOVA(8), 2 * C_PAGE, P_RW);
	for (i = 0; i < nr; i++)
		p_pin(c, p.device[i], P_IOVA(0), 1, P_RW);
	p_action(c, p.device[0], ignore, PROBE_UNPIN_RANGE | PROBE_WAIT);
	r.unmapper = c_thread(c, "unmapper");
	c_start(r.unmapper, in_unmap);
	p_await(c, p.device[0]);
	return r;
}

static struct rig rig(struct ctx *c, int nr)
{
	return rig_with(c, nr, p_ready(c, V2, nr), 0);
}

static void finish(struct ctx *c, struct rig *r)
{
	p_go(c, r->p.device[0]);
	c_wait(r->unmapper);
	say_unmapped(c, "unmapper", &first);
	p_log(c, r->p.device[0]);
	c_end(r->unmapper, 0);
}

/* ---- calls that do not wait ---- */

P_CASE("probe/meanwhile/nothing")
{
	struct rig r = rig(c, 2);

	finish(c, &r);
}

P_CASE("probe/meanwhile/map")
{
	struct rig r = rig(c, 2);

	c_map(c, r.p.container, r.a, P_IOVA(0), C_PAGE, P_RW);
	c_map(c, r.p.container, r.a, P_IOVA(16), C_PAGE, P_RW);
	finish(c, &r);
	p_unmap(c, &r.p, P_IOVA(16), C_PAGE);
}

/* In the range, beside what is going to be removed: it goes too. */
P_CASE("probe/meanwhile/map-in-the-range")
{
	struct rig r = rig(c, 2);

	c_map(c, r.p.container, r.a, P_IOVA(2), C_PAGE, P_RW);
	finish(c, &r);
	p_unmap(c, &r.p, P_IOVA(2), C_PAGE);
}

/* Over its end: the UNMAP goes no further, and says so by the size. */
P_CASE("probe/meanwhile/map-over-the-end")
{
	struct rig r = rig(c, 2);

	c_map(c, r.p.container, r.a, P_IOVA(3), 2 * C_PAGE, P_RW);
	finish(c, &r);
	p_unmap(c, &r.p, P_IOVA(0), 8 * C_PAGE);
}

P_CASE("probe/meanwhile/unmap-another")
{
	struct rig r = rig(c, 2);

	c_unmap(c, r.p.container, P_IOVA(8), 2 * C_PAGE, 0, NULL);
	finish(c, &r);
}

/* The very mapping, which nobody has pinned now. */
P_CASE("probe/meanwhile/unmap-the-same")
{
	struct rig r = rig(c, 2);

	c_unmap(c, r.p.container, P_IOVA(0), 2 * C_PAGE, 0, NULL);
	c_map(c, r.p.container, r.a, P_IOVA(0), C_PAGE, P_RW);
	finish(c, &r);
}

P_CASE("probe/meanwhile/unmap-all")
{
	struct rig r = rig(c, 2);

	c_unmap(c, r.p.container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, NULL);
	finish(c, &r);
}

/* A page more by a device that was asked already: it is asked again. */
P_CASE("probe/meanwhile/pin")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[1], P_IOVA(1), 1, P_RW);
	p_action(c, r.p.device[0], 0, PROBE_UNPIN_RANGE);
	finish(c, &r);
}

P_CASE("probe/meanwhile/pin-by-the-one-that-waits")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[0], P_IOVA(1), 1, P_RW);
	p_action(c, r.p.device[0], 0, PROBE_UNPIN_RANGE);
	finish(c, &r);
}

P_CASE("probe/meanwhile/pin-another")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[1], P_IOVA(9), 1, P_RW);
	p_unpin(c, r.p.device[1], P_IOVA(9), 1);
	p_pin(c, r.p.device[0], P_IOVA(9), 1, P_RW);
	finish(c, &r);
	p_unmap(c, &r.p, P_IOVA(8), 2 * C_PAGE);
}

P_CASE("probe/meanwhile/copy")
{
	struct rig r = rig(c, 2);

	p_dma_write(c, r.p.device[1], P_IOVA(0), 4, '0');
	p_dma_read(c, r.p.device[1], P_IOVA(0), 4);
	p_dma_write(c, r.p.device[0], P_IOVA(8), 4, '0');
	finish(c, &r);
	p_dma_read(c, r.p.device[1], P_IOVA(0), 4);
}

P_CASE("probe/meanwhile/dirty")
{
	struct rig r = rig(c, 2);
	void *bitmap = c_mem(c, "bitmap", C_PAGE, 0);

	c_dirty(c, r.p.container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
	p_pin(c, r.p.device[1], P_IOVA(8), 1, P_RW);
	p_dma_write(c, r.p.device[1], P_IOVA(1), 4, '0');
	p_dirty(c, &r.p, P_IOVA(0), 2, bitmap);
	p_dirty(c, &r.p, P_IOVA(8), 2, bitmap);
	c_dirty(c, r.p.container, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
	finish(c, &r);
}

P_CASE("probe/meanwhile/info")
{
	struct rig r = rig(c, 2);

	c_iommu_info(c, r.p.container, 72);
	c_ioctl(c, r.p.group[0], &GROUP_UNSET_CONTAINER, 0);
	c_device_info(c, r.p.device[0], 16);
	finish(c, &r);
}

/* A second fd is no new device. */
P_CASE("probe/meanwhile/second-fd")
{
	struct rig r = rig(c, 2);
	int fd = c_device_fd(c, r.p.group[0], "second", c->device[0]);

	c_close(c, fd);
	finish(c, &r);
}

/* Another container knows nothing of it. */
P_CASE("probe/meanwhile/other-container")
{
	struct rig r = rig(c, 2);
	int container = c_open(c, "other", c->container, O_RDWR);
	int group = c_open(c, "g3", c->group[3], O_RDWR), device;

	c_set_container(c, group, container);
	c_ioctl(c, container, &SET_IOMMU, V2);
	device = c_device_fd(c, group, "d3", c->device[3]);
	c_map(c, container, r.a, P_IOVA(0), C_PAGE, P_RW);
	p_pin(c, device, P_IOVA(0), 1, P_RW);
	c_unmap(c, container, P_IOVA(0), C_PAGE, 0, NULL);
	c_close(c, device);
	c_close(c, group);
	c_close(c, container);
	finish(c, &r);
}

P_CASE("probe/meanwhile/attach-a-group")
{
	struct rig r = rig(c, 2);
	int group = c_open(c, "g2", c->group[2], O_RDWR);

	c_set_container(c, group, r.p.container);
	c_ioctl(c, group, &GROUP_UNSET_CONTAINER, 0);
	finish(c, &r);
}

P_CASE("probe/meanwhile/container-closed")
{
	struct rig r = rig(c, 2);

	c_close(c, r.p.container);
	c_name_fd(c, "", r.p.container);
	finish(c, &r);
}

/* ---- calls that wait for the callbacks ---- */

/* Long enough, as a rule, to begin; the record is the same without. */
static void a_moment(void)
{
	struct timespec moment = { .tv_nsec = 50000000 };

	nanosleep(&moment, NULL);
}

static void in_close_d1(struct ctx *c)
{
	close(c_fd(c, "d1"));
	c_name_fd(c, "", c_fd(c, "d1"));
}

static void in_open_d2(struct ctx *c)
{
	c_name_fd(c, "d2",
		  ioctl(c_fd(c, "g2"), VFIO_GROUP_GET_DEVICE_FD, c->device[2]));
}

static void in_unmap_another(struct ctx *c)
{
	second = unmap(c, P_IOVA(8), 2 * C_PAGE);
}

/* fn, in another thread, while d0's dma_unmap waits. */
static void during(struct ctx *c, struct rig *r, case_fn *fn)
{
	struct c_actor *other = c_thread(c, "other");

	c_start(other, fn);
	a_moment();
	p_go(c, r->p.device[0]);
	c_wait(r->unmapper);
	c_wait(other);
	say_unmapped(c, "unmapper", &first);
	c_end(r->unmapper, 0);
	c_end(other, 0);
}

P_CASE("probe/meanwhile/close-another")
{
	struct rig r = rig(c, 2);

	during(c, &r, in_close_d1);
	p_log(c, r.p.device[0]);
	p_unmap(c, &r.p, P_IOVA(8), 2 * C_PAGE);
}

P_CASE("probe/meanwhile/open-another")
{
	struct p_rig p = p_groups(c, V2, 3);
	struct rig r;

	p_open(c, &p, 0);
	p_open(c, &p, 1);
	p_log(c, p.device[0]);
	r = rig_with(c, 2, p, 0);
	during(c, &r, in_open_d2);
	p_log(c, r.p.device[0]);
	c_close(c, r.p.group[2]);
	p_pin(c, c_fd(c, "d2"), P_IOVA(8), 1, P_RW);
	p_unmap(c, &r.p, P_IOVA(8), 2 * C_PAGE);
}

P_CASE("probe/meanwhile/unmap-another-that-is-pinned")
{
	struct rig r = rig(c, 2);

	p_pin(c, r.p.device[1], P_IOVA(8), 1, P_RW);
	p_action(c, r.p.device[0], 0, PROBE_UNPIN_RANGE);
	during(c, &r, in_unmap_another);
	say_unmapped(c, "other", &second);
	p_log(c, r.p.device[0]);
}
