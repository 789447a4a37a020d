// SPDX-License-Identifier: BSD-3-Clause
#include "handover_rig.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int rig_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	if (geteuid() != 0) {
		srunner_free(runner);
		return 77;
	}
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

void rig_sleep_us(long us)
{
	struct timespec ts = { .tv_sec = us / 1000000,
			       .tv_nsec = us % 1000000 * 1000 };

	nanosleep(&ts, NULL);
}

long rig_micros(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* As in /proc. */
static char state_of(pid_t pid)
{
	char path[40], state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return '-';
	if (fscanf(f, "%*d %*s %c", &state) != 1)
		state = '?';
	fclose(f);
	return state;
}

static void make_device_file(char *path, size_t size)
{
	int fd;

	snprintf(path, size, "/tmp/test_handover.XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, RIG_TEXT, RIG_TEXT_SIZE), RIG_TEXT_SIZE);
	close(fd);
}

static _Noreturn void client(struct rig_shared *s, int (*install)(void),
			     int (*body)(struct rig_shared *))
{
	int listener;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	listener = install();
	s->listener = listener < 0 ? listener : listener + 1;
	while (!s->fetched)
		rig_sleep_us(50);
	close(listener);
	_exit(body(s));
}

void rig_start_under(struct rig *r, int (*install)(void),
		     int (*body)(struct rig_shared *))
{
	r->fds = count_fds();
	r->shared = mmap(NULL, sizeof(*r->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(r->shared, MAP_FAILED);
	make_device_file(r->shared->path, sizeof(r->shared->path));
	r->pid = fork();
	ck_assert_int_ge(r->pid, 0);
	if (r->pid == 0)
		client(r->shared, install, body);
	r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	ck_assert_int_ge(r->pidfd, 0);
	while (!r->shared->listener && state_of(r->pid) != 'Z')
		rig_sleep_us(50);
	ck_assert_int_gt(r->shared->listener, 0);
	r->listener = (int)syscall(SYS_pidfd_getfd, r->pidfd,
				   r->shared->listener - 1, 0);
	ck_assert_int_ge(r->listener, 0);
	r->shared->fetched = 1;
}

static int install(void)
{
	return handover_filter_install(0);
}

void rig_start(struct rig *r, int (*body)(struct rig_shared *))
{
	rig_start_under(r, install, body);
}

int rig_wait(struct rig *r)
{
	struct pollfd p = { .fd = r->pidfd, .events = POLLIN };
	int status;

	ck_assert_int_eq(poll(&p, 1, -1), 1);
	ck_assert_int_eq(waitpid(r->pid, &status, 0), r->pid);
	return status;
}

void rig_clean(struct rig *r)
{
	close(r->pidfd);
	close(r->listener);
	unlink(r->shared->path);
	munmap(r->shared, sizeof(*r->shared));
	ck_assert_int_eq(count_fds(), r->fds);
}

void rig_finish(struct rig *r)
{
	int status = rig_wait(r);

	ck_assert_msg(WIFEXITED(status), "client: signal %d", WTERMSIG(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	rig_clean(r);
}

bool rig_next(const struct rig *r, struct handover_notif *n)
{
	struct pollfd p[] = { { .fd = r->listener, .events = POLLIN },
			      { .fd = r->pidfd, .events = POLLIN } };
	int rc;

	do {
		ck_assert_int_gt(poll(p, 2, -1), 0);
		if (!(p[0].revents & POLLIN))
			return false;
		rc = handover_notif_recv(r->listener, n);
	} while (rc == -ENOENT);
	ck_assert_int_eq(rc, 0);
	return true;
}

static void answer(void *opaque, int result)
{
	struct rig_handover *h = opaque;

	/* A client that is dead already cannot be answered. */
	handover_notif_answer(h->rig->listener, h->notif.id, result);
}

static void *run_handover(void *arg)
{
	struct rig_handover *h = arg;

	h->result = handover_ptrace(&h->request);
	return NULL;
}

void rig_handover_prepare(struct rig_handover *h, const struct rig *r,
			  const char *path)
{
	h->rig = r;
	h->request = (struct handover){
		.tid = h->notif.tid,
		.path = path ? path : r->shared->path,
		.flags = O_RDWR,
		.answer = answer,
		.opaque = h,
	};
}

void rig_handover_run(struct rig_handover *h)
{
	ck_assert_int_eq(pthread_create(&h->thread, NULL, run_handover, h), 0);
}

void rig_handover_start(struct rig_handover *h, const struct rig *r,
			const char *path)
{
	rig_handover_prepare(h, r, path);
	rig_handover_run(h);
}

int rig_handover_end(struct rig_handover *h)
{
	ck_assert_int_eq(pthread_join(h->thread, NULL), 0);
	return h->result;
}

int rig_serve(const struct rig *r, const char *path)
{
	struct rig_handover h;

	ck_assert(rig_next(r, &h.notif));
	rig_handover_start(&h, r, path);
	return rig_handover_end(&h);
}

static _Noreturn void trace(const struct rig *r,
			    int (*body)(const struct rig *))
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ptrace(PTRACE_SEIZE, r->pid, 0, PTRACE_O_TRACESYSGOOD)) {
		r->shared->traced = -errno;
		_exit(1);
	}
	r->shared->traced = 1;
	_exit(body(r));
}

pid_t rig_trace(const struct rig *r, int (*body)(const struct rig *))
{
	pid_t tracer = fork();

	ck_assert_int_ge(tracer, 0);
	if (tracer == 0)
		trace(r, body);
	while (!r->shared->traced && state_of(tracer) != 'Z')
		rig_sleep_us(50);
	ck_assert_int_eq(r->shared->traced, 1);
	return tracer;
}

int rig_trace_idly(const struct rig *r)
{
	(void)r;
	for (;;)
		pause();
}

int rig_ask(void)
{
	int fd = ioctl(-1, VFIO_GROUP_GET_DEVICE_FD, "name");

	return fd < 0 ? -errno : fd;
}

void rig_on_signal(int sig, void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART };

	sigaction(sig, &sa, NULL);
}

int rig_check_fd(int fd)
{
	char buf[RIG_TEXT_SIZE];

	if (fd < 0)
		return 10;
	if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC))
		return 11;
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDWR)
		return 12;
	if (pread(fd, buf, sizeof(buf), 0) != sizeof(buf) ||
	    memcmp(buf, RIG_TEXT, sizeof(buf)))
		return 13;
	if (pwrite(fd, buf, sizeof(buf), 0) != sizeof(buf))
		return 14;
	return close(fd) ? 15 : 0;
}

