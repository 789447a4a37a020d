// SPDX-License-Identifier: BSD-3-Clause
#include "shmem.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Huge pages of 2 MiB and 1 GiB; the kernel has a file system for each. */
#ifndef MFD_HUGE_SHIFT
#define MFD_HUGE_SHIFT 26
#endif

/* The kernel's own mounts, which no list of mounts shows. */
static bool is_memfd(dev_t dev)
{
	static const unsigned int kinds[] = {
		0,
		MFD_HUGETLB | 21U << MFD_HUGE_SHIFT,
		MFD_HUGETLB | 30U << MFD_HUGE_SHIFT,
	};
	struct stat st;
	bool same = false;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int fd = memfd_create("vfiod-kind", MFD_CLOEXEC | kinds[i]);

		if (fd < 0)
			continue;
		if (!fstat(fd, &st) && st.st_dev == dev)
			same = true;
		close(fd);
	}
	return same;
}

/*
 * "36 35 98:0 /root /mount/point options fields… - type source options": is it
 * a line of @dev, and of a file system that is memory?
 */
static bool is_memory_line(const char *line, dev_t dev)
{
	unsigned int maj, min;
	const char *type;

	if (sscanf(line, "%*d %*d %u:%u", &maj, &min) != 2 ||
	    makedev(maj, min) != dev)
		return false;
	type = strstr(line, " - ");
	return type && (!strncmp(type, " - tmpfs ", 9) ||
			!strncmp(type, " - hugetlbfs ", 13));
}

static bool is_mounted(pid_t pid, dev_t dev)
{
	char path[64], line[4096];
	bool found = false;
	FILE *mounts;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	mounts = fopen(path, "re");
	if (!mounts)
		return false;
	while (!found && fgets(line, sizeof(line), mounts))
		found = is_memory_line(line, dev);
	fclose(mounts);
	return found;
}

bool shmem_is_memory(pid_t pid, dev_t dev)
{
	return is_memfd(dev) || is_mounted(pid, dev);
}
