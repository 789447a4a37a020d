// SPDX-License-Identifier: BSD-3-Clause
/* ccw: channel programs of a client, and what happens to its memory. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio_ccw.h>

#include "../../mdevs/ccw/channel.h"
#include "s390.h"

#define POS(index) ((off_t)(index) << 10)
#define ASYNC 1
#define SCHIB 2
#define CRW 3

/* Three mappings: programs and orders; data; what no program uses. */
#define PAGES 16UL
#define PROGRAM 0x10000UL
#define ORDERS 0x11000UL
#define IDAL 0x12000UL
#define DATA 0x100000UL
#define OTHER 0x200000UL

/* The ORB's flags. */
#define FORMAT1 0x80
#define IDAW64 0x02

#define CC CCW_FLAG_CC
#define DC CCW_FLAG_DC
#define IDA CCW_FLAG_IDA
#define BLOCK 512

enum {
	NOP = CCW_CMD_NOP,
	TIC = CCW_CMD_TIC,
	SENSE_ID = CCW_CMD_SENSE_ID,
	WRITE = 0x41,
	READ = 0x42,
	LOCATE = 0x43,
	DEFINE_EXTENT = 0x63,
};

static struct vfio_session session;
static uint8_t *memory; /* of the three, one behind the other */
static int io_irq;
static uint64_t next; /* where the next CCW goes */

static uint8_t *mem(uint64_t iova)
{
	if (iova >= OTHER)
		return memory + 2 * PAGES * PAGE + (iova - OTHER);
	if (iova >= DATA)
		return memory + PAGES * PAGE + (iova - DATA);
	return memory + (iova - PROGRAM);
}

static void open_session(void)
{
	session = vfio_session_open(S390_CCW, VFIO_TYPE1v2_IOMMU);
	ck_ok(vfio_map(session.container, PROGRAM, mem(PROGRAM), PAGES * PAGE));
	ck_ok(vfio_map(session.container, DATA, mem(DATA), PAGES * PAGE));
	ck_ok(vfio_map(session.container, OTHER, mem(OTHER), PAGES * PAGE));
	ck_ok(vfio_set_trigger(session.device, VFIO_CCW_IO_IRQ_INDEX, 0,
			       io_irq));
}

