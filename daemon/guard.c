// SPDX-License-Identifier: BSD-3-Clause
#include "guard.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>

/*
 * Where this thread goes on after a SIGBUS; NULL: it is not copying. There is
 * no other way to give a signal handler something of its thread.
 */
static _Thread_local sigjmp_buf *volatile rescue;

static void on_bus_error(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *interrupted = context;

	if (info->si_code > 0 && rescue) {
		/* As a return would do; saving it for each copy is dear. */
		pthread_sigmask(SIG_SETMASK, &interrupted->uc_sigmask, NULL);
		siglongjmp(*rescue, 1);
	}
	/* The same again, or what somebody has sent, with the usual end. */
	signal(sig, SIG_DFL);
	if (info->si_code <= 0)
		raise(sig);
}

int guard_init(void)
{
	struct sigaction sa = {
		.sa_sigaction = on_bus_error,
		.sa_flags = SA_SIGINFO,
	};

	sigemptyset(&sa.sa_mask);
	return sigaction(SIGBUS, &sa, NULL) ? -errno : 0;
}

int guard_copy(void *to, const void *from, size_t len)
{
	sigjmp_buf here;

	if (sigsetjmp(here, 0)) {
		rescue = NULL;
		return -EFAULT;
	}
	rescue = &here;
	atomic_signal_fence(memory_order_seq_cst);
	memcpy(to, from, len);
	atomic_signal_fence(memory_order_seq_cst);
	rescue = NULL;
	return 0;
}
