/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of vfio-conform share, and cases do not see. */
#ifndef CONFORM_STATE_H
#define CONFORM_STATE_H

#include <stdatomic.h>
#include "conform.h"

#define MAX_FDS 1024
#define MAX_REGIONS 64
#define ROLE_SIZE 24
#define ARG_SIZE (4 * C_PAGE)

/* Memory that has a name. */
struct region {
	char name[ROLE_SIZE];
	unsigned char *at;
	size_t len;
	unsigned char *shadow; /* as it was before the call; NULL: unwatched */
};

struct roles {
	char name[MAX_FDS][ROLE_SIZE];
};

/* One a process: a fork has a copy; threads share it, and take turns. */
struct state {
	int log; /* a memfd, written a whole line at a time */
	struct roles roles;
	struct region regions[MAX_REGIONS];
	int nr_regions;
	unsigned char *arg_end; /* of the area for arguments; regions[0] */
	unsigned char *arg_at; /* of the present call's argument */
	uint64_t random;
	unsigned int step;
};

/* ---- line.c: one line of a record ---- */

struct line {
	size_t len;
	char text[4096];
};

void put(struct line *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void put_fd(struct ctx *c, struct line *l, int fd);
void put_address(struct ctx *c, struct line *l, uint64_t address);
/* A path or a device's name, as what it is. */
void put_string(struct ctx *c, struct line *l, const char *string);
void put_bytes(struct line *l, const void *data, size_t len);
/* " = 3", or " = -1 EINVAL". Keeps errno. */
void put_result(struct line *l, long result);
void put_result_address(struct ctx *c, struct line *l, const void *result);
void write_line(struct ctx *c, const struct line *l);

/* ---- memory.c ---- */

void memory_init(struct state *s);
struct region *region_of(struct ctx *c, uint64_t address);
struct region *region_add(struct ctx *c, const char *name, void *at, size_t len,
			  unsigned int flags);
void region_remove(struct ctx *c, const void *at);
/* Puts len bytes at the end of the argument area. Returns where they are. */
void *arg_put(struct ctx *c, const void *data, size_t len);
/* Before and after a call; after() records what changed between. */
void watch_before(struct ctx *c);
/* fields: of the argument, or NULL. */
void watch_after(struct ctx *c, const struct c_field *fields);

/* ---- fields.c ---- */

enum c_kind { DECIMAL, HEX, FLAGS, FD, ADDRESS };

struct c_flag {
	uint64_t bit;
	const char *name; /* ends with NULL */
};

struct c_field {
	const char *name;
	unsigned int offset, size;
	enum c_kind kind;
	const struct c_flag *flags;
};

/* The fields that lie in len bytes and are not wholly 0xee, and the rest. */
void put_fields(struct ctx *c, struct line *l, const struct c_cmd *cmd,
		const void *data, size_t len);
void put_field(struct ctx *c, struct line *l, const struct c_field *f,
	       const void *data);

/* ---- registry.c ---- */

struct conform_case {
	char name[96];
	case_fn *fn;
	long param;
	unsigned int flags;
};

struct conform_walk {
	const char *area;
	case_fn *step;
};

/* The n-th, or NULL. Cases come by area, then as they were added. */
const struct conform_case *case_at(size_t n);
const struct conform_walk *walk_at(size_t n);

/* ---- sysfs.c ---- */

/* Is the device with this name an mdpy? */
bool is_mdpy(const char *device);

/* ---- run.c ---- */

/* What the command line names. */
struct setting {
	const char *container, *group[C_GROUPS], *device[C_GROUPS];
};

void ctx_init(struct ctx *c, struct state *s, const struct setting *setting,
	      int log);
/*
 * fn in a process of its own; its record's fd, to be closed. The last line
 * tells when it did not end by itself.
 */
int run_apart(const struct setting *setting, case_fn *fn, struct ctx *c,
	      unsigned int seconds);
/* End of the case, from within it. */
void stop(struct ctx *c) __attribute__((noreturn));

/* ---- actor.c ---- */

/* This program after c_exec(): argv[2] on is c_exec()'s. */
int actor_main(int argc, char **argv);

/* ---- walk.c ---- */

struct walk_plan {
	const struct conform_walk *walk;
	uint64_t seed;
	unsigned int steps;
	const char *skip; /* "3,10-20", or NULL */
};

/* A case_fn; c->param is the plan's address. */
void walk_run(struct ctx *c);

#endif
