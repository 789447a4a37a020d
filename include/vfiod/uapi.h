/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's <linux/vfio.h>, and the few later names that the headers of
 * Debian 12 (Linux 6.1) lack and vfiod uses.
 */
#ifndef VFIOD_UAPI_H
#define VFIOD_UAPI_H

#include <linux/vfio.h>

#ifndef VFIO_DEVICE_BIND_IOMMUFD
#define VFIO_DEVICE_BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)
#endif

#ifndef VFIO_DEVICE_ATTACH_IOMMUFD_PT
#define VFIO_DEVICE_ATTACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 19)
#endif

#ifndef VFIO_DEVICE_DETACH_IOMMUFD_PT
#define VFIO_DEVICE_DETACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 20)
#endif

#endif
