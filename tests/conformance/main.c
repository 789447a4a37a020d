// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "state.h"

static const char usage[] =
	"usage: vfio-conform [--only GLOB] [--out DIR] CONTAINER GROUP DEVICE\n"
	"                    [GROUP2 DEVICE2 [GROUP3 DEVICE3 GROUP4 DEVICE4]]\n"
	"       vfio-conform --walk SEED[-LAST] [--area AREA] [--steps N]\n"
	"                    [--skip LIST] [--out DIR] CONTAINER …\n"
	"       vfio-conform --list [--only GLOB]\n"
	"\n"
	"Performs VFIO's calls and prints what it observed: a record that is the same\n"
	"on every run. CONTAINER and GROUP are paths (/dev/vfio/vfio, /dev/vfio/0),\n"
	"DEVICE is the name for VFIO_GROUP_GET_DEVICE_FD. Four devices are probes (see\n"
	"mdevs/probe), and used for the area probe alone, which needs them.\n"
	"\n"
	"  --only GLOB   the cases whose names match: *, ?, [], @(ONE|OTHER)\n"
	"  --out DIR     write DIR/AREA.txt, AREA being the names' first part\n"
	"  --walk SEED   in place of the cases, random walks in every AREA (--area:\n"
	"                this one), a seed up to the LAST each, of --steps N (1000)\n"
	"                steps, without those in --skip LIST (3,10-20); with --out\n"
	"                to DIR/walk-AREA-SEED.txt\n"
	"  --list        the names of cases, and of the walks' areas\n";

struct options {
	const char *only, *out, *area;
	struct walk_plan plan;
	uint64_t first_seed, last_seed;
	bool list, walk;
};

static int list_all(const char *only)
{
	const struct conform_case *k;
	size_t i;

	for (i = 0; (k = case_at(i)); i++)
		if (!fnmatch(only, k->name, FNM_EXTMATCH))
			puts(k->name);
	for (i = 0; walk_at(i); i++)
		printf("--walk: %s\n", walk_at(i)->area);
	return 0;
}

static void copy_record(int log, FILE *to)
{
	char buffer[65536];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(log, buffer, sizeof(buffer), at)) > 0) {
		fwrite(buffer, 1, (size_t)n, to);
		at += n;
	}
	close(log);
}

/* The file for a case of this name; the former one is closed with its area. */
static FILE *file_for(const struct options *o, const char *name)
{
	static FILE *file;
	static char path[4096];
	char wanted[4096];

	if (!o->out)
		return stdout;
	snprintf(wanted, sizeof(wanted), "%s/%.*s.txt", o->out,
		 (int)strcspn(name, "/"), name);
	if (file && !strcmp(path, wanted))
		return file;
	if (file)
		fclose(file);
	strcpy(path, wanted);
	file = fopen(path, "w");
	if (!file) {
		fprintf(stderr, "vfio-conform: %s: %s\n", path,
			strerror(errno));
		exit(1);
	}
	return file;
}

static void run_case(const struct options *o, const struct setting *setting,
		     const struct conform_case *k)
{
	unsigned int seconds = k->flags & CASE_SLOW ? 120 : 20;
	struct ctx c = { .param = k->param };
	FILE *to = file_for(o, k->name);

	fprintf(to, "== %s\n", k->name);
	copy_record(run_apart(setting, k->fn, &c, seconds), to);
	fprintf(to, "\n");
	if (fflush(to)) {
		perror("vfio-conform");
		exit(1);
	}
}

/* Four devices are probes, and for what needs probes alone. */
static bool has_devices(const struct setting *setting, bool probes)
{
	return probes == !!setting->group[2];
}

/* Two devices, in two groups, or in one? */
static bool has_groups(const struct setting *setting, unsigned int flags)
{
	bool two = setting->group[1];
	bool one = two && !strcmp(setting->group[0], setting->group[1]);

	if (flags & CASE_ONE_GROUP)
		return one;
	return !(flags & CASE_TWO_GROUPS) || (two && !one);
}

