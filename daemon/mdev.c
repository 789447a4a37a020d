// SPDX-License-Identifier: BSD-3-Clause
#include "mdev.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../backend/device.h"
#include "../backend/group.h"
#include "events.h"
#include "options.h"
#include "plugin.h"

/* Where a message goes. */
struct why {
	char *line;
	size_t size;
};

/* 8-4-4-4-12 hexadecimal digits, made lower case as the kernel's mdev does. */
static bool parse_uuid(char uuid[UUID_LENGTH + 1], const char *text)
{
	if (strlen(text) != UUID_LENGTH)
		return false;
	for (int i = 0; i < UUID_LENGTH; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
		uuid[i] = tolower((unsigned char)text[i]);
	}
	uuid[UUID_LENGTH] = '\0';
	return true;
}

/* A random one: version 4, variant 1. */
static int make_uuid(char uuid[UUID_LENGTH + 1])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return -EIO;
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(uuid, UUID_LENGTH + 1,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
		 b[10], b[11], b[12], b[13], b[14], b[15]);
	return 0;
}

static bool is_declared(const struct vfiod_plugin *desc, const char *name)
{
	for (uint32_t i = 0; i < desc->nr_params; i++)
		if (!strcmp(desc->params[i].name, name))
			return true;
	return false;
}

static int add_param(struct mdev *mdev, const char *name, const char *value)
{
	struct vfio_device_param *params;

	params = reallocarray(mdev->params, mdev->nr_params + 1,
			      sizeof(*params));
	if (!params)
		return -ENOMEM;
	mdev->params = params;
	params += mdev->nr_params;
	params->name = strdup(name);
	params->value = strdup(value);
	mdev->nr_params++;
	return params->name && params->value ? 0 : -ENOMEM;
}

static int take_uuid(struct mdev *mdev, const char *value, struct why *why)
{
	if (parse_uuid(mdev->uuid, value))
		return 0;
	snprintf(why->line, why->size,
		 "--mdev: \"%s\" is not a UUID; uuidgen makes one", value);
	return -EINVAL;
}

static int take_noiommu(struct mdev *mdev, const char *value, struct why *why)
{
	if (!strcmp(value, "on")) {
		mdev->group_type = VFIO_NO_IOMMU;
		return 0;
	}
	if (!strcmp(value, "off")) {
		mdev->group_type = VFIO_EMULATED_IOMMU;
		return 0;
	}
	snprintf(why->line, why->size,
		 "--mdev: noiommu is \"on\" or \"off\", not \"%s\"", value);
	return -EINVAL;
}

/* One KEY=VALUE behind the type; @item is cut into its parts. */
static int take_item(struct mdev *mdev, char *item, struct why *why)
{
	const char *plugin = mdev->plugin->desc.name;
	char *value = strchr(item, '=');

	if (!value || value == item) {
		snprintf(why->line, why->size,
			 "--mdev: \"%s\" is not KEY=VALUE", item);
		return -EINVAL;
	}
	*value++ = '\0';
	if (!strcmp(item, "uuid"))
		return take_uuid(mdev, value, why);
	if (!strcmp(item, "noiommu"))
		return take_noiommu(mdev, value, why);
	if (!is_declared(&mdev->plugin->desc, item)) {
		snprintf(why->line, why->size,
			 "--mdev: plugin %s has no "
			 "parameter \"%s\"; see --dump-plugin %s",
			 plugin, item, plugin);
		return -EINVAL;
	}
	return add_param(mdev, item, value);
}

static int take_items(struct mdev *mdev, char *items, struct why *why)
{
	char *item;
	int ret = 0;

	while (!ret && (item = strsep(&items, ",")))
		ret = take_item(mdev, item, why);
	if (!ret && !mdev->uuid[0])
		ret = make_uuid(mdev->uuid);
	return ret;
}

/* "PLUGIN-TYPE" */
static int find_type(struct plugins *plugins, struct mdev *mdev,
		     const char *name, const struct vfiod_type **type,
		     struct why *why)
{
	size_t len = strcspn(name, "-");
	char *plugin;
	int ret;

	plugin = strndup(name, len);
	if (!plugin)
		return -ENOMEM;
	if (!name[len] || !len) {
		snprintf(why->line, why->size,
			 "--mdev: unknown type \"%s\"; "
			 "see --list-types",
			 name);
		ret = -ENOENT;
	} else {
		ret = plugins_load(plugins, plugin, why->line, why->size,
				   &mdev->plugin);
	}
	free(plugin);
	if (ret)
		return ret;
	*type = plugin_type(mdev->plugin, name + len + 1);
	if (*type)
		return 0;
	snprintf(why->line, why->size,
		 "--mdev: unknown type \"%s\"; "
		 "see --list-types",
		 name);
	return -ENOENT;
}

