// SPDX-License-Identifier: BSD-3-Clause
/* The framebuffer of an mdpy, mapped. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "helpers_mdpy.h"
#include "state.h"

#define RW (PROT_READ | PROT_WRITE)

static void try(struct ctx *c, int fd, size_t len, int prot, int flags,
		off_t pos)
{
	void *at = c_mmap(c, "m", fd, len, prot, flags, pos);

	if (at)
		c_munmap(c, at, (len + C_PAGE - 1) & ~(C_PAGE - 1));
}

static const int prots[] = { PROT_NONE,	    PROT_READ,
			     PROT_WRITE,    RW,
			     PROT_EXEC,	    PROT_READ | PROT_EXEC,
			     RW | PROT_EXEC };

static void protection(struct ctx *c)
{
	int fd = m_ready(c), i;

	for (i = 0; i < (int)(sizeof(prots) / sizeof(prots[0])); i++)
		try(c, fd, C_PAGE, prots[i], (int)c->param, M_MEMORY);
}

static void length(struct ctx *c)
{
	static const size_t lengths[] = { 0,	      1,	  C_PAGE,
					  0x3000,     M_SIZE - 1, M_SIZE,
					  M_SIZE + 1, 2 * M_SIZE, 1UL << 40 };
	int fd = m_ready(c);
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		try(c, fd, lengths[i], RW, (int)c->param, M_MEMORY);
}

static void offset(struct ctx *c)
{
	static const off_t offsets[] = {
		0,
		1,
		C_PAGE + 1,
		2 * C_PAGE,
		M_SIZE,
		M_END,
		M_END - (off_t)C_PAGE,
		1LL << 40,
		7LL << 40,
		16LL << 40,
		0x7ffffffffffff000,
	};
	int fd = m_ready(c);
	size_t i;

	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		try(c, fd, C_PAGE, RW, (int)c->param, offsets[i]);
}

/* The whole of it; ends the case if it cannot be had. */
static char *mapped(struct ctx *c, int fd)
{
	char *at = c_mmap(c, "m", fd, M_SIZE, RW, MAP_SHARED, M_MEMORY);

	if (!at)
		stop(c);
	return at;
}

static void look(struct ctx *c, const char *name, const char *at)
{
	c_say(c, "%s: %02x %02x %02x %02x", name, at[0] & 0xff, at[1] & 0xff,
	      at[2] & 0xff, at[3] & 0xff);
}

M_CASE("mdpy/mmap/picture")
{
	int fd = m_ready(c), row;
	char *at = mapped(c, fd);

	for (row = 0; row < M_ROWS; row += 20)
		c_say(c, "row %d: %02x .. %02x", row, at[row * M_STRIDE] & 0xff,
		      at[(row + 1) * M_STRIDE - 1] & 0xff);
	look(c, "behind it", at + M_ROWS * M_STRIDE);
	look(c, "at the end", at + M_SIZE - 4);
}

M_CASE("mdpy/mmap/pread-sees")
{
	int fd = m_ready(c);
	char *at = mapped(c, fd);

	memcpy(at, "abcd", 4);
	c_pread(c, fd, NULL, 4, M_MEMORY);
	c_pwrite(c, fd, "EF", 2, M_MEMORY);
	look(c, "m", at);
	c_ioctl(c, fd, &DEVICE_RESET, 0);
	look(c, "m", at);
}

/* A store further on, where Linux's reads and writes do not come. */
M_CASE("mdpy/mmap/pread-elsewhere")
{
	int fd = m_ready(c);
	char *at = mapped(c, fd);

	memcpy(at + 0x2000, "abcd", 4);
	c_pread(c, fd, NULL, 4, M_MEMORY + 0x2000);
	c_pwrite(c, fd, "EF", 2, M_MEMORY + 0x2000);
	look(c, "m+0x2000", at + 0x2000);
	look(c, "m", at);
}

