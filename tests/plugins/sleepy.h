/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What clients of the sleepy plugin (type sleepy-slow) need to know. Each of
 * these takes SLEEPY_NS:
 * - reading SLEEPY_READ in region 0;
 * - the ioctl SLEEPY_IOCTL, which returns its argument;
 * - an unmap of the page that was pinned by writing its IOVA to SLEEPY_PIN.
 * With `open=MS`, open_device takes MS milliseconds.
 */
#ifndef TESTS_PLUGINS_SLEEPY_H
#define TESTS_PLUGINS_SLEEPY_H

#include <linux/vfio.h>

#define SLEEPY_NS 1000000000ULL

/* Registers of region 0, 8 bytes each. */
#define SLEEPY_READ 0
/* Write: pin the page; the error of vfiod_pin_pages(), EBUSY when there is
 * one. Read: its IOVA, all ones for none. */
#define SLEEPY_PIN 8
/* Read: how often dma_unmap was called. */
#define SLEEPY_UNMAPS 16
/* Does nothing and takes no time; reads as 0. */
#define SLEEPY_NOTHING 24
#define SLEEPY_SIZE 32

#define SLEEPY_NO_PIN UINT64_MAX

#define SLEEPY_IOCTL _IO(VFIO_TYPE, 0xf0)

#endif
