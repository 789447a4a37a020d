/* SPDX-License-Identifier: BSD-3-Clause */
/* The tests of the mdevs ccw and ap, a program apart from the client tests. */
#ifndef TESTS_CLIENT_S390_H
#define TESTS_CLIENT_S390_H

#include "client.h"

/* The devices that s390.sh asks for, by their place. */
enum {
	S390_CCW = 1,
	S390_AP = 2,
	S390_OTHER_AP = 3,
};

/*
 * The file @name of device @n in sysfs: what it shows, which is valid until
 * the next call; and a write to it: 0, or the errno of open or write.
 */
const char *s390_show(int n, const char *name);
int s390_store(int n, const char *name, const char *text);

Suite *ccw_suite(void);
Suite *ap_suite(void);

#endif
