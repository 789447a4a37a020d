// SPDX-License-Identifier: BSD-3-Clause
/* A handover leaves no trace in the registers and the memory of its client. */
#include "handover_rig.h"

#include <check.h>

#ifdef __x86_64__

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/syscall.h>

#define STACK_WORDS 512
#define XMM_WORDS 32

static unsigned long stack[STACK_WORDS] __attribute__((aligned(16)));
#define STACK_TOP (&stack[STACK_WORDS / 2])

#define REGS 14 /* rbx rbp rdi rsi rdx r8 r9 r10 r12 r13 r14 r15 rsp rax */

/* In the order of REGS; in all but rax is what should be in out as well. */
struct probe {
	unsigned long in[REGS];
	unsigned long out[REGS];
	unsigned long xmm_in[XMM_WORDS];
	unsigned long xmm_out[XMM_WORDS];
	unsigned long saved_sp;
};

extern struct probe probe;
struct probe probe;
void probe_native(void);

/* clang-format off */
#define EACH_XMM(x) \
	x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7) \
	x(8) x(9) x(10) x(11) x(12) x(13) x(14) x(15)
#define LOAD_XMM(n) "movdqu probe+224+16*" #n "(%rip), %xmm" #n "\n"
#define SAVE_XMM(n) "movdqu %xmm" #n ", probe+480+16*" #n "(%rip)\n"
#define EACH_REG(x) \
	x(0, rbx) x(1, rbp) x(2, rdi) x(3, rsi) x(4, rdx) x(5, r8) x(6, r9) \
	x(7, r10) x(8, r12) x(9, r13) x(10, r14) x(11, r15) x(12, rsp) \
	x(13, rax)
#define LOAD_REG(n, reg) "mov probe+8*" #n "(%rip), %" #reg "\n"
#define SAVE_REG(n, reg) "mov %" #reg ", probe+112+8*" #n "(%rip)\n"

asm(".text\n.globl probe_native\nprobe_native:\n"
    "push %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\n"
    "mov %rsp, probe+736(%rip)\n"
    EACH_XMM(LOAD_XMM) EACH_REG(LOAD_REG)
    "syscall\n"
    EACH_REG(SAVE_REG) EACH_XMM(SAVE_XMM)
    "mov probe+736(%rip), %rsp\n"
    "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\n"
    "ret\n");
/* clang-format on */

_Static_assert(offsetof(struct probe, saved_sp) == 736, "as in the asm");

static void fill(void)
{
	unsigned int i;

	for (i = 0; i < STACK_WORDS; i++)
		stack[i] = i * 0x0101010101010101UL ^ 0x5a5aUL;
	for (i = 0; i < REGS; i++)
		probe.in[i] = 0x1234567890abcdefUL * (i + 1);
	for (i = 0; i < XMM_WORDS; i++)
		probe.xmm_in[i] = 0xfedcba9876543210UL * (i + 3);
	probe.in[2] = -1UL;
	probe.in[3] = VFIO_GROUP_GET_DEVICE_FD;
	probe.in[12] = (unsigned long)STACK_TOP;
	probe.in[13] = SYS_ioctl;
}

static bool intact(void)
{
	unsigned int i;

	for (i = 0; i < STACK_WORDS; i++)
		if (stack[i] != (i * 0x0101010101010101UL ^ 0x5a5aUL))
			return false;
	return memcmp(probe.in, probe.out, 13 * sizeof(long)) == 0 &&
	       memcmp(probe.xmm_in, probe.xmm_out, sizeof(probe.xmm_in)) == 0;
}

static int probe_registers(struct rig_shared *s)
{
	int i, rc;

	for (i = 0; i < 20; i++) {
		fill();
		probe_native();
		rc = rig_check_fd((int)probe.out[13]);
		if (rc)
			return rc;
		if (!intact())
			return 1;
		s->step++;
	}
	return 0;
}

START_TEST(registers_and_stack)
{
	struct rig r;
	int i;

	rig_start(&r, probe_registers);
	for (i = 0; i < 20; i++)
		ck_assert_int_ge(rig_serve(&r, NULL), 0);
	rig_finish(&r);
}
END_TEST

static int probe_failure(struct rig_shared *s)
{
	(void)s;
	fill();
	probe_native();
	return (long)probe.out[13] == -ENOENT && intact() ? 0 : 1;
}

START_TEST(registers_after_failure)
{
	struct rig r;

	rig_start(&r, probe_failure);
	ck_assert_int_eq(rig_serve(&r, "/nowhere/at/all"), -ENOENT);
	rig_finish(&r);
}
END_TEST

/* A stack pointer that has no memory below it. */
static int probe_no_stack(struct rig_shared *s)
{
	(void)s;
	fill();
	probe.in[12] = 64;
	probe_native();
	return (long)probe.out[13] == -EFAULT && intact() ? 0 : 1;
}

START_TEST(no_stack)
{
	struct rig r;

	rig_start(&r, probe_no_stack);
	ck_assert_int_eq(rig_serve(&r, NULL), -EFAULT);
	rig_finish(&r);
}
END_TEST

#endif

int main(void)
{
	Suite *suite = suite_create("handover_regs");
	TCase *tc = tcase_create("registers");

	tcase_set_timeout(tc, RIG_TIMEOUT);
#ifdef __x86_64__
	tcase_add_test(tc, registers_and_stack);
	tcase_add_test(tc, registers_after_failure);
	tcase_add_test(tc, no_stack);
#endif
	suite_add_tcase(suite, tc);
	return rig_run(suite);
}
