// SPDX-License-Identifier: BSD-3-Clause
#include "text.h"

#include <stdarg.h>
#include <stdio.h>

void text_add(struct text *text, const char *fmt, ...)
{
	size_t left = text->size - text->used;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text->buf + text->used, left, fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < left)
		text->used += (size_t)n;
}
