/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A 16550-like UART whose transmitter feeds its own receiver: what is sent
 * comes back, through one FIFO. No locking: the owner of the port has it.
 */
#ifndef MTTY_UART_H
#define MTTY_UART_H

#include <stdbool.h>
#include <stdint.h>

#define MTTY_UART_REGS 8
#define MTTY_UART_FIFO 16

/* All that a port remembers; also what a migration carries over. */
struct mtty_uart {
	uint8_t regs[MTTY_UART_REGS]; /* IER, LCR, MCR, SCR are kept here */
	uint8_t fifo[MTTY_UART_FIFO];
	uint8_t head;
	uint8_t tail;
	uint8_t count;
	bool dlab;
	bool overrun;
	uint16_t divisor;
	uint8_t fcr;
	uint8_t fifo_size; /* 16, or 1 with the FIFO disabled */
	uint8_t trigger_level;
};

/* As after power-on. */
void mtty_uart_init(struct mtty_uart *uart);

/*
 * Access to a register. Numbers from MTTY_UART_REGS on exist: they read as 0
 * and ignore writes. Both return how many interrupts the access raises.
 */
unsigned int mtty_uart_write(struct mtty_uart *uart, unsigned int reg,
			     uint8_t value);
unsigned int mtty_uart_read(struct mtty_uart *uart, unsigned int reg,
			    uint8_t *value);

#endif
