/* SPDX-License-Identifier: BSD-3-Clause */
/* The states that container and group go through, for cases that visit all. */
#ifndef CONFORM_STATES_H
#define CONFORM_STATES_H

#include "conform.h"

enum life {
	LIFE_OPEN, /* container and group are open */
	LIFE_BOUND, /* SET_CONTAINER */
	LIFE_TYPE1, /* SET_IOMMU */
	LIFE_TYPE1V2,
	LIFE_DEVICE, /* type1v2, GET_DEVICE_FD */
	NR_LIVES,
};

extern const char *const life_names[NR_LIVES];

/* fds that there are not yet are -1. Records one line. */
struct c_ready c_life(struct ctx *c, enum life life);
/* For a c->param of state and something: param = PARAM(life, n). */
#define PARAM(life, n) ((long)(life) | (long)(n) << 8)
#define PARAM_LIFE(c) ((enum life)((c)->param & 0xff))
#define PARAM_N(c) ((c)->param >> 8)

/* What is left, as seen from each fd, and whether the group is free. */
void life_look(struct ctx *c, const struct c_ready *r);
/* All once more: container', group', type1, device'. */
void life_from_the_beginning(struct ctx *c);

/* What read, write, lseek, mmap, poll and others say on a fd that has none. */
struct file_op {
	const char *name;
	void (*fn)(struct ctx *c, int fd);
};
extern const struct file_op file_ops[]; /* ends with a NULL name */

#endif
