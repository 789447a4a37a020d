// SPDX-License-Identifier: BSD-3-Clause
/* type1: how UNMAP_DMA makes devices unpin. */
#include <errno.h>
#include <string.h>

#include "rig.h"
#include "suites.h"

#define MIB 0x100000ULL

static struct rig rig;

static void setup(void)
{
	rig_setup(&rig, VFIO_TYPE1v2_IOMMU, RIG_DEVICES);
	for (int i = 0; i < RIG_DEVICES; i++)
		rig_open(&rig, i);
}

static void teardown(void)
{
	rig_teardown(&rig);
}

static void map_pages(uint64_t iova, uint64_t n)
{
	ck_assert_int_eq(rig_map(&rig, iova, n * PAGE, rig.mem, RIG_RW), 0);
}

static void pin(int dev, uint64_t iova)
{
	ck_assert_int_eq(recorder_pin(rig.devs[dev], iova, RIG_RW), 1);
}

START_TEST(nothing_pinned)
{
	map_pages(MIB, 16);
	ck_assert_int_eq(rig_unmapped(&rig, MIB, 16 * PAGE), 16 * PAGE);
	rig_assert_calls(&rig, NULL, 0);
}
END_TEST

START_TEST(all_devices_newest_first)
{
	map_pages(MIB, 16);
	pin(0, MIB + PAGE);
	pin(0, MIB + PAGE);
	pin(1, MIB + PAGE);
	ck_assert_uint_eq(rig_locked(&rig), 1);
	ck_assert_int_eq(rig_unmapped(&rig, MIB, 16 * PAGE), 16 * PAGE);
	rig_assert_rounds(&rig, 3, 1, MIB, 16 * PAGE);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

/* The range is the mapping, whatever was asked for. */
START_TEST(each_entry_with_pins)
{
	const struct rig_call want[] = {
		{ 2, MIB + 2 * PAGE, 2 * PAGE },
		{ 1, MIB + 2 * PAGE, 2 * PAGE },
		{ 0, MIB + 2 * PAGE, 2 * PAGE },
		{ 2, MIB + 4 * PAGE, 2 * PAGE },
		{ 1, MIB + 4 * PAGE, 2 * PAGE },
		{ 0, MIB + 4 * PAGE, 2 * PAGE },
	};

	for (int i = 0; i < 3; i++)
		map_pages(MIB + 2 * i * PAGE, 2);
	pin(2, MIB + 3 * PAGE);
	pin(0, MIB + 4 * PAGE);
	ck_assert_int_eq(rig_unmapped(&rig, 0, 2 * MIB), 6 * PAGE);
	rig_assert_calls(&rig, want, 6);
}
END_TEST

START_TEST(unmap_all)
{
	map_pages(0, 1);
	map_pages(-PAGE, 1);
	pin(1, -PAGE);
	pin(1, 0);
	ck_assert_int_eq(rig_unmap_all(&rig), 2 * PAGE);
	rig_assert_calls(&rig,
			 (const struct rig_call[]){
				 { 2, 0, PAGE },
				 { 1, 0, PAGE },
				 { 0, 0, PAGE },
				 { 2, -PAGE, PAGE },
				 { 1, -PAGE, PAGE },
				 { 0, -PAGE, PAGE },
			 },
			 6);
}
END_TEST

START_TEST(late_unpin)
{
	map_pages(MIB, 2);
	pin(1, MIB);
	recorder_of(rig.devs[1])->ignore = _i;
	ck_assert_int_eq(rig_unmapped(&rig, MIB, 2 * PAGE), 2 * PAGE);
	rig_assert_rounds(&rig, 3, _i + 1, MIB, 2 * PAGE);
	ck_assert(!atomic_load(&rig.devs[1]->broken));
}
END_TEST

/* A device that never unpins: 11 rounds, and it alone is broken. */
START_TEST(never_unpins)
{
	struct vfio_page *page;
	uint8_t byte = 1;

	map_pages(MIB, 2);
	pin(0, MIB);
	pin(1, MIB);
	pin(1, MIB + PAGE);
	pin(1, MIB + PAGE);
	recorder_of(rig.devs[1])->ignore = 1000;
	page = recorder_page(rig.devs[1], MIB);
	ck_assert_int_eq(vfiod_page_rw(page, 5, &byte, 1, true), 0);
	ck_assert_int_eq(rig_unmapped(&rig, MIB, 2 * PAGE), 2 * PAGE);
	rig_assert_rounds(&rig, 3, 11, MIB, 2 * PAGE);
	ck_assert(!atomic_load(&rig.devs[0]->broken));
	ck_assert(atomic_load(&rig.devs[1]->broken));
	ck_assert(!atomic_load(&rig.devs[2]->broken));
	ck_assert_uint_eq(rig_locked(&rig), 0);
	ck_assert(host_log_has("dev1: did not unpin 2 pages"));
	ck_assert(!host_log_has("dev0"));
	/* It may still use its pointer, which leads nowhere. */
	ck_assert_int_eq(vfiod_page_rw(page, 5, &byte, 1, true), -EFAULT);
	host_log_clear();
	/* No pins were left that a close would have to take. */
	rig_close(&rig, 1);
	ck_assert_uint_eq(host_log_count(4), 0);
}
END_TEST

/*
 * A device that pins again as soon as it has unpinned, on its own account or
 * ordered to by the client: it cannot in the last round, and so is not
 * taken for one that does not unpin.
 */
static struct {
	unsigned int rounds;
	int ret; /* of the pin in the last one */
} again;

static void pin_again(struct vfio_device *vdev, uint64_t iova, uint64_t length,
		      void *arg)
{
	(void)length;
	(void)arg;
	recorder_unpin(vdev, iova);
	again.rounds++;
	again.ret = recorder_pin(vdev, iova, RIG_RW);
}

START_TEST(pins_again)
{
	memset(&again, 0, sizeof(again));
	map_pages(MIB, 2);
	map_pages(MIB + 2 * PAGE, 1);
	pin(1, MIB);
	recorder_of(rig.devs[1])->hook = pin_again;
	recorder_of(rig.devs[1])->ignore = 1000;
	ck_assert_int_eq(rig_unmapped(&rig, MIB, 2 * PAGE), 2 * PAGE);
	rig_assert_rounds(&rig, 3, 11, MIB, 2 * PAGE);
	ck_assert_uint_eq(again.rounds, 11);
	ck_assert_int_eq(again.ret, -EINVAL);
	ck_assert(!atomic_load(&rig.devs[1]->broken));
	ck_assert_uint_eq(rig_locked(&rig), 0);
	/* That was for the last round and for that range only. */
	recorder_of(rig.devs[1])->hook = NULL;
	recorder_of(rig.devs[1])->ignore = 0;
	map_pages(MIB, 2);
	pin(1, MIB + PAGE);
	pin(1, MIB + 2 * PAGE);
	ck_assert_int_eq(rig_unmap_all(&rig), 3 * PAGE);
}
END_TEST

static void pin_neighbour(struct vfio_device *vdev, uint64_t iova,
			  uint64_t length, void *arg)
{
	(void)arg;
	again.rounds++;
	again.ret = recorder_pin(vdev, iova + length, RIG_RW);
	recorder_unpin(vdev, iova + length);
}

START_TEST(pins_elsewhere_in_last_round)
{
	memset(&again, 0, sizeof(again));
	map_pages(MIB, 2);
	map_pages(MIB + 2 * PAGE, 1);
	pin(1, MIB);
	recorder_of(rig.devs[1])->hook = pin_neighbour;
	recorder_of(rig.devs[1])->ignore = 10;
	ck_assert_int_eq(rig_unmapped(&rig, MIB, 2 * PAGE), 2 * PAGE);
	ck_assert_uint_eq(again.rounds, 11);
	ck_assert_int_eq(again.ret, 1);
	recorder_of(rig.devs[1])->hook = NULL;
}
END_TEST

START_TEST(two_never_unpin)
{
	map_pages(MIB, 2);
	map_pages(2 * MIB, 1);
	for (int i = 0; i < 2; i++) {
		pin(i, MIB);
		recorder_of(rig.devs[i])->ignore = 1000;
	}
	pin(0, 2 * MIB);
	ck_assert_int_eq(rig_unmapped(&rig, MIB, 2 * PAGE), 2 * PAGE);
	rig_assert_rounds(&rig, 3, 11, MIB, 2 * PAGE);
	ck_assert(atomic_load(&rig.devs[0]->broken));
	ck_assert(atomic_load(&rig.devs[1]->broken));
	ck_assert(host_log_has("dev0: did not unpin 1 pages"));
	ck_assert(host_log_has("dev1: did not unpin 1 pages"));
	/* Only what was in the way is taken. */
	ck_assert_uint_eq(rig_locked(&rig), 1);
	host_log_clear();
	recorder_of(rig.devs[0])->ignore = 0;
	ck_assert_int_eq(rig_unmap_all(&rig), PAGE);
	ck_assert_uint_eq(host_log_count(3) + host_log_count(4), 0);
	/* Closing, device 0 unpins what it believes to have. */
	rig_close(&rig, 0);
	host_log_clear();
}
END_TEST

/* The count of ignored calls starts anew with each mapping. */
START_TEST(retries_are_per_entry)
{
	map_pages(MIB, 1);
	map_pages(MIB + PAGE, 1);
	pin(0, MIB);
	pin(2, MIB + PAGE);
	recorder_of(rig.devs[0])->ignore = 10;
	recorder_of(rig.devs[2])->ignore = 21;
	ck_assert_int_eq(rig_unmap_all(&rig), 2 * PAGE);
	ck_assert_uint_eq(rig.recorder.n, 2 * 11 * 3);
	ck_assert_uint_eq(host_log_count(3), 0);
	ck_assert_uint_eq(rig_locked(&rig), 0);
}
END_TEST

START_TEST(closed_devices_are_not_called)
{
	map_pages(MIB, 1);
	rig_close(&rig, 2);
	rig_close(&rig, 0);
	rig_open(&rig, 2);
	pin(1, MIB);
	ck_assert_int_eq(rig_unmap_all(&rig), PAGE);
	rig_assert_calls(&rig,
			 (const struct rig_call[]){ { 2, MIB, PAGE },
						    { 1, MIB, PAGE } },
			 2);
}
END_TEST

/* Pins left at close: taken away, and said so; another's stay. */
START_TEST(close_with_pins)
{
	map_pages(MIB, 2);
	pin(0, MIB);
	pin(1, MIB);
	pin(1, MIB + PAGE);
	recorder_of(rig.devs[1])->ignore = 1;
	rig_close(&rig, 1);
	ck_assert(host_log_has("dev1: closed with 2 pages pinned"));
	host_log_clear();
	ck_assert_uint_eq(rig_locked(&rig), 1);
	ck_assert_int_eq(rig_unmap_all(&rig), 2 * PAGE);
	rig_assert_calls(&rig,
			 (const struct rig_call[]){ { 2, MIB, 2 * PAGE },
						    { 0, MIB, 2 * PAGE } },
			 2);
}
END_TEST

/* In the callback everything but this range can be used. */
static void busy_hook(struct vfio_device *vdev, uint64_t iova, uint64_t length,
		      void *arg)
{
	uint32_t word = 0x11223344;

	(void)length;
	(void)arg;
	ck_assert_int_eq(recorder_pin(vdev, 2 * MIB, RIG_RW), 1);
	ck_assert_int_eq(vfiod_dma_rw(vdev, iova, &word, sizeof(word), true),
			 0);
	ck_assert_int_eq(rig_map(&rig, 3 * MIB, PAGE, rig.mem, RIG_RW), 0);
	ck_assert_int_eq(rig_unmapped(&rig, 4 * MIB, PAGE), PAGE);
}

START_TEST(services_in_callback)
{
	map_pages(MIB, 1);
	map_pages(2 * MIB, 1);
	map_pages(4 * MIB, 1);
	pin(1, MIB);
	recorder_of(rig.devs[0])->hook = busy_hook;
	ck_assert_int_eq(rig_unmapped(&rig, MIB, PAGE), PAGE);
	recorder_of(rig.devs[0])->hook = NULL;
	ck_assert_uint_eq(rig_locked(&rig), 1);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65533);
}
END_TEST

