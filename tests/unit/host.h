/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The model's surroundings in the unit tests (backend/host.h): processes
 * with memory of their own, eventfds that are counters, fd numbers, a log
 * that is kept. Threads may share all of it. Whatever is destroyed while the
 * model still refers to it fails the test.
 */
#ifndef TESTS_UNIT_HOST_H
#define TESTS_UNIT_HOST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../backend/host.h"

struct vfio_container;
struct vfio_group;

/*
 * A process's memory: @npages pages at user addresses @base and up, zeroed.
 * Whatever is outside faults.
 */
struct host_mm {
	struct vfio_mm mm;
	uint64_t base;
	size_t npages;
	uint8_t *mem;
	atomic_uchar *prot; /* per page */
	atomic_bool gone;
	atomic_uint_least64_t memlock; /* pages */
	atomic_uint pin_calls; /* how often the model asked to pin */
	bool shared; /* all of it is shared memory, which can be held */
	atomic_uint holds; /* that live */
};

#define HOST_READ 1
#define HOST_WRITE 2

struct host_mm *host_mm_create(uint64_t base, size_t npages);
/* Nobody refers to it, and nothing is charged to it. */
void host_mm_destroy(struct host_mm *mm);
/* What the process may do with pages: 0, HOST_READ, HOST_READ | _WRITE. */
void host_mm_protect(struct host_mm *mm, size_t page, size_t npages, int prot);
/* The process exits; references to the mm stay valid. */
void host_mm_exit(struct host_mm *mm);
/* Where user address @vaddr is; NULL outside. */
void *host_mm_ptr(struct host_mm *mm, uint64_t vaddr);
/* Pages charged. */
uint64_t host_mm_locked(struct host_mm *mm);

/* An eventfd. Watches run on a thread of their own. */
struct host_eventfd {
	struct vfio_eventfd eventfd;
	pthread_mutex_t lock; /* guards the rest */
	pthread_cond_t changed;
	uint64_t count;
	unsigned int refs; /* the model's */
	void (*fn)(void *arg); /* NULL: not watched */
	void *arg;
	bool told; /* of what was there when the watch began */
	uint64_t seen; /* a counter that is not consumed, and not new */
	bool running; /* fn is */
	bool stop;
	pthread_t thread;
};

struct host_eventfd *host_eventfd_create(void);
/* The model has given back all references. */
void host_eventfd_destroy(struct host_eventfd *eventfd);
/* What the client's write(2) of @n does, and its read(2): 0 for EAGAIN. */
void host_eventfd_write(struct host_eventfd *eventfd, uint64_t n);
uint64_t host_eventfd_read(struct host_eventfd *eventfd);
/* Until a watch has seen all that was written; at once if there is none. */
void host_eventfd_settle(struct host_eventfd *eventfd);
unsigned int host_eventfd_refs(struct host_eventfd *eventfd);

/* A process of which a thread calls. */
#define HOST_NR_FDS 32

struct host_client {
	struct vfio_client client;
	struct host_mm *mm;
	uint64_t caps; /* bit CAP_*: has it */
	/* Each fd: one of these, something else, or free. */
	struct host_fd {
		enum {
			HOST_FD_FREE,
			HOST_FD_OTHER,
			HOST_FD_EVENTFD,
			HOST_FD_CONTAINER,
			HOST_FD_GROUP
		} kind;
		struct host_eventfd *eventfd;
		struct vfio_container *container;
		struct vfio_group *group;
	} fds[HOST_NR_FDS];
	/* Has mapped its memory, from this address up; or NULL. */
	struct vfio_device *device;
	uint64_t device_base;
	bool no_fd_room; /* RLIMIT_NOFILE is reached */
	/* What the last call gave, for the test to put, and where. */
	struct vfiod_stream *stream;
	uint64_t number_at;
};

/* Without capabilities and fds. Becomes nobody's current client. */
void host_client_init(struct host_client *client, struct host_mm *mm);
void host_client_allow(struct host_client *client, int cap, bool allow);
/* Numbers in the client's table, 3 and up. */
int host_client_add_eventfd(struct host_client *client,
			    struct host_eventfd *eventfd);
int host_client_add_container(struct host_client *client,
			      struct vfio_container *container);
int host_client_add_group(struct host_client *client, struct vfio_group *group);
/* An fd that is neither. */
int host_client_add_other(struct host_client *client);

/* vfio_log() keeps its lines; how many there are of @level. */
unsigned int host_log_count(int level);
/* Is there one with @text in it? */
bool host_log_has(const char *text);
void host_log_clear(void);

#endif
