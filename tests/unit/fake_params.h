/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameters of devices, for tests of plugins. */
#ifndef TESTS_UNIT_FAKE_PARAMS_H
#define TESTS_UNIT_FAKE_PARAMS_H

/* The one parameter that devices have from now on; @name NULL: none. Both are
 * kept, not copied. */
void fake_param(const char *name, const char *value);
/* One more, likewise. */
void fake_param_more(const char *name, const char *value);

#endif
