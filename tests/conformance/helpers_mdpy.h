/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the cases on an mdpy-vga share, the sample display. Linux's takes the
 * framebuffer's first bytes wherever in it an access is: cases that are not
 * about this have the same bytes in both places, which are zeros, in the
 * picture's first row and behind the picture. Its BAR register takes 4 bytes
 * from its stack whatever the length: a shorter write there is not made.
 */
#ifndef CONFORM_HELPERS_MDPY_H
#define CONFORM_HELPERS_MDPY_H

#include "conform.h"

/* In the device's file. */
#define M_CONFIG_SIZE 0xff
#define M_MEMORY 0x1000
#define M_SIZE 0x200000
#define M_END (M_MEMORY + M_SIZE)
/* Region 0 once more. */
#define M_DISPLAY 16

#define M_STRIDE (640 * 4)
#define M_ROWS 480

#define M_CASE(name) CASE_FLAGS(name, CASE_MDPY)

/*
 * A device whose fd is returned: GET_INFO has been called, the BAR's address is
 * 0, the picture is that after a reset. Records one line.
 */
int m_ready(struct ctx *c);
/* The same for a device that is open, without a record. */
void m_renew(int fd);
/* The fd, opened anew by the same group. */
int m_open_again(struct ctx *c, const char *role);

#endif
