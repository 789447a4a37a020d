// SPDX-License-Identifier: BSD-3-Clause
/* The commands of VFIO and the fields of their structs. */
#include <string.h>
#include "state.h"

#define F(type, member, kind, ...)                                   \
	{                                                            \
#member, offsetof(struct type, member),              \
			sizeof(((struct type *)NULL)->member), kind, \
			__VA_ARGS__                                  \
	}
#define NAMED(shown, at, len, kind)        \
	{                                  \
		shown, at, len, kind, NULL \
	}
#define END                               \
	{                                 \
		NULL, 0, 0, DECIMAL, NULL \
	}

static const struct c_flag status_flags[] = {
	{ VFIO_GROUP_FLAGS_VIABLE, "VIABLE" },
	{ VFIO_GROUP_FLAGS_CONTAINER_SET, "CONTAINER_SET" },
	{ 0, NULL },
};

static const struct c_field status_fields[] = {
	F(vfio_group_status, argsz, DECIMAL, NULL),
	F(vfio_group_status, flags, FLAGS, status_flags),
	END,
};

static const struct c_field fd_fields[] = {
	NAMED("fd", 0, 4, FD),
	END,
};

static const struct c_flag device_flags[] = {
	{ VFIO_DEVICE_FLAGS_RESET, "RESET" },
	{ VFIO_DEVICE_FLAGS_PCI, "PCI" },
	{ VFIO_DEVICE_FLAGS_CAPS, "CAPS" },
	{ 0, NULL },
};

static const struct c_field device_info_fields[] = {
	F(vfio_device_info, argsz, DECIMAL, NULL),
	F(vfio_device_info, flags, FLAGS, device_flags),
	F(vfio_device_info, num_regions, DECIMAL, NULL),
	F(vfio_device_info, num_irqs, DECIMAL, NULL),
	F(vfio_device_info, cap_offset, DECIMAL, NULL),
	END,
};

static const struct c_flag region_flags[] = {
	{ VFIO_REGION_INFO_FLAG_READ, "READ" },
	{ VFIO_REGION_INFO_FLAG_WRITE, "WRITE" },
	{ VFIO_REGION_INFO_FLAG_MMAP, "MMAP" },
	{ VFIO_REGION_INFO_FLAG_CAPS, "CAPS" },
	{ 0, NULL },
};

static const struct c_field region_info_fields[] = {
	F(vfio_region_info, argsz, DECIMAL, NULL),
	F(vfio_region_info, flags, FLAGS, region_flags),
	F(vfio_region_info, index, DECIMAL, NULL),
	F(vfio_region_info, cap_offset, DECIMAL, NULL),
	F(vfio_region_info, size, HEX, NULL),
	F(vfio_region_info, offset, HEX, NULL),
	END,
};

static const struct c_flag irq_info_flags[] = {
	{ VFIO_IRQ_INFO_EVENTFD, "EVENTFD" },
	{ VFIO_IRQ_INFO_MASKABLE, "MASKABLE" },
	{ VFIO_IRQ_INFO_AUTOMASKED, "AUTOMASKED" },
	{ VFIO_IRQ_INFO_NORESIZE, "NORESIZE" },
	{ 0, NULL },
};

static const struct c_field irq_info_fields[] = {
	F(vfio_irq_info, argsz, DECIMAL, NULL),
	F(vfio_irq_info, flags, FLAGS, irq_info_flags),
	F(vfio_irq_info, index, DECIMAL, NULL),
	F(vfio_irq_info, count, DECIMAL, NULL),
	END,
};

static const struct c_flag irq_set_flags[] = {
	{ VFIO_IRQ_SET_DATA_NONE, "NONE" },
	{ VFIO_IRQ_SET_DATA_BOOL, "BOOL" },
	{ VFIO_IRQ_SET_DATA_EVENTFD, "EVENTFD" },
	{ VFIO_IRQ_SET_ACTION_MASK, "MASK" },
	{ VFIO_IRQ_SET_ACTION_UNMASK, "UNMASK" },
	{ VFIO_IRQ_SET_ACTION_TRIGGER, "TRIGGER" },
	{ 0, NULL },
};