static void setup(void)
{
	memory = mmap(NULL, 3 * PAGES * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	io_irq = ck_fd(eventfd(0, EFD_CLOEXEC));
	open_session();
	next = PROGRAM;
}

static void teardown(void)
{
	vfio_session_close(&session);
	close(io_irq);
	munmap(memory, 3 * PAGES * PAGE);
}

static void ccw(uint8_t cmd, uint8_t flags, uint16_t count, uint64_t cda)
{
	put_be32(mem(next),
		 (uint32_t)cmd << 24 | (uint32_t)flags << 16 | count);
	put_be32(mem(next + 4), (uint32_t)cda);
	next += CCW_SIZE;
}

/* READ or WRITE is to be of @nr blocks from @block on. */
static void locate(uint8_t command, uint32_t block, uint16_t nr)
{
	uint8_t *orders = mem(ORDERS);

	memset(orders, 0, 24);
	put_be16(orders + 2, BLOCK);
	put_be32(orders + 12, 127);
	orders[16] = command == READ ? 6 : 5;
	put_be16(orders + 18, nr);
	put_be32(orders + 20, block);
	ccw(DEFINE_EXTENT, CC, 16, ORDERS);
	ccw(LOCATE, CC, 8, ORDERS + 16);
}

/* EAGAIN is no answer: somebody was at the regions just then. */
static int write_region(unsigned int index, const void *buf, size_t size)
{
	ssize_t ret;

	do {
		ret = pwrite(session.device, buf, size, POS(index));
	} while (ret < 0 && errno == EAGAIN);
	return ret < 0 ? -errno : ret == (ssize_t)size ? 0 : -EIO;
}

static int start_again(uint8_t orb_flags)
{
	struct ccw_io_region io = { .orb_area = { 0 } };

	io.orb_area[5] = orb_flags;
	put_be32(io.orb_area + 8, PROGRAM);
	io.scsw_area[2] = SCSW_FCTL_START << 4;
	return write_region(0, &io, sizeof(io));
}

/* The program that has been put there; then begin the next one. */
static int start(uint8_t orb_flags)
{
	next = PROGRAM;
	return start_again(orb_flags);
}

static int async_command(uint32_t command)
{
	struct ccw_cmd_region cmd = { .command = command };

	return write_region(ASYNC, &cmd, sizeof(cmd));
}

static void read_region(unsigned int index, void *buf, size_t size)
{
	ck_assert_int_eq(pread(session.device, buf, size, POS(index)),
			 (ssize_t)size);
}

/* The functions of the last status: START, HALT, CLEAR. */
static uint8_t last_fctl(void)
{
	struct ccw_io_region io;

	read_region(0, &io, sizeof(io));
	return scsw_fctl(io.irb_area);
}

static void run(uint8_t orb_flags)
{
	struct ccw_io_region io;

	ck_ok(start(orb_flags));
	ck_assert(event_arrives(io_irq));
	read_region(0, &io, sizeof(io));
	ck_assert_uint_eq(scsw_fctl(io.irb_area), SCSW_FCTL_START);
	ck_assert_uint_eq(io.irb_area[8], DSTAT_CHANNEL_END | DSTAT_DEVICE_END);
	ck_assert_uint_eq(io.irb_area[9], 0);
}

static void assert_idle_works(void)
{
	ccw(NOP, 0, 0, 0);
	run(FORMAT1);
}

/* One that goes round, writing to DATA, until somebody stops it. */
static void start_endless(void)
{
	ccw(SENSE_ID, CC, 7, DATA);
	ccw(TIC, 0, 0, PROGRAM);
	ck_ok(start(FORMAT1));
	/* It runs: what it writes comes. */
	while (!*(volatile uint8_t *)mem(DATA))
		;
}

/* From here on it does not write: what does, has begun and ended before. */
static void assert_writes_no_more(void)
{
	memset(mem(DATA), 0, 7);
	assert_idle_works();
	ck_assert_uint_eq(*mem(DATA), 0);
}

static bool is_running(void)
{
	uint8_t schib[SCHIB_AREA_SIZE];

	read_region(SCHIB, schib, sizeof(schib));
	return get_be16(schib + 30) >> 5 & SCSW_ACTL_SCHACT;
}

static void fill(uint64_t iova, size_t n, unsigned int seed)
{
	for (size_t i = 0; i < n; i++)
		mem(iova)[i] = (uint8_t)((i * 31 + seed) % 253);
}

static void assert_filled(uint64_t iova, size_t from, size_t n,
			  unsigned int seed)
{
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(mem(iova)[i], ((from + i) * 31 + seed) % 253);
}

START_TEST(device_info)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };

	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_INFO, &info));
	ck_assert_uint_eq(info.flags, 0x11);
	ck_assert_uint_eq(info.num_regions, 4);
	ck_assert_uint_eq(info.num_irqs, 3);
	for (irq.index = 0; irq.index < 3; irq.index++) {
		ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_IRQ_INFO,
				 &irq));
		ck_assert_uint_eq(irq.flags, VFIO_IRQ_INFO_EVENTFD);
		ck_assert_uint_eq(irq.count, 1);
	}
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_GET_IRQ_INFO,
				    &irq),
			 -EINVAL);
}
END_TEST

/* _i: the region. */
START_TEST(region_info)
{
	static const uint64_t sizes[] = { 124, 8, 52, 8 };
	struct {
		struct vfio_region_info info;
		struct vfio_region_info_cap_type cap;
	} area = { .info = { .argsz = sizeof(area), .index = (uint32_t)_i } };
	uint8_t bytes[124];

	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_GET_REGION_INFO, &area));
	ck_assert_uint_eq(area.info.size, sizes[_i]);
	ck_assert_uint_eq(area.info.offset, POS(_i));
	ck_assert_uint_eq(area.info.flags & 3, _i < 2 ? 3 : 1);
	read_region((unsigned int)_i, bytes, sizes[_i]);
	ck_assert_int_eq(pread(session.device, bytes, sizes[_i], POS(_i) + 1),
			 -1);
	ck_assert_int_eq(errno, EINVAL);
	if (!_i)
		return;
	ck_assert(area.info.flags & VFIO_REGION_INFO_FLAG_CAPS);
	ck_assert_uint_eq(area.info.cap_offset, 32);
	ck_assert_uint_eq(area.cap.header.id, VFIO_REGION_INFO_CAP_TYPE);
	ck_assert_uint_eq(area.cap.type, VFIO_REGION_TYPE_CCW);
	ck_assert_uint_eq(area.cap.subtype, _i);
}
END_TEST

