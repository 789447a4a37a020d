// SPDX-License-Identifier: BSD-3-Clause
/*
 * listener CMD [ARG]...: run CMD under a seccomp filter that has a listener
 * but allows everything. There can be one listener only, so whoever needs
 * one below has to do without.
 */
#include <err.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = 1, .filter = &allow };
	long listener;

	if (argc < 2)
		errx(2, "usage: listener CMD [ARG]...");
	/* Without CAP_SYS_ADMIN a filter needs this. */
	if (geteuid() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err(EXIT_FAILURE, "no_new_privs");
	listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			   SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (listener < 0)
		err(EXIT_FAILURE, "seccomp listener");
	/* Kept open over execve, or there would be none any more. */
	if (dup((int)listener) < 0)
		err(EXIT_FAILURE, "dup");
	execvp(argv[1], argv + 1);
	err(127, "%s", argv[1]);
}
