/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the model asks of its surroundings: the calling thread ("current"),
 * the address spaces whose memory is mapped, and eventfds. The daemon
 * implements them over /proc and system calls, the unit tests over their own
 * memory.
 */
#ifndef VFIOD_BACKEND_HOST_H
#define VFIOD_BACKEND_HOST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vfio_container;
struct vfio_device;
struct vfio_group;
struct vfio_mm;
struct vfio_client;
struct vfio_eventfd;
struct vfiod_stream;

#define VFIO_PAGE_SHIFT 12
#define VFIO_PAGE_SIZE (1UL << VFIO_PAGE_SHIFT)

/*
 * Memory of a client that the host has in its own reach: shared memory only.
 * What the client does to its addresses does not change it.
 */
struct vfio_hold {
	void *host; /* the host's */
	uint8_t *mem; /* NULL: nothing is held */
};

/*
 * An address space, the kernel's mm_struct. One object stands for one mm as
 * long as anybody refers to it: comparing pointers compares address spaces.
 * All ops may be called from any thread, and may sleep.
 */
struct vfio_mm_ops {
	/* Copy @len bytes at @vaddr, as the process itself could: 0, -EFAULT;
	 * -ESRCH when the process has exited or called execve. */
	int (*rw)(struct vfio_mm *mm, uint64_t vaddr, void *buf, size_t len,
		  bool write);
	/* Could the pages from @vaddr on be pinned (FOLL_LONGTERM, for writing
	 * if @write)? How many of @npages in a row, at least one, and not
	 * always all that could; for the first -EFAULT, -ESRCH as above. */
	int64_t (*pin)(struct vfio_mm *mm, uint64_t vaddr, uint64_t npages,
		       bool write);
	/* RLIMIT_MEMLOCK in pages; UINT64_MAX for no limit. */
	uint64_t (*memlock)(struct vfio_mm *mm);
	/* The last reference is gone. */
	void (*release)(struct vfio_mm *mm);
	/*
	 * Keep the @len bytes at @vaddr at hand until drop. An errno, and
	 * @hold as it was: this memory cannot be held (it is private, say).
	 */
	int (*hold)(struct vfio_mm *mm, uint64_t vaddr, size_t len,
		    struct vfio_hold *hold);
	void (*drop)(struct vfio_hold *hold);
	/* Copy from or to held memory at @offset; to what the client could
	 * write to only. 0, -EFAULT (the file was cut short). */
	int (*hold_rw)(const struct vfio_hold *hold, size_t offset, void *buf,
		       size_t len, bool write);
	/* The same as rw, and faster where the client still has at @vaddr
	 * what @hold, of the same @mm, is of. */
	int (*rw_near)(struct vfio_mm *mm, const struct vfio_hold *hold,
		       uint64_t vaddr, void *buf, size_t len, bool write);
};

struct vfio_mm {
	const struct vfio_mm_ops *ops;
	atomic_uint refs;
	/* Pages charged by all containers together: mm->locked_vm. */
	atomic_uint_least64_t locked_vm;
};

static inline struct vfio_mm *vfio_mm_get(struct vfio_mm *mm)
{
	atomic_fetch_add(&mm->refs, 1);
	return mm;
}

static inline void vfio_mm_drop(struct vfio_mm *mm, struct vfio_hold *hold)
{
	if (hold->mem)
		mm->ops->drop(hold);
	hold->mem = NULL;
}

static inline void vfio_mm_put(struct vfio_mm *mm)
{
	if (mm && atomic_fetch_sub(&mm->refs, 1) == 1)
		mm->ops->release(mm);
}

/* A part of what is written to a client. */
struct vfio_copy {
	uint64_t to;
	const void *from;
	size_t n;
};

/*
 * The thread that issued the call being served. Valid for that call only,
 * used only by the thread that serves it.
 */
