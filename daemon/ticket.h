/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tickets: what a thread that is about to send us a request is expected to
 * mean by it. The file of a device or a stream can be opened only by the
 * thread that holds a ticket for it; a container answers who it is only to a thread of ours that
 * asks with one.
 */
#ifndef VFIOD_DAEMON_TICKET_H
#define VFIOD_DAEMON_TICKET_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>

struct file;
struct vfio_container;

struct ticket {
	LIST_ENTRY(ticket) next;
	pid_t tid; /* who will come */
	/* An open: what it is to get; NULL once taken. */
	struct file *file;
	/* A question: filled in, with a reference, by the one asked. */
	bool asks;
	struct vfio_container *container;
};

struct tickets {
	pthread_mutex_t lock; /* a leaf; guards the list and its tickets */
	LIST_HEAD(, ticket) list;
};

void tickets_init(struct tickets *tickets);
void tickets_fini(struct tickets *tickets);

/* The ticket is the caller's, in place until ticket_remove(). */
void ticket_add(struct tickets *tickets, struct ticket *ticket);
void ticket_remove(struct tickets *tickets, struct ticket *ticket);

/* What thread @tid may open, which is the caller's then; NULL: nothing. */
struct file *ticket_take_file(struct tickets *tickets, pid_t tid);
/* If thread @tid asks, tell it @container. */
bool ticket_answer(struct tickets *tickets, pid_t tid,
		   struct vfio_container *container);

#endif
