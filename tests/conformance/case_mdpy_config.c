// SPDX-License-Identifier: BSD-3-Clause
/* The configuration space of an mdpy: 255 bytes, the BAR is written to. */
#include <linux/pci_regs.h>
#include <string.h>
#include <unistd.h>
#include "helpers_mdpy.h"

#define MOST 16
#define VENDOR_CAP 0x40

static void say_config(struct ctx *c, const uint8_t *config, size_t len)
{
	size_t at, i;

	for (at = 0; at < len; at += 16) {
		char text[3 * 16 + 1] = "";

		for (i = at; i < at + 16 && i < len; i++) {
			static const char digits[] = "0123456789abcdef";
			char byte[] = { ' ', digits[config[i] >> 4],
					digits[config[i] & 15], 0 };

			strcat(text, byte);
		}
		c_say(c, "config+0x%02zx =%s", at, text);
	}
}

/* In pieces of this length, the last of which may reach over the end. */
static void read_by(struct ctx *c)
{
	uint8_t config[256 + MOST];
	size_t len = (size_t)c->param;
	int fd = m_ready(c);
	off_t at;

	for (at = 0; at < M_CONFIG_SIZE; at += c->param)
		c_did(c, pread(fd, config + at, len, at),
		      "pread(device, %zu, 0x%02lx)", len, (long)at);
	say_config(c, config, M_CONFIG_SIZE);
}

M_CASE("mdpy/config/read-at-once")
{
	uint8_t config[256] = { 0 };
	int fd = m_ready(c);

	c_did(c, pread(fd, config, 255, 0), "pread(device, 255, 0x0)");
	say_config(c, config, M_CONFIG_SIZE);
	c_did(c, pread(fd, config, 256, 0), "pread(device, 256, 0x0)");
}

static void read_at(struct ctx *c)
{
	int fd = m_ready(c);
	size_t len;

	for (len = 0; len <= MOST; len++)
		c_pread(c, fd, NULL, len, c->param);
}

M_CASE("mdpy/config/capability")
{
	uint8_t at = 0, cap[16] = { 0 };
	uint32_t value[3];
	int fd = m_ready(c);

	c_did(c, pread(fd, &at, 1, PCI_CAPABILITY_LIST), "pread(device, 1)");
	c_did(c, pread(fd, cap, sizeof(cap), at), "pread(device, 16)");
	memcpy(value, cap + 4, sizeof(value));
	c_say(c, "at 0x%02x: id 0x%02x next 0x%02x length 0x%02x", at, cap[0],
	      cap[1], cap[2]);
	c_say(c, "format 0x%08x width %u height %u", value[0], value[1],
	      value[2]);
}

/* ---- writes ---- */

/* Would a part of it be a short write to the BAR? */
static bool spoils_bar(off_t pos, size_t len)
{
	off_t end = pos + (off_t)len;

	return pos <= PCI_BASE_ADDRESS_0 && end > PCI_BASE_ADDRESS_0 &&
	       end < PCI_BASE_ADDRESS_0 + 4;
}

