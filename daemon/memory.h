/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of a device: a sparse memfd with each region at its file offset,
 * so that an mmap of the device's file can be one of the memfd: by FUSE
 * passthrough, or by the handover. With polls it is one of a file of the pager
 * instead, of which the memfd is the content.
 */
#ifndef VFIOD_DAEMON_MEMORY_H
#define VFIOD_DAEMON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pager;
struct vfio_memory;

/*
 * Can the connection @fuse_fd have the memory as a backing file
 * (passthrough.h)? Then clients can map it.
 */
void memory_try(struct vfio_memory *memory, int fuse_fd);

/*
 * The backing id for a file of the device that is being opened; 0: clients
 * cannot map it. A negative errno.
 */
int memory_backing(struct vfio_memory *memory, int fuse_fd);

/* Where it ends in the device's file, below 4 GiB; 1 if all is beyond. */
uint32_t memory_reach(const struct vfio_memory *memory);

/* Clients can map it in another way, by memory_lend(). */
void memory_offer(struct vfio_memory *memory);

/*
 * An fd of the memory, to be mapped for who has the device open: a new fd or
 * a negative errno. From now on the last close renews it.
 */
int memory_lend(struct vfio_memory *memory);

/*
 * Make the memory one for which memory_sleep() works: 0 or a negative errno.
 * To @signal, an eventfd that is to live as long as the memory, 1 is added when
 * a sleep is over. EBUSY: somebody may have mapped the memory already. Once made
 * so it stays so, and calling this again does nothing. A device's polls call
 * this and what follows, with their lock held.
 */
int memory_watch(struct vfio_memory *memory, struct pager *pager, int signal);

/*
 * Keep what is in [@offset, @offset + @size) of region @index, whole words, in
 * @seen. Who looks at the memory after this does not see what is older.
 */
void memory_keep(const struct vfio_memory *memory, uint32_t index,
		 uint64_t offset, uint64_t *seen, uint64_t size);

/*
 * Sleep until somebody accesses it: from now on @signal tells of the first
 * access, before that is done. 0: what was there before is what was kept. 1: it
 * may not be, and there need be no signal. A negative errno: it cannot be had.
 */
int memory_sleep(struct vfio_memory *memory, uint32_t index, uint64_t offset,
		 const uint64_t *seen, uint64_t size);

/*
 * The name of the device whose memory a mapping is or was of, from what
 * /proc/PID/maps says of it, which is cut up for it; NULL: of none. Who calls
 * a memfd of its own so gets what a device's memory gets, and no more.
 */
const char *memory_device(char *mapping);

#endif
