// SPDX-License-Identifier: BSD-3-Clause
/* Migration: its states and its streams. */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "helpers_device.h"

/* Numbers that older headers lack. */
#define MIG_DEVICE_STATE 2
#define PRECOPY_INFO (0x3b64 + 21)
#define NR_STATES 8

static const char *const states[] = {
	"error",       "stop",	   "running",	   "stop-copy", "resuming",
	"running-p2p", "pre-copy", "pre-copy-p2p", "eight"
};

struct mig_state {
	struct vfio_device_feature feature;
	uint32_t state;
	int32_t fd;
};

/* The struct is written on failure too. */
static long state_call(struct ctx *c, int device, uint32_t flags,
		       uint32_t state)
{
	struct mig_state arg = {
		.feature.argsz = sizeof(arg),
		.feature.flags = flags | MIG_DEVICE_STATE,
		.state = state,
		.fd = 12345,
	};
	long result = ioctl(device, VFIO_DEVICE_FEATURE, &arg);
	const char *stream = "none";

	c_did(c, result, "%s-state(device, %s)",
	      flags == VFIO_DEVICE_FEATURE_SET ? "set" : "get",
	      flags == VFIO_DEVICE_FEATURE_SET ? states[state] : "");
	if (!result && arg.fd >= 0 && arg.fd != 12345) {
		stream = "stream";
		c_name_fd(c, stream, arg.fd);
	} else if (arg.fd == 12345) {
		stream = "unchanged";
	} else if (arg.fd != -1) {
		stream = "?";
	}
	c_say(c, "    state %s, data_fd %s",
	      arg.state <= NR_STATES ? states[arg.state] : "?", stream);
	return result;
}

static long set_state(struct ctx *c, int device, uint32_t state)
{
	return state_call(c, device, VFIO_DEVICE_FEATURE_SET, state);
}

static void get_state(struct ctx *c, int device)
{
	state_call(c, device, VFIO_DEVICE_FEATURE_GET, 0);
}

/* A state lasts over closing: begin, and end, with a reset. */
static int begin(struct ctx *c)
{
	int fd = d_mtty(c);

	ioctl(fd, VFIO_DEVICE_RESET);
	return fd;
}

static void end(struct ctx *c)
{
	ioctl(c_fd(c, "device"), VFIO_DEVICE_RESET);
}

static void from_to(struct ctx *c)
{
	int fd = begin(c);

	set_state(c, fd, D_A(c));
	set_state(c, fd, D_B(c));
	get_state(c, fd);
	end(c);
}

static void read_stream(struct ctx *c)
{
	int fd = c_fd(c, "stream");

	if (fd < 0)
		return;
	c_read(c, fd, NULL, 10);
	c_read(c, fd, NULL, 4096);
	c_read(c, fd, NULL, 4096);
	c_pread(c, fd, NULL, 4, 0);
	c_lseek(c, fd, 0, SEEK_SET);
	c_write(c, fd, "x", 1);
	c_poll(c, fd, 5);
}

static void stream(struct ctx *c)
{
	int fd = begin(c);

	c_pwrite(c, fd, "ABC", 1, 0);
	set_state(c, fd, (uint32_t)c->param);
	read_stream(c);
	set_state(c, fd, 3);
	read_stream(c);
	set_state(c, fd, 2);
	if (c_fd(c, "stream") >= 0)
		c_read(c, c_fd(c, "stream"), NULL, 16);
	end(c);
}

static void precopy_info(struct ctx *c)
{
	int fd = begin(c), s;
	struct {
		uint32_t argsz, flags;
		uint64_t initial, dirty;
	} info = { .argsz = 24 };

	set_state(c, fd, (uint32_t)c->param);
	s = c_fd(c, "stream");
	if (s >= 0) {
		c_did(c, ioctl(s, PRECOPY_INFO, &info), "PRECOPY_INFO");
		c_say(c, "initial %llu, dirty %llu",
		      (unsigned long long)info.initial,
		      (unsigned long long)info.dirty);
		info.argsz = 23;
		c_did(c, ioctl(s, PRECOPY_INFO, &info), "PRECOPY_INFO, 23");
		c_ioctl_nr(c, s, PRECOPY_INFO, 0);
		c_ioctl_nr(c, s, PRECOPY_INFO + 1, 0);
		c_ioctl_nr(c, s, 0x3b6b, 0);
	}
	end(c);
}