struct vfio_client_ops {
	/* 0 or -EFAULT, and then @to is of no use. */
	int (*copy_from)(struct vfio_client *client, void *to, uint64_t from,
			 size_t n);
	/* In order, up to the first part that cannot be written whole. */
	int (*copy_to)(struct vfio_client *client,
		       const struct vfio_copy *parts, size_t nr);
	/* May a client have memory at these addresses? There need be none. */
	bool (*access_ok)(struct vfio_client *client, uint64_t address,
			  uint64_t size);
	/* -EBADF, -EINVAL (not an eventfd); the reference is the caller's. */
	int (*eventfd_get)(struct vfio_client *client, int fd,
			   struct vfio_eventfd **eventfd);
	/* -EBADF, -EBADFD (not a container); the reference likewise. */
	int (*container_get)(struct vfio_client *client, int fd,
			     struct vfio_container **container);
	/* -EBADF, -EINVAL (not a group). The group outlives its clients. */
	int (*group_get)(struct vfio_client *client, int fd,
			 struct vfio_group **group);
	/* Has it a number left for one more fd? 0, -EMFILE. */
	int (*fd_room)(struct vfio_client *client);
	/* When the call being served returns 0, give the caller an fd of
	 * @stream, whose reference is taken over, and write its number to
	 * the 32 bits at @addr. If that fails, the call does, with what is at
	 * @addr left alone. One stream a call at most. */
	void (*give_stream)(struct vfio_client *client,
			    struct vfiod_stream *stream, uint64_t addr);
	/* The caller's address space; without a reference. */
	int (*mm)(struct vfio_client *client, struct vfio_mm **mm);
	/* The device whose memory it has mapped at @vaddr; NULL: none. */
	struct vfio_device *(*device_at)(struct vfio_client *client,
					 uint64_t vaddr);
	/* Has it the capability (CAP_*) on the machine itself? */
	bool (*capable)(struct vfio_client *client, int cap);
};

struct vfio_client {
	const struct vfio_client_ops *ops;
};

/*
 * A client's eventfd. signal adds 1 and never blocks. watch calls @fn on a
 * thread of the host each time the counter is added to, consuming it; and
 * once soon if it is positive already, which leaves it as it is
 * (drivers/vfio/virqfd.c); one watch an object. When unwatch returns, @fn does
 * not run and will not. put drops the only reference there is, unwatched.
 */
struct vfio_eventfd_ops {
	void (*signal)(struct vfio_eventfd *eventfd);
	int (*watch)(struct vfio_eventfd *eventfd, void (*fn)(void *arg),
		     void *arg);
	void (*unwatch)(struct vfio_eventfd *eventfd);
	void (*put)(struct vfio_eventfd *eventfd);
};

struct vfio_eventfd {
	const struct vfio_eventfd_ops *ops;
};

static inline void vfio_eventfd_put(struct vfio_eventfd *eventfd)
{
	if (eventfd)
		eventfd->ops->put(eventfd);
}

/*
 * The caller of this thread's call; NULL on threads that serve no client (a
 * plugin's own), which the kernel would call kernel threads. Who enters the
 * model for a client sets it before and clears it after.
 */
struct vfio_client *vfio_current(void);
void vfio_set_current(struct vfio_client *client);

/* capable() of the kernel; false where there is no current client. */
bool vfio_capable(int cap);

/* With a current client: access_ok() of the kernel. */
bool vfio_access_ok(uint64_t address, uint64_t size);
/* With a current client: 0 or -EFAULT. */
int vfio_copy_from_user(void *to, uint64_t from, size_t n);
int vfio_copy_to_user(uint64_t to, const void *from, size_t n);
/* Several parts at once, two at most: see vfio_client_ops.copy_to. */
int vfio_copy_parts_to_user(const struct vfio_copy *parts, size_t nr);

/*
 * The memory behind those regions of a device that clients can map, which
 * have VFIO_REGION_INFO_FLAG_MMAP, zeroed. Provided by the surroundings.
 */
struct vfio_memory {
	uint8_t **regions; /* by index; NULL: has none */
	/* Clients can; set when threads are there already, and constant while
	 * a client has any device. */
	atomic_bool can_map;
};

struct vfiod_type;

/* For the device @name, which is kept: 0, or an errno. */
int vfio_memory_create(const struct vfiod_type *type, const char *name,
		       struct vfio_memory **memory);
/* Who has mapped it keeps what is there now, and shares it with nobody. */
void vfio_memory_renew(struct vfio_memory *memory);
void vfio_memory_destroy(struct vfio_memory *memory);
/*
 * Between the two the kernel can store to a mapping of it on our behalf
 * (process_vm_writev(2)). It takes the pages first and stores later: should
 * the host want to put others in their place, it waits. Any thread, for moments.
 */
void vfio_memory_hold(struct vfio_memory *memory);
void vfio_memory_unhold(struct vfio_memory *memory);

/*
 * Logging, one line, no newline at the end; level as in syslog (3 error,
 * 4 warning, 6 info, 7 debug). Provided by the surroundings.
 */
void vfio_log(int level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
