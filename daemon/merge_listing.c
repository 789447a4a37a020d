// SPDX-License-Identifier: BSD-3-Clause
#include "merge_listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int entry_type(int dir, const struct dirent *d, mode_t *type)
{
	struct stat st;

	if (d->d_type != DT_UNKNOWN) {
		*type = DTTOIF(d->d_type);
		return 0;
	}
	if (fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	*type = st.st_mode & S_IFMT;
	return 0;
}

static int listing_add(struct merge_listing *l, const char *name, mode_t type)
{
	struct merge_entry *v;

	/* Powers of two are where the array is full. */
	if (!(l->n & (l->n - 1))) {
		v = realloc(l->v, (l->n ? 2 * l->n : 1) * sizeof(*v));
		if (!v)
			return -ENOMEM;
		l->v = v;
	}
	l->v[l->n].type = type;
	l->v[l->n].name = strdup(name);
	if (!l->v[l->n].name)
		return -ENOMEM;
	l->n++;
	return 0;
}

static int read_entry(struct merge_listing *l, DIR *dir, const struct dirent *d)
{
	mode_t type = 0;
	int ret;

	if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
		return 0;
	ret = entry_type(dirfd(dir), d, &type);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	return listing_add(l, d->d_name, type);
}

static int read_all(struct merge_listing *l, DIR *dir)
{
	const struct dirent *d;
	int ret;

	for (;;) {
		errno = 0;
		d = readdir(dir);
		if (!d)
			return -errno;
		ret = read_entry(l, dir, d);
		if (ret)
			return ret;
	}
}

int merge_listing_read(struct merge_listing *l, int fd)
{
	int ret, own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (own < 0)
		return -errno;
	dir = fdopendir(own);
	if (!dir) {
		ret = -errno;
		close(own);
		return ret;
	}
	ret = read_all(l, dir);
	closedir(dir);
	return ret;
}

void merge_listing_free(struct merge_listing *l)
{
	while (l->n)
		free(l->v[--l->n].name);
	free(l->v);
	l->v = NULL;
}

const struct merge_entry *merge_listing_find(const struct merge_listing *l,
					     const char *name)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].name, name))
			return &l->v[i];
	return NULL;
}
