// SPDX-License-Identifier: BSD-3-Clause
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/child.h"
#include "../../daemon/sandbox.h"
#include "as_user.h"

static struct child_signals signals;

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

static void take_signals(void)
{
	ck_assert_int_eq(child_signals_take(&signals), 0);
}

static void give_signals_back(void)
{
	child_signals_give_back(&signals);
}

static struct child_options options(char *const *argv)
{
	return (struct child_options){ .argv = argv, .signals = &signals };
}

static int run(const struct child_options *o)
{
	struct child c;
	int ret = child_spawn(&c, o);

	ck_assert_msg(!ret, "%s", c.why);
	ck_assert_int_eq(c.hook_fd, -1);
	return child_wait(&c);
}

static int run_sh(char *script)
{
	char *argv[] = { "sh", "-c", script, NULL };
	struct child_options o = options(argv);

	return run(&o);
}

/* Runs @argv and returns what it prints, which the caller frees. */
static char *output_of(struct child_options *o, char *const *argv)
{
	int saved = dup(1), out = memfd_create("out", MFD_CLOEXEC), status;
	char *text = calloc(1, 65536);

	ck_assert_ptr_nonnull(text);
	o->argv = argv;
	ck_assert_int_eq(dup2(out, 1), 1);
	status = run(o);
	ck_assert_int_eq(dup2(saved, 1), 1);
	ck_assert_int_eq(status, 0);
	ck_assert_int_ge(pread(out, text, 65535, 0), 0);
	close(saved);
	close(out);
	return text;
}

