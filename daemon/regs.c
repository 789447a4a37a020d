// SPDX-License-Identifier: BSD-3-Clause
#include "regs.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

/* The kernel's private results, of which ptrace shows more than errno.h has. */
#define MAX_ERRNO 4095
#define FIRST_RESTART 512
#define LAST_RESTART 516

int regs_get(pid_t tid, struct regs *r)
{
	struct iovec iov = { .iov_base = r->word, .iov_len = sizeof(r->word) };

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) < 0)
		return -errno;
	r->len = iov.iov_len;
	return 0;
}

int regs_set(pid_t tid, const struct regs *r)
{
	struct iovec iov = { .iov_base = (void *)r->word, .iov_len = r->len };

	if (ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov) < 0)
		return -errno;
	return 0;
}

bool regs_native(const struct regs *r)
{
	return r->len == regs_layout.words * sizeof(r->word[0]);
}

bool regs_in_call(const struct regs *r, unsigned int nr)
{
	const struct regs_layout *a = &regs_layout;
	unsigned long is_in = r->word[a->orig_nr];

	if (!regs_native(r) || is_in == nr)
		return true;
	return nr == a->nr_ioctl &&
	       (is_in == a->foreign_ioctl[0] || is_in == a->foreign_ioctl[1]);
}

long regs_ret(const struct regs *r)
{
	int32_t compat;

	if (regs_native(r))
		return (long)r->word[regs_layout.ret];
	memcpy(&compat, (const char *)r->word + regs_layout.compat_ret,
	       sizeof(compat));
	return compat;
}

void regs_set_ret(struct regs *r, long value)
{
	int32_t compat = (int32_t)value;

	if (regs_native(r))
		r->word[regs_layout.ret] = (unsigned long)value;
	else
		memcpy((char *)r->word + regs_layout.compat_ret, &compat,
		       sizeof(compat));
}

bool regs_is_error(long ret)
{
	return ret < 0 && ret >= -MAX_ERRNO;
}

bool regs_restarting(const struct regs *r)
{
	long ret = regs_ret(r);

	return ret <= -FIRST_RESTART && ret >= -LAST_RESTART;
}

void regs_call(struct regs *r, unsigned int nr, const unsigned long *arg,
	       unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		r->word[regs_layout.arg[i]] = arg[i];
	r->word[regs_layout.nr] = nr;
	r->word[regs_layout.pc] -= regs_layout.insn_len;
	/* Nothing of the call it comes from may be restarted on the way. */
	if (regs_layout.restart != REGS_NONE)
		r->word[regs_layout.restart] = -1UL;
}