/* What a reset does not draw over stays. */
M_CASE("mdpy/mmap/over-reset")
{
	int fd = m_ready(c);
	char *at = mapped(c, fd), *last = at + M_SIZE - 4;

	memcpy(at + 400L * M_STRIDE, "abcd", 4);
	memcpy(last, "efgh", 4);
	c_ioctl(c, fd, &DEVICE_RESET, 0);
	look(c, "row 400", at + 400L * M_STRIDE);
	look(c, "at the end", last);
	memset(last, 0, 4);
}

/* A part is of the beginning; two mappings, and another fd's, are one memory. */
M_CASE("mdpy/mmap/twice")
{
	int fd = m_ready(c), again = m_open_again(c, "again");
	char *at = mapped(c, fd), *part, *other;

	part = c_mmap(c, "part", fd, 0x3000, RW, MAP_SHARED, M_MEMORY);
	other = c_mmap(c, "other", again, M_SIZE, RW, MAP_SHARED, M_MEMORY);
	if (!part || !other)
		stop(c);
	memcpy(at + 0x2ffc, "abcd", 4);
	look(c, "part", part + 0x2ffc);
	look(c, "other", other + 0x2ffc);
	memcpy(part, "efgh", 4);
	look(c, "other", other);
	c_close(c, fd);
	memcpy(other, "ijkl", 4);
	look(c, "m", at);
	c_pread(c, again, NULL, 4, M_MEMORY);
}

static void child_stores(struct ctx *c)
{
	int fd = c_fd(c, "device");
	char *at = mapped(c, fd);

	memcpy(at, "abcd", 4);
	c_pread(c, fd, NULL, 4, M_MEMORY);
}

M_CASE("mdpy/mmap/other-process")
{
	int fd = m_ready(c);
	char *at = mapped(c, fd);
	struct c_actor *child = c_process(c, "child");

	memcpy(at, "1234", 4);
	c_on(child, child_stores);
	look(c, "m", at);
	c_end(child, 9);
	look(c, "m", at);
}

/* What the store in the mapping left is there for the next client. */
M_CASE("mdpy/mmap/over-closing")
{
	int fd = m_ready(c);
	char *at = mapped(c, fd);

	memcpy(at, "abcd", 4);
	c_munmap(c, at, M_SIZE);
	c_close(c, fd);
	fd = m_open_again(c, "device");
	c_pread(c, fd, NULL, 4, M_MEMORY);
	at = mapped(c, fd);
	look(c, "m", at);
}

/* A mapping is all that is left of the fd. */
M_CASE("mdpy/mmap/after-close")
{
	int fd = m_ready(c);
	char *at = mapped(c, fd);

	c_close(c, fd);
	c_ioctl(c, c_fd(c, "group"), &GROUP_UNSET_CONTAINER, 0);
	memcpy(at, "abcd", 4);
	look(c, "m", at);
	c_munmap(c, at, M_SIZE);
	c_ioctl(c, c_fd(c, "group"), &GROUP_UNSET_CONTAINER, 0);
}

/* It can shrink, and not grow. */
M_CASE("mdpy/mmap/mremap")
{
	int fd = m_ready(c);
	char *at = c_mmap(c, "m", fd, 2 * C_PAGE, RW, MAP_SHARED, M_MEMORY);

	if (!at)
		stop(c);
	c_did(c, mremap(at, 2 * C_PAGE, C_PAGE, 0) == at,
	      "mremap to one page is in place");
	c_did(c, mremap(at, C_PAGE, 3 * C_PAGE, MREMAP_MAYMOVE) == MAP_FAILED,
	      "mremap to three pages fails");
}

CASES
{
	conform_add(protection, MAP_SHARED, CASE_MDPY,
		    "mdpy/mmap/shared/protection");
	conform_add(protection, MAP_PRIVATE, CASE_MDPY,
		    "mdpy/mmap/private/protection");
	conform_add(length, MAP_SHARED, CASE_MDPY, "mdpy/mmap/shared/length");
	conform_add(length, MAP_PRIVATE, CASE_MDPY, "mdpy/mmap/private/length");
	conform_add(offset, MAP_SHARED, CASE_MDPY, "mdpy/mmap/shared/offset");
	conform_add(offset, MAP_PRIVATE, CASE_MDPY, "mdpy/mmap/private/offset");
}