static int make_device(struct mdev *mdev, const struct vfiod_type *type, int id,
		       struct why *why)
{
	struct vfio_device_desc desc = {
		.plugin = &mdev->plugin->desc,
		.type = type,
		.name = mdev->uuid,
		.params = mdev->params,
		.nr_params = mdev->nr_params,
	};
	int ret;

	mdev->events = desc.events = events_create();
	mdev->group = vfio_group_create(id, mdev->group_type);
	if (!mdev->events || !mdev->group)
		return -ENOMEM;
	ret = vfio_device_create(mdev->group, &desc, &mdev->vdev);
	if (ret)
		snprintf(why->line, why->size,
			 "plugin %s refuses a device of "
			 "type %s-%s: %s",
			 desc.plugin->name, desc.plugin->name, type->name,
			 strerror(-ret));
	return ret;
}

static int check_unique(const struct mdevs *mdevs, const struct mdev *mdev,
			struct why *why)
{
	for (size_t i = 0; i < mdevs->nr; i++) {
		if (strcmp(mdevs->mdev[i].uuid, mdev->uuid))
			continue;
		snprintf(why->line, why->size, "--mdev: UUID %s is given twice",
			 mdev->uuid);
		return -EEXIST;
	}
	return 0;
}

static int make_mdev(struct mdevs *mdevs, struct mdev *mdev, const char *arg,
		     int id, struct why *why)
{
	const struct vfiod_type *type;
	char *copy = strdup(arg), *items = copy;
	int ret;

	if (!copy)
		return -ENOMEM;
	mdev->group_type = VFIO_EMULATED_IOMMU;
	ret = find_type(mdevs->plugins, mdev, strsep(&items, ","), &type, why);
	if (!ret)
		ret = take_items(mdev, items, why);
	if (!ret)
		ret = check_unique(mdevs, mdev, why);
	if (!ret)
		ret = make_device(mdev, type, id, why);
	free(copy);
	return ret;
}

/* The first group number that the machine does not use. */
static int first_free_id(void)
{
	DIR *dir = opendir("/sys/kernel/iommu_groups");
	struct dirent *entry;
	int id = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    atoi(entry->d_name) >= id)
			id = atoi(entry->d_name) + 1;
	closedir(dir);
	return id;
}

static void destroy(struct mdev *mdev)
{
	if (mdev->vdev)
		vfio_device_destroy(mdev->vdev);
	if (mdev->events)
		events_destroy(mdev->events);
	if (mdev->group)
		vfio_group_destroy(mdev->group);
	for (size_t i = 0; i < mdev->nr_params; i++) {
		free((char *)(uintptr_t)mdev->params[i].name);
		free((char *)(uintptr_t)mdev->params[i].value);
	}
	free(mdev->params);
}

int mdevs_create(const struct options *options, struct plugins *plugins,
		 char *line, size_t size, struct mdevs **out)
{
	struct why why = { .line = line, .size = size };
	int id = first_free_id(), ret = 0;
	struct mdevs *mdevs;

	mdevs = calloc(1, sizeof(*mdevs) +
				  options->nr_mdevs * sizeof(mdevs->mdev[0]));
	if (!mdevs)
		return -ENOMEM;
	mdevs->plugins = plugins;
	for (size_t i = 0; i < options->nr_mdevs && !ret; i++) {
		ret = make_mdev(mdevs, &mdevs->mdev[i], options->mdevs[i],
				id + i, &why);
		if (ret)
			destroy(&mdevs->mdev[i]);
		else
			mdevs->nr++;
	}
	if (ret)
		mdevs_destroy(mdevs);
	else
		*out = mdevs;
	return ret;
}

bool mdevs_have(const struct mdevs *mdevs, enum vfio_group_type type)
{
	for (size_t i = 0; i < mdevs->nr; i++)
		if (mdevs->mdev[i].group_type == type)
			return true;
	return false;
}

int mdevs_start(struct mdevs *mdevs)
{
	int ret = 0;

	for (size_t i = 0; i < mdevs->nr && !ret; i++)
		ret = events_start(mdevs->mdev[i].events);
	return ret;
}

void mdevs_destroy(struct mdevs *mdevs)
{
	for (size_t i = 0; i < mdevs->nr; i++)
		destroy(&mdevs->mdev[i]);
	free(mdevs);
}
