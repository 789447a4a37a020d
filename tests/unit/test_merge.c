// SPDX-License-Identifier: BSD-3-Clause
/*
 * Merging trees: in a scratch directory for the rules, then over the real
 * /sys and /dev with a plain tree in place of the FUSE mount.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "../../daemon/merge.h"
#include "../../daemon/sandbox.h"
#include "as_user.h"

#define UUID "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"

static char top[] = "/tmp/vfiod-merge-XXXXXX";

static void make_dir(const char *path)
{
	char part[PATH_MAX];
	const char *p;

	for (p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		ck_assert(!mkdir(part, 0755) || errno == EEXIST);
	}
	ck_assert(!mkdir(path, 0755) || errno == EEXIST);
}

static void make_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void assert_reads(const char *path, const char *text)
{
	char buf[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	ck_assert_int_ge(n, 0);
	buf[n] = '\0';
	ck_assert_str_eq(buf, text);
}

static void assert_link(const char *path, const char *target)
{
	char buf[PATH_MAX];
	ssize_t n = readlink(path, buf, sizeof(buf) - 1);

	ck_assert_msg(n >= 0, "%s: %s", path, strerror(errno));
	buf[n] = '\0';
	ck_assert_str_eq(buf, target);
}

static void assert_absent(const char *path)
{
	ck_assert_msg(access(path, F_OK) && errno == ENOENT, "%s", path);
}

static int open_dir(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void merge_ok(bool read_only, const char *path, const char *ours)
{
	struct merge m = { .read_only = read_only };
	int fd = open_dir(ours), fds = count_fds(), ret;

	ret = merge_tree(&m, path, fd);
	ck_assert_msg(!ret, "%s: %s", m.failed, strerror(-ret));
	ck_assert_int_eq(count_fds(), fds);
	close(fd);
}

static void cover_ok(const char *path, const char *ours)
{
	struct merge m = { 0 };
	int fd = open_dir(ours), fds = count_fds(), ret;

	ret = merge_cover(&m, path, fd);
	ck_assert_msg(!ret, "%s: %s", m.failed, strerror(-ret));
	ck_assert_int_eq(count_fds(), fds);
	close(fd);
}

static int count_mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	int c, n = 0;

	ck_assert_ptr_nonnull(f);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

static void enter(bool user)
{
	struct sandbox sb = { 0 };

	if (user)
		become_user();
	ck_assert_msg(!sandbox_enter(&sb), "%s", sb.why);
	ck_assert_int_eq(sb.user_ns, user);
}

/* A tmpfs of the test's own namespace over /tmp, gone with the process. */
static void setup_scratch(bool user)
{
	umask(022);
	enter(user);
	ck_assert_int_eq(mount("test", "/tmp", "tmpfs", 0, "mode=1777"), 0);
	make_dir("/tmp/real");
	make_dir("/tmp/ours");
}

static void setup_root(void)
{
	setup_scratch(false);
}

static void setup_user(void)
{
	setup_scratch(true);
}

START_TEST(both_are_seen)
{
	make_dir("/tmp/real/dir/below");
	make_file("/tmp/real/dir/below/f", "real f");
	make_file("/tmp/real/file", "real file");
	ck_assert_int_eq(symlink("dir/below/f", "/tmp/real/link"), 0);
	ck_assert_int_eq(symlink("nowhere", "/tmp/real/dangling"), 0);
	ck_assert_int_eq(mkfifo("/tmp/real/fifo", 0600), 0);
	make_dir("/tmp/ours/new/deep");
	make_file("/tmp/ours/new/deep/g", "our g");
	make_file("/tmp/ours/newfile", "our file");
	ck_assert_int_eq(symlink("new/deep/g", "/tmp/ours/newlink"), 0);

	merge_ok(false, "/tmp/real", "/tmp/ours");

	assert_reads("/tmp/real/dir/below/f", "real f");
	assert_reads("/tmp/real/file", "real file");
	assert_reads("/tmp/real/link", "real f");
	assert_link("/tmp/real/dangling", "nowhere");
	assert_reads("/tmp/real/new/deep/g", "our g");
	assert_reads("/tmp/real/newfile", "our file");
	assert_reads("/tmp/real/newlink", "our g");
	ck_assert_int_eq(open("/tmp/real/fifo", O_WRONLY | O_NONBLOCK), -1);
	ck_assert_int_eq(errno, ENXIO);
}
END_TEST

