// SPDX-License-Identifier: BSD-3-Clause
#include "plugin.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "plugin_layout.h"

#define SUFFIX ".so"
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_"
/* More than any table has; a field of rubbish is not. */
#define TABLE_MAX 65536

typedef const struct vfiod_plugin *entry_fn(void);

void plugins_init(struct plugins *plugins, const char *const *dirs)
{
	SLIST_INIT(&plugins->list);
	plugins->dirs = dirs;
}

static void unload(struct plugin *plugin)
{
	plugin_layout_free(&plugin->desc);
	dlclose(plugin->dl);
	free(plugin->path);
	free(plugin);
}

void plugins_fini(struct plugins *plugins)
{
	struct plugin *plugin;

	while ((plugin = SLIST_FIRST(&plugins->list))) {
		SLIST_REMOVE_HEAD(&plugins->list, next);
		unload(plugin);
	}
}

static bool tables_missing(const struct vfiod_plugin *p)
{
	return !p->types || !p->nr_types || p->nr_types > TABLE_MAX ||
	       (p->nr_params && !p->params) || p->nr_params > TABLE_MAX ||
	       (p->nr_attributes && !p->attributes) ||
	       p->nr_attributes > TABLE_MAX || !p->type_size ||
	       !p->region_size || !p->irq_size || !p->param_size ||
	       !p->attribute_size || !p->cap_size;
}

/* Why the plugin cannot be used; NULL: it can. */
static const char *refuse(const struct vfiod_plugin *p, const char *name)
{
	if (p->api_version != VFIOD_API_VERSION)
		return "built for another version of the plugin interface; "
		       "build it again with this vfiod's headers";
	/* Up to the last field of the first released interface. */
	if (p->struct_size <
	    offsetof(struct vfiod_plugin, dma_unmap) + sizeof(p->dma_unmap))
		return "its struct vfiod_plugin is cut short; use "
		       "VFIOD_REGISTER_PLUGIN()";
	if (!p->name || strcmp(p->name, name) ||
	    strspn(p->name, NAME_CHARS) != strlen(p->name))
		return "its name is not that of its file";
	if (tables_missing(p))
		return "it declares no device type, or a table is missing";
	if (!p->init)
		return "it lacks the required op init";
	if (!p->dma_unmap)
		return "it lacks the required op dma_unmap: VFIO cannot take "
		       "memory away from a device that cannot be asked";
	return NULL;
}

/*
 * The same for what later interfaces added, where a plugin has it at all:
 * after vfio_pci_core_register_device().
 */
static const char *refuse_ops(const struct vfiod_plugin *p)
{
	int migration = !!p->migration_set_state + !!p->migration_get_state +
			!!p->migration_get_data_size;
	int log = !!p->log_start + !!p->log_stop + !!p->log_read_and_clear;

	if (migration != 0 && migration != 3)
		return "of the three migration ops it has only some";
	if (migration && !(p->migration_flags & VFIO_MIGRATION_STOP_COPY))
		return "its migration_flags lack VFIO_MIGRATION_STOP_COPY";
	if (log != 0 && log != 3)
		return "of the three log ops it has only some";
	return NULL;
}

static int check(struct plugin *plugin, const char *name, char *why,
		 size_t size)
{
	const struct vfiod_plugin *binary;
	const char *reason;
	entry_fn *entry;
	int ret;

	*(void **)&entry = dlsym(plugin->dl, "vfiod_plugin_entry");
	if (!entry) {
		snprintf(why, size,
			 "%s: not a vfiod plugin: it does not use "
			 "VFIOD_REGISTER_PLUGIN()",
			 plugin->path);
		return -ENOEXEC;
	}
	binary = entry();
	reason = refuse(binary, name);
	if (reason) {
		snprintf(why, size, "%s: %s", plugin->path, reason);
		return -ENOEXEC;
	}
	plugin->struct_size = binary->struct_size;
	ret = plugin_layout_copy(&plugin->desc, binary);
	if (ret)
		return ret;
	reason = refuse_ops(&plugin->desc);
	if (!reason)
		return 0;
	snprintf(why, size, "%s: %s", plugin->path, reason);
	plugin_layout_free(&plugin->desc);
	return -ENOEXEC;
}

/* Takes @path over. */
static int load(struct plugins *plugins, const char *name, char *path,
		char *why, size_t size, struct plugin **out)
{
	struct plugin *plugin = calloc(1, sizeof(*plugin));
	int ret;

	if (!plugin) {
		free(path);
		return -ENOMEM;
	}
	plugin->path = path;
	plugin->dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!plugin->dl) {
		snprintf(why, size, "cannot load plugin: %s", dlerror());
		ret = -ENOEXEC;
	} else {
		ret = check(plugin, name, why, size);
	}
	if (ret) {
		if (plugin->dl)
			dlclose(plugin->dl);
		free(path);
		free(plugin);
		return ret;
	}
	SLIST_INSERT_HEAD(&plugins->list, plugin, next);
	*out = plugin;
	return 0;
}

/* The file of plugin @name in the first directory that has it. */
static char *find_path(const struct plugins *plugins, const char *name)
{
	char *path;

	if (strspn(name, NAME_CHARS) != strlen(name) || !*name)
		return NULL;
	for (size_t i = 0; plugins->dirs[i]; i++) {
		if (asprintf(&path, "%s/%s" SUFFIX, plugins->dirs[i], name) < 0)
			return NULL;
		if (!access(path, F_OK))
			return path;
		free(path);
	}
	return NULL;
}

int plugins_load(struct plugins *plugins, const char *name, char *why,
		 size_t size, struct plugin **out)
{
	char *path;

	SLIST_FOREACH(*out, &plugins->list, next)
		if (!strcmp((*out)->desc.name, name))
			return 0;
	path = find_path(plugins, name);
	if (!path) {
		snprintf(why, size,
			 "no plugin %s" SUFFIX " in %s%s; "
			 "try --list-types, --plugin-dir",
			 name, plugins->dirs[0], plugins->dirs[1] ? ", …" : "");
		return -ENOENT;
	}
	return load(plugins, name, path, why, size, out);
}

static int is_plugin(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > strlen(SUFFIX) &&
	       !strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX);
}

static void load_dir(struct plugins *plugins, const char *dir)
{
	struct dirent **entries;
	struct plugin *plugin;
	char why[512];
	int nr;

	nr = scandir(dir, &entries, is_plugin, alphasort);
	if (nr < 0) {
		vfio_log(LOG_LEVEL_WARNING, "%s: %s", dir, strerror(errno));
		return;
	}
	for (int i = nr - 1; i >= 0; i--) {
		char *name = entries[i]->d_name;

		name[strlen(name) - strlen(SUFFIX)] = '\0';
		if (plugins_load(plugins, name, why, sizeof(why), &plugin))
			vfio_log(LOG_LEVEL_WARNING, "%s", why);
		free(entries[i]);
	}
	free(entries);
}

void plugins_load_all(struct plugins *plugins)
{
	for (size_t i = 0; plugins->dirs[i]; i++)
		load_dir(plugins, plugins->dirs[i]);
}

const struct vfiod_type *plugin_type(const struct plugin *plugin,
				     const char *name)
{
	for (uint32_t i = 0; i < plugin->desc.nr_types; i++)
		if (!strcmp(plugin->desc.types[i].name, name))
			return &plugin->desc.types[i];
	return NULL;
}
