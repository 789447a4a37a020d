// SPDX-License-Identifier: BSD-3-Clause
/* Building and writing of capability chains. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "host.h"

static struct vfio_info_cap_header *header_at(struct vfio_chain *chain,
					      size_t offset)
{
	return (struct vfio_info_cap_header *)(chain->buf + offset);
}

int vfio_chain_add(struct vfio_chain *chain,
		   const struct vfio_info_cap_header *cap, size_t size)
{
	size_t padded = (size + 7) & ~(size_t)7;
	uint8_t *buf;

	buf = realloc(chain->buf, chain->size + padded);
	if (!buf)
		return -ENOMEM;
	chain->buf = buf;
	memcpy(buf + chain->size, cap, size);
	memset(buf + chain->size + size, 0, padded - size);
	if (chain->size)
		header_at(chain, chain->last)->next = chain->size;
	header_at(chain, chain->size)->next = 0;
	chain->last = chain->size;
	chain->size += padded;
	return 0;
}

/* From offsets in the chain to offsets in the info structure. */
static void shift(struct vfio_chain *chain, size_t info_size)
{
	struct vfio_info_cap_header *header = header_at(chain, 0);

	while (header->next) {
		size_t next = header->next;

		header->next += info_size;
		header = header_at(chain, next);
	}
}

/* Does the chain go to the client? */
static bool place(struct vfio_chain *chain, const struct vfio_chain_info *info)
{
	if (!chain->size)
		return false;
	if (*info->argsz < info->size + chain->size) {
		*info->argsz = info->size + chain->size;
		*info->cap_offset = 0;
		return false;
	}
	shift(chain, info->size);
	*info->cap_offset = info->size;
	return true;
}

int vfio_chain_write(struct vfio_chain *chain, uint64_t arg,
		     const struct vfio_chain_info *info)
{
	bool placed = place(chain, info);
	const struct vfio_copy parts[] = {
		{ arg + info->size, chain->buf, chain->size },
		{ arg, info->info, info->written },
	};
	int ret;

	if (placed)
		ret = vfio_copy_parts_to_user(parts, 2);
	else
		ret = vfio_copy_parts_to_user(&parts[1], 1);
	vfio_chain_free(chain);
	return ret;
}

void vfio_chain_free(struct vfio_chain *chain)
{
	free(chain->buf);
	*chain = (struct vfio_chain){ 0 };
}
