// SPDX-License-Identifier: BSD-3-Clause
/* read(2), write(2) and their relations on mtty's config space and UARTs. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "client.h"

#define CONFIG REGION(7)
#define RBR 0
#define THR 0
#define IER 1
#define FCR 2
#define LSR 5
#define SCR 7

static struct vfio_session session;

static void open_session(void)
{
	session = vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
}

static void close_session(void)
{
	vfio_session_close(&session);
}

static uint32_t config_read(uint64_t offset, size_t size)
{
	uint32_t value = 0;

	ck_assert_int_eq(pread(session.device, &value, size, CONFIG + offset),
			 size);
	return value;
}

static void config_write(uint64_t offset, uint32_t value)
{
	ck_assert_int_eq(pwrite(session.device, &value, 4, CONFIG + offset), 4);
}

static uint8_t uart_read(unsigned int port, uint64_t reg)
{
	uint8_t value = 0;

	ck_assert_int_eq(pread(session.device, &value, 1, REGION(port) + reg),
			 1);
	return value;
}

static void uart_write(unsigned int port, uint64_t reg, uint8_t value)
{
	ck_assert_int_eq(pwrite(session.device, &value, 1, REGION(port) + reg),
			 1);
}

START_TEST(config_ids)
{
	ck_assert_uint_eq(config_read(0, 4), 0x32534348);
	ck_assert_uint_eq(config_read(0, 2), 0x4348);
	ck_assert_uint_eq(config_read(2, 2), 0x3253);
	ck_assert_uint_eq(config_read(8, 4), 0x07000210);
	ck_assert_uint_eq(config_read(9, 1), 0x02);
	ck_assert_uint_eq(config_read(0x2c, 4), 0x32534348);
	ck_assert_uint_eq(config_read(0x3d, 1), 1);
}
END_TEST

START_TEST(config_in_one_read)
{
	uint8_t whole[64], bytes[64];

	ck_assert_int_eq(pread(session.device, whole, 64, CONFIG), 64);
	for (size_t i = 0; i < 64; i++)
		ck_assert_int_eq(
			pread(session.device, bytes + i, 1, CONFIG + i), 1);
	ck_assert_mem_eq(whole, bytes, 64);
	ck_assert_int_eq(pread(session.device, bytes, 61, CONFIG + 3), 61);
	ck_assert_mem_eq(whole + 3, bytes, 61);
}
END_TEST

START_TEST(config_bars)
{
	for (uint64_t bar = 0x10; bar <= 0x24; bar += 4) {
		config_write(bar, 0xffffffff);
		ck_assert_uint_eq(config_read(bar, 4),
				  bar <= 0x14 ? 0xfffffff9 : 0);
	}
	config_write(0x10, 0xc000);
	ck_assert_uint_eq(config_read(0x10, 4), 0xc001);
	config_write(0x00, 0);
	ck_assert_uint_eq(config_read(0, 4), 0x32534348);
}
END_TEST

/* 15: mtty takes a full FIFO for an empty one. */
START_TEST(uart_loops_back)
{
	for (unsigned int port = 0; port < 2; port++) {
		uart_write(port, FCR, 0x07);
		ck_assert_uint_eq(uart_read(port, LSR) & 0x61, 0x60);
		for (uint8_t c = 'a'; c < 'a' + 15; c++)
			uart_write(port, THR, c);
		ck_assert_uint_eq(uart_read(port, LSR), 0x01);
		for (uint8_t c = 'a'; c < 'a' + 15; c++)
			ck_assert_uint_eq(uart_read(port, RBR), c);
		ck_assert_uint_eq(uart_read(port, LSR), 0x60);
	}
}
END_TEST

START_TEST(uart_overruns)
{
	uart_write(0, FCR, 0x07);
	for (int i = 0; i < 16; i++)
		uart_write(0, THR, 'x');
	ck_assert_uint_eq(uart_read(0, LSR) & 0x02, 0);
	uart_write(0, THR, 'y');
	ck_assert_uint_eq(uart_read(0, LSR) & 0x02, 0x02);
	uart_write(0, FCR, 0x07);
	uart_write(0, THR, 'z');
	ck_assert_uint_eq(uart_read(0, LSR), 0x01);
	ck_assert_uint_eq(uart_read(0, RBR), 'z');
}
END_TEST

/* Without an offset the file's position is the place, and moves. */
START_TEST(position_moves)
{
	uint8_t byte = 0x3c;

	uart_write(0, IER, 0);
	uart_write(0, SCR, 0);
	for (int i = 0; i < 7; i++)
		ck_assert_int_eq(read(session.device, &(uint8_t){ 0 }, 1), 1);
	ck_assert_int_eq(write(session.device, &byte, 1), 1);
	ck_assert_uint_eq(uart_read(0, SCR), 0x3c);
}
END_TEST

START_TEST(nothing_to_do)
{
	char c;

	ck_assert_int_eq(pread(session.device, &c, 0, CONFIG), 0);
	ck_assert_int_eq(pwrite(session.device, &c, 0, CONFIG), 0);
	ck_assert_int_eq(pread(session.device, &c, 0, REGION(20)), 0);
}
END_TEST

START_TEST(no_such_region)
{
	char c = 0;

	for (unsigned int region = 9; region < 300; region += 97) {
		ck_assert(pread(session.device, &c, 1, REGION(region)) < 0);
		ck_assert_int_eq(errno, EFAULT);
		ck_assert(pwrite(session.device, &c, 1, REGION(region)) < 0);
		ck_assert_int_eq(errno, EFAULT);
	}
	ck_assert(pread(session.device, &c, 1, -1) < 0 && errno == EINVAL);
}
END_TEST

START_TEST(into_bad_memory)
{
	char *page = page_before_hole();

	ck_assert(pread(session.device, page + PAGE, 4, CONFIG) < 0);
	ck_assert_int_eq(errno, EFAULT);
	ck_assert(pwrite(session.device, page + PAGE, 4, CONFIG) < 0);
	ck_assert_int_eq(errno, EFAULT);
	ck_ok(mprotect(page, PAGE, PROT_READ));
	ck_assert(pread(session.device, page, 4, CONFIG) < 0);
	ck_assert_int_eq(errno, EFAULT);
}
END_TEST

START_TEST(vectored)
{
	uint16_t ids[2] = { 0 };
	struct iovec iov[2] = { { &ids[0], 2 }, { &ids[1], 2 } };

	ck_assert_int_eq(preadv(session.device, iov, 2, CONFIG), 4);
	ck_assert_uint_eq(ids[0], 0x4348);
	ck_assert_uint_eq(ids[1], 0x3253);
}
END_TEST

START_TEST(no_mmap)
{
	for (unsigned int region = 0; region < 9; region++)
		ck_assert_ptr_eq(mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
				      session.device, (off_t)REGION(region)),
				 MAP_FAILED);
}
END_TEST

Suite *rw_suite(void)
{
	Suite *suite = suite_create("rw");
	TCase *tc = client_case(suite, "rw");

	tcase_add_checked_fixture(tc, open_session, close_session);
	tcase_add_test(tc, config_ids);
	tcase_add_test(tc, config_in_one_read);
	tcase_add_test(tc, config_bars);
	tcase_add_test(tc, uart_loops_back);
	tcase_add_test(tc, uart_overruns);
	tcase_add_test(tc, position_moves);
	tcase_add_test(tc, nothing_to_do);
	tcase_add_test(tc, no_such_region);
	tcase_add_test(tc, into_bad_memory);
	tcase_add_test(tc, vectored);
	tcase_add_test(tc, no_mmap);
	return suite;
}
