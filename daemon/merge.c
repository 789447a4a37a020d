// SPDX-License-Identifier: BSD-3-Clause
#include "merge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merge_listing.h"

/* Where a skeleton with a ptmx keeps the original directory. */
#define MERGE_ORIGINAL ".vfiod-original"

/* A directory that is in both trees. */
struct level {
	const char *path;
	int real; /* the original, also when it is covered */
	int ours;
	struct merge_listing originals;
	struct merge_listing additions;
};

static int fail(struct merge *m, const char *dir, const char *name, int err)
{
	/* The innermost failure knows the path best. */
	if (!m->failed[0])
		snprintf(m->failed, sizeof(m->failed), "%s%s%s", dir,
			 *name ? "/" : "", name);
	return err;
}

/* A detached copy of what is at @name below @dir, with its submounts. */
static int copy_mount(int dir, const char *name)
{
	int fd = open_tree(dir, name,
			   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE |
				   AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT |
				   (*name ? 0 : AT_EMPTY_PATH));

	return fd < 0 ? -errno : fd;
}

/* Consumes the detached mount @tree. */
static int attach(int tree, int dir, const char *name)
{
	int ret = move_mount(tree, "", dir, name, MOVE_MOUNT_F_EMPTY_PATH);

	ret = ret ? -errno : 0;
	close(tree);
	return ret;
}

static int bind_over(int from, const char *from_name, int to,
		     const char *to_name)
{
	int tree = copy_mount(from, from_name);

	return tree < 0 ? tree : attach(tree, to, to_name);
}

static int put_symlink(int from, const char *name, int to)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	return symlinkat(target, to, name) ? -errno : 0;
}

/* Makes entry @e of directory @from appear in the skeleton @to. */
static int put(int from, const struct merge_entry *e, int to)
{
	int tree, ret;

	if (e->type == S_IFLNK)
		return put_symlink(from, e->name, to);
	tree = copy_mount(from, e->name);
	if (tree < 0)
		return tree;
	if (e->type == S_IFDIR)
		ret = mkdirat(to, e->name, 0700);
	else
		ret = mknodat(to, e->name, S_IFREG | 0600, 0);
	if (ret) {
		ret = -errno;
		close(tree);
		return ret;
	}
	return attach(tree, to, e->name);
}

/*
 * Gives the skeleton the looks of the original. In a user namespace the
 * owner may have no id there: the skeleton then is ours, and its mode says
 * whether we may write the original.
 */
static int copy_looks(int real, int skel)
{
	struct stat st;
	mode_t mode;

	if (fstat(real, &st))
		return -errno;
	mode = st.st_mode & 07777;
	if (faccessat(real, ".", W_OK, AT_EACCESS) && errno == EACCES)
		mode &= ~0222;
	if (fchown(skel, st.st_uid, -1) && errno != EINVAL && errno != EPERM)
		return -errno;
	if (fchown(skel, -1, st.st_gid) && errno != EINVAL && errno != EPERM)
		return -errno;
	return fchmod(skel, mode) ? -errno : 0;
}

/* Mounts an empty skeleton over @path, which is open as @real; its fd. */
static int skeleton_mount(const char *path, int real)
{
	int skel, ret;

	if (mount("vfiod", path, "tmpfs", MS_NOSUID, "mode=0700"))
		return -errno;
	skel = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (skel < 0)
		return -errno;
	ret = copy_looks(real, skel);
	if (ret) {
		close(skel);
		return ret;
	}
	return skel;
}

