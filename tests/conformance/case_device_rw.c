// SPDX-License-Identifier: BSD-3-Clause
/*
 * Reading and writing regions. BARs 2 to 5 of the kernel's mtty are memory
 * that is not its own, as is what follows its configuration space: keep off.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include "helpers_device.h"
#include "states.h"

#define MOST 16

/* ---- reading, each length ---- */

static const unsigned int config_offsets[] = {
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
	0x0b, 0x0e, 0x10, 0x11, 0x12, 0x13, 0x14, 0x2c, 0x2d, 0x34, 0x3c,
	0x3d, 0x40, 0x41, 0x4c, 0x60, 0x63, 0x6e, 0x80, 0xe0, 0xe7,
};

static const off_t bar_offsets[] = { 0,	      1,	2,	   3,
				     4,	      5,	6,	   7,
				     8,	      9,	0xff,	   0x100,
				     0xfff8,  0xffff,	0x10000,   0x10005,
				     0xfffff, 0x100000, 0xffffffff };

static void read_lengths(struct ctx *c, int fd, off_t pos)
{
	size_t len;

	for (len = 0; len <= MOST; len++)
		c_pread(c, fd, NULL, len, pos);
}

static void read_config(struct ctx *c)
{
	read_lengths(c, d_ready(c), D_CONFIG + c->param);
}

/* Where every register differs. */
static int differing(struct ctx *c, unsigned int bar)
{
	int fd = d_mtty(c);

	c_pwrite(c, fd, "\x5a", 1, D_REGION(bar) + 7);
	c_pwrite(c, fd, "\x13", 1, D_REGION(bar) + 3);
	c_pwrite(c, fd, "\x0b", 1, D_REGION(bar) + 4);
	c_pwrite(c, fd, "\x05", 1, D_REGION(bar) + 1);
	return fd;
}

static void read_bar(struct ctx *c)
{
	unsigned int bar = D_A(c);
	int fd = differing(c, bar);
	size_t len;

	for (len = 0; len <= MOST; len++) {
		/* A read of register 0 takes a byte away. */
		if (!bar_offsets[D_B(c)])
			c_pwrite(c, fd, "A", 1, D_REGION(bar));
		c_pread(c, fd, NULL, len, D_REGION(bar) + bar_offsets[D_B(c)]);
	}
}

/* From the end of the first region into the second. */
CASE("device/read/bar0/into-bar1")
{
	int fd = differing(c, 1);
	size_t back;

	for (back = 1; back <= 8; back++)
		c_pread(c, fd, NULL, MOST, D_REGION(1) - (off_t)back);
}

CASE("device/read/large")
{
	int fd = d_mtty(c);
	char *at = c_mem(c, "A", 1 << 20, 0);

	c_pwrite(c, fd, "\x5a", 1, 7);
	c_pread_at(c, fd, at, 4096, 4);
	c_pread_at(c, fd, at, 65536, 4);
	c_pread_at(c, fd, at, 65537, 1);
	c_pread_at(c, fd, at, 131072, 7);
	c_pread_at(c, fd, at, 1 << 20, 3);
}

/* ---- regions that there are not ---- */

static void no_region(struct ctx *c)
{
	int fd = d_ready(c);
	off_t pos = (off_t)c->param << 40;
	size_t len;

	for (len = 0; len <= 8; len += len ? len : 1) {
		c_pread(c, fd, NULL, len, pos);
		c_pread(c, fd, NULL, len, pos + 4096);
		c_pwrite(c, fd, "\0\0\0\0\0\0\0", len, pos);
	}
}

CASE("device/read/position")
{
	static const off_t positions[] = { -1,
					   -4,
					   -4096,
					   INT64_MIN,
					   INT64_MAX,
					   INT64_MAX - 3,
					   INT64_MAX - 4095 };
	int fd = d_ready(c);
	size_t i;

	for (i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
		c_pread(c, fd, NULL, 0, positions[i]);
		c_pread(c, fd, NULL, 4, positions[i]);
		c_pwrite(c, fd, "", 0, positions[i]);
		c_pwrite(c, fd, "abcd", 4, positions[i]);
	}
}

/* ---- writing the configuration space ---- */