static void assert_output(struct child_options *o, char *script,
			  const char *want)
{
	char *argv[] = { "sh", "-c", script, NULL };
	char *text = output_of(o, argv);

	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(exit_status)
{
	int fds = count_fds();

	ck_assert_int_eq(run_sh("exit 0"), 0);
	ck_assert_int_eq(run_sh("exit 42"), 42);
	ck_assert_int_eq(run_sh("exit 255"), 255);
	ck_assert_int_eq(run_sh("kill -KILL $$"), 128 + SIGKILL);
	ck_assert_int_eq(run_sh("kill -SEGV $$"), 128 + SIGSEGV);
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

static void assert_refused(char *name, int want, const char *why)
{
	char *argv[] = { name, NULL };
	struct child_options o = options(argv);
	int fds = count_fds();
	struct child c;

	ck_assert_int_eq(child_spawn(&c, &o), want);
	ck_assert_str_eq(c.why, why);
	ck_assert_int_eq(count_fds(), fds);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

START_TEST(not_found)
{
	assert_refused("vfiod-none", 127,
		       "vfiod-none: No such file or directory");
	assert_refused("/vfiod/none", 127,
		       "/vfiod/none: No such file or directory");
	assert_refused("", 127, ": No such file or directory");
}
END_TEST

START_TEST(not_executable)
{
	assert_refused("/etc/passwd", 126, "/etc/passwd: Permission denied");
	assert_refused("/dev", 126, "/dev: Permission denied");
}
END_TEST

START_TEST(looked_up_in_path)
{
	char *argv[] = { "true", NULL };
	struct child_options o = options(argv);

	ck_assert_int_eq(run(&o), 0);
	ck_assert_int_eq(setenv("PATH", "/nowhere", 1), 0);
	assert_refused("true", 127, "true: No such file or directory");
}
END_TEST

START_TEST(script_without_interpreter)
{
	char path[] = "/tmp/vfiod-child-XXXXXX";
	char *argv[] = { path, NULL };
	struct child_options o = options(argv);
	int fd = mkstemp(path), status;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "exit 7\n", 7), 7);
	ck_assert_int_eq(fchmod(fd, 0755), 0);
	close(fd);
	status = run(&o);
	unlink(path);
	ck_assert_int_eq(status, 7);
}
END_TEST

START_TEST(environment)
{
	static const char *const env[] = { "VFIOD_A=1", "VFIOD_B=", NULL };
	struct child_options o = options(NULL);

	ck_assert_int_eq(setenv("VFIOD_A", "old", 1), 0);
	ck_assert_int_eq(setenv("VFIOD_AB", "kept", 1), 0);
	o.env = env;
	assert_output(&o, "env | grep ^VFIOD_[AB] | sort",
		      "VFIOD_A=1\nVFIOD_AB=kept\nVFIOD_B=\n");
	ck_assert_str_eq(getenv("VFIOD_A"), "old");
}
END_TEST

START_TEST(surroundings)
{
	struct child_options o = options(NULL);
	char want[64];

	ck_assert_int_eq(chdir("/usr/bin"), 0);
	assert_output(&o, "pwd", "/usr/bin\n");
	snprintf(want, sizeof(want), "%d\n", getpgrp());
	assert_output(&o, "echo $(cut -d' ' -f5 /proc/$$/stat)", want);
	/* 0, 1, 2 and what the shell's glob itself opens: none of ours. */
	assert_output(&o,
		      "cd /proc/$$/fd; for f in *; do "
		      "case $(readlink $f) in *socket*|*pidfd*|*signalfd*) "
		      "echo $f;; esac; done",
		      "");
}
END_TEST

START_TEST(pidfd_tells_the_end)
{
	char *argv[] = { "sleep", "0.1", NULL };
	struct child_options o = options(argv);
	struct pollfd p = { .events = POLLIN };
	struct child c;

	ck_assert_int_eq(child_spawn(&c, &o), 0);
	p.fd = c.pidfd;
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	ck_assert_int_eq(poll(&p, 1, -1), 1);
	ck_assert_int_eq(child_wait(&c), 0);
	ck_assert_int_eq(c.pidfd, -1);
}
END_TEST

/* Starts a shell that has set its traps when this returns. */
static void start_trapping(struct child *c, char *script)
{
	char *argv[] = { "sh", "-c", script, NULL };
	struct child_options o = options(argv);
	int ready[2], out = dup(1);
	char byte;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	ck_assert_int_eq(dup2(ready[1], 1), 1);
	close(ready[1]);
	ck_assert_int_eq(child_spawn(c, &o), 0);
	ck_assert_int_eq(dup2(out, 1), 1);
	close(out);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

START_TEST(signals_are_passed_on)
{
	static const int sigs[] = { SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };
	static char *const scripts[] = {
		"trap 'exit 3' TERM; echo; while :; do sleep 0.02; done",
		"trap 'exit 3' HUP; echo; while :; do sleep 0.02; done",
		"trap 'exit 3' USR1; echo; while :; do sleep 0.02; done",
		"trap 'exit 3' USR2; echo; while :; do sleep 0.02; done",
	};
	struct pollfd p = { .events = POLLIN };
	struct child c;

	/* A shell cannot trap what it was started to ignore: nohup. */
	give_signals_back();
	signal(SIGHUP, SIG_DFL);
	take_signals();
	start_trapping(&c, scripts[_i]);
	p.fd = signals.fd;
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	ck_assert_int_eq(kill(getpid(), sigs[_i]), 0);
	ck_assert_int_eq(poll(&p, 1, -1), 1);
	ck_assert_int_eq(child_signals_forward(&signals, &c), 0);
	ck_assert_int_eq(child_wait(&c), 3);
}
END_TEST

START_TEST(interrupt_is_the_childs_alone)
{
	struct child c;

	start_trapping(&c, "trap 'exit 4' INT; echo; "
			   "while :; do sleep 0.02; done");
	/* As the terminal does, to the whole group. */
	ck_assert_int_eq(kill(0, SIGINT), 0);
	ck_assert_int_eq(child_wait(&c), 4);
}
END_TEST

START_TEST(signals_to_a_dead_child)
{
	char *argv[] = { "true", NULL };
	struct child_options o = options(argv);
	struct pollfd p = { .events = POLLIN };
	struct child c;

	ck_assert_int_eq(child_spawn(&c, &o), 0);
	p.fd = c.pidfd;
	ck_assert_int_eq(poll(&p, 1, -1), 1);
	ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
	ck_assert_int_eq(child_signals_forward(&signals, &c), 0);
	ck_assert_int_eq(child_wait(&c), 0);
}
END_TEST

/* Whoever started the tests may have ignored some, the C library's even. */
static unsigned long long ignored_now(void)
{
	unsigned long long ignored = 0;
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];

	ck_assert_ptr_nonnull(status);
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "SigIgn: %llx", &ignored) == 1)
			break;
	fclose(status);
	return ignored;
}

