// SPDX-License-Identifier: BSD-3-Clause
/* The pager's process: what it has, how long it lives, and what is then. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "as_user.h"
#include "pager_rig.h"

#define SECOND PAGE_WORDS /* the second page's first word */
#define NR_FILES 8
/* /dev/null three times, the connection, the socket. */
#define OWN_FDS 5

static struct pager_rig rig;
static struct pager_file file;

static void setup(void)
{
	pager_rig_start(&rig);
	pager_rig_open(&rig, &file, RIG_NAME, 0);
}

static void wait_for_fds(unsigned int n)
{
	while (pager_rig_fds(rig.pid) != n)
		pager_rig_nap();
}

/* By itself, and content. */
static void wait_for_end(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static void kill_process(void)
{
	int status;

	ck_assert_int_eq(kill(rig.pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(rig.pid, &status, 0), rig.pid);
}

static void check_drop(uint64_t value)
{
	pager_rig_store(&file.words[SECOND], value);
	pager_rig_drop(&rig, &file, PAGE, PAGE);
	ck_assert_uint_eq(pager_rig_stored(&file, SECOND), value);
	ck_assert_uint_eq(pager_rig_load(&file.words[SECOND]), value);
	ck_assert_uint_eq(pager_rig_signals(file.signal), 1);
}

/* ---- what it has ---- */

static void read_link(pid_t pid, const char *name, char *target, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	n = readlink(path, target, size - 1);
	ck_assert_int_gt(n, 0);
	target[n] = '\0';
}

static void check_fd(unsigned int fd, const char *want)
{
	char name[16], target[64];

	snprintf(name, sizeof(name), "fd/%u", fd);
	read_link(rig.pid, name, target, sizeof(target));
	ck_assert_msg(strstr(target, want), "fd %u is %s", fd, target);
}

START_TEST(its_fds)
{
	static const char *const want[] = {
		"/dev/null", "/dev/null",      "/dev/null", "/dev/fuse",
		"socket:",   "memfd:content ", "[eventfd]",
	};

	for (unsigned int i = 0; i < OWN_FDS + 2; i++)
		check_fd(i, want[i]);
	ck_assert_uint_eq(pager_rig_fds(rig.pid), OWN_FDS + 2);
	for (uint64_t i = 0; i < 100; i++)
		check_drop(i);
	ck_assert_uint_eq(pager_rig_fds(rig.pid), OWN_FDS + 2);
}
END_TEST

/* Nothing of it keeps the mounts where it was made. */
START_TEST(its_mounts)
{
	char ours[64], its[64];

	read_link(getpid(), "ns/mnt", ours, sizeof(ours));
	read_link(rig.pid, "ns/mnt", its, sizeof(its));
	ck_assert_str_ne(ours, its);
	read_link(rig.pid, "cwd", its, sizeof(its));
	ck_assert_str_eq(its, "/");
}
END_TEST

/* In whatever order fd and mapping go. */
START_TEST(files_are_forgotten)
{
	struct pager_file files[NR_FILES];

	for (unsigned int i = 0; i < NR_FILES; i++) {
		/* Every other one of the same name. */
		pager_rig_open(&rig, &files[i], i % 2 ? RIG_NAME : "other", 0);
		pager_rig_store(&files[i].words[SECOND], i);
		if (i % 4 < 2)
			pager_rig_close(&files[i]);
		else
			pager_rig_unmap(&files[i]);
	}
	ck_assert_uint_eq(pager_rig_fds(rig.pid), OWN_FDS + 2 + 2 * NR_FILES);
	for (unsigned int i = 0; i < NR_FILES; i++) {
		if (i % 4 < 2)
			pager_rig_unmap(&files[i]);
		else
			pager_rig_close(&files[i]);
		wait_for_fds(OWN_FDS + 2 * (NR_FILES - i));
		ck_assert_uint_eq(pager_rig_stored(&files[i], SECOND), i);
		ck_assert_int_eq(pager_drop(rig.pager, files[i].view,
					    files[i].id, 0, PAGE),
				 -ENOENT);
	}
	check_drop(3);
}
END_TEST

/* With its last fd gone, a mapping is enough. */
START_TEST(mapping_keeps_a_file)
{
	check_drop(1);
	pager_rig_close(&file);
	ck_assert_uint_eq(pager_rig_load(file.words), 1);
	ck_assert_uint_eq(pager_rig_fds(rig.pid), OWN_FDS + 2);
	pager_rig_store(file.words, 2);
	ck_assert_uint_eq(pager_rig_load(file.words), 2);
	pager_rig_unmap(&file);
	wait_for_fds(OWN_FDS);
}
END_TEST

START_TEST(new_files_after_all_are_gone)
{
	for (uint64_t i = 0; i < 20; i++) {
		pager_rig_close(&file);
		pager_rig_unmap(&file);
		wait_for_fds(OWN_FDS);
		pager_rig_open(&rig, &file, RIG_NAME, 0);
		check_drop(i);
	}
}
END_TEST

/* ---- how long it lives ---- */

START_TEST(ends_without_files)
{
	pager_rig_close(&file);
	pager_rig_unmap(&file);
	pager_destroy(rig.pager);
	wait_for_end(rig.pid);
}
END_TEST

static void check_dropped(void)
{
	ck_assert_uint_eq(pager_rig_load(&file.words[SECOND]), 31);
	ck_assert_uint_eq(pager_rig_signals(file.signal), 1);
	pager_rig_store(&file.words[SECOND], 32);
	ck_assert_int_eq(msync(file.words, RIG_BYTES, MS_SYNC), 0);
	ck_assert_uint_eq(pager_rig_stored(&file, SECOND), 32);
	ck_assert_uint_eq(pager_rig_load(&file.words[2 * PAGE_WORDS]), 3);
}

START_TEST(ends_with_the_last_file)
{
	pager_rig_store(&file.words[SECOND], 31);
	pager_rig_drop(&rig, &file, PAGE, PAGE);
	pager_rig_close(&file);
	pager_destroy(rig.pager);
	check_dropped();
	ck_assert_int_eq(waitpid(rig.pid, NULL, WNOHANG), 0);
	pager_rig_unmap(&file);
	wait_for_end(rig.pid);
}
END_TEST

/* What an owner tells the test. */
struct owned {
	struct pager_rig rig;
	struct pager_file file;
	atomic_bool ready;
};

static void own(struct owned *owned)
{
	pager_rig_start(&owned->rig);
	pager_rig_open(&owned->rig, &owned->file, RIG_NAME, 0);
	pager_rig_store(&owned->file.words[SECOND], 31);
	pager_rig_drop(&owned->rig, &owned->file, PAGE, PAGE);
	atomic_store(&owned->ready, true);
	for (;;)
		pause();
}

static int take_fd(int pidfd, int fd)
{
	int ours = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	ck_assert_int_ge(ours, 0);
	return ours;
}

/* The owner's file becomes the test's, too. */
static void take_file(pid_t owner, const struct owned *owned)
{
	int pidfd = (int)syscall(SYS_pidfd_open, owner, 0);

	ck_assert_int_ge(pidfd, 0);
	file.content = take_fd(pidfd, owned->file.content);
	file.signal = take_fd(pidfd, owned->file.signal);
	file.view = take_fd(pidfd, owned->file.view);
	close(pidfd);
	file.words = mmap(NULL, RIG_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			  file.view, 0);
	ck_assert_ptr_ne(file.words, MAP_FAILED);
	pager_rig_close(&file);
}

static struct owned *start_owner(pid_t *pid)
{
	struct owned *owned = mmap(NULL, sizeof(*owned), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(owned, MAP_FAILED);
	/* The orphaned process is to be waited for here. */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	*pid = fork();
	ck_assert_int_ge(*pid, 0);
	if (!*pid)
		own(owned);
	while (!atomic_load(&owned->ready))
		pager_rig_nap();
	return owned;
}

/* Whoever has a mapping goes on. */
START_TEST(outlives_a_killed_owner)
{
	int status;
	pid_t pid;
	struct owned *owned = start_owner(&pid);

	take_file(pid, owned);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	check_dropped();
	ck_assert_int_eq(waitpid(owned->rig.pid, NULL, WNOHANG), 0);
	pager_rig_unmap(&file);
	wait_for_end(owned->rig.pid);
}
END_TEST

START_TEST(ends_with_a_killed_owner)
{
	int status;
	pid_t pid;
	struct owned *owned = start_owner(&pid);

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	wait_for_end(owned->rig.pid);
}
END_TEST

START_TEST(signals_do_not_end_it)
{
	static const int signals[] = { SIGINT,	SIGTERM, SIGHUP, SIGQUIT,
				       SIGPIPE, SIGUSR1, SIGALRM };

	for (unsigned int i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		ck_assert_int_eq(kill(rig.pid, signals[i]), 0);
	check_drop(1);
	ck_assert_int_eq(waitpid(rig.pid, NULL, WNOHANG), 0);
	check_drop(2);
}
END_TEST

/* ---- when it is killed ---- */

static int load_first(const struct pager_file *f)
{
	return (int)pager_rig_load(&f->words[0]);
}

static int load_second(const struct pager_file *f)
{
	return (int)pager_rig_load(&f->words[SECOND]);
}

static void refused(void)
{
	uint64_t id;

	ck_assert_int_eq(pager_open(rig.pager, file.content, RIG_NAME,
				    file.signal, &id),
			 -EIO);
	ck_assert_int_eq(pager_drop(rig.pager, file.view, file.id, 0, PAGE),
			 -EIO);
}

/* Who has a page keeps it, and who wants one is not left to wait. */
START_TEST(killed)
{
	pager_rig_load(&file.words[0]);
	pager_rig_load(&file.words[SECOND]);
	pager_rig_drop(&rig, &file, PAGE, PAGE);
	kill_process();
	refused();
	ck_assert_int_eq(pager_rig_run(load_first, &file), 1);
	ck_assert_int_eq(pager_rig_run(load_second, &file), -SIGBUS);
	pager_rig_store(&file.words[0], 2);
	ck_assert_int_eq(pager_rig_run(load_first, &file), 2);
	refused();
	pager_destroy(rig.pager);
}
END_TEST

static void stop_process(void)
{
	ck_assert_int_eq(kill(rig.pid, SIGSTOP), 0);
	ck_assert_int_eq(waitpid(rig.pid, NULL, WUNTRACED), rig.pid);
}

/* Another process, which waits for a page. */
static pid_t start_waiter(void)
{
	pid_t pid = fork();
	unsigned int fd;

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		signal(SIGBUS, SIG_DFL);
		_exit(load_second(&file));
	}
	while (pager_rig_call(pid, &fd) != PAGER_RIG_FAULT)
		pager_rig_nap();
	return pid;
}

START_TEST(killed_while_one_waits)
{
	pid_t pid;
	int status;

	stop_process();
	pid = start_waiter();
	kill_process();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	refused();
}
END_TEST

/* Who is killed then ends when the pager goes on, if not before. */
START_TEST(killed_waiter)
{
	pid_t pid;
	int status;

	stop_process();
	pid = start_waiter();
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(kill(rig.pid, SIGCONT), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	check_drop(1);
}
END_TEST

static void *drop_second(void *arg)
{
	return (void *)(intptr_t)pager_drop(rig.pager, file.view, file.id, PAGE,
					    *(const uint64_t *)arg);
}

/* Whether it has taken the request by then or not. */
START_TEST(killed_while_it_is_asked)
{
	uint64_t size = PAGE;
	pthread_t thread;
	void *ret;

	stop_process();
	ck_assert_int_eq(pthread_create(&thread, NULL, drop_second, &size), 0);
	pager_rig_nap();
	kill_process();
	ck_assert_int_eq(pthread_join(thread, &ret), 0);
	ck_assert_int_eq((intptr_t)ret, -EIO);
}
END_TEST

static _Noreturn void store_for_ever(void)
{
	for (uint64_t i = 1;; i++)
		pager_rig_store(&file.words[SECOND], i);
}

static void *drop_until_it_fails(void *arg)
{
	uint64_t size = PAGE;

	while (!drop_second(&size))
		;
	return arg;
}

/* What was stored may be on its way to the process that will not take it. */
START_TEST(killed_in_drops)
{
	pid_t pid = fork();
	pthread_t thread;
	int status;

	ck_assert_int_ge(pid, 0);
	if (!pid)
		store_for_ever();
	ck_assert_int_eq(
		pthread_create(&thread, NULL, drop_until_it_fails, NULL), 0);
	for (int i = 0; i <= _i; i++)
		pager_rig_nap();
	kill_process();
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}
END_TEST

/* ---- where there is none ---- */

static void none(const struct pager *pager, int err)
{
	uint64_t id;

	rig.pager = (struct pager *)pager;
	ck_assert_int_eq(pager_open(rig.pager, -1, RIG_NAME, -1, &id), err);
	ck_assert_int_eq(pager_drop(rig.pager, -1, 2, 0, PAGE), err);
	pager_destroy(rig.pager);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}

static struct pager *start(void)
{
	struct pager *pager = pager_create();

	ck_assert_ptr_nonnull(pager);
	pager_start(pager);
	return pager;
}

START_TEST(never_started)
{
	none(pager_create(), -ENXIO);
}
END_TEST

/* Something else in a mount namespace of the test's own; NULL: nothing. */
static void replace_dev_fuse(const char *by)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	if (by)
		ck_assert_int_eq(mount(by, "/dev/fuse", NULL, MS_BIND, NULL),
				 0);
	else
		ck_assert_int_eq(mount("test", "/dev", "tmpfs", 0, NULL), 0);
}

START_TEST(no_dev_fuse)
{
	replace_dev_fuse(NULL);
	none(start(), -ENOENT);
}
END_TEST

/* It can be opened, and is none. */
START_TEST(something_else)
{
	unsigned int fds = pager_rig_fds(getpid());

	replace_dev_fuse("/dev/null");
	none(start(), -EINVAL);
	ck_assert_uint_eq(pager_rig_fds(getpid()), fds);
}
END_TEST

static void make_open_fuse(const char *path)
{
	umask(0);
	ck_assert_int_eq(mknod(path, S_IFCHR | 0666, makedev(10, 229)), 0);
	umask(022);
}

/* Who may open it. */
static void become_user_of_fuse(void)
{
	replace_dev_fuse("/dev/null");
	ck_assert_int_eq(mount("test", "/mnt", "tmpfs", 0, NULL), 0);
	make_open_fuse("/mnt/fuse");
	ck_assert_int_eq(mount("/mnt/fuse", "/dev/fuse", NULL, MS_BIND, NULL),
			 0);
	become_user();
}

static void write_map(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* In his user namespace there is no root. */
START_TEST(ordinary_user)
{
	char map[32];

	become_user_of_fuse();
	ck_assert_int_eq(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0);
	snprintf(map, sizeof(map), "%d %d 1", TEST_UID, TEST_UID);
	write_map("/proc/self/setgroups", "deny");
	write_map("/proc/self/uid_map", map);
	write_map("/proc/self/gid_map", map);
	setup();
	check_drop(1);
	pager_destroy(rig.pager);
}
END_TEST

/* But not mount. */
START_TEST(no_right_to_mount)
{
	unsigned int fds = pager_rig_fds(getpid());

	become_user_of_fuse();
	none(start(), -EPERM);
	ck_assert_uint_eq(pager_rig_fds(getpid()), fds);
}
END_TEST

static TCase *lives(void)
{
	TCase *tc = tcase_create("life");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, its_fds);
	tcase_add_test(tc, its_mounts);
	tcase_add_test(tc, files_are_forgotten);
	tcase_add_test(tc, mapping_keeps_a_file);
	tcase_add_test(tc, new_files_after_all_are_gone);
	tcase_add_test(tc, ends_without_files);
	tcase_add_test(tc, ends_with_the_last_file);
	tcase_add_test(tc, signals_do_not_end_it);
	tcase_add_test(tc, killed);
	tcase_add_test(tc, killed_while_one_waits);
	tcase_add_test(tc, killed_waiter);
	tcase_add_test(tc, killed_while_it_is_asked);
	tcase_add_loop_test(tc, killed_in_drops, 0, 20);
	tcase_set_timeout(tc, 60);
	return tc;
}

static TCase *owners(void)
{
	TCase *tc = tcase_create("owners");

	tcase_add_test(tc, outlives_a_killed_owner);
	tcase_add_test(tc, ends_with_a_killed_owner);
	tcase_add_test(tc, never_started);
	tcase_add_test(tc, no_dev_fuse);
	tcase_add_test(tc, something_else);
	tcase_add_test(tc, ordinary_user);
	tcase_add_test(tc, no_right_to_mount);
	tcase_set_timeout(tc, 60);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("pager process");

	suite_add_tcase(suite, lives());
	suite_add_tcase(suite, owners());
	return pager_rig_main(suite);
}
