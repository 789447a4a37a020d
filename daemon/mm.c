// SPDX-License-Identifier: BSD-3-Clause
/*
 * A process can exit, exec, or leave its number to another; what names its
 * address space for good is an open /proc/PID/mem, which reads nothing once
 * that mm has no user. It is kept to tell whether the mm still lives;
 * copying goes through process_vm_readv(2), which, unlike /proc/PID/mem,
 * honours the protection of pages as a DMA by the process itself would.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "maps.h"
#include "mm.h"
#include "task_status.h"

/* How many pages are looked at in one call: UIO_MAXIOV. */
#define PIN_ROW 1024
/* How many threads the table remembers the mm of. */
#define NR_RECENT 64

struct mm {
	struct vfio_mm base;
	struct mm_table *table;
	LIST_ENTRY(mm) next; /* table->lock */
	pid_t tgid;
	int pidfd;
	/*
	 * -1 for a process that made itself undumpable, while vfiod has no
	 * power over root's files: then only its end is noticed, not an exec.
	 */
	int mem_fd;
	int maps_fd;
	bool native;
};

struct mm_table {
	ino_t native_ns; /* vfiod's user namespace at its start */
	/*
	 * A leaf. Guards the list, and the references of those that fall to
	 * zero: who finds an mm in the list must be able to keep it.
	 */
	pthread_mutex_t lock;
	LIST_HEAD(, mm) mms;
	/*
	 * The mm that a thread had when it was last looked at, without a
	 * reference: released mms are taken out. By tid modulo NR_RECENT.
	 */
	struct {
		pid_t tid;
		struct mm *mm;
	} recent[NR_RECENT];
};

static struct mm *to_mm(struct vfio_mm *base)
{
	return (struct mm *)base;
}

static ino_t user_ns(pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	return stat(path, &st) ? 0 : st.st_ino;
}

struct mm_table *mm_table_create(void)
{
	struct mm_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->native_ns = user_ns(getpid());
	pthread_mutex_init(&table->lock, NULL);
	LIST_INIT(&table->mms);
	return table;
}

void mm_table_destroy(struct mm_table *table)
{
	pthread_mutex_destroy(&table->lock);
	free(table);
}

int mm_copy(pid_t pid, uint64_t vaddr, void *buf, size_t len, bool write)
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
static bool is_alive(const struct mm *mm)
{
	struct pollfd pfd = { .fd = mm->pidfd, .events = POLLIN };
	char byte;

	if (mm->mem_fd < 0)
		return poll(&pfd, 1, 0) == 0;
	return pread(mm->mem_fd, &byte, 1, 0) != 0;
}

/*
 * The leader of a process may have ended before its other threads; then only
 * /proc/PID/mem leads to the memory.
 */
static int leaderless_copy(struct mm *mm, uint64_t vaddr, void *buf, size_t len,
			   bool write)
{
	ssize_t n;

	if (write)
		n = pwrite(mm->mem_fd, buf, len, vaddr);
	else
		n = pread(mm->mem_fd, buf, len, vaddr);
	return n == (ssize_t)len ? 0 : -EFAULT;
}

/*
 * The question comes before the copy, and for a read again after it, since
 * the process may exec meanwhile. A write cannot be taken back; what is left
 * is the instant between the question and the kernel's look at the pid.
 */
static int mm_rw(struct vfio_mm *base, uint64_t vaddr, void *buf, size_t len,
		 bool write)
{
	struct mm *mm = to_mm(base);
	int ret;

	if (!is_alive(mm))
		return -ESRCH;
	ret = mm_copy(mm->tgid, vaddr, buf, len, write);
	if (ret == -ESRCH)
		ret = leaderless_copy(mm, vaddr, buf, len, write);
	if (!write && !is_alive(mm))
		return -ESRCH;
	return ret ? -EFAULT : 0;
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
	if (!is_alive(mm))
		return -ESRCH;
	return n > 0 ? n : -EFAULT;
}

/*
 * Nothing that a process may do to another makes a page writable without
 * writing it, so ask what the mapping allows, and touch the pages.
 */
