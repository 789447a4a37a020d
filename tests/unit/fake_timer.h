/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers for tests of plugins: time passes when the test says so. */
#ifndef TESTS_UNIT_FAKE_TIMER_H
#define TESTS_UNIT_FAKE_TIMER_H

#include <vfiod/plugin.h>

/* Run what is armed now, whatever its time; how many there were. */
unsigned int fake_timers_run(void);
/* The shortest time that one is armed for; UINT64_MAX: none is. */
uint64_t fake_timers_next(void);
/* Timers that have not been freed. */
unsigned int fake_timers_held(void);

#endif
