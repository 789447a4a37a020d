// SPDX-License-Identifier: BSD-3-Clause
/*
 * Files of the pager, on the real thing: what is in them, and which pages are
 * there.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pager_rig.h"

#define FAR ((off_t)8 << 40)
#define SECOND PAGE_WORDS /* the second page's first word */
#define LAST (RIG_PAGES * PAGE_WORDS - 1)
#define NR_FILES 8
#define NR_DROPS 10000
#define DELETED " (deleted)"

static struct pager_rig rig;
static struct pager_file file;

static void setup(void)
{
	pager_rig_start(&rig);
	pager_rig_open(&rig, &file, RIG_NAME, 0);
}

static void teardown(void)
{
	pager_destroy(rig.pager);
}

static void read_all_pages(const struct pager_file *f)
{
	for (unsigned int i = 0; i < RIG_PAGES; i++)
		pager_rig_load(&f->words[i * PAGE_WORDS]);
}

/* Which pages are there, one bit each. */
static unsigned int pages_there(const struct pager_file *f)
{
	unsigned int pages = 0;

	for (unsigned int i = 0; i < RIG_PAGES; i++)
		if (pager_rig_is_there(&f->words[i * PAGE_WORDS]))
			pages |= 1U << i;
	return pages;
}

START_TEST(content_is_seen)
{
	struct stat content, view;
	uint64_t word;

	for (unsigned int i = 0; i < RIG_PAGES; i++)
		ck_assert_uint_eq(pager_rig_load(&file.words[i * PAGE_WORDS]),
				  i + 1);
	ck_assert_uint_eq(pager_rig_load(&file.words[LAST]), 0);
	ck_assert_int_eq(pread(file.view, &word, sizeof(word), PAGE),
			 sizeof(word));
	ck_assert_uint_eq(word, 2);
	ck_assert_int_eq(fstat(file.content, &content), 0);
	ck_assert_int_eq(fstat(file.view, &view), 0);
	ck_assert_int_eq(view.st_size, content.st_size);
	ck_assert(S_ISREG(view.st_mode));
	ck_assert_int_ge(fcntl(file.view, F_GETFD) & FD_CLOEXEC, 1);
}
END_TEST

/* No page comes but those that are accessed. */
START_TEST(pages_come_one_by_one)
{
	ck_assert_uint_eq(pages_there(&file), 0);
	pager_rig_load(&file.words[0]);
	ck_assert_uint_eq(pages_there(&file), 1);
	pager_rig_store(&file.words[LAST], 1);
	ck_assert_uint_eq(pages_there(&file), 1 | 1 << (RIG_PAGES - 1));
	ck_assert_uint_eq(pager_rig_signals(file.signal), 0);
}
END_TEST

/* First word and last, of pages that were only read before and that were not
 * there. */
START_TEST(stores_reach_the_memfd)
{
	for (unsigned int i = 0; i < 10; i++) {
		pager_rig_store(&file.words[SECOND], 100 + i);
		pager_rig_store(&file.words[LAST], 200 + i);
		pager_rig_drop(&rig, &file, PAGE, RIG_BYTES - PAGE);
		ck_assert_uint_eq(pager_rig_stored(&file, SECOND), 100 + i);
		ck_assert_uint_eq(pager_rig_stored(&file, LAST), 200 + i);
		ck_assert_uint_eq(pager_rig_load(&file.words[SECOND]), 100 + i);
		ck_assert_uint_eq(pager_rig_load(&file.words[LAST]), 200 + i);
	}
	ck_assert_uint_eq(pager_rig_stored(&file, 0), 1);
}
END_TEST

/* What others change there is seen by who reads the page anew. */
START_TEST(memfd_is_read_at_the_access)
{
	const uint64_t word = 77;

	pager_rig_load(&file.words[0]);
	pager_rig_drop(&rig, &file, 0, PAGE);
	ck_assert_int_eq(pwrite(file.content, &word, sizeof(word), 0),
			 sizeof(word));
	ck_assert_uint_eq(pager_rig_load(&file.words[0]), word);
}
END_TEST

