// SPDX-License-Identifier: BSD-3-Clause
/* A probe as any device: that the two are the same. */
#include "helpers_probe.h"

P_CASE("probe/info/tables")
{
	struct p_rig r = p_ready(c, VFIO_TYPE1v2_IOMMU, 1);
	uint32_t i;

	for (i = 12; i <= 28; i += 4)
		c_device_info(c, r.device[0], i);
	for (i = 0; i <= VFIO_PCI_NUM_REGIONS; i++)
		c_region_info(c, r.device[0], i, 32);
	c_irq_info(c, r.device[0], 0, 16);
}

P_CASE("probe/info/regions")
{
	static const off_t at[] = {
		0,
		1,
		offsetof(struct probe_regs, iova),
		sizeof(struct probe_regs) - 8,
		sizeof(struct probe_regs) - 4,
		PROBE_DATA - 8,
		PROBE_DATA,
		PROBE_DATA + 1,
		PROBE_DATA + PROBE_DATA_SIZE - 8,
		PROBE_DATA + PROBE_DATA_SIZE - 7,
		PROBE_LOG + PROBE_MAX_LOG * sizeof(struct probe_log_entry) - 8,
		PROBE_LOG + PROBE_MAX_LOG * sizeof(struct probe_log_entry) - 7,
		PROBE_REGION_SIZE,
		1L << 40,
		7L << 40,
		(7L << 40) + 56,
		(7L << 40) + 57,
		9L << 40,
	};
	struct p_rig r = p_ready(c, VFIO_TYPE1v2_IOMMU, 1);
	long i, value = 0;

	for (i = 0; i < P_COUNT(at); i++) {
		c_pread(c, r.device[0], NULL, 8, at[i]);
		c_pwrite(c, r.device[0], &value, 8, at[i]);
	}
}

P_CASE("probe/info/command")
{
	struct p_rig r = p_ready(c, VFIO_TYPE1v2_IOMMU, 1);
	const off_t at = offsetof(struct probe_regs, command);
	uint32_t command = 99, result;

	/* Cut off, it is only stored. */
	c_pwrite(c, r.device[0], &command, 3, at);
	c_pread(c, r.device[0], &result, 4,
		offsetof(struct probe_regs, result));
	c_pwrite(c, r.device[0], &command, 4, at);
	c_pread(c, r.device[0], &result, 4,
		offsetof(struct probe_regs, result));
	p_page_read(c, r.device[0], P_IOVA(0), 0, 8);
	p_dma_read(c, r.device[0], P_IOVA(0), PROBE_DATA_SIZE + 1);
}
