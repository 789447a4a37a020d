// SPDX-License-Identifier: BSD-3-Clause
#define FUSE_USE_VERSION 35
#include "server.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "log.h"

/*
 * Threads that wait for a request when all is quiet. A client that asks one
 * thing after another keeps two of them busy, since the next request is there
 * before the thread that answered the last one is back; the third is for the
 * request that must not wait meanwhile. Only when none is left is one made.
 */
#define NR_WAITING 3
#define STACK_BYTES (256 * 1024)
#define SURFACE_SIGNAL SIGRTMIN
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_SEC 1000000000L

enum worker_state {
	WORKER_BUSY,
	WORKER_READING,
	WORKER_CALLED, /* reading, and being sent signals to come up */
};

struct worker {
	LIST_ENTRY(worker) next; /* server->lock */
	struct server *server;
	pthread_t thread;
	_Atomic(enum worker_state) state;
	atomic_uint epoch; /* the server's when it last came back */
	unsigned int sent; /* signals; server->lock */
	atomic_uint received;
	struct fuse_buf buf;
};

struct server {
	struct fuse_session *session;
	const char *name;
	server_peek_fn *peek;
	void *peek_arg;
	atomic_int waiting;
	atomic_uint epoch; /* counts server_surface() */
	/* Guards the list and the sending of signals; a leaf. */
	pthread_mutex_t lock;
	pthread_cond_t ended; /* a thread has left the list */
	LIST_HEAD(, worker) workers;
};

/* For the signal's handler: which worker this thread is. */
static _Thread_local struct worker *self;

static void on_signal(int sig)
{
	(void)sig;
	if (self)
		atomic_fetch_add(&self->received, 1);
}

/* Without SA_RESTART, so that it brings a thread back from read(2). */
static int catch_signal(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	return sigaction(SURFACE_SIGNAL, &action, NULL) ? -errno : 0;
}

/*
 * Signals must hit nothing but the read: a worker that was called waits here
 * for all that were sent.
 */
static void come_up(struct worker *worker)
{
	struct server *server = worker->server;
	unsigned int sent;

	atomic_store(&worker->epoch, atomic_load(&server->epoch));
	if (atomic_exchange(&worker->state, WORKER_BUSY) == WORKER_CALLED) {
		pthread_mutex_lock(&server->lock);
		sent = worker->sent;
		pthread_mutex_unlock(&server->lock);
		while (atomic_load(&worker->received) != sent)
			sched_yield();
	}
}

static int receive(struct worker *worker)
{
	struct server *server = worker->server;
	int ret;

	atomic_store(&worker->state, WORKER_READING);
	ret = fuse_session_receive_buf(server->session, &worker->buf);
	if (ret > 0 && server->peek)
		server->peek(server->peek_arg, worker->buf.mem);
	come_up(worker);
	return ret;
}

static int add_worker(struct server *server);

/* One request, or one signal. False: this thread is done. */
static bool serve_one(struct worker *worker)
{
	struct server *server = worker->server;
	int ret;

	ret = receive(worker);
	if (ret == -EINTR)
		return true;
	if (ret <= 0)
		return false;
	if (atomic_fetch_sub(&server->waiting, 1) == 1)
		add_worker(server);
	fuse_session_process_buf(server->session, &worker->buf);
	if (atomic_fetch_add(&server->waiting, 1) >= NR_WAITING) {
		atomic_fetch_sub(&server->waiting, 1);
		return false;
	}
	return true;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct server *server = worker->server;

	self = worker;
	pthread_setname_np(pthread_self(), server->name);
	while (!fuse_session_exited(server->session))
		if (!serve_one(worker))
			break;
	pthread_mutex_lock(&server->lock);
	LIST_REMOVE(worker, next);
	pthread_cond_broadcast(&server->ended);
	pthread_mutex_unlock(&server->lock);
	free(worker->buf.mem);
	free(worker);
	return NULL;
}

static int make_thread(struct worker *worker)
{
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	ret = -pthread_create(&worker->thread, &attr, work, worker);
	pthread_attr_destroy(&attr);
	return ret;
}

