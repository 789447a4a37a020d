// SPDX-License-Identifier: BSD-3-Clause
#include "uart.h"

#include <string.h>

#include <linux/serial_reg.h>

void mtty_uart_init(struct mtty_uart *uart)
{
	memset(uart, 0, sizeof(*uart));
	/* The trigger level is 0 until FCR is first written: with RDI
	 * enabled, IIR then shows data even when there is none. */
	uart->fifo_size = MTTY_UART_FIFO;
}

/*
 * Emptiness is judged by the indices, not by the count. So a FIFO with all
 * 16 bytes in it looks empty: LSR says THRE without DR and reads take
 * nothing, until FCR clears it. Linux's mtty does the same, and what runs on
 * the one has to see the same on the other.
 */
static bool looks_empty(const struct mtty_uart *uart)
{
	return uart->head == uart->tail;
}

static bool enabled(const struct mtty_uart *uart, uint8_t ier_bit)
{
	return uart->regs[UART_IER] & ier_bit;
}

static unsigned int send_byte(struct mtty_uart *uart, uint8_t value)
{
	if (uart->count >= uart->fifo_size) {
		uart->overrun = true;
		return enabled(uart, UART_IER_RLSI);
	}

	uart->fifo[uart->head] = value;
	uart->head = (uart->head + 1) % MTTY_UART_FIFO;
	uart->count++;
	uart->overrun = false;
	return enabled(uart, UART_IER_RDI) &&
	       uart->count == uart->trigger_level;
}

static unsigned int receive_byte(struct mtty_uart *uart, uint8_t *value)
{
	if (!looks_empty(uart)) {
		*value = uart->fifo[uart->tail];
		uart->tail = (uart->tail + 1) % MTTY_UART_FIFO;
		uart->count--;
	}
	return looks_empty(uart) && enabled(uart, UART_IER_THRI);
}

static unsigned int write_ier(struct mtty_uart *uart, uint8_t value)
{
	uart->regs[UART_IER] = value;
	return enabled(uart, UART_IER_THRI) && looks_empty(uart);
}

static void write_fcr(struct mtty_uart *uart, uint8_t value)
{
	uart->fcr = value;
	if (value & (UART_FCR_CLEAR_RCVR | UART_FCR_CLEAR_XMIT)) {
		uart->count = 0;
		uart->head = 0;
		uart->tail = 0;
	}
	uart->fifo_size = value & UART_FCR_ENABLE_FIFO ? MTTY_UART_FIFO : 1;
	/* Whatever level was asked for: without a receive timeout a higher
	 * one would keep the last bytes of a message from the guest. */
	uart->trigger_level = 1;
}

static void write_lcr(struct mtty_uart *uart, uint8_t value)
{
	uart->regs[UART_LCR] = value;
	uart->dlab = value & UART_LCR_DLAB;
	/* The halves of the divisor are ORed in, so it starts from 0. */
	if (uart->dlab)
		uart->divisor = 0;
}

/* OUT2 and the modem lines are separate causes: both can come at once. */
static unsigned int write_mcr(struct mtty_uart *uart, uint8_t value)
{
	uart->regs[UART_MCR] = value;
	if (!enabled(uart, UART_IER_MSI))
		return 0;
	return !!(value & UART_MCR_OUT2) +
	       !!(value & (UART_MCR_RTS | UART_MCR_DTR));
}

unsigned int mtty_uart_write(struct mtty_uart *uart, unsigned int reg,
			     uint8_t value)
{
	switch (reg) {
	case UART_TX:
		if (!uart->dlab)
			return send_byte(uart, value);
		uart->divisor |= value;
		return 0;
	case UART_IER:
		if (!uart->dlab)
			return write_ier(uart, value);
		uart->divisor |= (uint16_t)(value << 8);
		return 0;
	case UART_FCR:
		write_fcr(uart, value);
		return 0;
	case UART_LCR:
		write_lcr(uart, value);
		return 0;
	case UART_MCR:
		return write_mcr(uart, value);
	case UART_SCR:
		uart->regs[UART_SCR] = value;
		return 0;
	default: /* LSR and MSR cannot be written */
		return 0;
	}
}

/*
 * The causes are ORed together, not ranked. A modem status interrupt has the
 * code 0 and so cannot be told from none.
 */
static uint8_t read_iir(const struct mtty_uart *uart)
{
	uint8_t iir = 0;

	if (enabled(uart, UART_IER_RLSI) && uart->overrun)
		iir |= UART_IIR_RLSI;
	if (enabled(uart, UART_IER_RDI) && uart->count >= uart->trigger_level)
		iir |= UART_IIR_RDI;
	if (enabled(uart, UART_IER_THRI) && looks_empty(uart))
		iir |= UART_IIR_THRI;
	if (!iir)
		iir = UART_IIR_NO_INT;
	/* The two top bits are what drivers know a 16550A by. */
	return iir | 0xc0;
}

static uint8_t read_lsr(const struct mtty_uart *uart)
{
	uint8_t lsr;

	lsr = looks_empty(uart) ? UART_LSR_TEMT | UART_LSR_THRE : UART_LSR_DR;
	return uart->overrun ? lsr | UART_LSR_OE : lsr;
}

static uint8_t read_msr(const struct mtty_uart *uart)
{
	uint8_t msr = UART_MSR_DSR | UART_MSR_DDSR | UART_MSR_DCD;

	/* With automatic flow control, CTS goes while there is no room. */
	if (!(uart->regs[UART_MCR] & UART_MCR_AFE) ||
	    uart->count < uart->fifo_size)
		msr |= UART_MSR_CTS | UART_MSR_DCTS;
	return msr;
}

unsigned int mtty_uart_read(struct mtty_uart *uart, unsigned int reg,
			    uint8_t *value)
{
	*value = 0;
	switch (reg) {
	case UART_RX:
		if (!uart->dlab)
			return receive_byte(uart, value);
		*value = uart->divisor & 0xff;
		break;
	case UART_IER:
		*value = uart->dlab ? uart->divisor >> 8 :
				      uart->regs[UART_IER] & 0x0f;
		break;
	case UART_IIR:
		*value = read_iir(uart);
		break;
	case UART_LSR:
		*value = read_lsr(uart);
		break;
	case UART_MSR:
		*value = read_msr(uart);
		break;
	case UART_LCR:
	case UART_MCR:
	case UART_SCR:
		*value = uart->regs[reg];
		break;
	default:
		break;
	}
	return 0;
}
