// SPDX-License-Identifier: BSD-3-Clause
#include "handover.h"

#include "client_filter.h"
#include "tracee.h"

#include <errno.h>

#define NR_ARGS 6
#define FD_ARG 4

/* It calls mmap once more, with @fd for its own, and closes that. */
static int map_and_close(const struct tracee *t, const uint64_t *args,
			 unsigned long fd, long *ret)
{
	unsigned long arg[NR_ARGS];
	struct regs call;
	long closed;
	int rc, i;

	for (i = 0; i < NR_ARGS; i++)
		arg[i] = args[i];
	arg[FD_ARG] = fd | HANDOVER_FD_PASSES;
	tracee_prepare(t, &call, regs_layout.nr_mmap, arg, NR_ARGS);
	rc = tracee_call(t, &call, ret);
	if (rc < 0)
		return rc;
	tracee_prepare(t, &call, regs_layout.nr_close, &fd, 1);
	return tracee_call(t, &call, &closed);
}

static int map_in_client(struct tracee *t, const uint64_t *args,
			 unsigned long fd, long *ret)
{
	int rc, back;

	rc = tracee_check_caller(t, regs_layout.nr_mmap);
	if (rc == 0)
		rc = tracee_block_signals(t);
	if (rc < 0)
		return rc;
	rc = map_and_close(t, args, fd, ret);
	if (rc == -ESRCH)
		return rc;
	back = tracee_unblock_signals(t);
	return rc < 0 ? rc : back;
}

/*
 * A filter cannot be asked before the thread stands still, and then the fd,
 * which must be closed, is there already: so none but ours will do.
 */
static int give_fd(struct tracee *t, int listener,
		   const struct handover_notif *n, int fd)
{
	int rc;

	rc = client_filter_check_count(t->tid, t->inherits, t->hooked);
	if (rc == 0)
		rc = tracee_seize(t);
	return rc < 0 ? rc : handover_notif_addfd(listener, n->id, fd);
}

/* The client has the fd under @number; its call has been answered. */
static int exchange(struct tracee *t, const struct handover_notif *n,
		    unsigned long number)
{
	long ret;
	int rc;

	rc = tracee_arrive(t, regs_layout.nr_mmap, &ret);
	if (rc < 0)
		return rc;
	rc = map_in_client(t, n->arg, number, &ret);
	if (rc == -ESRCH)
		return rc;
	if (rc < 0)
		ret = rc;
	rc = tracee_leave(t, ret);
	if (rc == 0 && regs_is_error(ret))
		rc = (int)ret;
	return rc;
}

int handover_map(int listener, const struct handover_notif *n, int fd,
		 bool inherits)
{
	struct tracee tracee = {
		.tid = n->tid,
		.inherits = inherits,
		.hooked = true,
	};
	int number, rc;

	number = give_fd(&tracee, listener, n, fd);
	if (number < 0) {
		handover_notif_answer(listener, n->id, number);
		return number == -ENOENT ? -ESRCH : number;
	}
	/* What it gets if this process does not live to do the rest. */
	rc = handover_notif_answer(listener, n->id, -ENODEV);
	if (rc < 0)
		return rc == -ENOENT ? -ESRCH : rc;
	return exchange(&tracee, n, (unsigned long)number);
}
