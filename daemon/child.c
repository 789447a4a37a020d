// SPDX-License-Identifier: BSD-3-Clause
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum step { STEP_USER_NS, STEP_HOOK, STEP_EXEC };

/* The child's word to the parent; the end of the socket means CMD runs. */
struct report {
	enum step step;
	int err; /* negative errno; 0 with the hook's fd attached */
};

/* All that the child needs, made before the fork: it may not allocate. */
struct plan {
	const struct child_options *o;
	char **env;
	char uid_map[64];
	char gid_map[64];
	int parent; /* the child's end of the socket */
};

union rights {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* Child: no failure to report a failure can be told to anybody. */
static void report(const struct plan *p, enum step step, int err, int fd)
{
	struct report r = { .step = step, .err = err };
	struct iovec iov = { &r, sizeof(r) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union rights rights = { { 0 } };
	struct cmsghdr *c;

	if (fd >= 0) {
		msg.msg_control = rights.buf;
		msg.msg_controllen = sizeof(rights.buf);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	if (sendmsg(p->parent, &msg, MSG_NOSIGNAL) < 0)
		_exit(EXIT_FAILURE);
}

/* Child */
__attribute__((noreturn)) static void give_up(const struct plan *p,
					      enum step step, int err)
{
	report(p, step, err, -1);
	_exit(EXIT_FAILURE);
}

/* Child */
static int write_map(const char *path, const char *map)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, map, strlen(map)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* Child: setgroups(2) is denied by the namespace around this one. */
static int enter_user_ns(const struct plan *p)
{
	int ret;

	if (unshare(CLONE_NEWUSER))
		return -errno;
	ret = write_map("/proc/self/uid_map", p->uid_map);
	return ret ? ret : write_map("/proc/self/gid_map", p->gid_map);
}

/* Child: makes dispositions and mask what vfiod was started with. */
static void restore_signals(const struct child_signals *s)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	int sig;

	for (sig = 1; sig < NSIG; sig++) {
		sa.sa_handler = sigismember(&s->ignored, sig) == 1 ? SIG_IGN :
								     SIG_DFL;
		/* SIGKILL and the C library's own cannot be set. */
		sigaction(sig, &sa, NULL);
	}
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

/* Child */
static void run_hook(const struct plan *p)
{
	int fd;

	if (!p->o->before_exec)
		return;
	fd = p->o->before_exec(p->o->opaque);
	if (fd == CHILD_HOOK_NONE)
		return;
	if (fd < 0)
		give_up(p, STEP_HOOK, fd);
	report(p, STEP_HOOK, 0, fd);
	close(fd);
}

/* Child: async-signal-safe calls only, the parent has other threads. */
__attribute__((noreturn)) static void child_main(const struct plan *p)
{
	int ret = p->o->user_ns ? enter_user_ns(p) : 0;

	if (ret)
		give_up(p, STEP_USER_NS, ret);
	run_hook(p);
	restore_signals(p->o->signals);
	execvpe(p->o->argv[0], p->o->argv, p->env);
	give_up(p, STEP_EXEC, -errno);
}

/* Whether @entry of the environment is set anew by one of @additions. */
static bool is_replaced(const char *entry, const char *const *additions)
{
	size_t len = strcspn(entry, "=") + 1;

	for (; additions && *additions; additions++)
		if (!strncmp(entry, *additions, len))
			return true;
	return false;
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static char **make_env(const char *const *additions)
{
	size_t i, n = 0, have = count((const char *const *)environ);
	size_t add = count(additions);
	char **env = calloc(have + add + 1, sizeof(*env));

	if (!env)
		return NULL;
	for (i = 0; i < have; i++)
		if (!is_replaced(environ[i], additions))
			env[n++] = environ[i];
	for (i = 0; i < add; i++)
		env[n++] = (char *)additions[i];
	return env;
}

static int plan_init(struct plan *p, const struct child_options *o)
{
	unsigned int uid = geteuid(), gid = getegid();

	p->o = o;
	snprintf(p->uid_map, sizeof(p->uid_map), "%u %u 1", uid, uid);
	snprintf(p->gid_map, sizeof(p->gid_map), "%u %u 1", gid, gid);
	p->env = make_env(o->env);
	return p->env ? 0 : -ENOMEM;
}

/* The next report with its fd, or 0 when the child has closed the socket. */
static ssize_t receive(int sock, struct report *r, int *fd)
{
	struct iovec iov = { r, sizeof(*r) };
	union rights rights;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = rights.buf,
		.msg_controllen = sizeof(rights.buf),
	};
	struct cmsghdr *c;
	ssize_t n;

	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	c = n ? CMSG_FIRSTHDR(&msg) : NULL;
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return n;
}

static int explain(struct child *c, const struct child_options *o,
		   const struct report *r)
{
	static const char *const part[] = {
		[STEP_USER_NS] = "cannot make a user namespace for it",
		[STEP_HOOK] = "cannot install the system call filter",
	};

	if (r->step == STEP_EXEC) {
		snprintf(c->why, sizeof(c->why), "%s: %s", o->argv[0],
			 strerror(-r->err));
		return r->err == -ENOENT ? 127 : 126;
	}
	snprintf(c->why, sizeof(c->why), "%s: %s: %s", o->argv[0],
		 part[r->step], strerror(-r->err));
	return r->err;
}

/* Listens until CMD runs (0) or has failed to. */
static int follow(struct child *c, const struct child_options *o, int sock)
{
	struct report r;
	ssize_t n;

	for (;;) {
		n = receive(sock, &r, &c->hook_fd);
		if (n < 0)
			snprintf(c->why, sizeof(c->why), "%s: %s", o->argv[0],
				 strerror(-n));
		if (n <= 0)
			return n;
		if (r.err)
			return explain(c, o, &r);
	}
}

static pid_t fork_child(struct plan *p, const int sock[2])
{
	sigset_t all, mask;
	pid_t pid;

	/* No handler of vfiod's may run in the child. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	pid = fork();
	if (!pid) {
		p->parent = sock[1];
		child_main(p);
	}
	if (pid < 0)
		pid = -errno;
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return pid;
}

/* Forgets a child that is ending or to be ended. */
static void discard(struct child *c)
{
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, __WNOTHREAD);
	if (c->pidfd >= 0)
		close(c->pidfd);
	if (c->hook_fd >= 0)
		close(c->hook_fd);
	c->pidfd = -1;
	c->hook_fd = -1;
}

static int spawn(struct child *c, struct plan *p)
{
	int sock[2];
	int ret;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		return -errno;
	c->pid = fork_child(p, sock);
	close(sock[1]);
	if (c->pid < 0) {
		close(sock[0]);
		return c->pid;
	}
	c->pidfd = pidfd_open(c->pid, 0);
	ret = c->pidfd < 0 ? -errno : follow(c, p->o, sock[0]);
	close(sock[0]);
	if (ret)
		discard(c);
	return ret;
}

int child_spawn(struct child *c, const struct child_options *o)
{
	struct plan p;
	int ret;

	*c = (struct child){ .pid = -1, .pidfd = -1, .hook_fd = -1 };
	ret = plan_init(&p, o);
	if (!ret) {
		ret = spawn(c, &p);
		free(p.env);
	}
	if (ret && !c->why[0])
		snprintf(c->why, sizeof(c->why), "cannot start %s: %s",
			 o->argv[0], strerror(-ret));
	return ret;
}

int child_wait(struct child *c)
{
	siginfo_t info = { 0 };
	int ret;

	/* Without __WNOTHREAD this would take what tracer threads wait for. */
	do {
		ret = waitid(P_PIDFD, c->pidfd, &info, WEXITED | __WNOTHREAD);
	} while (ret && errno == EINTR);
	ret = ret ? -errno : info.si_status;
	close(c->pidfd);
	c->pidfd = -1;
	if (ret >= 0 && info.si_code != CLD_EXITED)
		ret += 128;
	return ret;
}