/* A fixture's signals are given back; what comes here is before them. */
START_TEST(mask_and_ignored_as_started)
{
	/* Not by way of a shell, which may set its own. */
	char *argv[] = { "grep", "-E", "Sig(Blk|Ign)", "/proc/self/status",
			 NULL };
	struct child_options o = options(NULL);
	unsigned long long blocked, ignored, before = ignored_now();
	sigset_t set, now;
	char *text;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	take_signals();
	signal(SIGALRM, SIG_IGN);
	/* WINCH is 28; CHLD 17 and PIPE 13. */
	text = output_of(&o, argv);
	ck_assert_int_eq(sscanf(text, "SigBlk: %llx SigIgn: %llx", &blocked,
				&ignored),
			 2);
	ck_assert_uint_eq(blocked, 0x8000000);
	ck_assert_uint_eq(ignored, before | 0x11000);
	free(text);
	give_signals_back();
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, NULL, &now), 0);
	ck_assert_int_eq(sigismember(&now, SIGTERM), 0);
	ck_assert_int_eq(sigismember(&now, SIGWINCH), 1);
	ck_assert(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
	ck_assert(signal(SIGINT, SIG_DFL) == SIG_DFL);
}
END_TEST

static int hook_pipe(void *opaque)
{
	int *pipe_fds = opaque;

	return dup(pipe_fds[1]);
}

