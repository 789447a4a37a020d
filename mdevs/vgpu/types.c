// SPDX-License-Identifier: BSD-3-Clause
#include "types.h"

#include "edid.h"
#include "gm.h"
#include "opregion.h"
#include "regs.h"

#define MIB(n) ((uint64_t)(n) << 20)
#define INTEL (VFIO_REGION_TYPE_PCI_VENDOR_TYPE | 0x8086)
#define RW (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE)

static const struct vfio_region_info_cap_type opregion_type = {
	.header = { .id = VFIO_REGION_INFO_CAP_TYPE, .version = 1 },
	.type = INTEL,
	.subtype = VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION,
};

static const struct vfio_region_info_cap_type edid_type = {
	.header = { .id = VFIO_REGION_INFO_CAP_TYPE, .version = 1 },
	.type = VFIO_REGION_TYPE_GFX,
	.subtype = VFIO_REGION_SUBTYPE_GFX_EDID,
};

static const struct vfiod_cap opregion_caps[] = {
	{ &opregion_type.header, sizeof(opregion_type) },
};

static const struct vfiod_cap edid_caps[] = {
	{ &edid_type.header, sizeof(edid_type) },
};

/*
 * BAR2 is the whole aperture, of which a vGPU can use its part. It has no
 * MMAP: what is behind it is guest memory, reached through the GTT.
 */
static const struct vfiod_region regions[VGPU_NUM_REGIONS] = {
	[VFIO_PCI_BAR0_REGION_INDEX] = { .size = VGPU_BAR0_SIZE, .flags = RW },
	[VFIO_PCI_BAR2_REGION_INDEX] = { .size = VGPU_APERTURE_SIZE,
					 .flags = RW },
	[VFIO_PCI_CONFIG_REGION_INDEX] = { .size = VGPU_CONFIG_SIZE,
					   .flags = RW },
	[VGPU_OPREGION_INDEX] = { .size = VGPU_OPREGION_SIZE,
				  .flags = VFIO_REGION_INFO_FLAG_READ,
				  .nr_caps = 1,
				  .caps = opregion_caps },
	/* As kvmgt: the size of the EDID, though it begins at 2048. */
	[VGPU_EDID_INDEX] = { .size = VGPU_EDID_SIZE,
			      .flags = RW,
			      .nr_caps = 1,
			      .caps = edid_caps },
};

/* For GET_IRQ_INFO; SET_IRQS and delivery are irq.c's. */
static const struct vfiod_irq irqs[VFIO_PCI_NUM_IRQS] = {
	[VFIO_PCI_INTX_IRQ_INDEX] = { .count = 1,
				      .flags = VFIO_IRQ_INFO_EVENTFD |
					       VFIO_IRQ_INFO_MASKABLE |
					       VFIO_IRQ_INFO_AUTOMASKED,
				      .kind = VFIOD_IRQ_INTX },
	[VFIO_PCI_MSI_IRQ_INDEX] = { .count = 1,
				     .flags = VFIO_IRQ_INFO_EVENTFD |
					      VFIO_IRQ_INFO_NORESIZE,
				     .kind = VFIOD_IRQ_MSI },
	[VFIO_PCI_MSIX_IRQ_INDEX] = { .kind = VFIOD_IRQ_MSI, .absent = 1 },
	[VFIO_PCI_ERR_IRQ_INDEX] = { .absent = 1 },
	[VFIO_PCI_REQ_IRQ_INDEX] = { .absent = 1 },
};

/* The weight is shown and has no effect: vGPUs do not compete for a GPU. */
#define TYPE(nr, low, high, width, height, weight)                             \
	{                                                                      \
		.name = "V5_" #nr, .pretty_name = "GVTg_V5_" #nr,              \
		.description = "low_gm_size: " #low "MB\n"                     \
			       "high_gm_size: " #high "MB\n"                   \
			       "fence: 4\n"                                    \
			       "resolution: " #width "x" #height "\n"          \
			       "weight: " #weight,                             \
		.info_flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET, \
		.nr_regions = VGPU_NUM_REGIONS, .nr_irqs = VFIO_PCI_NUM_IRQS,  \
		.regions = regions, .irqs = irqs,                              \
		.data = &(const struct vgpu_type){                             \
			.low_size = MIB(low),                                  \
			.high_size = MIB(high),                                \
			.fences = 4,                                           \
			.xres = (width),                                       \
			.yres = (height),                                      \
		},                                                             \
	}

const struct vfiod_type vgpu_types[VGPU_NR_TYPES] = {
	TYPE(8, 64, 384, 1024, 768, 2),
	TYPE(4, 128, 512, 1920, 1200, 4),
	TYPE(2, 256, 1024, 1920, 1200, 8),
	TYPE(1, 512, 2048, 1920, 1200, 16),
};
