// SPDX-License-Identifier: BSD-3-Clause
/* The whole private view, with a small FUSE server beside the test. */
#define FUSE_USE_VERSION 314
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/child.h"
#include "../../daemon/sandbox.h"
#include "as_user.h"

#define UUID "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
#define DEVICE "/sys/devices/virtual/vfiodtest/vfiodtest/" UUID

/* What ends in a slash is a directory, what has a target is a symlink. */
static const struct {
	const char *path, *target;
} nodes[] = {
	{ "/", NULL },
	{ "/dev/", NULL },
	{ "/dev/vfio", NULL },
	{ "/dev/7", NULL },
	{ "/sys/", NULL },
	{ "/sys/bus/", NULL },
	{ "/sys/bus/mdev/", NULL },
	{ "/sys/bus/mdev/devices/", NULL },
	{ "/sys/bus/mdev/devices/" UUID,
	  "../../../devices/virtual/vfiodtest/vfiodtest/" UUID },
	{ "/sys/class/", NULL },
	{ "/sys/class/vfiodtest/", NULL },
	{ "/sys/class/vfiodtest/vfiodtest",
	  "../../devices/virtual/vfiodtest/vfiodtest" },
	{ "/sys/kernel/", NULL },
	{ "/sys/kernel/iommu_groups/", NULL },
	{ "/sys/kernel/iommu_groups/4077/", NULL },
	{ "/sys/module/", NULL },
	{ "/sys/module/vfiodtest/", NULL },
	{ "/sys/devices/", NULL },
	{ "/sys/devices/virtual/", NULL },
	{ "/sys/devices/virtual/vfiodtest/", NULL },
	{ "/sys/devices/virtual/vfiodtest/vfiodtest/", NULL },
	{ DEVICE "/", NULL },
	{ DEVICE "/remove", NULL },
	{ DEVICE "/iommu_group", "../../../../../kernel/iommu_groups/4077" },
};

#define NODES (sizeof(nodes) / sizeof(nodes[0]))

/* The length of @path without a directory's slash. */
static size_t bare(const char *path)
{
	size_t len = strlen(path);

	return path[len - 1] == '/' ? len - 1 : len;
}

static int find(const char *path)
{
	size_t i, len = strcmp(path, "/") ? strlen(path) : 0;

	for (i = 0; i < NODES; i++)
		if (bare(nodes[i].path) == len &&
		    !strncmp(nodes[i].path, path, len))
			return i;
	return -ENOENT;
}

static int node_getattr(const char *path, struct stat *st,
			struct fuse_file_info *fi)
{
	int i = find(path);

	(void)fi;
	if (i < 0)
		return i;
	st->st_nlink = 1;
	st->st_uid = geteuid();
	st->st_gid = getegid();
	if (nodes[i].target)
		st->st_mode = S_IFLNK | 0777;
	else if (nodes[i].path[bare(nodes[i].path)])
		st->st_mode = S_IFDIR | 0755;
	else
		st->st_mode = S_IFREG | 0600;
	return 0;
}

static int node_readlink(const char *path, char *buf, size_t size)
{
	int i = find(path);

	if (i < 0)
		return i;
	snprintf(buf, size, "%s", nodes[i].target);
	return 0;
}

static int node_readdir(const char *path, void *buf, fuse_fill_dir_t fill,
			off_t off, struct fuse_file_info *fi,
			enum fuse_readdir_flags flags)
{
	size_t i, len = strcmp(path, "/") ? strlen(path) + 1 : 1;
	char name[PATH_MAX];

	(void)off;
	(void)fi;
	(void)flags;
	for (i = 0; i < NODES; i++) {
		snprintf(name, sizeof(name), "%.*s", (int)bare(nodes[i].path),
			 nodes[i].path);
		if (strlen(name) > len && !strchr(name + len, '/') &&
		    !strncmp(name, path, len - 1) && name[len - 1] == '/')
			fill(buf, name + len, NULL, 0, 0);
	}
	return 0;
}

static int node_open(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	fi->direct_io = 1;
	return 0;
}

static int node_read(const char *path, char *buf, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	(void)fi;
	if (off)
		return 0;
	return snprintf(buf, size, "%s\n", strrchr(path, '/') + 1);
}