static int skeleton_seal(const struct merge *m, int skel)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	if (!m->read_only)
		return 0;
	if (mount_setattr(skel, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return -errno;
	return 0;
}

/*
 * The kernel finds the terminals of a ptmx node in the directory "pts" beside
 * it, on the same mount, which a bind mount of the node alone has not. So the
 * node is reached by a symlink, through @tree, a copy of its whole directory.
 */
static int put_ptmx(int tree, int skel)
{
	int ret;

	if (mkdirat(skel, MERGE_ORIGINAL, 0700) ||
	    symlinkat(MERGE_ORIGINAL "/ptmx", skel, "ptmx")) {
		ret = -errno;
		close(tree);
		return ret;
	}
	return attach(tree, skel, MERGE_ORIGINAL);
}

static bool is_ptmx(const struct merge_entry *e)
{
	return e && e->type == S_IFCHR && !strcmp(e->name, "ptmx");
}

/* Directories that are in both are merged; of all else ours is seen. */
static bool is_merged(const struct merge_entry *a, const struct merge_entry *b)
{
	return a && b && a->type == S_IFDIR && b->type == S_IFDIR;
}

static int put_originals(struct merge *m, const struct level *l, int skel)
{
	const struct merge_entry *e, *our;
	size_t i;
	int ret;

	for (i = 0; i < l->originals.n; i++) {
		e = &l->originals.v[i];
		our = merge_listing_find(&l->additions, e->name);
		if (is_ptmx(e) || (our && !is_merged(our, e)))
			continue;
		ret = put(l->real, e, skel);
		/* It may go between being listed and being put back. */
		if (ret && ret != -ENOENT)
			return fail(m, l->path, e->name, ret);
	}
	return 0;
}

static int put_additions(struct merge *m, const struct level *l, int skel)
{
	const struct merge_entry *e;
	size_t i;
	int ret;

	for (i = 0; i < l->additions.n; i++) {
		e = &l->additions.v[i];
		if (is_merged(merge_listing_find(&l->originals, e->name), e))
			continue;
		ret = put(l->ours, e, skel);
		if (ret)
			return fail(m, l->path, e->name, ret);
	}
	return 0;
}

/* A skeleton over @l->path that holds the originals but for a ptmx; its fd. */
static int skeleton_fill(struct merge *m, const struct level *l)
{
	int skel = skeleton_mount(l->path, l->real);
	int ret;

	if (skel < 0)
		return fail(m, l->path, "", skel);
	ret = put_originals(m, l, skel);
	if (ret) {
		close(skel);
		return ret;
	}
	return skel;
}

/* The same with a ptmx, which is in the directory. */
static int skeleton_fill_ptmx(struct merge *m, const struct level *l)
{
	/* Before the skeleton is mounted, which would be copied too. */
	int ret, skel, tree = copy_mount(l->real, "");

	if (tree < 0)
		return fail(m, l->path, "", tree);
	skel = skeleton_fill(m, l);
	if (skel < 0) {
		close(tree);
		return skel;
	}
	ret = put_ptmx(tree, skel);
	if (ret) {
		close(skel);
		return fail(m, l->path, "ptmx", ret);
	}
	return skel;
}

static int skeleton_open(struct merge *m, const struct level *l)
{
	if (is_ptmx(merge_listing_find(&l->originals, "ptmx")))
		return skeleton_fill_ptmx(m, l);
	return skeleton_fill(m, l);
}

static int skeleton_build(struct merge *m, const struct level *l)
{
	int skel = skeleton_open(m, l);
	int ret;

	if (skel < 0)
		return skel;
	ret = put_additions(m, l, skel);
	if (!ret) {
		ret = skeleton_seal(m, skel);
		if (ret)
			fail(m, l->path, "", ret);
	}
	close(skel);
	return ret;
}

/* Makes @l->path hold what it is to hold, the merged ones as they were. */
static int lay(struct merge *m, const struct level *l)
{
	size_t i, merged = 0;

	for (i = 0; i < l->additions.n; i++)
		merged += is_merged(merge_listing_find(&l->originals,
						       l->additions.v[i].name),
				    &l->additions.v[i]);
	if (merged == l->additions.n)
		return 0;
	if (!l->originals.n)
		return merge_cover(m, l->path, l->ours);
	return skeleton_build(m, l);
}

static int descend(struct merge *m, const struct level *l, const char *name)
{
	char *path;
	int ret, ours = openat(l->ours, name,
			       O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (ours < 0)
		return fail(m, l->path, name, -errno);
	if (asprintf(&path, "%s/%s", l->path, name) < 0) {
		close(ours);
		return -ENOMEM;
	}
	ret = merge_tree(m, path, ours);
	free(path);
	close(ours);
	return ret;
}

static int merge_level(struct merge *m, struct level *l)
{
	const struct merge_entry *e;
	size_t i;
	int ret;

	ret = merge_listing_read(&l->originals, l->real);
	if (!ret)
		ret = merge_listing_read(&l->additions, l->ours);
	if (ret)
		return fail(m, l->path, "", ret);
	ret = lay(m, l);
	for (i = 0; !ret && i < l->additions.n; i++) {
		e = &l->additions.v[i];
		if (is_merged(merge_listing_find(&l->originals, e->name), e))
			ret = descend(m, l, e->name);
	}
	return ret;
}

static void level_close(struct level *l)
{
	merge_listing_free(&l->originals);
	merge_listing_free(&l->additions);
	close(l->real);
}

int merge_tree(struct merge *m, const char *path, int ours)
{
	struct level l = { .path = path, .ours = ours };
	int ret;

	l.real = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l.real < 0)
		return fail(m, path, "", -errno);
	ret = merge_level(m, &l);
	level_close(&l);
	return ret;
}

/* Makes the directories of @rest, a relative path, below @dir. */
static int make_below(int dir, const char *rest)
{
	char part[PATH_MAX];
	const char *end = rest;

	do {
		end = strchrnul(end + 1, '/');
		snprintf(part, sizeof(part), "%.*s", (int)(end - rest), rest);
		if (mkdirat(dir, part, 0755))
			return -errno;
	} while (*end);
	return 0;
}

/* A skeleton over the existing @parent that has the directory @rest, too. */
static int make_in(struct merge *m, const char *parent, int real,
		   const char *rest)
{
	struct level l = { .path = parent, .real = real };
	int ret, skel;

	ret = merge_listing_read(&l.originals, real);
	if (ret) {
		ret = fail(m, parent, "", ret);
		goto out;
	}
	skel = skeleton_open(m, &l);
	if (skel < 0) {
		ret = skel;
		goto out;
	}
	ret = make_below(skel, rest);
	if (!ret)
		ret = skeleton_seal(m, skel);
	if (ret)
		fail(m, parent, rest, ret);
	close(skel);
out:
	merge_listing_free(&l.originals);
	return ret;
}

/* Makes @path, which does not exist, in the nearest parent that does. */
static int make_place(struct merge *m, const char *path)
{
	char parent[PATH_MAX];
	char *slash;
	int ret, real;

	snprintf(parent, sizeof(parent), "%s", path);
	do {
		slash = strrchr(parent, '/');
		if (slash == parent)
			return fail(m, path, "", -EROFS);
		*slash = '\0';
		real = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	} while (real < 0 && errno == ENOENT);
	if (real < 0)
		return fail(m, parent, "", -errno);
	ret = make_in(m, parent, real, path + strlen(parent) + 1);
	close(real);
	return ret;
}

int merge_cover(struct merge *m, const char *path, int ours)
{
	int ret;

	if (access(path, F_OK)) {
		ret = errno == ENOENT ? make_place(m, path) : -errno;
		if (ret)
			return fail(m, path, "", ret);
	}
	ret = bind_over(ours, "", AT_FDCWD, path);
	return ret ? fail(m, path, "", ret) : 0;
}
