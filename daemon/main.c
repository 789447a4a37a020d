// SPDX-License-Identifier: BSD-3-Clause
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "options.h"
#include "plugin.h"
#include "run.h"

static int list_types(struct plugins *plugins)
{
	plugins_load_all(plugins);
	plugins_print_types(plugins);
	return EXIT_SUCCESS;
}

static int dump_plugin(struct plugins *plugins, const char *name)
{
	struct plugin *plugin;
	char why[512] = "out of memory";

	if (plugins_load(plugins, name, why, sizeof(why), &plugin)) {
		vfio_log(LOG_LEVEL_ERROR, "%s", why);
		return EXIT_FAILURE;
	}
	plugin_print(plugin);
	return EXIT_SUCCESS;
}

static int dispatch(const struct options *options, struct plugins *plugins)
{
	switch (options->command) {
	case COMMAND_RUN:
		return run(options, plugins);
	case COMMAND_SERVICE:
		return service(options, plugins);
	case COMMAND_LIST_TYPES:
		return list_types(plugins);
	case COMMAND_DUMP_PLUGIN:
		return dump_plugin(plugins, options->plugin);
	case COMMAND_VERSION:
		puts("vfiod " VFIOD_VERSION);
		return EXIT_SUCCESS;
	default:
		options_print_help();
		return EXIT_SUCCESS;
	}
}

int main(int argc, char **argv)
{
	struct plugins plugins;
	struct options options;
	int ret;

	ret = options_parse(&options, argc, argv);
	if (!ret) {
		log_set_level(options.verbose ? LOG_LEVEL_DEBUG :
						LOG_LEVEL_WARNING);
		plugins_init(&plugins, options.plugin_dirs);
		ret = dispatch(&options, &plugins);
		plugins_fini(&plugins);
	}
	options_free(&options);
	return ret;
}
