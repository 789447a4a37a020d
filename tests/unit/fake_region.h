/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of regions that clients map, for tests of plugins. */
#ifndef TESTS_UNIT_FAKE_REGION_H
#define TESTS_UNIT_FAKE_REGION_H

/* Before each test: all zero. */
void fake_region_reset(void);

#endif