static const struct {
	unsigned int offset, len;
} config_writes[] = {
	{ 0x00, 4 },  { 0x00, 2 }, { 0x02, 2 }, { 0x04, 2 },  { 0x04, 1 },
	{ 0x05, 1 },  { 0x04, 4 }, { 0x06, 2 }, { 0x08, 4 },  { 0x0c, 4 },
	{ 0x0d, 1 },  { 0x10, 4 }, { 0x14, 4 }, { 0x10, 8 },  { 0x18, 4 },
	{ 0x1c, 4 },  { 0x20, 4 }, { 0x24, 4 }, { 0x10, 16 }, { 0x28, 4 },
	{ 0x2c, 4 },  { 0x30, 4 }, { 0x34, 1 }, { 0x34, 4 },  { 0x3c, 1 },
	{ 0x3c, 2 },  { 0x3c, 4 }, { 0x3d, 1 }, { 0x3e, 2 },  { 0x40, 4 },
	{ 0x60, 16 }, { 0x80, 4 }, { 0x11, 1 }, { 0x12, 2 },  { 0x3b, 2 },
	{ 0x38, 8 },
};
#define NR_CONFIG_WRITES (sizeof(config_writes) / sizeof(config_writes[0]))

/*
 * Bit 1 of a BAR of mtty, once it has been written as 1, stays so for ever:
 * no value has it at 0x10 and 0x14.
 */
static void write_config(struct ctx *c)
{
	static const char *const values[] = {
		"\xff\xff\xff\xff\xff\xff\xff\xff"
		"\xff\xff\xff\xff\xff\xff\xff\xff",
		"\x11\x34\x56\x78\x9c\xbc\xde\xf0"
		"\x21\x43\x65\x87\xa9\xcb\xed\x0f",
		"\xfc\xff\xff\xff\xfd\xff\xff\xff"
		"\xfe\xff\xff\xff\xff\xff\xff\xff",
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	};
	unsigned int offset = config_writes[c->param].offset;
	int fd = d_mtty(c);
	size_t i;

	for (i = 0; i < 4; i++) {
		c_pwrite(c, fd, values[i], config_writes[c->param].len,
			 D_CONFIG + offset);
		c_pread(c, fd, NULL, 16, D_CONFIG + (offset & ~15));
	}
	c_pread(c, fd, NULL, 128, D_CONFIG);
}

/* ---- where read(2) is ---- */

CASE("device/position/advances")
{
	int fd = differing(c, 0), again;

	c_read(c, fd, NULL, 1);
	c_read(c, fd, NULL, 3);
	c_pread(c, fd, NULL, 4, D_CONFIG);
	c_read(c, fd, NULL, 0);
	c_write(c, fd, "\x07", 1);
	c_read(c, fd, NULL, 2);
	again = c_dup(c, "dup", fd);
	c_read(c, again, NULL, 1);
	c_read(c, fd, NULL, 4);
	c_pread(c, fd, NULL, 1, 4);
}

CASE("device/position/failure")
{
	int fd = differing(c, 0);
	void *none = c_no_access(c, "", 1);

	c_read(c, fd, NULL, 3);
	c_did(c, read(fd, none, 1), "read(device, NONE, 1)");
	c_did(c, read(fd, (void *)C_KERNEL, 1), "read(device, KERNEL, 1)");
	c_did(c, write(fd, none, 1), "write(device, NONE, 1)");
	c_read(c, fd, NULL, 1);
	c_read(c, fd, NULL, 1);
}

CASE("device/position/of-each-fd")
{
	int fd = differing(c, 0);
	int again = c_device_fd(c, c_fd(c, "group"), "again", c->device[0]);

	c_read(c, fd, NULL, 7);
	c_read(c, again, NULL, 3);
	c_read(c, fd, NULL, 1);
	c_read(c, again, NULL, 1);
}

static void iovec(struct ctx *c)
{
	int fd = differing(c, 0);
	unsigned char *at = c_mem(c, "A", C_PAGE, 0);
	struct iovec v[3] = { { at, 1 }, { at + 16, 4 }, { at + 32, 3 } };
	long n;

	n = c->param ? preadv(fd, v, 3, D_CONFIG) : readv(fd, v, 3);
	c_did(c, n, "%s(device, 1+4+3)", c->param ? "preadv" : "readv");
	for (n = 0; n < 48; n++)
		if (at[n])
			c_say(c, "A+%ld = %02x", n, at[n]);
	at[0] = 0x11;
	at[16] = 0x22;
	at[32] = 0x33;
	n = c->param ? pwritev(fd, v, 3, 2) : writev(fd, v, 3);
	c_did(c, n, "%s(device, 1+4+3)", c->param ? "pwritev" : "writev");
	for (n = 0; n < 8; n++)
		c_pread(c, fd, NULL, 1, n);
}

/* ---- buffers ---- */

