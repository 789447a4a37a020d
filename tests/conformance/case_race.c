// SPDX-License-Identifier: BSD-3-Clause
/* Two threads in the kernel at once: which outcomes there can be. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "helpers_device.h"
#include "helpers_type1.h"

#define ROUNDS 50

/* What a round has open; -1 for nothing. */
static struct {
	int container[2], group, device, event, got[2];
} fds = { { -1, -1 }, -1, -1, -1, { -1, -1 } };
static char *memory;

/* ---- how a round begins ---- */

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* It must; if not the case ends with the record of it. */
static int must(struct ctx *c, long result, const char *what)
{
	if (result < 0) {
		c_say(c, "setup: %s = %s", what, strerrorname_np(errno));
		_exit(0);
	}
	return (int)result;
}

static void closed(struct ctx *c)
{
	(void)c;
	drop(&fds.got[0]);
	drop(&fds.got[1]);
	drop(&fds.device);
	drop(&fds.group);
	drop(&fds.container[0]);
	drop(&fds.container[1]);
}

static void opened(struct ctx *c)
{
	closed(c);
	fds.container[0] = must(c, open(c->container, O_RDWR), "container");
	fds.container[1] = must(c, open(c->container, O_RDWR), "container");
	fds.group = must(c, open(c->group[0], O_RDWR), "group");
}

static long set_container(int i)
{
	return c_quiet(fds.group, &GROUP_SET_CONTAINER, &fds.container[i]);
}

static long set_iommu(unsigned long type)
{
	return c_quiet(fds.container[0], &SET_IOMMU, (void *)type);
}

static long device_fd(struct ctx *c)
{
	return c_quiet(fds.group, &GROUP_GET_DEVICE_FD, (void *)c->device[0]);
}

static void bound(struct ctx *c)
{
	opened(c);
	must(c, set_container(0), "SET_CONTAINER");
}

static void ready(struct ctx *c)
{
	bound(c);
	must(c, set_iommu(VFIO_TYPE1v2_IOMMU), "SET_IOMMU");
}

static void with_device(struct ctx *c)
{
	ready(c);
	fds.device = must(c, device_fd(c), "GET_DEVICE_FD");
}

/* The same session for all rounds, with nothing mapped, or one page. */
static void unmapped(struct ctx *c)
{
	if (fds.container[0] < 0) {
		ready(c);
		memory = c_mem(c, "A", C_PAGE, C_UNWATCHED);
	}
	t1_clear(fds.container[0]);
}

static void mapped(struct ctx *c)
{
	unmapped(c);
	must(c, t1_map(fds.container[0], memory, T1_IOVA(0), C_PAGE), "MAP");
}

/* ---- what races: 0, a number of pages, or -errno ---- */

/* The fd is kept till the next round. */
static long keep(int i, long fd)
{
	if (fd < 0)
		return fd;
	fds.got[i] = (int)fd;
	return 0;
}

static long get_device_0(struct ctx *c)
{
	return keep(0, device_fd(c));
}

static long get_device_1(struct ctx *c)
{
	return keep(1, device_fd(c));
}

static long get_and_close(struct ctx *c)
{
	long fd = device_fd(c);

	return fd < 0 ? fd : close((int)fd);
}

static long open_group(struct ctx *c)
{
	int fd = open(c->group[0], O_RDWR);

	return fd < 0 ? -errno : fd;
}

static long open_group_0(struct ctx *c)
{
	return keep(0, open_group(c));
}

static long open_group_1(struct ctx *c)
{
	return keep(1, open_group(c));
}

static long open_and_close(struct ctx *c)
{
	long fd = open_group(c);

	return fd < 0 ? fd : close((int)fd);
}

static long set_container_0(struct ctx *c)
{
	(void)c;
	return set_container(0);
}

static long set_container_1(struct ctx *c)
{
	(void)c;
	return set_container(1);
}

static long unset_container(struct ctx *c)
{
	(void)c;
	return c_quiet(fds.group, &GROUP_UNSET_CONTAINER, NULL);
}

static long set_type1(struct ctx *c)
{
	(void)c;
	return set_iommu(VFIO_TYPE1_IOMMU);
}

static long set_type1v2(struct ctx *c)
{
	(void)c;
	return set_iommu(VFIO_TYPE1v2_IOMMU);
}

static long map_first(struct ctx *c)
{
	(void)c;
	return t1_map(fds.container[0], memory, T1_IOVA(0), C_PAGE);
}

