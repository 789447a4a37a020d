/* SPDX-License-Identifier: BSD-3-Clause */
/* The PCI configuration space of the card. The owner locks. */
#ifndef MTTY_CONFIG_H
#define MTTY_CONFIG_H

#include <stddef.h>
#include <stdint.h>

/* One byte short of what PCI has; it is what clients are told. */
#define MTTY_CONFIG_SIZE 0xff

struct mtty_config {
	uint8_t bytes[MTTY_CONFIG_SIZE];
	unsigned int nr_ports;
};

void mtty_config_init(struct mtty_config *config, unsigned int nr_ports);
/* What is over the end reads as 0. */
void mtty_config_read(const struct mtty_config *config, uint64_t offset,
		      void *buf, size_t len);
/* @len is 1, 2 or 4. */
void mtty_config_write(struct mtty_config *config, uint64_t offset,
		       const void *buf, size_t len);

#endif
