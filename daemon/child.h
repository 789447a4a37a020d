/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIOD_DAEMON_CHILD_H
#define VFIOD_DAEMON_CHILD_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * The signals of vfiod while it has a CMD: the terminal's ^C and ^\ are CMD's
 * alone, SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 are passed on to it, and CMD
 * gets the mask and the ignored signals that vfiod was started with.
 */
struct child_signals {
	sigset_t mask; /* as vfiod was started */
	sigset_t ignored; /* as vfiod was started */
	int fd; /* readable: call child_signals_forward() */
};

/*
 * Notes what the process was started with and takes the signals over. By the
 * main thread, before any other is made (they inherit its mask) and before
 * anything else changes a disposition. 0 or a negative errno.
 */
int child_signals_take(struct child_signals *s);

/* Gives them back and closes the fd; pending ones then act on vfiod. */
void child_signals_give_back(struct child_signals *s);

struct child {
	pid_t pid;
	int pidfd; /* readable: CMD has ended, call child_wait() */
	int hook_fd; /* what before_exec returned, as an fd of ours, or -1 */
	char why[PATH_MAX + 64];
};

/* What the hook returns when it has no fd to give, and all is well. */
#define CHILD_HOOK_NONE INT_MIN

struct child_options {
	char *const *argv; /* NULL-ended, looked up in PATH */
	const char *const *env; /* NAME=value additions, NULL-ended;
					   may be NULL */
	const struct child_signals *signals;
	bool user_ns; /* sandbox.h says when */
	/*
	 * May be NULL. Called in the child, in CMD's user namespace with all
	 * capabilities over it, right before execve, signals blocked; only
	 * async-signal-safe calls. Returns an fd number, which arrives as
	 * @hook_fd in the parent and is closed in the child, or
	 * CHILD_HOOK_NONE, or a negative errno, and then CMD does not run. A seccomp filter it installs must
	 * let sendmsg, write, close, rt_sigaction, rt_sigprocmask and execve
	 * pass.
	 */
	int (*before_exec)(void *opaque);
	void *opaque;
};

/*
 * Starts CMD, in the caller's process group, terminal, working directory and
 * mount namespace. Any thread; there may be others. Returns when CMD runs:
 * 0, or else nothing is left of the attempt, @why says in one line what
 * failed ("CMD: No such file or directory"), and the result is
 * 127: not found, 126: not executable, both to be vfiod's exit status;
 * a negative errno: vfiod could not do its part.
 */
int child_spawn(struct child *c, const struct child_options *o);

/*
 * Passes on to CMD what has arrived at @s->fd, which the terminal has not
 * itself sent to CMD. Never blocks. 0 or a negative errno; a CMD that has
 * ended is no error.
 */
int child_signals_forward(struct child_signals *s, const struct child *c);

/*
 * Waits for CMD to end, frees what @c holds (all but @hook_fd) and returns
 * CMD's exit status, 128+n if signal n killed it, or a negative errno. By the
 * thread that called child_spawn(). Sees nothing of what other threads trace.
 */
int child_wait(struct child *c);

#endif
