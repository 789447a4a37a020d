// SPDX-License-Identifier: BSD-3-Clause
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "merge.h"

/* Any directory will do that is there and not needed while assembling. */
#define STAGE "/tmp"

__attribute__((format(printf, 3, 4))) static int
fail(struct sandbox *sb, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sb->why, sizeof(sb->why), fmt, ap);
	va_end(ap);
	return err;
}

/* The number in @path, or @absent where there is no such file. */
static long read_number(const char *path, long absent)
{
	FILE *f = fopen(path, "re");
	long n;

	if (!f)
		return absent;
	if (fscanf(f, "%ld", &n) != 1)
		n = absent;
	fclose(f);
	return n;
}

/* What an administrator can do about user namespaces that fail with @err. */
static const char *user_ns_advice(int err)
{
	if (!read_number("/proc/sys/kernel/unprivileged_userns_clone", 1))
		return "as root: sysctl kernel.unprivileged_userns_clone=1";
	if (read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
			0))
		return "as root: sysctl "
		       "kernel.apparmor_restrict_unprivileged_userns=0";
	if (!read_number("/proc/sys/user/max_user_namespaces", 1))
		return "as root: sysctl user.max_user_namespaces=10000";
	switch (-err) {
	case ENOSPC:
	case EUSERS:
		return "as root: raise sysctl user.max_user_namespaces, or "
		       "nest fewer of them";
	case ENOSYS:
	case EINVAL:
		return "the kernel has none (CONFIG_USER_NS); run vfiod as root";
	default:
		return "a container's seccomp or security profile may forbid "
		       "them; run vfiod as root, or the container with a "
		       "profile that allows unshare and mount";
	}
}

static int fail_user_ns(struct sandbox *sb, int err)
{
	return fail(sb, err, "cannot make a user namespace: %s (%s)",
		    strerror(-err), user_ns_advice(err));
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	n = n < 0 ? -errno : 0;
	close(fd);
	return n;
}

static int map_own_id(const char *path, unsigned int id)
{
	char line[64];

	snprintf(line, sizeof(line), "%u %u 1", id, id);
	return write_file(path, line);
}

static int enter_user_ns(struct sandbox *sb)
{
	unsigned int uid = geteuid(), gid = getegid();
	int ret;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return fail_user_ns(sb, -errno);
	sb->user_ns = true;
	/* An unprivileged gid_map is taken only without setgroups(2). */
	ret = write_file("/proc/self/setgroups", "deny");
	if (!ret)
		ret = map_own_id("/proc/self/uid_map", uid);
	if (!ret)
		ret = map_own_id("/proc/self/gid_map", gid);
	return ret ? fail_user_ns(sb, ret) : 0;
}

static int enter_namespaces(struct sandbox *sb)
{
	if (geteuid() || (unshare(CLONE_NEWNS) && errno == EPERM))
		return enter_user_ns(sb);
	return 0;
}

int sandbox_enter(struct sandbox *sb)
{
	int ret = enter_namespaces(sb);

	if (ret)
		return ret;
	/* Slave, not private: the host's later mounts are to be seen. */
	if (!mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
		return 0;
	ret = -errno;
	/* In a chroot into a plain directory, for root and user alike. */
	if (ret == -EINVAL)
		return fail(sb, ret,
			    "the root directory is not a mount point: "
			    "mount --bind DIR DIR before chroot DIR");
	if (sb->user_ns)
		return fail_user_ns(sb, ret);
	return fail(sb, ret, "cannot make mounts private: %s", strerror(-ret));
}

static const char *dev_fuse_advice(int err)
{
	switch (-err) {
	case EACCES:
		return "vfiod needs to read and write it; as root: "
		       "chmod 666 /dev/fuse";
	case EPERM:
		return "the container must be given the device; "
		       "docker run --device /dev/fuse";
	default:
		return "as root: modprobe fuse; in a container, give it the "
		       "device: docker run --device /dev/fuse";
	}
}

static int open_dev_fuse(struct sandbox *sb)
{
	/* The mount takes only an fd opened in its own user namespace. */
	int ret, fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	ret = -errno;
	return fail(sb, ret, "cannot open /dev/fuse: %s (%s)", strerror(-ret),
		    dev_fuse_advice(ret));
}

static int mount_fuse(struct sandbox *sb, int fd)
{
	char options[160];
	int ret;

	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=%u,group_id=%u,"
		 "allow_other,default_permissions",
		 fd, geteuid(), getegid());
	if (!mount("vfiod", STAGE, "fuse.vfiod", MS_NOSUID | MS_NODEV, options))
		return 0;
	ret = -errno;
	return fail(sb, ret, "cannot mount a FUSE filesystem on %s: %s", STAGE,
		    strerror(-ret));
}

