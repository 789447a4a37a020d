// SPDX-License-Identifier: BSD-3-Clause
#include "heir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "handover.h"

enum { LISTENER, VFIOD, NR_FDS }; /* all that it has */

#define NR_CALLS 512

/* Memory that it shares with vfiod: calls that may wait; 0: none. */
struct heir_calls {
	_Atomic uint64_t id[NR_CALLS];
};

static void wait_for_end(int fd)
{
	char c;

	while (read(fd, &c, 1) < 0 && errno == EINTR)
		;
}

/* What vfiod had received; most of it, it had answered too (ENOENT). */
static void let_received_pass(const struct heir_calls *calls, int listener)
{
	for (unsigned int i = 0; i < NR_CALLS; i++)
		if (calls->id[i])
			handover_notif_continue(listener, calls->id[i]);
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
__attribute__((noreturn)) static void live(const struct heir_calls *calls,
					   int listener, int vfiod)
{
	/* Above all others first, so that none is in the other's place. */
	listener = fcntl(listener, F_DUPFD, NR_FDS);
	vfiod = fcntl(vfiod, F_DUPFD, NR_FDS);
	if (dup2(listener, LISTENER) < 0 || dup2(vfiod, VFIOD) < 0 ||
	    close_range(NR_FDS, ~0U, 0))
		_exit(1);
	wait_for_end(VFIOD);
	let_received_pass(calls, LISTENER);
	let_pass(LISTENER);
	_exit(0);
}

/* Its end of @fds is the first. */
static int start(const struct heir_calls *calls, int listener, const int *fds)
{
	sigset_t all, mask;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	pid = fork();
	if (!pid)
		live(calls, listener, fds[0]);
	if (pid < 0)
		pid = -errno;
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	close(fds[0]);
	return pid < 0 ? pid : 0;
}

int heir_start(struct heir *heir, int listener)
{
	int fds[2], ret;

	heir->calls = mmap(NULL, sizeof(*heir->calls), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (heir->calls == MAP_FAILED) {
		heir->calls = NULL;
		return -ENOMEM;
	}
	ret = pipe2(fds, O_CLOEXEC) ? -errno : 0;
	if (!ret) {
		heir->alive = fds[1];
		ret = start(heir->calls, listener, fds);
		if (ret)
			close(heir->alive);
	}
	if (ret) {
		munmap(heir->calls, sizeof(*heir->calls));
		heir->calls = NULL;
	}
	return ret;
}

/* In the place of the first that does not wait any more: mostly the first. */
void heir_note(const struct heir *heir, int listener, uint64_t id)
{
	struct heir_calls *calls = heir->calls;
	unsigned int i = 0;

	if (!calls)
		return;
	while (i < NR_CALLS - 1 && calls->id[i] &&
	       !handover_notif_valid(listener, calls->id[i]))
		i++;
	calls->id[i] = id;
}

void heir_end(struct heir *heir)
{
	if (!heir->calls)
		return;
	close(heir->alive);
	munmap(heir->calls, sizeof(*heir->calls));
	heir->calls = NULL;
}