static const struct c_field irq_set_fields[] = {
	F(vfio_irq_set, argsz, DECIMAL, NULL),
	F(vfio_irq_set, flags, FLAGS, irq_set_flags),
	F(vfio_irq_set, index, DECIMAL, NULL),
	F(vfio_irq_set, start, DECIMAL, NULL),
	F(vfio_irq_set, count, DECIMAL, NULL),
	END,
};

/* Eventfds are shown by their roles. */
static void irq_set_tail(struct ctx *c, struct line *l, const void *arg,
			 size_t len)
{
	size_t at = sizeof(struct vfio_irq_set);
	struct vfio_irq_set set;
	const char *p = arg;
	int32_t fd;

	if (len < at) {
		put_bytes(l, p, len);
		return;
	}
	memcpy(&set, arg, sizeof(set));
	if (!(set.flags & VFIO_IRQ_SET_DATA_EVENTFD)) {
		put_bytes(l, p + at, len - at);
		return;
	}
	for (; at + 4 <= len; at += 4) {
		memcpy(&fd, p + at, 4);
		put(l, "%s", at > sizeof(set) ? " " : "");
		put_fd(c, l, fd);
	}
	put_bytes(l, p + at, len - at);
}

static const struct c_flag feature_flags[] = {
	{ VFIO_DEVICE_FEATURE_GET, "GET" },
	{ VFIO_DEVICE_FEATURE_SET, "SET" },
	{ VFIO_DEVICE_FEATURE_PROBE, "PROBE" },
	{ 0, NULL },
};

static const struct c_field feature_fields[] = {
	F(vfio_device_feature, argsz, DECIMAL, NULL),
	F(vfio_device_feature, flags, FLAGS, feature_flags),
	END,
};

static const struct c_flag iommu_info_flags[] = {
	{ VFIO_IOMMU_INFO_PGSIZES, "PGSIZES" },
	{ VFIO_IOMMU_INFO_CAPS, "CAPS" },
	{ 0, NULL },
};

static const struct c_field iommu_info_fields[] = {
	F(vfio_iommu_type1_info, argsz, DECIMAL, NULL),
	F(vfio_iommu_type1_info, flags, FLAGS, iommu_info_flags),
	F(vfio_iommu_type1_info, iova_pgsizes, HEX, NULL),
	F(vfio_iommu_type1_info, cap_offset, DECIMAL, NULL),
	END,
};

static const struct c_flag map_flags[] = {
	{ VFIO_DMA_MAP_FLAG_READ, "READ" },
	{ VFIO_DMA_MAP_FLAG_WRITE, "WRITE" },
	{ VFIO_DMA_MAP_FLAG_VADDR, "VADDR" },
	{ 0, NULL },
};

static const struct c_field map_fields[] = {
	F(vfio_iommu_type1_dma_map, argsz, DECIMAL, NULL),
	F(vfio_iommu_type1_dma_map, flags, FLAGS, map_flags),
	F(vfio_iommu_type1_dma_map, vaddr, ADDRESS, NULL),
	F(vfio_iommu_type1_dma_map, iova, HEX, NULL),
	F(vfio_iommu_type1_dma_map, size, HEX, NULL),
	END,
};

static const struct c_flag unmap_flags[] = {
	{ VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, "GET_DIRTY_BITMAP" },
	{ VFIO_DMA_UNMAP_FLAG_ALL, "ALL" },
	{ VFIO_DMA_UNMAP_FLAG_VADDR, "VADDR" },
	{ 0, NULL },
};

static const struct c_field unmap_fields[] = {
	F(vfio_iommu_type1_dma_unmap, argsz, DECIMAL, NULL),
	F(vfio_iommu_type1_dma_unmap, flags, FLAGS, unmap_flags),
	F(vfio_iommu_type1_dma_unmap, iova, HEX, NULL),
	F(vfio_iommu_type1_dma_unmap, size, HEX, NULL),
	NAMED("bitmap.pgsize", 24, 8, HEX),
	NAMED("bitmap.size", 32, 8, HEX),
	NAMED("bitmap.data", 40, 8, ADDRESS),
	END,
};

static const struct c_flag dirty_flags[] = {
	{ VFIO_IOMMU_DIRTY_PAGES_FLAG_START, "START" },
	{ VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP, "STOP" },
	{ VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP, "GET_BITMAP" },
	{ 0, NULL },
};

