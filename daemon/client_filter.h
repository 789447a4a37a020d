/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the seccomp filters that a client brought along would do to a call
 * which a handover wants it to make. Asked before the call is made, since a
 * filter that kills cannot be stopped from doing so afterwards.
 */
#ifndef VFIOD_CLIENT_FILTER_H
#define VFIOD_CLIENT_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * 0 if the thread comes out of the call alive, be it with an errno that a
 * filter sets; -EPERM if a filter would kill it, or send it SIGSYS, or if
 * there is a filter that cannot be known; -ESRCH if it died meanwhile.
 *
 * The filters can be read by a tracer with CAP_SYS_ADMIN in the first user
 * namespace and without a seccomp filter of its own. For all others a filter
 * is known only if it is also theirs: inherits says that the thread descends
 * from this process, so that as many filters means the same filters; hooked,
 * that there is the one of handover_filter_install() besides, which is no
 * obstacle.
 *
 * By the tracer of the thread, which is in a ptrace stop.
 */
int client_filter_check(pid_t tid, const struct seccomp_data *call,
			bool inherits, bool hooked);

/*
 * 0 if the thread has no filters but those that are also ours, by their
 * number, and such as hooked says; -EPERM, -ESRCH. Any thread, any time.
 */
int client_filter_check_count(pid_t tid, bool inherits, bool hooked);

/*
 * The action (SECCOMP_RET_...) of one filter program for this call. A
 * program that the kernel would not have taken counts as one that kills.
 */
uint32_t client_filter_run(const struct sock_filter *prog, unsigned int len,
			   const struct seccomp_data *call);

#endif
