/* SPDX-License-Identifier: BSD-3-Clause */
/* A card's state as a stream carries it, byte for byte that of Linux's mtty. */
#ifndef MTTY_STATE_H
#define MTTY_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uart.h"

#define MTTY_STATE_PORTS 2

struct mtty_state_header {
	uint64_t magic;
	uint32_t major;
	uint32_t minor;
	uint32_t nr_ports;
	uint32_t flags;
};

struct mtty_state_port {
	uint8_t regs[MTTY_UART_REGS];
	uint8_t fifo[MTTY_UART_FIFO];
	uint8_t head;
	uint8_t tail;
	uint8_t count;
	uint8_t dlab;
	uint8_t overrun;
	uint8_t pad;
	uint16_t divisor;
	uint8_t fcr;
	uint8_t fifo_size;
	uint8_t trigger_level;
	uint8_t pad_end;
};

struct mtty_state {
	struct mtty_state_header header;
	struct mtty_state_port ports[MTTY_STATE_PORTS];
};

/* How many bytes the state of a card with @nr_ports ports has. */
size_t mtty_state_size(unsigned int nr_ports);

void mtty_state_header_init(struct mtty_state_header *header,
			    unsigned int nr_ports);
/* Is it of a card with @nr_ports ports, in a version that is known? */
bool mtty_state_header_fits(const struct mtty_state_header *header,
			    unsigned int nr_ports);

void mtty_state_save(struct mtty_state_port *port,
		     const struct mtty_uart *uart);
/* Could a port be in that state? Then it can be loaded. */
bool mtty_state_valid(const struct mtty_state_port *port);
void mtty_state_load(struct mtty_uart *uart,
		     const struct mtty_state_port *port);

#endif
