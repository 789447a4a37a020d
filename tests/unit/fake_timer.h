/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers for tests of plugins: time passes when the test says so. */
#ifndef TESTS_UNIT_FAKE_TIMER_H
#define TESTS_UNIT_FAKE_TIMER_H

#include <vfiod/plugin.h>

/* Run what is armed now, whatever its time; how many there were. */
unsigned int fake_timers_run(void);
/* Timers that have not been freed. */
unsigned int fake_timers_held(void);

#endif
