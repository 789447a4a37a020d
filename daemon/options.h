/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line. */
#ifndef VFIOD_DAEMON_OPTIONS_H
#define VFIOD_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum command {
	COMMAND_SERVICE,
	COMMAND_RUN,
	COMMAND_LIST_TYPES,
	COMMAND_DUMP_PLUGIN,
	COMMAND_VERSION,
	COMMAND_HELP,
};

/* What followed a --mdev or --pci. */
struct device_option {
	const char *arg;
	bool is_pci;
};

struct options {
	enum command command;
	struct device_option *devices; /* in order */
	size_t nr_devices;
	const char **plugin_dirs; /* NULL-ended */
	size_t nr_plugin_dirs;
	bool verbose;
	bool foreground;
	const char *plugin; /* of --dump-plugin */
	char **argv; /* CMD of run, NULL-ended */
	char *default_dir; /* what plugin_dirs has when none was given */
};

/*
 * 0, or EXIT_USAGE when a line on stderr has said what is wrong. The strings
 * are those of @argv.
 */
#define EXIT_USAGE 2
int options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

/* --help, to stdout. */
void options_print_help(void);

#endif
