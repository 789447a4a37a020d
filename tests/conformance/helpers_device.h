/* SPDX-License-Identifier: BSD-3-Clause */
/* What the cases on a device's fd share. */
#ifndef CONFORM_HELPERS_DEVICE_H
#define CONFORM_HELPERS_DEVICE_H

#include "conform.h"

/* Where a region lies in a device's fd. */
#define D_REGION(index) ((off_t)(index) << 40)
#define D_CONFIG D_REGION(VFIO_PCI_CONFIG_REGION_INDEX)

/*
 * A container, group and device, whose fd is returned. What a device keeps
 * over closing is as it was: GET_INFO has been called, and of a mtty the
 * ports, the BARs and the interrupt line are those of a new one (but for the
 * trigger level, which is no longer 0). Of a PCI function BARs and interrupt
 * line, which are the client's to write, are 0, and of QEMU's edu the
 * registers are those of a new one. Records one line.
 */
int d_ready(struct ctx *c);
/* The same; ends the case if the device is no mtty. */
int d_mtty(struct ctx *c);

/* SET_IRQS with one eventfd, or -1, to trigger index. */
long d_set_eventfd(struct ctx *c, int device, uint32_t index, int fd);
/* SET_IRQS without data: VFIO_IRQ_SET_ACTION_… on the first of index. */
long d_action(struct ctx *c, int device, uint32_t action, uint32_t index);

/*
 * A c->param of three small numbers: D_PARAM(a, b, c), D_A(c), D_B(c), D_C(c).
 */
#define D_PARAM(first, second, third) \
	((long)(first) | (long)(second) << 8 | (long)(third) << 16)
#define D_A(c) ((unsigned int)(c)->param & 0xff)
#define D_B(c) ((unsigned int)(c)->param >> 8 & 0xff)
#define D_C(c) ((unsigned int)(c)->param >> 16 & 0xff)

#endif
