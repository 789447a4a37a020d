// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"Usage: vfiod run [OPTION]... [--] CMD [ARG]...\n"
	"       vfiod [OPTION]... [--foreground]\n"
	"       vfiod --list-types | --dump-plugin NAME | --version | --help\n"
	"\n"
	"Emulates /dev/vfio: for CMD alone, without privileges, or as a\n"
	"service for the whole machine.\n"
	"\n"
	"  --mdev TYPE[,uuid=UUID][,noiommu=on][,KEY=VALUE]...\n"
	"                      a device of this type; may be repeated\n"
	"  --pci TYPE[,addr=[DDDD:]BB:SS.F][,group=N][,KEY=VALUE]...\n"
	"                      a PCI function bound to vfio-pci; may be repeated\n"
	"  --plugin-dir DIR    look for plugins here; may be repeated\n"
	"  -v, --verbose       say more, and an account of all at the end\n"
	"  --foreground        service: do not go to the background\n"
	"  --list-types        the types that there are\n"
	"  --dump-plugin NAME  what a plugin is, a key=value a line\n"
	"  --version           the version\n"
	"  --help              this\n";

enum {
	OPTION_MDEV = 256,
	OPTION_PCI,
	OPTION_PLUGIN_DIR,
	OPTION_FOREGROUND,
	OPTION_LIST_TYPES,
	OPTION_DUMP_PLUGIN,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option long_options[] = {
	{ "mdev", required_argument, NULL, OPTION_MDEV },
	{ "pci", required_argument, NULL, OPTION_PCI },
	{ "plugin-dir", required_argument, NULL, OPTION_PLUGIN_DIR },
	{ "verbose", no_argument, NULL, 'v' },
	{ "foreground", no_argument, NULL, OPTION_FOREGROUND },
	{ "list-types", no_argument, NULL, OPTION_LIST_TYPES },
	{ "dump-plugin", required_argument, NULL, OPTION_DUMP_PLUGIN },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

void options_print_help(void)
{
	fputs(help, stdout);
}

static int usage(const char *what)
{
	fprintf(stderr, "vfiod: %s; see vfiod --help\n", what);
	return EXIT_USAGE;
}

static int take(struct options *options, int opt, const char *arg)
{
	switch (opt) {
	case OPTION_MDEV:
	case OPTION_PCI:
		options->devices[options->nr_devices++] =
			(struct device_option){ .arg = arg,
						.is_pci = opt == OPTION_PCI };
		return 0;
	case OPTION_PLUGIN_DIR:
		options->plugin_dirs[options->nr_plugin_dirs++] = arg;
		return 0;
	case 'v':
		options->verbose = true;
		return 0;
	case OPTION_FOREGROUND:
		options->foreground = true;
		return 0;
	case OPTION_LIST_TYPES:
		options->command = COMMAND_LIST_TYPES;
		return 0;
	case OPTION_DUMP_PLUGIN:
		options->command = COMMAND_DUMP_PLUGIN;
		options->plugin = arg;
		return 0;
	case OPTION_VERSION:
		options->command = COMMAND_VERSION;
		return 0;
	case OPTION_HELP:
		options->command = COMMAND_HELP;
		return 0;
	default: /* getopt has said what it is */
		return EXIT_USAGE;
	}
}

/* mdevs/ beside an executable that was not installed, else the installed. */
static char *default_plugin_dir(void)
{
	char exe[4096], *dir;
	ssize_t n;

	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n > 0) {
		exe[n] = '\0';
		*strrchr(exe, '/') = '\0';
		if (asprintf(&dir, "%s/mdevs", exe) < 0)
			return NULL;
		if (!access(dir, F_OK))
			return dir;
		free(dir);
	}
	return strdup(VFIOD_MDEV_DIR);
}

static int check(struct options *options, int argc, char **argv)
{
	if (options->command == COMMAND_RUN) {
		if (optind == argc)
			return usage("run needs a command");
		if (options->foreground)
			return usage("--foreground is for the service");
		options->argv = argv + optind;
		return 0;
	}
	if (optind < argc) {
		fprintf(stderr,
			"vfiod: what is \"%s\"? To run a command: "
			"vfiod run CMD; see vfiod --help\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	return 0;
}

/* Room for as many of each as there are arguments. */
static bool make_room(struct options *options, int argc)
{
	options->devices = calloc(argc + 1, sizeof(*options->devices));
	options->plugin_dirs = calloc(argc + 2, sizeof(*options->plugin_dirs));
	options->default_dir = default_plugin_dir();
	return options->devices && options->plugin_dirs && options->default_dir;
}

int options_parse(struct options *options, int argc, char **argv)
{
	int opt, ret;

	memset(options, 0, sizeof(*options));
	if (!make_room(options, argc))
		return usage("out of memory");
	if (argc > 1 && !strcmp(argv[1], "run")) {
		options->command = COMMAND_RUN;
		argv[1] = argv[0]; /* as getopt names the program */
		argc--;
		argv++;
	}
	while ((opt = getopt_long(argc, argv, "+v", long_options, NULL)) >= 0) {
		ret = take(options, opt, optarg);
		if (ret)
			return ret;
	}
	if (!options->nr_plugin_dirs)
		options->plugin_dirs[0] = options->default_dir;
	return check(options, argc, argv);
}

void options_free(struct options *options)
{
	free(options->devices);
	free(options->plugin_dirs);
	free(options->default_dir);
}
