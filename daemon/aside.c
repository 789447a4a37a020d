// SPDX-License-Identifier: BSD-3-Clause
#include "aside.h"

#include <errno.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK_BYTES (128 * 1024)

struct call {
	void (*fn)(void *arg);
	void *arg;
	int ret;
};

static int leave_fds(void)
{
	if (syscall(SYS_close_range, STDERR_FILENO + 1U, ~0U,
		    CLOSE_RANGE_UNSHARE))
		return -errno;
	return 0;
}

static void *run(void *arg)
{
	struct call *call = arg;

	call->ret = leave_fds();
	if (!call->ret)
		call->fn(call->arg);
	return NULL;
}

int aside_call(void (*fn)(void *arg), void *arg)
{
	struct call call = { .fn = fn, .arg = arg };
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	ret = -pthread_create(&thread, &attr, run, &call);
	pthread_attr_destroy(&attr);
	if (ret)
		return ret;
	pthread_join(thread, NULL);
	return call.ret;
}

int aside_take_fd(int fd)
{
	int pidfd, copy;

	pidfd = pidfd_open(getpid(), 0);
	if (pidfd < 0)
		return -errno;
	copy = pidfd_getfd(pidfd, fd, 0);
	if (copy < 0)
		copy = -errno;
	close(pidfd);
	return copy;
}
