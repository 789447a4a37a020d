// SPDX-License-Identifier: BSD-3-Clause
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vfiod/plugin.h>

#include "../backend/host.h"
#include "../backend/region.h"
#include "log.h"
#include "pager.h"
#include "passthrough.h"

#define COPY_BYTES (128UL * 1024)
#define NAME "vfiod-device:"
#define NAME_BYTES 128
#define DELETED " (deleted)"

struct memory {
	struct vfio_memory base;
	const struct vfiod_type *type;
	const char *name; /* of the device */
	uint32_t nr;
	uint64_t *sizes; /* of the regions */
	/* Guards what follows: the device's first open and last close come on
	 * one thread, opens of its files on another. Outside the pager's. */
	pthread_mutex_t lock;
	int fd; /* the memfd */
	/* A file with the memfd's content, whose pages can be dropped; then it
	 * is what is mapped, here and by clients. -1: it is the memfd itself. */
	int view;
	uint64_t view_id;
	struct pager *pager; /* of the views; NULL: there are to be none */
	int signal; /* what it tells of pages that come back by */
	bool lent; /* somebody may have it mapped by memory_lend() */
	bool passthrough;
	int fuse_fd; /* where it is registered */
	int backing; /* 0: not registered */
	/* A leaf but for the pager's. Held for reading by those who want the
	 * pages to stay; for writing, if it is to be had, while they go. */
	pthread_rwlock_t pages;
};

static struct memory *to_memory(struct vfio_memory *base)
{
	return (struct memory *)base;
}

/* Behind the last region that can be mapped. */
static off_t file_size(const struct vfiod_type *type)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < type->nr_regions; i++) {
		uint64_t at = vfio_region_offset(type, i) + VFIOD_OFFSET(1);

		if (type->regions[i].flags & VFIO_REGION_INFO_FLAG_MMAP)
			end = at > end ? at : end;
	}
	return (off_t)end;
}

