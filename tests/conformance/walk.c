// SPDX-License-Identifier: BSD-3-Clause
/* Random walks: the same sequence for the same seed, on any kernel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "state.h"

/* splitmix64: one multiplication more than needed, and any seed is good. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

unsigned long c_random(struct ctx *c, unsigned long n)
{
	return next(&c->state->random) % n;
}

bool c_step_first(struct ctx *c)
{
	return !c->state->step;
}

/* Whether n is in a list such as "3,10-20". */
static bool listed(const char *list, unsigned long n)
{
	unsigned long from, to;
	char *end;

	while (list && *list) {
		from = to = strtoul(list, &end, 10);
		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		if (n >= from && n <= to)
			return true;
		list = *end ? end + 1 : end;
	}
	return false;
}

void walk_run(struct ctx *c)
{
	const struct walk_plan *plan = (const void *)c->param;
	unsigned int number;
	struct ctx one = *c;
	char prefix[16];

	one.prefix = prefix;
	for (number = 0; number < plan->steps; number++) {
		if (listed(plan->skip, number))
			continue;
		snprintf(prefix, sizeof(prefix), "%04u ", number);
		c->state->random = plan->seed << 32 | number;
		next(&c->state->random);
		plan->walk->step(&one);
		c->state->step++;
	}
}
