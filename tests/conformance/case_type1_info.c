// SPDX-License-Identifier: BSD-3-Clause
/* VFIO_IOMMU_GET_INFO, its chain, and CHECK_EXTENSION with all numbers. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "helpers_type1.h"
#include "states.h"

#define IOVA 0x100000UL
#define READ VFIO_DMA_MAP_FLAG_READ
#define ALL VFIO_DMA_UNMAP_FLAG_ALL

/* ---- argsz, and where the struct is ---- */

static void argsz(struct ctx *c)
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;

	T1_EACH(c, size)
	c_iommu_info(c, container, (uint32_t)size);
}

static void argsz_v1(struct ctx *c)
{
	int container = c_ready(c, VFIO_TYPE1_IOMMU).container;
	uint32_t size;

	for (size = 12; size <= 128; size += 4)
		c_iommu_info(c, container, size);
}

/* argsz promises more than there is memory. */
static void end(struct ctx *c)
{
	static const uint32_t sizes[] = { 0,  15, 16,  20,  24,
					  71, 72, 119, 120, 0xffffffff };
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	unsigned char arg[128];
	long i;

	for (i = 0; i < T1_COUNT(sizes); i++) {
		memset(arg, 0xee, sizeof(arg));
		memcpy(arg, &sizes[i], sizeof(sizes[i]));
		c_arg(c, container, &IOMMU_GET_INFO, arg, (size_t)c->param);
	}
}

static void pointers(struct ctx *c)
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	unsigned char arg[128];
	uint32_t size = (uint32_t)c->param;

	memset(arg, 0xee, sizeof(arg));
	memcpy(arg, &size, sizeof(size));
	t1_pointers(c, container, &IOMMU_GET_INFO, arg, size < 16 ? 16 : size,
		    NULL);
}

CASES
{
	long n;

	for (n = 0; n <= 128; n += T1_BLOCK)
		conform_add(argsz, n, 0, "type1/info/argsz/%03ld", n);
	conform_add(argsz, 4092, 0, "type1/info/argsz/4092");
	conform_add(argsz, 0x7ffffffc, 0, "type1/info/argsz/0x7ffffffc");
	conform_add(argsz, 0xfffffffc, 0, "type1/info/argsz/0xfffffffc");
	conform_add(argsz_v1, 0, 0, "type1/info/argsz/v1");
	for (n = 0; n < 72; n += n < 16 ? 1 : 4)
		conform_add(end, n, 0, "type1/info/end/%02ld", n);
	conform_add(pointers, 0, 0, "type1/info/pointer/argsz-0");
	conform_add(pointers, 16, 0, "type1/info/pointer/argsz-16");
	conform_add(pointers, 24, 0, "type1/info/pointer/argsz-24");
	conform_add(pointers, 72, 0, "type1/info/pointer/argsz-72");
	conform_add(pointers, 120, 0, "type1/info/pointer/argsz-120");
}

/* What comes in beside argsz does not count. */
static void flags(struct ctx *c)
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	unsigned char arg[72];
	uint32_t size = sizeof(arg);

	memset(arg, (int)c->param, sizeof(arg));
	memcpy(arg, &size, sizeof(size));
	c_arg(c, container, &IOMMU_GET_INFO, arg, sizeof(arg));
	size = 16;
	memset(arg, (int)c->param, sizeof(arg));
	memcpy(arg, &size, sizeof(size));
	c_arg(c, container, &IOMMU_GET_INFO, arg, sizeof(arg));
}

CASES
{
	conform_add(flags, 0, 0, "type1/info/filled/00");
	conform_add(flags, 1, 0, "type1/info/filled/01");
	conform_add(flags, 0x80, 0, "type1/info/filled/80");
	conform_add(flags, 0xff, 0, "type1/info/filled/ff");
}

/* ---- states ---- */

static void state(struct ctx *c)
{
	struct c_ready r = c_life(c, (enum life)c->param);

	c_iommu_info(c, r.container, 15);
	c_iommu_info(c, r.container, 16);
	c_iommu_info(c, r.container, 24);
	c_iommu_info(c, r.container, 72);
	c_iommu_info(c, r.container, 512);
	c_ioctl(c, r.container, &IOMMU_GET_INFO, 0);
}

CASES
{
	int i;

	for (i = 0; i < NR_LIVES; i++)
		conform_add(state, i, 0, "type1/info/state/%s", life_names[i]);
}

/* What is there after each map and unmap, successful or not. */
static void avail(struct ctx *c)
{
	int container = c_ready(c, T1_V2(c)).container;
	char *a = c_mem(c, "A", 4 * C_PAGE, 0);
	int i;

	for (i = 0; i < 4; i++) {
		c_map(c, container, a, IOVA + 4 * i * C_PAGE, 2 * C_PAGE, READ);
		c_iommu_info(c, container, 72);
	}
	c_map(c, container, a, IOVA, C_PAGE, READ);
	c_map(c, container, a, IOVA, C_PAGE, 0);
	c_iommu_info(c, container, 72);
	c_unmap(c, container, IOVA + C_PAGE, C_PAGE, 0, NULL);
	c_iommu_info(c, container, 72);
	c_unmap(c, container, IOVA, C_PAGE, 0, NULL);
	c_iommu_info(c, container, 72);
	c_unmap(c, container, IOVA, 7 * C_PAGE, 0, NULL);
	c_iommu_info(c, container, 72);
	c_unmap(c, container, 0, 0, ALL, NULL);
	c_iommu_info(c, container, 72);
}

