/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Capability chains of the INFO ioctls (vfio_info_cap_add(),
 * vfio_info_cap_shift() in drivers/vfio/vfio_main.c): the caller of an INFO
 * ioctl adds capabilities, then writes the whole behind its info structure.
 */
#ifndef VFIOD_BACKEND_CHAIN_H
#define VFIOD_BACKEND_CHAIN_H

#include <linux/vfio.h>
#include <stddef.h>
#include <stdint.h>

struct vfio_chain {
	uint8_t *buf;
	size_t size; /* bytes used, a multiple of 8 */
	size_t last; /* offset of the last header */
};

/*
 * Append a copy of @cap, padded to 8 bytes with zeros; its next field does
 * not matter. -ENOMEM.
 */
int vfio_chain_add(struct vfio_chain *chain,
		   const struct vfio_info_cap_header *cap, size_t size);

/* The structure in front of a chain, as the INFO ioctl is to write it. */
struct vfio_chain_info {
	void *info;
	size_t size; /* where the chain starts */
	size_t written; /* how much of the structure goes to the client */
	uint32_t *argsz; /* these two lie in it */
	uint32_t *cap_offset;
};

/*
 * Write the chain, then the structure, to @arg. If *argsz has no room for
 * both, the chain is left out, *cap_offset is 0 and *argsz what is needed;
 * else *cap_offset is where it starts. An empty chain changes neither. Frees
 * the chain. 0, -EFAULT.
 */
int vfio_chain_write(struct vfio_chain *chain, uint64_t arg,
		     const struct vfio_chain_info *info);

/* For those who give up before vfio_chain_write(). */
void vfio_chain_free(struct vfio_chain *chain);

#endif
