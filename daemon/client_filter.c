// SPDX-License-Identifier: BSD-3-Clause
#include "client_filter.h"

#include "task_status.h"

#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>

struct machine {
	uint32_t a;
	uint32_t x;
	uint32_t mem[BPF_MEMWORDS];
};

static uint32_t call_word(const struct seccomp_data *call, uint32_t at)
{
	uint32_t word = 0;

	if (at <= sizeof(*call) - sizeof(word))
		memcpy(&word, (const char *)call + at, sizeof(word));
	return word;
}

static uint32_t load(const struct machine *m, const struct sock_filter *f,
		     const struct seccomp_data *call)
{
	switch (BPF_MODE(f->code)) {
	case BPF_ABS:
		return call_word(call, f->k);
	case BPF_LEN:
		return sizeof(*call);
	case BPF_MEM:
		return m->mem[f->k % BPF_MEMWORDS];
	default: /* BPF_IMM */
		return f->k;
	}
}

static uint32_t compute(const struct machine *m, const struct sock_filter *f)
{
	uint32_t by = BPF_SRC(f->code) == BPF_X ? m->x : f->k;

	switch (BPF_OP(f->code)) {
	case BPF_ADD:
		return m->a + by;
	case BPF_SUB:
		return m->a - by;
	case BPF_MUL:
		return m->a * by;
	case BPF_DIV:
		return by ? m->a / by : 0;
	case BPF_AND:
		return m->a & by;
	case BPF_OR:
		return m->a | by;
	case BPF_XOR:
		return m->a ^ by;
	case BPF_LSH:
		return m->a << (by & 31);
	case BPF_RSH:
		return m->a >> (by & 31);
	default: /* BPF_NEG */
		return -m->a;
	}
}

/* How many instructions to skip. */
static uint32_t jump(const struct machine *m, const struct sock_filter *f)
{
	uint32_t with = BPF_SRC(f->code) == BPF_X ? m->x : f->k;

	switch (BPF_OP(f->code)) {
	case BPF_JEQ:
		return m->a == with ? f->jt : f->jf;
	case BPF_JGT:
		return m->a > with ? f->jt : f->jf;
	case BPF_JGE:
		return m->a >= with ? f->jt : f->jf;
	case BPF_JSET:
		return m->a & with ? f->jt : f->jf;
	default: /* BPF_JA */
		return f->k;
	}
}

static void step(struct machine *m, const struct sock_filter *f,
		 const struct seccomp_data *call)
{
	switch (BPF_CLASS(f->code)) {
	case BPF_LD:
		m->a = load(m, f, call);
		break;
	case BPF_LDX:
		m->x = load(m, f, call);
		break;
	case BPF_ST:
		m->mem[f->k % BPF_MEMWORDS] = m->a;
		break;
	case BPF_STX:
		m->mem[f->k % BPF_MEMWORDS] = m->x;
		break;
	case BPF_ALU:
		m->a = compute(m, f);
		break;
	default: /* BPF_MISC */
		if (BPF_MISCOP(f->code) == BPF_TAX)
			m->x = m->a;
		else
			m->a = m->x;
		break;
	}
}

uint32_t client_filter_run(const struct sock_filter *prog, unsigned int len,
			   const struct seccomp_data *call)
{
	struct machine m = { 0 };
	const struct sock_filter *f;
	uint64_t pc;

	for (pc = 0; pc < len; pc++) {
		f = &prog[pc];
		if (BPF_CLASS(f->code) == BPF_JMP)
			pc += jump(&m, f);
		else if (BPF_CLASS(f->code) == BPF_RET)
			return BPF_RVAL(f->code) == BPF_A ? m.a : f->k;
		else
			step(&m, f, call);
	}
	return SECCOMP_RET_KILL_PROCESS;
}

static bool lets_live(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_USER_NOTIF:
	case SECCOMP_RET_TRACE: /* no tracer that asked for it: ENOSYS */
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		return true;
	default:
		return false;
	}
}

int client_filter_check_count(pid_t tid, bool inherits, bool hooked)
{
	long mode, theirs, ours;
	int rc;

	rc = task_status_number(tid, "Seccomp:", &mode);
	if (rc == -ENODATA) /* a kernel without seccomp */
		return 0;
	if (rc < 0)
		return rc;
	if (mode == SECCOMP_MODE_DISABLED)
		return 0;
	if (!inherits)
		return -EPERM;
	if (task_status_number(tid, "Seccomp_filters:", &theirs) < 0 ||
	    task_status_number(0, "Seccomp_filters:", &ours) < 0)
		return -EPERM;
	if (theirs == ours + hooked)
		return 0;
	return task_is_dead(tid) ? -ESRCH : -EPERM;
}

int client_filter_check(pid_t tid, const struct seccomp_data *call,
			bool inherits, bool hooked)
{
	struct sock_filter prog[BPF_MAXINSNS];
	unsigned long i;
	long len;

	for (i = 0;; i++) {
		len = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, i, prog);
		if (len < 0)
			break;
		if (!lets_live(
			    client_filter_run(prog, (unsigned int)len, call)))
			return -EPERM;
	}
	if (errno == ESRCH)
		return -ESRCH;
	if (errno == ENOENT || (errno == EINVAL && i == 0))
		return 0; /* that was the last; there was none */
	/* They cannot be read: they are known only if they are also ours. */
	return client_filter_check_count(tid, inherits, hooked);
}
