// SPDX-License-Identifier: BSD-3-Clause
#include "opregion.h"

#include <errno.h>
#include <string.h>

/* The header. No mailbox is said to be there, and no video BIOS table. */
static const struct {
	char signature[16];
	uint32_t size; /* KiB */
	uint32_t version; /* 2.0 */
} header = { "IntelGraphicsMem", VGPU_OPREGION_SIZE / 1024, 0x02000000 };

int vgpu_opregion_read(uint64_t offset, void *buf, unsigned int len)
{
	size_t n;

	if (offset >= VGPU_OPREGION_SIZE || len > VGPU_OPREGION_SIZE - offset)
		return -EINVAL;
	memset(buf, 0, len);
	if (offset >= sizeof(header))
		return 0;
	n = sizeof(header) - offset;
	memcpy(buf, (const char *)&header + offset, len < n ? len : n);
	return 0;
}