CASES
{
	conform_add(avail, 1, 0, "type1/info/avail/v2");
	conform_add(avail, 0, 0, "type1/info/avail/v1");
}

CASE("type1/info/tracking")
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;

	c_dirty(c, container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
	c_iommu_info(c, container, 72);
	c_dirty(c, container, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
	c_iommu_info(c, container, 72);
}

CASE_FLAGS("type1/info/two-groups", CASE_TWO_GROUPS)
{
	struct c_ready r = c_ready(c, VFIO_TYPE1v2_IOMMU);
	int group2 = c_open(c, "group2", c->group[1], O_RDWR);
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_set_container(c, group2, r.container);
	c_iommu_info(c, r.container, 128);
	c_map(c, r.container, a, IOVA, C_PAGE, READ);
	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
	/* One group is left, and with it the mapping. */
	c_iommu_info(c, r.container, 128);
	c_ioctl(c, group2, &GROUP_UNSET_CONTAINER, 0);
	c_iommu_info(c, r.container, 128);
	c_set_container(c, group2, r.container);
	c_iommu_info(c, r.container, 128);
	c_ioctl(c, r.container, &SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	c_iommu_info(c, r.container, 128);
	c_unmap(c, r.container, 0, 0, ALL, NULL);
}

/* The last group takes all with it; another type may follow. */
static void anew(struct ctx *c)
{
	struct c_ready r = c_ready(c, T1_V2(c));
	char *a = c_mem(c, "A", C_PAGE, 0);

	c_map(c, r.container, a, IOVA, C_PAGE, READ);
	c_dirty(c, r.container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
	c_ioctl(c, r.group, &GROUP_UNSET_CONTAINER, 0);
	c_map(c, r.container, a, IOVA, C_PAGE, READ);
	c_unmap(c, r.container, IOVA, C_PAGE, 0, NULL);
	c_dirty(c, r.container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
	c_set_container(c, r.group, r.container);
	c_map(c, r.container, a, IOVA, C_PAGE, READ);
	c_ioctl(c, r.container, &SET_IOMMU,
		c->param & 2 ? VFIO_TYPE1v2_IOMMU : VFIO_TYPE1_IOMMU);
	c_iommu_info(c, r.container, 72);
	c_unmap(c, r.container, IOVA, C_PAGE, 0, NULL);
	c_map(c, r.container, a, IOVA, C_PAGE, READ);
	c_dirty_get(c, r.container, IOVA, C_PAGE, C_PAGE, a, 8);
	c_unmap(c, r.container, IOVA, C_PAGE, 0, NULL);
}

CASES
{
	conform_add(anew, 0, 0, "type1/info/anew/v1-v1");
	conform_add(anew, 1, 0, "type1/info/anew/v2-v1");
	conform_add(anew, 2, 0, "type1/info/anew/v1-v2");
	conform_add(anew, 3, 0, "type1/info/anew/v2-v2");
}

/* ---- CHECK_EXTENSION ---- */

static void extension(struct ctx *c)
{
	struct c_ready r = c_life(c, (enum life)c->param);
	unsigned long n;
	int shift;

	for (n = 0; n <= 12; n++) {
		c_ioctl(c, r.container, &CHECK_EXTENSION, n);
		/* More bits than a number of an extension, or an int, has. */
		for (shift = 8; shift < 64; shift += 8)
			c_ioctl(c, r.container, &CHECK_EXTENSION,
				n | 1UL << shift);
		c_ioctl(c, r.container, &CHECK_EXTENSION, -n);
	}
}

static void extensions(struct ctx *c)
{
	struct c_ready r = c_life(c, (enum life)c->param);
	unsigned long n;
	int set = 0;

	for (n = 0; n < 4096; n++) {
		long result = c_quiet(r.container, &CHECK_EXTENSION, (void *)n);

		if (result)
			c_say(c, "extension %lu: %ld", n, result);
		set += !!result;
	}
	c_say(c, "%d of %lu", set, n);
}

CASES
{
	int i;

	for (i = 0; i < NR_LIVES; i++) {
		conform_add(extension, i, 0, "type1/extension/%s/known",
			    life_names[i]);
		conform_add(extensions, i, 0, "type1/extension/%s/all",
			    life_names[i]);
	}
}

/* Mappings and tracking change no answer. */
CASE("type1/extension/in-use")
{
	int container = c_ready(c, VFIO_TYPE1v2_IOMMU).container;
	char *a = c_mem(c, "A", C_PAGE, 0);
	unsigned long n;

	c_map(c, container, a, IOVA, C_PAGE, READ);
	c_dirty(c, container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
	for (n = 0; n <= 12; n++)
		c_ioctl(c, container, &CHECK_EXTENSION, n);
}
