/* SPDX-License-Identifier: BSD-3-Clause */
/* What the cases of type1 share: faults in structs, and layouts of mappings. */
#ifndef CONFORM_HELPERS_TYPE1_H
#define CONFORM_HELPERS_TYPE1_H

#include "conform.h"

#define T1_COUNT(array) ((long)(sizeof(array) / sizeof((array)[0])))
#define T1_V2(c) ((c)->param & 1 ? VFIO_TYPE1v2_IOMMU : VFIO_TYPE1_IOMMU)
/* The iova of a page of a layout. */
#define T1_IOVA(page) (0x100000UL + (uint64_t)(page)*C_PAGE)

/* ---- structs with faults ---- */

/* A value for a field, that makes a good struct bad. */
struct t1_fault {
	const char *name;
	unsigned int offset, size;
	uint64_t value;
};

#define T1_FAULT(shown, type, member, value)                         \
	{                                                            \
		shown, offsetof(struct type, member),                \
			sizeof(((struct type *)NULL)->member), value \
	}

/* Vary the struct arg, of len bytes, with b over a (NULL: alone). */
void t1_fault(void *arg, const struct t1_fault *a, const struct t1_fault *b);

/*
 * An UNMAP with a bitmap and a GET of dirty pages look the same. <linux/vfio.h>
 * has them with flexible ends, which cannot be passed around.
 */
struct t1_range {
	uint32_t argsz, flags;
	uint64_t iova, size;
	struct vfio_bitmap bitmap;
};

/* That succeed on memory that is mapped, in the v2 type, tracking on. */
struct t1_range t1_unmap(uint64_t iova, uint64_t size, void *bitmap,
			 uint64_t bitmap_size);
struct t1_range t1_get(uint64_t iova, uint64_t size, void *bitmap,
		       uint64_t bitmap_size);

/*
 * The command with the struct in each place where it should not be, and with
 * addresses where there is nothing. again() is called before each, to make
 * the state anew; NULL: not needed.
 */
void t1_pointers(struct ctx *c, int fd, const struct c_cmd *cmd,
		 const void *arg, size_t len, case_fn *again);

/* A case of many numbers: these from c->param on. */
#define T1_BLOCK 8
#define T1_EACH(c, n) for (long n = (c)->param; n < (c)->param + T1_BLOCK; n++)
/* Nothing is ever mapped there; no name for it is needed. */
#define T1_NOWHERE ((void *)0x1000)

/* ---- layouts: mappings of a few pages, to be hit by ranges ---- */

struct t1_layout {
	const char *name;
	struct t1_pages {
		unsigned int first, count;
	} map[3]; /* ends with count 0 */
};

/* One mapping, two that adjoin, two with a hole, three. */
extern const struct t1_layout t1_layouts[];
#define T1_NR_LAYOUTS 4
/* Where ranges that hit layouts begin and end. */
#define T1_FIRST 6
#define T1_LAST 15

/* Without a record: exactly these mappings are there. vaddr: any memory. */
void t1_lay(int container, const struct t1_layout *layout, const void *vaddr);
/* Without a record, one mapping more; -errno. */
long t1_map(int container, const void *vaddr, uint64_t iova, uint64_t size);
/* Without a record: none are there. */
void t1_clear(int container);
/* Records which pages of T1_FIRST … are mapped, and in how many mappings. */
void t1_left(struct ctx *c, int container, const void *vaddr);
/* Entries that can still be mapped, from GET_INFO; without a record. */
unsigned int t1_avail(int container);

#endif
