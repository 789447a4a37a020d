// SPDX-License-Identifier: BSD-3-Clause
#include "regs.h"

#include <asm/unistd.h>
#include <linux/audit.h>
#include <sys/user.h>

#define WORD(reg) (offsetof(struct user_regs_struct, reg) / sizeof(long))

_Static_assert(sizeof(struct user_regs_struct) <= REGS_MAX_WORDS * sizeof(long),
	       "REGS_MAX_WORDS too small");

const struct regs_layout regs_layout = {
	.words = sizeof(struct user_regs_struct) / sizeof(long),
	.pc = WORD(rip),
	.sp = WORD(rsp),
	.nr = WORD(rax),
	.orig_nr = WORD(orig_rax),
	.ret = WORD(rax),
	.arg = { WORD(rdi), WORD(rsi), WORD(rdx), WORD(r10), WORD(r8),
		 WORD(r9) },
	.restart = WORD(orig_rax),
	.compat_ret = 6 * 4, /* eax, the seventh of the 32-bit set */
	.insn_len = 2,
	.insn = { 0x0f, 0x05 }, /* syscall; not int 0x80, not sysenter */
	.red_zone = 128,
	.nr_ioctl = __NR_ioctl,
	.foreign_ioctl = { 54, __X32_SYSCALL_BIT + 514 }, /* i386, x32 */
	.nr_openat = __NR_openat,
	.nr_close = __NR_close,
	.nr_mmap = __NR_mmap,
	.audit_arch = AUDIT_ARCH_X86_64,
};
