// SPDX-License-Identifier: BSD-3-Clause
/* Hot reset of the functions on a bus: its info, and its arguments. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "helpers_pci.h"

#define SHARED(name) CASE_FLAGS(name, CASE_PCI | CASE_ONE_GROUP | CASE_SLOW)
#define OTHERS(name) CASE_FLAGS(name, CASE_PCI | CASE_TWO_GROUPS | CASE_SLOW)

#define ENTRIES 3
#define INFO_SIZE(count) (12 + 8 * (count))
#define UNTOUCHED 0xee

static bool is_untouched(const struct vfio_pci_dependent_device *entry)
{
	const unsigned char *at = (const unsigned char *)entry;
	size_t i;

	for (i = 0; i < sizeof(*entry); i++)
		if (at[i] != UNTOUCHED)
			return false;
	return true;
}

/* Does it mean the i-th device? Where that stands is not recorded. */
static bool means(struct ctx *c, const struct vfio_pci_dependent_device *entry,
		  int i)
{
	unsigned int segment, bus, slot, function;

	return sscanf(c->device[i], "%x:%x:%x.%x", &segment, &bus, &slot,
		      &function) == 4 &&
	       entry->segment == segment && entry->bus == bus &&
	       entry->devfn == (slot << 3 | function) &&
	       entry->group_id == (uint32_t)atoi(strrchr(c->group[i], '/') + 1);
}

static const char *name_of(struct ctx *c,
			   const struct vfio_pci_dependent_device *entry)
{
	if (is_untouched(entry))
		return "untouched";
	if (means(c, entry, 0))
		return "the first device";
	return c->device[1] && means(c, entry, 1) ? "the second device" :
						    "another device";
}

static void info(struct ctx *c, int fd, uint32_t argsz)
{
	struct {
		struct vfio_pci_hot_reset_info info;
		struct vfio_pci_dependent_device devices[ENTRIES];
	} arg;
	long result;
	int i;

	memset(&arg, UNTOUCHED, sizeof(arg));
	arg.info.argsz = argsz;
	result = c_quiet(fd, &DEVICE_GET_PCI_HOT_RESET_INFO, &arg);
	c_say(c, "hot-reset-info(argsz %u) = %s: argsz %u flags 0x%x count %u",
	      argsz, result ? strerrorname_np((int)-result) : "0",
	      arg.info.argsz, arg.info.flags, arg.info.count);
	for (i = 0; i < ENTRIES; i++)
		c_say(c, "entry %d: %s", i, name_of(c, &arg.devices[i]));
}

static void info_sizes(struct ctx *c)
{
	int fd = e_ready(c);
	uint32_t argsz;

	for (argsz = 8; argsz <= INFO_SIZE(ENTRIES); argsz += 2)
		info(c, fd, argsz);
	info(c, fd, 0);
	info(c, fd, 0xffffffff);
}

/* Memory for no entry, or not even for the header. */
static void info_fault(struct ctx *c)
{
	uint32_t arg[3] = { INFO_SIZE(ENTRIES), 0xeeeeeeee, 0xeeeeeeee };
	int fd = e_ready(c);

	c_arg(c, fd, &DEVICE_GET_PCI_HOT_RESET_INFO, arg, 12);
	arg[0] = INFO_SIZE(0);
	c_arg(c, fd, &DEVICE_GET_PCI_HOT_RESET_INFO, arg, 12);
	c_arg(c, fd, &DEVICE_GET_PCI_HOT_RESET_INFO, arg, 8);
	c_arg_at(c, fd, &DEVICE_GET_PCI_HOT_RESET_INFO,
		 c_read_only(c, arg, sizeof(arg)));
}

SHARED("pci/group/hot/info/second")
{
	e_ready(c);
	info(c, e_second(c), INFO_SIZE(2));
	c_close(c, c_fd(c, "device2"));
	info(c, c_fd(c, "device"), INFO_SIZE(2));
}

/* ---- arguments ---- */

