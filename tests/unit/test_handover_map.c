// SPDX-License-Identifier: BSD-3-Clause
/* mmap of a file by a client becomes one of the test's memory. */
#include "handover_rig.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define PAGES 4
#define RW (PROT_READ | PROT_WRITE)

/* ---- the test ---- */

struct map {
	const struct rig *rig;
	struct handover_notif notif;
	int memory;
	pthread_t thread;
	int result;
};

static int install(void)
{
	return handover_filter_install(PAGES * PAGE);
}

/* Each page of it begins with its number, from 1 on. */
static int make_memory(void)
{
	int fd = memfd_create("memory", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, PAGES * PAGE), 0);
	for (long i = 0; i < PAGES; i++) {
		long number = i + 1;

		ck_assert_int_eq(pwrite(fd, &number, 8, i * (long)PAGE), 8);
	}
	return fd;
}

static long memory_word(int memory, off_t at)
{
	long word;

	ck_assert_int_eq(pread(memory, &word, 8, at), 8);
	return word;
}

static void *run_map(void *arg)
{
	struct map *m = arg;

	m->result = handover_map(m->rig->listener, &m->notif, m->memory, true);
	return NULL;
}

static void map_start(struct map *m, const struct rig *r, int memory)
{
	m->rig = r;
	m->memory = memory;
	ck_assert_int_eq(m->notif.call, HANDOVER_MMAP);
	ck_assert_int_eq(pthread_create(&m->thread, NULL, run_map, m), 0);
}

static int map_end(struct map *m)
{
	ck_assert_int_eq(pthread_join(m->thread, NULL), 0);
	return m->result;
}

/* The client's next mmap. */
static int serve(const struct rig *r, int memory)
{
	struct map m;

	ck_assert(rig_next(r, &m.notif));
	map_start(&m, r, memory);
	return map_end(&m);
}

/* ---- clients ---- */

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static int try_map(int fd, int i)
{
	off_t at = i % PAGES * (off_t)PAGE;
	long *word = mmap(NULL, PAGE, RW, MAP_SHARED, fd, at);

	if (word == MAP_FAILED)
		return -errno;
	if (word[0] != i % PAGES + 1)
		return 1;
	__atomic_fetch_add(&word[1], 1, __ATOMIC_RELAXED);
	return munmap(word, PAGE) ? 2 : 0;
}

static int map_repeatedly(struct rig_shared *s)
{
	int fd = open(s->path, O_RDWR), before = count_fds(), rc = 0;

	for (int i = 0; i < RIG_REPEAT && !rc; i++) {
		rc = try_map(fd, i);
		s->step++;
	}
	return rc ? abs(rc) : count_fds() != before;
}

START_TEST(mapped)
{
	int memory = make_memory();
	struct rig r;

	rig_start_under(&r, install, map_repeatedly);
	for (int i = 0; i < RIG_REPEAT; i++)
		ck_assert_int_eq(serve(&r, memory), 0);
	rig_wait(&r);
	for (int i = 0; i < PAGES; i++)
		ck_assert_int_eq(memory_word(memory, i * (off_t)PAGE + 8),
				 RIG_REPEAT / PAGES);
	rig_clean(&r);
	close(memory);
}
END_TEST

static void *map_each(void *arg)
{
	long rc = 0;

	for (int i = 0; i < RIG_EACH && !rc; i++)
		rc = try_map((int)(long)arg, i);
	return (void *)rc;
}

static int map_in_threads(struct rig_shared *s)
{
	long fd = open(s->path, O_RDWR), bad = 0;
	pthread_t thread[RIG_THREADS];
	int before = count_fds();
	void *rc;

	for (int i = 0; i < RIG_THREADS; i++)
		pthread_create(&thread[i], NULL, map_each, (void *)fd);
	for (int i = 0; i < RIG_THREADS; i++) {
		pthread_join(thread[i], &rc);
		bad |= (long)rc;
	}
	return bad || count_fds() != before;
}

START_TEST(many_threads)
{
	struct map *maps = calloc(RIG_THREADS * RIG_EACH, sizeof(*maps));
	int memory = make_memory();
	struct rig r;

	rig_start_under(&r, install, map_in_threads);
	for (int i = 0; i < RIG_THREADS * RIG_EACH; i++) {
		ck_assert(rig_next(&r, &maps[i].notif));
		map_start(&maps[i], &r, memory);
	}
	for (int i = 0; i < RIG_THREADS * RIG_EACH; i++)
		ck_assert_int_eq(map_end(&maps[i]), 0);
	rig_finish(&r);
	close(memory);
	free(maps);
}
END_TEST

/* All is as the client says, but for the file. */
static int map_places(struct rig_shared *s)
{
	char *room =
		mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open(s->path, O_RDWR);
	long *word;

	word = mmap(room + PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, fd,
		    2 * PAGE);
	if ((char *)word != room + PAGE || word[0] != 3)
		return 1;
	word = mmap(room, 2 * PAGE, RW, MAP_SHARED | MAP_FIXED_NOREPLACE, fd,
		    0);
	if (word != MAP_FAILED || errno != EEXIST)
		return 2;
	word = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED_VALIDATE, fd, PAGE);
	if (word == MAP_FAILED || word[0] != 2 || word[PAGE / 8] != 3)
		return 3;
	return mprotect(word, PAGE, PROT_READ | PROT_WRITE) ? 4 : 0;
}

