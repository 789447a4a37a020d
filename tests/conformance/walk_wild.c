// SPDX-License-Identifier: BSD-3-Clause
/*
 * Walk: good calls of every ioctl, of which one in two has one thing wrong:
 * the struct's address or size, an address or a number in it, or the fd. A
 * record shows a struct, so that the only addresses in one are in the fields
 * that are known to be such.
 */
#include <string.h>
#include <sys/mman.h>
#include "helpers_type1.h"
#include "helpers_device.h"

#define PAGES 64

enum wrong { PLACE, SIZE, ADDRESS, NUMBER, FILE_KIND, NR_WRONGS };

static struct {
	char *memory, *bitmap, *read_only, *no_access;
	enum wrong wrong; /* of this step; NR_WRONGS: nothing */
} walk;

static void begin(struct ctx *c)
{
	d_mtty(c);
	c_eventfd(c, "event");
	walk.memory = c_mem(c, "A", C_PAGE, C_UNWATCHED);
	walk.bitmap = c_mem(c, "bitmap", C_PAGE, 0);
	walk.read_only = c_mem(c, "RO", C_PAGE, C_UNWATCHED);
	walk.no_access = c_mem(c, "NONE", C_PAGE, C_UNWATCHED);
	c_protect(c, walk.read_only, C_PAGE, PROT_READ);
	c_protect(c, walk.no_access, C_PAGE, PROT_NONE);
	c_dirty(c, c_fd(c, "container"), VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
}

/*
 * None from 2^47 to 2^56: whether these are a user's depends on the machine's
 * page tables.
 */
static unsigned long nowhere(struct ctx *c)
{
	static const unsigned long places[] = {
		0,	   1,	     8,	      C_PAGE, 1UL << 57,
		1UL << 63, C_KERNEL, -4096UL, -8UL,   -1UL,
	};

	return C_PICK(c, places);
}

/* The struct's end is the end of a page that can only be read. */
static void in_read_only(struct ctx *c, int fd, const struct c_cmd *cmd,
			 const void *arg, size_t len)
{
	char *at = walk.read_only + C_PAGE - len;

	c_protect(c, walk.read_only, C_PAGE, PROT_READ | PROT_WRITE);
	memcpy(at, arg, len);
	c_protect(c, walk.read_only, C_PAGE, PROT_READ);
	c_arg_at(c, fd, cmd, at);
}

/* Not within an address: half of one would be shown as bytes. */
static size_t cut(struct ctx *c, size_t len)
{
	len = c_random(c, len);
	return len < 8 ? len : len & ~7UL;
}

static void in_wrong_place(struct ctx *c, int fd, const struct c_cmd *cmd,
			   void *arg, size_t len)
{
	switch (c_random(c, 4)) {
	case 0:
		c_ioctl(c, fd, cmd, nowhere(c));
		break;
	case 1:
		in_read_only(c, fd, cmd, arg, len);
		break;
	case 2:
		c_arg_at(c, fd, cmd, walk.no_access + C_PAGE - len);
		break;
	default:
		c_arg(c, fd, cmd, arg, cut(c, len));
	}
}

/* On the fd with that role, or another kind of file. */
static void call(struct ctx *c, const char *role, const struct c_cmd *cmd,
		 void *arg, size_t len)
{
	static const char *const roles[] = { "container", "group", "event" };
	int fd = c_fd(c, walk.wrong == FILE_KIND ? C_PICK(c, roles) : role);

	if (walk.wrong == PLACE)
		in_wrong_place(c, fd, cmd, arg, len);
	else
		c_arg(c, fd, cmd, arg, len);
}

static uint32_t argsz(struct ctx *c, size_t len)
{
	static const uint32_t sizes[] = { 0,  7,      8,	  15,
					  16, C_PAGE, 0x7fffffff, 0xffffffff };

	return walk.wrong == SIZE ? C_PICK(c, sizes) : (uint32_t)len;
}

static void *address(struct ctx *c, void *good)
{
	return walk.wrong == ADDRESS ? (void *)nowhere(c) : good;
}

/* A flag, or an index, or a count. */
static uint32_t number(struct ctx *c, uint32_t good)
{
	static const uint32_t numbers[] = { 0,		1,	    2,
					    4,		8,	    0x21,
					    0x80000000, 0x7fffffff, 0x40,
					    0x8000,	0xffffffff };

	return walk.wrong == NUMBER ? C_PICK(c, numbers) : good;
}

static void do_map(struct ctx *c)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = argsz(c, sizeof(map)),
		.flags = number(c, 3),
		.vaddr = (uintptr_t)address(c, walk.memory),
		.iova = T1_IOVA(c_random(c, PAGES)),
		.size = C_PAGE * (1 + c_random(c, 4)),
	};

	call(c, "container", &IOMMU_MAP_DMA, &map, sizeof(map));
}