static void flags(struct ctx *c)
{
	int fd = e_ready(c), group = c_fd(c, "group");
	uint32_t arg[5] = { 16, 1, 1, (uint32_t)group, (uint32_t)group };
	uint32_t count;

	c_arg(c, fd, &DEVICE_PCI_HOT_RESET, arg, 12);
	arg[1] = 0x80000000;
	c_arg(c, fd, &DEVICE_PCI_HOT_RESET, arg, 12);
	arg[1] = 0;
	arg[0] = 11;
	c_arg(c, fd, &DEVICE_PCI_HOT_RESET, arg, 12);
	arg[0] = 16;
	c_arg(c, fd, &DEVICE_PCI_HOT_RESET, arg, 8);
	/* The fds are where memory ends. */
	c_arg(c, fd, &DEVICE_PCI_HOT_RESET, arg, 12);
	for (count = 0; count < 5; count++)
		e_hot_reset(c, fd, count, (int[]){ group, group, group, group },
			    "group, …");
	e_hot_reset(c, fd, 0xffffffff, (int[]){ group, group, group, group },
		    "group, …");
}

/* argsz says nothing of the fds. */
static void short_argsz(struct ctx *c)
{
	int fd = e_ready(c);
	struct {
		struct vfio_pci_hot_reset reset;
		int32_t fd;
	} arg = { { .argsz = 12, .count = 1 }, c_fd(c, "group") };
	long result = c_quiet(fd, &DEVICE_PCI_HOT_RESET, &arg);

	c_say(c, "argsz 12, count 1: %s",
	      result ? strerrorname_np((int)-result) : "0");
}

/* What is no group's fd: one case each, in which order the two are looked at. */
static void bad_fds(struct ctx *c)
{
	int fd = e_ready(c), group = c_fd(c, "group");
	int event = c_eventfd(c, "event");

	e_hot_reset(c, fd, 1, (int[]){ -1 }, "-1");
	e_hot_reset(c, fd, 1, (int[]){ 999 }, "unused");
	e_hot_reset(c, fd, 1, (int[]){ c_fd(c, "container") }, "container");
	e_hot_reset(c, fd, 1, (int[]){ fd }, "device");
	e_hot_reset(c, fd, 1, (int[]){ event }, "event");
	e_hot_reset(c, fd, 2, (int[]){ event, 999 }, "event, unused");
	e_hot_reset(c, fd, 2, (int[]){ 999, event }, "unused, event");
	e_hot_reset(c, fd, 2, (int[]){ group, 999 }, "group, unused");
	e_hot_reset(c, fd, 2, (int[]){ group, fd }, "group, device");
}

static void dup_of_group(struct ctx *c)
{
	int fd = e_ready(c), twin = c_dup(c, "twin", c_fd(c, "group"));

	c_close(c, c_fd(c, "group"));
	e_hot_reset(c, fd, 1, &twin, "twin");
	c_pread(c, fd, NULL, 4, E_ID);
}

/* Of another group, which has or has not got a container. */
OTHERS("pci/alone/hot/foreign-group")
{
	int fd = e_ready(c);
	int other = c_open(c, "other", c->group[1], O_RDWR);
	int group = c_fd(c, "group");

	e_hot_reset(c, fd, 1, &other, "other");
	c_set_container(c, other, c_fd(c, "container"));
	e_hot_reset(c, fd, 1, &other, "other");
	e_hot_reset(c, fd, 2, (int[]){ group, other }, "group, other");
	e_hot_reset(c, fd, 1, &group, "group");
}

/* The other is not opened, open, and closed again. */
SHARED("pci/group/hot/others-state")
{
	int one = e_ready(c), two, group = c_fd(c, "group");

	e_hot_reset(c, one, 1, &group, "group");
	two = e_second(c);
	e_hot_reset(c, one, 1, &group, "group");
	e_hot_reset(c, two, 1, &group, "group");
	c_close(c, one);
	e_hot_reset(c, two, 1, &group, "group");
	c_pread(c, two, NULL, 4, E_ID);
}

static const struct {
	const char *name;
	case_fn *fn;
} cases[] = {
	{ "info/sizes", info_sizes }, { "info/fault", info_fault },
	{ "flags", flags },	      { "short-argsz", short_argsz },
	{ "bad-fds", bad_fds },	      { "dup-of-group", dup_of_group },
};

CASES
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		conform_add(cases[i].fn, 0, CASE_PCI | CASE_SLOW,
			    "pci/alone/hot/%s", cases[i].name);
		conform_add(cases[i].fn, 0,
			    CASE_PCI | CASE_ONE_GROUP | CASE_SLOW,
			    "pci/group/hot/%s", cases[i].name);
	}
}
