/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bell-polled: a device with a doorbell in memory that clients map. It answers
 * each number that is stored there with the same number.
 */
#ifndef TESTS_BELL_H
#define TESTS_BELL_H

#define BELL_REGION 0
#define BELL_SIZE 8192UL
/* 8 bytes each, plain memory. */
#define BELL_DOORBELL 0x00 /* the client's */
#define BELL_ANSWER 0x80 /* the device's; on another cache line */
/* The device's: how often it has looked. Reading it wakes nobody up. */
#define BELL_LOOKS 0x1000

#endif
