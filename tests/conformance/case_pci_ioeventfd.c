// SPDX-License-Identifier: BSD-3-Clause
/* IOEVENTFD: an eventfd that writes to a BAR. */
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include "helpers_pci.h"

static long set(struct ctx *c, int fd, uint32_t flags, uint64_t offset,
		uint64_t data, int event)
{
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = flags,
		.offset = offset,
		.data = data,
		.fd = event,
	};

	c_note(c, "offset 0x%llx data 0x%llx", (unsigned long long)offset,
	       (unsigned long long)data);
	return c_arg(c, fd, &DEVICE_IOEVENTFD, &arg, 28);
}

/* The register has this value, soon. */
static void becomes(struct ctx *c, int fd, off_t reg, uint32_t value)
{
	int i;

	for (i = 0; i < 500 && e_get(c, fd, reg, 4) != value; i++)
		usleep(10000);
	c_pread(c, fd, NULL, 4, reg);
}

static void signal_it(struct ctx *c, int event)
{
	const uint64_t one = 1;

	c_write(c, event, &one, sizeof(one));
}

E_CASE("pci/ioeventfd/writes")
{
	int fd = e_ready(c), event = c_eventfd(c, "event");

	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 0x1234, event);
	c_pread(c, fd, NULL, 4, E_LIVE);
	signal_it(c, event);
	becomes(c, fd, E_LIVE, ~0x1234U);
	e_write(c, fd, E_LIVE, 0);
	signal_it(c, event);
	becomes(c, fd, E_LIVE, ~0x1234U);
	c_counter(c, event);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 0x1234, -1);
	e_write(c, fd, E_LIVE, 0);
	signal_it(c, event);
	c_counter(c, event);
	c_pread(c, fd, NULL, 4, E_LIVE);
}

E_CASE("pci/ioeventfd/signalled-before")
{
	int fd = e_ready(c), event = c_eventfd(c, "event");

	signal_it(c, event);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 0x1234, event);
	becomes(c, fd, E_LIVE, ~0x1234U);
}

/* The lower bits of the data are what counts. */
static void width(struct ctx *c)
{
	int fd = e_ready(c), event = c_eventfd(c, "event");
	uint32_t flags = (uint32_t)c->param;

	set(c, fd, flags, E_DMA_SOURCE, 0x1122334455667788, event);
	signal_it(c, event);
	if (flags & (VFIO_DEVICE_IOEVENTFD_32 | VFIO_DEVICE_IOEVENTFD_64))
		becomes(c, fd, E_DMA_SOURCE, 0x55667788);
	c_pread(c, fd, NULL, 8, E_DMA_SOURCE);
}

E_CASE("pci/ioeventfd/same")
{
	int fd = e_ready(c), event = c_eventfd(c, "event");
	int other = c_eventfd(c, "other");

	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 1, -1);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 1, event);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 1, event);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 1, other);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 1, 999);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 2, event);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 2, other);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_16, E_LIVE, 1, other);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 1, -1);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 1, -1);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 1, event);
}

/* Of offsets from 2^63 on Linux 6.12 looks far outside its tables. */
E_CASE("pci/ioeventfd/places")
{
	static const uint64_t places[] = {
		0,
		1,
		2,
		3,
		E_BAR_SIZE - 4,
		E_BAR_SIZE - 3,
		E_BAR_SIZE,
		E_BAR_SIZE - 8,
		1ULL << 39,
		1ULL << 40,
		(1ULL << 40) - 4,
		6ULL << 40,
		7ULL << 40,
		8ULL << 40,
		9ULL << 40,
	};
	int fd = e_ready(c), event = c_eventfd(c, "event");
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		set(c, fd, VFIO_DEVICE_IOEVENTFD_8, places[i], 0, event);
		set(c, fd, VFIO_DEVICE_IOEVENTFD_32, places[i], 0, event);
		set(c, fd, VFIO_DEVICE_IOEVENTFD_64, places[i], 0, event);
	}
}

static void flags(struct ctx *c)
{
	int fd = e_ready(c), event = c_eventfd(c, "event");

	set(c, fd, (uint32_t)c->param, E_LIVE, 0, event);
	set(c, fd, (uint32_t)c->param, E_LIVE, 0, -1);
}

E_CASE("pci/ioeventfd/fds")
{
	static const int fds[] = { -2, -100, 999, 0x7fffffff, -0x7fffffff - 1 };
	int fd = e_ready(c);
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 0, fds[i]);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 0, fd);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 0, c_fd(c, "container"));
}

E_CASE("pci/ioeventfd/argsz")
{
	struct vfio_device_ioeventfd arg = {
		.flags = VFIO_DEVICE_IOEVENTFD_32,
	};
	int fd = e_ready(c);
	uint32_t argsz;
	size_t len;

	arg.fd = c_eventfd(c, "event");
	for (argsz = 20; argsz <= 40; argsz += 4) {
		arg.argsz = argsz;
		arg.data = argsz;
		c_arg(c, fd, &DEVICE_IOEVENTFD, &arg, 28);
	}
	arg.argsz = 28;
	for (len = 0; len < 28; len += 4)
		c_arg(c, fd, &DEVICE_IOEVENTFD, &arg, len);
}

/* As many as there may be. */
E_CASE("pci/ioeventfd/most")
{
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
	};
	int fd = e_ready(c), n = 0;
	long result;

	arg.fd = c_eventfd(c, "event");
	while (n < 2000) {
		arg.data = (uint64_t)n;
		result = c_quiet(fd, &DEVICE_IOEVENTFD, &arg);
		if (result)
			break;
		n++;
	}
	c_say(c, "%d of them, then %s", n, strerrorname_np((int)-result));
}

/* With memory decoding off nothing is written. */
E_CASE("pci/ioeventfd/decoding-off")
{
	int fd = e_ready(c), event = c_eventfd(c, "event");

	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 0x1234, event);
	e_command(c, fd, 0);
	signal_it(c, event);
	usleep(50000);
	e_command(c, fd, 2);
	c_pread(c, fd, NULL, 4, E_LIVE);
	signal_it(c, event);
	becomes(c, fd, E_LIVE, ~0x1234U);
}

E_CASE("pci/ioeventfd/over-closing")
{
	int fd = e_ready(c), event = c_eventfd(c, "event");

	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 0x1234, event);
	c_close(c, fd);
	fd = c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
	signal_it(c, event);
	usleep(50000);
	c_pread(c, fd, NULL, 4, E_LIVE);
	set(c, fd, VFIO_DEVICE_IOEVENTFD_32, E_LIVE, 0x1234, -1);
}

/* The same bit for several widths, none, and bits that mean nothing. */
CASES
{
	static const long wrong[] = { 0,    3,	  5,	      0xf,
				      0x10, 0x14, 0x80000000, 0xffffffff };
	long i;

	for (i = 1; i <= 8; i *= 2)
		conform_add(width, i, CASE_PCI, "pci/ioeventfd/width-%ld", i);
	for (i = 0; i < (long)(sizeof(wrong) / sizeof(wrong[0])); i++)
		conform_add(flags, wrong[i], CASE_PCI,
			    "pci/ioeventfd/flags-%lx", wrong[i]);
}
