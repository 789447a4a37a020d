// SPDX-License-Identifier: BSD-3-Clause
/* mmap of regions, on the device bars-mapped. */
#include <bars.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

#define RW (PROT_READ | PROT_WRITE)
#define IOVA 0x100000UL
#define NUMBER 0x1122334455667788UL

static struct vfio_session session;

static void open_session(void)
{
	session = vfio_session_open(DEV_BARS, VFIO_TYPE1v2_IOMMU);
}

static void close_session(void)
{
	vfio_session_close(&session);
}

static void *try_map(int device, unsigned int region, uint64_t offset,
		     size_t size, int prot)
{
	return mmap(NULL, size, prot, MAP_SHARED, device,
		    (off_t)(REGION(region) + offset));
}

static void *map(unsigned int region, uint64_t offset, size_t size)
{
	void *at = try_map(session.device, region, offset, size, RW);

	ck_assert_ptr_ne(at, MAP_FAILED);
	return at;
}

static int set_register(int device, uint64_t reg, uint64_t value)
{
	return pwrite(device, &value, sizeof(value),
		      (off_t)(REGION(BARS_REGISTERS) + reg)) < 0 ?
		       -errno :
		       0;
}

/* An order to the device: 0 or the errno. */
static int order_on(int device, enum bars_order what, uint64_t arg,
		    uint64_t *value)
{
	int ret;

	ck_ok(set_register(device, BARS_ARG, arg));
	ck_ok(set_register(device, BARS_VALUE, *value));
	ret = set_register(device, BARS_ORDER, what);
	ck_assert_int_eq(pread(device, value, sizeof(*value),
			       (off_t)(REGION(BARS_REGISTERS) + BARS_VALUE)),
			 sizeof(*value));
	return ret;
}

static int order(enum bars_order what, uint64_t arg, uint64_t value)
{
	return order_on(session.device, what, arg, &value);
}

static uint64_t peek(unsigned int region, uint64_t offset)
{
	uint64_t value = 0;

	ck_ok(order_on(session.device, BARS_PEEK, REGION(region) + offset,
		       &value));
	return value;
}

static struct vfio_region_info *region_info(unsigned int index)
{
	static union {
		struct vfio_region_info info;
		uint8_t bytes[256];
	} u;

	memset(&u, 0, sizeof(u));
	u.info.argsz = sizeof(u);
	u.info.index = index;
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_REGION_INFO, &u));
	return &u.info;
}

