// SPDX-License-Identifier: BSD-3-Clause
/*
 * Copying from and to an address space. process_vm_readv(2), unlike
 * /proc/PID/mem, honours the protection of pages as a DMA by the process
 * itself would; but it knows processes only, so the mm is looked at as well.
 *
 * Memory that is held is copied in a window (window.h) of the same file, after
 * a look at what the client has at that address now. A client that changes it
 * at that moment gets the one or the other; so it does from
 * process_vm_readv(2), which takes the pages first and copies then.
 */
#include <errno.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guard.h"
#include "maps.h"
#include "mm.h"
#include "mm_state.h"

/* How many pages are looked at in one call: UIO_MAXIOV. */
#define PIN_ROW 1024

int mm_write(pid_t pid, const struct vfio_copy *parts, size_t nr)
{
	struct iovec local[MM_PARTS], remote[MM_PARTS];
	size_t len = 0;
	ssize_t n;

	for (size_t i = 0; i < nr; i++) {
		local[i].iov_base = (void *)(uintptr_t)parts[i].from;
		remote[i].iov_base = (void *)(uintptr_t)parts[i].to;
		local[i].iov_len = remote[i].iov_len = parts[i].n;
		len += parts[i].n;
	}
	n = process_vm_writev(pid, local, nr, remote, nr, 0);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EFAULT;
}

/* Page 0 is never there: EIO from a living mm, nothing from a dead one. */
bool mm_is_alive(const struct mm *mm)
{
	struct pollfd pfd = { .fd = mm->pidfd, .events = POLLIN };
	char byte;

	if (mm->can_query)
		return !maps_alive(mm->maps_fd);
	if (mm->mem_fd < 0)
		return poll(&pfd, 1, 0) == 0;
	return pread(mm->mem_fd, &byte, 1, 0) != 0;
}

/*
 * The leader of a process may have ended before its other threads; then only
 * /proc/PID/mem leads to the memory.
 */
static int leaderless_copy(const struct mm *mm, uint64_t vaddr, void *buf,
			   size_t len, bool write)
{
	ssize_t n;

	if (write)
		n = pwrite(mm->mem_fd, buf, len, (off_t)vaddr);
	else
		n = pread(mm->mem_fd, buf, len, (off_t)vaddr);
	return n == (ssize_t)len ? 0 : -EFAULT;
}

/*
 * The question comes after a read, since the process may exec meanwhile. A
 * write cannot be taken back, so it comes before; what is left is the instant
 * between the question and the kernel's look at the pid.
 */
int mm_rw(struct vfio_mm *base, uint64_t vaddr, void *buf, size_t len,
	  bool write)
{
	struct mm *mm = to_mm(base);
	int ret;

	if (write && !mm_is_alive(mm))
		return -ESRCH;
	ret = mm_copy(mm->tgid, vaddr, buf, len, write);
	if (ret == -ESRCH)
		ret = leaderless_copy(mm, vaddr, buf, len, write);
	if (!write && !mm_is_alive(mm))
		return -ESRCH;
	return ret ? -EFAULT : 0;
}

static int window_copy(void *mem, void *buf, size_t len, bool write)
{
	return write ? guard_copy(mem, buf, len) : guard_copy(buf, mem, len);
}

int mm_rw_near(struct vfio_mm *base, const struct vfio_hold *hold,
	       uint64_t vaddr, void *buf, size_t len, bool write)
{
	struct mm *mm = to_mm(base);
	struct maps_vma vma;
	uint8_t *mem;
	int ret;

	ret = maps_find(mm->maps_fd, vaddr, &vma);
	if (ret)
		return ret;
	mem = window_at(hold->host, &vma, vaddr, len);
	if (!mem)
		return mm_rw(base, vaddr, buf, len, write);
	if (!(write ? vma.writable && window_is_writable(hold->host) :
		      vma.readable))
		return -EFAULT;
	return window_copy(mem, buf, len, write);
}

/* A byte of each of up to PIN_ROW pages: how many are there in a row. */
static int64_t touch(struct mm *mm, uint64_t vaddr, uint64_t npages)
{
	char bytes[PIN_ROW];
	struct iovec local = { .iov_base = bytes, .iov_len = npages };
	struct iovec remote[PIN_ROW];
	ssize_t n;

	for (uint64_t i = 0; i < npages; i++) {
		uint64_t at = vaddr + i * VFIO_PAGE_SIZE;

		remote[i].iov_base = (void *)(uintptr_t)at;
		remote[i].iov_len = 1;
	}
	n = process_vm_readv(mm->tgid, &local, 1, remote, npages, 0);
	if (n < 0 && errno == ESRCH)
		n = leaderless_copy(mm, vaddr, bytes, 1, false) ? -1 : 1;
	if (!mm_is_alive(mm))
		return -ESRCH;
	return n > 0 ? n : -EFAULT;
}

/*
 * Nothing that a process may do to another makes a page writable without
 * writing it, so ask what the mapping allows, and touch the pages.
 */
int64_t mm_pin(struct vfio_mm *base, uint64_t vaddr, uint64_t npages,
	       bool write)
{
	struct mm *mm = to_mm(base);
	uint64_t end;
	int ret;

	if (!mm_is_alive(mm))
		return -ESRCH;
	if (npages > PIN_ROW)
		npages = PIN_ROW;
	if (write && mm->maps_fd >= 0) {
		ret = maps_writable(mm->maps_fd, vaddr, &end);
		if (ret)
			return ret;
		if (npages > (end - vaddr) >> VFIO_PAGE_SHIFT)
			npages = (end - vaddr) >> VFIO_PAGE_SHIFT;
	}
	return touch(mm, vaddr, npages);
}

int mm_hold(struct vfio_mm *base, uint64_t vaddr, size_t len,
	    struct vfio_hold *hold)
{
	struct mm *mm = to_mm(base);
	struct window *window;
	struct maps_vma vma;
	int ret;

	if (!mm->can_query)
		return -EOPNOTSUPP;
	ret = maps_find(mm->maps_fd, vaddr, &vma);
	if (!ret)
		ret = windows_hold(&mm->windows, mm->tgid, &vma, vaddr, len,
				   &window, &hold->mem);
	if (!ret)
		hold->host = window;
	return ret;
}

void mm_drop(struct vfio_hold *hold)
{
	window_put(hold->host);
}

int mm_hold_rw(const struct vfio_hold *hold, size_t offset, void *buf,
	       size_t len, bool write)
{
	return window_copy(hold->mem + offset, buf, len, write);
}
