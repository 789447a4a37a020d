// SPDX-License-Identifier: BSD-3-Clause
/*
 * The memory of devices (daemon/memory.h), with the real pager: where it is,
 * what of it is shared with whom, and how it sleeps.
 */
#include "../../daemon/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vfiod/plugin.h>

#include "../../backend/host.h"
#include "host.h"
#include "pager_rig.h"

#define NAME "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
#define MAP VFIO_REGION_INFO_FLAG_MMAP
#define NR_REGIONS 9
#define LAST_REGION (NR_REGIONS - 1)
#define ROUNDS 10000
#define DELAYS 50000 /* loads, before a client's store */
#define WARNING 4

/* Where the polled words are: from inside the first page to the third. */
#define FIRST (PAGE_WORDS - 3)
#define WORDS (PAGE_WORDS + 6)
#define BYTES (WORDS * sizeof(uint64_t))

static const struct vfio_region_sparse_mmap_area area = { .size = PAGE };

/* With holes, with ones that cannot be mapped, and with no whole pages. */
static const struct vfiod_region regions[NR_REGIONS] = {
	[0] = { .size = 4 * PAGE, .flags = MAP },
	[1] = { .size = PAGE },
	[3] = { .size = PAGE + 256,
		.flags = MAP,
		.nr_areas = 1,
		.areas = &area },
	[LAST_REGION] = { .size = 4 * PAGE, .flags = MAP },
};

static const struct vfiod_type type = {
	.nr_regions = NR_REGIONS,
	.regions = regions,
};

/* The last two are the same memory. */
static const struct vfiod_region own_regions[] = {
	{ .size = PAGE, .flags = MAP },
	{ .size = 4 * PAGE, .flags = MAP, .offset = 16 * PAGE },
	{ .size = PAGE, .offset = 15 * PAGE },
	{ .size = 2 * PAGE, .flags = MAP, .offset = 16 * PAGE },
};

static const struct vfiod_type own_type = {
	.nr_regions = 4,
	.regions = own_regions,
	.offset_shift = VFIOD_OWN_OFFSETS,
};

/* What the tests poll: region @index of such a memory. */
static const struct place {
	const struct vfiod_type *type;
	unsigned int index;
	off_t at; /* in the file */
} places[] = {
	{ &type, 0, 0 },
	{ &type, LAST_REGION, (off_t)LAST_REGION << 40 },
	{ &own_type, 1, 16 * PAGE },
};

#define NR_PLACES (sizeof(places) / sizeof(places[0]))

static struct pager_rig rig;
static int signal_fd;
static struct vfio_memory *memory;
static const struct place *place;
static uint64_t *words; /* of the region that is polled */

static void create(unsigned int i)
{
	place = &places[i];
	ck_assert_int_eq(vfio_memory_create(place->type, NAME, &memory), 0);
	words = (uint64_t *)memory->regions[place->index];
	ck_assert_ptr_nonnull(words);
}

static void setup(void)
{
	pager_rig_start(&rig);
	signal_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ck_assert_int_ge(signal_fd, 0);
	create(0);
}

static void teardown(void)
{
	vfio_memory_destroy(memory);
	pager_destroy(rig.pager);
}

/* Tests that are run once for each place. */
static void use_place(unsigned int i)
{
	vfio_memory_destroy(memory);
	create(i);
}

static void watch(void)
{
	ck_assert_int_eq(memory_watch(memory, rig.pager, signal_fd), 0);
}

static int lend(void)
{
	int fd = memory_lend(memory);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* As a client has the region. */
static uint64_t *map(int fd)
{
	uint64_t *client = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
				MAP_SHARED, fd, place->at);

	ck_assert_ptr_ne(client, MAP_FAILED);
	return client;
}

static bool are_shared(uint64_t *a, uint64_t *b)
{
	uint64_t value = pager_rig_load(a) + 1;

	pager_rig_store(a, value);
	if (pager_rig_load(b) != value)
		return false;
	pager_rig_store(b, value + 1);
	return pager_rig_load(a) == value + 1;
}

