// SPDX-License-Identifier: BSD-3-Clause
#include "tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tree {
	struct tree_node **nodes; /* by inode number - 1 */
	size_t nr_nodes;
	bool failed;
};

static struct tree_node *add_node(struct tree *tree, struct tree_node *parent,
				  const char *name, size_t len)
{
	struct tree_node **nodes, *node;

	nodes = reallocarray(tree->nodes, tree->nr_nodes + 1, sizeof(*nodes));
	node = calloc(1, sizeof(*node));
	if (nodes)
		tree->nodes = nodes;
	if (node)
		node->name = strndup(name, len);
	if (!nodes || !node || !node->name) {
		tree->failed = true;
		free(node);
		return NULL;
	}
	nodes[tree->nr_nodes++] = node;
	node->ino = tree->nr_nodes;
	node->kind = TREE_DIR;
	node->mode = S_IFDIR | 0755;
	node->parent = parent ? parent : node;
	TAILQ_INIT(&node->children);
	if (parent)
		TAILQ_INSERT_TAIL(&parent->children, node, next);
	return node;
}

struct tree *tree_create(void)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (tree && !add_node(tree, NULL, "", 0)) {
		tree_destroy(tree);
		return NULL;
	}
	return tree;
}

void tree_destroy(struct tree *tree)
{
	for (size_t i = 0; i < tree->nr_nodes; i++) {
		free(tree->nodes[i]->name);
		free(tree->nodes[i]->text);
		free(tree->nodes[i]);
	}
	free(tree->nodes);
	free(tree);
}

static struct tree_node *find(const struct tree_node *dir, const char *name,
			      size_t len)
{
	struct tree_node *node;

	TAILQ_FOREACH(node, &dir->children, next)
		if (!strncmp(node->name, name, len) && !node->name[len])
			return node;
	return NULL;
}

static struct tree_node *walk(struct tree *tree, struct tree_node *node,
			      const char *path)
{
	while (node && *path) {
		size_t len = strcspn(path, "/");
		struct tree_node *child = find(node, path, len);

		if (len)
			node = child ? child : add_node(tree, node, path, len);
		path += len + strspn(path + len, "/");
	}
	return node;
}

static char *format(struct tree *tree, const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) >= 0)
		return text;
	tree->failed = true;
	return NULL;
}

struct tree_node *tree_dir(struct tree *tree, struct tree_node *at,
			   const char *fmt, ...)
{
	struct tree_node *node = NULL;
	va_list args;
	char *path;

	va_start(args, fmt);
	path = format(tree, fmt, args);
	va_end(args);
	if (path && !tree->failed)
		node = walk(tree, at ? at : tree->nodes[0], path);
	free(path);
	return node;
}

static struct tree_node *leaf(struct tree *tree, struct tree_node *at,
			      const char *name, enum tree_kind kind,
			      mode_t mode)
{
	struct tree_node *node;

	if (tree->failed)
		return NULL;
	node = add_node(tree, at, name, strlen(name));
	if (node) {
		node->kind = kind;
		node->mode = mode;
	}
	return node;
}

void tree_link(struct tree *tree, struct tree_node *at, const char *name,
	       const char *fmt, ...)
{
	struct tree_node *node;
	va_list args;

	node = leaf(tree, at, name, TREE_LINK, S_IFLNK | 0777);
	if (!node)
		return;
	va_start(args, fmt);
	node->text = format(tree, fmt, args);
	va_end(args);
}

void tree_text(struct tree *tree, struct tree_node *at, const char *name,
	       const char *fmt, ...)
{
	struct tree_node *node;
	va_list args;

	node = leaf(tree, at, name, TREE_TEXT, S_IFREG | 0444);
	if (!node)
		return;
	va_start(args, fmt);
	node->text = format(tree, fmt, args);
	va_end(args);
}

void tree_attribute(struct tree *tree, struct tree_node *at, const char *name,
		    tree_show_fn *show, tree_store_fn *store, void *object,
		    const void *what)
{
	mode_t mode = (show ? 0444 : 0) | (store ? 0200 : 0);
	struct tree_node *node;

	node = leaf(tree, at, name, TREE_TEXT, S_IFREG | mode);
	if (!node)
		return;
	node->show = show;
	node->store = store;
	node->object = object;
	node->what = what;
}

void tree_file(struct tree *tree, struct tree_node *at, const char *name,
	       enum tree_kind kind, mode_t mode, struct vfio_group *group)
{
	struct tree_node *node;

	node = leaf(tree, at, name, kind, S_IFREG | mode);
	if (node)
		node->group = group;
}

bool tree_failed(const struct tree *tree)
{
	return tree->failed;
}

struct tree_node *tree_by_ino(const struct tree *tree, uint64_t ino)
{
	if (!ino || ino > tree->nr_nodes)
		return NULL;
	return tree->nodes[ino - 1];
}

struct tree_node *tree_lookup(const struct tree_node *dir, const char *name)
{
	return find(dir, name, strlen(name));
}

bool tree_is_hidden(const struct tree_node *node)
{
	return node->name[0] == '.';
}
