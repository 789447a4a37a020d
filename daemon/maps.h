/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIOD_DAEMON_MAPS_H
#define VFIOD_DAEMON_MAPS_H

#include <stdint.h>

/*
 * May the process whose open /proc/PID/maps is @fd write at @vaddr? 0, and in
 * *@end where the mapping that allows it ends; -EFAULT. Any thread; moves no
 * file position.
 */
int maps_writable(int fd, uint64_t vaddr, uint64_t *end);

#endif