/* ---- where it is ---- */

START_TEST(only_regions_that_can_be_mapped)
{
	for (unsigned int i = 0; i < NR_REGIONS; i++) {
		const uint8_t *mem = memory->regions[i];

		ck_assert_int_eq(mem != NULL, (regions[i].flags & MAP) != 0);
		for (uint64_t k = 0; mem && k < regions[i].size; k++)
			ck_assert_uint_eq(mem[k], 0);
	}
	ck_assert(!memory->can_map);
}
END_TEST

static int count_mappings(const struct pager_file *file)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[256];
	int nr = 0;

	(void)file;
	while (maps && fgets(line, sizeof(line), maps))
		nr += strstr(line, NAME) != NULL;
	if (maps)
		fclose(maps);
	return nr;
}

/* Processes that are forked would keep it when it has been replaced. */
START_TEST(not_in_forked_processes)
{
	ck_assert_int_eq(count_mappings(NULL), 3);
	ck_assert_int_eq(pager_rig_run(count_mappings, NULL), 0);
	watch();
	ck_assert_int_eq(count_mappings(NULL), 3);
	ck_assert_int_eq(pager_rig_run(count_mappings, NULL), 0);
}
END_TEST

/* Each is what a client finds at its offset, and nobody else's. */
START_TEST(regions_are_at_their_offsets)
{
	int fd = lend();

	for (unsigned int i = 0; i < NR_REGIONS; i++)
		if (memory->regions[i])
			memset(memory->regions[i], (int)i + 1, regions[i].size);
	for (unsigned int i = 0; i < NR_REGIONS; i++) {
		off_t last = ((off_t)i << 40) + (off_t)regions[i].size - 1;
		uint8_t want = (regions[i].flags & MAP) ? i + 1 : 0, byte;

		if (!regions[i].size)
			continue;
		ck_assert_int_eq(pread(fd, &byte, 1, (off_t)i << 40), 1);
		ck_assert_uint_eq(byte, want);
		ck_assert_int_eq(pread(fd, &byte, 1, last), 1);
		ck_assert_uint_eq(byte, want);
	}
	close(fd);
}
END_TEST

START_TEST(own_offsets)
{
	uint64_t *other;

	use_place(2);
	other = (uint64_t *)memory->regions[3];
	ck_assert_ptr_null(memory->regions[2]);
	for (unsigned int i = 0; i < 2; i++) {
		ck_assert(are_shared(&words[PAGE_WORDS], &other[PAGE_WORDS]));
		ck_assert(are_shared(words, map(lend())));
		ck_assert(!are_shared(words, (uint64_t *)memory->regions[0]));
		vfio_memory_renew(memory);
		watch();
	}
}
END_TEST

static uint32_t reach(const struct vfiod_type *t)
{
	struct vfio_memory *m;
	uint32_t at;

	ck_assert_int_eq(vfio_memory_create(t, NAME, &m), 0);
	at = memory_reach(m);
	vfio_memory_destroy(m);
	return at;
}

START_TEST(its_reach)
{
	const struct vfiod_region far[] = {
		{ .size = PAGE },
		{ .size = PAGE, .flags = MAP },
	};
	const struct vfiod_region across[] = { {
		.size = 2 * PAGE,
		.flags = MAP,
		.offset = (1ULL << 32) - PAGE,
	} };
	struct vfiod_type t = { .nr_regions = 2, .regions = far };

	ck_assert_uint_eq(reach(&type), 4 * PAGE);
	ck_assert_uint_eq(reach(&own_type), 20 * PAGE);
	ck_assert_uint_eq(reach(&t), 1);
	t.nr_regions = 1;
	ck_assert_uint_eq(reach(&t), 1);
	t.regions = across;
	t.offset_shift = VFIOD_OWN_OFFSETS;
	ck_assert_uint_eq(reach(&t), UINT32_MAX);
	t.regions = &regions[3];
	ck_assert_uint_eq(reach(&t), 2 * PAGE);
}
END_TEST

