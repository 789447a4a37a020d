// SPDX-License-Identifier: BSD-3-Clause
#define FUSE_USE_VERSION 35
#include "fuse_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuse_front.h"
#include "tree.h"

#define TEXT_MAX 4096 /* as in sysfs: a page */

/* A listing being filled; its cookies are the places in it. */
struct listing {
	fuse_req_t req;
	char *buf;
	size_t size, used;
	off_t skip; /* entries that were given out before */
	off_t place;
};

static bool add(struct listing *list, const char *name,
		const struct tree_node *node)
{
	struct stat st = { .st_ino = node->ino, .st_mode = node->mode };
	size_t n;

	if (list->place++ < list->skip)
		return true;
	n = fuse_add_direntry(list->req, list->buf + list->used,
			      list->size - list->used, name, &st, list->place);
	if (n > list->size - list->used)
		return false;
	list->used += n;
	return true;
}

static void fill(struct listing *list, const struct tree_node *dir)
{
	struct tree_node *child;

	if (!add(list, ".", dir) || !add(list, "..", dir->parent))
		return;
	TAILQ_FOREACH(child, &dir->children, next)
		if (!tree_is_hidden(child) && !add(list, child->name, child))
			return;
}

void fuse_dir_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t pos,
		      struct fuse_file_info *fi)
{
	struct listing list = { .req = req, .size = size, .skip = pos };
	const struct tree_node *dir;

	(void)fi;
	dir = fuse_front_by_ino(fuse_req_userdata(req), ino);
	list.buf = malloc(size);
	if (!dir || !list.buf) {
		fuse_reply_err(req, dir ? ENOMEM : ENOENT);
	} else {
		fill(&list, dir);
		fuse_reply_buf(req, list.buf, list.used);
	}
	free(list.buf);
}

/*
 * kernfs_fop_open(): what an attribute cannot do is refused to root, too,
 * whom its mode would not stop.
 */
int fuse_dir_open_text(const struct tree_node *node, int flags)
{
	int mode = flags & O_ACCMODE;

	if (mode != O_WRONLY && !node->show && !node->text)
		return -EACCES;
	return mode != O_RDONLY && !node->store ? -EACCES : 0;
}

void fuse_dir_read_text(fuse_req_t req, const struct tree_node *node,
			size_t size, off_t pos)
{
	char made[TEXT_MAX];
	const char *text = made;
	ssize_t len;

	if (node->show) {
		len = node->show(node->object, node->what, made, sizeof(made));
		if (len < 0) {
			fuse_reply_err(req, -len);
			return;
		}
		/* As snprintf() counts what does not fit. */
		if (len > TEXT_MAX)
			len = TEXT_MAX;
	} else {
		text = node->text;
		len = strlen(text);
	}
	if (pos >= len)
		fuse_reply_buf(req, NULL, 0);
	else
		fuse_reply_buf(req, text + pos,
			       size < (size_t)(len - pos) ?
				       size :
				       (size_t)(len - pos));
}

/* A page of what is written at most, as in kernfs_fop_write_iter(). */
void fuse_dir_write_text(fuse_req_t req, const struct tree_node *node,
			 const char *buf, size_t size)
{
	char text[TEXT_MAX + 1];
	ssize_t ret;

	if (size > TEXT_MAX)
		size = TEXT_MAX;
	memcpy(text, buf, size);
	text[size] = '\0';
	ret = node->store(node->object, node->what, text, size);
	if (ret < 0)
		fuse_reply_err(req, -ret);
	else if ((size_t)ret > size)
		fuse_reply_err(req, EIO);
	else
		fuse_reply_write(req, ret);
}
