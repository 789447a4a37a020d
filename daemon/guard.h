/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copying from and to mapped files, whose owner may cut them short at any
 * moment: the SIGBUS that a copy then gets is an error of that copy.
 */
#ifndef VFIOD_DAEMON_GUARD_H
#define VFIOD_DAEMON_GUARD_H

#include <stddef.h>

/*
 * Take SIGBUS over. Once, before the first copy. A SIGBUS that comes of
 * something else ends the process as ever. 0 or a negative errno.
 */
int guard_init(void);

/* 0; -EFAULT: there was nothing behind an address. Any thread. */
int guard_copy(void *to, const void *from, size_t len);

#endif
