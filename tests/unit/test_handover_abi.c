// SPDX-License-Identifier: BSD-3-Clause
/* Callers whose ioctl is not the native one: refused, and none the worse. */
#include "handover_rig.h"

#include <check.h>

#ifdef __x86_64__

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_IOCTL_I386 54

/* As handover_filter_install(), for calls by int 0x80. */
static int install_i386(void)
{
	struct sock_filter prog[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NR_IOCTL_I386, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog fprog = { .len = 6, .filter = prog };

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER |
				    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
			    &fprog);
}

static int ask_by_int80(struct rig_shared *s)
{
	int ret;

	(void)s;
	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(NR_IOCTL_I386), "b"(-1),
		       "c"(VFIO_GROUP_GET_DEVICE_FD), "d"(0)
		     : "memory");
	return ret == -EOPNOTSUPP ? 0 : 1;
}

/* A 32-bit program that asks, and exits with what the ioctl returned. */
static const uint8_t code32[] = {
	0xb8, 54,   0,	  0,	0, /* mov $54, %eax: ioctl */
	0xbb, 0xff, 0xff, 0xff, 0xff, /* mov $-1, %ebx */
	0xb9, 0x6a, 0x3b, 0,	0, /* mov $VFIO_GROUP_GET_DEVICE_FD, %ecx */
	0xcd, 0x80, /* int $0x80 */
	0xf7, 0xd8, /* neg %eax */
	0x89, 0xc3, /* mov %eax, %ebx */
	0xb8, 1,    0,	  0,	0, /* mov $1, %eax: exit */
	0xcd, 0x80, /* int $0x80 */
};

#define BASE32 0x10000

static const struct program32 {
	Elf32_Ehdr ehdr;
	Elf32_Phdr phdr;
	uint8_t code[sizeof(code32)];
} program32 = {
	.ehdr = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_entry = BASE32 + offsetof(struct program32, code),
		.e_phoff = offsetof(struct program32, phdr),
		.e_ehsize = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 1,
	},
	.phdr = {
		.p_type = PT_LOAD,
		.p_vaddr = BASE32,
		.p_filesz = sizeof(struct program32),
		.p_memsz = sizeof(struct program32),
		.p_flags = PF_R | PF_X,
		.p_align = 4096,
	},
};

static int exec_program32(struct rig_shared *s)
{
	struct program32 image = program32;
	char *argv[] = { NULL, NULL };
	int fd = memfd_create("program32", MFD_CLOEXEC);

	(void)s;
	memcpy(image.code, code32, sizeof(code32));
	if (fd < 0 || write(fd, &image, sizeof(image)) != sizeof(image))
		return 1;
	argv[0] = (char *)"program32";
	fexecve(fd, argv, argv + 1);
	return 2;
}

START_TEST(int80)
{
	struct rig r;

	rig_start_under(&r, install_i386, ask_by_int80);
	ck_assert_int_eq(rig_serve(&r, NULL), -EOPNOTSUPP);
	rig_finish(&r);
}
END_TEST

START_TEST(program_of_32_bits)
{
	struct rig r;
	int status;

	rig_start_under(&r, install_i386, exec_program32);
	ck_assert_int_eq(rig_serve(&r, NULL), -EOPNOTSUPP);
	status = rig_wait(&r);
	ck_assert_int_eq(status, EOPNOTSUPP << 8);
	rig_clean(&r);
}
END_TEST

#endif

int main(void)
{
	Suite *suite = suite_create("handover_abi");
	TCase *tc = tcase_create("foreign");

	tcase_set_timeout(tc, RIG_TIMEOUT);
#ifdef __x86_64__
	tcase_add_test(tc, int80);
	tcase_add_test(tc, program_of_32_bits);
#endif
	suite_add_tcase(suite, tc);
	return rig_run(suite);
}
