/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of a device: a sparse memfd with each region at its file offset,
 * so that an mmap of the device's file can be one of the memfd.
 */
#ifndef VFIOD_DAEMON_MEMORY_H
#define VFIOD_DAEMON_MEMORY_H

#include <stdbool.h>

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

#endif
