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

/*
 * Finish and write the chain to @arg + @info_size, where it starts, if it
 * fits in *@argsz. Sets *@cap_offset to where it starts, or to 0 and *@argsz
 * to what is needed. An empty chain changes nothing. Frees the chain. Does
 * not write the info structure. 0, -EFAULT.
 */
int vfio_chain_write(struct vfio_chain *chain, uint64_t arg, size_t info_size,
		     uint32_t *argsz, uint32_t *cap_offset);

/* For those who give up before vfio_chain_write(). */
void vfio_chain_free(struct vfio_chain *chain);

#endif
