/* SPDX-License-Identifier: BSD-3-Clause */
/* The process that serves the files of pager.h. */
#ifndef VFIOD_DAEMON_PAGER_PROCESS_H
#define VFIOD_DAEMON_PAGER_PROCESS_H

#include <stdint.h>

/* With a request for a new file: the memfd, then the eventfd. */
#define PAGER_NR_FDS 2

/* What vfiod asks for, one message each, answered by a struct pager_answer. */
struct pager_request {
	/* A new file, with the fds of the memfd and the eventfd: what is looked
	 * up now is this one, by whatever name. Else the next page of a file
	 * that is read in is to be told of. */
	uint32_t is_new;
	uint64_t id; /* of the file, from 2 on; the asker's choice */
};

struct pager_answer {
	int32_t ret; /* 0 or a negative errno */
};

/*
 * Be that process, in a child that was just forked: answer the requests that
 * come by the socket @sock, and serve the connection @fuse_fd, until nobody
 * has a file any more. All other fds are closed.
 */
_Noreturn void pager_process(int fuse_fd, int sock);

#endif
