// SPDX-License-Identifier: BSD-3-Clause
#include "state.h"

#include <string.h>

#define MAGIC 0x7e9d09898c3e2c4eULL
#define MAJOR 1
#define MINOR 0

_Static_assert(sizeof(struct mtty_state_header) == 24, "layout of the header");
_Static_assert(sizeof(struct mtty_state_port) == 36, "layout of a port");

size_t mtty_state_size(unsigned int nr_ports)
{
	return sizeof(struct mtty_state_header) +
	       nr_ports * sizeof(struct mtty_state_port);
}

void mtty_state_header_init(struct mtty_state_header *header,
			    unsigned int nr_ports)
{
	*header = (struct mtty_state_header){
		.magic = MAGIC,
		.major = MAJOR,
		.minor = MINOR,
		.nr_ports = nr_ports,
	};
}

bool mtty_state_header_fits(const struct mtty_state_header *header,
			    unsigned int nr_ports)
{
	return header->magic == MAGIC && header->major == MAJOR &&
	       header->minor == MINOR && header->nr_ports == nr_ports &&
	       !header->flags;
}

void mtty_state_save(struct mtty_state_port *port, const struct mtty_uart *uart)
{
	*port = (struct mtty_state_port){
		.head = uart->head,
		.tail = uart->tail,
		.count = uart->count,
		.dlab = uart->dlab,
		.overrun = uart->overrun,
		.divisor = uart->divisor,
		.fcr = uart->fcr,
		.fifo_size = uart->fifo_size,
		.trigger_level = uart->trigger_level,
	};
	memcpy(port->regs, uart->regs, sizeof(port->regs));
	memcpy(port->fifo, uart->fifo, sizeof(port->fifo));
}

bool mtty_state_valid(const struct mtty_state_port *port)
{
	return port->head < MTTY_UART_FIFO && port->tail < MTTY_UART_FIFO &&
	       port->count <= MTTY_UART_FIFO &&
	       port->fifo_size <= MTTY_UART_FIFO;
}

void mtty_state_load(struct mtty_uart *uart, const struct mtty_state_port *port)
{
	*uart = (struct mtty_uart){
		.head = port->head,
		.tail = port->tail,
		.count = port->count,
		.dlab = port->dlab,
		.overrun = port->overrun,
		.divisor = port->divisor,
		.fcr = port->fcr,
		.fifo_size = port->fifo_size,
		.trigger_level = port->trigger_level,
	};
	memcpy(uart->regs, port->regs, sizeof(uart->regs));
	memcpy(uart->fifo, port->fifo, sizeof(uart->fifo));
}
