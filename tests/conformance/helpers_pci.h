/* SPDX-License-Identifier: BSD-3-Clause */
/* What the cases on a PCI function share, which is QEMU's edu. */
#ifndef CONFORM_HELPERS_PCI_H
#define CONFORM_HELPERS_PCI_H

#include "conform.h"
#include "helpers_device.h"

/* Registers in BAR 0; 0x80 and up are of 8 bytes. */
#define E_ID 0x00
#define E_LIVE 0x04
#define E_FACTORIAL 0x08
#define E_STATUS 0x20
#define E_IRQ_STATUS 0x24
#define E_RAISE 0x60
#define E_ACK 0x64
#define E_DMA_SOURCE 0x80
#define E_DMA_TARGET 0x88
#define E_DMA_COUNT 0x90
#define E_DMA_COMMAND 0x98
#define E_BUFFER 0x40000

#define E_BAR_SIZE 0x100000
#define E_CONFIG_SIZE 256

/* For CASE_FLAGS: PCI functions only. */
#define E_CASE(name) CASE_FLAGS(name, CASE_PCI)

/* d_ready(); ends the case if the device is no edu. */
int e_ready(struct ctx *c);

/* For d_ready(): the registers of an edu keep over closing what they have. */
bool e_is_edu(struct ctx *c, int fd);
void e_renew(struct ctx *c, int fd);

/* Without a record; what fails ends the case. */
uint64_t e_get(struct ctx *c, int fd, off_t pos, size_t len);
void e_set(struct ctx *c, int fd, off_t pos, size_t len, uint64_t value);

/* A write of 4 bytes to a register, recorded. */
void e_write(struct ctx *c, int fd, off_t reg, uint32_t value);
/* Memory decoding, bus master: the command register as a whole, recorded. */
void e_command(struct ctx *c, int fd, uint16_t command);
/* The second function of the group is opened: "device2". */
int e_second(struct ctx *c);
/*
 * PCI_HOT_RESET with that many of fds, E_MAX_FDS of which are there; records
 * one line, with what they are shown as.
 */
#define E_MAX_FDS 4
void e_hot_reset(struct ctx *c, int fd, uint32_t count, const int *fds,
		 const char *shown);
/* c_counter() of an eventfd that is to be signalled: waits for it. */
void e_signalled(struct ctx *c, int event);

/* A transfer, which is over when this returns; records one line. */
void e_dma(struct ctx *c, int fd, uint64_t source, uint64_t target,
	   uint64_t count, bool to_memory);

#endif
