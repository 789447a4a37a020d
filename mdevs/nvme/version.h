/* SPDX-License-Identifier: BSD-3-Clause */
/* What the controller says of itself: text without a NUL, padded by blanks. */
#ifndef MDEVS_NVME_VERSION_H
#define MDEVS_NVME_VERSION_H

#define NVME_MODEL "vfiod NVMe controller"
#define NVME_FIRMWARE "1       "

#define NVME_VENDOR 0x1234
#define NVME_DEVICE 0x4e56 /* "NV" */

#endif