START_TEST(info)
{
	const uint32_t rw = VFIO_REGION_INFO_FLAG_READ |
			    VFIO_REGION_INFO_FLAG_WRITE;
	uint32_t mapped = client_can_map() ? VFIO_REGION_INFO_FLAG_MMAP : 0;
	const struct vfio_region_info_cap_sparse_mmap *cap;
	struct vfio_region_info *region;

	ck_assert_uint_eq(region_info(BARS_WHOLE)->flags, rw | mapped);
	ck_assert_uint_eq(region_info(BARS_REGISTERS)->flags, rw);
	region = region_info(BARS_PARTS);
	if (!mapped) {
		ck_assert_uint_eq(region->flags, rw);
		return;
	}
	ck_assert_uint_eq(region->flags,
			  rw | mapped | VFIO_REGION_INFO_FLAG_CAPS);
	cap = (const void *)((char *)region + region->cap_offset);
	ck_assert_uint_eq(region->cap_offset, sizeof(*region));
	ck_assert_uint_eq(cap->header.id, VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	ck_assert_uint_eq(cap->header.version, 1);
	ck_assert_uint_eq(cap->header.next, 0);
	ck_assert_uint_eq(cap->nr_areas, 2);
	ck_assert_uint_eq(cap->areas[0].offset, BARS_PART_1);
	ck_assert_uint_eq(cap->areas[0].size, BARS_PART_1_SIZE);
	ck_assert_uint_eq(cap->areas[1].offset, BARS_PART_2);
	ck_assert_uint_eq(cap->areas[1].size, BARS_PART_2_SIZE);
}
END_TEST

/* What read and write get of a mappable region does not depend on mmap. */
START_TEST(read_and_write)
{
	uint64_t value = NUMBER;
	off_t parts = (off_t)REGION(BARS_PARTS);

	ck_assert_int_eq(pwrite(session.device, &value, 8, 8), 8);
	ck_assert_uint_eq(peek(BARS_WHOLE, 8), NUMBER);
	ck_ok(order(BARS_POKE, 16, 77));
	ck_assert_int_eq(pread(session.device, &value, 8, 16), 8);
	ck_assert_uint_eq(value, 77);
	for (uint16_t size = 1; size <= 4; size *= 2) {
		value = 0;
		ck_assert_int_eq(pread(session.device, &value, size, 8), size);
		ck_assert_uint_eq(value, NUMBER & ((1ULL << size * 8) - 1));
	}
	ck_assert_int_eq(pwrite(session.device, &value, 8, parts), 8);
	ck_assert_int_eq(pread(session.device, &value, 8, parts), 8);
	ck_assert_uint_eq(value, 0x0101010101010101UL * BARS_ANSWER);
	ck_assert_uint_eq(peek(BARS_PARTS, 0), 0);
}
END_TEST

START_TEST(none)
{
	ck_assert_ptr_eq(try_map(session.device, BARS_WHOLE, 0, PAGE, RW),
			 MAP_FAILED);
	ck_assert_int_eq(errno, ENODEV);
}
END_TEST

START_TEST(coherent)
{
	volatile uint64_t *mem = map(BARS_WHOLE, 0, BARS_WHOLE_SIZE);
	uint64_t value;

	mem[1] = NUMBER;
	ck_assert_uint_eq(peek(BARS_WHOLE, 8), NUMBER);
	ck_ok(order(BARS_POKE, 2 * PAGE, 42));
	ck_assert_uint_eq(mem[2 * PAGE / 8], 42);
	ck_assert_int_eq(pread(session.device, &value, 8, 8), 8);
	ck_assert_uint_eq(value, NUMBER);
	value = 43;
	ck_assert_int_eq(pwrite(session.device, &value, 8, 3 * PAGE), 8);
	ck_assert_uint_eq(mem[3 * PAGE / 8], 43);
	ck_ok(munmap((void *)mem, BARS_WHOLE_SIZE));
}
END_TEST

START_TEST(parts)
{
	volatile uint64_t *one = map(BARS_PARTS, BARS_PART_1, 2 * PAGE);
	volatile uint64_t *two = map(BARS_PARTS, BARS_PART_2, PAGE);

	one[PAGE / 8] = 1;
	two[511] = 2;
	ck_assert_uint_eq(peek(BARS_PARTS, BARS_PART_1 + PAGE), 1);
	ck_assert_uint_eq(peek(BARS_PARTS, BARS_PART_2 + PAGE - 8), 2);
	ck_assert_uint_eq(peek(BARS_WHOLE, PAGE), 0);
	ck_ok(munmap((void *)one, 2 * PAGE));
	ck_ok(munmap((void *)two, PAGE));
}
END_TEST

static sigjmp_buf landing;

static void on_signal(int sig)
{
	siglongjmp(landing, sig);
}

/* Nothing is behind what no device has; a mapping of it is Linux's EINVAL. */
START_TEST(beyond)
{
	volatile uint64_t *mem =
		try_map(session.device, BARS_REGISTERS + 1, 0, PAGE, RW);
	int sig;

	if (client_maps_by_ptrace()) {
		ck_assert_ptr_eq((void *)mem, MAP_FAILED);
		ck_assert_int_eq(errno, EINVAL);
		return;
	}
	ck_assert_ptr_ne((void *)mem, MAP_FAILED);
	signal(SIGBUS, on_signal);
	sig = sigsetjmp(landing, 1);
	if (!sig)
		*mem = 1;
	ck_assert_int_eq(sig, SIGBUS);
	ck_ok(munmap((void *)mem, PAGE));
}
END_TEST

START_TEST(errors)
{
	ck_assert_ptr_eq(try_map(session.device, BARS_WHOLE, 8, PAGE, RW),
			 MAP_FAILED);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_eq(try_map(session.device, BARS_WHOLE, 0, 0, RW),
			 MAP_FAILED);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_eq(try_map(session.group, 0, 0, PAGE, RW), MAP_FAILED);
	ck_assert_int_eq(errno, ENODEV);
	ck_assert_ptr_eq(try_map(session.container, 0, 0, PAGE, RW),
			 MAP_FAILED);
	ck_assert_int_eq(errno, ENODEV);
	/* Nobody changes the size of a device. */
	ck_assert_int_eq(ftruncate(session.device, 0), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

static int write_in_child(void *arg)
{
	*(volatile uint64_t *)arg = NUMBER;
	return 0;
}

START_TEST(forked)
{
	volatile uint64_t *mem = map(BARS_WHOLE, 0, PAGE);

	mem[0] = 0;
	ck_assert_int_eq(in_child(write_in_child, (void *)mem), 0);
	ck_assert_uint_eq(mem[0], NUMBER);
	ck_assert_uint_eq(peek(BARS_WHOLE, 0), NUMBER);
	ck_ok(munmap((void *)mem, PAGE));
}
END_TEST

static int map_in_child(void *arg)
{
	volatile uint64_t *mem =
		try_map(session.device, BARS_WHOLE, 0, PAGE, RW);

	if (mem == MAP_FAILED)
		return 1;
	mem[1] = *(uint64_t *)arg;
	return 0;
}

START_TEST(mapped_by_child)
{
	uint64_t value = NUMBER;

	ck_assert_int_eq(in_child(map_in_child, &value), 0);
	ck_assert_uint_eq(peek(BARS_WHOLE, 8), NUMBER);
}
END_TEST

/* Where the client wants it, and with no more rights than it wants. */
START_TEST(fixed)
{
	char *room =
		mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile uint64_t *mem = (uint64_t *)(room + PAGE);
	int sig;

	room[0] = room[2 * PAGE] = 1;
	ck_assert_ptr_eq(mmap(room + PAGE, PAGE, PROT_READ,
			      MAP_SHARED | MAP_FIXED, session.device,
			      (off_t)REGION(BARS_WHOLE)),
			 room + PAGE);
	ck_ok(order(BARS_POKE, 0, NUMBER));
	ck_assert_uint_eq(mem[0], NUMBER);
	ck_assert(room[0] == 1 && room[2 * PAGE] == 1);
	signal(SIGSEGV, on_signal);
	sig = sigsetjmp(landing, 1);
	if (!sig)
		mem[0] = 1;
	ck_assert_int_eq(sig, SIGSEGV);
	ck_ok(munmap(room, 3 * PAGE));
}
END_TEST

#define THREADS 8
#define ROUNDS 50

/* Each has a page and a number of its own. */
static void *map_and_store(void *arg)
{
	uint64_t number = (uintptr_t)arg, at = number % 4 * PAGE + 8 * number;

	for (int i = 0; i < ROUNDS; i++) {
		volatile uint64_t *mem = try_map(session.device, BARS_WHOLE,
						 number % 4 * PAGE, PAGE, RW);
		uint64_t value;

		if (mem == MAP_FAILED)
			return "mmap";
		mem[number] = number + i;
		if (pread(session.device, &value, 8, (off_t)at) != 8 ||
		    value != number + i || munmap((void *)mem, PAGE))
			return "value";
	}
	return NULL;
}

START_TEST(at_once)
{
	pthread_t threads[THREADS];
	void *bad;

	for (uintptr_t i = 0; i < THREADS; i++)
		ck_ok(-pthread_create(&threads[i], NULL, map_and_store,
				      (void *)i));
	for (int i = 0; i < THREADS; i++) {
		ck_ok(-pthread_join(threads[i], &bad));
		ck_assert_msg(!bad, "%s", (char *)bad);
	}
}
END_TEST

static int map_under_filter(void *arg)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 1, code };

	(void)arg;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return -1;
	return try_map(session.device, BARS_WHOLE, 0, PAGE, RW) == MAP_FAILED ?
		       errno :
		       0;
}

/* A filter that the client brought along may mean anything. */
START_TEST(own_filter)
{
	ck_assert_int_eq(in_child(map_under_filter, NULL),
			 client_maps_by_ptrace() ? EPERM : 0);
}
END_TEST

/* Another fd of the device has the same memory; another device has not. */
START_TEST(two_files)
{
	int again = vfio_get_device(session.group, DEV_BARS);
	struct vfio_session other =
		vfio_session_open(DEV_BARS_2, VFIO_TYPE1v2_IOMMU);
	volatile uint64_t *a = map(BARS_WHOLE, 0, PAGE);
	uint64_t *b, *c;

	b = try_map(again, BARS_WHOLE, 0, PAGE, RW);
	c = try_map(other.device, BARS_WHOLE, 0, PAGE, RW);
	ck_assert_ptr_ne(b, MAP_FAILED);
	ck_assert_ptr_ne(c, MAP_FAILED);
	c[5] = 0;
	a[5] = NUMBER;
	ck_assert_uint_eq(b[5], NUMBER);
	ck_assert_uint_eq(c[5], 0);
	ck_ok(munmap((void *)a, PAGE));
	ck_ok(munmap(b, PAGE));
	ck_ok(munmap(c, PAGE));
	close(again);
	vfio_session_close(&other);
}
END_TEST

/* Who keeps a mapping when the last fd is gone has it for himself. */
START_TEST(outlives_fd)
{
	volatile uint64_t *mem = map(BARS_WHOLE, 0, PAGE);

	mem[0] = NUMBER;
	vfio_session_close(&session);
	ck_assert_uint_eq(mem[0], NUMBER);
	mem[1] = 1;
	open_session();
	ck_assert_uint_eq(peek(BARS_WHOLE, 0), NUMBER);
	mem[0] = 0;
	ck_assert_uint_eq(peek(BARS_WHOLE, 0), NUMBER);
	ck_ok(order(BARS_POKE, 0, 5));
	ck_assert_uint_eq(mem[0], 0);
	ck_ok(munmap((void *)mem, PAGE));
	mem = map(BARS_WHOLE, 0, PAGE);
	ck_assert_uint_eq(mem[0], 5);
	ck_ok(munmap((void *)mem, PAGE));
}
END_TEST

START_TEST(reset)
{
	volatile uint64_t *mem = map(BARS_WHOLE, 0, PAGE);

	mem[0] = NUMBER;
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_RESET, NULL));
	ck_assert_uint_eq(mem[0], 0);
	mem[0] = 1;
	ck_assert_uint_eq(peek(BARS_WHOLE, 0), 1);
	ck_ok(munmap((void *)mem, PAGE));
}
END_TEST

