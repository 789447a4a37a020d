// SPDX-License-Identifier: BSD-3-Clause
/*
 * A process can exit, exec, or leave its number to another; what names its
 * address space for good is an open /proc/PID/mem, which reads nothing once
 * that mm has no user, and the same way /proc/PID/maps. mm_rw.c copies.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "maps.h"
#include "mm.h"
#include "mm_state.h"
#include "task_status.h"

/* How many threads the table remembers the mm of. */
#define NR_RECENT 64

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
	windows_fini(&mm->windows);
	free(mm);
}

static const struct vfio_mm_ops mm_ops = {
	.rw = mm_rw,
	.pin = mm_pin,
	.memlock = mm_memlock,
	.release = mm_release,
	.hold = mm_hold,
	.drop = mm_drop,
	.hold_rw = mm_hold_rw,
	.rw_near = mm_rw_near,
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
	if (mm->maps_fd < 0)
		return mm->maps_fd;
	mm->can_query = !maps_alive(mm->maps_fd);
	return 0;
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
	windows_init(&mm->windows);
	ret = open_files(mm, tid);
	if (ret) {
		close_files(mm);
		windows_fini(&mm->windows);
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
	return mm_is_alive(mm) &&
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

int mm_file_at(struct vfio_mm *base, uint64_t vaddr, struct stat *st,
	       char *name, size_t size)
{
	return maps_file(to_mm(base)->maps_fd, vaddr, st, name, size);
}

bool mm_is_native(const struct vfio_mm *mm)
{
	return ((const struct mm *)mm)->native;
}
