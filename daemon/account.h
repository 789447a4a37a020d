/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vfiod's account of what clients did, printed at the end when -v was given.
 */
#ifndef VFIOD_DAEMON_ACCOUNT_H
#define VFIOD_DAEMON_ACCOUNT_H

#include <stdatomic.h>
#include <stdint.h>

enum account_kind {
	ACCOUNT_CONTAINER,
	ACCOUNT_GROUP,
	ACCOUNT_DEVICE,
	ACCOUNT_STREAM,
	ACCOUNT_KINDS,
};

#define ACCOUNT_COMMANDS 22

struct account {
	/* The last slot of each is for commands that VFIO does not have. */
	atomic_ulong ioctls[ACCOUNT_KINDS][ACCOUNT_COMMANDS + 1];
	atomic_ulong maps; /* MAP_DMA and UNMAP_DMA that succeeded */
	atomic_ulong unmaps;
	atomic_ulong reads; /* of device files */
	atomic_ulong writes;
};

/* Count an ioctl that has been answered with @ret. Any thread. */
void account_ioctl(struct account *account, enum account_kind kind,
		   unsigned int cmd, int ret);

/* To the log, a line each; what never happened is left out. */
void account_print(const struct account *account, unsigned long interrupts);

#endif