/* A callback that makes a mapping reach over the range: Q5, partial success. */
static void bisecting_hook(struct vfio_device *vdev, uint64_t iova,
			   uint64_t length, void *arg)
{
	(void)vdev;
	(void)iova;
	(void)length;
	(void)arg;
	ck_assert_int_eq(
		rig_map(&rig, MIB + 3 * PAGE, 2 * PAGE, rig.mem, RIG_RW), 0);
}

START_TEST(table_changes_meanwhile)
{
	map_pages(MIB, 1);
	map_pages(MIB + PAGE, 1);
	pin(1, MIB + PAGE);
	recorder_of(rig.devs[1])->hook = bisecting_hook;
	ck_assert_int_eq(rig_unmapped(&rig, MIB, 4 * PAGE), PAGE);
	recorder_of(rig.devs[1])->hook = NULL;
	ck_assert_uint_eq(rig_locked(&rig), 0);
	ck_assert_int_eq(rig_unmap_all(&rig), 3 * PAGE);
}
END_TEST

/* A callback during which the very mapping goes: it is not counted again. */
static void removing_hook(struct vfio_device *vdev, uint64_t iova,
			  uint64_t length, void *arg)
{
	(void)length;
	recorder_of(vdev)->hook = NULL;
	recorder_unpin(vdev, iova);
	*(int64_t *)arg = rig_unmapped(&rig, iova, PAGE);
}

