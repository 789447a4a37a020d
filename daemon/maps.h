/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a process's /proc/PID/maps, open as @fd, says. Any thread; moves no
 * file position.
 */
#ifndef VFIOD_DAEMON_MAPS_H
#define VFIOD_DAEMON_MAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct stat;

/*
 * May the process write at @vaddr? 0, and in *@end where the mapping that
 * allows it ends; -EFAULT.
 */
int maps_writable(int fd, uint64_t vaddr, uint64_t *end);

/* One mapping of the process. */
struct maps_vma {
	uint64_t start, end;
	uint64_t offset; /* in the file, of the start */
	dev_t dev; /* of the file; anonymous memory has no inode */
	ino_t ino;
	bool readable, writable, shared;
};

/*
 * The mapping that holds @vaddr: 0; -EFAULT: none does; -ESRCH: the address
 * space is gone; -ENOTTY: the kernel is older than 6.11.
 */
int maps_find(int fd, uint64_t vaddr, struct maps_vma *vma);

/*
 * Of what file is the mapping that holds @vaddr: its device and inode numbers,
 * no more of @st, and what it is called, "" if it is not. 0; -EFAULT, -ESRCH;
 * -ENAMETOOLONG. The time that it takes before Linux 6.11 grows with the number
 * of mappings.
 */
int maps_file(int fd, uint64_t vaddr, struct stat *st, char *name, size_t size);

/* Has the address space a user left? 0, -ESRCH; -ENOTTY as above. */
int maps_alive(int fd);

#endif
