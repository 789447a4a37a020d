/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A thread of a client that waits in a system call, held by ptrace on its way
 * out of that call and made to do further ones before it goes on.
 *
 * All of it on one thread of ours, made for this tracee and ending soon after:
 * its end lets go of a client that died in the middle, whose zombie is not
 * reaped here, for it may be a child that somebody else waits for.
 *
 * All functions return 0 or a negative errno; -ESRCH: the client died, or the
 * thread is another by now. Nothing can be done with the tracee after that.
 */
#ifndef VFIOD_TRACEE_H
#define VFIOD_TRACEE_H

#include "regs.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct tracee {
	pid_t tid;
	/* For client_filter_check(). */
	bool inherits, hooked;
	/* The rest is filled in here: */
	struct regs regs; /* with which it is to go on */
	uint64_t sigmask;
};

/*
 * Seize the thread, which still waits: -EBUSY: it has a tracer already (gdb,
 * strace); -EPERM: it may not be traced by us.
 */
int tracee_seize(struct tracee *t);

/*
 * After the call, of number @nr, has been answered: wait until the thread is
 * on its way out, and tell what the call returned.
 */
int tracee_arrive(struct tracee *t, unsigned int nr, long *ret);

/* Is it a native call @nr, made by the syscall instruction? -EOPNOTSUPP. */
int tracee_check_caller(const struct tracee *t, unsigned int nr);

/* The registers for call @nr with @n arguments. */
void tracee_prepare(const struct tracee *t, struct regs *call, unsigned int nr,
		    const unsigned long *arg, unsigned int n);
/* -EPERM if it would not survive that call: client_filter_check(). */
int tracee_check_filter(const struct tracee *t, const struct regs *call);
/* Between the next two: have it do the call, whose result is *@ret. */
int tracee_call(const struct tracee *t, const struct regs *call, long *ret);

int tracee_block_signals(struct tracee *t);
int tracee_unblock_signals(const struct tracee *t);

/* Let it go on, its call returning @ret. */
int tracee_leave(struct tracee *t, long ret);

#endif