START_TEST(write_and_read)
{
	fill(DATA + 0x123, 8 * BLOCK, 1);
	locate(WRITE, 3, 8);
	ccw(WRITE, DC, 1000, DATA + 0x123);
	ccw(WRITE, 0, 8 * BLOCK - 1000, DATA + 0x123 + 1000);
	run(FORMAT1);
	locate(READ, 4, 5);
	ccw(READ, DC, 5 * BLOCK - 7, DATA + 0x5000);
	ccw(READ, CC, 7, DATA + 0x8000);
	ccw(SENSE_ID, 0, 7, DATA + 0x9000);
	run(FORMAT1 | IDAW64);
	assert_filled(DATA + 0x5000, BLOCK, 5 * BLOCK - 7, 1);
	assert_filled(DATA + 0x8000, 6 * BLOCK - 7, 7, 1);
	ck_assert_uint_eq(mem(DATA + 0x9000)[1], 0x63);
}
END_TEST

/* _i: with words of 4 bytes for 2 KiB, or of 8 bytes for 4 KiB. */
START_TEST(idal)
{
	unsigned int block = _i ? 4096 : 2048;
	size_t size = 4 * BLOCK;

	for (unsigned int i = 0; i < 2; i++) {
		uint64_t area = DATA + (i ? 0xa000 : block - 100);

		if (_i) {
			put_be32(mem(IDAL + 8 * i), 0);
			put_be32(mem(IDAL + 8 * i + 4), (uint32_t)area);
		} else {
			put_be32(mem(IDAL + 4 * i), (uint32_t)area);
		}
	}
	fill(DATA + block - 100, 100, 2);
	for (size_t i = 0; i < size - 100; i++)
		mem(DATA + 0xa000)[i] = (uint8_t)(((i + 100) * 31 + 2) % 253);
	locate(WRITE, 60, 4);
	ccw(WRITE, IDA, (uint16_t)size, IDAL);
	run(_i ? FORMAT1 | IDAW64 : FORMAT1);
	memset(mem(DATA), 0, PAGES * PAGE);
	locate(READ, 60, 4);
	ccw(READ, CC, (uint16_t)size, DATA + 0x3000);
	ccw(TIC, 0, 0, IDAL + 0x100);
	next = IDAL + 0x100;
	ccw(NOP, 0, 0, 0);
	run(FORMAT1);
	assert_filled(DATA + 0x3000, 0, size, 2);
}
END_TEST

START_TEST(bad_memory)
{
	ccw(SENSE_ID, 0, 7, 0x900000);
	ck_assert_int_eq(start(FORMAT1), -EINVAL);
	ccw(TIC, 0, 0, 0x900000);
	ck_assert_int_eq(start(FORMAT1), -EINVAL);
	/* Behind this CCW 2 KiB would have to be there. */
	ccw(TIC, 0, 0, PROGRAM + PAGES * PAGE - 8);
	ck_assert_int_eq(start(FORMAT1), -EINVAL);
	assert_idle_works();
}
END_TEST

START_TEST(unmap_running)
{
	start_endless();
	ck_assert_int_eq(start(FORMAT1), -EBUSY);
	next = PROGRAM;
	ck_assert_int_eq(vfio_unmap(session.container, DATA, PAGES * PAGE, 0),
			 PAGES * PAGE);
	ck_assert(event_arrives(io_irq));
	ck_assert_uint_eq(last_fctl(), SCSW_FCTL_START | SCSW_FCTL_HALT);
	ck_assert(!is_running());
	assert_writes_no_more();
	ccw(SENSE_ID, 0, 7, DATA);
	ck_assert_int_eq(start(FORMAT1), -EINVAL);
}
END_TEST

/*
 * What another device has pinned: this one is asked as well, and goes on. The
 * other one loses its page.
 */
START_TEST(unmap_other)
{
	int group = ck_fd(vfio_open_group(S390_AP)), ap;

	ck_ok(vfio_set_container(group, session.container));
	ap = ck_fd(vfio_get_device(group, S390_AP));
	ck_ok(s390_store(S390_AP, "ap_config", "0x3,0x0c,0x0"));
	ck_ok(s390_store(S390_AP, "vfiod/aqic", "02.0004 0x200010 0"));
	start_endless();
	ck_assert_int_eq(vfio_unmap(session.container, OTHER, PAGES * PAGE, 0),
			 PAGES * PAGE);
	ck_assert_str_eq(s390_show(S390_AP, "vfiod/aqic"), "");
	ck_assert(is_running());
	ck_assert_uint_eq(event_count(io_irq), 0);
	memset(mem(DATA), 0, 7);
	while (!*(volatile uint8_t *)mem(DATA))
		;
	close(ap);
	close(group);
}
END_TEST

/* _i: 0 halt, 1 clear. */
START_TEST(stop)
{
	start_endless();
	ck_assert(is_running());
	ck_ok(async_command(_i ? VFIO_CCW_ASYNC_CMD_CSCH :
				 VFIO_CCW_ASYNC_CMD_HSCH));
	ck_assert(event_arrives(io_irq));
	ck_assert_uint_eq(last_fctl(), _i ? SCSW_FCTL_CLEAR :
					    SCSW_FCTL_START | SCSW_FCTL_HALT);
	assert_writes_no_more();
	ck_assert_int_eq(async_command(7), -EINVAL);
}
END_TEST

