// SPDX-License-Identifier: BSD-3-Clause
#include "child.h"

#include <errno.h>
#include <stddef.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int forwarded[] = { SIGHUP, SIGTERM, SIGUSR1, SIGUSR2 };

/* SIGCHLD: ignored it would take CMD's exit status away. */
static const struct {
	int sig;
	void (*disposition)(int);
} changed[] = {
	{ SIGINT, SIG_IGN },
	{ SIGQUIT, SIG_IGN },
	{ SIGCHLD, SIG_DFL },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void note_ignored(sigset_t *ignored)
{
	struct sigaction sa;
	int sig;

	sigemptyset(ignored);
	for (sig = 1; sig < NSIG; sig++)
		if (!sigaction(sig, NULL, &sa) && sa.sa_handler == SIG_IGN)
			sigaddset(ignored, sig);
}

static void forwarded_set(sigset_t *set)
{
	size_t i;

	sigemptyset(set);
	for (i = 0; i < COUNT(forwarded); i++)
		sigaddset(set, forwarded[i]);
}

int child_signals_take(struct child_signals *s)
{
	sigset_t set;
	size_t i;

	forwarded_set(&set);
	s->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	note_ignored(&s->ignored);
	pthread_sigmask(SIG_BLOCK, &set, &s->mask);
	for (i = 0; i < COUNT(changed); i++)
		signal(changed[i].sig, changed[i].disposition);
	return 0;
}

void child_signals_give_back(struct child_signals *s)
{
	size_t i;

	for (i = 0; i < COUNT(changed); i++)
		signal(changed[i].sig,
		       sigismember(&s->ignored, changed[i].sig) ? SIG_IGN :
								  SIG_DFL);
	pthread_sigmask(SIG_SETMASK, &s->mask, NULL);
	close(s->fd);
	s->fd = -1;
}

static int forward(const struct signalfd_siginfo *info, const struct child *c)
{
	/* What the kernel sent, it sent to the whole process group. */
	if (info->ssi_code > 0)
		return 0;
	if (pidfd_send_signal(c->pidfd, info->ssi_signo, NULL, 0) &&
	    errno != ESRCH)
		return -errno;
	return 0;
}

int child_signals_forward(struct child_signals *s, const struct child *c)
{
	struct signalfd_siginfo info;
	ssize_t n;
	int ret;

	for (;;) {
		n = read(s->fd, &info, sizeof(info));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		ret = forward(&info, c);
		if (ret)
			return ret;
	}
}