/* None without a drop, none by it, one by the first access, none after. */
START_TEST(one_signal_for_each_drop)
{
	read_all_pages(&file);
	ck_assert_uint_eq(pager_rig_signals(file.signal), 0);
	for (unsigned int i = 0; i < 10; i++) {
		pager_rig_drop(&rig, &file, 0, 2 * PAGE);
		ck_assert_uint_eq(pager_rig_signals(file.signal), 0);
		pager_rig_load(&file.words[2 * PAGE_WORDS]);
		ck_assert_uint_eq(pager_rig_signals(file.signal), 0);
		if (i % 2)
			pager_rig_load(&file.words[SECOND]);
		else
			pager_rig_store(&file.words[SECOND], i);
		ck_assert_uint_eq(pager_rig_signals(file.signal), 1);
		pager_rig_load(&file.words[0]);
		pager_rig_store(&file.words[SECOND], i);
		ck_assert_uint_eq(pager_rig_signals(file.signal), 0);
	}
}
END_TEST

START_TEST(drops_without_an_access)
{
	read_all_pages(&file);
	for (unsigned int i = 0; i < 10; i++)
		pager_rig_drop(&rig, &file, 0, PAGE);
	ck_assert_uint_eq(pager_rig_signals(file.signal), 0);
	pager_rig_load(&file.words[0]);
	ck_assert_uint_eq(pager_rig_signals(file.signal), 1);
}
END_TEST

static void *store_first(void *arg)
{
	const struct pager_file *f = arg;

	pager_rig_store(&f->words[0], 42);
	return NULL;
}

/* Is that thread of the pager in a write(2) to an eventfd? */
static bool is_signalling(pid_t tid)
{
	char path[64], target[64];
	unsigned int fd;
	ssize_t n;

	if (pager_rig_call(tid, &fd) != SYS_write)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd/%u", tid, fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return strstr(target, "eventfd");
}

/*
 * An eventfd that is full and blocks holds the pager in its signal. If the
 * access goes on before that, or without it, its page is there by then.
 */
START_TEST(signal_is_before_the_access)
{
	const eventfd_t full = UINT64_MAX - 1;
	pthread_t thread;

	pager_rig_drop(&rig, &file, 0, PAGE);
	ck_assert_int_eq(fcntl(file.signal, F_SETFL, 0), 0);
	ck_assert_int_eq(eventfd_write(file.signal, full), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, store_first, &file), 0);
	while (!is_signalling(rig.pid))
		pager_rig_nap();
	ck_assert(!pager_rig_is_there(file.words));
	ck_assert_uint_eq(pager_rig_signals(file.signal), full);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(pager_rig_signals(file.signal), 1);
	ck_assert_uint_eq(pager_rig_load(file.words), 42);
}
END_TEST

/* Offset and size, and the pages that stay. */
static const struct range {
	uint64_t offset, size;
	unsigned int stay;
} ranges[] = {
	{ 0, 8, 0xe },		 { PAGE - 8, 8, 0xe },
	{ PAGE, 8, 0xd },	 { PAGE + 8, 16, 0xd },
	{ PAGE - 8, 16, 0xc },	 { PAGE - 8, PAGE + 16, 0x8 },
	{ 0, PAGE, 0xe },	 { 0, 2 * PAGE, 0xc },
	{ PAGE, 2 * PAGE, 0x9 }, { RIG_BYTES - 8, 8, 0x7 },
	{ 0, RIG_BYTES, 0 },
};

#define NR_RANGES (sizeof(ranges) / sizeof(ranges[0]))

