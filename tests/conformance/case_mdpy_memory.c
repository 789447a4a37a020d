// SPDX-License-Identifier: BSD-3-Clause
/* The framebuffer of an mdpy: region info, reading and writing it. */
#include <string.h>
#include <unistd.h>
#include "helpers_mdpy.h"

#define MOST 16

/* ---- what is told of regions ---- */

static void region_index(struct ctx *c)
{
	static const uint32_t sizes[] = { 0,  8,  24, 31,   32,
					  33, 48, 64, 4096, 0xffffffff };
	int fd = m_ready(c);
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		c_region_info(c, fd, (uint32_t)c->param, sizes[i]);
}

/* ---- reads and writes ---- */

static const char zeros[MOST];

static void read_at(struct ctx *c)
{
	int fd = m_ready(c);
	size_t len;

	for (len = 0; len <= MOST; len++)
		c_pread(c, fd, NULL, len, c->param);
}

static void write_at(struct ctx *c)
{
	int fd = m_ready(c);
	size_t len;

	for (len = 0; len <= MOST; len++) {
		c_pwrite(c, fd, zeros, len, c->param);
		c_pread(c, fd, NULL, len, c->param);
	}
}

/* Behind the picture: all of it, up to the end, and over it. */
M_CASE("mdpy/memory/large")
{
	off_t behind = M_MEMORY + (off_t)M_ROWS * M_STRIDE;
	char *at = c_mem(c, "A", 1 << 20, 0);
	size_t rest = (size_t)(M_END - behind);
	int fd = m_ready(c);

	memset(at, 0x5a, 1 << 20);
	c_pread_at(c, fd, at, 4096, behind);
	memset(at, 0x5a, 1 << 20);
	c_pread_at(c, fd, at + 1, 65537, behind + 3);
	memset(at, 0x5a, 1 << 20);
	c_pread_at(c, fd, at, rest, behind);
	c_pread_at(c, fd, at, rest + 1, behind);
	memset(at, 0, 1 << 20);
	c_pwrite_at(c, fd, at, rest, behind);
	c_pwrite_at(c, fd, at, rest + 1, behind);
}

/* At its first byte there is no doubt about where that is. */
M_CASE("mdpy/memory/first-bytes")
{
	int fd = m_ready(c);

	c_pwrite(c, fd, "abcd", 4, M_MEMORY);
	c_pread(c, fd, NULL, 4, M_MEMORY);
	c_pread(c, fd, NULL, 2, M_MEMORY);
	c_pread(c, fd, NULL, 1, M_MEMORY);
	c_pwrite(c, fd, "EF", 2, M_MEMORY);
	c_pread(c, fd, NULL, 4, M_MEMORY);
	c_pwrite(c, fd, "G", 1, M_MEMORY);
	c_pread(c, fd, NULL, 4, M_MEMORY);
}

/* Elsewhere there is: what is written in one place, read in many. */
static void position(struct ctx *c)
{
	int fd = m_ready(c), i;

	c_pwrite(c, fd, "abcd", 4, c->param);
	for (i = 0; i < 9; i++)
		c_pread(c, fd, NULL, 1, M_MEMORY + i);
	c_pread(c, fd, NULL, 8, M_MEMORY);
	c_pread(c, fd, NULL, 4, c->param);
	c_pread(c, fd, NULL, 3, c->param + 1);
	c_pread(c, fd, NULL, 4, M_END - 4);
}

M_CASE("mdpy/memory/rows")
{
	int fd = m_ready(c), row;

	for (row = 0; row < M_ROWS; row += 40)
		c_pread(c, fd, NULL, 4, M_MEMORY + (off_t)row * M_STRIDE);
}

M_CASE("mdpy/memory/over-reset")
{
	int fd = m_ready(c);

	c_pwrite(c, fd, "abcd", 4, M_MEMORY);
	c_ioctl(c, fd, &DEVICE_RESET, 0);
	c_pread(c, fd, NULL, 4, M_MEMORY);
}

M_CASE("mdpy/memory/over-closing")
{
	int fd = m_ready(c);

	c_pwrite(c, fd, "abcd", 4, M_MEMORY);
	c_close(c, fd);
	fd = m_open_again(c, "device");
	c_pread(c, fd, NULL, 4, M_MEMORY);
	c_close(c, c_fd(c, "group"));
	c_close(c, fd);
	c_close(c, c_fd(c, "container"));
	fd = c_ready_device(c, VFIO_TYPE1_IOMMU).device;
	c_pread(c, fd, NULL, 4, M_MEMORY);
}

M_CASE("mdpy/memory/two-fds")
{
	int fd = m_ready(c), again = m_open_again(c, "again");

	c_pwrite(c, fd, "abcd", 4, M_MEMORY);
	c_pread(c, again, NULL, 4, M_MEMORY);
	c_pwrite(c, again, "ef", 2, M_MEMORY);
	c_close(c, again);
	c_pread(c, fd, NULL, 4, M_MEMORY);
}

/* ---- buffers ---- */

M_CASE("mdpy/memory/buffers")
{
	int fd = m_ready(c);
	uint32_t word = 0;

	c_pread_at(c, fd, NULL, 4, M_MEMORY);
	c_pread_at(c, fd, c_no_access(c, &word, 4), 4, M_MEMORY);
	c_pread_at(c, fd, c_read_only(c, &word, 4), 4, M_MEMORY);
	c_pwrite_at(c, fd, NULL, 4, M_MEMORY);
	c_pwrite_at(c, fd, c_no_access(c, &word, 4), 4, M_MEMORY);
	c_pwrite_at(c, fd, c_read_only(c, &word, 4), 4, M_MEMORY);
	c_pread(c, fd, NULL, 4, M_MEMORY);
}

CASES
{
	/* Before it, its beginning, its end, behind it, region 16 by index. */
	static const long places[] = {
		0xff0,		 0xffc,
		0xfff,		 M_MEMORY,
		M_MEMORY + 1,	 M_MEMORY + 2,
		M_MEMORY + 3,	 M_MEMORY + 4,
		M_MEMORY + 7,	 M_MEMORY + 256,
		M_END - 16,	 M_END - 15,
		M_END - 8,	 M_END - 7,
		M_END - 4,	 M_END - 3,
		M_END - 2,	 M_END - 1,
		M_END,		 M_END + 1,
		0xffffffff,	 1L << 40,
		(1L << 40) + 16, 7L << 40,
		16L << 40,	 0x7ffffffffffff000,
	};
	static const long positions[] = { M_MEMORY, M_MEMORY + 4,
					  M_MEMORY + 0x2000, M_END - 8 };
	size_t i;
	long n;

	for (n = 0; n <= M_DISPLAY + 1; n++)
		conform_add(region_index, n, CASE_MDPY, "mdpy/region/%02ld", n);
	conform_add(region_index, 0xffffffff, CASE_MDPY, "mdpy/region/last");
	for (i = 0; i < sizeof(places) / sizeof(long); i++) {
		conform_add(read_at, places[i], CASE_MDPY,
			    "mdpy/memory/read/%05lx", places[i]);
		conform_add(write_at, places[i], CASE_MDPY,
			    "mdpy/memory/write/%05lx", places[i]);
	}
	for (i = 0; i < sizeof(positions) / sizeof(long); i++)
		conform_add(position, positions[i], CASE_MDPY,
			    "mdpy/memory/position/%05lx", positions[i]);
}
