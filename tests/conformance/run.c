// SPDX-License-Identifier: BSD-3-Clause
/* A case in a process of its own. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "state.h"

void ctx_init(struct ctx *c, struct state *s, const struct setting *setting,
	      int log)
{
	memset(s, 0, sizeof(*s));
	s->log = log;
	c->container = setting->container;
	memcpy(c->group, setting->group, sizeof(c->group));
	memcpy(c->device, setting->device, sizeof(c->device));
	c->prefix = "";
	c->state = s;
	memory_init(s);
}

void stop(struct ctx *c)
{
	struct line l = { 0 };

	put(&l, "** stopped");
	write_line(c, &l);
	_exit(0);
}

/* True when it ended by itself within the time. */
static bool wait_for(pid_t pid, unsigned int seconds)
{
	struct pollfd p = { .events = POLLIN };
	int n;

	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	do {
		n = poll(&p, 1, (int)seconds * 1000);
	} while (n < 0 && errno == EINTR);
	close(p.fd);
	return n > 0;
}

/* All that the case left, whoever's child: this process is their reaper. */
static bool reap_all(void)
{
	struct timespec moment = { .tv_nsec = 10000000 };
	int i;

	for (i = 0; i < 500; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (waitpid(-1, NULL, WNOHANG) < 0)
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

static void tell_end(int log, bool ended, int status)
{
	if (!ended)
		dprintf(log, "** hang\n");
	else if (WIFSIGNALED(status))
		dprintf(log, "** killed by SIG%s\n",
			sigabbrev_np(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		dprintf(log, "** exit status %d\n", WEXITSTATUS(status));
}

static void child(struct ctx *c, const struct setting *setting, case_fn *fn,
		  int log)
{
	struct state *s = malloc(sizeof(*s));

	if (!s)
		abort();
	setsid();
	ctx_init(c, s, setting, log);
	fn(c);
	_exit(0);
}

int run_apart(const struct setting *setting, case_fn *fn, struct ctx *c,
	      unsigned int seconds)
{
	int log = memfd_create("record", MFD_CLOEXEC), status = 0;
	bool ended;
	pid_t pid;

	if (log < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1))
		abort();
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		abort();
	if (!pid)
		child(c, setting, fn, log);
	ended = wait_for(pid, seconds);
	kill(-pid, SIGKILL);
	if (ended)
		waitpid(pid, &status, 0);
	tell_end(log, ended, status);
	if (!reap_all())
		dprintf(log, "** cannot be killed\n");
	return log;
}