START_TEST(ours_wins)
{
	make_file("/tmp/real/file", "real");
	make_dir("/tmp/real/dir/sub");
	ck_assert_int_eq(symlink("elsewhere", "/tmp/real/link"), 0);
	make_file("/tmp/real/other", "other");
	make_file("/tmp/ours/file", "ours");
	ck_assert_int_eq(symlink("file", "/tmp/ours/dir"), 0);
	make_dir("/tmp/ours/link/x");

	merge_ok(false, "/tmp/real", "/tmp/ours");

	assert_reads("/tmp/real/file", "ours");
	assert_link("/tmp/real/dir", "file");
	ck_assert_int_eq(access("/tmp/real/link/x", F_OK), 0);
	assert_reads("/tmp/real/other", "other");
}
END_TEST

START_TEST(deep_directories_only)
{
	int before;

	make_dir("/tmp/real/a/b");
	make_file("/tmp/real/a/b/f", "f");
	make_dir("/tmp/real/a/c");
	make_dir("/tmp/ours/a/b/new");
	before = count_mounts();
	merge_ok(false, "/tmp/real", "/tmp/ours");
	/* The skeleton of a/b, and its two entries. */
	ck_assert_int_eq(count_mounts(), before + 3);
	assert_reads("/tmp/real/a/b/f", "f");
	ck_assert_int_eq(access("/tmp/real/a/b/new", F_OK), 0);
	ck_assert_int_eq(access("/tmp/real/a/c", F_OK), 0);
}
END_TEST

START_TEST(nested_skeletons)
{
	make_file("/tmp/real/top", "top");
	make_dir("/tmp/real/a");
	make_file("/tmp/real/a/f", "f");
	make_dir("/tmp/ours/a/new");
	make_dir("/tmp/ours/new");
	merge_ok(true, "/tmp/real", "/tmp/ours");
	assert_reads("/tmp/real/top", "top");
	assert_reads("/tmp/real/a/f", "f");
	ck_assert_int_eq(access("/tmp/real/a/new", F_OK), 0);
	ck_assert_int_eq(access("/tmp/real/new", F_OK), 0);
}
END_TEST

START_TEST(submounts_stay)
{
	make_dir("/tmp/real/a/mnt");
	ck_assert_int_eq(mount("sub", "/tmp/real/a/mnt", "tmpfs", 0, ""), 0);
	make_file("/tmp/real/a/mnt/f", "below");
	make_dir("/tmp/ours/new");
	merge_ok(false, "/tmp/real", "/tmp/ours");
	assert_reads("/tmp/real/a/mnt/f", "below");
}
END_TEST

START_TEST(empty_one_is_covered_and_live)
{
	make_dir("/tmp/real/groups");
	make_dir("/tmp/ours/groups/7");
	merge_ok(true, "/tmp/real", "/tmp/ours");
	ck_assert_int_eq(access("/tmp/real/groups/7", F_OK), 0);
	make_dir("/tmp/ours/groups/8");
	ck_assert_int_eq(access("/tmp/real/groups/8", F_OK), 0);
}
END_TEST

START_TEST(nothing_to_add)
{
	int before = count_mounts();

	make_dir("/tmp/real/a");
	make_dir("/tmp/ours/a");
	merge_ok(true, "/tmp/real", "/tmp/ours");
	ck_assert_int_eq(count_mounts(), before);
}
END_TEST

START_TEST(looks_are_kept)
{
	struct stat st;

	make_file("/tmp/real/f", "f");
	make_dir("/tmp/ours/new");
	ck_assert_int_eq(chmod("/tmp/real", 01755), 0);
	merge_ok(false, "/tmp/real", "/tmp/ours");
	ck_assert_int_eq(stat("/tmp/real", &st), 0);
	ck_assert_int_eq(st.st_mode, S_IFDIR | 01755);
	ck_assert_int_eq(st.st_uid, geteuid());
	ck_assert_int_eq(st.st_gid, getegid());
	make_file("/tmp/real/made", "made");
}
END_TEST

