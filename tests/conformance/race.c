// SPDX-License-Identifier: BSD-3-Clause
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "state.h"

/* "0, EBUSY" */
typedef char outcome_text[64];

struct racer {
	struct ctx *c;
	race_fn *fn;
	pthread_barrier_t *line;
	long result;
};

static void *race_main(void *arg)
{
	struct racer *r = arg;

	pthread_barrier_wait(r->line);
	r->result = r->fn(r->c);
	return NULL;
}

static void result_name(char *text, size_t size, long result)
{
	const char *name = result < 0 ? strerrorname_np((int)-result) : NULL;

	if (name)
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "%ld", result);
}

/* The present thread, which is a little ahead, takes r[mine]. */
static void round_of(struct ctx *c, race_fn *one, race_fn *two, int mine,
		     outcome_text outcome)
{
	pthread_barrier_t line;
	struct racer r[2] = { { c, one, &line, 0 }, { c, two, &line, 0 } };
	pthread_t thread;
	char a[24], b[24];

	pthread_barrier_init(&line, NULL, 2);
	if (pthread_create(&thread, NULL, race_main, &r[!mine]))
		abort();
	race_main(&r[mine]);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&line);
	result_name(a, sizeof(a), r[0].result);
	result_name(b, sizeof(b), r[1].result);
	snprintf(outcome, sizeof(outcome_text), "%s, %s", a, b);
}

static bool among(const char *const *outcomes, const char *outcome)
{
	for (; *outcomes; outcomes++)
		if (!strcmp(*outcomes, outcome))
			return true;
	return false;
}

void c_race(struct ctx *c, int rounds, case_fn *setup, race_fn *one,
	    race_fn *two, const char *const *outcomes)
{
	outcome_text outcome;
	int i;

	for (i = 0; outcomes[i]; i++)
		c_say(c, "~ %s", outcomes[i]);
	while (rounds--) {
		if (setup)
			setup(c);
		round_of(c, one, two, rounds & 1, outcome);
		if (!among(outcomes, outcome)) {
			c_say(c, "not among these: %s", outcome);
			return;
		}
	}
}
