// SPDX-License-Identifier: BSD-3-Clause
#include "handover.h"

#include "client_filter.h"
#include "regs.h"
#include "task_status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define SYSCALL_STOP (SIGTRAP | 0x80)
#define PATH_WORDS (HANDOVER_PATH_MAX / sizeof(long))
#define STACK_ALIGN 16UL
#define MAX_ERRNO 4095

/* What is taken from the thread for a while and given back. */
struct loan {
	pid_t tid;
	struct regs regs;
	uint64_t sigmask;
	unsigned long at; /* words of its stack */
	unsigned int words;
	long stack[PATH_WORDS];
};

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

static int seize(pid_t tid)
{
	long tracer;
	int rc;

	rc = trace(PTRACE_SEIZE, tid, 0, (void *)PTRACE_O_TRACESYSGOOD);
	if (rc == -EPERM && task_is_dead(tid))
		return -ESRCH;
	if (rc == -EPERM &&
	    task_status_number(tid, "TracerPid:", &tracer) == 0 && tracer)
		return -EBUSY;
	if (rc < 0)
		return rc;
	return trace(PTRACE_INTERRUPT, tid, 0, NULL);
}

/* Only a native ioctl, made with the syscall instruction, can be built on. */
static int check_caller(const struct loan *l)
{
	const struct regs_layout *a = &regs_layout;
	const unsigned long *word = l->regs.word;
	unsigned long insn;

	if (!regs_native(&l->regs) || word[a->orig_nr] != a->nr_ioctl)
		return -EOPNOTSUPP;
	errno = 0;
	insn = (unsigned long)ptrace(PTRACE_PEEKTEXT, l->tid,
				     word[a->pc] - a->insn_len, NULL);
	if (errno)
		return errno == ESRCH ? -ESRCH : -EOPNOTSUPP;
	return memcmp(&insn, a->insn, a->insn_len) ? -EOPNOTSUPP : 0;
}

static int check_filter(const struct loan *l, const struct handover *h,
			const struct regs *call)
{
	const struct regs_layout *a = &regs_layout;
	struct seccomp_data data = {
		.nr = (int)call->word[a->nr],
		.arch = a->audit_arch,
		.instruction_pointer = l->regs.word[a->pc],
	};
	unsigned int i;

	for (i = 0; i < 6; i++)
		data.args[i] = call->word[a->arg[i]];
	return client_filter_check(l->tid, &data, h->inherits, h->hooked);
}

/* Swaps the path in; what was written is in l->words, whatever happens. */
static int borrow_stack(struct loan *l, const char *path)
{
	unsigned long size = strlen(path) + 1;
	long word;
	int rc;

	for (l->words = 0; l->words * sizeof(word) < size; l->words++) {
		unsigned long offset = l->words * sizeof(word);
		unsigned long left = size - offset;

		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, l->tid, l->at + offset, NULL);
		if (errno)
			return errno == ESRCH ? -ESRCH : -EFAULT;
		l->stack[l->words] = word;
		memcpy(&word, path + offset,
		       left < sizeof(word) ? left : sizeof(word));
		rc = trace(PTRACE_POKEDATA, l->tid, l->at + offset,
			   (void *)word);
		if (rc < 0)
			return rc == -ESRCH ? rc : -EFAULT;
	}
	return 0;
}

static int return_stack(const struct loan *l)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < l->words && rc == 0; i++)
		rc = trace(PTRACE_POKEDATA, l->tid,
			   l->at + i * sizeof(l->stack[0]),
			   (void *)l->stack[i]);
	return rc;
}

static int block_signals(struct loan *l)
{
	uint64_t all = ~0ULL;
	int rc;

	rc = trace(PTRACE_GETSIGMASK, l->tid, sizeof(l->sigmask), &l->sigmask);
	if (rc < 0)
		return rc;
	return trace(PTRACE_SETSIGMASK, l->tid, sizeof(all), &all);
}

