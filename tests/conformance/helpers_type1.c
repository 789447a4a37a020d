// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>
#include <sys/mman.h>
#include "helpers_type1.h"

#define READ_WRITE (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
/* Of all containers, unless the module was told another. */
#define ENTRY_LIMIT 65535

void t1_fault(void *arg, const struct t1_fault *a, const struct t1_fault *b)
{
	memcpy((char *)arg + a->offset, &a->value, a->size);
	if (b)
		memcpy((char *)arg + b->offset, &b->value, b->size);
}

static struct t1_range range(uint32_t flags, uint64_t iova, uint64_t size)
{
	return (struct t1_range){
		.argsz = sizeof(struct t1_range),
		.flags = flags,
		.iova = iova,
		.size = size,
		.bitmap.pgsize = C_PAGE,
	};
}

struct t1_range t1_unmap(uint64_t iova, uint64_t size, void *bitmap,
			 uint64_t bitmap_size)
{
	struct t1_range r =
		range(VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, iova, size);

	r.bitmap.data = bitmap;
	r.bitmap.size = bitmap_size;
	return r;
}

struct t1_range t1_get(uint64_t iova, uint64_t size, void *bitmap,
		       uint64_t bitmap_size)
{
	struct t1_range r =
		range(VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP, iova, size);

	r.bitmap.data = bitmap;
	r.bitmap.size = bitmap_size;
	return r;
}

void t1_pointers(struct ctx *c, int fd, const struct c_cmd *cmd,
		 const void *arg, size_t len, case_fn *again)
{
	static const unsigned long nowhere[] = {
		0,	   1,	      8,	C_PAGE,	 1UL << 47, 1UL << 48,
		1UL << 62, 1UL << 63, C_KERNEL, -4096UL, -8UL,	    -1UL,
	};
	unsigned char *straddling;
	long i;

	for (i = 0; i < T1_COUNT(nowhere); i++)
		c_ioctl(c, fd, cmd, nowhere[i]);
	c_arg_at(c, fd, cmd, c_no_access(c, arg, len));
	c_arg_at(c, fd, cmd, c_read_only(c, arg, len));
	if (again)
		again(c);
	/* At an odd address, from one page into the next; not writable there. */
	straddling = c_mem(c, "S", 2 * C_PAGE, 0);
	straddling += C_PAGE - 13;
	memcpy(straddling, arg, len);
	c_arg_at(c, fd, cmd, straddling);
	if (again)
		again(c);
	memcpy(straddling, arg, len);
	c_protect(c, straddling + 13, C_PAGE, PROT_READ);
	c_arg_at(c, fd, cmd, straddling);
}

const struct t1_layout t1_layouts[T1_NR_LAYOUTS] = {
	{ "one", { { 8, 4 } } },
	{ "adjoining", { { 8, 2 }, { 10, 3 } } },
	{ "hole", { { 8, 2 }, { 12, 2 } } },
	{ "three", { { 8, 1 }, { 10, 2 }, { 12, 1 } } },
};

long t1_map(int container, const void *vaddr, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = READ_WRITE,
		.vaddr = (uintptr_t)vaddr,
		.iova = iova,
		.size = size,
	};

	return c_quiet(container, &IOMMU_MAP_DMA, &map);
}

void t1_clear(int container)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = VFIO_DMA_UNMAP_FLAG_ALL,
	};

	c_quiet(container, &IOMMU_UNMAP_DMA, &unmap);
}

void t1_lay(int container, const struct t1_layout *layout, const void *vaddr)
{
	const struct t1_pages *m;

	t1_clear(container);
	for (m = layout->map; m < layout->map + 3 && m->count; m++)
		t1_map(container, vaddr, T1_IOVA(m->first), m->count * C_PAGE);
}

/* Where the capability of free entries is: see the chain's layout. */
unsigned int t1_avail(int container)
{
	union {
		struct vfio_iommu_type1_info info;
		unsigned char bytes[512];
	} arg = { .info.argsz = sizeof(arg) };
	struct vfio_iommu_type1_info_dma_avail avail = { .avail = 0 };
	struct vfio_info_cap_header header;
	uint32_t at;

	if (c_quiet(container, &IOMMU_GET_INFO, &arg))
		return 0;
	for (at = arg.info.cap_offset; at && at < 480; at = header.next) {
		memcpy(&header, arg.bytes + at, sizeof(header));
		if (header.id == VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL)
			memcpy(&avail, arg.bytes + at, sizeof(avail));
	}
	return avail.avail;
}

/* A page is taken when nothing can be mapped there. */
static bool taken(int container, uint64_t iova, const void *vaddr)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = C_PAGE,
	};

	if (t1_map(container, vaddr, iova, C_PAGE))
		return true;
	c_quiet(container, &IOMMU_UNMAP_DMA, &unmap);
	return false;
}

void t1_left(struct ctx *c, int container, const void *vaddr)
{
	char map[T1_LAST - T1_FIRST + 2] = "";
	unsigned int page;

	for (page = T1_FIRST; page <= T1_LAST; page++)
		map[page - T1_FIRST] =
			taken(container, T1_IOVA(page), vaddr) ? '#' : '.';
	c_say(c, "    left %s in %u", map, ENTRY_LIMIT - t1_avail(container));
}
