// SPDX-License-Identifier: BSD-3-Clause
#define FUSE_USE_VERSION 35
#include "server.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "log.h"

#define STACK_BYTES (256 * 1024)
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_SEC 1000000000L
/*
 * How often the one that stands by looks: soon after the connection has come
 * to life, or a request has proved to take long; less and less often while
 * all goes quickly. After so many looks without a request it sleeps.
 */
#define TICK_MIN_NSEC (NSEC_PER_MSEC / 20)
#define TICK_MAX_NSEC NSEC_PER_MSEC
#define IDLE_TICKS 16
/* To bring a thread back from read(2) at the end; it does nothing else. */
#define STOP_SIGNAL SIGRTMIN

struct worker {
	LIST_ENTRY(worker) next; /* server->lock */
	struct server *server;
	pthread_t thread;
	atomic_bool reading;
	struct fuse_buf buf;
};

struct server {
	struct fuse_session *session;
	const char *name;
	server_peek_fn *peek;
	void *peek_arg;
	/*
	 * Whose turn it is to read. Even: the reader reads, or is about to.
	 * Odd: it works on a request; and who makes it even again reads next,
	 * be it the reader itself or the one that stands by.
	 */
	atomic_uint_least64_t turn;
	/* The one that stands by waits to be called. */
	atomic_bool asleep;
	/* Guards what follows; a leaf. */
	pthread_mutex_t lock;
	pthread_cond_t called; /* with asleep */
	pthread_cond_t ended; /* a thread has left the list */
	bool has_standby;
	LIST_HEAD(, worker) workers;
};

static bool is_over(const struct server *server)
{
	return fuse_session_exited(server->session);
}

static void call_standby(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	atomic_store(&server->asleep, false);
	pthread_cond_signal(&server->called);
	pthread_mutex_unlock(&server->lock);
}

/* Until the reader, which looks at asleep after each turn, calls. */
static void sleep_until_called(struct server *server, uint64_t turn)
{
	atomic_store(&server->asleep, true);
	if (atomic_load(&server->turn) != turn)
		atomic_store(&server->asleep, false);
	pthread_mutex_lock(&server->lock);
	while (atomic_load(&server->asleep) && !is_over(server))
		pthread_cond_wait(&server->called, &server->lock);
	pthread_mutex_unlock(&server->lock);
}

static void sleep_for(long nsec)
{
	const struct timespec ts = { .tv_nsec = nsec };

	nanosleep(&ts, NULL);
}

/*
 * Stand by until a request takes longer than from one look to the next. True:
 * the turn *@turn is this thread's; false: it is not needed.
 */
static bool watch_reader(struct server *server, uint64_t *turn)
{
	uint64_t last = atomic_load(&server->turn), now;
	long tick = TICK_MIN_NSEC;
	unsigned int idle = 0;

	while (!is_over(server)) {
		sleep_for(tick);
		now = atomic_load(&server->turn);
		if (now != last) {
			idle = 0;
			if (tick < TICK_MAX_NSEC)
				tick *= 2;
		} else if (now & 1) {
			*turn = now + 1;
			if (atomic_compare_exchange_strong(&server->turn, &now,
							   *turn))
				return true;
		} else if (++idle == IDLE_TICKS) {
			sleep_until_called(server, now);
			tick = TICK_MIN_NSEC;
			idle = 0;
		}
		last = now;
	}
	return false;
}

/* One stands by at a time; a thread that is one too many gets false. */
static bool stand_by(struct server *server, uint64_t *turn)
{
	bool ret;

	pthread_mutex_lock(&server->lock);
	ret = !server->has_standby;
	server->has_standby = true;
	pthread_mutex_unlock(&server->lock);
	if (!ret)
		return false;
	ret = watch_reader(server, turn);
	pthread_mutex_lock(&server->lock);
	server->has_standby = false;
	pthread_mutex_unlock(&server->lock);
	return ret;
}

static int receive(struct worker *worker)
{
	struct server *server = worker->server;
	int ret;

	atomic_store(&worker->reading, true);
	ret = fuse_session_receive_buf(server->session, &worker->buf);
	atomic_store(&worker->reading, false);
	if (ret > 0 && server->peek)
		server->peek(server->peek_arg, worker->buf.mem);
	return ret;
}

