/* SPDX-License-Identifier: BSD-3-Clause */
/* The client tests: their suites, and what they share beyond vfio.h. */
#ifndef TESTS_CLIENT_CLIENT_H
#define TESTS_CLIENT_CLIENT_H

#include <check.h>

#include "vfio.h"

/* The result of a call that has to be an fd, or 0. */
#define ck_fd(value)                         \
	({                                   \
		int ck_fd_ = (value);        \
		ck_assert_int_ge(ck_fd_, 0); \
		ck_fd_;                      \
	})
#define ck_ok(value) ck_assert_int_eq(value, 0)

/*
 * A test case of @suite whose tests must leave the fds of their process as
 * they found them, with a generous time limit.
 */
TCase *client_case(Suite *suite, const char *name);

/* Does vfiod let its clients map regions here? */
bool client_can_map(void);
/* And is that done with ptrace? */
bool client_maps_by_ptrace(void);

/* A page behind which nothing can be read; freed by the test's end. */
char *page_before_hole(void);

/*
 * Lower or raise a capability (CAP_*) of this thread; it stays permitted if it
 * is. Has the thread it now?
 */
bool set_cap(int cap, bool on);

/* Fork; the child exits with what @fn returns (0…255), which is returned. */
int in_child(int (*fn)(void *arg), void *arg);

/* Has @eventfd been signalled? Waits a generous while. Its count is taken. */
bool event_arrives(int eventfd);
/* The count, which is taken; 0 if there is none now. */
uint64_t event_count(int eventfd);

Suite *container_suite(void);
Suite *group_suite(void);
Suite *iommu_suite(void);
Suite *noiommu_suite(void);
Suite *mmap_suite(void);
Suite *poll_suite(void);
Suite *getfd_suite(void);
Suite *close_suite(void);
Suite *type1_suite(void);
Suite *dirty_suite(void);
Suite *info_suite(void);
Suite *rw_suite(void);
Suite *irq_suite(void);
Suite *intx_suite(void);
Suite *threads_suite(void);
Suite *process_suite(void);
Suite *seccomp_suite(void);
Suite *exec_suite(void);
Suite *concurrent_suite(void);
Suite *migration_suite(void);

/* main() of the image that exec_suite's tests replace themselves with. */
int exec_image(char **argv);

#endif
