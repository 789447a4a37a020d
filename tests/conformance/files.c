// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>
#include "state.h"

int c_fd(struct ctx *c, const char *role)
{
	int fd;

	for (fd = 0; fd < MAX_FDS; fd++)
		if (!strcmp(c->state->roles.name[fd], role))
			return fd;
	return -1;
}

/* A role is one fd's: what had it before keeps its number only. */
void c_name_fd(struct ctx *c, const char *role, int fd)
{
	int before = *role ? c_fd(c, role) : -1;

	if (before >= 0)
		c->state->roles.name[before][0] = 0;
	if (fd >= 0 && fd < MAX_FDS)
		snprintf(c->state->roles.name[fd], ROLE_SIZE, "%s", role);
}

static int new_fd(struct ctx *c, struct line *l, const char *role, int fd)
{
	int saved = errno;

	if (fd >= 0) {
		c_name_fd(c, role, fd);
		put(l, " = ");
		put_fd(c, l, fd);
	} else {
		put_result(l, fd);
	}
	write_line(c, l);
	errno = saved;
	return fd;
}

static void put_open_flags(struct line *l, int flags)
{
	static const char *const modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR",
					     "3" };

	put(l, "%s", modes[flags & O_ACCMODE]);
	if (flags & O_CLOEXEC)
		put(l, "|O_CLOEXEC");
	if (flags & O_NONBLOCK)
		put(l, "|O_NONBLOCK");
	if (flags & O_PATH)
		put(l, "|O_PATH");
	flags &= ~(O_ACCMODE | O_CLOEXEC | O_NONBLOCK | O_PATH);
	if (flags)
		put(l, "|0x%x", flags);
}

int c_open(struct ctx *c, const char *role, const char *path, int flags)
{
	struct line l = { 0 };

	put(&l, "open(");
	put_string(c, &l, path);
	put(&l, ", ");
	put_open_flags(&l, flags);
	put(&l, ")");
	return new_fd(c, &l, role, open(path, flags, 0600));
}

int c_close(struct ctx *c, int fd)
{
	struct line l = { 0 };
	int result;

	put(&l, "close(");
	put_fd(c, &l, fd);
	put(&l, ")");
	result = close(fd);
	put_result(&l, result);
	write_line(c, &l);
	return result;
}

int c_dup(struct ctx *c, const char *role, int fd)
{
	struct line l = { 0 };

	put(&l, "dup(");
	put_fd(c, &l, fd);
	put(&l, ")");
	return new_fd(c, &l, role, dup(fd));
}

static void put_io(struct ctx *c, struct line *l, const char *name, int fd)
{
	put(l, "%s(", name);
	put_fd(c, l, fd);
	put(l, ", ");
}

static ssize_t done(struct ctx *c, struct line *l, ssize_t result)
{
	put(l, ")");
	put_result(l, result);
	write_line(c, l);
	watch_after(c, NULL);
	return result;
}

ssize_t c_read(struct ctx *c, int fd, void *data, size_t len)
{
	void *at = arg_put(c, NULL, len);
	struct line l = { 0 };
	ssize_t result;

	put_io(c, &l, "read", fd);
	put(&l, "arg, %zu", len);
	watch_before(c);
	result = done(c, &l, read(fd, at, len));
	if (data)
		memcpy(data, at, len);
	return result;
}

ssize_t c_write(struct ctx *c, int fd, const void *data, size_t len)
{
	void *at = arg_put(c, data, len);
	struct line l = { 0 };

	put_io(c, &l, "write", fd);
	put_bytes(&l, at, len);
	put(&l, ", %zu", len);
	watch_before(c);
	return done(c, &l, write(fd, at, len));
}

ssize_t c_pread(struct ctx *c, int fd, void *data, size_t len, off_t pos)
{
	void *at = arg_put(c, NULL, len);
	ssize_t result = c_pread_at(c, fd, at, len, pos);

	if (data)
		memcpy(data, at, len);
	return result;
}

ssize_t c_pwrite(struct ctx *c, int fd, const void *data, size_t len, off_t pos)
{
	void *at = arg_put(c, data, len);
	struct line l = { 0 };

	put_io(c, &l, "pwrite", fd);
	put_bytes(&l, at, len);
	put(&l, ", %zu, 0x%llx", len, (unsigned long long)pos);
	watch_before(c);
	return done(c, &l, pwrite(fd, at, len, pos));
}

ssize_t c_pread_at(struct ctx *c, int fd, void *at, size_t len, off_t pos)
{
	struct line l = { 0 };

	put_io(c, &l, "pread", fd);
	put_address(c, &l, (uintptr_t)at);
	put(&l, ", %zu, 0x%llx", len, (unsigned long long)pos);
	watch_before(c);
	return done(c, &l, pread(fd, at, len, pos));
}

