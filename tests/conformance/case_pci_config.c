// SPDX-License-Identifier: BSD-3-Clause
/* The configuration space of a PCI function, byte for byte. */
#include <linux/pci_regs.h>
#include <string.h>
#include <unistd.h>
#include "helpers_pci.h"

/* ---- as it is ---- */

static void say_row(struct ctx *c, unsigned int at, const uint8_t *row)
{
	c_say(c,
	      "config+0x%02x = %02x %02x %02x %02x %02x %02x %02x %02x "
	      "%02x %02x %02x %02x %02x %02x %02x %02x",
	      at, row[0], row[1], row[2], row[3], row[4], row[5], row[6],
	      row[7], row[8], row[9], row[10], row[11], row[12], row[13],
	      row[14], row[15]);
}

static void say_config(struct ctx *c, const uint8_t *config)
{
	unsigned int at;

	for (at = 0; at < E_CONFIG_SIZE; at += 16)
		say_row(c, at, config + at);
}

/* Read in pieces of this length. */
static void read_by(struct ctx *c)
{
	uint8_t config[E_CONFIG_SIZE];
	int fd = e_ready(c), at;

	for (at = 0; at < E_CONFIG_SIZE; at += (int)c->param)
		if (pread(fd, config + at, (size_t)c->param, D_CONFIG + at) !=
		    c->param)
			c_say(c, "pread at 0x%02x: failed", at);
	say_config(c, config);
}

/* Where it was put, and which line it has, is not recorded: only the kind. */
E_CASE("pci/config/as-opened")
{
	int fd = c_ready_device(c, VFIO_TYPE1v2_IOMMU).device;
	uint8_t config[E_CONFIG_SIZE];

	if (pread(fd, config, sizeof(config), D_CONFIG) != sizeof(config))
		c_say(c, "pread: failed");
	config[PCI_BASE_ADDRESS_0] &= 0x0f;
	memset(config + PCI_BASE_ADDRESS_0 + 1, 0, 3);
	config[PCI_INTERRUPT_LINE] = 0;
	say_config(c, config);
}

E_CASE("pci/config/capabilities")
{
	int fd = e_ready(c), n;
	unsigned int at;

	at = (unsigned int)e_get(c, fd, D_CONFIG + PCI_CAPABILITY_LIST, 1);
	for (n = 0; at && n < 48; n++) {
		unsigned int head;

		head = (unsigned int)e_get(c, fd, D_CONFIG + at, 2);
		c_say(c, "capability 0x%02x at 0x%02x", head & 0xff, at);
		at = head >> 8;
	}
}

/* ---- writes ---- */

static const struct {
	const char *bytes;
	const char *name;
} values[] = {
	{ "\xff\xff\xff\xff", "ff" },
	{ "\0\0\0\0", "00" },
	{ "\x55\x55\x55\x55", "55" },
};
#define NR_VALUES 3

/* Every place in four bytes, and over their end, with each width. */
static void write_each(struct ctx *c, int fd, off_t pos, const char *bytes)
{
	size_t len;
	off_t at;

	for (len = 4; len; len /= 2) {
		for (at = 0; at < 4; at++) {
			if ((unsigned long)(c->param + at) + len >
			    E_CONFIG_SIZE)
				continue;
			c_pwrite(c, fd, bytes, len, pos + at);
			c_pread(c, fd, NULL, 4, pos);
		}
	}
}

/*
 * What is no part of a capability keeps what was written over closing, and
 * so is put back.
 */
static void write_dword(struct ctx *c)
{
	off_t pos = D_CONFIG + c->param;
	size_t len = c->param + 8 > E_CONFIG_SIZE ? 4 : 8;
	int fd = e_ready(c);
	uint64_t before = e_get(c, fd, pos, len);
	size_t i;

	for (i = 0; i < NR_VALUES; i++)
		write_each(c, fd, pos, values[i].bytes);
	if (c->param >= PCI_STD_HEADER_SIZEOF)
		e_set(c, fd, pos, len, before);
}

/* All at once. */
static void write_all(struct ctx *c)
{
	uint8_t before[E_CONFIG_SIZE], all[E_CONFIG_SIZE];
	int fd = e_ready(c);

	if (pread(fd, before, sizeof(before), D_CONFIG) != sizeof(before))
		c_say(c, "pread: failed");
	memset(all, values[c->param].bytes[0], sizeof(all));
	c_pwrite(c, fd, all, sizeof(all), D_CONFIG);
	if (pread(fd, all, sizeof(all), D_CONFIG) != sizeof(all))
		c_say(c, "pread: failed");
	say_config(c, all);
	if (pwrite(fd, before, sizeof(before), D_CONFIG) != sizeof(before))
		c_say(c, "pwrite: failed");
}

