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
	/* A leaf. Guards what follows: the device's first open and last close
	 * come on one thread, opens of its files on another. */
	pthread_mutex_t lock;
	int fd;
	bool lent; /* somebody may have it mapped by memory_lend() */
	bool passthrough;
	int fuse_fd; /* where it is registered */
	int backing; /* 0: not registered */
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

/* Where @at says, or anywhere. */
static uint8_t *map_region(const struct memory *m, int fd, uint32_t index,
			   uint8_t *at)
{
	return mmap(at, m->sizes[index], PROT_READ | PROT_WRITE,
		    MAP_SHARED | (at ? MAP_FIXED : 0), fd,
		    (off_t)vfio_region_offset(m->type, index));
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
	m->type = type;
	m->nr = type->nr_regions;
	m->name = name;
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
	if (m->fd >= 0)
		close(m->fd);
	pthread_mutex_destroy(&m->lock);
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

/* Another file with the same content, at the same addresses. */
static int replace_file(struct memory *m)
{
	int ret = 0, fd = create_file(m);

	if (fd < 0)
		return fd;
	for (uint32_t i = 0; i < m->nr && !ret; i++)
		if (m->sizes[i])
			ret = copy_region(m, fd, i);
	for (uint32_t i = 0; i < m->nr && !ret; i++)
		if (m->sizes[i] &&
		    map_region(m, fd, i, m->base.regions[i]) == MAP_FAILED)
			ret = -ENOMEM;
	if (ret) {
		close(fd);
		return ret;
	}
	close(m->fd);
	m->fd = fd;
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
		ret = replace_file(m);
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
		m->backing = passthrough_register(fuse_fd, m->fd);
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
	fd = fcntl(m->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		fd = -errno;
	else
		m->lent = true;
	pthread_mutex_unlock(&m->lock);
	return fd;
}

const char *memory_device(char *mapping)
{
	static const char begin[] = "/memfd:" NAME;
	size_t len = strlen(mapping), end = strlen(DELETED);

	if (strncmp(mapping, begin, strlen(begin)) ||
	    len < strlen(begin) + end || strcmp(mapping + len - end, DELETED))
		return NULL;
	mapping[len - end] = '\0';
	return mapping + strlen(begin);
}
