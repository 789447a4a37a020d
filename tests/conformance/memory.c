// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "state.h"

#define CANARY 0xa5
#define ROW 16

/* len bytes, with a page that nobody may touch on each side. */
static unsigned char *island(size_t len)
{
	unsigned char *at;

	len = (len + C_PAGE - 1) & ~(C_PAGE - 1);
	at = mmap(NULL, len + 2 * C_PAGE, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED ||
	    mprotect(at + C_PAGE, len, PROT_READ | PROT_WRITE))
		abort();
	return at + C_PAGE;
}

struct region *region_add(struct ctx *c, const char *name, void *at, size_t len,
			  unsigned int flags)
{
	struct state *s = c->state;
	struct region *r = &s->regions[s->nr_regions];

	if (s->nr_regions == MAX_REGIONS)
		abort();
	snprintf(r->name, sizeof(r->name), "%s", name);
	r->at = at;
	r->len = len;
	r->shadow = flags & C_UNWATCHED ? NULL : malloc(len);
	s->nr_regions++;
	return r;
}

void region_remove(struct ctx *c, const void *at)
{
	struct state *s = c->state;
	int i;

	for (i = 0; i < s->nr_regions; i++) {
		if (s->regions[i].at == at) {
			free(s->regions[i].shadow);
			s->regions[i] = s->regions[--s->nr_regions];
			return;
		}
	}
}

struct region *region_of(struct ctx *c, uint64_t address)
{
	struct state *s = c->state;
	struct region *r;

	/* Where it ends still is its own: "A+0x1000". */
	for (r = s->regions; r < s->regions + s->nr_regions; r++)
		if (address >= (uintptr_t)r->at &&
		    address <= (uintptr_t)r->at + r->len)
			return r;
	return NULL;
}

void memory_init(struct state *s)
{
	struct ctx c = { .state = s };
	unsigned char *at = island(ARG_SIZE);

	region_add(&c, "arg", at, ARG_SIZE, 0);
	s->arg_end = at + ARG_SIZE;
	s->arg_at = s->arg_end;
}

void *arg_put(struct ctx *c, const void *data, size_t len)
{
	struct state *s = c->state;

	if (len > ARG_SIZE)
		abort();
	memset(s->arg_end - ARG_SIZE, CANARY, ARG_SIZE - len);
	s->arg_at = s->arg_end - len;
	if (data)
		memcpy(s->arg_at, data, len);
	else
		memset(s->arg_at, 0xee, len);
	return s->arg_at;
}

void watch_before(struct ctx *c)
{
	struct state *s = c->state;
	struct region *r;

	for (r = s->regions; r < s->regions + s->nr_regions; r++)
		if (r->shadow)
			memcpy(r->shadow, r->at, r->len);
}

static bool row_changed(const struct region *r, size_t from, size_t to)
{
	return memcmp(r->at + from, r->shadow + from, to - from);
}

/* One row of ROW bytes, ".." for one that did not change. */
static void row_record(struct ctx *c, const struct region *r, size_t from,
		       size_t to)
{
	struct line l = { 0 };
	size_t i;

	put(&l, "    ");
	put_address(c, &l, (uintptr_t)r->at + from);
	put(&l, ":");
	for (i = from; i < to; i++) {
		if (r->at[i] == r->shadow[i])
			put(&l, " ..");
		else
			put(&l, " %02x", r->at[i]);
	}
	write_line(c, &l);
}

static bool same_row(const struct region *r, size_t from, size_t len)
{
	return !memcmp(r->at + from, r->at + from - len, len) &&
	       !memcmp(r->shadow + from, r->shadow + from - len, len);
}

static void same_record(struct ctx *c, size_t rows)
{
	struct line l = { 0 };

	if (!rows)
		return;
	put(&l, "    (%zu more rows the same)", rows);
	write_line(c, &l);
}

/* All that changed in a region. Rows are counted from begin, both ways. */
static void changes(struct ctx *c, const struct region *r, size_t begin)
{
	size_t from, to, same = 0;

	for (from = 0; from < r->len; from = to) {
		to = from + ROW - (from + ROW - begin % ROW) % ROW;
		if (to > r->len)
			to = r->len;
		if (!row_changed(r, from, to))
			continue;
		if (from >= ROW && to - from == ROW && same_row(r, from, ROW)) {
			same++;
			continue;
		}
		same_record(c, same);
		same = 0;
		row_record(c, r, from, to);
	}
	same_record(c, same);
}

/* The argument's fields that changed, each a line; they are then settled. */
static void changed_fields(struct ctx *c, const struct c_field *f)
{
	struct region *r = &c->state->regions[0];
	size_t begin = (size_t)(c->state->arg_at - r->at), at;
	struct line l;

	for (; f && f->name; f++) {
		at = begin + f->offset;
		if (at + f->size > r->len || !row_changed(r, at, at + f->size))
			continue;
		l.len = 0;
		put(&l, "    ");
		put_field(c, &l, f, c->state->arg_at);
		write_line(c, &l);
		memcpy(r->shadow + at, r->at + at, f->size);
	}
}

void watch_after(struct ctx *c, const struct c_field *fields)
{
	struct state *s = c->state;
	int i, saved = errno;

	changed_fields(c, fields);
	changes(c, &s->regions[0], (size_t)(s->arg_at - s->regions[0].at));
	for (i = 1; i < s->nr_regions; i++)
		if (s->regions[i].shadow)
			changes(c, &s->regions[i], 0);
	errno = saved;
}

void *c_mem(struct ctx *c, const char *name, size_t len, unsigned int flags)
{
	void *at = island(len);

	region_add(c, name, at, len, flags);
	return at;
}

void c_protect(struct ctx *c, void *at, size_t len, int prot)
{
	struct region *r = region_of(c, (uintptr_t)at);

	/* What cannot be read cannot be watched. */
	if (r && !(prot & PROT_READ)) {
		free(r->shadow);
		r->shadow = NULL;
	}
	if (mprotect(at, len, prot))
		abort();
}

static void *page_with(struct ctx *c, const char *name, const void *data,
		       size_t len, int prot)
{
	unsigned char *at = c_mem(c, name, C_PAGE, C_UNWATCHED);

	memcpy(at + C_PAGE - len, data, len);
	c_protect(c, at, C_PAGE, prot);
	return at + C_PAGE - len;
}

void *c_read_only(struct ctx *c, const void *data, size_t len)
{
	return page_with(c, "RO", data, len, PROT_READ);
}

void *c_no_access(struct ctx *c, const void *data, size_t len)
{
	return page_with(c, "NONE", data, len, PROT_NONE);
}
