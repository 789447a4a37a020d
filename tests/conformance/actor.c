// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "state.h"

struct c_actor {
	struct ctx ctx; /* of the actor, for a thread */
	char prefix[ROLE_SIZE];
	pid_t pid; /* 0: a thread */
	pthread_t thread;
	int near, far; /* sockets; far is the actor's */
};

enum order { RUN, EXEC, EXIT };

/* One packet; it is answered by a byte when done. */
struct request {
	enum order order;
	ptrdiff_t fn; /* from anchor(): holds beyond an exec */
};

static void anchor(struct ctx *c)
{
	stop(c);
}

static case_fn *function(ptrdiff_t from_anchor)
{
	return (case_fn *)((uintptr_t)anchor + (uintptr_t)from_anchor);
}

static void keep_over_exec(int fd)
{
	if (fcntl(fd, F_SETFD, 0))
		abort();
}

/* The roles go along in a memfd; arguments say where things are. */
static void exec_self(struct ctx *c, int far)
{
	int roles = memfd_create("roles", 0);
	char fds[64], *argv[5 + 2 * C_GROUPS + 1] = {
		(char *)"vfio-conform", (char *)"--actor",    fds,
		(char *)c->prefix,	(char *)c->container,
	};
	const void *table = &c->state->roles;
	int i;

	for (i = 0; i < C_GROUPS; i++) {
		argv[5 + 2 * i] = (char *)c->group[i];
		argv[6 + 2 * i] = (char *)c->device[i];
	}
	if (pwrite(roles, table, sizeof(struct roles), 0) !=
	    (ssize_t)sizeof(struct roles))
		abort();
	keep_over_exec(c->state->log);
	keep_over_exec(far);
	snprintf(fds, sizeof(fds), "%d,%d,%d", c->state->log, far, roles);
	execv("/proc/self/exe", argv);
	abort();
}

static void serve(struct ctx *c, int far)
{
	struct request r;

	while (recv(far, &r, sizeof(r), 0) == (ssize_t)sizeof(r)) {
		if (r.order == RUN)
			function(r.fn)(c);
		else if (r.order == EXEC)
			exec_self(c, far);
		if (send(far, "", 1, MSG_NOSIGNAL) != 1 || r.order == EXIT)
			break;
	}
}

int actor_main(int argc, char **argv)
{
	struct setting setting = { .container = argv[4] };
	struct state *s = malloc(sizeof(*s));
	struct ctx c = { 0 };
	int log, far, roles, i;

	for (i = 0; i < C_GROUPS && 6 + 2 * i < argc; i++) {
		setting.group[i] = argv[5 + 2 * i];
		setting.device[i] = argv[6 + 2 * i];
	}
	if (!s || sscanf(argv[2], "%d,%d,%d", &log, &far, &roles) != 3)
		abort();
	ctx_init(&c, s, &setting, log);
	c.prefix = argv[3];
	if (pread(roles, &s->roles, sizeof(s->roles), 0) !=
	    (ssize_t)sizeof(s->roles))
		abort();
	close(roles);
	if (send(far, "", 1, MSG_NOSIGNAL) == 1)
		serve(&c, far);
	return 0;
}

static struct c_actor *new_actor(struct ctx *c, const char *name)
{
	struct c_actor *a = calloc(1, sizeof(*a));
	int ends[2];

	if (!a || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		abort();
	a->near = ends[0];
	a->far = ends[1];
	a->ctx = *c;
	snprintf(a->prefix, sizeof(a->prefix), "%s: ", name);
	a->ctx.prefix = a->prefix;
	return a;
}

struct c_actor *c_process(struct ctx *c, const char *name)
{
	struct c_actor *a = new_actor(c, name);

	a->pid = fork();
	if (a->pid < 0)
		abort();
	if (!a->pid) {
		close(a->near);
		serve(&a->ctx, a->far);
		_exit(0);
	}
	close(a->far);
	return a;
}

static void *thread_main(void *arg)
{
	struct c_actor *a = arg;

	serve(&a->ctx, a->far);
	return NULL;
}

struct c_actor *c_thread(struct ctx *c, const char *name)
{
	struct c_actor *a = new_actor(c, name);

	if (pthread_create(&a->thread, NULL, thread_main, a))
		abort();
	return a;
}

static void order(struct c_actor *a, enum order what, case_fn *fn)
{
	struct request r = { .order = what };

	if (fn)
		r.fn = (ptrdiff_t)((uintptr_t)fn - (uintptr_t)anchor);
	send(a->near, &r, sizeof(r), MSG_NOSIGNAL);
}

void c_start(struct c_actor *a, case_fn *fn)
{
	order(a, RUN, fn);
}

void c_wait(struct c_actor *a)
{
	char byte;

	/* An actor that is gone answers too: by the end of the stream. */
	while (recv(a->near, &byte, 1, 0) < 0 && errno == EINTR)
		;
}

void c_on(struct c_actor *a, case_fn *fn)
{
	c_start(a, fn);
	c_wait(a);
}

void c_exec(struct c_actor *a)
{
	struct line l = { 0 };

	order(a, EXEC, NULL);
	c_wait(a);
	put(&l, "exec()");
	write_line(&a->ctx, &l);
}

static void end_process(struct c_actor *a, int signal, struct line *l)
{
	int status;

	if (signal)
		kill(a->pid, signal);
	else
		order(a, EXIT, NULL);
	while (waitpid(a->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		put(l, "killed by SIG%s", sigabbrev_np(WTERMSIG(status)));
	else
		put(l, "exit %d", WEXITSTATUS(status));
}

void c_end(struct c_actor *a, int signal)
{
	struct line l = { 0 };

	if (a->pid) {
		end_process(a, signal, &l);
	} else {
		order(a, EXIT, NULL);
		pthread_join(a->thread, NULL);
		close(a->far);
		put(&l, "thread ends");
	}
	write_line(&a->ctx, &l);
	close(a->near);
	free(a);
}
