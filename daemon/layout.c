// SPDX-License-Identifier: BSD-3-Clause
#include "layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../backend/group.h"
#include "devices.h"
#include "sysfs.h"
#include "tree.h"

#define VARS_PER_DEVICE 3

/*
 * Anybody may try to open these files: only who has a ticket can. Streams
 * have files of their own, since writes to one file wait for each other.
 */
static void add_device_files(struct tree *tree, const struct devices *devices,
			     struct tree_node *dir)
{
	char name[DEVICE_NAME_MAX + sizeof(LAYOUT_STREAM_SUFFIX)];

	for (size_t i = 0; i < devices->nr; i++) {
		const struct device *device = &devices->device[i];

		snprintf(name, sizeof(name), "%s" LAYOUT_STREAM_SUFFIX,
			 device->name);
		tree_file(tree, dir, device->name, TREE_DEVICE, 0666,
			  device->group);
		tree_file(tree, dir, name, TREE_STREAM, 0666, device->group);
	}
}

static struct tree *finish(struct tree *tree, const struct devices *devices)
{
	sysfs_build(tree, devices);
	if (!tree_failed(tree))
		return tree;
	tree_destroy(tree);
	return NULL;
}

struct tree *layout_run(const struct devices *devices)
{
	struct tree *tree = tree_create();
	struct tree_node *dev;

	if (!tree)
		return NULL;
	dev = tree_dir(tree, NULL, "dev");
	tree_file(tree, dev, "vfio", TREE_CONTAINER, 0666, NULL);
	tree_file(tree, dev, ".control", TREE_CONTROL, 0600, NULL);
	for (size_t i = 0; i < devices->nr_groups; i++)
		tree_file(tree, dev, devices->groups[i]->name, TREE_GROUP, 0600,
			  devices->groups[i]);
	add_device_files(tree, devices, tree_dir(tree, dev, ".device"));
	return finish(tree, devices);
}

/* /run/vfiod/env, for shells. */
static void add_env_file(struct tree *tree, const struct devices *devices)
{
	char **env = layout_env(devices, LAYOUT_SERVICE_DIR "/sys");
	char *text = NULL;
	size_t size;
	FILE *out;

	out = env ? open_memstream(&text, &size) : NULL;
	if (out) {
		for (size_t i = 0; env[i]; i++)
			fprintf(out, "%s\n", env[i]);
		fclose(out);
		tree_text(tree, tree_dir(tree, NULL, "%s", ""), "env", "%s",
			  text);
	}
	free(text);
	layout_env_free(env);
}

struct tree *layout_service(const struct devices *devices)
{
	struct tree *tree = tree_create();

	if (!tree)
		return NULL;
	tree_file(tree, tree_dir(tree, NULL, "%s", ""), ".control",
		  TREE_CONTROL, 0600, NULL);
	add_device_files(tree, devices, tree_dir(tree, NULL, "devices"));
	add_env_file(tree, devices);
	return finish(tree, devices);
}

static int add_vars(char **env, const struct device *device, size_t i,
		    const char *sys)
{
	char s[32] = "";

	if (i)
		snprintf(s, sizeof(s), "_%zu", i + 1);
	if (asprintf(&env[0], "VFIOD_GROUP%s=/dev/vfio/%s", s,
		     device->group->name) < 0)
		env[0] = NULL;
	else if (asprintf(&env[1], "VFIOD_DEVICE%s=%s", s, device->name) < 0)
		env[1] = NULL;
	else if (asprintf(&env[2], "VFIOD_SYSFSDEV%s=%s/bus/%s/devices/%s", s,
			  sys, device->is_pci ? "pci" : "mdev",
			  device->name) < 0)
		env[2] = NULL;
	else
		return 0;
	return -1;
}

char **layout_env(const struct devices *devices, const char *sys)
{
	char **env = calloc(devices->nr * VARS_PER_DEVICE + 1, sizeof(*env));

	for (size_t i = 0; env && i < devices->nr; i++) {
		if (add_vars(env + i * VARS_PER_DEVICE, &devices->device[i], i,
			     sys)) {
			layout_env_free(env);
			env = NULL;
		}
	}
	return env;
}

void layout_env_free(char **env)
{
	for (size_t i = 0; env && env[i]; i++)
		free(env[i]);
	free(env);
}
