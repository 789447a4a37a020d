// SPDX-License-Identifier: BSD-3-Clause
#include "tracee.h"

#include "client_filter.h"
#include "task_status.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define SYSCALL_STOP (SIGTRAP | 0x80)

static int trace(int request, pid_t tid, unsigned long addr, void *data)
{
	if (ptrace(request, tid, addr, data) < 0)
		return -errno;
	return 0;
}

/*
 * The next stop of the thread: its signal, and the ptrace event above bit 8.
 * Without WEXITED nothing is reaped, and a dead thread is -ECHILD at once,
 * even a group leader whose other threads live on.
 */
static int next_stop(pid_t tid)
{
	siginfo_t info;

	while (waitid(P_PID, (id_t)tid, &info,
		      WSTOPPED | __WALL | __WNOTHREAD) < 0) {
		if (errno != EINTR)
			return errno == ECHILD ? -ESRCH : -errno;
	}
	return info.si_status;
}

int tracee_seize(struct tracee *t)
{
	long tracer;
	int rc;

	rc = trace(PTRACE_SEIZE, t->tid, 0, (void *)PTRACE_O_TRACESYSGOOD);
	if (rc == -EPERM && task_is_dead(t->tid))
		return -ESRCH;
	if (rc == -EPERM &&
	    task_status_number(t->tid, "TracerPid:", &tracer) == 0 && tracer)
		return -EBUSY;
	if (rc < 0)
		return rc;
	return trace(PTRACE_INTERRUPT, t->tid, 0, NULL);
}

int tracee_arrive(struct tracee *t, unsigned int nr, long *ret)
{
	int rc;

	rc = next_stop(t->tid);
	if (rc >= 0)
		rc = regs_get(t->tid, &t->regs);
	if (rc < 0)
		return rc;
	*ret = regs_ret(&t->regs);
	if (regs_in_call(&t->regs, nr) && (*ret == 0 || regs_is_error(*ret)))
		return 0;
	/* An exec, or a new thread of that number: not the caller. */
	trace(PTRACE_DETACH, t->tid, 0, NULL);
	return -ESRCH;
}

int tracee_check_caller(const struct tracee *t, unsigned int nr)
{
	const struct regs_layout *a = &regs_layout;
	const unsigned long *word = t->regs.word;
	unsigned long insn;

	if (!regs_native(&t->regs) || word[a->orig_nr] != nr)
		return -EOPNOTSUPP;
	errno = 0;
	insn = (unsigned long)ptrace(PTRACE_PEEKTEXT, t->tid,
				     word[a->pc] - a->insn_len, NULL);
	if (errno)
		return errno == ESRCH ? -ESRCH : -EOPNOTSUPP;
	return memcmp(&insn, a->insn, a->insn_len) ? -EOPNOTSUPP : 0;
}

void tracee_prepare(const struct tracee *t, struct regs *call, unsigned int nr,
		    const unsigned long *arg, unsigned int n)
{
	*call = t->regs;
	regs_call(call, nr, arg, n);
}

int tracee_check_filter(const struct tracee *t, const struct regs *call)
{
	const struct regs_layout *a = &regs_layout;
	struct seccomp_data data = {
		.nr = (int)call->word[a->nr],
		.arch = a->audit_arch,
		.instruction_pointer = t->regs.word[a->pc],
	};
	unsigned int i;

	for (i = 0; i < 6; i++)
		data.args[i] = call->word[a->arg[i]];
	return client_filter_check(t->tid, &data, t->inherits, t->hooked);
}

/*
 * Runs the thread to the end of the call that its registers ask for. A group
 * stop on the way is run through: the kernel puts it back when we detach.
 */
static int run_call(pid_t tid, long *ret)
{
	bool inside = false;
	struct regs regs;
	long signal = 0;
	int stop, rc;

	for (;;) {
		rc = trace(PTRACE_SYSCALL, tid, 0, (void *)signal);
		if (rc < 0)
			return rc;
		stop = next_stop(tid);
		if (stop < 0)
			return stop;
		/* Only SIGSTOP comes as a signal; the mask does not hold it. */
		signal = stop >> 8 ? 0 : stop;
		if (stop != SYSCALL_STOP)
			continue;
		signal = 0;
		inside = !inside;
		if (inside)
			continue;
		rc = regs_get(tid, &regs);
		if (rc < 0)
			return rc;
		*ret = regs_ret(&regs);
		if (!regs_restarting(&regs))
			return 0;
	}
}

int tracee_call(const struct tracee *t, const struct regs *call, long *ret)
{
	int rc;

	rc = regs_set(t->tid, call);
	return rc < 0 ? rc : run_call(t->tid, ret);
}

int tracee_block_signals(struct tracee *t)
{
	uint64_t all = ~0ULL;
	int rc;

	rc = trace(PTRACE_GETSIGMASK, t->tid, sizeof(t->sigmask), &t->sigmask);
	if (rc < 0)
		return rc;
	return trace(PTRACE_SETSIGMASK, t->tid, sizeof(all), &all);
}

int tracee_unblock_signals(const struct tracee *t)
{
	return trace(PTRACE_SETSIGMASK, t->tid, sizeof(t->sigmask),
		     (void *)&t->sigmask);
}

int tracee_leave(struct tracee *t, long ret)
{
	int rc;

	regs_set_ret(&t->regs, ret);
	rc = regs_set(t->tid, &t->regs);
	return rc < 0 ? rc : trace(PTRACE_DETACH, t->tid, 0, NULL);
}