/* Of a size that nobody can change, whoever gets at it. */
static int create_file(const struct memory *m)
{
	char name[NAME_BYTES];
	int fd;

	snprintf(name, sizeof(name), NAME "%s", m->name);
	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (!ftruncate(fd, file_size(m->type)) &&
	    !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return fd;
	close(fd);
	return -ENOMEM;
}

/* A view of the memfd @fd. */
static int create_view(const struct memory *m, int fd, uint64_t *id)
{
	char name[NAME_BYTES];

	snprintf(name, sizeof(name), NAME "%s", m->name);
	return pager_open(m->pager, fd, name, m->signal, id);
}

/* What others map, and get to map. */
static int front(const struct memory *m)
{
	return m->view < 0 ? m->fd : m->view;
}

/*
 * Where @at says, or anywhere. Processes that are forked later have no use for
 * it, and would keep what is replaced some day.
 */
static uint8_t *map_region(const struct memory *m, int fd, uint32_t index,
			   uint8_t *at)
{
	uint8_t *mem = mmap(at, m->sizes[index], PROT_READ | PROT_WRITE,
			    MAP_SHARED | (at ? MAP_FIXED : 0), fd,
			    (off_t)vfio_region_offset(m->type, index));

	if (mem != MAP_FAILED)
		madvise(mem, m->sizes[index], MADV_DONTFORK);
	return mem;
}

static int map_regions(struct memory *m)
{
	for (uint32_t i = 0; i < m->nr; i++) {
		const struct vfiod_region *region = &m->type->regions[i];
		uint64_t end = region->size + VFIO_PAGE_SIZE - 1;
		uint8_t *at;

		if (!(region->flags & VFIO_REGION_INFO_FLAG_MMAP))
			continue;
		m->sizes[i] = end & ~(VFIO_PAGE_SIZE - 1);
		at = map_region(m, m->fd, i, NULL);
		if (at == MAP_FAILED)
			return -errno;
		m->base.regions[i] = at;
	}
	return 0;
}

int vfio_memory_create(const struct vfiod_type *type, const char *name,
		       struct vfio_memory **out)
{
	struct memory *m = calloc(1, sizeof(*m));
	int ret = -ENOMEM;

	if (!m)
		return -ENOMEM;
	pthread_mutex_init(&m->lock, NULL);
	pthread_rwlock_init(&m->pages, NULL);
	m->type = type;
	m->nr = type->nr_regions;
	m->name = name;
	m->view = -1;
	m->fd = create_file(m);
	m->sizes = calloc(m->nr, sizeof(*m->sizes));
	m->base.regions = calloc(m->nr, sizeof(*m->base.regions));
	if (m->fd < 0)
		ret = m->fd;
	else if (m->sizes && m->base.regions)
		ret = map_regions(m);
	if (ret)
		vfio_memory_destroy(&m->base);
	else
		*out = &m->base;
	return ret;
}

static void unregister(struct memory *m)
{
	if (m->backing > 0)
		passthrough_unregister(m->fuse_fd, m->backing);
	m->backing = 0;
}

void vfio_memory_destroy(struct vfio_memory *base)
{
	struct memory *m = to_memory(base);

	for (uint32_t i = 0; base->regions && i < m->nr; i++)
		if (base->regions[i])
			munmap(base->regions[i], m->sizes[i]);
	if (m->view >= 0)
		close(m->view);
	if (m->fd >= 0)
		close(m->fd);
	pthread_mutex_destroy(&m->lock);
	pthread_rwlock_destroy(&m->pages);
	free(base->regions);
	free(m->sizes);
	free(m);
}

/* [@at, @end) of one file to the same place in another. */
static int copy_range(int from, int to, off_t at, off_t end)
{
	char *buf = malloc(COPY_BYTES);
	int ret = buf ? 0 : -ENOMEM;

	while (!ret && at < end) {
		size_t len = end - at < (off_t)COPY_BYTES ? (size_t)(end - at) :
							    COPY_BYTES;
		ssize_t n = pread(from, buf, len, at);

		if (n <= 0 || pwrite(to, buf, n, at) != n)
			ret = -ENOMEM;
		at += n;
	}
	free(buf);
	return ret;
}

void vfio_memory_hold(struct vfio_memory *base)
{
	pthread_rwlock_rdlock(&to_memory(base)->pages);
}

void vfio_memory_unhold(struct vfio_memory *base)
{
	pthread_rwlock_unlock(&to_memory(base)->pages);
}

/* What there is of a region: most of the file are holes. */
static int copy_region(const struct memory *m, int to, uint32_t index)
{
	off_t at = (off_t)vfio_region_offset(m->type, index);
	off_t last = at + (off_t)m->sizes[index], end;
	int ret = 0;

	while (!ret) {
		at = lseek(m->fd, at, SEEK_DATA);
		if (at < 0 || at >= last)
			break;
		end = lseek(m->fd, at, SEEK_HOLE);
		if (end < 0 || end > last)
			end = last;
		ret = copy_range(m->fd, to, at, end);
		at = end;
	}
	return ret;
}

static int copy_regions(const struct memory *m, int to)
{
	int ret = 0;

	/* The memfd is behind the view by what is in pages of that. */
	if (m->view >= 0 && fsync(m->view))
		ret = -errno;
	for (uint32_t i = 0; i < m->nr && !ret; i++)
		if (m->sizes[i])
			ret = copy_region(m, to, i);
	return ret;
}

static void close_files(const struct memory *m)
{
	if (m->view >= 0)
		close(m->view);
	close(m->fd);
}

static int map_instead(const struct memory *m, int fd)
{
	int ret = 0;

	for (uint32_t i = 0; i < m->nr && !ret; i++)
		if (m->sizes[i] &&
		    map_region(m, fd, i, m->base.regions[i]) == MAP_FAILED)
			ret = -ENOMEM;
	return ret;
}

/*
 * Another file with the same content, at the same addresses. What is stored
 * there meanwhile is not lost: the pages of a view are read in later. If it
 * fails, some regions would have one and some the other: so go back.
 */
static int change_file(const struct memory *m, int fd)
{
	int ret = map_instead(m, fd);

	if (ret)
		map_instead(m, front(m));
	return ret;
}

static int replace_files(struct memory *m)
{
	struct memory new = { .fd = create_file(m), .view = -1 };
	int ret;

	if (new.fd < 0)
		return new.fd;
	ret = copy_regions(m, new.fd);
	if (!ret && m->pager) {
		new.view = create_view(m, new.fd, &new.view_id);
		ret = new.view < 0 ? new.view : 0;
	}
	if (!ret)
		ret = change_file(m, front(&new));
	close_files(ret ? &new : m);
	if (ret)
		return ret;
	m->fd = new.fd;
	m->view = new.view;
	m->view_id = new.view_id;
	return 0;
}

/*
 * A mapping outlives the fd that it was made with: so who mapped the device's
 * memory keeps what was the device's when its last fd was closed.
 */
void vfio_memory_renew(struct vfio_memory *base)
{
	struct memory *m = to_memory(base);
	int ret = 0;

	pthread_mutex_lock(&m->lock);
	if (m->backing || m->lent) {
		unregister(m);
		ret = replace_files(m);
		m->lent = m->lent && ret;
	}
	pthread_mutex_unlock(&m->lock);
	if (ret)
		vfio_log(LOG_LEVEL_WARNING,
			 "a client that is gone may still have a device's "
			 "memory mapped: %s",
			 strerror(-ret));
}

/* m->lock is held. */
static int get_backing(struct memory *m, int fuse_fd)
{
	if (!m->backing) {
		m->fuse_fd = fuse_fd;
		m->backing = passthrough_register(fuse_fd, front(m));
	}
	return m->backing;
}

void memory_try(struct vfio_memory *base, int fuse_fd)
{
	struct memory *m = to_memory(base);

	pthread_mutex_lock(&m->lock);
	m->passthrough = get_backing(m, fuse_fd) > 0;
	base->can_map = m->passthrough;
	unregister(m);
	pthread_mutex_unlock(&m->lock);
}

int memory_backing(struct vfio_memory *base, int fuse_fd)
{
	struct memory *m = to_memory(base);
	int ret = 0;

	pthread_mutex_lock(&m->lock);
	if (m->passthrough)
		ret = get_backing(m, fuse_fd);
	pthread_mutex_unlock(&m->lock);
	return ret;
}

uint32_t memory_reach(const struct vfio_memory *base)
{
	const struct memory *m = (const struct memory *)base;
	uint64_t reach = 1;

	for (uint32_t i = 0; i < m->nr; i++) {
		uint64_t at = vfio_region_offset(m->type, i);

		if (m->sizes[i] && at <= UINT32_MAX && at + m->sizes[i] > reach)
			reach = at + m->sizes[i];
	}
	return reach < UINT32_MAX ? (uint32_t)reach : UINT32_MAX;
}

void memory_offer(struct vfio_memory *base)
{
	base->can_map = true;
}

int memory_lend(struct vfio_memory *base)
{
	struct memory *m = to_memory(base);
	int fd;

	pthread_mutex_lock(&m->lock);
	fd = fcntl(front(m), F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		fd = -errno;
	else
		m->lent = true;
	pthread_mutex_unlock(&m->lock);
	return fd;
}

/* m->lock is held. */
static int open_view(struct memory *m)
{
	int ret, view = create_view(m, m->fd, &m->view_id);

	if (view < 0)
		return view;
	ret = change_file(m, view);
	if (ret)
		close(view);
	else
		m->view = view;
	return ret;
}

int memory_watch(struct vfio_memory *base, struct pager *pager, int signal)
{
	struct memory *m = to_memory(base);
	int ret = 0;

	pthread_mutex_lock(&m->lock);
	if (m->view < 0 && (m->backing || m->lent)) {
		ret = -EBUSY;
	} else if (m->view < 0) {
		m->pager = pager;
		m->signal = signal;
		ret = open_view(m);
		if (ret)
			m->pager = NULL;
	}
	pthread_mutex_unlock(&m->lock);
	return ret;
}

/* Word by word: others may be in the middle of storing. */
void memory_keep(const struct vfio_memory *base, uint32_t index,
		 uint64_t offset, uint64_t *seen, uint64_t size)
{
	const uint64_t *words =
		(const uint64_t *)(base->regions[index] + offset);

	for (uint64_t i = 0; i < size / sizeof(*words); i++)
		seen[i] = __atomic_load_n(&words[i], __ATOMIC_ACQUIRE);
}

/* The page at @page is not there, and the memfd still has @size bytes as they
 * were at @pos of it. */
static bool is_as_it_was(const struct memory *m, uint8_t *page, off_t pos,
			 const uint8_t *seen, size_t size)
{
	uint8_t now[VFIO_PAGE_SIZE];
	unsigned char there;

	return !mincore(page, VFIO_PAGE_SIZE, &there) && !(there & 1) &&
	       pread(m->fd, now, size, pos) == (ssize_t)size &&
	       !memcmp(now, seen, size);
}

/* 1: who holds them may be storing to them. */
static int drop(struct memory *m, uint64_t pos, uint64_t size)
{
	int ret;

	if (pthread_rwlock_trywrlock(&m->pages))
		return 1;
	ret = pager_drop(m->pager, m->view, m->view_id, pos, size);
	pthread_rwlock_unlock(&m->pages);
	return ret;
}

int memory_sleep(struct vfio_memory *base, uint32_t index, uint64_t offset,
		 const uint64_t *seen, uint64_t size)
{
	struct memory *m = to_memory(base);
	uint64_t pos = vfio_region_offset(m->type, index) + offset;
	uint64_t done = 0;
	int ret;

	if (m->view < 0)
		return -ENXIO;
	ret = drop(m, pos, size);
	if (ret)
		return ret;
	while (done < size) {
		uint64_t in_page = (offset + done) % VFIO_PAGE_SIZE;
		uint64_t len = VFIO_PAGE_SIZE - in_page;

		len = len < size - done ? len : size - done;
		if (!is_as_it_was(
			    m, base->regions[index] + offset + done - in_page,
			    (off_t)(pos + done), (const uint8_t *)seen + done,
			    len))
			return 1;
		done += len;
	}
	return 0;
}

static const char *skip(const char *text, const char *begin)
{
	size_t len = strlen(begin);

	return strncmp(text, begin, len) ? NULL : text + len;
}

const char *memory_device(char *mapping)
{
	const char *name = skip(mapping, "/memfd:" NAME);
	char *deleted;

	if (!name)
		name = skip(mapping, "/" NAME);
	if (!name)
		return NULL;
	/* As a memfd always is. */
	deleted = strstr(name, DELETED);
	if (deleted)
		*deleted = '\0';
	return name;
}