static bool fits(const struct setting *setting, const struct conform_case *k)
{
	if (!has_devices(setting, k->flags & CASE_PROBES) ||
	    !has_groups(setting, k->flags))
		return false;
	if (k->flags & CASE_PCI && !strchr(setting->device[0], '.'))
		return false;
	if (k->flags & CASE_MDPY && !is_mdpy(setting->device[0]))
		return false;
	return !(k->flags & CASE_NOIOMMU) || c_is_noiommu(setting->group[0]);
}

static int run_cases(const struct options *o, const struct setting *setting)
{
	const struct conform_case *k;
	size_t i, n = 0, named = 0;

	for (i = 0; (k = case_at(i)); i++) {
		if (fnmatch(o->only, k->name, FNM_EXTMATCH))
			continue;
		named++;
		if (!fits(setting, k))
			continue;
		run_case(o, setting, k);
		n++;
	}
	fprintf(stderr, "vfio-conform: %zu cases\n", n);
	return named ? 0 : 1;
}

static void run_walk(struct options *o, const struct setting *setting,
		     const struct conform_walk *walk, uint64_t seed)
{
	struct ctx c = { .param = (long)&o->plan };
	char name[96];

	o->plan.walk = walk;
	o->plan.seed = seed;
	snprintf(name, sizeof(name), "walk-%s-%llu", walk->area,
		 (unsigned long long)seed);
	copy_record(run_apart(setting, walk_run, &c, 300), file_for(o, name));
}

static int run_walks(struct options *o, const struct setting *setting)
{
	const struct conform_walk *walk;
	size_t i, n = 0, named = 0;
	uint64_t seed;

	for (i = 0; (walk = walk_at(i)); i++) {
		if (o->area && strcmp(o->area, walk->area))
			continue;
		named++;
		if (!has_devices(setting, !strcmp(walk->area, "probe")))
			continue;
		for (seed = o->first_seed; seed <= o->last_seed; seed++) {
			run_walk(o, setting, walk, seed);
			n++;
		}
	}
	fprintf(stderr, "vfio-conform: %zu walks\n", n);
	return named ? 0 : 1;
}

static const struct option long_options[] = {
	{ "only", required_argument, NULL, 'o' },
	{ "out", required_argument, NULL, 'd' },
	{ "walk", required_argument, NULL, 'w' },
	{ "steps", required_argument, NULL, 'n' },
	{ "area", required_argument, NULL, 'a' },
	{ "skip", required_argument, NULL, 's' },
	{ "list", no_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* SEED, or SEED-LAST */
static void parse_seeds(struct options *o, const char *text)
{
	char *end;

	o->walk = true;
	o->first_seed = o->last_seed = strtoull(text, &end, 10);
	if (*end == '-')
		o->last_seed = strtoull(end + 1, NULL, 10);
}

/* 0: go on; else exit with one less. */
static int parse(struct options *o, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "+", long_options, NULL)) !=
	       -1) {
		switch (option) {
		case 'o':
			o->only = optarg;
			break;
		case 'd':
			o->out = optarg;
			break;
		case 'w':
			parse_seeds(o, optarg);
			break;
		case 'n':
			o->plan.steps = (unsigned int)atoi(optarg);
			break;
		case 'a':
			o->area = optarg;
			break;
		case 's':
			o->plan.skip = optarg;
			break;
		case 'l':
			o->list = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 1;
		default:
			return 3;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = { .only = "*", .plan.steps = 1000 };
	struct setting setting = { 0 };
	int left, status, i;

	if (argc > 6 && !strcmp(argv[1], "--actor"))
		return actor_main(argc, argv);
	status = parse(&o, argc, argv);
	if (status)
		return status - 1;
	if (o.list)
		return list_all(o.only);
	left = argc - optind;
	argv += optind;
	if (left != 3 && left != 5 && left != 1 + 2 * C_GROUPS) {
		fputs(usage, stderr);
		return 2;
	}
	setting.container = argv[0];
	for (i = 0; 2 + 2 * i < left; i++) {
		setting.group[i] = argv[1 + 2 * i];
		setting.device[i] = argv[2 + 2 * i];
	}
	return o.walk ? run_walks(&o, &setting) : run_cases(&o, &setting);
}