static void map_and_die(void)
{
	volatile uint64_t *mem;

	open_session();
	mem = map(BARS_WHOLE, 0, PAGE);
	mem[0] = NUMBER;
	raise(SIGKILL);
}

START_TEST(dies)
{
	vfio_session_close(&session);
	for (int i = 0; i < 3; i++) {
		pid_t child = fork();

		if (!child)
			map_and_die();
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
		open_session();
		ck_assert_uint_eq(peek(BARS_WHOLE, 0), NUMBER);
		vfio_session_close(&session);
	}
	open_session();
}
END_TEST

/* Peer to peer: the memory of one device as memory for another. */
START_TEST(peer)
{
	struct vfio_session other =
		vfio_session_open(DEV_BARS_2, VFIO_TYPE1v2_IOMMU);
	uint64_t *mem = map(BARS_WHOLE, 0, 2 * PAGE), value = NUMBER;

	ck_ok(vfio_map(other.container, IOVA, mem, 2 * PAGE));
	ck_ok(order_on(other.device, BARS_DMA_WRITE, IOVA + 8, &value));
	ck_assert_uint_eq(mem[1], NUMBER);
	ck_assert_uint_eq(peek(BARS_WHOLE, 8), NUMBER);
	ck_ok(order(BARS_POKE, PAGE, 9));
	ck_ok(order_on(other.device, BARS_DMA_READ, IOVA + PAGE, &value));
	ck_assert_uint_eq(value, 9);
	ck_ok(order_on(other.device, BARS_PIN, IOVA + PAGE, &value));
	value = 10;
	ck_ok(order_on(other.device, BARS_PAGE_WRITE, 0, &value));
	ck_assert_uint_eq(peek(BARS_WHOLE, PAGE), 10);
	ck_ok(order_on(other.device, BARS_UNPIN, 0, &value));
	vfio_session_close(&other);
	ck_ok(munmap(mem, 2 * PAGE));
}
END_TEST

