// SPDX-License-Identifier: BSD-3-Clause
/* Building and writing of capability chains. */
#include <errno.h>
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

int vfio_chain_write(struct vfio_chain *chain, uint64_t arg, size_t info_size,
		     uint32_t *argsz, uint32_t *cap_offset)
{
	int ret = 0;

	if (!chain->size)
		return 0;
	if (*argsz < info_size + chain->size) {
		*argsz = info_size + chain->size;
		*cap_offset = 0;
	} else {
		shift(chain, info_size);
		ret = vfio_copy_to_user(arg + info_size, chain->buf,
					chain->size);
		*cap_offset = info_size;
	}
	vfio_chain_free(chain);
	return ret;
}

void vfio_chain_free(struct vfio_chain *chain)
{
	free(chain->buf);
	*chain = (struct vfio_chain){ 0 };
}