static long map_three(struct ctx *c)
{
	(void)c;
	return t1_map(fds.container[0], memory, T1_IOVA(-1), 3 * C_PAGE);
}

static long map_second(struct ctx *c)
{
	(void)c;
	return t1_map(fds.container[0], memory, T1_IOVA(1), C_PAGE);
}

static long unmap_with(uint32_t flags, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = 24, .flags = flags, .iova = iova, .size = size
	};
	long result = c_quiet(fds.container[0], &IOMMU_UNMAP_DMA, &unmap);

	return result ? result : (long)(unmap.size / C_PAGE);
}

static long unmap_first(struct ctx *c)
{
	(void)c;
	return unmap_with(0, T1_IOVA(0), C_PAGE);
}

static long unmap_all(struct ctx *c)
{
	(void)c;
	return unmap_with(VFIO_DMA_UNMAP_FLAG_ALL, 0, 0);
}

static long dirty(uint32_t flags)
{
	struct vfio_iommu_type1_dirty_bitmap dirty = { .argsz = 8,
						       .flags = flags };

	return c_quiet(fds.container[0], &IOMMU_DIRTY_PAGES, &dirty);
}

static long dirty_start(struct ctx *c)
{
	(void)c;
	return dirty(VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
}

static long dirty_stop(struct ctx *c)
{
	(void)c;
	return dirty(VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
}

static long dirty_get(struct ctx *c)
{
	uint64_t bits = 0;
	struct t1_range r = t1_get(T1_IOVA(0), C_PAGE, &bits, sizeof(bits));

	(void)c;
	return c_quiet(fds.container[0], &IOMMU_DIRTY_PAGES, &r);
}

static long close_fd(int *fd)
{
	int number = *fd;

	*fd = -1;
	return close(number) ? -errno : 0;
}

static long close_device(struct ctx *c)
{
	(void)c;
	return close_fd(&fds.device);
}

static long close_group(struct ctx *c)
{
	(void)c;
	return close_fd(&fds.group);
}

static long close_container(struct ctx *c)
{
	(void)c;
	return close_fd(&fds.container[0]);
}

/* As the fd was before the race; after the close its number is nobody's. */
static long number_of_device, number_of_group, number_of_container;

static void with_numbers(struct ctx *c)
{
	with_device(c);
	number_of_device = fds.device;
	number_of_group = fds.group;
	number_of_container = fds.container[0];
}

static void bound_with_numbers(struct ctx *c)
{
	opened(c);
	number_of_container = fds.container[0];
}

static long device_info(struct ctx *c)
{
	struct vfio_device_info info = { .argsz = 16 };

	(void)c;
	return c_quiet((int)number_of_device, &DEVICE_GET_INFO, &info);
}

static long device_read(struct ctx *c)
{
	uint32_t id;

	(void)c;
	return pread((int)number_of_device, &id, 4, D_CONFIG) == 4 ? 0 : -errno;
}

static long iommu_info(struct ctx *c)
{
	struct vfio_iommu_type1_info info = { .argsz = 16 };

	(void)c;
	return c_quiet((int)number_of_container, &IOMMU_GET_INFO, &info);
}

static long group_status(struct ctx *c)
{
	struct vfio_group_status status = { .argsz = 8 };

	(void)c;
	return c_quiet((int)number_of_group, &GROUP_GET_STATUS, &status);
}

static long set_container_number(struct ctx *c)
{
	int fd = (int)number_of_container;

	(void)c;
	return c_quiet(fds.group, &GROUP_SET_CONTAINER, &fd);
}

static void with_event(struct ctx *c)
{
	if (fds.device >= 0)
		return;
	d_ready(c);
	fds.device = c_fd(c, "device");
	fds.event = must(c, eventfd(0, EFD_NONBLOCK), "eventfd");
}

static long set_irq(uint32_t flags, uint32_t count, int data)
{
	struct {
		struct vfio_irq_set set;
		int data;
	} arg = {
		.set = { .argsz = sizeof(arg), .flags = flags, .count = count },
		.data = data
	};

	return c_quiet(fds.device, &DEVICE_SET_IRQS, &arg);
}

static long irq_on(struct ctx *c)
{
	(void)c;
	return set_irq(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		       1, fds.event);
}

static long irq_off(struct ctx *c)
{
	(void)c;
	return set_irq(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		       1, -1);
}

/* ---- the races ---- */

static const struct race {
	const char *name;
	case_fn *setup;
	race_fn *one, *two;
	const char *outcomes[4];
} races[] = {
	{ "get-device-fd/two", ready, get_device_0, get_device_1, { "0, 0" } },
	{ "get-device-fd/first-and-last",
	  ready,
	  get_and_close,
	  get_and_close,
	  { "0, 0" } },
	{ "get-device-fd/close",
	  with_device,
	  close_device,
	  get_device_0,
	  { "0, 0" } },
	{ "get-device-fd/unset",
	  ready,
	  unset_container,
	  get_device_0,
	  { "0, EINVAL", "EBUSY, 0" } },
	{ "get-device-fd/set-iommu",
	  bound,
	  set_type1v2,
	  get_device_0,
	  { "0, 0", "0, EINVAL" } },
	{ "open/two",
	  closed,
	  open_group_0,
	  open_group_1,
	  { "0, EBUSY", "EBUSY, 0" } },
	{ "open/close",
	  closed,
	  open_and_close,
	  open_and_close,
	  { "0, 0", "0, EBUSY", "EBUSY, 0" } },
	{ "set-container/two",
	  opened,
	  set_container_0,
	  set_container_1,
	  { "0, EINVAL", "EINVAL, 0" } },
	{ "set-container/same",
	  opened,
	  set_container_0,
	  set_container_0,
	  { "0, EINVAL", "EINVAL, 0" } },
	{ "set-container/unset",
	  bound,
	  set_container_1,
	  unset_container,
	  { "0, 0", "EINVAL, 0" } },
	{ "set-container/close",
	  bound_with_numbers,
	  close_container,
	  set_container_number,
	  { "0, 0", "0, EBADF" } },
	{ "unset/two",
	  ready,
	  unset_container,
	  unset_container,
	  { "0, EINVAL", "EINVAL, 0" } },
	{ "unset/close-device",
	  with_device,
	  close_device,
	  unset_container,
	  { "0, 0", "0, EBUSY" } },
	{ "set-iommu/two",
	  bound,
	  set_type1v2,
	  set_type1v2,
	  { "0, EINVAL", "EINVAL, 0" } },
	{ "set-iommu/types",
	  bound,
	  set_type1,
	  set_type1v2,
	  { "0, EINVAL", "EINVAL, 0" } },
	{ "set-iommu/unset",
	  bound,
	  set_type1v2,
	  unset_container,
	  { "0, 0", "EINVAL, 0" } },
	{ "map/same",
	  unmapped,
	  map_first,
	  map_first,
	  { "0, EEXIST", "EEXIST, 0" } },
	{ "map/overlap",
	  unmapped,
	  map_first,
	  map_three,
	  { "0, EEXIST", "EEXIST, 0" } },
	{ "map/next", unmapped, map_first, map_second, { "0, 0" } },
	{ "map/unmap", mapped, map_first, unmap_first, { "0, 1", "EEXIST, 1" } },
	{ "map/unmap-all", mapped, map_second, unmap_all, { "0, 1", "0, 2" } },
	{ "unmap/same", mapped, unmap_first, unmap_first, { "0, 1", "1, 0" } },
	{ "unmap/all", mapped, unmap_first, unmap_all, { "0, 1", "1, 0" } },
	{ "dirty/start", mapped, dirty_start, dirty_start, { "0, 0" } },
	{ "dirty/stop", mapped, dirty_start, dirty_stop, { "0, 0" } },
	{ "dirty/get", mapped, dirty_start, dirty_get, { "0, 0", "0, EINVAL" } },
	{ "dirty/unmap", mapped, dirty_start, unmap_first, { "0, 1" } },
	{ "close/device-info",
	  with_numbers,
	  close_device,
	  device_info,
	  { "0, 0", "0, EBADF" } },
	{ "close/device-read",
	  with_numbers,
	  close_device,
	  device_read,
	  { "0, 0", "0, EBADF" } },
	{ "close/container-info",
	  with_numbers,
	  close_container,
	  iommu_info,
	  { "0, 0", "0, EBADF" } },
	{ "close/group-status",
	  with_numbers,
	  close_group,
	  group_status,
	  { "0, 0", "0, EBADF" } },
	{ "set-irqs/two", with_event, irq_on, irq_on, { "0, 0" } },
	{ "set-irqs/off", with_event, irq_on, irq_off, { "0, 0" } },
};

static void race(struct ctx *c)
{
	const struct race *r = &races[c->param];

	c_race(c, ROUNDS, r->setup, r->one, r->two, r->outcomes);
}

CASES
{
	long i;

	for (i = 0; i < T1_COUNT(races); i++)
		conform_add(race, i, CASE_SLOW, "race/%s", races[i].name);
}