START_TEST(offered)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	memory_try(memory, fd);
	ck_assert(!memory->can_map);
	ck_assert_int_eq(memory_backing(memory, fd), 0);
	memory_offer(memory);
	ck_assert(memory->can_map);
	close(fd);
}
END_TEST

/* Whoever gets at it cannot change its size. */
START_TEST(its_size_stays)
{
	if (_i)
		watch();
	ck_assert_int_eq(ftruncate(lend(), 0), -1);
	ck_assert_int_eq(ftruncate(lend(), (off_t)1 << 50), -1);
	pager_rig_store(&words[0], 1);
	ck_assert_uint_eq(pager_rig_load(&words[0]), 1);
}
END_TEST

/* ---- watched and renewed ---- */

static void fill(void)
{
	for (unsigned int i = 0; i < 4 * PAGE_WORDS; i++)
		pager_rig_store(&words[i], i + 1);
}

static void check_filled(const uint64_t *mem)
{
	for (unsigned int i = 0; i < 4 * PAGE_WORDS; i++)
		ck_assert_uint_eq(pager_rig_load(&mem[i]), i + 1);
}

static uint64_t seen[WORDS];

static void keep(void)
{
	memory_keep(memory, place->index, FIRST * 8, seen, BYTES);
}

static int fall_asleep(void)
{
	return memory_sleep(memory, place->index, FIRST * 8, seen, BYTES);
}

/* It does, and says so when it does no more. */
static void check_sleep(uint64_t *mem)
{
	keep();
	pager_rig_signals(signal_fd);
	ck_assert_int_eq(fall_asleep(), 0);
	ck_assert_uint_eq(pager_rig_signals(signal_fd), 0);
	pager_rig_store(&mem[FIRST], pager_rig_load(&mem[FIRST]));
	ck_assert_uint_eq(pager_rig_signals(signal_fd), 1);
	pager_rig_load(&words[FIRST + WORDS - 1]);
	ck_assert_uint_eq(pager_rig_signals(signal_fd), 0);
}

START_TEST(watching_changes_nothing)
{
	use_place(_i);
	fill();
	watch();
	ck_assert_ptr_eq(memory->regions[place->index], words);
	check_filled(words);
	check_sleep(words);
	check_filled(words);
	check_filled(map(lend()));
}
END_TEST

START_TEST(watched_twice)
{
	struct stat first, second;

	watch();
	fill();
	ck_assert_int_eq(fstat(lend(), &first), 0);
	watch();
	ck_assert_int_eq(fstat(lend(), &second), 0);
	ck_assert_int_eq(first.st_ino, second.st_ino);
	check_filled(words);
	check_sleep(words);
}
END_TEST

START_TEST(busy_when_lent)
{
	uint64_t *client = map(lend());

	fill();
	ck_assert_int_eq(memory_watch(memory, rig.pager, signal_fd), -EBUSY);
	ck_assert(are_shared(words, client));
	ck_assert_int_eq(fall_asleep(), -ENXIO);
	vfio_memory_renew(memory);
	watch();
	check_sleep(words);
}
END_TEST

/* What /proc/self/maps says of the mapping at @at: its inode, and its name. */
static unsigned long find_mapping(const void *at, char *name)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long from, ino, found = 0;
	char line[512];
	int end;

	ck_assert_ptr_nonnull(maps);
	while (!found && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%*x %*s %*s %*s %lu %n", &from, &ino,
			   &end) == 2 &&
		    from == (uintptr_t)at)
			found = ino;
	}
	fclose(maps);
	ck_assert_uint_ne(found, 0);
	line[strcspn(line, "\n")] = '\0';
	strcpy(name, line + end);
	return found;
}

static unsigned long inode(void)
{
	char name[512];

	return find_mapping(words, name);
}

