// SPDX-License-Identifier: BSD-3-Clause
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <unistd.h>
#include "helpers_mdpy.h"

void m_renew(int fd)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	static const uint32_t zero;

	if (c_quiet(fd, &DEVICE_GET_INFO, &info) ||
	    c_quiet(fd, &DEVICE_RESET, NULL) ||
	    pwrite(fd, &zero, 4, PCI_BASE_ADDRESS_0) != 4)
		abort();
}

int m_ready(struct ctx *c)
{
	int fd = c_ready_device(c, VFIO_TYPE1v2_IOMMU).device;

	m_renew(fd);
	return fd;
}

int m_open_again(struct ctx *c, const char *role)
{
	return c_device_fd(c, c_fd(c, "group"), role, c->device[0]);
}