/* server->lock is held while the thread starts, so that it finds its id. */
static int add_worker(struct server *server)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int ret;

	if (!worker)
		return -ENOMEM;
	worker->server = server;
	pthread_mutex_lock(&server->lock);
	LIST_INSERT_HEAD(&server->workers, worker, next);
	atomic_fetch_add(&server->waiting, 1);
	ret = make_thread(worker);
	if (ret) {
		atomic_fetch_sub(&server->waiting, 1);
		LIST_REMOVE(worker, next);
	}
	pthread_mutex_unlock(&server->lock);
	if (ret) {
		vfio_log(LOG_LEVEL_WARNING, "no more threads: %s",
			 strerror(-ret));
		free(worker);
	}
	return ret;
}

struct server *server_start(struct fuse_session *session, const char *name,
			    server_peek_fn *peek, void *arg)
{
	struct server *server = calloc(1, sizeof(*server));
	int ret;

	if (!server)
		return NULL;
	server->session = session;
	server->name = name;
	server->peek = peek;
	server->peek_arg = arg;
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->ended, NULL);
	LIST_INIT(&server->workers);
	ret = catch_signal();
	for (int i = 0; i < NR_WAITING && !ret; i++)
		ret = add_worker(server);
	if (!ret)
		return server;
	server_stop(server, 1);
	errno = -ret;
	return NULL;
}

/* server->lock is held. */
static void call(struct worker *worker)
{
	enum worker_state reading = WORKER_READING;

	atomic_compare_exchange_strong(&worker->state, &reading,
				       WORKER_CALLED);
	if (atomic_load(&worker->state) != WORKER_CALLED)
		return;
	worker->sent++;
	pthread_kill(worker->thread, SURFACE_SIGNAL);
}

static void sleep_briefly(void)
{
	struct timespec ts = { .tv_nsec = NSEC_PER_MSEC / 20 };

	nanosleep(&ts, NULL);
}

/*
 * Call all workers that may be on their way back since before @epoch. False:
 * there are none. server->lock is held.
 */
static bool call_below(struct server *server, unsigned int epoch)
{
	struct worker *worker;
	bool ret = false;

	LIST_FOREACH(worker, &server->workers, next) {
		if (worker == self ||
		    atomic_load(&worker->state) == WORKER_BUSY ||
		    (int)(atomic_load(&worker->epoch) - epoch) >= 0)
			continue;
		call(worker);
		ret = true;
	}
	return ret;
}

/*
 * A signal may come before the read it is meant for has begun, and be lost;
 * so they are sent until each worker has come up.
 */
void server_surface(struct server *server)
{
	unsigned int epoch = atomic_fetch_add(&server->epoch, 1) + 1;
	bool again = true;

	while (again) {
		pthread_mutex_lock(&server->lock);
		again = call_below(server, epoch);
		pthread_mutex_unlock(&server->lock);
		if (again)
			sleep_briefly();
	}
}

/* server->lock is held; waits on server->ended, but for at most 1 ms. */
static void wait_a_little(struct server *server)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += NSEC_PER_MSEC;
	if (until.tv_nsec >= NSEC_PER_SEC) {
		until.tv_nsec -= NSEC_PER_SEC;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&server->ended, &server->lock, &until);
}

int server_stop(struct server *server, unsigned int seconds)
{
	struct worker *worker;
	time_t end = time(NULL) + seconds;

	fuse_session_exit(server->session);
	pthread_mutex_lock(&server->lock);
	while (!LIST_EMPTY(&server->workers) && time(NULL) <= end) {
		LIST_FOREACH(worker, &server->workers, next)
			call(worker);
		wait_a_little(server);
	}
	if (!LIST_EMPTY(&server->workers)) {
		pthread_mutex_unlock(&server->lock);
		return -EBUSY;
	}
	pthread_mutex_unlock(&server->lock);
	pthread_mutex_destroy(&server->lock);
	pthread_cond_destroy(&server->ended);
	free(server);
	return 0;
}