ssize_t c_pwrite_at(struct ctx *c, int fd, const void *at, size_t len,
		    off_t pos)
{
	struct line l = { 0 };

	put_io(c, &l, "pwrite", fd);
	put_address(c, &l, (uintptr_t)at);
	put(&l, ", %zu, 0x%llx", len, (unsigned long long)pos);
	watch_before(c);
	return done(c, &l, pwrite(fd, at, len, pos));
}

off_t c_lseek(struct ctx *c, int fd, off_t pos, int whence)
{
	static const char *const names[] = { "SEEK_SET", "SEEK_CUR", "SEEK_END",
					     "SEEK_DATA", "SEEK_HOLE" };
	struct line l = { 0 };
	off_t result;

	put_io(c, &l, "lseek", fd);
	put(&l, "%lld, %s)", (long long)pos, whence < 5 ? names[whence] : "?");
	result = lseek(fd, pos, whence);
	put_result(&l, result);
	write_line(c, &l);
	return result;
}

static void put_prot(struct line *l, int prot, int flags)
{
	put(l, "%s%s%s", prot & PROT_READ ? "r" : "-",
	    prot & PROT_WRITE ? "w" : "-", prot & PROT_EXEC ? "x" : "-");
	put(l, ", %s",
	    (flags & MAP_TYPE) == MAP_SHARED  ? "SHARED" :
	    (flags & MAP_TYPE) == MAP_PRIVATE ? "PRIVATE" :
						"?");
}

void *c_mmap(struct ctx *c, const char *role, int fd, size_t len, int prot,
	     int flags, off_t pos)
{
	struct line l = { 0 };
	void *at;

	put(&l, "mmap(0x%zx, ", len);
	put_prot(&l, prot, flags);
	put(&l, ", ");
	put_fd(c, &l, fd);
	put(&l, ", 0x%llx)", (unsigned long long)pos);
	at = mmap(NULL, len, prot, flags, fd, pos);
	if (at == MAP_FAILED) {
		put_result(&l, -1);
		at = NULL;
	} else {
		region_add(c, role, at, len, C_UNWATCHED);
		put_result_address(c, &l, at);
	}
	write_line(c, &l);
	return at;
}

int c_munmap(struct ctx *c, void *at, size_t len)
{
	struct line l = { 0 };
	int result;

	put(&l, "munmap(");
	put_address(c, &l, (uintptr_t)at);
	put(&l, ", 0x%zx)", len);
	region_remove(c, at);
	result = munmap(at, len);
	put_result(&l, result);
	write_line(c, &l);
	return result;
}

int c_poll(struct ctx *c, int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	struct line l = { 0 };
	int result;

	put_io(c, &l, "poll", fd);
	put(&l, "0x%x)", events);
	result = poll(&p, 1, 0);
	put_result(&l, result);
	put(&l, " revents 0x%x", p.revents);
	write_line(c, &l);
	return result;
}

int c_epoll_add(struct ctx *c, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct line l = { 0 };
	int ep, result;

	ep = epoll_create1(EPOLL_CLOEXEC);
	put(&l, "epoll_ctl(epoll, ADD, ");
	put_fd(c, &l, fd);
	put(&l, ", EPOLLIN)");
	result = epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
	put_result(&l, result);
	write_line(c, &l);
	close(ep);
	return result;
}

int c_fcntl(struct ctx *c, int fd, int cmd, const char *shown, long arg)
{
	struct line l = { 0 };
	int result;

	put_io(c, &l, "fcntl", fd);
	put(&l, "%s, %ld)", shown, arg);
	result = fcntl(fd, cmd, arg);
	put_result(&l, result);
	write_line(c, &l);
	return result;
}

int c_eventfd(struct ctx *c, const char *role)
{
	struct line l = { 0 };

	put(&l, "eventfd(0, EFD_NONBLOCK)");
	return new_fd(c, &l, role, eventfd(0, EFD_NONBLOCK));
}

int c_pipe(struct ctx *c, const char *reader, const char *writer)
{
	int ends[2], result = pipe(ends);
	struct line l = { 0 };

	if (!result) {
		c_name_fd(c, reader, ends[0]);
		c_name_fd(c, writer, ends[1]);
	}
	put(&l, "pipe() = %s, %s", reader, writer);
	write_line(c, &l);
	return result;
}

uint64_t c_counter(struct ctx *c, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct line l = { 0 };
	uint64_t count = 0;

	poll(&p, 1, 20);
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		count = 0;
	put(&l, "counter(");
	put_fd(c, &l, fd);
	put(&l, ") = %llu", (unsigned long long)count);
	write_line(c, &l);
	return count;
}
