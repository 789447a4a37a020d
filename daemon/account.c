// SPDX-License-Identifier: BSD-3-Clause
#include "account.h"

#include <vfiod/uapi.h>

#include "log.h"

/* By kind and number behind VFIO_BASE; the same number has several names. */
static const char *const names[ACCOUNT_KINDS][ACCOUNT_COMMANDS + 1] = {
	[ACCOUNT_CONTAINER] = {
		[0] = "VFIO_GET_API_VERSION",
		[1] = "VFIO_CHECK_EXTENSION",
		[2] = "VFIO_SET_IOMMU",
		[12] = "VFIO_IOMMU_GET_INFO",
		[13] = "VFIO_IOMMU_MAP_DMA",
		[14] = "VFIO_IOMMU_UNMAP_DMA",
		[17] = "VFIO_IOMMU_DIRTY_PAGES",
		[ACCOUNT_COMMANDS] = "unknown (container)",
	},
	[ACCOUNT_GROUP] = {
		[3] = "VFIO_GROUP_GET_STATUS",
		[4] = "VFIO_GROUP_SET_CONTAINER",
		[5] = "VFIO_GROUP_UNSET_CONTAINER",
		[6] = "VFIO_GROUP_GET_DEVICE_FD",
		[ACCOUNT_COMMANDS] = "unknown (group)",
	},
	[ACCOUNT_DEVICE] = {
		[7] = "VFIO_DEVICE_GET_INFO",
		[8] = "VFIO_DEVICE_GET_REGION_INFO",
		[9] = "VFIO_DEVICE_GET_IRQ_INFO",
		[10] = "VFIO_DEVICE_SET_IRQS",
		[11] = "VFIO_DEVICE_RESET",
		[12] = "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO",
		[13] = "VFIO_DEVICE_PCI_HOT_RESET",
		[14] = "VFIO_DEVICE_QUERY_GFX_PLANE",
		[15] = "VFIO_DEVICE_GET_GFX_DMABUF",
		[16] = "VFIO_DEVICE_IOEVENTFD",
		[17] = "VFIO_DEVICE_FEATURE",
		[18] = "VFIO_DEVICE_BIND_IOMMUFD",
		[19] = "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
		[20] = "VFIO_DEVICE_DETACH_IOMMUFD_PT",
		[ACCOUNT_COMMANDS] = "unknown (device)",
	},
	[ACCOUNT_STREAM] = {
		[21] = "VFIO_MIG_GET_PRECOPY_INFO",
		[ACCOUNT_COMMANDS] = "unknown (stream)",
	},
};

void account_ioctl(struct account *account, enum account_kind kind,
		   unsigned int cmd, int ret)
{
	unsigned int nr = cmd - VFIO_GET_API_VERSION;

	if (nr >= ACCOUNT_COMMANDS || !names[kind][nr])
		nr = ACCOUNT_COMMANDS;
	atomic_fetch_add(&account->ioctls[kind][nr], 1);
	if (ret || kind != ACCOUNT_CONTAINER)
		return;
	if (cmd == VFIO_IOMMU_MAP_DMA)
		atomic_fetch_add(&account->maps, 1);
	else if (cmd == VFIO_IOMMU_UNMAP_DMA)
		atomic_fetch_add(&account->unmaps, 1);
}

static void print(const char *name, unsigned long count)
{
	if (count)
		vfio_log(LOG_LEVEL_INFO, "account: %s %lu", name, count);
}

void account_print(const struct account *account, unsigned long interrupts)
{
	for (int kind = 0; kind < ACCOUNT_KINDS; kind++)
		for (int nr = 0; nr <= ACCOUNT_COMMANDS; nr++)
			print(names[kind][nr], account->ioctls[kind][nr]);
	print("device reads", account->reads);
	print("device writes", account->writes);
	vfio_log(LOG_LEVEL_INFO, "account: dma maps %lu, unmaps %lu",
		 account->maps, account->unmaps);
	vfio_log(LOG_LEVEL_INFO, "account: interrupts %lu", interrupts);
}