START_TEST(places)
{
	int memory = make_memory();
	struct rig r;

	rig_start_under(&r, install, map_places);
	ck_assert_int_eq(serve(&r, memory), 0);
	ck_assert_int_eq(serve(&r, memory), -EEXIST);
	ck_assert_int_eq(serve(&r, memory), 0);
	rig_finish(&r);
	close(memory);
}
END_TEST

static const struct {
	size_t len;
	int prot, flags;
	off_t offset;
	int error;
} wrong[] = {
	{ 0, PROT_READ, MAP_SHARED, 0, EINVAL },
	{ PAGE, PROT_READ, MAP_SHARED, 1, EINVAL },
	{ PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, 0, EOPNOTSUPP },
	{ PAGE, PROT_WRITE, MAP_SHARED, 0, EACCES },
	{ 1UL << 60, PROT_READ, MAP_SHARED, 0, ENOMEM },
};
#define NR_WRONG (sizeof(wrong) / sizeof(wrong[0]))

static int map_wrongly(struct rig_shared *s)
{
	int fd = open(s->path, O_RDWR), before = count_fds();

	for (size_t i = 0; i < NR_WRONG; i++) {
		/* The library's own would look at the offset first. */
		if (syscall(SYS_mmap, NULL, wrong[i].len, wrong[i].prot,
			    wrong[i].flags, fd, wrong[i].offset) != -1)
			return 1 + (int)i;
		if (errno != wrong[i].error)
			return 100 + (int)i;
	}
	return count_fds() != before;
}

/* With memory that is for reading only. */
START_TEST(errors)
{
	int memory = make_memory(), readable;
	char path[40];
	struct rig r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	readable = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(readable, 0);
	rig_start_under(&r, install, map_wrongly);
	for (size_t i = 0; i < NR_WRONG; i++)
		ck_assert_int_eq(serve(&r, readable), -wrong[i].error);
	rig_finish(&r);
	close(readable);
	close(memory);
}
END_TEST

static bool has_text(const void *at)
{
	return at != MAP_FAILED && !memcmp(at, RIG_TEXT, RIG_TEXT_SIZE);
}

#define REPORTED 6
#define LEFT_THERE (0x7ffc0001UL << 32) /* in a register, above an int */

/* Of the file itself, but looked at. */
static int map_reported(int fd)
{
	void *at;

	if (!has_text(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0)) ||
	    !has_text(mmap(NULL, PAGES * PAGE, RW, MAP_SHARED, fd, 0)))
		return 6;
	at = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 1LL << 40);
	if (at == MAP_FAILED)
		return 7;
	at = (void *)syscall(SYS_mmap, NULL, PAGE, RW, MAP_SHARED,
			     LEFT_THERE | (unsigned long)fd, 0);
	if (!has_text(at))
		return 9;
	at = (void *)syscall(SYS_mmap, NULL, PAGE, RW, MAP_SHARED, -1L, 0);
	if (at != MAP_FAILED || errno != EBADF)
		return 10;
	at = mmap(NULL, PAGE, RW, MAP_SHARED, -1, 0);
	return at == MAP_FAILED && errno == EBADF ? 0 : 8;
}

static int map_others(struct rig_shared *s)
{
	int fd = open(s->path, O_RDWR);
	void *at;

	if (!has_text(mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0)))
		return 1;
	at = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return 2;
	at = (void *)syscall(SYS_mmap, NULL, PAGE, RW, MAP_SHARED,
			     HANDOVER_FD_PASSES | (unsigned long)fd, 0);
	if (!has_text(at))
		return 3;
	at = mmap(NULL, PAGES * PAGE + 1, RW, MAP_SHARED, fd, 0);
	if (!has_text(at))
		return 4;
	at = mmap(NULL, PAGE, RW, MAP_SHARED, fd, PAGES * PAGE);
	if (at == MAP_FAILED)
		return 5;
	return map_reported(fd);
}

START_TEST(others_pass)
{
	struct handover_notif n;
	struct rig r;

	rig_start_under(&r, install, map_others);
	for (int i = 0; i < REPORTED; i++) {
		ck_assert(rig_next(&r, &n));
		ck_assert_int_eq(n.call, HANDOVER_MMAP);
		ck_assert_int_eq(n.tid, r.pid);
		ck_assert_int_eq(handover_notif_continue(r.listener, n.id), 0);
	}
	ck_assert_int_eq(n.fd, -1);
	ck_assert(!rig_next(&r, &n)); /* the end, and nothing else before */
	rig_finish(&r);
}
END_TEST

/* ---- refused ---- */