static void drop_range(const struct pager_file *f, const struct range *range)
{
	read_all_pages(f);
	pager_rig_drop(&rig, f, range->offset, range->size);
	ck_assert_uint_eq(pages_there(f), range->stay);
	ck_assert_uint_eq(pager_rig_signals(f->signal), 0);
	pager_rig_store(&f->words[range->offset / sizeof(*f->words)], 7);
	ck_assert_uint_eq(pager_rig_signals(f->signal), 1);
	pager_rig_drop(&rig, f, range->offset, range->size);
	ck_assert_uint_eq(pager_rig_stored(f, range->offset / 8), 7);
	/* Not to be told of with the next. */
	pager_rig_load(&f->words[range->offset / sizeof(*f->words)]);
	ck_assert_uint_eq(pager_rig_signals(f->signal), 1);
}

START_TEST(other_pages_stay)
{
	drop_range(&file, &ranges[_i]);
}
END_TEST

START_TEST(far_away)
{
	struct pager_file far;

	pager_rig_open(&rig, &far, "far", FAR);
	drop_range(&far, &ranges[_i]);
	ck_assert_uint_eq(pages_there(&file), 0);
}
END_TEST

/* The process has heard of the file by then, and of no page. */
START_TEST(pages_that_nobody_had)
{
	pager_rig_drop(&rig, &file, PAGE, 2 * PAGE);
	ck_assert_uint_eq(pages_there(&file), 0);
	ck_assert_uint_eq(pager_rig_load(&file.words[SECOND]), 2);
	ck_assert_uint_eq(pager_rig_signals(file.signal), 1);
}
END_TEST

START_TEST(no_such_file)
{
	ck_assert_int_eq(pager_drop(rig.pager, file.view, file.id + 1, 0, PAGE),
			 -ENOENT);
	ck_assert_int_eq(pager_drop(rig.pager, file.view, 0, 0, PAGE), -ENOENT);
}
END_TEST

/* ---- a thread that stores all the time ---- */

struct stores {
	atomic_bool stop;
	atomic_uint_least64_t done; /* all words have at least this */
};

/* Of the first two pages: the first, one inside, and the last. */
static const unsigned int stored_words[] = {
	0, 77, PAGE_WORDS - 1, SECOND, SECOND + 99, SECOND + PAGE_WORDS - 1
};
#define NR_STORED (sizeof(stored_words) / sizeof(stored_words[0]))

static struct stores stores;

static void *store_all_the_time(void *arg)
{
	const struct pager_file *f = arg;

	for (uint64_t n = 1; !atomic_load(&stores.stop); n++) {
		for (unsigned int i = 0; i < NR_STORED; i++)
			pager_rig_store(&f->words[stored_words[i]], n);
		atomic_store(&stores.done, n);
	}
	return NULL;
}

/* Until each word was stored once more from now on. */
static void wait_for_stores(void)
{
	uint64_t now = atomic_load(&stores.done);

	while (atomic_load(&stores.done) < now + 2)
		sched_yield();
}

static void drop_and_check(void)
{
	uint64_t done = atomic_load(&stores.done);

	pager_rig_drop(&rig, &file, 0, 2 * PAGE);
	for (unsigned int i = 0; i < NR_STORED; i++)
		ck_assert_uint_ge(pager_rig_stored(&file, stored_words[i]),
				  done);
	wait_for_stores();
	ck_assert_uint_eq(pager_rig_signals(file.signal), 1);
}

START_TEST(no_store_is_lost)
{
	pthread_t thread;

	pager_rig_store(&file.words[0], 0);
	pager_rig_store(&file.words[SECOND], 0);
	ck_assert_int_eq(
		pthread_create(&thread, NULL, store_all_the_time, &file), 0);
	for (unsigned int i = 0; i < NR_DROPS; i++)
		drop_and_check();
	atomic_store(&stores.stop, true);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	for (unsigned int i = 0; i < NR_STORED; i++)
		ck_assert_uint_eq(pager_rig_load(&file.words[stored_words[i]]),
				  atomic_load(&stores.done));
}
END_TEST

/* ---- several files ---- */

