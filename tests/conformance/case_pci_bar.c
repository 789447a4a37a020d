// SPDX-License-Identifier: BSD-3-Clause
/* Reading and writing a BAR: its edges, its registers, memory decoding off. */
#include <linux/pci_regs.h>
#include <string.h>
#include "helpers_pci.h"

#define MOST 16

/* 0x20 and 0x24 are among them; a factorial is not started. */
static const long registers[] = { 0x00,	   0x01,    0x02,   0x03, 0x04, 0x05,
				  0x06,	   0x07,    0x0c,   0x10, 0x1c, 0x20,
				  0x24,	   0x26,    0x28,   0x60, 0x64, 0x7c,
				  0x7e,	   0x80,    0x81,   0x84, 0x88, 0x8c,
				  0x90,	   0x94,    0x98,   0x9c, 0xa0, 0x1000,
				  0x3fffc, 0x40000, 0x40ffc };

static const long edges[] = { 0xffff0,	0xffff7,  0xffff8,  0xffffb,
			      0xffffc,	0xffffd,  0xffffe,  0xfffff,
			      0x100000, 0x100001, 0x1ffffc, 0xffffffff };

static void set_registers(struct ctx *c, int fd)
{
	e_set(c, fd, E_LIVE, 4, 0x12345678);
	e_set(c, fd, E_STATUS, 4, 0x80);
	e_set(c, fd, E_DMA_SOURCE, 8, 0x1122334455667788);
	e_set(c, fd, E_DMA_TARGET, 8, 0x99aabbccddeeff00);
	e_set(c, fd, E_DMA_COUNT, 8, 0x0123456789abcdef);
	/* The command stays what it was last: nothing has started. */
}

static void read_at(struct ctx *c)
{
	int fd = e_ready(c);
	size_t len;

	set_registers(c, fd);
	for (len = 0; len <= MOST; len++)
		c_pread(c, fd, NULL, len, c->param);
}

static void show(struct ctx *c, int fd)
{
	static const off_t shown[] = { E_LIVE, E_STATUS, E_IRQ_STATUS };
	off_t reg;
	size_t i;

	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		c_say(c, "register 0x%02lx = %08lx", (long)shown[i],
		      (long)e_get(c, fd, shown[i], 4));
	for (reg = E_DMA_SOURCE; reg < E_DMA_COMMAND; reg += 8)
		c_say(c, "register 0x%02lx = %016llx", (long)reg,
		      (unsigned long long)e_get(c, fd, reg, 8));
}

/*
 * Bit 0, which would start a transfer, is clear in all of them. The factorial
 * of such numbers takes hours.
 */
static void write_at(struct ctx *c)
{
	static const char bytes[MOST] = "\x5a\x6a\x7a\x8a\x9a\xaa\xba\xca"
					"\xda\xea\xfa\x0a\x1a\x2a\x3a\x4a";
	int fd = e_ready(c);
	size_t len;

	for (len = 1; len <= MOST; len++) {
		if (c->param < E_FACTORIAL &&
		    c->param + (long)len > E_FACTORIAL)
			break;
		c_pwrite(c, fd, bytes, len, c->param);
		show(c, fd);
	}
}

static void absent(struct ctx *c)
{
	off_t pos = D_REGION(c->param);
	int fd = e_ready(c);

	c_pread(c, fd, NULL, 0, pos);
	c_pread(c, fd, NULL, 4, pos);
	c_pread(c, fd, NULL, 4, pos + 0x1000);
	c_pwrite(c, fd, "\0\0\0\0", 4, pos);
}

/* ---- registers that do something ---- */

E_CASE("pci/bar/live")
{
	static const uint32_t values[] = { 0, 1, 0xffffffff, 0x80000000,
					   0xdeadbeef };
	int fd = e_ready(c);
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		e_write(c, fd, E_LIVE, values[i]);
		c_pread(c, fd, NULL, 4, E_LIVE);
	}
	e_write(c, fd, E_ID, 5);
	c_pread(c, fd, NULL, 4, E_ID);
}

