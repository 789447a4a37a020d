/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The address spaces of clients: struct vfio_mm over /proc and
 * process_vm_readv(2). Any thread.
 */
#ifndef VFIOD_DAEMON_MM_H
#define VFIOD_DAEMON_MM_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "../backend/host.h"

struct mm_table;
struct stat;

/* All address spaces that somebody refers to. NULL for ENOMEM. */
struct mm_table *mm_table_create(void);
/* None may be left. */
void mm_table_destroy(struct mm_table *table);

/*
 * The address space of thread @tid, with a reference. -ESRCH: it is gone;
 * -EPERM: it may not be looked at; -ENOMEM, -EMFILE.
 */
int mm_find(struct mm_table *table, pid_t tid, struct vfio_mm **mm);

/* The file that is mapped at @vaddr: maps_file(). */
int mm_file_at(struct vfio_mm *mm, uint64_t vaddr, struct stat *st, char *name,
	       size_t size);

/* Does it live in the user namespace that vfiod was started in? */
bool mm_is_native(const struct vfio_mm *mm);

/*
 * Copy between @buf and the memory of thread or process @pid, all or
 * nothing: 0, -EFAULT, -ESRCH, -EPERM. Inline, since each return is dear that
 * follows a system call: dma_rw is made of little else.
 */
static inline int mm_copy(pid_t pid, uint64_t vaddr, void *buf, size_t len,
			  bool write)
{
	struct iovec local = { .iov_base = buf, .iov_len = len };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)vaddr,
				.iov_len = len };
	ssize_t n;

	if (write)
		n = process_vm_writev(pid, &local, 1, &remote, 1, 0);
	else
		n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EFAULT;
}

/*
 * Write up to MM_PARTS parts to it, in order, up to the first that cannot be
 * written whole: 0, or an errno as above.
 */
#define MM_PARTS 2
int mm_write(pid_t pid, const struct vfio_copy *parts, size_t nr);

#endif
