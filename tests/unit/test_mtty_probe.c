// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a guest's serial driver does to find out which UART it has, and what
 * it has to be told for "is a 16550A": the accesses that Linux makes at a
 * port of a PCI card, and which answers it takes for what.
 */
#include <check.h>

#include <linux/serial_reg.h>

#include "../../mdevs/mtty/uart.h"
#include "suites.h"

#define IER_ALL (UART_IER_RDI | UART_IER_THRI | UART_IER_RLSI | UART_IER_MSI)
#define IER_UUE 0x40
#define IIR_TYPE 0xc0 /* 16550A: both bits */
#define IIR_64BYTE 0xe0
#define EFR UART_FCR /* behind it, on chips that have one */
#define EXCR1 0x02

static struct mtty_uart uart;

static void setup(void)
{
	mtty_uart_init(&uart);
}

static uint8_t in(unsigned int reg)
{
	uint8_t value;

	mtty_uart_read(&uart, reg, &value);
	return value;
}

static void out(unsigned int reg, uint8_t value)
{
	mtty_uart_write(&uart, reg, value);
}

/* Is something there? */
START_TEST(interrupt_enable_register)
{
	uint8_t saved = in(UART_IER);

	out(UART_IER, 0);
	ck_assert_uint_eq(in(UART_IER)&IER_ALL, 0);
	out(UART_IER, IER_ALL);
	ck_assert_uint_eq(in(UART_IER)&IER_ALL, IER_ALL);
	out(UART_IER, saved);
}
END_TEST

/*
 * The modem lines do not follow MCR in loop mode. Linux asks for DCD and CTS
 * only there, at ISA ports; at those of a PCI card it leaves the test out.
 */
START_TEST(loop_mode_does_not_reach_msr)
{
	out(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT2 | UART_MCR_RTS);
	ck_assert_uint_eq(in(UART_MSR)&0xf0,
			  UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS);
	out(UART_MCR, 0);
	ck_assert_uint_eq(in(UART_MSR)&0xf0,
			  UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS);
}
END_TEST

START_TEST(fifo_bits)
{
	out(UART_LCR, UART_LCR_CONF_MODE_B);
	out(EFR, 0);
	out(UART_LCR, 0);
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	ck_assert_uint_eq(in(UART_IIR)&IIR_TYPE, IIR_TYPE);
}
END_TEST

/* _i: the LCR value behind which a 16650 would show its EFR, as 0. */
START_TEST(no_efr)
{
	out(UART_LCR, (uint8_t)_i);
	ck_assert_uint_ne(in(EFR), 0);
	out(UART_LCR, 0);
}
END_TEST

START_TEST(no_second_bank)
{
	uint8_t mcr;

	out(UART_LCR, 0);
	mcr = in(UART_MCR);
	out(UART_LCR, 0xe0);
	ck_assert_uint_eq((in(EXCR1) ^ mcr) & UART_MCR_LOOP, 0);
	out(UART_LCR, 0);
	out(UART_MCR, mcr ^ UART_MCR_LOOP);
	out(UART_LCR, 0xe0);
	ck_assert_uint_eq((in(EXCR1) ^ mcr) & UART_MCR_LOOP, 0);
	out(UART_LCR, 0);
	out(UART_MCR, mcr);
}
END_TEST

/* _i: LCR. */
START_TEST(no_64_byte_fifo)
{
	out(UART_LCR, (uint8_t)_i);
	out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR7_64BYTE);
	ck_assert_uint_eq(in(UART_IIR)&IIR_64BYTE, 0xc0);
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
}
END_TEST

START_TEST(no_xscale)
{
	uint8_t saved = in(UART_IER);

	out(UART_IER, saved & (uint8_t)~IER_UUE);
	ck_assert_uint_eq(in(UART_IER)&IER_UUE, 0);
	out(UART_IER, saved | IER_UUE);
	ck_assert_uint_eq(in(UART_IER)&IER_UUE, 0);
	out(UART_IER, saved);
}
END_TEST

