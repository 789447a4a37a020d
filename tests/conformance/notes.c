// SPDX-License-Identifier: BSD-3-Clause
/* Lines of a case's own, and sets of outcomes. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "state.h"

static void say(struct ctx *c, const char *before, const char *format,
		va_list list)
{
	struct line l = { 0 };
	char text[1024];

	vsnprintf(text, sizeof(text), format, list);
	put(&l, "%s%s", before, text);
	write_line(c, &l);
}

void c_note(struct ctx *c, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(c, "# ", format, list);
	va_end(list);
}

void c_say(struct ctx *c, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(c, "", format, list);
	va_end(list);
}

long c_did(struct ctx *c, long result, const char *format, ...)
{
	struct line l = { 0 };
	int saved = errno;
	char text[1024];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	put(&l, "%s", text);
	errno = saved;
	put_result(&l, result);
	write_line(c, &l);
	return result;
}

void c_outcome(struct ctx *c, const char *format, ...)
{
	struct state *s = c->state;
	char text[sizeof(s->outcomes[0])];
	va_list list;
	int i;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	for (i = 0; i < s->nr_outcomes; i++)
		if (!strcmp(s->outcomes[i], text))
			return;
	if (i == MAX_OUTCOMES)
		abort();
	strcpy(s->outcomes[i], text);
	s->nr_outcomes++;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

void c_outcomes(struct ctx *c)
{
	struct state *s = c->state;
	struct line l = { 0 };
	int i;

	qsort(s->outcomes, (size_t)s->nr_outcomes, sizeof(s->outcomes[0]),
	      by_text);
	for (i = 0; i < s->nr_outcomes; i++) {
		l.len = 0;
		put(&l, "~ %s", s->outcomes[i]);
		write_line(c, &l);
	}
	s->nr_outcomes = 0;
}