/* The other device, which uses the memory of the first one. */
static struct vfio_session user;
static uint64_t *lent;

static void lend(void)
{
	uint64_t value = 0;

	user = vfio_session_open(DEV_BARS_2, VFIO_TYPE1v2_IOMMU);
	lent = map(BARS_WHOLE, 0, 2 * PAGE);
	ck_ok(vfio_map(user.container, IOVA, lent, 2 * PAGE));
	ck_ok(order_on(user.device, BARS_PIN, IOVA + PAGE, &value));
	ck_ok(order_on(user.device, BARS_DMA_WRITE, IOVA, &value));
	ck_ok(order_on(user.device, BARS_PAGE_WRITE, 0, &value));
}

/* Neither by address nor by a page that was pinned before, nor anew. */
static void assert_cut_off(void)
{
	uint64_t value = NUMBER;

	ck_assert_int_eq(order_on(user.device, BARS_DMA_READ, IOVA, &value),
			 -EFAULT);
	ck_assert_int_eq(order_on(user.device, BARS_DMA_WRITE, IOVA, &value),
			 -EFAULT);
	ck_assert_int_eq(order_on(user.device, BARS_PAGE_READ, 0, &value),
			 -EFAULT);
	ck_assert_int_eq(order_on(user.device, BARS_PAGE_WRITE, 0, &value),
			 -EFAULT);
	ck_ok(order_on(user.device, BARS_UNPIN, 0, &value));
	ck_assert_int_eq(order_on(user.device, BARS_PIN, IOVA, &value),
			 -EFAULT);
	ck_assert_uint_eq(lent[0], 0);
	ck_assert_uint_eq(lent[PAGE / 8], 0);
}

