/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What clients of the garbage plugin (type garbage-device) need to know: its
 * ops return what the client says, with no regard to what they may.
 */
#ifndef TESTS_PLUGINS_GARBAGE_H
#define TESTS_PLUGINS_GARBAGE_H

#include <linux/vfio.h>

/* Argument: the address of an int64_t, which read, write, reset,
 * device_feature, match and open_device return from now on. 0 at first, when
 * read and write do all they are asked to. */
#define GARBAGE_SET _IO(VFIO_TYPE, 0xf1)
/* Argument: likewise; this call returns it. */
#define GARBAGE_RETURN _IO(VFIO_TYPE, 0xf2)

/* GET_INFO says so many regions and interrupts, and that capabilities begin
 * there; there is nothing of all that. */
#define GARBAGE_COUNT 0x7fffffff

#endif
