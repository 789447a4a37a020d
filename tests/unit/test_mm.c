// SPDX-License-Identifier: BSD-3-Clause
/*
 * Client memory (daemon/mm.h): copies and holds, while the client changes
 * what it has at its addresses.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/guard.h"
#include "../../daemon/mm.h"

#define PAGE 4096UL
#define NR_PAGES 64
#define SIZE (NR_PAGES * PAGE)

/* The client's memory is at addresses that the test has, too. */
static uint8_t *shared, *private;
static int memfd = -1;
static pid_t client;
static int line; /* to the client */
static struct mm_table *table;
static struct vfio_mm *mm;
/* What is held; copies are tried with it then. */
static struct vfio_hold near;

/* One letter each; the client says when it is done. */
static int obey(char order)
{
	int fixed = MAP_SHARED | MAP_FIXED | MAP_ANONYMOUS;

	switch (order) {
	case 'u':
		return munmap(shared, SIZE);
	case 'r':
		return mprotect(shared, SIZE, PROT_READ);
	case 'n':
		return mprotect(private, SIZE, PROT_NONE);
	case 's': /* another two mappings, side by side */
		return mprotect(shared + SIZE / 2, SIZE / 2, PROT_READ);
	case 'm': /* other memory at the same place */
		return mmap(shared, SIZE, PROT_READ | PROT_WRITE, fixed, -1,
			    0) == MAP_FAILED;
	case 'p':
		return fallocate(memfd,
				 FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				 SIZE);
	case 't':
		return ftruncate(memfd, 0);
	default:
		return -1;
	}
}

static void be_client(int fd)
{
	char order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(fd, &order, 1) == 1) {
		if (order == 'x') {
			/* Whoever reads it finds it closed. */
			execl("/bin/sleep", "sleep", "1000", NULL);
			_exit(1);
		}
		order = obey(order) ? '-' : '+';
		if (write(fd, &order, 1) != 1)
			break;
	}
	_exit(0);
}

static void order(char what)
{
	char answer;

	ck_assert_int_eq(write(line, &what, 1), 1);
	ck_assert_int_eq(read(line, &answer, 1), what == 'x' ? 0 : 1);
	if (what != 'x')
		ck_assert_int_eq(answer, '+');
}

static void setup(void)
{
	int fds[2];

	memfd = memfd_create("test", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(memfd, SIZE), 0);
	shared = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	private = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	ck_assert_ptr_ne(private, MAP_FAILED);
	memset(shared, 's', SIZE);
	memset(private, 'p', SIZE);
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	client = fork();
	if (!client) {
		close(fds[0]);
		be_client(fds[1]);
	}
	close(fds[1]);
	line = fds[0];
	memset(private, 'o', SIZE); /* ours is another from here */
	ck_assert_int_eq(guard_init(), 0);
	table = mm_table_create();
	ck_assert_int_eq(mm_find(table, client, &mm), 0);
}

static void teardown(void)
{
	vfio_mm_drop(mm, &near);
	vfio_mm_put(mm);
	mm_table_destroy(table);
	kill(client, SIGKILL);
	waitpid(client, NULL, 0);
	close(line);
	close(memfd);
	munmap(shared, SIZE);
	munmap(private, SIZE);
}

static int rw(const void *at, void *buf, size_t len, bool write)
{
	if (near.mem)
		return mm->ops->rw_near(mm, &near, (uintptr_t)at, buf, len,
					write);
	return mm->ops->rw(mm, (uintptr_t)at, buf, len, write);
}

static int hold(const void *at, size_t len, struct vfio_hold *h)
{
	*h = (struct vfio_hold){ 0 };
	return mm->ops->hold(mm, (uintptr_t)at, len, h);
}

/* Is the whole of it @c? */
static void assert_filled(const uint8_t *buf, size_t len, int c)
{
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(buf[i], c);
}

/* Of all sizes, so in all ways: begun at an odd address. */
static const size_t lengths[] = { 1, 100, PAGE, PAGE + 1, 3 * PAGE };

static void copies_at(uint8_t *at, int was)
{
	uint8_t buf[3 * PAGE];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t len = lengths[i];

		ck_assert_int_eq(rw(at + 7, buf, len, false), 0);
		assert_filled(buf, len, was);
		memset(buf, 'A' + i, len);
		ck_assert_int_eq(rw(at + 7, buf, len, true), 0);
		memset(buf, 0, len);
		ck_assert_int_eq(rw(at + 7, buf, len, false), 0);
		assert_filled(buf, len, 'A' + i);
		memset(buf, was, len);
		ck_assert_int_eq(rw(at + 7, buf, len, true), 0);
	}
}

START_TEST(copies)
{
	copies_at(private, 'p');
	copies_at(shared, 's');
	ck_assert_int_eq(hold(shared, SIZE, &near), 0);
	copies_at(shared, 's');
	copies_at(private, 'p');
}
END_TEST

START_TEST(over_the_end)
{
	uint8_t buf[2 * PAGE];

	for (size_t len = 16; len <= sizeof(buf); len += sizeof(buf) - 16) {
		order(len == 16 ? 'n' : 'u');
		ck_assert_int_eq(rw(private, buf, len, false), -EFAULT);
		ck_assert_int_eq(rw(private, buf, len, true), -EFAULT);
	}
	ck_assert_int_eq(rw(shared, buf, 16, false), -EFAULT);
	ck_assert_int_eq(rw(NULL, buf, 16, false), -EFAULT);
	ck_assert_int_eq(rw((void *)-PAGE, buf, 16, false), -EFAULT);
	ck_assert_int_eq(rw((void *)-8UL, buf, 16, false), -EFAULT);
}
END_TEST

static const bool held_or_not[] = { false, true };

