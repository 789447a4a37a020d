/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIOD_TASK_STATUS_H
#define VFIOD_TASK_STATUS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The decimal number of a line such as "TracerPid:" in the thread's
 * /proc/TID/status. tid 0 is the calling thread. -ESRCH: no such thread;
 * -ENODATA: no such line. Any thread may call it.
 */
int task_status_number(pid_t tid, const char *field, long *value);

/* True if the thread is gone, or a zombie. */
bool task_is_dead(pid_t tid);

#endif
