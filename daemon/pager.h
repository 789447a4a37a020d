/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files whose pages can be taken away from all who have them mapped, so that
 * the next access to one is heard of: a page that is not there is a fault, and
 * a fault is a request to the file system. It is FUSE, with the content of each
 * file in a memfd, and it is mounted nowhere.
 *
 * A process of its own serves it (pager_process.h): who faults waits until the
 * page has come, and cannot be killed meanwhile. Were vfiod to wait for itself,
 * neither would it end when it is killed, nor would its clients. That process
 * outlives vfiod, as long as somebody has such a file open or mapped.
 */
#ifndef VFIOD_DAEMON_PAGER_H
#define VFIOD_DAEMON_PAGER_H

#include <stdint.h>

struct pager;

/* NULL for ENOMEM. There is no process yet. */
struct pager *pager_create(void);
/*
 * Start the process; ours must be single-threaded, and have CAP_SYS_ADMIN in
 * the user namespace that it is in. Why it could not be, pager_open() tells.
 */
void pager_start(struct pager *pager);
void pager_destroy(struct pager *pager);

/*
 * A new file, called @name where it is mapped, with the content of the memfd
 * @fd, which has to keep its size: a new fd, its view, or a negative errno. It
 * goes on by the number in *@id. When a page is read in after pager_drop(), 1
 * is added to the eventfd @signal before the page is there; once for each
 * drop. Any thread, as for the next. The view's flags are not to be changed.
 */
int pager_open(struct pager *pager, int fd, const char *name, int signal,
	       uint64_t *id);

/*
 * Take the pages of [@offset, @offset + @size) of file @id, of which @view is
 * the view, away. What was stored to them is in the memfd when it returns: 0 or
 * a negative errno. A page may have come back by then, or, if the kernel would
 * not let it go, still be there: mincore(2) tells.
 */
int pager_drop(struct pager *pager, int view, uint64_t id, uint64_t offset,
	       uint64_t size);

#endif