static void check_file(const struct pager_file *f, uint64_t value)
{
	pager_rig_store(&f->words[SECOND], value);
	pager_rig_drop(&rig, f, 0, RIG_BYTES);
	ck_assert_uint_eq(pager_rig_stored(f, SECOND), value);
	ck_assert_uint_eq(pager_rig_signals(f->signal), 0);
	ck_assert_uint_eq(pager_rig_load(&f->words[SECOND]), value);
	ck_assert_uint_eq(pager_rig_signals(f->signal), 1);
}

/* Pages of one file go, those of others stay. */
static void check_files(struct pager_file *files)
{
	for (unsigned int i = 0; i < NR_FILES; i++)
		check_file(&files[i], 1000 + i);
	for (unsigned int i = 0; i < NR_FILES; i++) {
		pager_rig_load(&files[i].words[0]);
		ck_assert_uint_eq(pages_there(&files[i]), 3);
	}
	for (unsigned int i = 0; i < NR_FILES; i++)
		ck_assert_uint_eq(pager_rig_load(&files[i].words[SECOND]),
				  1000 + i);
	ck_assert_uint_eq(pages_there(&file), 0);
}

START_TEST(several_files)
{
	struct pager_file files[NR_FILES];
	char name[] = "file 0";

	for (unsigned int i = 0; i < NR_FILES; i++) {
		name[sizeof(name) - 2] = '0' + i;
		pager_rig_open(&rig, &files[i], name, 0);
	}
	check_files(files);
}
END_TEST

/* Each open finds the newest one; the others go on. */
START_TEST(several_of_one_name)
{
	struct pager_file files[NR_FILES];

	for (unsigned int i = 0; i < NR_FILES; i++) {
		pager_rig_open(&rig, &files[i], RIG_NAME, 0);
		check_file(&files[i], i);
	}
	check_files(files);
}
END_TEST

/* As a device's memory is renewed, the old one in somebody's hands or not. */
START_TEST(one_name_over_and_over)
{
	for (uint64_t i = 0; i < 500; i++) {
		struct pager_file next;

		pager_rig_open(&rig, &next, RIG_NAME, 0);
		ck_assert_uint_ne(next.id, file.id);
		check_file(&next, i);
		pager_rig_unmap(i % 2 ? &file : &next);
		pager_rig_close(i % 2 ? &file : &next);
		close(i % 2 ? file.content : next.content);
		close(i % 2 ? file.signal : next.signal);
		if (i % 2)
			file = next;
		check_file(&file, i);
	}
}
END_TEST

START_TEST(long_name)
{
	char name[NAME_MAX + 1], target[2 * NAME_MAX];
	struct pager_file f;
	ssize_t n;
	char path[64];

	memset(name, 'x', NAME_MAX);
	name[NAME_MAX] = '\0';
	pager_rig_open(&rig, &f, name, 0);
	check_file(&f, 5);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", f.view);
	n = readlink(path, target, sizeof(target) - 1);
	target[n] = '\0';
	ck_assert_int_eq(memcmp(target + 1, name, NAME_MAX), 0);
	ck_assert_str_eq(target + 1 + NAME_MAX, DELETED);
}
END_TEST

/* ---- what a file refuses ---- */

static void reopen(int flags, int err)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file.view);
	errno = 0;
	fd = open(path, flags | O_CLOEXEC);
	ck_assert_int_eq(errno, err);
	if (!err)
		close(fd);
}

static void refused(int ret, int err)
{
	ck_assert_int_eq(ret, -1);
	ck_assert_int_eq(errno, err);
}

static void write_beyond_the_end(void)
{
	const uint64_t word = 9;

	refused((int)pwrite(file.view, &word, sizeof(word), RIG_BYTES), EPERM);
	refused((int)pwrite(file.view, &word, sizeof(word), FAR), EPERM);
}

