/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The directory tree that vfiod serves over FUSE: device nodes, device files
 * and the sysfs tree. Built before it is served, constant while it is.
 */
#ifndef VFIOD_DAEMON_TREE_H
#define VFIOD_DAEMON_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/types.h>

struct vfio_group;

enum tree_kind {
	TREE_DIR,
	TREE_LINK,
	TREE_TEXT, /* an attribute: made anew at each open */
	TREE_CONTAINER, /* /dev/vfio/vfio */
	TREE_GROUP, /* /dev/vfio/N */
	TREE_DEVICE, /* what GET_DEVICE_FD gives an fd of */
	TREE_STREAM, /* what a change of migration state does */
	TREE_CONTROL, /* for vfiod itself */
};

/*
 * The text of an attribute into @buf: its length, or a negative errno. It is
 * about @object, seen by @what, both as given to tree_attribute().
 */
typedef ssize_t tree_show_fn(void *object, const void *what, char *buf,
			     size_t size);

/* One write to an attribute: what was taken of @size, or a negative errno. */
typedef ssize_t tree_store_fn(void *object, const void *what, const char *buf,
			      size_t size);

struct tree_node {
	TAILQ_ENTRY(tree_node) next;
	TAILQ_HEAD(, tree_node) children;
	struct tree_node *parent;
	ino_t ino;
	enum tree_kind kind;
	mode_t mode; /* with the file type */
	char *name;
	char *text; /* target of a link; text of a constant attribute */
	tree_show_fn *show;
	tree_store_fn *store;
	void *object;
	const void *what;
	struct vfio_group *group;
};

struct tree;

/* NULL for ENOMEM. */
struct tree *tree_create(void);
void tree_destroy(struct tree *tree);

/*
 * The directory whose path below @at (NULL: the root) is made as by printf;
 * it and those on the way are made if need be. After a failure for want of
 * memory this returns NULL, all further calls do nothing, and tree_failed()
 * is true.
 */
struct tree_node *tree_dir(struct tree *tree, struct tree_node *at,
			   const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Add the entry @name to the directory @at; text or target as by printf. */
void tree_link(struct tree *tree, struct tree_node *at, const char *name,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void tree_text(struct tree *tree, struct tree_node *at, const char *name,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* An attribute; @show or @store may be NULL, and is then not allowed. */
void tree_attribute(struct tree *tree, struct tree_node *at, const char *name,
		    tree_show_fn *show, tree_store_fn *store, void *object,
		    const void *what);
void tree_file(struct tree *tree, struct tree_node *at, const char *name,
	       enum tree_kind kind, mode_t mode, struct vfio_group *group);
bool tree_failed(const struct tree *tree);

/* NULL: there is none. */
struct tree_node *tree_by_ino(const struct tree *tree, uint64_t ino);
struct tree_node *tree_lookup(const struct tree_node *dir, const char *name);
/* Names with a dot are found, but not listed. */
bool tree_is_hidden(const struct tree_node *node);

#endif
