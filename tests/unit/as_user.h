/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIOD_TESTS_AS_USER_H
#define VFIOD_TESTS_AS_USER_H

#include <check.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <unistd.h>

#define TEST_UID 1000

/*
 * Makes the test process an ordinary user's for good. He owns his /proc/self
 * as one who has logged in does.
 */
static inline void become_user(void)
{
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setresgid(TEST_UID, TEST_UID, TEST_UID), 0);
	ck_assert_int_eq(setresuid(TEST_UID, TEST_UID, TEST_UID), 0);
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}

#endif
