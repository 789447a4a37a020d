// SPDX-License-Identifier: BSD-3-Clause
#include "actor.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vfio.h"

#define SLOTS 4

/* One process; an fd that is not open is -1, and is used all the same. */
struct actor {
	unsigned int seed;
	int containers[SLOTS];
	int groups[SLOTS];
	int devices[SLOTS];
	int event;
	char *memory;
};

#define MEMORY_PAGES 64

static unsigned int pick(struct actor *a, unsigned int n)
{
	return (unsigned int)rand_r(&a->seed) % n;
}

static int *slot(struct actor *a, int *fds)
{
	return &fds[pick(a, SLOTS)];
}

static int do_close(int *fd)
{
	int ret = *fd < 0 || !close(*fd) ? 0 : -errno;

	*fd = -1;
	return ret;
}

/* A new fd replaces the one of the slot. */
static int keep(int *where, int fd)
{
	if (fd < 0)
		return fd;
	do_close(where);
	*where = fd;
	return 0;
}

static int any_device(struct actor *a)
{
	return 1 + (int)pick(a, ACTOR_DEVICES);
}

static int open_container(struct actor *a)
{
	return keep(slot(a, a->containers), vfio_open_container());
}

static int open_group(struct actor *a)
{
	return keep(slot(a, a->groups), vfio_open_group(any_device(a)));
}

static int close_container(struct actor *a)
{
	return do_close(slot(a, a->containers));
}

static int close_group(struct actor *a)
{
	return do_close(slot(a, a->groups));
}

static int close_device(struct actor *a)
{
	return do_close(slot(a, a->devices));
}

static int set_container(struct actor *a)
{
	return vfio_set_container(*slot(a, a->groups), *slot(a, a->containers));
}

static int unset_container(struct actor *a)
{
	return vfio_ioctl(*slot(a, a->groups), VFIO_GROUP_UNSET_CONTAINER,
			  NULL);
}

static int set_iommu(struct actor *a)
{
	static const unsigned long types[] = { 1, 3, 3, 8 };

	return vfio_ioctl(*slot(a, a->containers), VFIO_SET_IOMMU,
			  (void *)types[pick(a, 4)]);
}

static int get_device(struct actor *a)
{
	return keep(slot(a, a->devices),
		    vfio_get_device(*slot(a, a->groups), any_device(a)));
}

/* All that is needed for a device, in the right order. */
static int whole_session(struct actor *a)
{
	unsigned int i = pick(a, SLOTS);
	struct vfio_session s;
	int ret;

	do_close(&a->devices[i]);
	do_close(&a->groups[i]);
	do_close(&a->containers[i]);
	ret = vfio_session_try(&s, any_device(a), VFIO_TYPE1v2_IOMMU);
	if (ret)
		return ret;
	a->containers[i] = s.container;
	a->groups[i] = s.group;
	a->devices[i] = s.device;
	return 0;
}

static int map(struct actor *a)
{
	uint64_t at = pick(a, MEMORY_PAGES);

	return vfio_map(*slot(a, a->containers), at * PAGE,
			a->memory + at * PAGE, (1 + pick(a, 4)) * PAGE);
}

static int unmap(struct actor *a)
{
	static const uint32_t flags[] = { 0, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL };
	uint32_t flag = flags[pick(a, 4)];
	uint64_t pages = flag ? 0 : 1 + pick(a, 16);
	int64_t ret = vfio_unmap(*slot(a, a->containers),
				 flag ? 0 : pick(a, MEMORY_PAGES) * PAGE,
				 pages * PAGE, flag);

	return ret < 0 ? (int)ret : 0;
}

static int dirty(struct actor *a)
{
	struct vfio_iommu_type1_dirty_bitmap arg = {
		.argsz = sizeof(arg),
		.flags = 1U << pick(a, 3),
	};

	return vfio_ioctl(*slot(a, a->containers), VFIO_IOMMU_DIRTY_PAGES,
			  &arg);
}

