// SPDX-License-Identifier: BSD-3-Clause
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "state.h"

#define MAX_CASES 4096
#define MAX_WALKS 16

/* Filled before main() by the constructors of CASE, CASES and WALK. */
static struct {
	struct conform_case cases[MAX_CASES];
	size_t nr_cases;
	bool sorted;
	struct conform_walk walks[MAX_WALKS];
	size_t nr_walks;
} registry;

void conform_add(case_fn *fn, long param, unsigned int flags, const char *name,
		 ...)
{
	struct conform_case *k = &registry.cases[registry.nr_cases++];
	va_list list;

	if (registry.nr_cases > MAX_CASES)
		abort();
	k->fn = fn;
	k->param = param;
	k->flags = flags;
	va_start(list, name);
	vsnprintf(k->name, sizeof(k->name), name, list);
	va_end(list);
}

void conform_add_walk(case_fn *step, const char *area)
{
	if (registry.nr_walks == MAX_WALKS)
		abort();
	registry.walks[registry.nr_walks++] = (struct conform_walk){
		.area = area,
		.step = step,
	};
}

static int by_area(const struct conform_case *a, const struct conform_case *b)
{
	size_t m = strcspn(a->name, "/"), n = strcspn(b->name, "/");
	int order = strncmp(a->name, b->name, m < n ? m : n);

	return order ? order : (m > n) - (m < n);
}

/* By insertion: those of one area must stay as they were added. */
static void sort(void)
{
	struct conform_case *k = registry.cases, moved;
	size_t i, j;

	for (i = 1; i < registry.nr_cases; i++) {
		moved = k[i];
		for (j = i; j && by_area(&k[j - 1], &moved) > 0; j--)
			k[j] = k[j - 1];
		k[j] = moved;
	}
	registry.sorted = true;
}

const struct conform_case *case_at(size_t n)
{
	if (!registry.sorted)
		sort();
	return n < registry.nr_cases ? &registry.cases[n] : NULL;
}

const struct conform_walk *walk_at(size_t n)
{
	return n < registry.nr_walks ? &registry.walks[n] : NULL;
}
