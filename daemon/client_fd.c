// SPDX-License-Identifier: BSD-3-Clause
#include "client_fd.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "task_status.h"

/* Linux 6.9: a pidfd of any thread, not of a process's first one only. */
#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

static int open_pidfd(pid_t tid)
{
	long tgid;
	int pidfd, ret;

	pidfd = pidfd_open(tid, PIDFD_THREAD);
	if (pidfd >= 0 || errno != EINVAL)
		return pidfd < 0 ? -errno : pidfd;
	/* Its process has the same files, unless it took care not to. */
	ret = task_status_number(tid, "Tgid:", &tgid);
	if (ret)
		return ret;
	pidfd = pidfd_open(tgid, 0);
	return pidfd < 0 ? -errno : pidfd;
}

int client_fd(pid_t tid, int fd)
{
	int pidfd, ret;

	pidfd = open_pidfd(tid);
	if (pidfd < 0)
		return pidfd;
	ret = pidfd_getfd(pidfd, fd, 0);
	if (ret < 0)
		ret = -errno;
	close(pidfd);
	if (ret >= 0 && (fcntl(ret, F_GETFL) & O_PATH)) {
		close(ret);
		return -EBADF;
	}
	return ret;
}

int client_fd_stat(pid_t tid, int fd, struct stat *st)
{
	struct statx stx;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", tid, fd);
	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC,
		  STATX_TYPE | STATX_MODE | STATX_INO, &stx))
		return errno == ENOENT ? -EBADF : -errno;
	*st = (struct stat){
		.st_dev = makedev(stx.stx_dev_major, stx.stx_dev_minor),
		.st_rdev = makedev(stx.stx_rdev_major, stx.stx_rdev_minor),
		.st_ino = stx.stx_ino,
		.st_mode = stx.stx_mode,
	};
	return 0;
}

bool client_fd_is_below(pid_t tid, int fd, const char *dir)
{
	char path[64], target[PATH_MAX];
	size_t len = strlen(dir);
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", tid, fd);
	n = readlink(path, target, sizeof(target));
	return n > (ssize_t)len && !memcmp(target, dir, len) &&
	       target[len] == '/';
}

bool client_fd_is_path(pid_t tid, int fd)
{
	unsigned int flags = 0;
	char path[64];
	FILE *info;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", tid, fd);
	info = fopen(path, "re");
	if (!info)
		return false;
	if (fscanf(info, "pos: %*u flags: %o", &flags) != 1)
		flags = 0;
	fclose(info);
	return flags & O_PATH;
}

/* Count the numbers below @limit that are taken. */
static unsigned long count_fds(const char *path, unsigned long limit)
{
	unsigned long count = 0;
	struct dirent *entry;
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    strtoul(entry->d_name, NULL, 10) < limit)
			count++;
	if (dir)
		closedir(dir);
	return count;
}

/*
 * The size of /proc/PID/fd is the number of fds (Linux 6.2): while it is
 * below the limit, one below it must be free.
 */
int client_fd_check_room(pid_t tid)
{
	struct rlimit limit;
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd", tid);
	if (prlimit(tid, RLIMIT_NOFILE, NULL, &limit) || stat(path, &st))
		return 0;
	if (st.st_size && (rlim_t)st.st_size < limit.rlim_cur)
		return 0;
	return count_fds(path, limit.rlim_cur) < limit.rlim_cur ? 0 : -EMFILE;
}