/* But when somebody may have it, watched (1) or not (0). */
START_TEST(renewed_when_lent_only)
{
	unsigned long ino;

	if (_i)
		watch();
	ino = inode();
	vfio_memory_renew(memory);
	ck_assert_uint_eq(inode(), ino);
	close(lend());
	vfio_memory_renew(memory);
	ck_assert_uint_ne(inode(), ino);
	ino = inode();
	vfio_memory_renew(memory);
	ck_assert_uint_eq(inode(), ino);
}
END_TEST

static void renew(uint64_t *client)
{
	vfio_memory_renew(memory);
	ck_assert_ptr_eq(memory->regions[place->index], words);
	check_filled(words);
	check_filled(client);
	ck_assert(!are_shared(words, client));
	pager_rig_store(words, 1);
	ck_assert(are_shared(words, map(lend())));
	pager_rig_store(words, 1);
}

START_TEST(renewed)
{
	use_place(_i);
	fill();
	for (unsigned int i = 0; i < 5; i++)
		renew(map(lend()));
	vfio_memory_renew(memory);
	watch();
	for (unsigned int i = 0; i < 5; i++) {
		check_sleep(words);
		renew(map(lend()));
		check_sleep(words);
	}
	ck_assert_uint_eq(host_log_count(WARNING), 0);
}
END_TEST

/* The pages of the old one that are asleep, too. */
START_TEST(renewed_in_its_sleep)
{
	uint64_t *client;

	watch();
	fill();
	client = map(lend());
	check_sleep(client);
	keep();
	ck_assert_int_eq(fall_asleep(), 0);
	renew(client);
	check_sleep(words);
}
END_TEST

/* ---- sleep ---- */

/* Words of the first page, the second, and the third. */
static const unsigned int inside[] = { FIRST,	       FIRST + 1,
				       PAGE_WORDS - 1, PAGE_WORDS,
				       PAGE_WORDS + 7, 2 * PAGE_WORDS - 1,
				       2 * PAGE_WORDS, FIRST + WORDS - 1 };
static const unsigned int outside[] = { 0, FIRST - 1, FIRST + WORDS,
					3 * PAGE_WORDS - 1, 3 * PAGE_WORDS };

#define NR_INSIDE (sizeof(inside) / sizeof(inside[0]))
#define NR_OUTSIDE (sizeof(outside) / sizeof(outside[0]))

static bool is_there(unsigned int word)
{
	return pager_rig_is_there(words + word / PAGE_WORDS *
						  (unsigned long)PAGE_WORDS);
}

/* By a client and by the device, which load and store. */
START_TEST(wakes_by_any_word)
{
	uint64_t *client;

	use_place(_i);
	watch();
	fill();
	client = map(lend());
	for (unsigned int i = 0; i < NR_INSIDE; i++) {
		uint64_t *mem = i % 2 ? client : words;

		keep();
		ck_assert_int_eq(fall_asleep(), 0);
		ck_assert_uint_eq(pager_rig_signals(signal_fd), 0);
		ck_assert(!is_there(inside[i]));
		if (i % 4 < 2)
			pager_rig_load(&mem[inside[i]]);
		else
			pager_rig_store(&mem[inside[i]], inside[i] + 1);
		ck_assert_uint_eq(pager_rig_signals(signal_fd), 1);
	}
	check_filled(words);
}
END_TEST

/* Before the pages go. */
START_TEST(change_is_found)
{
	use_place(_i);
	watch();
	for (unsigned int i = 0; i < NR_INSIDE; i++) {
		keep();
		pager_rig_store(&words[inside[i]], i + 1);
		ck_assert_int_eq(fall_asleep(), 1);
		keep();
		ck_assert_uint_eq(seen[inside[i] - FIRST], i + 1);
		ck_assert_int_eq(fall_asleep(), 0);
	}
}
END_TEST

