// SPDX-License-Identifier: BSD-3-Clause
/* Low power, resets, hot resets. */
#include <string.h>
#include <unistd.h>
#include "helpers_pci.h"

#define ENTRY VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY
#define ENTRY_WAKEUP VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP
#define EXIT VFIO_DEVICE_FEATURE_LOW_POWER_EXIT
#define SET VFIO_DEVICE_FEATURE_SET
#define GET VFIO_DEVICE_FEATURE_GET
#define PROBE VFIO_DEVICE_FEATURE_PROBE

/* The number of an eventfd is not recorded. */
static void enter_with(struct ctx *c, int fd, const char *shown, int event)
{
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_low_power_entry_with_wakeup entry;
	} arg = {
		.feature.argsz = sizeof(arg),
		.feature.flags = SET | ENTRY_WAKEUP,
		.entry.wakeup_eventfd = event,
	};
	long result = c_quiet(fd, &DEVICE_FEATURE, &arg);

	c_say(c, "LOW_POWER_ENTRY_WITH_WAKEUP(%s) = %s", shown,
	      result ? strerrorname_np((int)-result) : "0");
}

/* Until the kernel has put it to sleep. */
static void settle(void)
{
	usleep(200000);
}

E_CASE("pci/power/flags")
{
	static const uint32_t flags[] = { 0,	       GET,
					  SET,	       PROBE,
					  GET | PROBE, SET | PROBE,
					  GET | SET,   GET | SET | PROBE };
	static const uint32_t features[] = { ENTRY, ENTRY_WAKEUP, EXIT };
	uint8_t data[8];
	int fd = e_ready(c);
	size_t i, j;

	memset(data, 0xff, sizeof(data));
	for (i = 0; i < 3; i++)
		for (j = 0; j < sizeof(flags) / sizeof(flags[0]); j++)
			c_feature(c, fd, flags[j] | features[i], data,
				  sizeof(data));
}

E_CASE("pci/power/enter-and-leave")
{
	int fd = e_ready(c);

	c_feature(c, fd, SET | EXIT, NULL, 0);
	c_feature(c, fd, SET | ENTRY, NULL, 0);
	c_feature(c, fd, SET | ENTRY, NULL, 0);
	settle();
	c_feature(c, fd, SET | ENTRY, NULL, 0);
	c_pread(c, fd, NULL, 4, E_ID);
	c_pread(c, fd, NULL, 4, D_CONFIG);
	c_feature(c, fd, SET | EXIT, NULL, 0);
	c_feature(c, fd, SET | EXIT, NULL, 0);
	c_feature(c, fd, SET | ENTRY, NULL, 0);
	c_feature(c, fd, SET | EXIT, NULL, 0);
	c_pread(c, fd, NULL, 4, E_ID);
}

/* Whatever is done with the device wakes it, and ends it. */
static void wakeup(struct ctx *c)
{
	int fd = e_ready(c), event = c_eventfd(c, "event");

	enter_with(c, fd, "event", event);
	settle();
	c_counter(c, event);
	switch (c->param) {
	case 0:
		c_pread(c, fd, NULL, 4, E_ID);
		break;
	case 1:
		c_pread(c, fd, NULL, 4, D_CONFIG);
		break;
	case 2:
		c_irq_info(c, fd, 0, 16);
		break;
	case 3:
		c_feature(c, fd, SET | EXIT, NULL, 0);
		break;
	case 4:
		c_feature(c, fd, SET | ENTRY, NULL, 0);
		break;
	case 5:
		e_write(c, fd, E_LIVE, 1);
		break;
	}
	settle();
	c_counter(c, event);
	enter_with(c, fd, "event", event);
	settle();
	c_counter(c, event);
	c_close(c, fd);
	c_counter(c, event);
}

E_CASE("pci/power/wakeup-fds")
{
	uint8_t data[4] = { 0 };
	int fd = e_ready(c);

	enter_with(c, fd, "-1", -1);
	enter_with(c, fd, "-2", -2);
	enter_with(c, fd, "unused", 999);
	enter_with(c, fd, "huge", 0x7fffffff);
	enter_with(c, fd, "device", fd);
	c_feature(c, fd, SET | ENTRY_WAKEUP, data, sizeof(data));
	c_feature(c, fd, SET | ENTRY_WAKEUP, NULL, 0);
}

/* An interrupt of a device that sleeps is told when it wakes, or before. */
E_CASE("pci/power/intx")
{
	int fd = e_ready(c), event = c_eventfd(c, "event");

	d_set_eventfd(c, fd, 0, event);
	c_feature(c, fd, SET | ENTRY, NULL, 0);
	settle();
	e_write(c, fd, E_RAISE, 1);
	settle();
	c_feature(c, fd, SET | EXIT, NULL, 0);
	e_signalled(c, event);
}

E_CASE("pci/power/over-closing")
{
	int fd = e_ready(c);

	c_feature(c, fd, SET | ENTRY, NULL, 0);
	c_close(c, fd);
	fd = c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
	c_pread(c, fd, NULL, 4, E_ID);
	c_feature(c, fd, SET | ENTRY, NULL, 0);
}

/* ---- resets: a function on the root bus has none ---- */

E_CASE("pci/reset/function")
{
	int fd = e_ready(c);

	c_device_info(c, fd, 24);
	c_ioctl(c, fd, &DEVICE_RESET, 0);
	c_pread(c, fd, NULL, 4, E_LIVE);
}

E_CASE("pci/reset/hot-info")
{
	uint32_t arg[32];
	int fd = e_ready(c);
	uint32_t argsz;

	for (argsz = 0; argsz <= 64; argsz += 4) {
		memset(arg, 0xee, sizeof(arg));
		arg[0] = argsz;
		c_arg(c, fd, &DEVICE_GET_PCI_HOT_RESET_INFO, arg,
		      argsz < 12 ? 12 : argsz);
	}
}

E_CASE("pci/reset/hot")
{
	uint32_t arg[8] = { 0 };
	int fd = e_ready(c);
	uint32_t argsz, count;

	for (argsz = 8; argsz <= 16; argsz += 4) {
		for (count = 0; count <= 2; count++) {
			arg[0] = argsz;
			arg[1] = 0;
			arg[2] = count;
			arg[3] = (uint32_t)c_fd(c, "group");
			c_arg(c, fd, &DEVICE_PCI_HOT_RESET, arg, 12);
		}
	}
	arg[0] = 16;
	arg[1] = 1;
	arg[2] = 1;
	c_arg(c, fd, &DEVICE_PCI_HOT_RESET, arg, 12);
	c_arg(c, fd, &DEVICE_PCI_HOT_RESET, arg, 8);
}

CASES
{
	static const char *const names[] = { "bar",  "config", "ioctl",
					     "exit", "entry",  "write" };
	long i;

	for (i = 0; i < 6; i++)
		conform_add(wakeup, i, CASE_PCI, "pci/power/wakeup/%s",
			    names[i]);
}
