/* SPDX-License-Identifier: BSD-3-Clause */
/* Plugins: found in directories, loaded, checked. The main thread's. */
#ifndef VFIOD_DAEMON_PLUGIN_H
#define VFIOD_DAEMON_PLUGIN_H

#include <stddef.h>
#include <sys/queue.h>

#include <vfiod/plugin.h>

/*
 * A loaded plugin. @desc and the tables it points to are copies in today's
 * layout, whatever the layout that the binary was compiled with.
 */
struct plugin {
	SLIST_ENTRY(plugin) next;
	void *dl;
	char *path;
	struct vfiod_plugin desc;
	/* What the binary says of itself. */
	unsigned int struct_size;
};

struct plugins {
	SLIST_HEAD(, plugin) list;
	const char *const *dirs; /* NULL-ended, asked in order */
};

void plugins_init(struct plugins *plugins, const char *const *dirs);
/* No device of any is left. */
void plugins_fini(struct plugins *plugins);

/*
 * The plugin @name, loaded when first asked for: 0, -ENOENT (no such file in
 * any directory), -ENOEXEC (the file will not do), -ENOMEM, with one line in
 * @why (@size bytes).
 */
int plugins_load(struct plugins *plugins, const char *name, char *why,
		 size_t size, struct plugin **plugin);

/* Load all there are, warning of those that will not do. */
void plugins_load_all(struct plugins *plugins);

/* The type called @name without the plugin's part; NULL: none. */
const struct vfiod_type *plugin_type(const struct plugin *plugin,
				     const char *name);

/* --list-types, --dump-plugin: to stdout. */
void plugins_print_types(const struct plugins *plugins);
void plugin_print(const struct plugin *plugin);

/* "vfio-pci", "vfio-ccw"…: VFIO_DEVICE_API_*_STRING of a type. */
const char *plugin_device_api(const struct vfiod_type *type);

#endif