static const struct fuse_operations operations = {
	.getattr = node_getattr,
	.readlink = node_readlink,
	.readdir = node_readdir,
	.open = node_open,
	.read = node_read,
};

struct world {
	struct child_signals signals;
	struct sandbox sb;
	pid_t server;
};

/* A process of its own: it can be killed whatever waits for it. */
static void start_serving(struct world *w, int fd)
{
	char *argv[] = { "test", NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	char mountpoint[32];
	struct fuse *fuse;

	w->server = fork();
	if (!w->server) {
		/* Nor may it outlive a test that fails. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fuse = fuse_new(&args, &operations, sizeof(operations), NULL);
		snprintf(mountpoint, sizeof(mountpoint), "/dev/fd/%d", fd);
		if (!fuse || fuse_mount(fuse, mountpoint))
			_exit(1);
		_exit(fuse_loop(fuse));
	}
	ck_assert_int_gt(w->server, 0);
	close(fd);
}

static void build(struct world *w, bool user)
{
	int fd;

	ck_assert_int_eq(child_signals_take(&w->signals), 0);
	if (user)
		become_user();
	ck_assert_msg(!sandbox_enter(&w->sb), "%s", w->sb.why);
	fd = sandbox_mount_fuse(&w->sb);
	ck_assert_msg(fd >= 0, "%s", w->sb.why);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	start_serving(w, fd);
	ck_assert_msg(!sandbox_assemble(&w->sb), "%s", w->sb.why);
}

static void leave(struct world *w)
{
	ck_assert_int_eq(kill(w->server, SIGKILL), 0);
	ck_assert_int_eq(waitpid(w->server, NULL, 0), w->server);
	child_signals_give_back(&w->signals);
}

static struct child start(struct world *w, char *script)
{
	char *argv[] = { "sh", "-c", script, NULL };
	struct child_options o = {
		.argv = argv,
		.signals = &w->signals,
		.user_ns = w->sb.user_ns,
	};
	struct child c;

	ck_assert_msg(!child_spawn(&c, &o), "%s", c.why);
	return c;
}

/* The script's exit status says which of its lines was not so. */
static void assert_script(struct world *w, char *script)
{
	struct child c = start(w, script);

	ck_assert_int_eq(child_wait(&c), 0);
}

static char ours_are_there[] =
	"test \"$(cat /dev/vfio/vfio)\" = vfio || exit 11\n"
	"test \"$(cat /dev/vfio/7)\" = 7 || exit 12\n"
	"cd /sys/bus/mdev/devices/" UUID " || exit 13\n"
	"test \"$(cat remove)\" = remove || exit 14\n"
	"test \"$(pwd -P)\" = " DEVICE " || exit 15\n"
	"cd -P iommu_group || exit 16\n"
	"test $PWD = /sys/kernel/iommu_groups/4077 || exit 17\n"
	"cd -P /sys/class/vfiodtest/vfiodtest || exit 18\n"
	"test -d /sys/module/vfiodtest || exit 19\n";

static char host_is_there[] =
	"for l in /sys/class/net/*; do test -e $l/ifindex || exit 21; done\n"
	"test -e /sys/class/net/lo/address || exit 22\n"
	"test -d /sys/fs/cgroup || exit 23\n"
	"test -d /sys/devices/system/cpu/cpu0 || exit 24\n"
	"test -n \"$(ls -A /sys/bus/platform/devices)\" || exit 25\n"
	"echo > /dev/null || exit 26\n"
	"head -c 1 /dev/zero | od | grep -q 0 || exit 27\n"
	"f=/dev/shm/vfiod-test-$$; echo > $f && rm $f || exit 28\n"
	"echo x | cat /dev/stdin | grep -q x || exit 29\n"
	"script -qec 'test -t 0' /dev/null < /dev/null > /dev/null || exit 30\n"
	"f=$(mktemp) && rm $f || exit 31\n";

START_TEST(view_as_root)
{
	struct world w = { 0 };

	build(&w, false);
	ck_assert(!w.sb.user_ns);
	assert_script(&w, ours_are_there);
	assert_script(&w, host_is_there);
	assert_script(&w, "echo > /dev/vfiod-test && rm /dev/vfiod-test");
	leave(&w);
}
END_TEST

START_TEST(view_as_user)
{
	struct world w = { 0 };

	build(&w, true);
	ck_assert(w.sb.user_ns);
	assert_script(&w, ours_are_there);
	assert_script(&w, host_is_there);
	assert_script(&w, "! (echo > /dev/vfiod-test) 2> /dev/null");
	assert_script(&w, "test $(id -u) = 1000 && test $(id -g) = 1000");
	leave(&w);
}
END_TEST

static char *mounts(void)
{
	size_t size = 1 << 20;
	char *text = calloc(1, size);
	FILE *f = fopen("/proc/self/mountinfo", "re");

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt(fread(text, 1, size - 1, f), 0);
	fclose(f);
	return text;
}

static void assert_untouched(const char *mounts_before)
{
	char *now = mounts();

	ck_assert_str_eq(now, mounts_before);
	free(now);
	ck_assert_int_eq(access(DEVICE, F_OK), -1);
	ck_assert_int_eq(access("/sys/module/vfiodtest", F_OK), -1);
}

/* Nothing of the view is seen outside, while it is there and after. */
START_TEST(outside_is_untouched)
{
	struct world w = { 0 };
	char *before = mounts();
	int in[2], out[2], status;
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		close(in[1]);
		build(&w, _i);
		if (write(out[1], "x", 1) != 1 || read(in[0], &byte, 1))
			_exit(1);
		leave(&w);
		_exit(0);
	}
	close(out[1]);
	ck_assert_int_eq(read(out[0], &byte, 1), 1);
	assert_untouched(before);
	close(in[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	assert_untouched(before);
	free(before);
}
END_TEST

START_TEST(later_mounts_are_seen)
{
	struct world w = { 0 };
	int go[2], done[2];
	char byte;
	pid_t pid;

	/* The test's namespace propagates as a host's under systemd does. */
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), 0);
	ck_assert_int_eq(pipe2(go, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(done, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		if (read(go[0], &byte, 1) != 1 ||
		    mount("later", "/mnt", "tmpfs", 0, NULL) ||
		    write(done[1], "x", 1) != 1)
			_exit(1);
		_exit(0);
	}
	close(done[1]);
	build(&w, _i);
	ck_assert_int_eq(write(go[1], "x", 1), 1);
	ck_assert_int_eq(read(done[0], &byte, 1), 1);
	assert_script(&w, "grep -q ' /mnt .* later ' /proc/self/mountinfo");
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	leave(&w);
}
END_TEST

START_TEST(cwd_in_a_merged_directory)
{
	struct world w = { 0 };

	ck_assert_int_eq(chdir("/sys/bus"), 0);
	build(&w, _i);
	assert_script(&w, "test $(pwd -P) = /sys/bus && test -d mdev/devices");
	leave(&w);
}
END_TEST

START_TEST(cwd_elsewhere)
{
	struct world w = { 0 };

	ck_assert_int_eq(chdir("/tmp"), 0);
	build(&w, _i);
	assert_script(&w, "test $(pwd -P) = /tmp && test . -ef /tmp");
	leave(&w);
}
END_TEST

/* The server is killed: CMD lives on, and its calls fail at once. */
START_TEST(killed_server)
{
	int go[2], done[2];
	struct world w = { 0 };
	char byte = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(go), 0);
	ck_assert_int_eq(pipe(done), 0);
	pid = fork();
	if (!pid) {
		char script[128];

		build(&w, _i);
		snprintf(script, sizeof(script),
			 "read x <&%d; cat /dev/vfio/7 2>/dev/null && exit; "
			 "echo x >&%d",
			 go[0], done[1]);
		start(&w, script);
		leave(&w);
		raise(SIGKILL);
	}
	close(done[1]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(write(go[1], "\n", 1), 1);
	ck_assert_int_eq(read(done[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'x');
}
END_TEST

/* Killed while nobody answers: all of it ends, at once. */
START_TEST(killed_while_assembling)
{
	struct sandbox sb = { 0 };
	int alive[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(alive), 0);
	pid = fork();
	if (!pid) {
		if (_i)
			become_user();
		if (sandbox_enter(&sb) || sandbox_mount_fuse(&sb) < 0)
			_exit(1);
		sandbox_assemble(&sb);
		_exit(1);
	}
	close(alive[1]);
	usleep(50000);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(read(alive[0], &byte, 1), 0);
}
END_TEST

START_TEST(dev_fuse_not_for_us)
{
	struct sandbox sb = { 0 };

	ck_assert_int_eq(chmod("/dev/fuse", 0600), 0);
	become_user();
	ck_assert_int_eq(sandbox_enter(&sb), 0);
	ck_assert_int_eq(sandbox_mount_fuse(&sb), -EACCES);
	ck_assert_str_eq(sb.why,
			 "cannot open /dev/fuse: Permission denied (vfiod "
			 "needs to read and write it; as root: "
			 "chmod 666 /dev/fuse)");
}
END_TEST

START_TEST(no_dev_fuse)
{
	struct sandbox sb = { 0 };

	ck_assert_int_eq(mount("test", "/dev", "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(sandbox_enter(&sb), 0);
	ck_assert_int_eq(sandbox_mount_fuse(&sb), -ENOENT);
	ck_assert_ptr_nonnull(strstr(sb.why, "as root: modprobe fuse"));
}
END_TEST

START_TEST(no_user_namespaces)
{
	struct sandbox outer = { 0 }, sb = { 0 };
	int fd;

	/* The limit of a user namespace of the test's own, not the host's. */
	become_user();
	ck_assert_int_eq(sandbox_enter(&outer), 0);
	fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "0", 1), 1);
	close(fd);
	ck_assert_int_eq(sandbox_enter(&sb), -ENOSPC);
	ck_assert_str_eq(sb.why,
			 "cannot make a user namespace: No space left on "
			 "device (as root: sysctl "
			 "user.max_user_namespaces=10000)");
}
END_TEST

static void drop_sys_admin(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	ck_assert_int_eq(syscall(SYS_capget, &head, data), 0);
	data[0].effective &= ~(1u << CAP_SYS_ADMIN);
	data[0].permitted &= ~(1u << CAP_SYS_ADMIN);
	ck_assert_int_eq(syscall(SYS_capset, &head, data), 0);
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}

START_TEST(root_without_sys_admin)
{
	struct world w = { 0 };

	drop_sys_admin();
	build(&w, false);
	ck_assert(w.sb.user_ns);
	assert_script(&w, ours_are_there);
	assert_script(&w, "test $(id -u) = 0");
	leave(&w);
}
END_TEST

/* A namespace of the test's own, with a /dev/fuse that is open to all. */
static void setup(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("test", "/mnt", "tmpfs", 0, NULL), 0);
	umask(0);
	ck_assert_int_eq(mknod("/mnt/fuse", S_IFCHR | 0666, makedev(10, 229)),
			 0);
	umask(022);
	ck_assert_int_eq(mount("/mnt/fuse", "/dev/fuse", NULL, MS_BIND, NULL),
			 0);
	ck_assert_int_eq(umount2("/mnt", MNT_DETACH), 0);
}

/* Loop tests run as root (0) and as an ordinary user (1). */
static TCase *cases(void)
{
	TCase *tc = tcase_create("sandbox");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, view_as_root);
	tcase_add_test(tc, view_as_user);
	tcase_add_test(tc, root_without_sys_admin);
	tcase_add_loop_test(tc, outside_is_untouched, 0, 2);
	tcase_add_loop_test(tc, later_mounts_are_seen, 0, 2);
	tcase_add_loop_test(tc, cwd_in_a_merged_directory, 0, 2);
	tcase_add_loop_test(tc, cwd_elsewhere, 0, 2);
	tcase_add_loop_test(tc, killed_server, 0, 2);
	tcase_add_loop_test(tc, killed_while_assembling, 0, 2);
	tcase_add_test(tc, dev_fuse_not_for_us);
	tcase_add_test(tc, no_dev_fuse);
	tcase_add_test(tc, no_user_namespaces);
	return tc;
}

int main(void)
{
	Suite *s = suite_create("sandbox");
	SRunner *sr;
	int failed;

	suite_add_tcase(s, cases());
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