START_TEST(its_size_stays)
{
	struct stat st;

	pager_rig_store(&file.words[SECOND], 55);
	refused(ftruncate(file.view, 0), EPERM);
	refused(ftruncate(file.view, PAGE), EPERM);
	refused(ftruncate(file.view, 2 * RIG_BYTES), EPERM);
	refused(fallocate(file.view, 0, 0, 2 * RIG_BYTES), EOPNOTSUPP);
	refused(fallocate(file.view, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  0, PAGE),
		EOPNOTSUPP);
	refused(fchmod(file.view, 0777), EPERM);
	write_beyond_the_end();
	reopen(O_RDWR | O_TRUNC, EPERM);
	ck_assert_int_eq(fstat(file.view, &st), 0);
	ck_assert_int_eq(st.st_size, RIG_BYTES);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	for (unsigned int i = 0; i < RIG_PAGES; i++)
		ck_assert_uint_eq(pager_rig_load(&file.words[i * PAGE_WORDS]),
				  i == 1 ? 55 : i + 1);
	pager_rig_drop(&rig, &file, 0, RIG_BYTES);
	ck_assert_uint_eq(pager_rig_stored(&file, SECOND), 55);
}
END_TEST

/* It takes no page away, and needs none. */
START_TEST(opened_again)
{
	pager_rig_store(&file.words[SECOND], 55);
	reopen(O_RDWR, 0);
	reopen(O_RDONLY, 0);
	ck_assert_uint_eq(pages_there(&file), 2);
	pager_rig_drop(&rig, &file, 0, RIG_BYTES);
	reopen(O_RDWR, 0);
	ck_assert_uint_eq(pager_rig_signals(file.signal), 0);
	ck_assert_uint_eq(pager_rig_load(&file.words[SECOND]), 55);
	ck_assert_uint_eq(pager_rig_signals(file.signal), 1);
}
END_TEST

/* By read(2) and write(2), which stores and loads of a mapping agree with. */
START_TEST(read_and_written)
{
	uint64_t word = 66;

	ck_assert_int_eq(pwrite(file.view, &word, sizeof(word), PAGE),
			 sizeof(word));
	ck_assert_uint_eq(pager_rig_load(&file.words[SECOND]), 66);
	pager_rig_drop(&rig, &file, 0, RIG_BYTES);
	ck_assert_uint_eq(pager_rig_stored(&file, SECOND), 66);
	ck_assert_int_eq(pread(file.view, &word, sizeof(word), 0),
			 sizeof(word));
	ck_assert_uint_eq(word, 1);
	ck_assert_uint_eq(pager_rig_signals(file.signal), 1);
}
END_TEST

/* ---- kinds of mappings ---- */

static uint64_t *map_again(int prot, int flags)
{
	uint64_t *words = mmap(NULL, RIG_BYTES, prot, flags, file.view, 0);

	ck_assert_ptr_ne(words, MAP_FAILED);
	return words;
}

/* What it has not stored to itself is the file's. */
START_TEST(private_mapping)
{
	uint64_t *words = map_again(PROT_READ | PROT_WRITE, MAP_PRIVATE);

	pager_rig_store(&words[0], 11);
	ck_assert_uint_eq(pager_rig_load(&words[SECOND]), 2);
	pager_rig_drop(&rig, &file, 0, 2 * PAGE);
	ck_assert_uint_eq(pager_rig_load(&words[0]), 11);
	ck_assert_uint_eq(pager_rig_signals(file.signal), 0);
	ck_assert_uint_eq(pager_rig_stored(&file, 0), 1);
	ck_assert_uint_eq(pager_rig_load(&words[SECOND]), 2);
	ck_assert_uint_eq(pager_rig_signals(file.signal), 1);
}
END_TEST

START_TEST(readonly_mapping)
{
	const uint64_t *words = map_again(PROT_READ, MAP_SHARED);

	ck_assert_uint_eq(pager_rig_load(&words[SECOND]), 2);
	pager_rig_drop(&rig, &file, PAGE, PAGE);
	ck_assert_uint_eq(pager_rig_load(&words[SECOND]), 2);
	ck_assert_uint_eq(pager_rig_signals(file.signal), 1);
	pager_rig_store(&file.words[SECOND], 12);
	ck_assert_uint_eq(pager_rig_load(&words[SECOND]), 12);
}
END_TEST

