// SPDX-License-Identifier: BSD-3-Clause
/* What --list-types and --dump-plugin say of plugins. */
#include <stdio.h>

#include "plugin.h"

const char *plugin_device_api(const struct vfiod_type *type)
{
	static const struct {
		uint32_t flag;
		const char *api;
	} apis[] = {
		{ VFIO_DEVICE_FLAGS_PCI, VFIO_DEVICE_API_PCI_STRING },
		{ VFIO_DEVICE_FLAGS_PLATFORM, VFIO_DEVICE_API_PLATFORM_STRING },
		{ VFIO_DEVICE_FLAGS_AMBA, VFIO_DEVICE_API_AMBA_STRING },
		{ VFIO_DEVICE_FLAGS_CCW, VFIO_DEVICE_API_CCW_STRING },
		{ VFIO_DEVICE_FLAGS_AP, VFIO_DEVICE_API_AP_STRING },
	};

	for (size_t i = 0; i < sizeof(apis) / sizeof(apis[0]); i++)
		if (type->info_flags & apis[i].flag)
			return apis[i].api;
	return "unknown";
}

void plugins_print_types(const struct plugins *plugins)
{
	struct plugin *plugin;

	SLIST_FOREACH(plugin, &plugins->list, next) {
		const struct vfiod_plugin *desc = &plugin->desc;

		for (uint32_t i = 0; i < desc->nr_types; i++)
			printf("%s-%s\t%s\n", desc->name, desc->types[i].name,
			       desc->types[i].pretty_name ?
				       desc->types[i].pretty_name :
				       "");
	}
}

static void print_ops(const struct vfiod_plugin *desc)
{
	const struct {
		const char *name;
		bool there;
	} ops[] = {
		{ "available", desc->available },
		{ "init", desc->init },
		{ "release", desc->release },
		{ "open_device", desc->open_device },
		{ "close_device", desc->close_device },
		{ "read", desc->read },
		{ "write", desc->write },
		{ "access", desc->access },
		{ "ioctl", desc->ioctl },
		{ "device_feature", desc->device_feature },
		{ "reset", desc->reset },
		{ "match", desc->match },
		{ "request", desc->request },
		{ "dma_unmap", desc->dma_unmap },
		{ "migration", desc->migration_set_state },
		{ "log", desc->log_start },
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		printf("op_%s=%d\n", ops[i].name, ops[i].there);
}

void plugin_print(const struct plugin *plugin)
{
	const struct vfiod_plugin *desc = &plugin->desc;

	printf("name=%s\n", desc->name);
	printf("path=%s\n", plugin->path);
	printf("version=%s\n", desc->version ? desc->version : "");
	printf("description=%s\n", desc->description ? desc->description : "");
	printf("api_version=%u\n", desc->api_version);
	printf("struct_size=%u\n", plugin->struct_size);
	for (uint32_t i = 0; i < desc->nr_types; i++) {
		const struct vfiod_type *type = &desc->types[i];

		printf("type=%s-%s\n", desc->name, type->name);
		printf("type_%s_api=%s\n", type->name, plugin_device_api(type));
		printf("type_%s_regions=%u\n", type->name, type->nr_regions);
		printf("type_%s_irqs=%u\n", type->name, type->nr_irqs);
		if (desc->available)
			printf("type_%s_available=%u\n", type->name,
			       desc->available(type));
	}
	for (uint32_t i = 0; i < desc->nr_params; i++)
		printf("param_%s=%s\n", desc->params[i].name,
		       desc->params[i].help);
	print_ops(desc);
}