static void bad_buffers(struct ctx *c)
{
	off_t pos = c->param ? D_CONFIG : 4;
	int fd = differing(c, 0);
	uint32_t word = 0;

	c_pread_at(c, fd, NULL, 4, pos);
	c_pread_at(c, fd, (void *)C_KERNEL, 4, pos);
	c_pread_at(c, fd, (void *)-1UL, 4, pos);
	c_pread_at(c, fd, c_no_access(c, &word, 4), 4, pos);
	c_pread_at(c, fd, c_read_only(c, &word, 4), 4, pos);
	c_pread_at(c, fd, NULL, 0, pos);
	c_pwrite_at(c, fd, NULL, 4, pos);
	c_pwrite_at(c, fd, (void *)C_KERNEL, 4, pos);
	c_pwrite_at(c, fd, c_no_access(c, &word, 4), 4, pos);
	c_pwrite_at(c, fd, c_read_only(c, &word, 4), 4, pos);
	c_pwrite_at(c, fd, NULL, 0, pos);
	c_pread(c, fd, NULL, 4, pos);
}

/* A buffer that ends too early, at 0 … 7 of 8 bytes. */
static void cut_short(struct ctx *c)
{
	int fd = differing(c, 0);
	char *at = c_mem(c, "A", C_PAGE, 0), *from;

	from = at + C_PAGE - c->param;
	c_pread_at(c, fd, from, 8, D_CONFIG);
	c_pread_at(c, fd, from, 8, 3);
	memset(at, 0x0f, C_PAGE);
	c_pwrite_at(c, fd, from, 8, 3);
	c_pread(c, fd, NULL, 1, 3);
	c_pread(c, fd, NULL, 1, 4);
	c_pread(c, fd, NULL, 1, 7);
}

/* ---- mmap, and the rest ---- */

static void map(struct ctx *c)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_WRITE,
				     PROT_READ | PROT_WRITE,
				     PROT_READ | PROT_EXEC };
	int fd = d_ready(c), flags = D_B(c);
	size_t i;

	for (i = 0; i < sizeof(prots) / sizeof(prots[0]); i++)
		c_mmap(c, "m", fd, C_PAGE, prots[i], flags, D_REGION(D_A(c)));
	c_mmap(c, "m", fd, 0, PROT_READ, flags, D_REGION(D_A(c)));
	c_mmap(c, "m", fd, C_PAGE, PROT_READ, flags, D_REGION(D_A(c)) + 1);
	c_mmap(c, "m", fd, C_PAGE, PROT_READ, flags,
	       D_REGION(D_A(c)) + (off_t)C_PAGE);
	c_mmap(c, "m", fd, 1UL << 40, PROT_READ, flags, D_REGION(D_A(c)));
}

static void file_op(struct ctx *c)
{
	file_ops[c->param].fn(c, d_ready(c));
}

static void add_reads(void)
{
	size_t i;
	int bar;

	for (i = 0; i < sizeof(config_offsets) / sizeof(int); i++)
		conform_add(read_config, config_offsets[i], 0,
			    "device/read/config/%02x", config_offsets[i]);
	for (bar = 0; bar < 2; bar++)
		for (i = 0; i < sizeof(bar_offsets) / sizeof(off_t); i++)
			conform_add(read_bar, D_PARAM(bar, i, 0), 0,
				    "device/read/bar%d/%llx", bar,
				    (long long)bar_offsets[i]);
}

CASES
{
	static const long none[] = { 6,	  8,   9,	10,	  15,	   16,
				     255, 256, 0x10000, 0x400000, 0x7fffff };
	long i;

	add_reads();
	for (i = 0; i < (long)(sizeof(none) / sizeof(none[0])); i++)
		conform_add(no_region, none[i], 0, "device/read/region-%lx",
			    none[i]);
	for (i = 0; i < (long)NR_CONFIG_WRITES; i++)
		conform_add(write_config, i, 0, "device/write/config/%02x-%u",
			    config_writes[i].offset, config_writes[i].len);
	conform_add(iovec, 0, 0, "device/position/readv");
	conform_add(iovec, 1, 0, "device/position/preadv");
	conform_add(bad_buffers, 0, 0, "device/buffer/bar");
	conform_add(bad_buffers, 1, 0, "device/buffer/config");
	for (i = 0; i < 8; i++)
		conform_add(cut_short, i, 0, "device/buffer/cut-short-%ld", i);
	for (i = 0; i < 10; i += i ? 2 : 7) {
		conform_add(map, D_PARAM(i, MAP_SHARED, 0), 0,
			    "device/mmap/shared/%ld", i);
		conform_add(map, D_PARAM(i, MAP_PRIVATE, 0), 0,
			    "device/mmap/private/%ld", i);
	}
	for (i = 0; file_ops[i].name; i++)
		conform_add(file_op, i, 0, "device/file/ready/%s",
			    file_ops[i].name);
}