static void size_bar(struct ctx *c)
{
	off_t pos = D_CONFIG + c->param;
	static const uint32_t addresses[] = { 0xffffffff, 0, 0x12345678,
					      0xfe123456, 1, 0xfffff800 };
	int fd = e_ready(c);
	size_t i;

	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		c_pwrite(c, fd, &addresses[i], 4, pos);
		c_pread(c, fd, NULL, 4, pos);
	}
	/* The size as a BIOS of long ago asks for it. */
	for (i = 0; i < 4; i++) {
		c_pwrite(c, fd, "\xff", 1, pos + (off_t)i);
		c_pread(c, fd, NULL, 4, pos);
	}
}

/* BARs that were moved are where they were: the client's own affair. */
E_CASE("pci/config/moved-bar")
{
	int fd = e_ready(c);

	c_pwrite(c, fd, "\0\0\x30\x40", 4, D_CONFIG + PCI_BASE_ADDRESS_0);
	c_pread(c, fd, NULL, 4, E_ID);
	c_pwrite(c, fd, "\xff\xff\xff\xff", 4, D_CONFIG + PCI_BASE_ADDRESS_0);
	c_pread(c, fd, NULL, 4, E_ID);
	c_region_info(c, fd, 0, sizeof(struct vfio_region_info));
}

/* What is as new after closing. */
E_CASE("pci/config/over-closing")
{
	uint8_t config[E_CONFIG_SIZE];
	int fd = e_ready(c);

	e_command(c, fd, 0xffff);
	c_pwrite(c, fd, "\x10\x20", 2, D_CONFIG + PCI_CACHE_LINE_SIZE);
	c_pwrite(c, fd, "\x0c", 1, D_CONFIG + PCI_INTERRUPT_LINE);
	c_pwrite(c, fd, "\xff\xff\xff\xff", 4, D_CONFIG + 0x44);
	c_pwrite(c, fd, "\x77", 1, D_CONFIG + 0xf0);
	c_close(c, fd);
	fd = c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
	if (pread(fd, config, sizeof(config), D_CONFIG) != sizeof(config))
		c_say(c, "pread: failed");
	config[PCI_BASE_ADDRESS_0] &= 0x0f;
	memset(config + PCI_BASE_ADDRESS_0 + 1, 0, 3);
	config[PCI_INTERRUPT_LINE] = 0;
	say_config(c, config);
	e_set(c, fd, D_CONFIG + 0xf0, 1, 0);
}

/* Up to the end, over it, behind it. */
static void end(struct ctx *c)
{
	static const uint8_t zeros[16];
	off_t pos = D_CONFIG + c->param;
	int fd = e_ready(c);
	size_t len;

	for (len = 0; len <= 16; len++)
		c_pread(c, fd, NULL, len, pos);
	for (len = 0; len <= 16; len++)
		c_pwrite(c, fd, zeros, len, pos);
}

CASES
{
	static const long ends[] = {
		0xf0, 0xf8,  0xfb,  0xfc,  0xfd,   0xfe,
		0xff, 0x100, 0x101, 0xfff, 0x1000, 0x10000
	};
	long i;

	for (i = 1; i <= E_CONFIG_SIZE; i *= 2)
		conform_add(read_by, i, CASE_PCI, "pci/config/read-by-%ld", i);
	for (i = 0; i < E_CONFIG_SIZE; i += 4)
		conform_add(write_dword, i, CASE_PCI, "pci/config/write/%02lx",
			    i);
	for (i = 0; i < NR_VALUES; i++)
		conform_add(write_all, i, CASE_PCI, "pci/config/write-all/%s",
			    values[i].name);
	for (i = PCI_BASE_ADDRESS_0; i <= PCI_BASE_ADDRESS_5; i += 4)
		conform_add(size_bar, i, CASE_PCI, "pci/config/bar-size/%02lx",
			    i);
	conform_add(size_bar, PCI_ROM_ADDRESS, CASE_PCI,
		    "pci/config/bar-size/rom");
	for (i = 0; i < (long)(sizeof(ends) / sizeof(ends[0])); i++)
		conform_add(end, ends[i], CASE_PCI, "pci/config/end/%lx",
			    ends[i]);
}