START_TEST(foreign_owner_is_kept)
{
	struct stat st;

	make_file("/tmp/real/f", "f");
	make_dir("/tmp/ours/new");
	ck_assert_int_eq(chown("/tmp/real", 12, 34), 0);
	merge_ok(false, "/tmp/real", "/tmp/ours");
	ck_assert_int_eq(stat("/tmp/real", &st), 0);
	ck_assert_int_eq(st.st_uid, 12);
	ck_assert_int_eq(st.st_gid, 34);
}
END_TEST

START_TEST(read_only_skeleton)
{
	make_file("/tmp/real/f", "f");
	make_dir("/tmp/real/dir");
	make_dir("/tmp/ours/new");
	merge_ok(true, "/tmp/real", "/tmp/ours");
	ck_assert_int_eq(mkdir("/tmp/real/more", 0755), -1);
	ck_assert_int_eq(errno, EROFS);
	/* What was put back is as writable as it was. */
	make_file("/tmp/real/dir/made", "made");
}
END_TEST

START_TEST(cover_an_existing_one)
{
	int before;

	make_file("/tmp/real/f", "f");
	make_file("/tmp/ours/g", "g");
	before = count_mounts();
	cover_ok("/tmp/real", "/tmp/ours");
	ck_assert_int_eq(count_mounts(), before + 1);
	assert_absent("/tmp/real/f");
	assert_reads("/tmp/real/g", "g");
}
END_TEST

START_TEST(cover_a_missing_one)
{
	make_file("/tmp/real/f", "f");
	make_file("/tmp/ours/g", "g");
	cover_ok("/tmp/real/x/y/z", "/tmp/ours");
	assert_reads("/tmp/real/f", "f");
	assert_reads("/tmp/real/x/y/z/g", "g");
}
END_TEST

START_TEST(cover_needs_a_parent_below_root)
{
	struct merge m = { 0 };
	int fd = open_dir("/tmp/ours");

	ck_assert_int_eq(merge_cover(&m, "/vfiod-none/x", fd), -EROFS);
	ck_assert_str_eq(m.failed, "/vfiod-none/x");
	close(fd);
}
END_TEST

START_TEST(failure_names_the_path)
{
	struct merge m = { 0 };
	int fd = open_dir("/tmp/ours");

	ck_assert_int_eq(merge_tree(&m, "/tmp/real/none", fd), -ENOENT);
	ck_assert_str_eq(m.failed, "/tmp/real/none");
	close(fd);
}
END_TEST

/* The shape of what vfiod lays over /dev/vfio and /sys. */
static void make_device_tree(void)
{
	static const char *const dirs[] = {
		"dev",
		"sys/bus/mdev/devices",
		"sys/bus/mdev/drivers/mtty",
		"sys/class/mdev_bus",
		"sys/class/vfio",
		"sys/kernel/iommu_groups/7/devices",
		"sys/devices/virtual/mtty/mtty/" UUID,
		"sys/module/mtty",
	};
	static const struct {
		const char *path, *target;
	} links[] = {
		{ "sys/bus/mdev/devices/" UUID,
		  "../../../devices/virtual/mtty/mtty/" UUID },
		{ "sys/class/mdev_bus/mtty",
		  "../../devices/virtual/mtty/mtty" },
		{ "sys/devices/virtual/mtty/mtty/" UUID "/iommu_group",
		  "../../../../../kernel/iommu_groups/7" },
		{ "sys/devices/virtual/mtty/mtty/" UUID "/subsystem",
		  "../../../../../bus/mdev" },
	};
	size_t i;

	umask(022);
	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(chmod(top, 0755), 0);
	ck_assert_int_eq(chdir(top), 0);
	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		make_dir(dirs[i]);
	for (i = 0; i < sizeof(links) / sizeof(*links); i++)
		ck_assert_int_eq(symlink(links[i].target, links[i].path), 0);
	make_file("dev/vfio", "container");
	make_file("dev/7", "group");
	make_file("sys/devices/virtual/mtty/mtty/" UUID "/remove", "");
}

