// SPDX-License-Identifier: BSD-3-Clause
#include "maps.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define TEXT_BYTES 8192 /* more than a line has */

/* Linux 6.11; the headers of Debian 12 do not have it. */
#ifndef PROCMAP_QUERY
#define PROCMAP_QUERY _IOWR('f', 17, struct procmap_query)
#define PROCMAP_QUERY_VMA_READABLE 0x01
#define PROCMAP_QUERY_VMA_WRITABLE 0x02
#define PROCMAP_QUERY_VMA_SHARED 0x08
#define PROCMAP_QUERY_COVERING_OR_NEXT_VMA 0x10

struct procmap_query {
	uint64_t size;
	uint64_t query_flags;
	uint64_t query_addr;
	uint64_t vma_start;
	uint64_t vma_end;
	uint64_t vma_flags;
	uint64_t vma_page_size;
	uint64_t vma_offset;
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint32_t vma_name_size;
	uint32_t build_id_size;
	uint64_t vma_name_addr;
	uint64_t build_id_addr;
};
#endif

/*
 * Older kernels: read the text, up to the line of the mapping that holds
 * @vaddr, which stays in @buf. With pread(2), since others may be reading the
 * same file.
 */
static const char *find_line(int fd, uint64_t vaddr, char *buf, size_t size)
{
	uint64_t start, end;
	size_t have = 0;
	off_t pos = 0;
	ssize_t n;

	while ((n = pread(fd, buf + have, size - have, pos)) > 0) {
		char *line = buf, *newline;

		pos += n;
		have += n;
		while ((newline = memchr(line, '\n', buf + have - line))) {
			*newline = '\0';
			if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start,
				   &end) == 2 &&
			    vaddr >= start && vaddr < end)
				return line;
			line = newline + 1;
		}
		have = buf + have - line;
		memmove(buf, line, have);
	}
	return NULL;
}

static int scan_writable(int fd, uint64_t vaddr, uint64_t *end)
{
	char buf[TEXT_BYTES], perms[5];
	const char *line = find_line(fd, vaddr, buf, sizeof(buf));

	if (!line || sscanf(line, "%*x-%" SCNx64 " %4s", end, perms) != 2)
		return -EFAULT;
	return perms[1] == 'w' ? 0 : -EFAULT;
}

static int scan_file(int fd, uint64_t vaddr, struct stat *st, char *name,
		     size_t size)
{
	char buf[TEXT_BYTES];
	const char *line = find_line(fd, vaddr, buf, sizeof(buf));
	unsigned int major, minor;
	int at = 0;

	if (!line || sscanf(line, "%*x-%*x %*s %*x %x:%x %lu %n", &major,
			    &minor, &st->st_ino, &at) != 3)
		return -EFAULT;
	st->st_dev = makedev(major, minor);
	if ((size_t)snprintf(name, size, "%s", line + at) >= size)
		return -ENAMETOOLONG;
	return 0;
}

int maps_writable(int fd, uint64_t vaddr, uint64_t *end)
{
	struct procmap_query query = {
		.size = sizeof(query),
		.query_addr = vaddr,
	};

	if (ioctl(fd, PROCMAP_QUERY, &query))
		return errno == ENOTTY ? scan_writable(fd, vaddr, end) :
					 -EFAULT;
	*end = query.vma_end;
	return query.vma_flags & PROCMAP_QUERY_VMA_WRITABLE ? 0 : -EFAULT;
}

int maps_find(int fd, uint64_t vaddr, struct maps_vma *vma)
{
	struct procmap_query query = {
		.size = sizeof(query),
		.query_addr = vaddr,
	};

	if (ioctl(fd, PROCMAP_QUERY, &query))
		return errno == ENOENT ? -EFAULT : -errno;
	*vma = (struct maps_vma){
		.start = query.vma_start,
		.end = query.vma_end,
		.offset = query.vma_offset,
		.dev = makedev(query.dev_major, query.dev_minor),
		.ino = query.inode,
		.readable = query.vma_flags & PROCMAP_QUERY_VMA_READABLE,
		.writable = query.vma_flags & PROCMAP_QUERY_VMA_WRITABLE,
		.shared = query.vma_flags & PROCMAP_QUERY_VMA_SHARED,
	};
	return 0;
}

int maps_file(int fd, uint64_t vaddr, struct stat *st, char *name, size_t size)
{
	struct procmap_query query = {
		.size = sizeof(query),
		.query_addr = vaddr,
		.vma_name_size = (uint32_t)size,
		.vma_name_addr = (uintptr_t)name,
	};

	*st = (struct stat){ 0 };
	name[0] = '\0';
	if (!ioctl(fd, PROCMAP_QUERY, &query)) {
		st->st_dev = makedev(query.dev_major, query.dev_minor);
		st->st_ino = query.inode;
		return 0;
	}
	if (errno == ENOTTY)
		return scan_file(fd, vaddr, st, name, size);
	return errno == ENOENT ? -EFAULT : -errno;
}

int maps_alive(int fd)
{
	struct procmap_query query = {
		.size = sizeof(query),
		.query_flags = PROCMAP_QUERY_COVERING_OR_NEXT_VMA,
	};

	/* It may live without a single mapping. */
	if (!ioctl(fd, PROCMAP_QUERY, &query) || errno == ENOENT)
		return 0;
	return -errno;
}
