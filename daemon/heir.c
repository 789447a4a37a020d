// SPDX-License-Identifier: BSD-3-Clause
#include "heir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "handover.h"

enum { LISTENER, VFIOD, NR_FDS }; /* all that it has */

static void wait_for_end(int fd)
{
	char c;

	while (read(fd, &c, 1) < 0 && errno == EINTR)
		;
}

/* Until nobody is left under the filter. */
static void let_pass(int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };
	struct handover_notif n;

	while (poll(&p, 1, -1) >= 0 && (p.revents & POLLIN))
		if (!handover_notif_recv(listener, &n))
			handover_notif_continue(listener, n.id);
}

/* The process: system calls only, since its parent has other threads. */
__attribute__((noreturn)) static void live(int listener, int vfiod)
{
	/* Above all others first, so that none is in the other's place. */
	listener = fcntl(listener, F_DUPFD, NR_FDS);
	vfiod = fcntl(vfiod, F_DUPFD, NR_FDS);
	if (dup2(listener, LISTENER) < 0 || dup2(vfiod, VFIOD) < 0 ||
	    close_range(NR_FDS, ~0U, 0))
		_exit(1);
	wait_for_end(VFIOD);
	let_pass(LISTENER);
	_exit(0);
}

int heir_start(int listener)
{
	sigset_t all, mask;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	pid = fork();
	if (!pid)
		live(listener, fds[0]);
	if (pid < 0)
		pid = -errno;
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	close(fds[0]);
	if (pid >= 0)
		return fds[1];
	close(fds[1]);
	return pid;
}
