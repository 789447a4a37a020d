// SPDX-License-Identifier: BSD-3-Clause
#include "ticket.h"

#include "../backend/container.h"

void tickets_init(struct tickets *tickets)
{
	pthread_mutex_init(&tickets->lock, NULL);
	LIST_INIT(&tickets->list);
}

void tickets_fini(struct tickets *tickets)
{
	pthread_mutex_destroy(&tickets->lock);
}

void ticket_add(struct tickets *tickets, struct ticket *ticket)
{
	pthread_mutex_lock(&tickets->lock);
	LIST_INSERT_HEAD(&tickets->list, ticket, next);
	pthread_mutex_unlock(&tickets->lock);
}

void ticket_remove(struct tickets *tickets, struct ticket *ticket)
{
	pthread_mutex_lock(&tickets->lock);
	LIST_REMOVE(ticket, next);
	pthread_mutex_unlock(&tickets->lock);
}

struct file *ticket_take_file(struct tickets *tickets, pid_t tid)
{
	struct file *file = NULL;
	struct ticket *ticket;

	pthread_mutex_lock(&tickets->lock);
	LIST_FOREACH(ticket, &tickets->list, next) {
		if (ticket->tid != tid || !ticket->file)
			continue;
		file = ticket->file;
		ticket->file = NULL;
		break;
	}
	pthread_mutex_unlock(&tickets->lock);
	return file;
}

bool ticket_answer(struct tickets *tickets, pid_t tid,
		   struct vfio_container *container)
{
	struct ticket *ticket;
	bool ret = false;

	pthread_mutex_lock(&tickets->lock);
	LIST_FOREACH(ticket, &tickets->list, next) {
		if (ticket->tid != tid || !ticket->asks)
			continue;
		vfio_container_get(container);
		ticket->container = container;
		ticket->asks = false;
		ret = true;
		break;
	}
	pthread_mutex_unlock(&tickets->lock);
	return ret;
}