/* The client that is refused has no fd more than before. */
static int map_in_vain(struct rig_shared *s)
{
	int fd = open(s->path, O_RDWR), before = count_fds();

	s->step = 1;
	while (!s->go)
		rig_sleep_us(100);
	if (try_map(fd, 0) != -s->number)
		return 1;
	return count_fds() != before;
}

START_TEST(traced_already)
{
	int memory = make_memory();
	struct rig r;
	pid_t tracer;

	rig_start_under(&r, install, map_in_vain);
	r.shared->number = EBUSY;
	tracer = rig_trace(&r, rig_trace_idly);
	r.shared->go = 1;
	ck_assert_int_eq(serve(&r, memory), -EBUSY);
	kill(tracer, SIGKILL);
	ck_assert_int_eq(waitpid(tracer, NULL, 0), tracer);
	rig_finish(&r);
	close(memory);
}
END_TEST

static int map_under_filter(struct rig_shared *s)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 1, code };

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return 1;
	return map_in_vain(s);
}

START_TEST(own_filter)
{
	int memory = make_memory();
	struct rig r;

	rig_start_under(&r, install, map_under_filter);
	r.shared->number = EPERM;
	rig_wait_step(&r, 1);
	r.shared->go = 1;
	ck_assert_int_eq(serve(&r, memory), -EPERM);
	rig_finish(&r);
	close(memory);
}
END_TEST

static int map_without_room(struct rig_shared *s)
{
	int fd = open(s->path, O_RDWR);
	struct rlimit full = { 0, 0 };

	if (setrlimit(RLIMIT_NOFILE, &full))
		return 1;
	return try_map(fd, 0) == -EMFILE ? 0 : 2;
}

START_TEST(table_full)
{
	int memory = make_memory();
	struct rig r;

	rig_start_under(&r, install, map_without_room);
	ck_assert_int_eq(serve(&r, memory), -EMFILE);
	rig_finish(&r);
	close(memory);
}
END_TEST

/* ---- signals and death ---- */

static void ignore_signal(int sig)
{
	(void)sig;
}

static int map_in_storm(struct rig_shared *s)
{
	struct itimerval often = { { 0, 100 }, { 0, 100 } };
	struct itimerval never = { { 0, 0 }, { 0, 0 } };
	sigset_t before, after;
	int rc;

	rig_on_signal(SIGALRM, ignore_signal);
	sigprocmask(SIG_SETMASK, NULL, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	rc = map_repeatedly(s);
	setitimer(ITIMER_REAL, &never, NULL);
	sigprocmask(SIG_SETMASK, NULL, &after);
	if (rc)
		return rc;
	return memcmp(&before, &after, 8) ? 1 : 0;
}

START_TEST(signals)
{
	int memory = make_memory();
	struct rig r;

	rig_start_under(&r, install, map_in_storm);
	for (int i = 0; i < RIG_REPEAT; i++)
		ck_assert_int_eq(serve(&r, memory), 0);
	rig_finish(&r);
	close(memory);
}
END_TEST

START_TEST(stopped_before)
{
	int memory = make_memory();
	struct map m;
	struct rig r;

	rig_start_under(&r, install, map_repeatedly);
	ck_assert(rig_next(&r, &m.notif));
	kill(r.pid, SIGSTOP);
	map_start(&m, &r, memory);
	ck_assert_int_eq(map_end(&m), 0);
	rig_wait_state(&r, 'T');
	ck_assert_int_eq(r.shared->step, 0);
	kill(r.pid, SIGCONT);
	for (int i = 1; i < RIG_REPEAT; i++)
		ck_assert_int_eq(serve(&r, memory), 0);
	rig_finish(&r);
	close(memory);
}
END_TEST

START_TEST(killed)
{
	int memory = make_memory(), rc;
	unsigned int seed = (unsigned int)_i;
	struct map m;
	struct rig r;
	long begin;

	rig_start_under(&r, install, map_repeatedly);
	ck_assert(rig_next(&r, &m.notif));
	map_start(&m, &r, memory);
	for (begin = rig_micros(); rig_micros() - begin < rand_r(&seed) % 200;)
		;
	kill(r.pid, SIGKILL);
	rc = map_end(&m);
	ck_assert_msg(rc == 0 || rc == -ESRCH, "%d", rc);
	rig_wait(&r);
	rig_clean(&r);
	close(memory);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handover_map");
	TCase *tc = tcase_create("map");

	tcase_set_timeout(tc, RIG_TIMEOUT);
	tcase_add_test(tc, mapped);
	tcase_add_test(tc, many_threads);
	tcase_add_test(tc, places);
	tcase_add_test(tc, errors);
	tcase_add_test(tc, others_pass);
	tcase_add_test(tc, traced_already);
	tcase_add_test(tc, own_filter);
	tcase_add_test(tc, table_full);
	tcase_add_test(tc, signals);
	tcase_add_test(tc, stopped_before);
	tcase_add_loop_test(tc, killed, 0, 50);
	suite_add_tcase(suite, tc);
	return rig_run(suite);
}