/* The whole way, from a port with some bytes to an emptied one. */
CASE("device/migrate/there-and-back")
{
	int fd = begin(c), s;
	char data[4096];
	ssize_t n;

	c_pwrite(c, fd, "A", 1, 0);
	c_pwrite(c, fd, "B", 1, 0);
	c_pwrite(c, fd, "\x77", 1, 7);
	set_state(c, fd, 3);
	s = c_fd(c, "stream");
	if (s < 0)
		return;
	n = read(s, data, sizeof(data));
	c_did(c, n, "read(stream)");
	c_close(c, s);
	set_state(c, fd, 2);
	c_pread(c, fd, NULL, 1, 0);
	c_pwrite(c, fd, "\x11", 1, 7);
	set_state(c, fd, 4);
	c_did(c, write(c_fd(c, "stream"), data, (size_t)n), "write(stream)");
	c_did(c, write(c_fd(c, "stream"), data, 1), "write(stream, 1)");
	set_state(c, fd, 2);
	c_pread(c, fd, NULL, 1, 7);
	c_pread(c, fd, NULL, 1, 0);
	c_pread(c, fd, NULL, 1, 0);
	end(c);
}

/* Data that was cut short, or that no such device sent. */
static void bad_data(struct ctx *c)
{
	unsigned char data[96] = { 0x4e, 0x2c, 0x3e, 0x8c, 0x89, 0x09,
				   0x9d, 0x7e, 1,    0,	   0,	 0,
				   0,	 0,    0,    0,	   2 };
	int fd = begin(c), s;

	set_state(c, fd, 4);
	s = c_fd(c, "stream");
	if (s < 0)
		return;
	if (c->param < 24)
		data[c->param]++;
	c_did(c, write(s, data, 24), "write(stream, 24)");
	c_did(c, write(s, data + 24, 71), "write(stream, 71)");
	set_state(c, fd, 2);
	get_state(c, fd);
	/* A padding byte: what is loaded there stays for ever. */
	c_did(c, write(s, data + 95, 1), "write(stream, 1)");
	set_state(c, fd, 2);
	end(c);
}

static void over(struct ctx *c)
{
	int fd = begin(c);

	set_state(c, fd, (uint32_t)D_A(c));
	if (D_B(c)) {
		c_close(c, fd);
		fd = c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
	} else {
		c_ioctl(c, fd, &DEVICE_RESET, 0);
	}
	get_state(c, fd);
	if (c_fd(c, "stream") >= 0)
		c_read(c, c_fd(c, "stream"), NULL, 24);
	end(c);
}

CASE("device/migrate/log")
{
	uint64_t bitmap[8] = { 0 }, start[3] = { 4096, 1, 0 };
	uint64_t range[2] = { 0x100000, 0x10000 };
	uint64_t report[4] = { 0x100000, 0x10000, 4096, 0 };
	int fd = begin(c);
	struct {
		struct vfio_device_feature feature;
		uint64_t data[4];
	} arg = { { .argsz = sizeof(arg) }, { 0 } };

	memcpy(arg.data, start, sizeof(start));
	arg.data[2] = (uintptr_t)range;
	arg.feature.flags = VFIO_DEVICE_FEATURE_SET | 6;
	c_did(c, ioctl(fd, VFIO_DEVICE_FEATURE, &arg), "log-start");
	memcpy(arg.data, report, sizeof(report));
	arg.data[3] = (uintptr_t)bitmap;
	arg.feature.flags = VFIO_DEVICE_FEATURE_GET | 8;
	c_did(c, ioctl(fd, VFIO_DEVICE_FEATURE, &arg), "log-report");
	c_say(c, "bitmap[0] %llx", (unsigned long long)bitmap[0]);
	arg.data[2] = 2048;
	c_did(c, ioctl(fd, VFIO_DEVICE_FEATURE, &arg), "log-report, 2048");
	arg.feature.flags = VFIO_DEVICE_FEATURE_SET | 7;
	c_did(c, ioctl(fd, VFIO_DEVICE_FEATURE, &arg), "log-stop");
	end(c);
}

CASES
{
	static const int bad[] = { 0, 8, 12, 16, 20, 24 };
	unsigned int from, to, i;

	for (from = 1; from < NR_STATES; from++)
		for (to = 0; to <= NR_STATES; to++)
			conform_add(from_to, D_PARAM(from, to, 0), 0,
				    "device/migrate/%s/%s", states[from],
				    states[to]);
	for (i = 2; i < NR_STATES; i++) {
		conform_add(over, D_PARAM(i, 0, 0), 0,
			    "device/migrate/over-reset/%s", states[i]);
		conform_add(over, D_PARAM(i, 1, 0), 0,
			    "device/migrate/over-closing/%s", states[i]);
	}
	for (i = 3; i < NR_STATES; i++) {
		conform_add(stream, i, 0, "device/migrate/stream/%s",
			    states[i]);
		conform_add(precopy_info, i, 0,
			    "device/migrate/precopy-info/%s", states[i]);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		conform_add(bad_data, bad[i], 0, "device/migrate/bad-data/%d",
			    bad[i]);
}
