/* SPDX-License-Identifier: BSD-3-Clause */
/* What --mdev has of its own: the UUID, and the kind of group. */
#ifndef VFIOD_DAEMON_MDEV_H
#define VFIOD_DAEMON_MDEV_H

struct device;
struct why;

/*
 * Take KEY=VALUE: 0, -EINVAL with a line in @why, or 1 when KEY is none of
 * these.
 */
int mdev_take(struct device *device, const char *key, const char *value,
	      struct why *why);
/* All keys are taken: a name for who has none. 0 or a negative errno. */
int mdev_finish(struct device *device);

#endif
