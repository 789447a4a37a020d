// SPDX-License-Identifier: BSD-3-Clause
#include "handover.h"

#include "tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#define PATH_WORDS (HANDOVER_PATH_MAX / sizeof(long))
#define STACK_ALIGN 16UL

/* What is taken from the thread for a while and given back. */
struct loan {
	struct tracee tracee;
	unsigned long at; /* words of its stack */
	unsigned int words;
	long stack[PATH_WORDS];
};

static int poke(const struct loan *l, unsigned long at, long word)
{
	if (ptrace(PTRACE_POKEDATA, l->tracee.tid, at, (void *)word) < 0)
		return errno == ESRCH ? -ESRCH : -EFAULT;
	return 0;
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
		word = ptrace(PTRACE_PEEKDATA, l->tracee.tid, l->at + offset,
			      NULL);
		if (errno)
			return errno == ESRCH ? -ESRCH : -EFAULT;
		l->stack[l->words] = word;
		memcpy(&word, path + offset,
		       left < sizeof(word) ? left : sizeof(word));
		rc = poke(l, l->at + offset, word);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int return_stack(const struct loan *l)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < l->words && rc == 0; i++)
		rc = poke(l, l->at + i * sizeof(l->stack[0]), l->stack[i]);
	return rc;
}

static void prepare_open(struct loan *l, const struct handover *h,
			 struct regs *call)
{
	unsigned long arg[3] = { (unsigned long)AT_FDCWD, 0,
				 (unsigned long)(h->flags | O_CLOEXEC) };
	unsigned long sp = l->tracee.regs.word[regs_layout.sp];

	l->at = (sp - regs_layout.red_zone - strlen(h->path) - 1) &
		~(STACK_ALIGN - 1);
	arg[1] = l->at;
	tracee_prepare(&l->tracee, call, regs_layout.nr_openat, arg, 3);
}

static int open_on_stack(struct loan *l, const struct handover *h,
			 const struct regs *call, long *ret)
{
	int rc, back;

	rc = borrow_stack(l, h->path);
	if (rc == 0)
		rc = tracee_call(&l->tracee, call, ret);
	if (rc == -ESRCH)
		return rc;
	back = return_stack(l);
	return rc < 0 ? rc : back;
}

/* For an fd whose number the client cannot be told. */
static int close_in_client(const struct tracee *t, unsigned long fd)
{
	struct regs call;
	long ret;
	int rc;

	tracee_prepare(t, &call, regs_layout.nr_close, &fd, 1);
	rc = tracee_check_filter(t, &call);
	return rc < 0 ? rc : tracee_call(t, &call, &ret);
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
	rc = put_number(l->tracee.tid, h->number_at, (uint32_t)fd);
	if (rc != -EFAULT)
		return rc;
	rc = close_in_client(&l->tracee, (unsigned long)fd);
	return rc < 0 ? rc : -EFAULT;
}

static int open_in_client(struct loan *l, const struct handover *h, long *ret)
{
	struct tracee *t = &l->tracee;
	struct regs call;
	int rc, back;

	rc = tracee_check_caller(t, regs_layout.nr_ioctl);
	if (rc < 0)
		return rc;
	prepare_open(l, h, &call);
	rc = tracee_check_filter(t, &call);
	if (rc == 0)
		rc = tracee_block_signals(t);
	if (rc < 0)
		return rc;
	rc = open_and_tell(l, h, &call, ret);
	if (rc == -ESRCH)
		return rc;
	back = tracee_unblock_signals(t);
	return rc < 0 ? rc : back;
}

/* The ioctl has been answered. */
static int exchange(struct loan *l, const struct handover *h)
{
	long ret;
	int rc;

	rc = tracee_arrive(&l->tracee, regs_layout.nr_ioctl, &ret);
	if (rc < 0)
		return rc;
	if (ret == 0)
		rc = open_in_client(l, h, &ret);
	if (rc == -ESRCH)
		return rc;
	if (rc < 0)
		ret = rc;
	rc = tracee_leave(&l->tracee, ret);
	return rc < 0 ? rc : (int)ret;
}

int handover_ptrace(struct handover *h)
{
	struct loan loan = {
		.tracee = {
			.tid = h->tid,
			.inherits = h->inherits,
			.hooked = h->hooked,
		},
	};
	int rc;

	h->answered = false;
	if (strlen(h->path) >= HANDOVER_PATH_MAX)
		return -ENAMETOOLONG;
	rc = tracee_seize(&loan.tracee);
	if (rc < 0)
		return rc;
	h->answered = true;
	h->answer(h->opaque, 0);
	return exchange(&loan, h);
}