static const struct c_field dirty_fields[] = {
	F(vfio_iommu_type1_dirty_bitmap, argsz, DECIMAL, NULL),
	F(vfio_iommu_type1_dirty_bitmap, flags, FLAGS, dirty_flags),
	NAMED("iova", 8, 8, HEX),
	NAMED("size", 16, 8, HEX),
	NAMED("bitmap.pgsize", 24, 8, HEX),
	NAMED("bitmap.size", 32, 8, HEX),
	NAMED("bitmap.data", 40, 8, ADDRESS),
	END,
};

static const struct c_field hot_reset_info_fields[] = {
	F(vfio_pci_hot_reset_info, argsz, DECIMAL, NULL),
	F(vfio_pci_hot_reset_info, flags, HEX, NULL),
	F(vfio_pci_hot_reset_info, count, DECIMAL, NULL),
	END,
};

static const struct c_field argsz_flags_fields[] = {
	NAMED("argsz", 0, 4, DECIMAL),
	NAMED("flags", 4, 4, HEX),
	END,
};

#define COMMAND(name, fields, tail) \
	const struct c_cmd name = { "VFIO_" #name, VFIO_##name, fields, tail }

COMMAND(GET_API_VERSION, NULL, NULL);
COMMAND(CHECK_EXTENSION, NULL, NULL);
COMMAND(SET_IOMMU, NULL, NULL);
COMMAND(GROUP_GET_STATUS, status_fields, NULL);
COMMAND(GROUP_SET_CONTAINER, fd_fields, NULL);
COMMAND(GROUP_UNSET_CONTAINER, NULL, NULL);
COMMAND(GROUP_GET_DEVICE_FD, NULL, NULL);
COMMAND(DEVICE_GET_INFO, device_info_fields, NULL);
COMMAND(DEVICE_GET_REGION_INFO, region_info_fields, NULL);
COMMAND(DEVICE_GET_IRQ_INFO, irq_info_fields, NULL);
COMMAND(DEVICE_SET_IRQS, irq_set_fields, irq_set_tail);
COMMAND(DEVICE_RESET, NULL, NULL);
COMMAND(DEVICE_FEATURE, feature_fields, NULL);
COMMAND(DEVICE_GET_PCI_HOT_RESET_INFO, hot_reset_info_fields, NULL);
COMMAND(DEVICE_PCI_HOT_RESET, argsz_flags_fields, NULL);
COMMAND(DEVICE_QUERY_GFX_PLANE, argsz_flags_fields, NULL);
COMMAND(DEVICE_GET_GFX_DMABUF, NULL, NULL);
COMMAND(DEVICE_IOEVENTFD, argsz_flags_fields, NULL);
COMMAND(IOMMU_GET_INFO, iommu_info_fields, NULL);
COMMAND(IOMMU_MAP_DMA, map_fields, NULL);
COMMAND(IOMMU_UNMAP_DMA, unmap_fields, NULL);
COMMAND(IOMMU_ENABLE, NULL, NULL);
COMMAND(IOMMU_DISABLE, NULL, NULL);
COMMAND(IOMMU_DIRTY_PAGES, dirty_fields, NULL);

const struct c_cmd *const c_commands[] = {
	&GET_API_VERSION,
	&CHECK_EXTENSION,
	&SET_IOMMU,
	&GROUP_GET_STATUS,
	&GROUP_SET_CONTAINER,
	&GROUP_UNSET_CONTAINER,
	&GROUP_GET_DEVICE_FD,
	&DEVICE_GET_INFO,
	&DEVICE_GET_REGION_INFO,
	&DEVICE_GET_IRQ_INFO,
	&DEVICE_SET_IRQS,
	&DEVICE_RESET,
	&DEVICE_FEATURE,
	&DEVICE_GET_PCI_HOT_RESET_INFO,
	&DEVICE_PCI_HOT_RESET,
	&DEVICE_QUERY_GFX_PLANE,
	&DEVICE_GET_GFX_DMABUF,
	&DEVICE_IOEVENTFD,
	&IOMMU_GET_INFO,
	&IOMMU_MAP_DMA,
	&IOMMU_UNMAP_DMA,
	&IOMMU_ENABLE,
	&IOMMU_DISABLE,
	&IOMMU_DIRTY_PAGES,
	NULL,
};
