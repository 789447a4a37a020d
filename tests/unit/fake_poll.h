/* SPDX-License-Identifier: BSD-3-Clause */
/* The polls of plugin.h: the test lets them look, on its own thread. */
#ifndef TESTS_UNIT_FAKE_POLL_H
#define TESTS_UNIT_FAKE_POLL_H

/* Each looks once; how many of them had something to do. */
unsigned int fake_polls_run(void);
unsigned int fake_polls_held(void);
/* Kicks since the last time. */
unsigned int fake_polls_take_kicks(void);

#endif