/* The bytes that come back of 256: 64 would be another chip. */
START_TEST(fifo_size)
{
	int count = 0;

	out(UART_LCR, 0);
	out(UART_FCR,
	    UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR | UART_FCR_CLEAR_XMIT);
	out(UART_MCR, UART_MCR_LOOP);
	out(UART_LCR, UART_LCR_CONF_MODE_A);
	out(UART_DLL, 1);
	out(UART_DLM, 0);
	out(UART_LCR, UART_LCR_WLEN8);
	for (int i = 0; i < 256; i++)
		out(UART_TX, (uint8_t)i);
	while (count < 256 && (in(UART_LSR)&UART_LSR_DR)) {
		in(UART_RX);
		count++;
	}
	/* Full, it looks empty. */
	ck_assert_int_eq(count, 0);
}
END_TEST

/* What the driver does when the port is opened; _i: with the FIFO or not. */
START_TEST(startup)
{
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	out(UART_FCR,
	    UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR | UART_FCR_CLEAR_XMIT);
	out(UART_FCR, _i ? UART_FCR_ENABLE_FIFO : 0);
	in(UART_LSR);
	in(UART_RX);
	in(UART_IIR);
	in(UART_MSR);
	ck_assert_uint_ne(in(UART_LSR), 0xff);

	/* THRE has to come back after it was switched off and on. */
	ck_assert_uint_ne(in(UART_LSR)&UART_LSR_THRE, 0);
	for (int i = 0; i < 2; i++) {
		out(UART_IER, UART_IER_THRI);
		ck_assert_uint_eq(in(UART_IIR)&UART_IIR_NO_INT, 0);
		out(UART_IER, 0);
		ck_assert_uint_ne(in(UART_IIR)&UART_IIR_NO_INT, 0);
	}
}
END_TEST

/* Interrupt by interrupt, as the driver sends and takes a line of text. */
START_TEST(a_line_of_text)
{
	const char text[] = "hello, world\n";
	size_t got = 0;

	out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
	out(UART_IER, UART_IER_RDI | UART_IER_RLSI | UART_IER_THRI);
	ck_assert_uint_eq(in(UART_IIR)&0x3f, UART_IIR_THRI);
	for (const char *c = text; *c; c++)
		out(UART_TX, (uint8_t)*c);
	out(UART_IER, UART_IER_RDI | UART_IER_RLSI);
	while (!(in(UART_IIR)&UART_IIR_NO_INT)) {
		ck_assert_uint_lt(got, sizeof(text) - 1);
		ck_assert_uint_eq(in(UART_LSR)&UART_LSR_DR, UART_LSR_DR);
		ck_assert_int_eq(in(UART_RX), text[got++]);
	}
	ck_assert_uint_eq(got, sizeof(text) - 1);
}
END_TEST

Suite *mtty_probe_suite(void)
{
	Suite *suite = suite_create("mtty probe");
	TCase *tc = tcase_create("16550A");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, interrupt_enable_register);
	tcase_add_test(tc, loop_mode_does_not_reach_msr);
	tcase_add_test(tc, fifo_bits);
	tcase_add_loop_test(tc, no_efr, UART_LCR_CONF_MODE_A,
			    UART_LCR_CONF_MODE_A + 1);
	tcase_add_loop_test(tc, no_efr, UART_LCR_CONF_MODE_B,
			    UART_LCR_CONF_MODE_B + 1);
	tcase_add_test(tc, no_second_bank);
	tcase_add_loop_test(tc, no_64_byte_fifo, 0, 1);
	tcase_add_loop_test(tc, no_64_byte_fifo, UART_LCR_CONF_MODE_A,
			    UART_LCR_CONF_MODE_A + 1);
	tcase_add_test(tc, no_xscale);
	tcase_add_test(tc, fifo_size);
	tcase_add_loop_test(tc, startup, 0, 2);
	tcase_add_test(tc, a_line_of_text);
	suite_add_tcase(suite, tc);
	return suite;
}