START_TEST(change_outside_is_none)
{
	use_place(_i);
	watch();
	for (unsigned int i = 0; i < NR_OUTSIDE; i++) {
		keep();
		pager_rig_store(&words[outside[i]], i + 1);
		pager_rig_signals(signal_fd);
		ck_assert_int_eq(fall_asleep(), 0);
		ck_assert_uint_eq(pager_rig_load(&words[outside[i]]), i + 1);
		ck_assert_uint_eq(pager_rig_signals(signal_fd),
				  outside[i] < 3 * PAGE_WORDS);
	}
	ck_assert(is_there(3 * PAGE_WORDS));
}
END_TEST

/* Kept once, it may sleep again as long as nothing has changed. */
START_TEST(sleeps_again)
{
	watch();
	fill();
	keep();
	for (unsigned int i = 0; i < WORDS; i++)
		ck_assert_uint_eq(seen[i], FIRST + i + 1);
	for (unsigned int i = 0; i < 10; i++) {
		ck_assert_int_eq(fall_asleep(), 0);
		pager_rig_load(&words[FIRST]);
		ck_assert_uint_eq(pager_rig_signals(signal_fd), 1);
	}
	pager_rig_store(&words[FIRST], 0);
	ck_assert_int_eq(fall_asleep(), 1);
	pager_rig_store(&words[FIRST], FIRST + 1);
	ck_assert_int_eq(fall_asleep(), 0);
}
END_TEST

/* A client that stores once in each round, at whatever time. */
static struct {
	uint64_t *words;
	atomic_uint_least64_t round, stored;
} storer;

static unsigned int word_of(uint64_t round)
{
	return inside[round % NR_INSIDE];
}

static void *store_in_each_round(void *arg)
{
	(void)arg;
	for (uint64_t n = 1; n <= ROUNDS; n++) {
		while (atomic_load(&storer.round) < n)
			sched_yield();
		for (uint64_t i = 0; i < n % DELAYS; i++)
			pager_rig_load(&storer.words[3 * PAGE_WORDS]);
		pager_rig_store(&storer.words[word_of(n)], n);
		atomic_store(&storer.stored, n);
	}
	return NULL;
}

/* It was kept, or the sleep does not begin, or it is over. */
static void sleep_in_round(uint64_t n)
{
	bool kept;
	int ret;

	atomic_store(&storer.round, n);
	keep();
	kept = seen[word_of(n) - FIRST] == n;
	pager_rig_signals(signal_fd);
	ret = fall_asleep();
	ck_assert(ret == 0 || ret == 1);
	while (atomic_load(&storer.stored) < n)
		sched_yield();
	if (!kept && !ret)
		ck_assert_uint_eq(pager_rig_signals(signal_fd), 1);
}

START_TEST(stores_at_any_time)
{
	pthread_t thread;

	watch();
	storer.words = map(lend());
	ck_assert_int_eq(
		pthread_create(&thread, NULL, store_in_each_round, NULL), 0);
	for (uint64_t n = 1; n <= ROUNDS; n++)
		sleep_in_round(n);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	for (uint64_t n = ROUNDS - NR_INSIDE + 1; n <= ROUNDS; n++)
		ck_assert_uint_eq(pager_rig_load(&words[word_of(n)]), n);
}
END_TEST

/* ---- without a pager ---- */

START_TEST(does_not_sleep_while_held)
{
	watch();
	keep();
	vfio_memory_hold(memory);
	vfio_memory_hold(memory);
	ck_assert_int_eq(fall_asleep(), 1);
	vfio_memory_unhold(memory);
	ck_assert_int_eq(fall_asleep(), 1);
	ck_assert(pager_rig_is_there(words));
	vfio_memory_unhold(memory);
	ck_assert_int_eq(fall_asleep(), 0);
	ck_assert(!pager_rig_is_there(words));
}
END_TEST

START_TEST(never_watched)
{
	keep();
	ck_assert_int_eq(fall_asleep(), -ENXIO);
}
END_TEST