static int any_ioctl(struct actor *a)
{
	int *const kinds[] = { a->containers, a->groups, a->devices };
	static const uint64_t args[] = { 0, 1, PAGE, UINT64_MAX };

	return vfio_ioctl(*slot(a, kinds[pick(a, 3)]),
			  VFIO_TYPE << 8 | (VFIO_BASE + pick(a, 24)),
			  (void *)args[pick(a, 4)]);
}

static int status(struct actor *a)
{
	return vfio_group_flags(*slot(a, a->groups));
}

static int info(struct actor *a)
{
	struct vfio_region_info arg = { .argsz = sizeof(arg),
					.index = pick(a, 10) };

	return vfio_ioctl(*slot(a, a->devices), VFIO_DEVICE_GET_REGION_INFO,
			  &arg);
}

static int read_device(struct actor *a)
{
	char buf[64];

	return pread(*slot(a, a->devices), buf, 1 + pick(a, sizeof(buf)),
		     (off_t)(REGION(pick(a, 10)) + pick(a, 64))) < 0 ?
		       -errno :
		       0;
}

static int write_device(struct actor *a)
{
	uint32_t value = (uint32_t)rand_r(&a->seed) & 0x10007;

	return pwrite(*slot(a, a->devices), &value, 1U << pick(a, 3),
		      (off_t)(REGION(pick(a, 10)) + pick(a, 8))) < 0 ?
		       -errno :
		       0;
}

static int trigger(struct actor *a)
{
	return vfio_set_trigger(*slot(a, a->devices), pick(a, 5), pick(a, 4),
				pick(a, 4) ? a->event : -1);
}

static int disable(struct actor *a)
{
	return vfio_disable_irqs(*slot(a, a->devices), pick(a, 5));
}

/* A child that calls, too, and exits with everything open. */
static int fork_and_exit(struct actor *a)
{
	pid_t pid = fork();
	int wstatus;

	if (pid < 0)
		return -errno;
	if (!pid) {
		whole_session(a);
		_exit(0);
	}
	return waitpid(pid, &wstatus, 0) == pid && !wstatus ? 0 : -ECHILD;
}

static const struct {
	const char *name;
	int (*call)(struct actor *a);
} calls[] = {
	{ "whole session", whole_session },
	{ "open container", open_container },
	{ "open group", open_group },
	{ "close container", close_container },
	{ "close group", close_group },
	{ "close device", close_device },
	{ "set container", set_container },
	{ "unset container", unset_container },
	{ "set iommu", set_iommu },
	{ "get device", get_device },
	{ "get device", get_device },
	{ "map", map },
	{ "map", map },
	{ "unmap", unmap },
	{ "dirty", dirty },
	{ "any ioctl", any_ioctl },
	{ "status", status },
	{ "info", info },
	{ "read", read_device },
	{ "write", write_device },
	{ "trigger", trigger },
	{ "disable", disable },
	{ "fork", fork_and_exit },
};

static const int allowed[] = {
	EINVAL, EBUSY,	ENODEV, EEXIST, ENOTTY, EFAULT,
	EBADF,	EBADFD, ENOENT, EACCES, ENOSPC,
};

static bool is_allowed(int ret)
{
	if (ret >= 0)
		return true;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (ret == -allowed[i])
			return true;
	return false;
}

static void actor_init(struct actor *a, unsigned int seed)
{
	a->seed = seed;
	for (int i = 0; i < SLOTS; i++)
		a->containers[i] = a->groups[i] = a->devices[i] = -1;
	/* Saturates at its maximum; nobody reads it. */
	a->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	a->memory = aligned_alloc(PAGE, (MEMORY_PAGES + 4) * PAGE);
	if (a->event < 0 || !a->memory)
		err(EXIT_FAILURE, "actor");
}

int act(unsigned int seed)
{
	struct actor a;

	actor_init(&a, seed);
	for (int i = 0; i < ACTOR_CALLS; i++) {
		unsigned int n = pick(&a, sizeof(calls) / sizeof(calls[0]));
		int ret = calls[n].call(&a);

		if (!is_allowed(ret)) {
			warnx("call %d of seed %u, %s: %s", i, seed,
			      calls[n].name, strerror(-ret));
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}