START_TEST(locked_mapping)
{
	/* By itself: sanitizers make mlock(3) do nothing. */
	ck_assert_int_eq(syscall(SYS_mlock, file.words, RIG_BYTES), 0);
	ck_assert_uint_eq(pages_there(&file), 0xf);
	for (uint64_t i = 0; i < 10; i++) {
		pager_rig_store(&file.words[SECOND], i);
		pager_rig_drop(&rig, &file, PAGE, PAGE);
		ck_assert_uint_eq(pages_there(&file), 0xd);
		ck_assert_uint_eq(pager_rig_stored(&file, SECOND), i);
		ck_assert_uint_eq(pager_rig_load(&file.words[SECOND]), i);
		ck_assert_uint_eq(pager_rig_signals(file.signal), 1);
	}
}
END_TEST

static int store_to_second(const struct pager_file *f)
{
	if (pager_rig_load(&f->words[SECOND]) != 21)
		return 1;
	pager_rig_store(&f->words[SECOND], 22);
	return 0;
}

/* Stores of each are seen by the other, before the drop and after. */
START_TEST(two_processes)
{
	for (unsigned int i = 0; i < 10; i++) {
		pager_rig_store(&file.words[SECOND], 21);
		if (i % 2)
			pager_rig_drop(&rig, &file, PAGE, PAGE);
		ck_assert_int_eq(pager_rig_run(store_to_second, &file), 0);
		ck_assert_uint_eq(pager_rig_signals(file.signal), i % 2);
		ck_assert_uint_eq(pager_rig_load(&file.words[SECOND]), 22);
		ck_assert_uint_eq(pager_rig_signals(file.signal), 0);
		pager_rig_drop(&rig, &file, PAGE, PAGE);
		ck_assert_uint_eq(pager_rig_stored(&file, SECOND), 22);
		pager_rig_load(&file.words[SECOND]);
		ck_assert_uint_eq(pager_rig_signals(file.signal), 1);
	}
}
END_TEST

static TCase *contents(void)
{
	TCase *tc = tcase_create("content");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, content_is_seen);
	tcase_add_test(tc, pages_come_one_by_one);
	tcase_add_test(tc, stores_reach_the_memfd);
	tcase_add_test(tc, memfd_is_read_at_the_access);
	tcase_add_test(tc, one_signal_for_each_drop);
	tcase_add_test(tc, drops_without_an_access);
	tcase_add_test(tc, signal_is_before_the_access);
	tcase_add_loop_test(tc, other_pages_stay, 0, NR_RANGES);
	tcase_add_loop_test(tc, far_away, 0, NR_RANGES);
	tcase_add_test(tc, pages_that_nobody_had);
	tcase_add_test(tc, no_such_file);
	tcase_add_test(tc, no_store_is_lost);
	tcase_set_timeout(tc, 120);
	return tc;
}

static TCase *files_and_mappings(void)
{
	TCase *tc = tcase_create("files and mappings");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, several_files);
	tcase_add_test(tc, several_of_one_name);
	tcase_add_test(tc, one_name_over_and_over);
	tcase_add_test(tc, long_name);
	tcase_add_test(tc, its_size_stays);
	tcase_add_test(tc, opened_again);
	tcase_add_test(tc, read_and_written);
	tcase_add_test(tc, private_mapping);
	tcase_add_test(tc, readonly_mapping);
	tcase_add_test(tc, locked_mapping);
	tcase_add_test(tc, two_processes);
	tcase_set_timeout(tc, 60);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("pager");

	suite_add_tcase(suite, contents());
	suite_add_tcase(suite, files_and_mappings());
	return pager_rig_main(suite);
}
