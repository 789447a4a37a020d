// SPDX-License-Identifier: BSD-3-Clause
#include "maps.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

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

/* 0 or -EFAULT if the line's mapping holds @vaddr, 1 if it does not. */
static int check_line(const char *line, uint64_t vaddr, uint64_t *end)
{
	uint64_t start;
	char perms[5];

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, end, perms) !=
		    3 ||
	    vaddr < start || vaddr >= *end)
		return 1;
	return perms[1] == 'w' ? 0 : -EFAULT;
}

/*
 * Older kernels: read the text. With pread(2), since others may be reading
 * the same file.
 */
static int scan(int fd, uint64_t vaddr, uint64_t *end)
{
	char buf[8192];
	size_t have = 0;
	off_t pos = 0;
	ssize_t n;

	while ((n = pread(fd, buf + have, sizeof(buf) - have, pos)) > 0) {
		char *line = buf, *newline;

		pos += n;
		have += n;
		while ((newline = memchr(line, '\n', buf + have - line))) {
			int ret;

			*newline = '\0';
			ret = check_line(line, vaddr, end);
			if (ret <= 0)
				return ret;
			line = newline + 1;
		}
		have = buf + have - line;
		memmove(buf, line, have);
	}
	return -EFAULT;
}

int maps_writable(int fd, uint64_t vaddr, uint64_t *end)
{
	struct procmap_query query = {
		.size = sizeof(query),
		.query_addr = vaddr,
	};

	if (ioctl(fd, PROCMAP_QUERY, &query))
		return errno == ENOTTY ? scan(fd, vaddr, end) : -EFAULT;
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

int maps_name(int fd, uint64_t vaddr, char *name, size_t size)
{
	struct procmap_query query = {
		.size = sizeof(query),
		.query_addr = vaddr,
		.vma_name_size = size,
		.vma_name_addr = (uintptr_t)name,
	};

	name[0] = '\0';
	if (ioctl(fd, PROCMAP_QUERY, &query))
		return errno == ENOENT ? -EFAULT : -errno;
	return 0;
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
