/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clients of devices whose plugins do wrong, and of their neighbours. The
 * devices are those of faulty.sh, which looks at vfiod's log afterwards.
 */
#ifndef TESTS_CLIENT_FAULTY_H
#define TESTS_CLIENT_FAULTY_H

#include "client.h"

enum {
	FAULTY_NONE = 1, /* mtty-2 */
	FAULTY_GOOD, /* keeper-page, as it should be */
	FAULTY_IGNORES, /* keeper-page,ignore=1000000 */
	FAULTY_LEAVES, /* keeper-page,leave=yes */
	FAULTY_AGAIN, /* keeper-page,again=yes */
	FAULTY_CARELESS, /* careless-device */
	FAULTY_GARBAGE, /* garbage-device */
	FAULTY_SLEEPS, /* sleepy-slow */
	FAULTY_DEVICES = FAULTY_SLEEPS
};

/* Several devices in one type1v2 container; fds are -1 where none is open. */
struct faulty {
	int container;
	int group[FAULTY_DEVICES + 1];
	int device[FAULTY_DEVICES + 1];
};

/* The container with device @n, and then another one in it. */
void faulty_open(struct faulty *f, int n);
void faulty_join(struct faulty *f, int n);
/* One device's fds; the whole. */
void faulty_leave(struct faulty *f, int n);
void faulty_close(struct faulty *f);

/* 8 bytes of region 0 of device @n: 0, or the negative errno. */
int faulty_write(struct faulty *f, int n, uint64_t offset, uint64_t value);
/* Read without fail. */
uint64_t faulty_read(struct faulty *f, int n, uint64_t offset);

/* @npages pages, zeroed, mapped at @iova. */
uint64_t *faulty_map(struct faulty *f, uint64_t iova, size_t npages);

Suite *faulty_keep_suite(void);
Suite *faulty_use_suite(void);
Suite *faulty_return_suite(void);

#endif
