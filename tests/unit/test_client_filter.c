// SPDX-License-Identifier: BSD-3-Clause
/* Handovers to clients that brought seccomp filters of their own. */
#include "handover_rig.h"

#include "../../daemon/client_filter.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

static int install(const struct sock_filter *prog, unsigned short len)
{
	struct sock_fprog fprog = { .len = len,
				    .filter = (struct sock_filter *)prog };

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &fprog);
}

/* The action that the client's filter has for openat. */
static uint32_t action;

static atomic_int traps;

static void count_trap(int sig)
{
	(void)sig;
	traps++;
}

/* Has the filter, asks, and lives on with its SIGSYS handler. */
static int ask_filtered(struct rig_shared *s)
{
	const struct sock_filter prog[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sigaction now;
	int fd;

	rig_on_signal(SIGSYS, count_trap);
	if (install(prog, sizeof(prog) / sizeof(prog[0])))
		return 1;
	fd = rig_ask();
	s->count = fd;
	if (sigaction(SIGSYS, NULL, &now) || now.sa_handler != count_trap)
		return 2;
	if (fd >= 0)
		return rig_check_fd(fd);
	return traps ? 3 : 0;
}

static const struct {
	uint32_t action;
	int error; /* 0: the handover succeeds */
} outcome[] = {
	{ SECCOMP_RET_ALLOW, 0 },
	{ SECCOMP_RET_LOG, 0 },
	{ SECCOMP_RET_ERRNO | EACCES, -EACCES },
	{ SECCOMP_RET_TRACE, -ENOSYS },
	{ SECCOMP_RET_TRAP, -EPERM },
	{ SECCOMP_RET_KILL_THREAD, -EPERM },
	{ SECCOMP_RET_KILL_PROCESS, -EPERM },
	{ 0x12340000, -EPERM }, /* unknown ones kill */
};
#define OUTCOMES (int)(sizeof(outcome) / sizeof(outcome[0]))

START_TEST(client_lives)
{
	struct rig r;
	int rc;

	action = outcome[_i].action;
	rig_start(&r, ask_filtered);
	rc = rig_serve(&r, NULL);
	if (outcome[_i].error)
		ck_assert_int_eq(rc, outcome[_i].error);
	else
		ck_assert_int_ge(rc, 0);
	rig_wait_state(&r, 'Z');
	ck_assert_int_eq(r.shared->count, rc);
	rig_finish(&r);
}
END_TEST

/* The strictest filter counts, not the newest. */
static int ask_filtered_twice(struct rig_shared *s)
{
	const struct sock_filter allow =
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_filter prog[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	(void)s;
	if (install(prog, 4) || install(&allow, 1))
		return 1;
	return rig_ask() == -EPERM ? 0 : 2;
}

START_TEST(several_filters)
{
	struct rig r;

	rig_start(&r, ask_filtered_twice);
	ck_assert_int_eq(rig_serve(&r, NULL), -EPERM);
	rig_finish(&r);
}
END_TEST

/*
 * A tester under a filter of its own may not read those of others, as one
 * without privilege: then only filters that are also its own are known.
 */
static void filtered_tester(bool inherits, bool hooked, bool more, int error)
{
	const struct sock_filter allow =
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct rig_handover h;
	struct rig r;
	int rc;

	action = SECCOMP_RET_ALLOW;
	rig_start(&r, ask_filtered); /* has two */
	ck_assert(rig_next(&r, &h.notif));
	ck_assert_int_eq(install(&allow, 1), 0);
	if (!more)
		ck_assert_int_eq(install(&allow, 1), 0);
	rig_handover_prepare(&h, &r, NULL);
	h.request.inherits = inherits;
	h.request.hooked = hooked;
	rig_handover_run(&h);
	rc = rig_handover_end(&h);
	if (error)
		ck_assert_int_eq(rc, error);
	else
		ck_assert_int_ge(rc, 0);
	rig_finish(&r);
}

START_TEST(unreadable_inherited)
{
	filtered_tester(true, false, false, 0);
}
END_TEST

START_TEST(unreadable_more)
{
	filtered_tester(true, false, true, -EPERM);
}
END_TEST

START_TEST(unreadable_stranger)
{
	filtered_tester(false, false, false, -EPERM);
}
END_TEST

/* One more, and that is the one which reports GET_DEVICE_FD. */
START_TEST(unreadable_hooked)
{
	filtered_tester(true, true, true, 0);
}
END_TEST

START_TEST(unreadable_not_hooked)
{
	filtered_tester(true, true, false, -EPERM);
}
END_TEST

/* ---- the same programs, run by the kernel and by client_filter_run() ---- */

#define STEPS 24

static struct sock_filter random_step(unsigned int *seed, unsigned int left)
{
	static const uint16_t code[] = {
		BPF_LD | BPF_W | BPF_ABS,
		BPF_LD | BPF_IMM,
		BPF_LD | BPF_MEM,
		BPF_LD | BPF_W | BPF_LEN,
		BPF_LDX | BPF_IMM,
		BPF_LDX | BPF_MEM,
		BPF_LDX | BPF_W | BPF_LEN,
		BPF_ST,
		BPF_STX,
		BPF_ALU | BPF_ADD,
		BPF_ALU | BPF_SUB,
		BPF_ALU | BPF_MUL,
		BPF_ALU | BPF_DIV,
		BPF_ALU | BPF_AND,
		BPF_ALU | BPF_OR,
		BPF_ALU | BPF_XOR,
		BPF_ALU | BPF_LSH,
		BPF_ALU | BPF_RSH,
		BPF_ALU | BPF_ADD | BPF_X,
		BPF_ALU | BPF_SUB | BPF_X,
		BPF_ALU | BPF_MUL | BPF_X,
		BPF_ALU | BPF_AND | BPF_X,
		BPF_ALU | BPF_OR | BPF_X,
		BPF_ALU | BPF_XOR | BPF_X,
		BPF_ALU | BPF_NEG,
		BPF_MISC | BPF_TAX,
		BPF_MISC | BPF_TXA,
		BPF_JMP | BPF_JEQ,
		BPF_JMP | BPF_JGT,
		BPF_JMP | BPF_JGE,
		BPF_JMP | BPF_JSET,
		BPF_JMP | BPF_JGT | BPF_X,
		BPF_JMP | BPF_JGE | BPF_X,
		BPF_JMP | BPF_JA,
	};
	unsigned int n = sizeof(code) / sizeof(code[0]);
	struct sock_filter f = {
		.code = code[(unsigned int)rand_r(seed) % n],
		.k = (uint32_t)rand_r(seed) * 2654435761U,
		.jt = (uint8_t)((unsigned int)rand_r(seed) % left),
		.jf = (uint8_t)((unsigned int)rand_r(seed) % left),
	};

	if (f.code == (BPF_LD | BPF_W | BPF_ABS)) /* not the pc */
		f.k = (f.k % 2 ? 16 : 0) + f.k / 2 % 2 * 4;
	else if (f.code == (BPF_JMP | BPF_JA))
		f.k %= left;
	else if (BPF_CLASS(f.code) == BPF_ST || BPF_CLASS(f.code) == BPF_STX ||
		 BPF_MODE(f.code) == BPF_MEM)
		f.k %= BPF_MEMWORDS;
	else if (BPF_OP(f.code) == BPF_LSH || BPF_OP(f.code) == BPF_RSH)
		f.k %= 32;
	return f;
}

/* Leaves as an errno what it has computed, for getsid() only. */
static unsigned short random_program(struct sock_filter *prog,
				     unsigned int seed)
{
	const struct sock_filter head[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_filter tail[] = {
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x7ff),
		BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	unsigned short len = sizeof(head) / sizeof(head[0]);
	unsigned int i;

	memcpy(prog, head, sizeof(head));
	for (i = 0; i < BPF_MEMWORDS; i++) /* the kernel wants them set */
		prog[len++] = (struct sock_filter)BPF_STMT(BPF_ST, i);
	for (i = 0; i < STEPS; i++)
		prog[len++] = random_step(&seed, STEPS - i);
	memcpy(prog + len, tail, sizeof(tail));
	return len + sizeof(tail) / sizeof(tail[0]);
}

static long run_in_kernel(const struct sock_filter *prog, unsigned short len)
{
	int pipefd[2], status;
	long ret = -1;
	pid_t pid;

	ck_assert_int_eq(pipe(pipefd), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (install(prog, len))
			_exit(1);
		errno = 0;
		syscall(SYS_getsid, 0x1234567, 0x89abcdef);
		ret = errno;
		_exit(write(pipefd[1], &ret, sizeof(ret)) != sizeof(ret));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(read(pipefd[0], &ret, sizeof(ret)), sizeof(ret));
	close(pipefd[0]);
	close(pipefd[1]);
	return ret;
}

START_TEST(as_the_kernel)
{
	const struct seccomp_data call = {
		.nr = SYS_getsid,
#ifdef __x86_64__
		.arch = 0xc000003e,
#else
		.arch = 0xc00000b7,
#endif
		.args = { 0x1234567, 0x89abcdef },
	};
	struct sock_filter prog[64];
	unsigned int seed;
	unsigned short len;

	for (seed = 0; seed < 300; seed++) {
		len = random_program(prog, seed);
		ck_assert_msg(run_in_kernel(prog, len) ==
				      (client_filter_run(prog, len, &call) ^
				       SECCOMP_RET_ERRNO),
			      "seed %u", seed);
	}
}
END_TEST

START_TEST(broken_programs)
{
	const struct sock_filter endless[] = {
		BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0xffffffff),
		BPF_STMT(BPF_ST, 0xffffffff),
	};
	const struct seccomp_data call = { 0 };
	int i;

	for (i = 0; i < 3; i++)
		ck_assert_uint_eq(client_filter_run(endless + i, 3 - i, &call),
				  SECCOMP_RET_KILL_PROCESS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client_filter");
	TCase *tc = tcase_create("filter");

	tcase_set_timeout(tc, RIG_TIMEOUT);
	tcase_add_loop_test(tc, client_lives, 0, OUTCOMES);
	tcase_add_test(tc, several_filters);
	tcase_add_test(tc, unreadable_inherited);
	tcase_add_test(tc, unreadable_more);
	tcase_add_test(tc, unreadable_stranger);
	tcase_add_test(tc, unreadable_hooked);
	tcase_add_test(tc, unreadable_not_hooked);
	tcase_add_test(tc, as_the_kernel);
	tcase_add_test(tc, broken_programs);
	suite_add_tcase(suite, tc);
	return rig_run(suite);
}