/* Until another has taken the turn, or all is over. */
static void read_requests(struct worker *worker, uint64_t turn)
{
	struct server *server = worker->server;
	uint64_t busy;
	int ret;

	while (!is_over(server)) {
		ret = receive(worker);
		if (ret == -EINTR)
			continue;
		if (ret <= 0) {
			fuse_session_exit(server->session);
			call_standby(server);
			return;
		}
		busy = turn + 1;
		atomic_store(&server->turn, busy);
		if (atomic_load(&server->asleep))
			call_standby(server);
		fuse_session_process_buf(server->session, &worker->buf);
		turn += 2;
		if (!atomic_compare_exchange_strong(&server->turn, &busy, turn))
			return;
	}
}

static int add_worker(struct server *server, void *(*fn)(void *worker));

static void end_worker(struct worker *worker)
{
	struct server *server = worker->server;

	free(worker->buf.mem);
	pthread_mutex_lock(&server->lock);
	LIST_REMOVE(worker, next);
	pthread_cond_broadcast(&server->ended);
	free(worker);
	pthread_mutex_unlock(&server->lock);
}

/* A thread that begins by standing by. */
static void *standby_main(void *arg)
{
	struct worker *worker = arg;
	struct server *server = worker->server;
	uint64_t turn;

	pthread_setname_np(pthread_self(), server->name);
	while (stand_by(server, &turn)) {
		add_worker(server, standby_main);
		read_requests(worker, turn);
	}
	end_worker(worker);
	return NULL;
}

/* The first reader; when it has lost its turn, it is as any other. */
static void *reader_main(void *arg)
{
	struct worker *worker = arg;

	pthread_setname_np(pthread_self(), worker->server->name);
	read_requests(worker, 0);
	return standby_main(worker);
}

static int make_thread(struct worker *worker, void *(*fn)(void *worker))
{
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	ret = -pthread_create(&worker->thread, &attr, fn, worker);
	pthread_attr_destroy(&attr);
	return ret;
}

/* The lock is held while the thread starts, so that its id is there. */
static int add_worker(struct server *server, void *(*fn)(void *worker))
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int ret;

	if (!worker)
		return -ENOMEM;
	worker->server = server;
	pthread_mutex_lock(&server->lock);
	ret = make_thread(worker, fn);
	if (!ret)
		LIST_INSERT_HEAD(&server->workers, worker, next);
	pthread_mutex_unlock(&server->lock);
	if (ret) {
		vfio_log(LOG_LEVEL_WARNING, "no more threads: %s",
			 strerror(-ret));
		free(worker);
	}
	return ret;
}

static void on_stop(int sig)
{
	(void)sig;
}

struct server *server_start(struct fuse_session *session, const char *name,
			    server_peek_fn *peek, void *arg)
{
	/* Without SA_RESTART, so that read(2) returns. */
	const struct sigaction action = { .sa_handler = on_stop };
	struct server *server = calloc(1, sizeof(*server));
	int ret;

	if (!server)
		return NULL;
	server->session = session;
	server->name = name;
	server->peek = peek;
	server->peek_arg = arg;
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->called, NULL);
	pthread_cond_init(&server->ended, NULL);
	LIST_INIT(&server->workers);
	ret = sigaction(STOP_SIGNAL, &action, NULL) ? -errno : 0;
	if (!ret)
		ret = add_worker(server, reader_main);
	if (!ret)
		ret = add_worker(server, standby_main);
	if (!ret)
		return server;
	server_stop(server, 1);
	errno = -ret;
	return NULL;
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

/*
 * A signal may come before the read it is meant for has begun, and be lost;
 * so they are sent until the thread is gone.
 */
int server_stop(struct server *server, unsigned int seconds)
{
	time_t end = time(NULL) + seconds;
	struct worker *worker;
	bool ended;

	fuse_session_exit(server->session);
	pthread_mutex_lock(&server->lock);
	while (!LIST_EMPTY(&server->workers) && time(NULL) <= end) {
		pthread_cond_broadcast(&server->called);
		LIST_FOREACH(worker, &server->workers, next)
			if (atomic_load(&worker->reading))
				pthread_kill(worker->thread, STOP_SIGNAL);
		wait_a_little(server);
	}
	ended = LIST_EMPTY(&server->workers);
	pthread_mutex_unlock(&server->lock);
	if (!ended)
		return -EBUSY;
	pthread_mutex_destroy(&server->lock);
	pthread_cond_destroy(&server->called);
	pthread_cond_destroy(&server->ended);
	free(server);
	return 0;
}
