// SPDX-License-Identifier: BSD-3-Clause
/* The port's registers, as Linux 6.12's mtty has them. */
#include <check.h>

#include <linux/serial_reg.h>

#include "../../mdevs/mtty/uart.h"
#include "suites.h"

#define IER_ALL (UART_IER_RDI | UART_IER_THRI | UART_IER_RLSI | UART_IER_MSI)
#define FCR_ON (UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR)

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

static unsigned int out(unsigned int reg, uint8_t value)
{
	return mtty_uart_write(&uart, reg, value);
}

static unsigned int raised_by_in(unsigned int reg)
{
	uint8_t value;

	return mtty_uart_read(&uart, reg, &value);
}

START_TEST(power_on)
{
	static const uint8_t expected[] = { 0, 0, 0xc1, 0, 0, 0x60, 0xb3, 0 };

	for (unsigned int reg = 0; reg < MTTY_UART_REGS; reg++)
		ck_assert_uint_eq(in(reg), expected[reg]);
}
END_TEST

START_TEST(loopback)
{
	for (int byte = 0; byte < 256; byte++) {
		out(UART_TX, (uint8_t)byte);
		ck_assert_uint_eq(in(UART_LSR), UART_LSR_DR);
		ck_assert_uint_eq(in(UART_RX), byte);
		ck_assert_uint_eq(in(UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
	}
	ck_assert_uint_eq(in(UART_RX), 0);
}
END_TEST

START_TEST(fifo_keeps_order)
{
	for (uint8_t i = 0; i < 15; i++)
		out(UART_TX, i + 1);
	for (uint8_t i = 0; i < 15; i++) {
		ck_assert_uint_eq(in(UART_LSR), UART_LSR_DR);
		ck_assert_uint_eq(in(UART_RX), i + 1);
	}
	ck_assert_uint_eq(in(UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
}
END_TEST

/* The 16th byte makes head and tail meet. */
START_TEST(full_fifo_looks_empty)
{
	for (uint8_t i = 0; i < 16; i++)
		out(UART_TX, i + 1);
	ck_assert_uint_eq(in(UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
	ck_assert_uint_eq(in(UART_RX), 0);

	out(UART_TX, 17);
	ck_assert_uint_eq(in(UART_LSR),
			  UART_LSR_TEMT | UART_LSR_THRE | UART_LSR_OE);
	out(UART_FCR, FCR_ON);
	ck_assert_uint_eq(in(UART_LSR),
			  UART_LSR_TEMT | UART_LSR_THRE | UART_LSR_OE);
	out(UART_TX, 18);
	ck_assert_uint_eq(in(UART_LSR), UART_LSR_DR);
	ck_assert_uint_eq(in(UART_RX), 18);
}
END_TEST

START_TEST(overrun_without_fifo)
{
	out(UART_IER, UART_IER_RLSI);
	out(UART_FCR, 0);
	ck_assert_uint_eq(out(UART_TX, 'a'), 0);
	ck_assert_uint_eq(in(UART_IIR), 0xc1);
	ck_assert_uint_eq(out(UART_TX, 'b'), 1);
	ck_assert_uint_eq(in(UART_LSR), UART_LSR_DR | UART_LSR_OE);
	ck_assert_uint_eq(in(UART_IIR), 0xc0 | UART_IIR_RLSI);
	ck_assert_uint_eq(in(UART_RX), 'a');
	ck_assert_uint_eq(in(UART_LSR),
			  UART_LSR_OE | UART_LSR_TEMT | UART_LSR_THRE);
	/* Only a byte that finds room ends it. */
	out(UART_TX, 'c');
	ck_assert_uint_eq(in(UART_LSR), UART_LSR_DR);
	ck_assert_uint_eq(in(UART_IIR), 0xc1);
}
END_TEST

START_TEST(overrun_interrupt_needs_rlsi)
{
	out(UART_IER, UART_IER_RDI | UART_IER_MSI);
	out(UART_FCR, 0);
	out(UART_TX, 'a');
	ck_assert_uint_eq(out(UART_TX, 'b'), 0);
	ck_assert_uint_eq(in(UART_IIR), 0xc0 | UART_IIR_RDI);
}
END_TEST

START_TEST(received_data_interrupt)
{
	/* No trigger level before FCR has been written. */
	out(UART_IER, UART_IER_RDI);
	ck_assert_uint_eq(in(UART_IIR), 0xc0 | UART_IIR_RDI);
	ck_assert_uint_eq(out(UART_TX, 1), 0);

	out(UART_FCR, FCR_ON);
	ck_assert_uint_eq(in(UART_IIR), 0xc1);
	ck_assert_uint_eq(out(UART_TX, 1), 1);
	ck_assert_uint_eq(in(UART_IIR), 0xc0 | UART_IIR_RDI);
	/* Above the level there is no further one. */
	ck_assert_uint_eq(out(UART_TX, 2), 0);
	in(UART_RX);
	ck_assert_uint_eq(in(UART_IIR), 0xc0 | UART_IIR_RDI);
	in(UART_RX);
	ck_assert_uint_eq(in(UART_IIR), 0xc1);
}
END_TEST

/* _i: the trigger level that is asked for; it is 1 all the same. */
START_TEST(trigger_level_is_one)
{
	out(UART_IER, UART_IER_RDI);
	out(UART_FCR, (uint8_t)(FCR_ON | _i << 6));
	ck_assert_uint_eq(out(UART_TX, 1), 1);
	for (int i = 0; i < 14; i++)
		ck_assert_uint_eq(out(UART_TX, 1), 0);
}
END_TEST

START_TEST(transmitter_empty_interrupt)
{
	ck_assert_uint_eq(out(UART_IER, UART_IER_THRI), 1);
	ck_assert_uint_eq(in(UART_IIR), 0xc0 | UART_IIR_THRI);
	/* Reading IIR does not take it back. */
	ck_assert_uint_eq(in(UART_IIR), 0xc0 | UART_IIR_THRI);
	ck_assert_uint_eq(out(UART_IER, UART_IER_THRI), 1);

	out(UART_TX, 1);
	out(UART_TX, 2);
	ck_assert_uint_eq(in(UART_IIR), 0xc1);
	ck_assert_uint_eq(out(UART_IER, UART_IER_THRI), 0);
	ck_assert_uint_eq(raised_by_in(UART_RX), 0);
	ck_assert_uint_eq(raised_by_in(UART_RX), 1);
	/* Reading an empty one says so again. */
	ck_assert_uint_eq(raised_by_in(UART_RX), 1);
	out(UART_IER, 0);
	ck_assert_uint_eq(raised_by_in(UART_RX), 0);
}
END_TEST

START_TEST(modem_status_interrupt)
{
	ck_assert_uint_eq(out(UART_MCR, 0x0f), 0);
	out(UART_IER, UART_IER_MSI);
	ck_assert_uint_eq(out(UART_MCR, 0), 0);
	ck_assert_uint_eq(out(UART_MCR, UART_MCR_OUT1), 0);
	ck_assert_uint_eq(out(UART_MCR, UART_MCR_LOOP), 0);
	ck_assert_uint_eq(out(UART_MCR, UART_MCR_OUT2), 1);
	ck_assert_uint_eq(out(UART_MCR, UART_MCR_RTS), 1);
	ck_assert_uint_eq(out(UART_MCR, UART_MCR_DTR), 1);
	ck_assert_uint_eq(out(UART_MCR, UART_MCR_RTS | UART_MCR_DTR), 1);
	ck_assert_uint_eq(out(UART_MCR, UART_MCR_RTS | UART_MCR_OUT2), 2);
	/* Its code is 0, so IIR says "none". */
	ck_assert_uint_eq(in(UART_IIR), 0xc1);
	ck_assert_uint_eq(in(UART_MCR), UART_MCR_RTS | UART_MCR_OUT2);
}
END_TEST

START_TEST(iir_ors_causes)
{
	out(UART_FCR, 0);
	out(UART_TX, 1);
	out(UART_TX, 2);
	out(UART_IER, IER_ALL);
	ck_assert_uint_eq(in(UART_IIR), 0xc0 | UART_IIR_RLSI | UART_IIR_RDI);
	in(UART_RX);
	ck_assert_uint_eq(in(UART_IIR), 0xc0 | UART_IIR_RLSI | UART_IIR_THRI);
	out(UART_IER, UART_IER_THRI | UART_IER_RDI);
	ck_assert_uint_eq(in(UART_IIR), 0xc0 | UART_IIR_THRI);
}
END_TEST

START_TEST(divisor_latch)
{
	out(UART_IER, 0x05);
	out(UART_LCR, UART_LCR_DLAB | UART_LCR_WLEN8);
	ck_assert_uint_eq(in(UART_DLL), 0);
	ck_assert_uint_eq(out(UART_DLL, 0x21), 0);
	ck_assert_uint_eq(out(UART_DLM, UART_IER_THRI), 0);
	ck_assert_uint_eq(in(UART_DLL), 0x21);
	ck_assert_uint_eq(in(UART_DLM), UART_IER_THRI);
	/* Written bits add up. */
	out(UART_DLL, 0x42);
	ck_assert_uint_eq(in(UART_DLL), 0x63);
	ck_assert_uint_eq(in(UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);

	out(UART_LCR, UART_LCR_WLEN8);
	ck_assert_uint_eq(in(UART_LCR), UART_LCR_WLEN8);
	ck_assert_uint_eq(in(UART_IER), 0x05);
	ck_assert_uint_eq(in(UART_RX), 0);
	/* The next time it begins with 0. */
	out(UART_LCR, UART_LCR_DLAB);
	ck_assert_uint_eq(in(UART_DLL), 0);
	ck_assert_uint_eq(in(UART_DLM), 0);
}
END_TEST

START_TEST(ier_reads_four_bits)
{
	out(UART_IER, 0xf0);
	ck_assert_uint_eq(in(UART_IER), 0);
	out(UART_IER, 0xff);
	ck_assert_uint_eq(in(UART_IER), 0x0f);
}
END_TEST

START_TEST(status_registers_are_read_only)
{
	out(UART_LSR, 0xff);
	out(UART_MSR, 0xff);
	ck_assert_uint_eq(in(UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
	ck_assert_uint_eq(in(UART_MSR), 0xb3);
}
END_TEST

START_TEST(scratch)
{
	for (int i = 0; i < 256; i++) {
		out(UART_SCR, (uint8_t)i);
		ck_assert_uint_eq(in(UART_SCR), i);
	}
}
END_TEST

START_TEST(cts_follows_room_with_afe)
{
	out(UART_FCR, 0);
	out(UART_TX, 1);
	ck_assert_uint_eq(in(UART_MSR), 0xb3);
	out(UART_MCR, UART_MCR_AFE);
	ck_assert_uint_eq(in(UART_MSR), 0xa2);
	in(UART_RX);
	ck_assert_uint_eq(in(UART_MSR), 0xb3);
}
END_TEST

START_TEST(fcr_clears)
{
	static const uint8_t clears[] = { UART_FCR_CLEAR_RCVR,
					  UART_FCR_CLEAR_XMIT };

	out(UART_TX, 1);
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	ck_assert_uint_eq(in(UART_LSR), UART_LSR_DR);
	out(UART_FCR, UART_FCR_ENABLE_FIFO | clears[_i]);
	ck_assert_uint_eq(in(UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
	ck_assert_uint_eq(in(UART_RX), 0);
}
END_TEST

START_TEST(beyond_the_registers)
{
	struct mtty_uart before = uart;

	for (unsigned int reg = MTTY_UART_REGS; reg < 0x10000; reg += 7) {
		ck_assert_uint_eq(out(reg, 0xff), 0);
		ck_assert_uint_eq(in(reg), 0);
	}
	ck_assert_mem_eq(&before, &uart, sizeof(uart));
}
END_TEST

Suite *mtty_uart_suite(void)
{
	Suite *suite = suite_create("mtty uart");
	TCase *tc = tcase_create("uart");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, power_on);
	tcase_add_test(tc, loopback);
	tcase_add_test(tc, fifo_keeps_order);
	tcase_add_test(tc, full_fifo_looks_empty);
	tcase_add_test(tc, overrun_without_fifo);
	tcase_add_test(tc, overrun_interrupt_needs_rlsi);
	tcase_add_test(tc, received_data_interrupt);
	tcase_add_loop_test(tc, trigger_level_is_one, 0, 4);
	tcase_add_test(tc, transmitter_empty_interrupt);
	tcase_add_test(tc, modem_status_interrupt);
	tcase_add_test(tc, iir_ors_causes);
	tcase_add_test(tc, divisor_latch);
	tcase_add_test(tc, ier_reads_four_bits);
	tcase_add_test(tc, status_registers_are_read_only);
	tcase_add_test(tc, scratch);
	tcase_add_test(tc, cts_follows_room_with_afe);
	tcase_add_loop_test(tc, fcr_clears, 0, 2);
	tcase_add_test(tc, beyond_the_registers);
	suite_add_tcase(suite, tc);
	return suite;
}
