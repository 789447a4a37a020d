/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIOD_DAEMON_SHMEM_H
#define VFIOD_DAEMON_SHMEM_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Are the files on device @dev, as process @pid has it mounted, memory (memfd,
 * shared anonymous memory, tmpfs, hugetlbfs)? Then opening and mapping one
 * asks nobody, as it could a FUSE server, vfiod itself for one. Any thread.
 */
bool shmem_is_memory(pid_t pid, dev_t dev);

#endif
