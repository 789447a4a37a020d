/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Windows: shared memory of a client that vfiod has mapped too. A window is a
 * range of a file that one mapping of the client shows; it does not change
 * when the client's mapping does, and lives as long as somebody holds it.
 */
#ifndef VFIOD_DAEMON_WINDOW_H
#define VFIOD_DAEMON_WINDOW_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

struct maps_vma;
struct window;

/* Those of one address space. */
struct windows {
	pthread_mutex_t lock; /* a leaf; guards the list and what is in it */
	LIST_HEAD(, window) list;
	size_t nr;
};

void windows_init(struct windows *windows);
/* Nobody holds any. */
void windows_fini(struct windows *windows);

/*
 * Hold the window that shows [@vaddr, @vaddr + @len), which is in @vma of
 * process @pid, made if need be; *@mem is where @vaddr is in it. Writing to
 * it is allowed if the client's mapping allowed it when it was made. 0, or an
 * errno when it cannot be: private memory, no right to open the file, a file
 * that is not memory, too many windows.
 */
int windows_hold(struct windows *windows, pid_t pid, const struct maps_vma *vma,
		 uint64_t vaddr, size_t len, struct window **window,
		 uint8_t **mem);
void window_put(struct window *window);

/*
 * Where [@vaddr, @vaddr + @len), which begins in @vma, is in the window; NULL:
 * it does not show all of that. By its holder.
 */
uint8_t *window_at(const struct window *window, const struct maps_vma *vma,
		   uint64_t vaddr, size_t len);
bool window_is_writable(const struct window *window);

#endif