static void factorial(struct ctx *c)
{
	int fd = e_ready(c);

	e_write(c, fd, E_FACTORIAL, (uint32_t)c->param);
	while (e_get(c, fd, E_STATUS, 4) & 1)
		;
	c_pread(c, fd, NULL, 4, E_FACTORIAL);
	c_pread(c, fd, NULL, 4, E_STATUS);
}

/* ---- memory decoding ---- */

static void use(struct ctx *c, int fd)
{
	c_pread(c, fd, NULL, 4, E_ID);
	c_pread(c, fd, NULL, 0, E_ID);
	c_pread(c, fd, NULL, 1, E_BAR_SIZE - 1);
	c_pread(c, fd, NULL, 4, E_BAR_SIZE);
	e_write(c, fd, E_LIVE, 3);
	c_pread(c, fd, NULL, 4, D_REGION(1));
	c_pread(c, fd, NULL, 4, D_CONFIG);
}

static void command(struct ctx *c)
{
	int fd = e_ready(c);

	e_command(c, fd, (uint16_t)c->param);
	use(c, fd);
	e_command(c, fd, PCI_COMMAND_MEMORY);
	use(c, fd);
}

/* A byte of the register at a time. */
E_CASE("pci/bar/decoding/by-byte")
{
	int fd = e_ready(c);

	c_pwrite(c, fd, "\0", 1, D_CONFIG + PCI_COMMAND + 1);
	c_pread(c, fd, NULL, 4, E_ID);
	c_pwrite(c, fd, "\0", 1, D_CONFIG + PCI_COMMAND);
	c_pread(c, fd, NULL, 4, E_ID);
	c_pwrite(c, fd, "\0", 1, D_CONFIG + PCI_COMMAND + 1);
	c_pread(c, fd, NULL, 4, E_ID);
	c_pwrite(c, fd, "\x02", 1, D_CONFIG + PCI_COMMAND);
	c_pread(c, fd, NULL, 4, E_ID);
}

/* Off, closed, opened: on. */
E_CASE("pci/bar/decoding/over-closing")
{
	int fd = e_ready(c);

	e_command(c, fd, 0);
	c_pread(c, fd, NULL, 4, E_ID);
	c_close(c, fd);
	fd = c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
	c_pread(c, fd, NULL, 4, E_ID);
	c_pread(c, fd, NULL, 2, D_CONFIG + PCI_COMMAND);
}

/* What a register has over closing is the device's affair: it keeps it. */
E_CASE("pci/bar/over-closing")
{
	int fd = e_ready(c);

	set_registers(c, fd);
	c_close(c, fd);
	fd = c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
	show(c, fd);
}

CASES
{
	static const long commands[] = { 0, 1, 2, 3, 4, 5, 6, 7, 0x400, 0x402 };
	size_t i;

	for (i = 0; i < sizeof(registers) / sizeof(long); i++) {
		conform_add(read_at, registers[i], CASE_PCI, "pci/bar/read/%lx",
			    registers[i]);
		conform_add(write_at, registers[i], CASE_PCI,
			    "pci/bar/write/%lx", registers[i]);
	}
	for (i = 0; i < sizeof(edges) / sizeof(long); i++) {
		conform_add(read_at, edges[i], CASE_PCI, "pci/bar/read/%lx",
			    edges[i]);
		conform_add(write_at, edges[i], CASE_PCI, "pci/bar/write/%lx",
			    edges[i]);
	}
	for (i = 1; i <= 6; i++)
		conform_add(absent, (long)i, CASE_PCI, "pci/bar/absent/%zu", i);
	for (i = 0; i < 15; i++)
		conform_add(factorial, (long)i, CASE_PCI,
			    "pci/bar/factorial/%zu", i);
	for (i = 0; i < sizeof(commands) / sizeof(long); i++)
		conform_add(command, commands[i], CASE_PCI,
			    "pci/bar/decoding/%03lx", commands[i]);
}