/* Rights are those of each page that is touched. */
START_TEST(protected)
{
	uint8_t buf[3 * PAGE];
	uint8_t *middle = shared + SIZE / 2;

	if (held_or_not[_i])
		ck_assert_int_eq(hold(shared, SIZE, &near), 0);
	order('s');
	for (size_t len = 16; len <= sizeof(buf); len += sizeof(buf) - 16) {
		ck_assert_int_eq(rw(middle, buf, len, false), 0);
		ck_assert_int_eq(rw(middle, buf, len, true), -EFAULT);
		ck_assert_int_eq(rw(middle - 8, buf, len, false), 0);
		ck_assert_int_eq(rw(middle - 8, buf, len, true), -EFAULT);
		ck_assert_int_eq(rw(middle - len, buf, len, true), 0);
	}
}
END_TEST

/* A copy finds what is at the address now; a hold what was held. */
START_TEST(unmapped)
{
	uint8_t buf[2 * PAGE];

	ck_assert_int_eq(hold(shared, SIZE, &near), 0);
	order('u');
	ck_assert_int_eq(rw(shared, buf, sizeof(buf), false), -EFAULT);
	ck_assert_int_eq(rw(shared, buf, 1, true), -EFAULT);
	ck_assert_int_eq(mm->ops->hold_rw(&near, 5, "held", 4, true), 0);
	ck_assert_mem_eq(shared + 5, "held", 4);
}
END_TEST

START_TEST(remapped)
{
	uint8_t buf[2 * PAGE];
	struct vfio_hold other;

	ck_assert_int_eq(hold(shared, SIZE, &near), 0);
	order('m');
	ck_assert_int_eq(rw(shared, buf, sizeof(buf), false), 0);
	assert_filled(buf, sizeof(buf), 0);
	ck_assert_int_eq(mm->ops->hold_rw(&near, SIZE - 4, buf, 4, false), 0);
	assert_filled(buf, 4, 's');
	/* The new memory has no fd: only root can hold it. */
	if (!hold(shared, SIZE, &other)) {
		copies_at(shared, 0);
		mm->ops->drop(&other);
	} else {
		ck_assert_int_ne(geteuid(), 0);
	}
	assert_filled(shared, SIZE, 's');
}
END_TEST

START_TEST(cut_short)
{
	uint8_t buf[2 * PAGE];

	ck_assert_int_eq(hold(shared, SIZE, &near), 0);
	order('p');
	ck_assert_int_eq(rw(shared, buf, sizeof(buf), false), 0);
	assert_filled(buf, sizeof(buf), 0);
	order('t');
	for (int write = 0; write < 2; write++) {
		ck_assert_int_eq(rw(shared, buf, sizeof(buf), write), -EFAULT);
		ck_assert_int_eq(mm->ops->hold_rw(&near, 0, buf, 100, write),
				 -EFAULT);
	}
}
END_TEST

/* Nothing of a new program is taken for the old one's. */
START_TEST(execs)
{
	uint8_t buf[2 * PAGE];

	ck_assert_int_eq(hold(shared, SIZE, &near), 0);
	order('x');
	for (int write = 0; write < 2; write++) {
		ck_assert_int_eq(rw(private, buf, 8, write), -ESRCH);
		ck_assert_int_eq(rw(private, buf, sizeof(buf), write), -ESRCH);
		ck_assert_int_eq(rw(shared, buf, sizeof(buf), write), -ESRCH);
	}
	ck_assert_int_eq(mm->ops->pin(mm, (uintptr_t) private, 1, true),
			 -ESRCH);
	ck_assert_int_eq(mm->ops->hold_rw(&near, 0, buf, 8, false), 0);
	assert_filled(buf, 8, 's');
}
END_TEST

START_TEST(dies)
{
	uint8_t buf[2 * PAGE];

	siginfo_t info;

	kill(client, SIGKILL);
	ck_assert_int_eq(waitid(P_PID, client, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(rw(private, buf, 8, false), -ESRCH);
	ck_assert_int_eq(rw(private, buf, sizeof(buf), true), -ESRCH);
}
END_TEST

START_TEST(not_to_be_held)
{
	struct vfio_hold h;

	ck_assert_int_lt(hold(private, SIZE, &h), 0);
	ck_assert_int_lt(hold(NULL, PAGE, &h), 0);
	ck_assert_int_lt(hold(shared, SIZE + PAGE, &h), 0);
	ck_assert_int_lt(hold(shared + SIZE, PAGE, &h), 0);
	ck_assert_ptr_null(h.mem);
}
END_TEST

/* Memory that may be read only is not written to by way of a window. */
START_TEST(held_read_only)
{
	struct vfio_hold reader, writer;
	uint8_t byte = 'w';

	order('r');
	ck_assert_int_eq(hold(shared, SIZE, &reader), 0);
	ck_assert_int_eq(rw(shared, &byte, 1, true), -EFAULT);
	ck_assert_int_eq(rw(shared, &byte, 1, false), 0);
	ck_assert_int_eq(byte, 's');
	ck_assert_int_eq(hold(shared + PAGE, PAGE, &writer), 0);
	ck_assert_ptr_eq(writer.host, reader.host);
	ck_assert_ptr_eq(writer.mem, reader.mem + PAGE);
	mm->ops->drop(&reader);
	mm->ops->drop(&writer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm");
	TCase *tc = tcase_create("mm");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, copies);
	tcase_add_test(tc, over_the_end);
	tcase_add_loop_test(tc, protected, 0, 2);
	tcase_add_test(tc, unmapped);
	tcase_add_test(tc, remapped);
	tcase_add_test(tc, cut_short);
	tcase_add_test(tc, execs);
	tcase_add_test(tc, dies);
	tcase_add_test(tc, not_to_be_held);
	tcase_add_test(tc, held_read_only);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
