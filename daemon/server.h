/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The threads that serve one FUSE or CUSE connection. One reads at a time,
 * and works on what it has read. Another stands by, and takes the reading
 * over when a request takes long; so none waits long behind one that sleeps,
 * and quick ones cost no more than on a single thread.
 *
 * What a connection gives out is thus peeked at in the order in which the
 * kernel queued it.
 */
#ifndef VFIOD_DAEMON_SERVER_H
#define VFIOD_DAEMON_SERVER_H

struct fuse_session;
struct server;

/*
 * Called with each request that has been read, a struct fuse_in_header and
 * what follows, before it is worked on and before the next one is read.
 */
typedef void server_peek_fn(void *arg, const void *request);

/*
 * Serve @session from now on. The session is the caller's. NULL with errno.
 * The threads are named @name (15 characters). @peek may be NULL.
 */
struct server *server_start(struct fuse_session *session, const char *name,
			    server_peek_fn *peek, void *arg);

/*
 * End the threads. Those that are busy get @seconds to come to an end: 0, or
 * -EBUSY with some left, and then the session and all they may use has to
 * stay.
 */
int server_stop(struct server *server, unsigned int seconds);

#endif
