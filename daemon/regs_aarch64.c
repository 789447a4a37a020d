// SPDX-License-Identifier: BSD-3-Clause
#include "regs.h"

#include <asm/unistd.h>
#include <linux/audit.h>

/*
 * The set is x0..x30, sp, pc, pstate. The number of the call stays in x8
 * while the kernel works, and x0 as it was at entry is kept where only the
 * kernel sees it, so there is nothing to clear against a restart.
 */
const struct regs_layout regs_layout = {
	.words = 34,
	.pc = 32,
	.sp = 31,
	.nr = 8,
	.orig_nr = 8,
	.ret = 0,
	.arg = { 0, 1, 2, 3, 4, 5 },
	.restart = REGS_NONE,
	.compat_ret = 0, /* r0 */
	.insn_len = 4,
	.insn = { 0x01, 0x00, 0x00, 0xd4 }, /* svc #0 */
	.red_zone = 128, /* none in the ABI; some compilers use one */
	.nr_ioctl = __NR_ioctl,
	.foreign_ioctl = { __NR_ioctl, __NR_ioctl },
	.nr_openat = __NR_openat,
	.nr_close = __NR_close,
	.nr_mmap = __NR_mmap,
	.audit_arch = AUDIT_ARCH_AARCH64,
};
