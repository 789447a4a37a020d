// SPDX-License-Identifier: BSD-3-Clause
#include "window.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client_fd.h"
#include "maps.h"
#include "shmem.h"

/* Each takes one of the 65530 mappings that a process may have. */
#define WINDOWS_MAX 512

struct window {
	LIST_ENTRY(window) next;
	struct windows *windows;
	unsigned int refs;
	/* Constant: [offset, offset + size) of the file. */
	dev_t dev;
	ino_t ino;
	uint64_t offset;
	uint64_t size;
	bool writable;
	uint8_t *mem;
};

void windows_init(struct windows *windows)
{
	pthread_mutex_init(&windows->lock, NULL);
	LIST_INIT(&windows->list);
	windows->nr = 0;
}

void windows_fini(struct windows *windows)
{
	pthread_mutex_destroy(&windows->lock);
}

static uint64_t file_offset(const struct maps_vma *vma, uint64_t vaddr)
{
	return vma->offset + (vaddr - vma->start);
}

static bool shows(const struct window *w, const struct maps_vma *vma,
		  uint64_t offset, size_t len)
{
	return w->dev == vma->dev && w->ino == vma->ino &&
	       offset >= w->offset && len <= w->size &&
	       offset - w->offset <= w->size - len;
}

uint8_t *window_at(const struct window *w, const struct maps_vma *vma,
		   uint64_t vaddr, size_t len)
{
	uint64_t offset = file_offset(vma, vaddr);

	if (len > vma->end - vaddr || !shows(w, vma, offset, len))
		return NULL;
	return w->mem + (offset - w->offset);
}

bool window_is_writable(const struct window *w)
{
	return w->writable;
}

/* windows->lock is held. */
static struct window *find(struct windows *windows, const struct maps_vma *vma,
			   uint64_t vaddr, size_t len)
{
	struct window *w;

	LIST_FOREACH(w, &windows->list, next)
		if (w->writable == vma->writable &&
		    window_at(w, vma, vaddr, len))
			return w;
	return NULL;
}

void window_put(struct window *w)
{
	struct windows *windows = w->windows;
	bool last;

	pthread_mutex_lock(&windows->lock);
	last = !--w->refs;
	if (last) {
		LIST_REMOVE(w, next);
		windows->nr--;
	}
	pthread_mutex_unlock(&windows->lock);
	if (!last)
		return;
	munmap(w->mem, w->size);
	free(w);
}

static int open_flags(const struct maps_vma *vma)
{
	/* Should another file take the place of the one that is meant. */
	return (vma->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK |
	       O_NOCTTY;
}

/* For that one needs rights over the whole machine. */
static int open_mapped(pid_t pid, const struct maps_vma *vma)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid,
		 (unsigned long long)vma->start, (unsigned long long)vma->end);
	return open(path, open_flags(vma));
}

/* Without them, one of the process's fds may be of the same file. */
static int open_by_fd(pid_t pid, const struct maps_vma *vma)
{
	struct dirent *entry;
	char path[64];
	struct stat st;
	int fd = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && fd < 0 && (entry = readdir(dir))) {
		if (client_fd_stat(pid, atoi(entry->d_name), &st) ||
		    st.st_dev != vma->dev || st.st_ino != vma->ino)
			continue;
		fd = openat(dirfd(dir), entry->d_name, open_flags(vma));
	}
	if (dir)
		closedir(dir);
	return fd;
}

/* The file behind @vma, and no other. */
static int open_file(pid_t pid, const struct maps_vma *vma)
{
	struct stat st;
	int fd;

	fd = open_mapped(pid, vma);
	if (fd < 0)
		fd = open_by_fd(pid, vma);
	if (fd < 0)
		return -EACCES;
	if (!fstat(fd, &st) && st.st_dev == vma->dev && st.st_ino == vma->ino)
		return fd;
	close(fd);
	return -EAGAIN;
}

static int map_window(struct window *w, pid_t pid, const struct maps_vma *vma)
{
	int prot = vma->writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *mem;
	int fd, ret = 0;

	fd = open_file(pid, vma);
	if (fd < 0)
		return fd;
	mem = mmap(NULL, vma->end - vma->start, prot, MAP_SHARED, fd,
		   (off_t)vma->offset);
	if (mem == MAP_FAILED)
		ret = -errno;
	close(fd);
	*w = (struct window){
		.refs = 1,
		.dev = vma->dev,
		.ino = vma->ino,
		.offset = vma->offset,
		.size = vma->end - vma->start,
		.writable = vma->writable,
		.mem = mem,
	};
	return ret;
}

/* windows->lock is held, so that no window is made twice. */
static int make(struct windows *windows, pid_t pid, const struct maps_vma *vma,
		struct window **out)
{
	struct window *w;
	int ret;

	if (windows->nr == WINDOWS_MAX)
		return -ENOSPC;
	w = malloc(sizeof(*w));
	if (!w)
		return -ENOMEM;
	ret = map_window(w, pid, vma);
	if (ret) {
		free(w);
		return ret;
	}
	w->windows = windows;
	LIST_INSERT_HEAD(&windows->list, w, next);
	windows->nr++;
	*out = w;
	return 0;
}

static int find_or_make(struct windows *windows, pid_t pid,
			const struct maps_vma *vma, uint64_t vaddr, size_t len,
			struct window **out)
{
	*out = find(windows, vma, vaddr, len);
	if (*out) {
		(*out)->refs++;
		return 0;
	}
	if (!shmem_is_memory(pid, vma->dev))
		return -EOPNOTSUPP;
	return make(windows, pid, vma, out);
}

int windows_hold(struct windows *windows, pid_t pid, const struct maps_vma *vma,
		 uint64_t vaddr, size_t len, struct window **out, uint8_t **mem)
{
	int ret;

	if (!vma->shared || !vma->ino || len > vma->end - vaddr)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&windows->lock);
	ret = find_or_make(windows, pid, vma, vaddr, len, out);
	pthread_mutex_unlock(&windows->lock);
	if (!ret)
		*mem = window_at(*out, vma, vaddr, len);
	return ret;
}