/* All of it, or what there is in some of it. */
static void some_range(struct ctx *c, struct t1_range *r)
{
	r->iova = T1_IOVA(0);
	r->size = C_PAGE * (PAGES + 4);
	if (c_random(c, 3)) {
		r->iova = T1_IOVA(c_random(c, PAGES));
		r->size = C_PAGE * (1 + c_random(c, 16));
	}
	r->argsz = argsz(c, sizeof(*r));
	r->flags = number(c, r->flags);
	r->bitmap.data = address(c, walk.bitmap);
	memset(walk.bitmap, 0, 16);
}

static void do_unmap(struct ctx *c)
{
	struct t1_range r = t1_unmap(0, 0, NULL, 16);

	if (c_random(c, 2))
		r.flags = 0;
	some_range(c, &r);
	call(c, "container", &IOMMU_UNMAP_DMA, &r, sizeof(r));
}

static void do_dirty(struct ctx *c)
{
	struct t1_range r = t1_get(0, 0, NULL, 16);

	if (!c_random(c, 6))
		r.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_START;
	some_range(c, &r);
	call(c, "container", &IOMMU_DIRTY_PAGES, &r, sizeof(r));
}

/* It takes an eventfd, or gives it back. */
static void do_irqs(struct ctx *c)
{
	struct {
		uint32_t argsz, flags, index, start, count;
		int32_t data;
	} set = {
		.argsz = argsz(c, sizeof(set)),
		.flags = VFIO_IRQ_SET_DATA_EVENTFD |
			 VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = (uint32_t)c_random(c, 2),
		.count = 1,
		.data = c_random(c, 4) ? c_fd(c, "event") : -1,
	};
	uint32_t *const numbers[] = { &set.flags, &set.index, &set.start,
				      &set.count };
	uint32_t *one = C_PICK(c, numbers);

	*one = number(c, *one);
	call(c, "device", &DEVICE_SET_IRQS, &set, sizeof(set));
}

/* None that a mtty has: what migrates is not wild. */
static void do_feature(struct ctx *c)
{
	static const uint32_t numbers[] = { 0, 3, 4, 5, 10, 11, 0xffff };
	static const uint32_t ways[] = { VFIO_DEVICE_FEATURE_PROBE,
					 VFIO_DEVICE_FEATURE_GET,
					 VFIO_DEVICE_FEATURE_SET, 0 };
	struct {
		uint32_t argsz, flags;
		uint64_t data;
	} feature = {
		.argsz = argsz(c, sizeof(feature)),
		.flags = C_PICK(c, numbers) | C_PICK(c, ways),
	};

	call(c, "device", &DEVICE_FEATURE, &feature, sizeof(feature));
}

/* What asks; an index is at offset 8, where there is one. */
static void do_ask(struct ctx *c)
{
	static const struct {
		const struct c_cmd *cmd;
		const char *role;
		uint32_t size, indices;
	} questions[] = {
		{ &IOMMU_GET_INFO, "container", 72, 1 },
		{ &GROUP_GET_STATUS, "group", 8, 1 },
		{ &DEVICE_GET_INFO, "device", 20, 1 },
		{ &DEVICE_GET_REGION_INFO, "device", 32, 9 },
		{ &DEVICE_GET_IRQ_INFO, "device", 16, 5 },
	};
	unsigned long i = c_random(c, 5);
	unsigned char arg[72];
	uint32_t size = argsz(c, questions[i].size), index;

	index = number(c, (uint32_t)c_random(c, questions[i].indices));
	memset(arg, 0xee, sizeof(arg));
	memcpy(arg, &size, sizeof(size));
	if (questions[i].indices > 1)
		memcpy(arg + 8, &index, sizeof(index));
	call(c, questions[i].role, questions[i].cmd, arg, questions[i].size);
}

static void do_any(struct ctx *c)
{
	static const char *const roles[] = { "container", "group", "device" };
	size_t n = 0;
	const struct c_cmd *cmd;

	while (c_commands[n])
		n++;
	cmd = c_commands[c_random(c, n)];
	c_ioctl(c, c_fd(c, C_PICK(c, roles)), cmd, nowhere(c));
}

/* A group that has a device open keeps its container. */
static void do_group(struct ctx *c)
{
	static const int32_t numbers[] = { -1, 999, 0x7fffffff };
	int32_t fd = c_random(c, 2) ? c_fd(c, "container") : C_PICK(c, numbers);

	call(c, "group", &GROUP_SET_CONTAINER, &fd, sizeof(fd));
}

static void do_name(struct ctx *c)
{
	char name[] = "no such device";

	call(c, "group", &GROUP_GET_DEVICE_FD, name, sizeof(name));
}

WALK("wild")
{
	static case_fn *const steps[] = {
		do_map,	  do_map,   do_map,   do_map,	do_map,
		do_map,	  do_unmap, do_unmap, do_unmap, do_dirty,
		do_dirty, do_dirty, do_irqs,  do_irqs,	do_feature,
		do_ask,	  do_ask,   do_ask,   do_ask,	do_any,
	};
	static case_fn *const no[] = { do_group, do_name };

	if (c_step_first(c))
		begin(c);
	walk.wrong = (enum wrong)c_random(c, 2 * NR_WRONGS);
	if (walk.wrong < NR_WRONGS && !c_random(c, 8))
		C_PICK(c, no)(c);
	else
		C_PICK(c, steps)(c);
}