static void take_back(void)
{
	ck_assert_int_eq(vfio_unmap(user.container, IOVA, 2 * PAGE, 0),
			 2 * PAGE);
	vfio_session_close(&user);
	ck_ok(munmap(lent, 2 * PAGE));
}

START_TEST(peer_released)
{
	lend();
	vfio_session_close(&session);
	assert_cut_off();
	/* It is closed; what is mapped still is of nobody now. */
	ck_assert_int_eq(vfio_unmap(user.container, IOVA, 2 * PAGE, 0),
			 2 * PAGE);
	ck_ok(vfio_map(user.container, IOVA, lent, 2 * PAGE));
	ck_assert_int_eq(order_on(user.device, BARS_DMA_READ, IOVA,
				  &(uint64_t){ 0 }),
			 -EFAULT);
	open_session();
	ck_assert_int_eq(order_on(user.device, BARS_DMA_READ, IOVA,
				  &(uint64_t){ 0 }),
			 -EFAULT);
	take_back();
}
END_TEST

START_TEST(peer_reset)
{
	uint64_t value;

	lend();
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_RESET, NULL));
	assert_cut_off();
	/* It can be lent again. */
	ck_assert_int_eq(vfio_unmap(user.container, IOVA, 2 * PAGE, 0),
			 2 * PAGE);
	ck_ok(vfio_map(user.container, IOVA, lent, 2 * PAGE));
	value = NUMBER;
	ck_ok(order_on(user.device, BARS_DMA_WRITE, IOVA, &value));
	ck_assert_uint_eq(peek(BARS_WHOLE, 0), NUMBER);
	take_back();
}
END_TEST

/* The other way round: the lender does not care who used it. */
START_TEST(peer_user_goes)
{
	lend();
	vfio_session_close(&user);
	ck_ok(order(BARS_POKE, 0, NUMBER));
	ck_assert_uint_eq(lent[0], NUMBER);
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_RESET, NULL));
	ck_ok(munmap(lent, 2 * PAGE));
	ck_ok(vfio_device_is_free(DEV_BARS_2));
}
END_TEST

Suite *mmap_suite(void)
{
	Suite *suite = suite_create("mmap");
	TCase *tc = client_case(suite, "mmap");

	tcase_add_checked_fixture(tc, open_session, close_session);
	tcase_add_test(tc, info);
	tcase_add_test(tc, read_and_write);
	tcase_add_test(tc, errors);
	if (!client_can_map()) {
		tcase_add_test(tc, none);
		return suite;
	}
	tcase_add_test(tc, coherent);
	tcase_add_test(tc, parts);
	tcase_add_test(tc, beyond);
	tcase_add_test(tc, forked);
	tcase_add_test(tc, mapped_by_child);
	tcase_add_test(tc, fixed);
	tcase_add_test(tc, at_once);
	tcase_add_test(tc, own_filter);
	tcase_add_test(tc, two_files);
	tcase_add_test(tc, outlives_fd);
	tcase_add_test(tc, reset);
	tcase_add_test(tc, dies);
	tcase_add_test(tc, peer);
	tcase_add_test(tc, peer_released);
	tcase_add_test(tc, peer_reset);
	tcase_add_test(tc, peer_user_goes);
	return suite;
}
