/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client for the handover tests: a child process under the filter of
 * handover_filter_install(), whose ioctl VFIO_GROUP_GET_DEVICE_FD waits as it
 * would in a file server, deaf to all signals but fatal ones, until the test
 * answers it through the listener.
 */
#ifndef VFIOD_TESTS_HANDOVER_RIG_H
#define VFIOD_TESTS_HANDOVER_RIG_H

#include "../../daemon/handover.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#define RIG_TEXT "what the device file says"
#define RIG_TEXT_SIZE (sizeof(RIG_TEXT) - 1)

/* In memory that client and test share. */
struct rig_shared {
	atomic_int listener;
	atomic_int fetched; /* the listener, by the test */
	atomic_int traced; /* by rig_trace(): 1, or a negative errno */
	atomic_int step; /* for the body to say how far it is */
	atomic_long count; /* for the body to count what it likes */
	atomic_int go; /* for the test to say "on" */
	int number; /* of an fd, where a test wants it here */
	char path[128]; /* device file: contains RIG_TEXT */
};

struct rig {
	pid_t pid;
	int pidfd;
	int listener;
	struct rig_shared *shared;
	int fds; /* open in the test before it began */
};

/* A handover on a thread of its own. */
struct rig_handover {
	const struct rig *rig;
	struct handover_notif notif;
	struct handover request;
	pthread_t thread;
	int result;
};

/*
 * For tcase_set_timeout(), in seconds: a net for what hangs. The tests
 * themselves wait for what is to happen for as long as that takes.
 */
#define RIG_TIMEOUT 120

/*
 * The main of these tests: the exit status. 77 (skipped) without root, since
 * the filter that makes the client wait is then itself one that a handover
 * cannot know.
 */
int rig_run(Suite *suite);

/* Runs body in the client; it returns the client's exit status. */
void rig_start(struct rig *r, int (*body)(struct rig_shared *));
/* The same with a filter of the test's own; install returns its listener. */
void rig_start_under(struct rig *r, int (*install)(void),
		     int (*body)(struct rig_shared *));
/* Waits for the client's end; returns its wait status. */
int rig_wait(struct rig *r);
/* The same for a client that must have been content; nothing may be left. */
void rig_finish(struct rig *r);
/* Frees what the rig has after rig_wait(), and counts fds. */
void rig_clean(struct rig *r);

/* Next waiting call; false when there will be none. */
bool rig_next(const struct rig *r, struct handover_notif *n);
/* Fills in h->request for h->notif; path NULL is the rig's device file. */
void rig_handover_prepare(struct rig_handover *h, const struct rig *r,
			  const char *path);
void rig_handover_run(struct rig_handover *h);
/* Both. */
void rig_handover_start(struct rig_handover *h, const struct rig *r,
			const char *path);
int rig_handover_end(struct rig_handover *h);
/* Next ioctl and its handover of the rig's device file, or of path. */
int rig_serve(const struct rig *r, const char *path);

/*
 * Runs body in a process that traces the client; it returns the exit status.
 * Returns when the client has its tracer.
 */
pid_t rig_trace(const struct rig *r, int (*body)(const struct rig *));
/* Such a body: does nothing until it is killed. */
int rig_trace_idly(const struct rig *r);

/* For the client: the ioctl; an fd or a negative errno. */
int rig_ask(void);
/* Bodies: RIG_REPEAT calls, with a step each; RIG_EACH from each thread. */
#define RIG_REPEAT 100
#define RIG_THREADS 16
#define RIG_EACH 20
int rig_ask_repeatedly(struct rig_shared *s);
int rig_ask_in_threads(struct rig_shared *s);
/* signal(2) with SA_RESTART, which sanitizers leave out. */
void rig_on_signal(int sig, void (*handler)(int));
/* For the client: 0 if fd is what a handover should have given. */
int rig_check_fd(int fd);

/*
 * That the handler in the client ran once for each signal sent to it.
 * ThreadSanitizer delivers signals by itself, and merges equal ones.
 */
#ifdef __SANITIZE_THREAD__
#define rig_assert_signals(count, sent) ck_assert_int_le(count, sent)
#else
#define rig_assert_signals(count, sent) ck_assert_int_eq(count, sent)
#endif

/* Both fail when the client ends instead. */
void rig_wait_step(const struct rig *r, int step);
/* A letter as in /proc, such as T; Z is the end. */
void rig_wait_state(const struct rig *r, char state);
void rig_sleep_us(long us);
long rig_micros(void);

#endif