static int64_t mm_pin(struct vfio_mm *base, uint64_t vaddr, uint64_t npages,
		      bool write)
{
	struct mm *mm = to_mm(base);
	uint64_t end;
	int ret;

	if (!is_alive(mm))
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

static uint64_t mm_memlock(struct vfio_mm *base)
{
	struct rlimit limit;

	if (prlimit(to_mm(base)->tgid, RLIMIT_MEMLOCK, NULL, &limit))
		return 0;
	if (limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur >> VFIO_PAGE_SHIFT;
}

static void forget(struct mm_table *table, const struct mm *mm)
{
	for (size_t i = 0; i < NR_RECENT; i++)
		if (table->recent[i].mm == mm)
			table->recent[i].mm = NULL;
}

static void close_files(struct mm *mm)
{
	if (mm->pidfd >= 0)
		close(mm->pidfd);
	if (mm->mem_fd >= 0)
		close(mm->mem_fd);
	if (mm->maps_fd >= 0)
		close(mm->maps_fd);
}

static void mm_release(struct vfio_mm *base)
{
	struct mm *mm = to_mm(base);
	struct mm_table *table = mm->table;

	pthread_mutex_lock(&table->lock);
	LIST_REMOVE(mm, next);
	forget(table, mm);
	pthread_mutex_unlock(&table->lock);
	close_files(mm);
	free(mm);
}

static const struct vfio_mm_ops mm_ops = {
	.rw = mm_rw,
	.pin = mm_pin,
	.memlock = mm_memlock,
	.release = mm_release,
};

static int open_proc(pid_t pid, const char *file, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

static int open_files(struct mm *mm, pid_t tid)
{
	mm->mem_fd = mm->maps_fd = -1;
	mm->pidfd = pidfd_open(mm->tgid, 0);
	if (mm->pidfd < 0)
		return -errno;
	mm->mem_fd = open_proc(tid, "mem", O_RDWR);
	if (mm->mem_fd == -EACCES)
		return 0;
	if (mm->mem_fd < 0)
		return mm->mem_fd;
	mm->maps_fd = open_proc(tid, "maps", O_RDONLY);
	return mm->maps_fd < 0 ? mm->maps_fd : 0;
}

static int mm_create(struct mm_table *table, pid_t tid, pid_t tgid,
		     struct mm **out)
{
	struct mm *mm = calloc(1, sizeof(*mm));
	int ret;

	if (!mm)
		return -ENOMEM;
	mm->base.ops = &mm_ops;
	atomic_init(&mm->base.refs, 1);
	mm->table = table;
	mm->tgid = tgid;
	mm->native = user_ns(tid) == table->native_ns;
	ret = open_files(mm, tid);
	if (ret) {
		close_files(mm);
		free(mm);
		return ret;
	}
	*out = mm;
	return 0;
}

/*
 * Is @mm still what thread @tid lives in? Threads of another process that
 * shares the mm (vfork) count as well.
 */
static bool is_of(const struct mm *mm, pid_t tid)
{
	return is_alive(mm) &&
	       (tid == mm->tgid ||
		!syscall(SYS_kcmp, tid, mm->tgid, KCMP_VM, 0, 0));
}

/* Take a reference unless the last one is being dropped right now. */
static bool get_unless_zero(struct mm *mm)
{
	unsigned int refs = atomic_load(&mm->base.refs);

	while (refs)
		if (atomic_compare_exchange_weak(&mm->base.refs, &refs,
						 refs + 1))
			return true;
	return false;
}

/* table->lock is held. */
static struct mm *find_recent(struct mm_table *table, pid_t tid)
{
	unsigned int slot = tid % NR_RECENT;
	struct mm *mm = table->recent[slot].mm;

	if (mm && table->recent[slot].tid == tid && is_of(mm, tid) &&
	    get_unless_zero(mm))
		return mm;
	return NULL;
}

/* table->lock is held. */
static struct mm *find_listed(struct mm_table *table, pid_t tid, pid_t tgid)
{
	struct mm *mm;

	LIST_FOREACH(mm, &table->mms, next)
		if (mm->tgid == tgid && is_of(mm, tid) && get_unless_zero(mm))
			return mm;
	return NULL;
}

static void remember(struct mm_table *table, pid_t tid, struct mm *mm)
{
	table->recent[tid % NR_RECENT].tid = tid;
	table->recent[tid % NR_RECENT].mm = mm;
}

/* table->lock is held, so that an mm is never in the list twice. */
static int find_or_create(struct mm_table *table, pid_t tid, struct mm **out)
{
	long tgid;
	int ret;

	*out = find_recent(table, tid);
	if (*out)
		return 0;
	ret = task_status_number(tid, "Tgid:", &tgid);
	if (ret)
		return ret;
	*out = find_listed(table, tid, tgid);
	if (!*out) {
		ret = mm_create(table, tid, tgid, out);
		if (ret)
			return ret;
		LIST_INSERT_HEAD(&table->mms, *out, next);
	}
	remember(table, tid, *out);
	return 0;
}

int mm_find(struct mm_table *table, pid_t tid, struct vfio_mm **out)
{
	struct mm *mm;
	int ret;

	pthread_mutex_lock(&table->lock);
	ret = find_or_create(table, tid, &mm);
	pthread_mutex_unlock(&table->lock);
	if (!ret)
		*out = &mm->base;
	return ret;
}

bool mm_is_native(const struct vfio_mm *mm)
{
	return ((const struct mm *)mm)->native;
}
