/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of a device: a sparse memfd with each region at its file offset,
 * so that an mmap of the device's file can be one of the memfd: by FUSE
 * passthrough, or by the handover.
 */
#ifndef VFIOD_DAEMON_MEMORY_H
#define VFIOD_DAEMON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
 * The name of the device whose memory a mapping is or was of, from what
 * /proc/PID/maps says of it, which is cut up for it; NULL: of none. Who calls
 * a memfd of its own so gets what a device's memory gets, and no more.
 */
const char *memory_device(char *mapping);

#endif
