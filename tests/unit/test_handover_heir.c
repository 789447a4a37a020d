// SPDX-License-Identifier: BSD-3-Clause
/* Calls that vfiod leaves behind, received or not, pass. */
#include "handover_rig.h"

#include "../../daemon/heir.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL
#define NR_THREADS 4

static int install(void)
{
	return handover_filter_install(PAGE);
}

/* As the kernel performs it: the file's text is there. */
static int try_map(const struct rig_shared *s)
{
	int fd = open(s->path, O_RDONLY);
	const char *text = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	if (text == MAP_FAILED)
		return 1;
	return memcmp(text, RIG_TEXT, RIG_TEXT_SIZE) ? 2 : 0;
}

static int map_once(struct rig_shared *s)
{
	return try_map(s);
}

static void *map_on_thread(void *arg)
{
	return (void *)(long)try_map(arg);
}

static int map_on_threads(struct rig_shared *s)
{
	pthread_t thread[NR_THREADS];
	long bad = 0;
	void *rc;

	for (int i = 0; i < NR_THREADS; i++)
		pthread_create(&thread[i], NULL, map_on_thread, s);
	for (int i = 0; i < NR_THREADS; i++) {
		pthread_join(thread[i], &rc);
		bad |= (long)rc;
	}
	return (int)bad;
}

static int ask_once(struct rig_shared *s)
{
	(void)s;
	return rig_ask() == -EBADF ? 0 : 1;
}

static void receive(const struct rig *r, const struct heir *heir)
{
	struct handover_notif n;

	ck_assert(rig_next(r, &n));
	heir_note(heir, r->listener, n.id);
}

START_TEST(not_received)
{
	struct heir heir;
	struct rig r;

	rig_start_under(&r, install, map_once);
	ck_assert_int_eq(heir_start(&heir, r.listener), 0);
	heir_end(&heir);
	rig_finish(&r);
}
END_TEST

START_TEST(received)
{
	struct heir heir;
	struct rig r;

	rig_start_under(&r, install, map_once);
	ck_assert_int_eq(heir_start(&heir, r.listener), 0);
	receive(&r, &heir);
	heir_end(&heir);
	rig_finish(&r);
}
END_TEST

/* Without a device's fd it is the kernel that says so. */
START_TEST(received_ioctl)
{
	struct heir heir;
	struct rig r;

	rig_start_under(&r, install, ask_once);
	ck_assert_int_eq(heir_start(&heir, r.listener), 0);
	receive(&r, &heir);
	heir_end(&heir);
	rig_finish(&r);
}
END_TEST

/* None takes another's place; one that was answered leaves its own. */
START_TEST(several_received)
{
	struct handover_notif n;
	struct heir heir;
	struct rig r;

	rig_start_under(&r, install, map_on_threads);
	ck_assert_int_eq(heir_start(&heir, r.listener), 0);
	ck_assert(rig_next(&r, &n));
	heir_note(&heir, r.listener, n.id);
	ck_assert_int_eq(handover_notif_continue(r.listener, n.id), 0);
	for (int i = 1; i < NR_THREADS; i++)
		receive(&r, &heir);
	heir_end(&heir);
	rig_finish(&r);
}
END_TEST

/* It is no obstacle that there is none: the filter reports ioctls only. */
START_TEST(none)
{
	struct heir heir = { .calls = NULL };
	struct handover_notif n;
	struct rig r;

	rig_start_under(&r, install, map_once);
	ck_assert(rig_next(&r, &n));
	heir_note(&heir, r.listener, n.id);
	heir_end(&heir);
	ck_assert_int_eq(handover_notif_continue(r.listener, n.id), 0);
	rig_finish(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handover_heir");
	TCase *tc = tcase_create("heir");

	tcase_set_timeout(tc, RIG_TIMEOUT);
	tcase_add_test(tc, not_received);
	tcase_add_test(tc, received);
	tcase_add_test(tc, received_ioctl);
	tcase_add_test(tc, several_received);
	tcase_add_test(tc, none);
	suite_add_tcase(suite, tc);
	return rig_run(suite);
}