static int open_part(struct sandbox *sb, const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return fail(sb, -errno, "cannot open %s of the FUSE filesystem: %s",
		    path + strlen(STAGE), strerror(errno));
}

static int fail_merge(struct sandbox *sb, const struct merge *m, int err)
{
	return fail(sb, err, "cannot assemble %s: %s", m->failed,
		    strerror(-err));
}

static int assemble_dev(struct sandbox *sb)
{
	struct merge m = { .read_only = false };
	int ret, dev = open_part(sb, STAGE "/dev");

	if (dev < 0)
		return dev;
	ret = merge_cover(&m, "/dev/vfio", dev);
	close(dev);
	return ret ? fail_merge(sb, &m, ret) : 0;
}

static int assemble_sys(struct sandbox *sb)
{
	struct merge m = { .read_only = true };
	int ret, sys = open_part(sb, STAGE "/sys");

	if (sys < 0)
		return sys;
	ret = merge_tree(&m, "/sys", sys);
	close(sys);
	return ret ? fail_merge(sb, &m, ret) : 0;
}

/*
 * A working directory in /dev or /sys may now be a covered one: goes to the
 * one that has its name.
 */
static int follow_cwd(struct sandbox *sb, const char *cwd)
{
	int ret;

	if (strncmp(cwd, "/dev", 4) && strncmp(cwd, "/sys", 4))
		return 0;
	if (!chdir(cwd))
		return 0;
	ret = -errno;
	return fail(sb, ret, "cannot go back to %s: %s", cwd, strerror(-ret));
}

static int assemble(struct sandbox *sb)
{
	int ret = assemble_dev(sb);

	if (!ret)
		ret = assemble_sys(sb);
	if (ret)
		return ret;
	if (umount2(STAGE, MNT_DETACH))
		return fail(sb, -errno, "cannot unmount %s: %s", STAGE,
			    strerror(errno));
	return 0;
}

/* What the assembler has to say when it is done. */
struct result {
	int ret;
	char why[sizeof(((struct sandbox *)NULL)->why)];
};

/* Waits for the word to start; that vfiod has ended is a word to end. */
__attribute__((noreturn)) static void assembler_main(struct sandbox *sb,
						     int sock)
{
	struct result r = { 0 };
	char byte;

	if (read(sock, &byte, 1) != 1)
		_exit(EXIT_FAILURE);
	r.ret = assemble(sb);
	memcpy(r.why, sb->why, sizeof(r.why));
	if (send(sock, &r, sizeof(r), MSG_NOSIGNAL) != sizeof(r))
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

/* Forks it while there are no other threads yet. */
static int start_assembler(struct sandbox *sb, int fuse_fd)
{
	int ret, sock[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		return fail(sb, -errno, "cannot make a socket: %s",
			    strerror(errno));
	sb->assembler = fork();
	if (!sb->assembler) {
		/* So that the connection ends when vfiod does. */
		close(fuse_fd);
		close(sock[0]);
		assembler_main(sb, sock[1]);
	}
	ret = sb->assembler < 0 ? -errno : 0;
	close(sock[1]);
	if (ret) {
		close(sock[0]);
		return fail(sb, ret, "cannot fork: %s", strerror(-ret));
	}
	sb->sock = sock[0];
	return 0;
}

int sandbox_mount_fuse(struct sandbox *sb)
{
	int ret, fd = open_dev_fuse(sb);

	if (fd < 0)
		return fd;
	ret = mount_fuse(sb, fd);
	if (!ret)
		ret = start_assembler(sb, fd);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

static int ask_assembler(struct sandbox *sb)
{
	struct result r;
	ssize_t n;

	if (send(sb->sock, "", 1, MSG_NOSIGNAL) != 1)
		return fail(sb, -errno, "cannot assemble: %s", strerror(errno));
	do {
		n = recv(sb->sock, &r, sizeof(r), 0);
	} while (n < 0 && errno == EINTR);
	if (n != sizeof(r))
		return fail(sb, -EIO,
			    "cannot assemble: the process that does "
			    "it has died");
	memcpy(sb->why, r.why, sizeof(r.why));
	return r.ret;
}

int sandbox_assemble(struct sandbox *sb)
{
	char cwd[PATH_MAX];
	int ret;

	/* One without a name, for example a deleted one, is not covered. */
	if (!getcwd(cwd, sizeof(cwd)))
		cwd[0] = '\0';
	ret = ask_assembler(sb);
	close(sb->sock);
	while (waitpid(sb->assembler, NULL, __WNOTHREAD) < 0 && errno == EINTR)
		continue;
	return ret ? ret : follow_cwd(sb, cwd);
}
