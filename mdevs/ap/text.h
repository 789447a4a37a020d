/* SPDX-License-Identifier: BSD-3-Clause */
/* Text that is put together in a buffer that has an end. */
#ifndef MDEVS_AP_TEXT_H
#define MDEVS_AP_TEXT_H

#include <stddef.h>

struct text {
	char *buf;
	size_t size;
	size_t used; /* below size, a NUL behind it */
};

/* As printf. What does not fit whole is left out. */
void text_add(struct text *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
