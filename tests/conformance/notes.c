// SPDX-License-Identifier: BSD-3-Clause
/* Lines of a case's own. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
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
