// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>
#include "state.h"

static void put_flags(struct line *l, const struct c_flag *f, uint64_t value)
{
	const char *between = "";

	for (; f && f->name; f++) {
		if (!(value & f->bit))
			continue;
		put(l, "%s%s", between, f->name);
		between = "|";
		value &= ~f->bit;
	}
	if (value || !*between)
		put(l, "%s0x%llx", between, (unsigned long long)value);
}

void put_field(struct ctx *c, struct line *l, const struct c_field *f,
	       const void *data)
{
	uint64_t value = 0;

	memcpy(&value, (const char *)data + f->offset, f->size);
	put(l, "%s ", f->name);
	switch (f->kind) {
	case DECIMAL:
		put(l, "%llu", (unsigned long long)value);
		break;
	case HEX:
		put(l, "0x%llx", (unsigned long long)value);
		break;
	case FLAGS:
		put_flags(l, f->flags, value);
		break;
	case FD:
		put_fd(c, l, (int)value);
		break;
	case ADDRESS:
		put_address(c, l, value);
		break;
	}
}

static bool unset(const unsigned char *p, size_t len)
{
	while (len && *p == 0xee) {
		p++;
		len--;
	}
	return !len;
}

void put_fields(struct ctx *c, struct line *l, const struct c_cmd *cmd,
		const void *data, size_t len)
{
	const char *between = "", *p = data;
	const struct c_field *f;
	size_t end = 0;

	put(l, "{");
	for (f = cmd->fields; f && f->name; f++) {
		if (f->offset + f->size > len)
			break;
		end = f->offset + f->size;
		if (unset((const void *)(p + f->offset), f->size))
			continue;
		put(l, "%s", between);
		put_field(c, l, f, data);
		between = " ";
	}
	if (end < len && !unset((const void *)(p + end), len - end)) {
		put(l, "%s+%zu: ", between, end);
		if (cmd->tail)
			cmd->tail(c, l, data, len);
		else
			put_bytes(l, p + end, len - end);
	}
	put(l, "}");
}