START_TEST(mapping_goes_meanwhile)
{
	int64_t removed = 0;

	map_pages(MIB, 1);
	map_pages(MIB + PAGE, 1);
	pin(2, MIB);
	recorder_of(rig.devs[2])->hook = removing_hook;
	recorder_of(rig.devs[2])->arg = &removed;
	ck_assert_int_eq(rig_unmap_all(&rig), PAGE);
	ck_assert_int_eq(removed, PAGE);
}
END_TEST

Suite *type1_notify_suite(void)
{
	Suite *suite = suite_create("type1 notify");
	TCase *tc = tcase_create("devices");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_pinned);
	tcase_add_test(tc, all_devices_newest_first);
	tcase_add_test(tc, each_entry_with_pins);
	tcase_add_test(tc, unmap_all);
	tcase_add_loop_test(tc, late_unpin, 0, 11);
	tcase_add_test(tc, never_unpins);
	tcase_add_test(tc, two_never_unpin);
	tcase_add_test(tc, pins_again);
	tcase_add_test(tc, pins_elsewhere_in_last_round);
	tcase_add_test(tc, retries_are_per_entry);
	tcase_add_test(tc, closed_devices_are_not_called);
	tcase_add_test(tc, close_with_pins);
	tcase_add_test(tc, services_in_callback);
	tcase_add_test(tc, table_changes_meanwhile);
	tcase_add_test(tc, mapping_goes_meanwhile);
	suite_add_tcase(suite, tc);
	return suite;
}
