/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that put an fd into a client's table, or a mapping into its memory:
 * one for each, made for it, since the way there leads through requests that
 * serving threads answer, and ptrace is a matter of threads.
 */
#ifndef VFIOD_DAEMON_FD_JOB_H
#define VFIOD_DAEMON_FD_JOB_H

#include <stdint.h>

struct daemon;
struct file;
struct fuse_req;

/* Run @fn on such a thread; it calls fd_job_end() last. 0, or an errno. */
int fd_job_start(struct daemon *daemon, void *(*fn)(void *arg), void *arg);
void fd_job_end(struct daemon *daemon);

/*
 * Before this process ends: until no such thread is left, or some seconds, as a
 * plugin may hold one up. A client that is let go in the middle goes on with
 * the results of calls that it never made. For what they ask of us the front
 * ends still have to serve.
 */
void fd_job_wait(const struct daemon *daemon);

/*
 * Give an fd of @file, which is taken over, to the thread that waits in the
 * ioctl of @req, by ptrace. Answers @req, now or later, with the fd's number;
 * or, if @number_at is not 0, with 0, and the number in the 32 bits there in
 * the client's memory. On a thread that serves requests.
 */
void fd_job_give(struct file *file, struct fuse_req *req, uint64_t number_at);

#endif