static int unblock_signals(struct loan *l)
{
	return trace(PTRACE_SETSIGMASK, l->tid, sizeof(l->sigmask),
		     &l->sigmask);
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

static void prepare_open(struct loan *l, const struct handover *h,
			 struct regs *call)
{
	unsigned long arg[3] = { (unsigned long)AT_FDCWD, 0,
				 (unsigned long)(h->flags | O_CLOEXEC) };
	unsigned long top = l->regs.word[regs_layout.sp] - regs_layout.red_zone;

	l->at = (top - strlen(h->path) - 1) & ~(STACK_ALIGN - 1);
	arg[1] = l->at;
	*call = l->regs;
	regs_call(call, regs_layout.nr_openat, arg, 3);
}

static int open_on_stack(struct loan *l, const struct handover *h,
			 const struct regs *call, long *ret)
{
	int rc, back;

	rc = borrow_stack(l, h->path);
	if (rc == 0)
		rc = regs_set(l->tid, call);
	if (rc == 0)
		rc = run_call(l->tid, ret);
	if (rc == -ESRCH)
		return rc;
	back = return_stack(l);
	return rc < 0 ? rc : back;
}

/* For an fd whose number the client cannot be told. */
static int close_in_client(const struct loan *l, const struct handover *h,
			   unsigned long fd)
{
	struct regs call = l->regs;
	long ret;
	int rc;

	regs_call(&call, regs_layout.nr_close, &fd, 1);
	rc = check_filter(l, h, &call);
	if (rc == 0)
		rc = regs_set(l->tid, &call);
	return rc < 0 ? rc : run_call(l->tid, &ret);
}

/* As the client itself could write it: not by ptrace, which may do more. */
static int put_number(pid_t tid, uint64_t at, uint32_t number)
{
	const struct iovec from = { &number, sizeof(number) };
	const struct iovec to = { (void *)(uintptr_t)at, sizeof(number) };

	if (process_vm_writev(tid, &from, 1, &to, 1, 0) ==
	    (ssize_t)sizeof(number))
		return 0;
	return errno == ESRCH ? -ESRCH : -EFAULT;
}

/* The part with signals blocked. */
static int open_and_tell(struct loan *l, const struct handover *h,
			 const struct regs *call, long *ret)
{
	long fd;
	int rc;

	rc = open_on_stack(l, h, call, ret);
	if (rc < 0 || *ret < 0 || !h->number_at)
		return rc;
	fd = *ret;
	*ret = 0;
	rc = put_number(l->tid, h->number_at, (uint32_t)fd);
	if (rc != -EFAULT)
		return rc;
	rc = close_in_client(l, h, (unsigned long)fd);
	return rc < 0 ? rc : -EFAULT;
}

static int open_in_client(struct loan *l, const struct handover *h, long *ret)
{
	struct regs call;
	int rc, back;

	rc = check_caller(l);
	if (rc < 0)
		return rc;
	prepare_open(l, h, &call);
	rc = check_filter(l, h, &call);
	if (rc == 0)
		rc = block_signals(l);
	if (rc < 0)
		return rc;
	rc = open_and_tell(l, h, &call, ret);
	if (rc == -ESRCH)
		return rc;
	back = unblock_signals(l);
	return rc < 0 ? rc : back;
}

/* The thread stands at its way out of the ioctl. */
static int exchange(struct loan *l, const struct handover *h)
{
	long ret;
	int rc;

	rc = regs_get(l->tid, &l->regs);
	if (rc < 0)
		return rc;
	ret = regs_ret(&l->regs);
	if (!regs_in_ioctl(&l->regs) || ret > 0 || ret < -MAX_ERRNO) {
		/* An exec, or a new thread of that number: not the caller. */
		trace(PTRACE_DETACH, l->tid, 0, NULL);
		return -ESRCH;
	}
	if (ret == 0) {
		rc = open_in_client(l, h, &ret);
		if (rc == -ESRCH)
			return rc;
		regs_set_ret(&l->regs, rc < 0 ? rc : ret);
		rc = regs_set(l->tid, &l->regs);
	}
	if (rc == 0)
		rc = trace(PTRACE_DETACH, l->tid, 0, NULL);
	return rc < 0 ? rc : (int)regs_ret(&l->regs);
}

int handover_ptrace(struct handover *h)
{
	struct loan loan = { .tid = h->tid };
	int rc;

	h->answered = false;
	if (strlen(h->path) >= HANDOVER_PATH_MAX)
		return -ENAMETOOLONG;
	rc = seize(h->tid);
	if (rc < 0)
		return rc;
	h->answered = true;
	h->answer(h->opaque, 0);
	rc = next_stop(h->tid);
	if (rc < 0)
		return rc;
	return exchange(&loan, h);
}