int rig_ask_repeatedly(struct rig_shared *s)
{
	int i, rc;

	for (i = 0; i < RIG_REPEAT; i++) {
		rc = rig_check_fd(rig_ask());
		if (rc)
			return rc;
		s->step++;
	}
	return 0;
}

static void *ask_each(void *arg)
{
	long i, rc = 0;

	(void)arg;
	for (i = 0; i < RIG_EACH && !rc; i++)
		rc = rig_check_fd(rig_ask());
	return (void *)rc;
}

int rig_ask_in_threads(struct rig_shared *s)
{
	pthread_t thread[RIG_THREADS];
	long bad = 0;
	void *rc;
	int i;

	(void)s;
	for (i = 0; i < RIG_THREADS; i++)
		pthread_create(&thread[i], NULL, ask_each, NULL);
	for (i = 0; i < RIG_THREADS; i++) {
		pthread_join(thread[i], &rc);
		bad |= (long)rc;
	}
	return (int)bad;
}

void rig_wait_step(const struct rig *r, int step)
{
	while (r->shared->step < step && state_of(r->pid) != 'Z')
		rig_sleep_us(100);
	ck_assert_int_ge(r->shared->step, step);
}

void rig_wait_state(const struct rig *r, char state)
{
	char now;

	while ((now = state_of(r->pid)) != state && now != 'Z')
		rig_sleep_us(100);
	ck_assert_int_eq(now, state);
}