static void remove_device_tree(void)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	ck_assert_int_eq(system(cmd), 0);
}

/* What comes and goes on a busy machine, or with mounts. */
static bool is_volatile(const char *name)
{
	return !strcmp(name, "bdi") || !strcmp(name, "slab") ||
	       !strcmp(name, "cgroup") || !strcmp(name, "connections") ||
	       !strcmp(name, "btf");
}

/* Writes a line for each entry below @path, @depth levels down, to @out. */
static void survey(FILE *out, const char *path, int depth)
{
	char sub[PATH_MAX], target[PATH_MAX];
	struct dirent **list;
	struct stat st;
	int i, n = scandir(path, &list, NULL, alphasort);

	for (i = 0; i < n; i++) {
		snprintf(sub, sizeof(sub), "%s/%s", path, list[i]->d_name);
		memset(target, 0, sizeof(target));
		if (list[i]->d_name[0] != '.' && !lstat(sub, &st)) {
			/* Which may become a link to itself. */
			if (!strcmp(sub, "/dev/ptmx"))
				ck_assert_int_eq(stat(sub, &st), 0);
			if (S_ISLNK(st.st_mode))
				ck_assert_int_gt(
					readlink(sub, target, PATH_MAX - 1), 0);
			fprintf(out, "%s %o %s %d\n", sub,
				S_ISDIR(st.st_mode) ? S_IFDIR : st.st_mode,
				target, access(sub, F_OK));
			if (depth && S_ISDIR(st.st_mode) &&
			    !is_volatile(list[i]->d_name))
				survey(out, sub, depth - 1);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

struct view {
	char *text;
	size_t size;
};

static void look(struct view *v)
{
	FILE *f = open_memstream(&v->text, &v->size);

	ck_assert_ptr_nonnull(f);
	survey(f, "/sys", 3);
	survey(f, "/dev", 1);
	fclose(f);
}

/* Every line of @before is in @after; both are sorted the same way. */
static void assert_all_seen(const struct view *before, const struct view *after)
{
	char *a = after->text, *b, *save_b, *end;

	for (b = strtok_r(before->text, "\n", &save_b); b;
	     b = strtok_r(NULL, "\n", &save_b)) {
		for (;;) {
			ck_assert_msg(*a, "not seen: %s", b);
			end = strchr(a, '\n');
			if (!strncmp(a, b, end - a) && !b[end - a])
				break;
			a = end + 1;
		}
	}
}

static void assert_ours_seen(void)
{
	assert_reads("/dev/vfio/vfio", "container");
	assert_reads("/dev/vfio/7", "group");
	assert_reads("/sys/bus/mdev/devices/" UUID "/remove", "");
	assert_reads("/sys/class/mdev_bus/mtty/" UUID "/remove", "");
	ck_assert_int_eq(access("/sys/bus/mdev/devices/" UUID
				"/iommu_group/devices",
				F_OK),
			 0);
	ck_assert_int_eq(access("/sys/bus/mdev/devices/" UUID
				"/subsystem/drivers/mtty",
				F_OK),
			 0);
}

static void assert_dev_works(bool user)
{
	int fd, leader, follower;
	struct stat st;
	char c;

	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	ck_assert_int_eq(read(fd, &c, 1), 0);
	close(fd);
	ck_assert_int_eq(openpty(&leader, &follower, NULL, NULL, NULL), 0);
	ck_assert_int_eq(write(leader, "\n", 1), 1);
	close(leader);
	close(follower);
	fd = shm_open("/vfiod-test-merge", O_RDWR | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(shm_unlink("/vfiod-test-merge"), 0);
	ck_assert_int_eq(stat("/dev/stdin", &st), 0);
	/* Whoever may make files in /dev may still, in the skeleton. */
	ck_assert_int_eq(stat("/dev", &st), 0);
	ck_assert_int_eq(st.st_mode, user ? 040555 : 040755);
	if (!user)
		make_file("/dev/vfiod-test", "");
}

static void lay_over_host(bool user)
{
	struct view before = { 0 }, after = { 0 };
	struct statfs fs;
	char dev[64], sys[64];

	/* A user sees nothing of tracefs, say, before and after. */
	enter(user);
	look(&before);
	snprintf(dev, sizeof(dev), "%s/dev", top);
	snprintf(sys, sizeof(sys), "%s/sys", top);
	cover_ok("/dev/vfio", dev);
	merge_ok(true, "/sys", sys);
	assert_ours_seen();
	look(&after);
	assert_all_seen(&before, &after);
	assert_dev_works(user);
	ck_assert_int_eq(statfs("/sys", &fs), 0);
	ck_assert_int_eq(fs.f_type, 0x62656572);
	free(before.text);
	free(after.text);
}

START_TEST(host_as_root)
{
	lay_over_host(false);
}
END_TEST

START_TEST(host_as_user)
{
	lay_over_host(true);
}
END_TEST

/* A /dev as containers have it: a tmpfs with a few nodes bound in. */
START_TEST(container_dev_as_user)
{
	char dev[64];

	enter(false);
	ck_assert_int_eq(mount("c", "/mnt", "tmpfs", 0, "mode=755"), 0);
	make_file("/mnt/null", "");
	ck_assert_int_eq(mount("/dev/null", "/mnt/null", NULL, MS_BIND, NULL),
			 0);
	make_dir("/mnt/pts");
	ck_assert_int_eq(mount("/dev/pts", "/mnt/pts", NULL, MS_BIND, NULL), 0);
	make_dir("/mnt/shm");
	ck_assert_int_eq(symlink("/proc/self/fd", "/mnt/fd"), 0);
	ck_assert_int_eq(symlink("pts/ptmx", "/mnt/ptmx"), 0);
	ck_assert_int_eq(mount("/mnt", "/dev", NULL, MS_BIND | MS_REC, NULL),
			 0);
	enter(true);
	snprintf(dev, sizeof(dev), "%s/dev", top);
	cover_ok("/dev/vfio", dev);
	assert_reads("/dev/vfio/7", "group");
	assert_reads("/dev/null", "");
	assert_link("/dev/ptmx", "pts/ptmx");
	ck_assert_int_eq(access("/dev/shm", F_OK), 0);
	ck_assert_int_eq(access("/dev/pts/ptmx", F_OK), 0);
}
END_TEST

/* Outside nothing has changed; a test after those that merged. */
START_TEST(host_is_untouched)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/dev/7", top);
	assert_reads(path, "group");
	assert_absent("/dev/vfiod-test");
	assert_absent("/sys/devices/virtual/mtty/mtty/" UUID);
}
END_TEST

static void add_rules(Suite *s, const char *name, void (*setup)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, both_are_seen);
	tcase_add_test(tc, ours_wins);
	tcase_add_test(tc, deep_directories_only);
	tcase_add_test(tc, nested_skeletons);
	tcase_add_test(tc, submounts_stay);
	tcase_add_test(tc, empty_one_is_covered_and_live);
	tcase_add_test(tc, nothing_to_add);
	tcase_add_test(tc, looks_are_kept);
	tcase_add_test(tc, read_only_skeleton);
	tcase_add_test(tc, cover_an_existing_one);
	tcase_add_test(tc, cover_a_missing_one);
	tcase_add_test(tc, cover_needs_a_parent_below_root);
	tcase_add_test(tc, failure_names_the_path);
	if (setup == setup_root)
		tcase_add_test(tc, foreign_owner_is_kept);
	suite_add_tcase(s, tc);
}

int main(void)
{
	Suite *s = suite_create("merge");
	TCase *tc = tcase_create("host");
	SRunner *sr;
	int failed;

	add_rules(s, "rules as root", setup_root);
	add_rules(s, "rules as user", setup_user);
	tcase_add_unchecked_fixture(tc, make_device_tree, remove_device_tree);
	tcase_add_test(tc, host_as_root);
	tcase_add_test(tc, host_as_user);
	tcase_add_test(tc, container_dev_as_user);
	tcase_add_test(tc, host_is_untouched);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