START_TEST(hook_fd_arrives)
{
	char *argv[] = { "sh", "-c", "test ! -e /proc/$$/fd/20", NULL };
	struct child_options o = options(argv);
	int pipe_fds[2], fds;
	struct child c;
	char byte;

	ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	fds = count_fds();
	o.before_exec = hook_pipe;
	o.opaque = pipe_fds;
	ck_assert_int_eq(child_spawn(&c, &o), 0);
	ck_assert_int_ge(c.hook_fd, 0);
	ck_assert_int_eq(fcntl(c.hook_fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(child_wait(&c), 0);
	ck_assert_int_eq(write(c.hook_fd, "x", 1), 1);
	ck_assert_int_eq(read(pipe_fds[0], &byte, 1), 1);
	close(c.hook_fd);
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(hook_fd_of_a_failed_exec)
{
	char *argv[] = { "vfiod-none", NULL };
	struct child_options o = options(argv);
	int pipe_fds[2], fds;
	struct child c;

	ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	fds = count_fds();
	o.before_exec = hook_pipe;
	o.opaque = pipe_fds;
	ck_assert_int_eq(child_spawn(&c, &o), 127);
	ck_assert_int_eq(c.hook_fd, -1);
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

static int hook_refuses(void *opaque)
{
	(void)opaque;
	return -EOPNOTSUPP;
}

START_TEST(hook_refusal)
{
	char *argv[] = { "true", NULL };
	struct child_options o = options(argv);
	int fds = count_fds();
	struct child c;

	o.before_exec = hook_refuses;
	ck_assert_int_eq(child_spawn(&c, &o), -EOPNOTSUPP);
	ck_assert_str_eq(c.why, "true: cannot install the system call filter: "
				"Operation not supported");
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

struct tracer {
	pid_t tracee;
	int status;
};

static void *trace(void *opaque)
{
	struct tracer *t = opaque;

	t->tracee = fork();
	if (!t->tracee) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		usleep(50000);
		raise(SIGSTOP);
		_exit(9);
	}
	waitpid(t->tracee, &t->status, __WALL | __WNOTHREAD);
	ptrace(PTRACE_CONT, t->tracee, NULL, NULL);
	/* The event comes while the other thread waits for its child. */
	usleep(100000);
	waitpid(t->tracee, &t->status, __WALL | __WNOTHREAD);
	ptrace(PTRACE_CONT, t->tracee, NULL, NULL);
	waitpid(t->tracee, &t->status, __WALL | __WNOTHREAD);
	return NULL;
}

START_TEST(other_threads_trace)
{
	char *argv[] = { "sleep", "0.3", NULL };
	struct child_options o = options(argv);
	struct tracer t = { 0 };
	pthread_t thread;
	struct child c;

	ck_assert_int_eq(pthread_create(&thread, NULL, trace, &t), 0);
	ck_assert_int_eq(child_spawn(&c, &o), 0);
	ck_assert_int_eq(child_wait(&c), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert(WIFEXITED(t.status));
	ck_assert_int_eq(WEXITSTATUS(t.status), 9);
}
END_TEST

/* A line of /proc/PID/status that CMD has. */
#define STATUS(name) "sed -n 's/^" name ":[ \t]*//p' /proc/self/status"

START_TEST(root_keeps_everything)
{
	struct child_options o = options(NULL);
	struct sandbox sb = { 0 };
	char *argv[] = { "sed", "-n", "s/^CapEff:[ \t]*//p",
			 "/proc/self/status", NULL };
	char *before = output_of(&o, argv);

	ck_assert_int_eq(sandbox_enter(&sb), 0);
	ck_assert(!sb.user_ns);
	assert_output(&o, STATUS("CapEff"), before);
	assert_output(&o, "cat /proc/self/uid_map | tr -s ' '",
		      " 0 0 4294967295\n");
	free(before);
}
END_TEST

static bool is_same_ns(const char *name, pid_t pid)
{
	char path[64];
	struct stat own, its;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	ck_assert_int_eq(stat(path, &own), 0);
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	ck_assert_int_eq(stat(path, &its), 0);
	return own.st_ino == its.st_ino;
}

/* vfiod is above: it may do to CMD what ptrace may, CMD not to it. */
static void assert_above(struct child *c)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", c->pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(ptrace(PTRACE_SEIZE, c->pid, NULL, NULL), 0);
	ck_assert(!is_same_ns("user", c->pid));
	ck_assert(is_same_ns("mnt", c->pid));
	ck_assert_int_eq(kill(c->pid, SIGKILL), 0);
}

START_TEST(user_has_nothing_but_himself)
{
	char *argv[] = { "sleep", "10", NULL };
	struct child_options o = options(NULL);
	struct sandbox sb = { 0 };
	struct child c;

	become_user();
	ck_assert_int_eq(chdir("/usr"), 0);
	ck_assert_int_eq(sandbox_enter(&sb), 0);
	ck_assert(sb.user_ns);
	o.user_ns = true;
	assert_output(&o, "id -u; id -g; pwd", "1000\n1000\n/usr\n");
	assert_output(&o, STATUS("Cap[^B].."),
		      "0000000000000000\n0000000000000000\n"
		      "0000000000000000\n0000000000000000\n");
	assert_output(&o, "touch /dev/vfiod-x 2>/dev/null || echo no", "no\n");
	o.argv = argv;
	ck_assert_int_eq(child_spawn(&c, &o), 0);
	assert_above(&c);
	ck_assert_int_eq(child_wait(&c), 128 + SIGKILL);
}
END_TEST

START_TEST(no_namespace_no_child)
{
	char *argv[] = { "true", NULL };
	struct child_options o = options(argv);
	int fd, fds = count_fds();
	struct sandbox sb = { 0 };
	struct child c;

	become_user();
	ck_assert_int_eq(sandbox_enter(&sb), 0);
	fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "0", 1), 1);
	close(fd);
	o.user_ns = true;
	ck_assert_int_eq(child_spawn(&c, &o), -ENOSPC);
	ck_assert_str_eq(c.why, "true: cannot make a user namespace for it: "
				"No space left on device");
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

static TCase *cases(const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_test(tc, exit_status);
	tcase_add_test(tc, not_found);
	tcase_add_test(tc, not_executable);
	tcase_add_test(tc, looked_up_in_path);
	tcase_add_test(tc, script_without_interpreter);
	tcase_add_test(tc, environment);
	tcase_add_test(tc, surroundings);
	tcase_add_test(tc, pidfd_tells_the_end);
	tcase_add_loop_test(tc, signals_are_passed_on, 0, 4);
	tcase_add_test(tc, interrupt_is_the_childs_alone);
	tcase_add_test(tc, signals_to_a_dead_child);
	tcase_add_test(tc, hook_fd_arrives);
	tcase_add_test(tc, hook_fd_of_a_failed_exec);
	tcase_add_test(tc, hook_refusal);
	tcase_add_test(tc, other_threads_trace);
	tcase_add_test(tc, root_keeps_everything);
	tcase_add_test(tc, user_has_nothing_but_himself);
	tcase_add_test(tc, no_namespace_no_child);
	tcase_add_checked_fixture(tc, take_signals, give_signals_back);
	return tc;
}

int main(void)
{
	Suite *s = suite_create("child");
	TCase *early = tcase_create("before signals are taken");
	SRunner *sr;
	int failed;

	suite_add_tcase(s, cases("child"));
	tcase_add_test(early, mask_and_ignored_as_started);
	suite_add_tcase(s, early);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
