// SPDX-License-Identifier: BSD-3-Clause
/*
 * A write(2) to an eventfd blocks when its counter is full, and the file's
 * flags and counter are its owner's to change at any moment. The kernel
 * itself adds without blocking (eventfd_signal()); it does so for us when an
 * asynchronous read completes that names the eventfd as the one to tell.
 */
#include "eventfd.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "client_fd.h"

struct daemon_eventfd {
	struct vfio_eventfd base;
	struct eventfds *all;
	int fd;
	struct event *watch;
	bool was_positive; /* when the watch began, and not yet told */
	void (*fn)(void *arg);
	void *arg;
};

int eventfds_init(struct eventfds *eventfds, struct event_base *base)
{
	int ret;

	eventfds->base = base;
	eventfds->aio = NULL;
	atomic_init(&eventfds->signalled, 0);
	eventfds->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (eventfds->null_fd < 0)
		return -errno;
	ret = io_setup(1, &eventfds->aio);
	if (ret) {
		close(eventfds->null_fd);
		return ret;
	}
	pthread_mutex_init(&eventfds->lock, NULL);
	return 0;
}

void eventfds_fini(struct eventfds *eventfds)
{
	io_destroy(eventfds->aio);
	close(eventfds->null_fd);
	pthread_mutex_destroy(&eventfds->lock);
}

static struct daemon_eventfd *to_eventfd(struct vfio_eventfd *base)
{
	return (struct daemon_eventfd *)base;
}

/* A read of /dev/null is complete when io_submit() returns. */
static void eventfd_signal(struct vfio_eventfd *base)
{
	struct daemon_eventfd *eventfd = to_eventfd(base);
	struct eventfds *all = eventfd->all;
	struct iocb iocb, *iocbs[] = { &iocb };
	struct io_event done;
	char byte;

	io_prep_pread(&iocb, all->null_fd, &byte, 1, 0);
	io_set_eventfd(&iocb, eventfd->fd);
	pthread_mutex_lock(&all->lock);
	if (io_submit(all->aio, 1, iocbs) == 1)
		io_getevents(all->aio, 1, 1, &done, NULL);
	pthread_mutex_unlock(&all->lock);
	atomic_fetch_add(&all->signalled, 1);
}

/*
 * virqfd_wakeup(): consume what is there, then do what was asked for. Its
 * owner may have been quicker, and the read must not wait for the next. Only
 * what was there from the start is not consumed (vfio_virqfd_enable()).
 */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct daemon_eventfd *eventfd = arg;
	uint64_t count;
	struct iovec iov = { .iov_base = &count, .iov_len = sizeof(count) };

	(void)what;
	if (eventfd->was_positive)
		eventfd->was_positive = false;
	else if (preadv2(fd, &iov, 1, -1, RWF_NOWAIT) < 0)
		return;
	eventfd->fn(eventfd->arg);
}

/* Edge-triggered: each write is an event, a counter that stays is none. */
static int eventfd_watch(struct vfio_eventfd *base, void (*fn)(void *arg),
			 void *arg)
{
	struct daemon_eventfd *eventfd = to_eventfd(base);

	struct pollfd pfd = { .fd = eventfd->fd, .events = POLLIN };

	eventfd->fn = fn;
	eventfd->arg = arg;
	eventfd->was_positive = poll(&pfd, 1, 0) == 1;
	eventfd->watch = event_new(eventfd->all->base, eventfd->fd,
				   EV_READ | EV_PERSIST | EV_ET, on_readable,
				   eventfd);
	if (!eventfd->watch)
		return -ENOMEM;
	if (event_add(eventfd->watch, NULL)) {
		event_free(eventfd->watch);
		eventfd->watch = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* event_del() waits for a callback that runs on the loop's thread. */
static void eventfd_unwatch(struct vfio_eventfd *base)
{
	struct daemon_eventfd *eventfd = to_eventfd(base);

	event_free(eventfd->watch);
	eventfd->watch = NULL;
}

static void eventfd_put(struct vfio_eventfd *base)
{
	struct daemon_eventfd *eventfd = to_eventfd(base);

	close(eventfd->fd);
	free(eventfd);
}

static const struct vfio_eventfd_ops eventfd_ops = {
	.signal = eventfd_signal,
	.watch = eventfd_watch,
	.unwatch = eventfd_unwatch,
	.put = eventfd_put,
};

int eventfd_check(pid_t tid, int fd)
{
	static const char want[] = "anon_inode:[eventfd]";
	char path[64], target[sizeof(want)];
	ssize_t n;

	if (!tid)
		tid = gettid();
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", tid, fd);
	n = readlink(path, target, sizeof(target));
	if (n < 0 && errno == EACCES)
		return 0; /* the copy will tell */
	if (n < 0)
		return errno == ENOENT ? -EBADF : -errno;
	if (n == sizeof(want) - 1 && !memcmp(target, want, n))
		return 0;
	return client_fd_is_path(tid, fd) ? -EBADF : -EINVAL;
}

int eventfd_create(struct eventfds *eventfds, int fd, struct vfio_eventfd **out)
{
	struct daemon_eventfd *eventfd;

	if (eventfd_check(0, fd))
		return -EINVAL;
	eventfd = calloc(1, sizeof(*eventfd));
	if (!eventfd)
		return -ENOMEM;
	eventfd->base.ops = &eventfd_ops;
	eventfd->all = eventfds;
	eventfd->fd = fd;
	*out = &eventfd->base;
	return 0;
}
