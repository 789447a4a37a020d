// SPDX-License-Identifier: BSD-3-Clause
#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the low half of an argument is taken to come first"
#endif

/* Linux 6.6; the headers of Debian 12 do not have it. */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, uint64_t)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_UPPER(field)                  \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
		 offsetof(struct seccomp_data, field) + sizeof(uint32_t))
#define AND(mask) BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (mask))
#define SKIP_IF(value, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (n), 0)
#define SKIP_UNLESS(value, n) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (n))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))

/*
 * x32 calls have the native arch, but another number. The kernel takes the
 * command of an ioctl from the low half of its argument, and so does this.
 */
#define IOCTL_OR_NOTHING                                                     \
	SKIP_UNLESS(__NR_ioctl, 5), LOAD(args[1]),                           \
		SKIP_UNLESS(VFIO_GROUP_GET_DEVICE_FD, 3), LOAD(arch),        \
		SKIP_UNLESS(NATIVE_ARCH, 1), RETURN(SECCOMP_RET_USER_NOTIF), \
		RETURN(SECCOMP_RET_ALLOW)

static int install_program(unsigned int flags, const struct sock_filter *code,
			   size_t len)
{
	const struct sock_fprog fprog = {
		.len = (unsigned short)len,
		.filter = (struct sock_filter *)code,
	};
	long fd;

	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &fprog);
	return fd < 0 ? -errno : (int)fd;
}

static int install_ioctls(unsigned int flags)
{
	static const struct sock_filter code[] = { LOAD(nr), IOCTL_OR_NOTHING };

	return install_program(flags, code, sizeof(code) / sizeof(code[0]));
}

/*
 * What has our mark in the upper half of its fd is ours: handover_map.c. Of the
 * length the lower half will do: what is too long is then reported, too.
 */
static int install_mmaps(unsigned int flags, uint32_t reach)
{
	const struct sock_filter code[] = {
		LOAD(nr),
		SKIP_UNLESS(__NR_mmap, 12),
		LOAD(args[3]),
		AND(MAP_TYPE | MAP_ANONYMOUS),
		SKIP_IF(MAP_SHARED, 1),
		SKIP_UNLESS(MAP_SHARED_VALIDATE, 14),
		LOAD_UPPER(args[4]),
		SKIP_IF(HANDOVER_FD_PASSES >> 32, 12),
		LOAD_UPPER(args[5]),
		SKIP_UNLESS(0, 7),
		LOAD(args[5]),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, reach, 8, 0),
		LOAD(args[1]),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, reach, 6, 3),
		IOCTL_OR_NOTHING,
	};

	return install_program(flags, code, sizeof(code) / sizeof(code[0]));
}

static int install(unsigned int flags, uint32_t reach)
{
	return reach ? install_mmaps(flags, reach) : install_ioctls(flags);
}

/* With flags that it knows the kernel goes on to read the program. */
bool handover_filter_can_mmap(void)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_NEW_LISTENER |
			       SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		       NULL) < 0 &&
	       errno == EFAULT;
}

int handover_filter_install(uint32_t reach)
{
	/* The filter guards nothing, so it need not slow anything down. */
	unsigned int flags = SECCOMP_FILTER_FLAG_NEW_LISTENER |
			     SECCOMP_FILTER_FLAG_SPEC_ALLOW |
			     SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	int fd;

	fd = install(flags, reach);
	if (fd == -EINVAL && !reach) { /* before 5.19 */
		flags &= ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
		fd = install(flags, reach);
	}
	if (fd != -EACCES)
		return fd;
	if (syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return install(flags, reach);
}

static int request(int listener, unsigned long cmd, void *arg)
{
	int rc;

	rc = ioctl(listener, cmd, arg);
	if (rc >= 0)
		return rc;
	/* Which of the two it is depends on how far the call had got. */
	return errno == ESRCH ? -ENOENT : -errno;
}

void handover_listener_hurry(int listener)
{
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS,
	      SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

int handover_notif_recv(int listener, struct handover_notif *n)
{
	struct seccomp_notif req = { 0 };
	int rc;

	rc = request(listener, SECCOMP_IOCTL_NOTIF_RECV, &req);
	if (rc < 0)
		return rc;
	n->id = req.id;
	n->tid = (pid_t)req.pid;
	n->call = req.data.nr == __NR_mmap ? HANDOVER_MMAP :
					     HANDOVER_GET_DEVICE_FD;
	n->fd = (int)req.data.args[n->call == HANDOVER_MMAP ? 4 : 0];
	memcpy(n->arg, req.data.args, sizeof(n->arg));
	return 0;
}

int handover_notif_valid(int listener, uint64_t id)
{
	return request(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

int handover_notif_addfd(int listener, uint64_t id, int fd)
{
	struct seccomp_notif_addfd add = {
		.id = id,
		.srcfd = (uint32_t)fd,
		.newfd_flags = O_CLOEXEC,
	};

	return request(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
}

int handover_notif_continue(int listener, uint64_t id)
{
	struct seccomp_notif_resp resp = {
		.id = id,
		.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	};

	return request(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

int handover_notif_answer(int listener, uint64_t id, int result)
{
	struct seccomp_notif_resp resp = {
		.id = id,
		.val = result < 0 ? 0 : result,
		.error = result < 0 ? result : 0,
	};

	return request(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}
