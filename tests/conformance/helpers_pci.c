// SPDX-License-Identifier: BSD-3-Clause
#include <poll.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <unistd.h>
#include "helpers_pci.h"
#include "state.h"

#define DMA_RUN 1
#define DMA_TO_MEMORY 2

uint64_t e_get(struct ctx *c, int fd, off_t pos, size_t len)
{
	uint64_t value = 0;

	if (pread(fd, &value, len, pos) != (ssize_t)len) {
		c_say(c, "pread(device, %zu, 0x%llx): failed", len,
		      (unsigned long long)pos);
		stop(c);
	}
	return value;
}

void e_set(struct ctx *c, int fd, off_t pos, size_t len, uint64_t value)
{
	if (pwrite(fd, &value, len, pos) == (ssize_t)len)
		return;
	c_say(c, "pwrite(device, %zu, 0x%llx): failed", len,
	      (unsigned long long)pos);
	stop(c);
}

/* The device takes its time. */
static bool is_done(struct ctx *c, int fd)
{
	int i;

	for (i = 0; i < 1000; i++) {
		if (!(e_get(c, fd, E_DMA_COMMAND, 4) & DMA_RUN))
			return true;
		usleep(10000);
	}
	return false;
}

/* The command can only be replaced by another: one byte from nowhere. */
static void renew_command(struct ctx *c, int fd)
{
	e_set(c, fd, E_DMA_TARGET, 8, E_BUFFER);
	e_set(c, fd, E_DMA_COUNT, 8, 1);
	e_set(c, fd, E_DMA_COMMAND, 4, DMA_RUN);
	is_done(c, fd);
}

/* 34! is 0, in 32 bits. */
static void renew_factorial(struct ctx *c, int fd)
{
	e_set(c, fd, E_FACTORIAL, 4, 34);
	while (e_get(c, fd, E_STATUS, 4) & 1)
		;
}

void e_renew(struct ctx *c, int fd)
{
	off_t reg;

	if (e_get(c, fd, E_DMA_COMMAND, 4))
		renew_command(c, fd);
	e_set(c, fd, E_STATUS, 4, 0);
	e_set(c, fd, E_ACK, 4, 0xffffffff);
	e_set(c, fd, E_LIVE, 4, 0xffffffff);
	if (e_get(c, fd, E_FACTORIAL, 4))
		renew_factorial(c, fd);
	for (reg = E_DMA_SOURCE; reg < E_DMA_COMMAND; reg += 8)
		e_set(c, fd, reg, 8, 0);
}

bool e_is_edu(struct ctx *c, int fd)
{
	return e_get(c, fd, D_CONFIG, 4) == 0x11e81234;
}

int e_ready(struct ctx *c)
{
	int fd = d_ready(c);

	if (!e_is_edu(c, fd)) {
		c_note(c, "not an edu");
		stop(c);
	}
	return fd;
}

void e_write(struct ctx *c, int fd, off_t reg, uint32_t value)
{
	c_pwrite(c, fd, &value, sizeof(value), reg);
}

void e_command(struct ctx *c, int fd, uint16_t command)
{
	c_pwrite(c, fd, &command, sizeof(command), D_CONFIG + PCI_COMMAND);
}

int e_second(struct ctx *c)
{
	return c_device_fd(c, c_fd(c, "group"), "device2", c->device[1]);
}

void e_hot_reset(struct ctx *c, int fd, uint32_t count, const int *fds,
		 const char *shown)
{
	struct {
		struct vfio_pci_hot_reset reset;
		int32_t fds[E_MAX_FDS];
	} arg = { .reset = { .argsz = sizeof(arg), .count = count } };
	uint32_t i;
	long result;

	for (i = 0; i < count && i < E_MAX_FDS; i++)
		arg.fds[i] = fds[i];
	result = c_quiet(fd, &DEVICE_PCI_HOT_RESET, &arg);
	c_say(c, "hot-reset(count %u: %s) = %s", count, shown,
	      result ? strerrorname_np((int)-result) : "0");
}

void e_signalled(struct ctx *c, int event)
{
	struct pollfd p = { .fd = event, .events = POLLIN };

	poll(&p, 1, 5000);
	c_counter(c, event);
}

void e_dma(struct ctx *c, int fd, uint64_t source, uint64_t target,
	   uint64_t count, bool to_memory)
{
	e_set(c, fd, E_DMA_SOURCE, 8, source);
	e_set(c, fd, E_DMA_TARGET, 8, target);
	e_set(c, fd, E_DMA_COUNT, 8, count);
	e_set(c, fd, E_DMA_COMMAND, 4,
	      DMA_RUN | (to_memory ? DMA_TO_MEMORY : 0));
	c_say(c, "DMA(0x%llx to 0x%llx, %llu) = %s", (unsigned long long)source,
	      (unsigned long long)target, (unsigned long long)count,
	      is_done(c, fd) ? "done" : "hangs");
}
