// SPDX-License-Identifier: BSD-3-Clause
/* Regions with memory that clients can map. */
#include "region.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "device.h"
#include "host.h"
#include "pci.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the first bytes of a number are taken to be the low ones"
#endif

#define OFFSET_IN_PAGE (VFIO_PAGE_SIZE - 1)
/* Of a region that can be mapped: a file that holds it has 63 bits. */
#define OFFSET_MAX ((uint64_t)INT64_MAX - VFIOD_OFFSET(2))

uint64_t vfio_region_offset(const struct vfiod_type *type, unsigned int index)
{
	if (type->offset_shift == VFIOD_OWN_OFFSETS)
		return type->regions[index].offset;
	return (uint64_t)index << (type->offset_shift ? type->offset_shift :
							VFIOD_OFFSET_SHIFT);
}

static bool has_memory(const struct vfiod_region *region)
{
	return region->flags & VFIO_REGION_INFO_FLAG_MMAP;
}

/* Where the file that they map has regions, and where they find them. */
static bool is_well_placed(const struct vfiod_type *type, unsigned int index)
{
	uint64_t offset = vfio_region_offset(type, index);

	if (type->offset_shift && type->offset_shift != VFIOD_OWN_OFFSETS)
		return false;
	return !(offset & OFFSET_IN_PAGE) && offset <= OFFSET_MAX;
}

static bool is_sound(const struct vfiod_region *region)
{
	uint64_t end = 0;

	if (!region->size || region->size > VFIOD_OFFSET(1))
		return false;
	if (!region->nr_areas)
		return !(region->size & OFFSET_IN_PAGE);
	for (uint32_t i = 0; i < region->nr_areas; i++) {
		uint64_t offset = region->areas[i].offset;
		uint64_t size = region->areas[i].size;

		if (!size || (offset | size) & OFFSET_IN_PAGE || offset < end ||
		    offset > region->size || size > region->size - offset)
			return false;
		end = offset + size;
	}
	return true;
}

int vfio_regions_init(struct vfio_device *vdev)
{
	const struct vfiod_type *type = vdev->type;
	bool needed = false;

	for (uint32_t i = 0; i < type->nr_regions; i++) {
		if (!has_memory(&type->regions[i]))
			continue;
		if (!is_well_placed(type, i) || !is_sound(&type->regions[i])) {
			vfio_log(3,
				 "%s: region %u: what can be mapped has to "
				 "be whole pages, in order, at offsets as "
				 "vfio-pci has them or of its own",
				 vdev->plugin->name, i);
			return -EINVAL;
		}
		needed = true;
	}
	return needed ? vfio_memory_create(type, vdev->name, &vdev->memory) : 0;
}

void *vfiod_region_memory(const struct vfio_device *vdev, unsigned int index)
{
	if (!vdev->memory || index >= vdev->type->nr_regions)
		return NULL;
	return vdev->memory->regions[index];
}

bool vfio_region_can_map(const struct vfio_device *vdev, unsigned int index)
{
	return vfiod_region_memory(vdev, index) && vdev->memory->can_map;
}

static uint64_t page_align(uint64_t size)
{
	return (size + OFFSET_IN_PAGE) & ~OFFSET_IN_PAGE;
}

int vfio_region_check_mmap(const struct vfio_device *vdev, uint64_t offset,
			   uint64_t size)
{
	const struct vfiod_type *type = vdev->type;

	for (uint32_t i = 0; i < type->nr_regions; i++) {
		uint64_t in_region = offset - vfio_region_offset(type, i);
		uint64_t end = page_align(type->regions[i].size);

		if (vfio_region_can_map(vdev, i) && in_region <= end &&
		    size <= end - in_region)
			return 0;
	}
	return -EINVAL;
}

/* vfio_pci_ioctl_get_region_info() has it for the BAR with the table. */
static int add_msix_mappable(const struct vfio_device *vdev, unsigned int index,
			     struct vfio_chain *chain)
{
	const struct vfio_info_cap_header cap = {
		.id = VFIO_REGION_INFO_CAP_MSIX_MAPPABLE,
		.version = 1,
	};

	if (!vdev->pci || !vdev->pci->desc->msix_vectors ||
	    vdev->pci->desc->msix_bar != index)
		return 0;
	return vfio_chain_add(chain, &cap, sizeof(cap));
}

int vfio_region_add_caps(const struct vfio_device *vdev, unsigned int index,
			 struct vfio_chain *chain)
{
	const struct vfiod_region *region = &vdev->type->regions[index];
	size_t areas = region->nr_areas * sizeof(region->areas[0]);
	struct vfio_region_info_cap_sparse_mmap *cap;
	int ret;

	ret = add_msix_mappable(vdev, index, chain);
	if (ret || !areas)
		return ret;
	cap = calloc(1, sizeof(*cap) + areas);
	if (!cap)
		return -ENOMEM;
	cap->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	cap->header.version = 1;
	cap->nr_areas = region->nr_areas;
	memcpy(cap->areas, region->areas, areas);
	ret = vfio_chain_add(chain, &cap->header, sizeof(*cap) + areas);
	free(cap);
	return ret;
}

/* An aligned access never reaches over the end of a page. */
static bool is_plain(const struct vfiod_region *region, uint64_t offset)
{
	if (!region->plain || !has_memory(region))
		return false;
	for (uint32_t i = 0; i < region->nr_areas; i++)
		if (offset - region->areas[i].offset < region->areas[i].size)
			return true;
	return !region->nr_areas;
}

static void store(uint8_t *at, uint64_t value, unsigned int len)
{
	switch (len) {
	case 1:
		__atomic_store_n(at, value, __ATOMIC_RELAXED);
		break;
	case 2:
		__atomic_store_n((uint16_t *)at, value, __ATOMIC_RELAXED);
		break;
	case 4:
		__atomic_store_n((uint32_t *)at, value, __ATOMIC_RELAXED);
		break;
	default:
		__atomic_store_n((uint64_t *)at, value, __ATOMIC_RELAXED);
		break;
	}
}

static uint64_t load(const uint8_t *at, unsigned int len)
{
	switch (len) {
	case 1:
		return __atomic_load_n(at, __ATOMIC_RELAXED);
	case 2:
		return __atomic_load_n((const uint16_t *)at, __ATOMIC_RELAXED);
	case 4:
		return __atomic_load_n((const uint32_t *)at, __ATOMIC_RELAXED);
	default:
		return __atomic_load_n((const uint64_t *)at, __ATOMIC_RELAXED);
	}
}

/* In one go, as a client's own access would be. */
static void access_memory(uint8_t *at, void *buf, unsigned int len, bool write)
{
	uint64_t value = 0;

	if (write) {
		memcpy(&value, buf, len);
		store(at, value, len);
	} else {
		value = load(at, len);
		memcpy(buf, &value, len);
	}
}

int vfio_region_access(struct vfio_device *vdev, unsigned int index,
		       uint64_t offset, void *buf, unsigned int len, bool write)
{
	if (is_plain(&vdev->type->regions[index], offset)) {
		access_memory(vdev->memory->regions[index] + offset, buf, len,
			      write);
		return 0;
	}
	if (!vdev->plugin->access)
		return -EINVAL;
	return vdev->plugin->access(vdev, index, offset, buf, len, write);
}
