/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The threads that serve one FUSE or CUSE connection. There are always some
 * that wait for a request, however many are busy with one that sleeps.
 */
#ifndef VFIOD_DAEMON_SERVER_H
#define VFIOD_DAEMON_SERVER_H

struct fuse_session;
struct server;

/*
 * Called on a server's thread with each request it has read, a struct
 * fuse_in_header and what follows, before the request is worked on.
 */
typedef void server_peek_fn(void *arg, const void *request);

/*
 * Serve @session from now on. The session is the caller's. NULL with errno.
 * The threads are named @name (15 characters). @peek may be NULL.
 */
struct server *server_start(struct fuse_session *session, const char *name,
			    server_peek_fn *peek, void *arg);

/*
 * Wait until every request that the connection had given out before this
 * call has been peeked at. A thread on its way back from read(2) holds one
 * that nobody else knows of. On any thread, those of the server included.
 */
void server_surface(struct server *server);

/*
 * End the threads. Those that are busy get @seconds to come to an end: 0, or
 * -EBUSY with some left, and then the session and all they may use has to
 * stay.
 */
int server_stop(struct server *server, unsigned int seconds);

#endif
