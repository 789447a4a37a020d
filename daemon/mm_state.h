/* SPDX-License-Identifier: BSD-3-Clause */
/* What mm.c and mm_rw.c share: an address space. */
#ifndef VFIOD_DAEMON_MM_STATE_H
#define VFIOD_DAEMON_MM_STATE_H

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "../backend/host.h"
#include "window.h"

struct mm_table;

struct mm {
	struct vfio_mm base;
	struct mm_table *table;
	LIST_ENTRY(mm) next; /* table->lock */
	struct windows windows; /* its shared memory, as far as it is held */
	pid_t tgid;
	int pidfd;
	/*
	 * -1 for a process that made itself undumpable, while vfiod has no
	 * power over root's files: then only its end is noticed, not an exec.
	 */
	int mem_fd;
	int maps_fd;
	bool can_query; /* the kernel answers maps_find() */
	bool native;
};

static inline struct mm *to_mm(struct vfio_mm *base)
{
	return (struct mm *)base;
}

/* Has it a user left? mm_rw.c. */
bool mm_is_alive(const struct mm *mm);

/* vfio_mm_ops of the same names: mm_rw.c. */
int mm_rw(struct vfio_mm *base, uint64_t vaddr, void *buf, size_t len,
	  bool write);
int64_t mm_pin(struct vfio_mm *base, uint64_t vaddr, uint64_t npages,
	       bool write);
int mm_hold(struct vfio_mm *base, uint64_t vaddr, size_t len,
	    struct vfio_hold *hold);
void mm_drop(struct vfio_hold *hold);
int mm_hold_rw(const struct vfio_hold *hold, size_t offset, void *buf,
	       size_t len, bool write);
int mm_rw_near(struct vfio_mm *base, const struct vfio_hold *hold,
	       uint64_t vaddr, void *buf, size_t len, bool write);

#endif
