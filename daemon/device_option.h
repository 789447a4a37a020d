/* SPDX-License-Identifier: BSD-3-Clause */
/* One --mdev or --pci of the command line, read. */
#ifndef VFIOD_DAEMON_DEVICE_OPTION_H
#define VFIOD_DAEMON_DEVICE_OPTION_H

struct device;
struct devices;
struct why;

/*
 * Fill in @device from what follows --mdev or --pci, as device->is_pci says:
 * TYPE[,KEY=VALUE]…, all but its group and what comes after. 0 or a negative
 * errno, and then a line in @why. What is filled in is freed either way by
 * device_option_free().
 */
int device_option_read(struct devices *devices, struct device *device,
		       const char *arg, struct why *why);
void device_option_free(struct device *device);

#endif
