/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of a stopped thread, seen through one table per architecture
 * (regs_x86_64.c, regs_aarch64.c; the build takes the one it needs).
 */
#ifndef VFIOD_REGS_H
#define VFIOD_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define REGS_MAX_WORDS 40
#define REGS_NONE 0xff /* the architecture has no such register */

/* Which word of the general register set (NT_PRSTATUS) is what. */
struct regs_layout {
	uint8_t words; /* in the set of a native thread */
	uint8_t pc;
	uint8_t sp;
	uint8_t nr; /* call number, for the syscall instruction to read */
	uint8_t orig_nr; /* number of the call that the thread is in */
	uint8_t ret;
	uint8_t arg[6];
	uint8_t restart; /* word to set to -1: "in no call", or REGS_NONE */
	uint8_t compat_ret; /* byte offset of the 32-bit ret in a compat set */
	uint8_t insn_len;
	uint8_t insn[4]; /* the syscall instruction, as in memory */
	uint16_t red_zone; /* bytes below sp that belong to the function */
	uint16_t nr_ioctl;
	uint32_t foreign_ioctl[2]; /* numbers by other ABIs of 64-bit code */
	uint16_t nr_openat;
	uint16_t nr_close;
	uint16_t nr_mmap;
	uint32_t audit_arch; /* as seccomp filters see it */
};

extern const struct regs_layout regs_layout;

struct regs {
	size_t len; /* bytes that the kernel gave */
	unsigned long word[REGS_MAX_WORDS];
};

/*
 * For a thread in a ptrace stop, by its tracer. -ESRCH: killed meanwhile.
 */
int regs_get(pid_t tid, struct regs *r);
int regs_set(pid_t tid, const struct regs *r);

/* False for a thread that runs 32-bit code: only regs_set_ret() is valid. */
bool regs_native(const struct regs *r);

/*
 * False if the thread is certain not to be in native call @nr; ioctl(2) may be
 * made by whatever ABI.
 */
bool regs_in_call(const struct regs *r, unsigned int nr);

/* What the thread's call returned; sets what it is going to return. */
long regs_ret(const struct regs *r);
void regs_set_ret(struct regs *r, long value);

/* Is it an errno? No address that mmap(2) returns is one. */
bool regs_is_error(long ret);

/* True if the kernel will start the interrupted call again by itself. */
bool regs_restarting(const struct regs *r);

/*
 * Make r such that the thread, set going, executes the syscall instruction
 * before its pc once more, with this number and these first n arguments.
 */
void regs_call(struct regs *r, unsigned int nr, const unsigned long *arg,
	       unsigned int n);

#endif