/* It is as it was, and may be made to sleep later. */
START_TEST(pager_never_started)
{
	struct pager *none = pager_create();
	unsigned long ino = inode();

	ck_assert_ptr_nonnull(none);
	fill();
	ck_assert_int_eq(memory_watch(memory, none, signal_fd), -ENXIO);
	ck_assert_int_eq(fall_asleep(), -ENXIO);
	ck_assert_uint_eq(inode(), ino);
	renew(map(lend()));
	vfio_memory_renew(memory);
	pager_destroy(none);
	watch();
	check_sleep(words);
}
END_TEST

static void kill_pager(void)
{
	ck_assert_int_eq(kill(rig.pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(rig.pid, NULL, 0), rig.pid);
}

START_TEST(pager_killed)
{
	watch();
	fill();
	keep();
	kill_pager();
	ck_assert_int_eq(fall_asleep(), -EIO);
	check_filled(words);
	ck_assert(are_shared(words, map(lend())));
	vfio_memory_renew(memory);
	ck_assert_uint_eq(host_log_count(WARNING), 1);
	ck_assert(host_log_has("a client that is gone may still have"));
	ck_assert(are_shared(words, map(lend())));
}
END_TEST

/* ---- whose memory is it? ---- */

static void check_name(const void *at)
{
	char mapping[512];

	find_mapping(at, mapping);
	ck_assert_pstr_eq(memory_device(mapping), NAME);
}

/* As it is now, and when it is the old one. */
START_TEST(device_of_a_mapping)
{
	const void *client;

	use_place(_i % NR_PLACES);
	if (_i / NR_PLACES)
		watch();
	client = map(lend());
	check_name(client);
	check_name(words);
	vfio_memory_renew(memory);
	check_name(client);
	check_name(words);
	check_name(map(lend()));
	vfio_memory_renew(memory);
	check_name(client);
	vfio_memory_destroy(memory);
	check_name(client);
	create(0);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return tc;
}

static void add_place(Suite *suite)
{
	TCase *tc = add_case(suite, "where it is");

	tcase_add_test(tc, only_regions_that_can_be_mapped);
	tcase_add_test(tc, not_in_forked_processes);
	tcase_add_test(tc, regions_are_at_their_offsets);
	tcase_add_test(tc, own_offsets);
	tcase_add_test(tc, its_reach);
	tcase_add_test(tc, offered);
	tcase_add_loop_test(tc, its_size_stays, 0, 2);
	tcase_add_loop_test(tc, device_of_a_mapping, 0, 2 * NR_PLACES);
}

static void add_changes(Suite *suite)
{
	TCase *tc = add_case(suite, "watched and renewed");

	tcase_add_loop_test(tc, watching_changes_nothing, 0, NR_PLACES);
	tcase_add_test(tc, watched_twice);
	tcase_add_test(tc, busy_when_lent);
	tcase_add_loop_test(tc, renewed_when_lent_only, 0, 2);
	tcase_add_loop_test(tc, renewed, 0, NR_PLACES);
	tcase_add_test(tc, renewed_in_its_sleep);
}

static void add_sleep(Suite *suite)
{
	TCase *tc = add_case(suite, "sleep");

	tcase_add_loop_test(tc, wakes_by_any_word, 0, NR_PLACES);
	tcase_add_loop_test(tc, change_is_found, 0, NR_PLACES);
	tcase_add_loop_test(tc, change_outside_is_none, 0, NR_PLACES);
	tcase_add_test(tc, sleeps_again);
	tcase_add_test(tc, stores_at_any_time);
	tcase_add_test(tc, does_not_sleep_while_held);
	tcase_add_test(tc, never_watched);
	tcase_add_test(tc, pager_never_started);
	tcase_add_test(tc, pager_killed);
}

int main(void)
{
	Suite *suite = suite_create("memory");

	add_place(suite);
	add_changes(suite);
	add_sleep(suite);
	return pager_rig_main(suite);
}