static const struct {
	const char *bytes;
	const char *name;
} values[] = {
	{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	  "ff" },
	{ "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "00" },
	{ "\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55",
	  "55" },
};
#define NR_VALUES 3

/* Each length at each place of four bytes. */
static void write_dword(struct ctx *c)
{
	int fd = m_ready(c), i;
	size_t len;
	off_t at;

	for (i = 0; i < NR_VALUES; i++) {
		for (at = c->param; at < c->param + 4; at++) {
			for (len = 1; len <= 4; len *= 2) {
				if (spoils_bar(at, len))
					continue;
				c_pwrite(c, fd, values[i].bytes, len, at);
				c_pread(c, fd, NULL, 4, c->param);
			}
		}
	}
}

/* Long ones that are cut into accesses before, in and behind the BAR. */
M_CASE("mdpy/config/write-long")
{
	int fd = m_ready(c);
	size_t len;
	off_t at;

	for (at = 0x0a; at <= 0x14; at++) {
		for (len = 5; len <= MOST; len++) {
			if (spoils_bar(at, len))
				continue;
			c_pwrite(c, fd, values[len % NR_VALUES].bytes, len, at);
			c_pread(c, fd, NULL, 12, PCI_BASE_ADDRESS_0);
		}
	}
}

static void write_all(struct ctx *c)
{
	uint8_t config[M_CONFIG_SIZE];
	int fd = m_ready(c);

	memset(config, values[c->param].bytes[0], sizeof(config));
	c_pwrite(c, fd, config, sizeof(config), 0);
	c_did(c, pread(fd, config, sizeof(config), 0), "pread(device, 255)");
	say_config(c, config, sizeof(config));
}

M_CASE("mdpy/config/bar-size")
{
	static const uint32_t addresses[] = {
		0xffffffff, 0,		0x12345678, 0xfe123456, 1,
		0xfffff800, 0xfffffff0, 0xfffffffe, 15,		0x80000000,
	};
	int fd = m_ready(c);
	size_t i;

	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		c_pwrite(c, fd, &addresses[i], 4, PCI_BASE_ADDRESS_0);
		c_pread(c, fd, NULL, 4, PCI_BASE_ADDRESS_0);
	}
}

/* A BAR that was moved is where it was: the client's own affair. */
M_CASE("mdpy/config/bar-moved")
{
	int fd = m_ready(c);

	c_pwrite(c, fd, "\0\0\x30\x40", 4, PCI_BASE_ADDRESS_0);
	c_region_info(c, fd, 0, 32);
	c_pread(c, fd, NULL, 4, M_MEMORY);
	c_ioctl(c, fd, &DEVICE_RESET, 0);
	c_pread(c, fd, NULL, 4, PCI_BASE_ADDRESS_0);
	c_close(c, fd);
	fd = m_open_again(c, "device");
	c_pread(c, fd, NULL, 4, PCI_BASE_ADDRESS_0);
}

/* Memory decoding is not looked at, nor can it be turned off. */
M_CASE("mdpy/config/command")
{
	int fd = m_ready(c);

	c_pwrite(c, fd, "\0\0", 2, PCI_COMMAND);
	c_pread(c, fd, NULL, 2, PCI_COMMAND);
	c_pread(c, fd, NULL, 4, M_MEMORY);
}

/* Up to the end, over it, behind it. */
static void end(struct ctx *c)
{
	int fd = m_ready(c);
	size_t len;

	for (len = 0; len <= MOST; len++)
		c_pread(c, fd, NULL, len, c->param);
	for (len = 0; len <= MOST; len++)
		c_pwrite(c, fd, values[1].bytes, len, c->param);
}

CASES
{
	static const long places[] = { 0x00, 0x01, 0x02, 0x03, 0x05, 0x0e,
				       0x0f, 0x10, 0x11, 0x12, 0x13, 0x2d,
				       0x34, 0x40, 0x43, 0x4a, 0x7f };
	static const long ends[] = { 0xef,  0xf0,  0xf8,  0xfb,	 0xfc,	0xfd,
				     0xfe,  0xff,  0x100, 0x101, 0x800, 0xff0,
				     0xffc, 0xffd, 0xffe, 0xfff };
	size_t i;
	long n;

	for (n = 1; n <= MOST; n += n < 8 ? 1 : 8)
		conform_add(read_by, n, CASE_MDPY, "mdpy/config/read-by-%02ld",
			    n);
	for (i = 0; i < sizeof(places) / sizeof(long); i++)
		conform_add(read_at, places[i], CASE_MDPY,
			    "mdpy/config/read/%02lx", places[i]);
	for (n = 0; n < 0xfc; n += 4)
		conform_add(write_dword, n, CASE_MDPY,
			    "mdpy/config/write/%02lx", n);
	for (n = 0; n < NR_VALUES; n++)
		conform_add(write_all, n, CASE_MDPY, "mdpy/config/write-all/%s",
			    values[n].name);
	for (i = 0; i < sizeof(ends) / sizeof(long); i++)
		conform_add(end, ends[i], CASE_MDPY, "mdpy/config/end/%03lx",
			    ends[i]);
}
