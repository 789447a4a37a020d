// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "state.h"

/* Bytes of an argument that are shown; what comes back is shown whole. */
#define SHOWN 48

void put(struct line *l, const char *format, ...)
{
	size_t room = sizeof(l->text) - l->len;
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(l->text + l->len, room, format, list);
	va_end(list);
	if (n < 0 || (size_t)n >= room)
		abort();
	l->len += (size_t)n;
}

void put_fd(struct ctx *c, struct line *l, int fd)
{
	if (fd >= 0 && fd < MAX_FDS && c->state->roles.name[fd][0])
		put(l, "%s", c->state->roles.name[fd]);
	else
		put(l, "%d", fd);
}

static void put_offset(struct line *l, const char *name, int64_t offset)
{
	if (offset < 0)
		put(l, "%s-0x%llx", name, (unsigned long long)-offset);
	else if (offset > 0)
		put(l, "%s+0x%llx", name, (unsigned long long)offset);
	else
		put(l, "%s", name);
}

void put_address(struct ctx *c, struct line *l, uint64_t address)
{
	const struct region *r = region_of(c, address);
	const unsigned char *from;

	if (!address) {
		put(l, "NULL");
	} else if (!r) {
		put(l, "0x%llx", (unsigned long long)address);
	} else {
		from = r == c->state->regions ? c->state->arg_at : r->at;
		put_offset(l, r->name, (int64_t)(address - (uintptr_t)from));
	}
}

/* Whether it is one of several: "GROUP", "GROUP2" … */
static bool put_one_of(struct line *l, const char *name,
		       const char *const strings[C_GROUPS], const char *string)
{
	int i;

	for (i = 0; i < C_GROUPS && strings[i]; i++) {
		if (strcmp(string, strings[i]))
			continue;
		put(l, i ? "%s%d" : "%s", name, i + 1);
		return true;
	}
	return false;
}

void put_string(struct ctx *c, struct line *l, const char *string)
{
	if (!strcmp(string, c->container))
		put(l, "CONTAINER");
	else if (!put_one_of(l, "GROUP", c->group, string) &&
		 !put_one_of(l, "DEVICE", c->device, string))
		put(l, "\"%s\"", string);
}

void put_bytes(struct line *l, const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t i;

	for (i = 0; i < len && i < SHOWN; i++)
		put(l, "%s%02x", i ? " " : "", p[i]);
	if (len > SHOWN)
		put(l, " ... (%zu)", len);
}

void put_result(struct line *l, long result)
{
	const char *name = strerrorname_np(errno);

	if (result == -1)
		put(l, " = -1 %s", name ? name : "?");
	else
		put(l, " = %ld", result);
}

void put_result_address(struct ctx *c, struct line *l, const void *result)
{
	put(l, " = ");
	put_address(c, l, (uintptr_t)result);
}

void write_line(struct ctx *c, const struct line *l)
{
	char text[sizeof(l->text) + 64];
	int n, saved = errno;

	n = snprintf(text, sizeof(text), "%s%s\n", c->prefix, l->text);
	if (write(c->state->log, text, (size_t)n) != n)
		abort();
	errno = saved;
}