START_TEST(reset)
{
	start_endless();
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_RESET, NULL));
	ck_assert(event_arrives(io_irq));
	assert_writes_no_more();
}
END_TEST

START_TEST(close_running)
{
	start_endless();
	vfio_session_close(&session);
	open_session();
	ck_assert_uint_eq(last_fctl(), 0);
	assert_writes_no_more();
}
END_TEST

static int die_running(void *arg)
{
	(void)arg;
	/* The program may notice that its memory goes before it is stopped,
	 * and end with an interrupt, which is not for the parent. */
	io_irq = ck_fd(eventfd(0, EFD_CLOEXEC));
	open_session();
	start_endless();
	return 0;
}

START_TEST(exit_running)
{
	vfio_session_close(&session);
	ck_assert_int_eq(in_child(die_running, NULL), 0);
	ck_ok(vfio_device_is_free(S390_CCW));
	open_session();
	assert_idle_works();
}
END_TEST

/* Starts programs that write to DATA, until told to stop; what did not run
 * did not because of the memory, or because one runs. */
static void *start_many(void *arg)
{
	volatile bool *stop_it = arg;
	int ret;

	while (!*stop_it) {
		ret = start_again(FORMAT1);
		ck_assert_msg(!ret || ret == -EINVAL || ret == -EBUSY,
			      "START: %s", strerror(-ret));
	}
	return NULL;
}

/* Once an unmap has returned the device writes there no more. */
static void unmap_and_look(void)
{
	ck_assert_int_eq(vfio_unmap(session.container, DATA, PAGES * PAGE, 0),
			 PAGES * PAGE);
	memset(mem(DATA), 0, 7);
	ck_assert_int_eq(start_again(FORMAT1), -EINVAL);
	ck_assert_uint_eq(*mem(DATA), 0);
	ck_ok(vfio_map(session.container, DATA, mem(DATA), PAGES * PAGE));
}

START_TEST(unmap_race)
{
	volatile bool stop_it = false;
	pthread_t thread;

	ccw(SENSE_ID, CC, 7, DATA);
	ccw(TIC, 0, 0, PROGRAM);
	ck_ok(pthread_create(&thread, NULL, start_many, (void *)&stop_it));
	for (int i = 0; i < 200; i++)
		unmap_and_look();
	stop_it = true;
	ck_ok(pthread_join(thread, NULL));
}
END_TEST

static uint32_t take_report(void)
{
	struct ccw_crw_region crw;

	read_region(CRW, &crw, sizeof(crw));
	return crw.crw;
}

START_TEST(reports)
{
	int fd = ck_fd(eventfd(0, EFD_CLOEXEC));

	ck_ok(vfio_set_trigger(session.device, VFIO_CCW_CRW_IRQ_INDEX, 0, fd));
	start_endless();
	ck_ok(s390_store(S390_CCW, "vfiod/path", "0\n"));
	ck_assert(event_arrives(fd));
	ck_assert(event_arrives(io_irq));
	ck_assert_uint_eq(take_report(), 0x04060010);
	ccw(NOP, 0, 0, 0);
	ck_assert_int_eq(start(FORMAT1), -ENODEV);
	ck_ok(s390_store(S390_CCW, "vfiod/path", "1\n"));
	ck_assert(event_arrives(fd));
	ck_assert_uint_eq(take_report(), 0x04020010);
	ck_assert_uint_eq(take_report(), 0);
	ck_assert_int_eq(s390_store(S390_CCW, "vfiod/path", "x"), -EINVAL);
	assert_writes_no_more();
	close(fd);
}
END_TEST

Suite *ccw_suite(void)
{
	Suite *suite = suite_create("ccw");
	TCase *tc = client_case(suite, "ccw");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, device_info);
	tcase_add_loop_test(tc, region_info, 0, 4);
	tcase_add_test(tc, write_and_read);
	tcase_add_loop_test(tc, idal, 0, 2);
	tcase_add_test(tc, bad_memory);
	tcase_add_test(tc, unmap_running);
	tcase_add_test(tc, unmap_other);
	tcase_add_test(tc, unmap_race);
	tcase_add_loop_test(tc, stop, 0, 2);
	tcase_add_test(tc, reset);
	tcase_add_test(tc, close_running);
	tcase_add_test(tc, exit_running);
	tcase_add_test(tc, reports);
	return suite;
}
