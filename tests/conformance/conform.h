/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a conformance case is written with. docs/conformance.md is the page to
 * read first; this header is the list of what there is.
 *
 * A case performs calls and records what it observed; it judges nothing. Every
 * c_ function does one thing and writes one record of it: the call with its
 * arguments by name, the result, and every byte of registered memory that
 * changed meanwhile, wherever it is. Records must be the same on every run: no
 * address, fd number, pid, time, uuid or group number may reach them, which
 * is why fds have roles ("container") and memory has names ("A+0x1000").
 *
 * A case runs in a process of its own, its session's leader, with a time limit;
 * all that it starts is killed at its end. Unless said otherwise functions
 * return what the system call returned, with errno set.
 */
#ifndef CONFORM_H
#define CONFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/vfio.h>

#define C_PAGE 4096UL
/* The most groups, each of one device, that there are for a case. */
#define C_GROUPS 4
/* An address that belongs to the kernel. */
#define C_KERNEL 0xffff800000000000UL

struct state;
struct c_actor;
struct c_field;
struct line;

/* One thread of control: the case's own, or an actor's. */
struct ctx {
	const char *container; /* path */
	/* Paths; [1] NULL unless CASE_TWO_GROUPS, [2] and on CASE_PROBES. */
	const char *group[C_GROUPS];
	const char *device[C_GROUPS]; /* names for GET_DEVICE_FD */
	long param; /* conform_add()'s */
	const char *prefix; /* of its lines; "" for the case's own */
	struct state *state;
};

typedef void case_fn(struct ctx *c);

/* ---- cases ---- */

#define CASE_TWO_GROUPS 1 /* uses group[1]; left out without one */
#define CASE_SLOW 2 /* has 120 s in place of 20 s */
#define CASE_NOIOMMU 4 /* left out where the first group is not noiommu */
#define CASE_PROBES 8 /* left out unless the devices are probes, all four */
#define CASE_PCI 16 /* left out where the device has no PCI address */
#define CASE_ONE_GROUP 32 /* left out unless both devices are in group[0] */
#define CASE_MDPY 64 /* left out unless the devices are mdpy, Linux's or ours */

/*
 * CASE("area/subject/detail") { c_open(c, …); … }, at file level. The name's
 * first part is the golden file that the record goes to.
 */
#define CASE(name) CASE_FLAGS(name, 0)
#define CASE_FLAGS(name, flags) CASE_1(name, flags, __LINE__)
#define CASE_1(name, flags, line) CASE_2(name, flags, line)
#define CASE_2(name, flags, line)                                      \
	static void case_##line(struct ctx *c);                        \
	static void __attribute__((constructor)) case_add_##line(void) \
	{                                                              \
		conform_add(case_##line, 0, flags, name);              \
	}                                                              \
	static void case_##line(struct ctx *c)

/* CASES { for (…) conform_add(…); }: many from a table, or from a loop. */
#define CASES CASES_1(__LINE__)
#define CASES_1(line) CASES_2(line)
#define CASES_2(line) \
	static void __attribute__((constructor)) cases_##line(void)

/* Only from CASES. The case finds param in c->param. */
void conform_add(case_fn *fn, long param, unsigned int flags, const char *name,
		 ...) __attribute__((format(printf, 4, 5)));

/* ---- commands ---- */

/* What is known of an ioctl command: its name and its struct's fields. */
struct c_cmd {
	const char *name;
	unsigned int nr;
	const struct c_field *fields; /* ends with a NULL name */
	/* Shows what follows the fields; NULL: as bytes. */
	void (*tail)(struct ctx *c, struct line *l, const void *arg,
		     size_t len);
};

/*
 * The same number is another command on another kind of fd: take the one whose
 * name the reader should see.
 */
extern const struct c_cmd GET_API_VERSION, CHECK_EXTENSION, SET_IOMMU;
extern const struct c_cmd GROUP_GET_STATUS, GROUP_SET_CONTAINER,
	GROUP_UNSET_CONTAINER, GROUP_GET_DEVICE_FD;
extern const struct c_cmd DEVICE_GET_INFO, DEVICE_GET_REGION_INFO,
	DEVICE_GET_IRQ_INFO, DEVICE_SET_IRQS, DEVICE_RESET, DEVICE_FEATURE,
	DEVICE_GET_PCI_HOT_RESET_INFO, DEVICE_PCI_HOT_RESET,
	DEVICE_QUERY_GFX_PLANE, DEVICE_GET_GFX_DMABUF, DEVICE_IOEVENTFD;
extern const struct c_cmd IOMMU_GET_INFO, IOMMU_MAP_DMA, IOMMU_UNMAP_DMA,
	IOMMU_ENABLE, IOMMU_DISABLE, IOMMU_DIRTY_PAGES;

/* All of the above; ends with NULL. */
extern const struct c_cmd *const c_commands[];

/* ---- ioctls ---- */

/* With a plain number for argument. */
long c_ioctl(struct ctx *c, int fd, const struct c_cmd *cmd, unsigned long arg);
/* A number that has no c_cmd. */
long c_ioctl_nr(struct ctx *c, int fd, unsigned int nr, unsigned long arg);
/*
 * With a struct: the len bytes at arg are copied to memory that ends with them
 * (an unmapped page follows, bytes of 0xa5 go before), and back after the
 * call. len is what the kernel may touch; the struct's argsz is the caller's
 * own affair. Up to 16 KiB. Fill what the kernel shall write with 0xee first:
 * what is written is seen by its change.
 */
long c_arg(struct ctx *c, int fd, const struct c_cmd *cmd, void *arg,
	   size_t len);
/* With a struct that lies somewhere already: NULL, C_KERNEL, c_mem(). */
long c_arg_at(struct ctx *c, int fd, const struct c_cmd *cmd, void *at);
/* Any command: without a struct, with one of the kernel's, with this one. */
void c_command(struct ctx *c, int fd, const struct c_cmd *cmd, void *arg,
	       size_t len);

long c_set_container(struct ctx *c, int group, int container);
/* Returns the fd, which gets the role. name_for_record: NULL shows name. */
int c_device_fd(struct ctx *c, int group, const char *role, const char *name);
/* The name's bytes, len of them with or without NUL, end at unmapped memory. */
int c_device_fd_bytes(struct ctx *c, int group, const char *role,
		      const char *shown, const void *name, size_t len);
long c_map(struct ctx *c, int container, const void *vaddr, uint64_t iova,
	   uint64_t size, uint32_t flags);
/* The size that came back goes to *size where it is not NULL. */
long c_unmap(struct ctx *c, int container, uint64_t iova, uint64_t size,
	     uint32_t flags, uint64_t *removed);
long c_dirty(struct ctx *c, int container, uint32_t flags);
/* bitmap: c_mem() of size bytes or more; its changes are recorded. */
long c_dirty_get(struct ctx *c, int container, uint64_t iova, uint64_t size,
		 uint64_t pgsize, void *bitmap, uint64_t bitmap_size);
/* argsz as given, in a buffer of just as much (at least minsz), of 0xee. */
long c_iommu_info(struct ctx *c, int container, uint32_t argsz);
long c_device_info(struct ctx *c, int device, uint32_t argsz);
long c_region_info(struct ctx *c, int device, uint32_t index, uint32_t argsz);
long c_irq_info(struct ctx *c, int device, uint32_t index, uint32_t argsz);
/* data: count × 1 (BOOL) or × 4 (EVENTFD) bytes, or NULL with NONE. */
long c_set_irqs(struct ctx *c, int device, uint32_t flags, uint32_t index,
		uint32_t start, uint32_t count, const void *data);
/* argsz is 8 + len. What is read back is in data too. */
long c_feature(struct ctx *c, int device, uint32_t flags, void *data,
	       size_t len);

/* ---- files ---- */

/* The path is shown by what it is: CONTAINER, GROUP, GROUP2 … */
int c_open(struct ctx *c, const char *role, const char *path, int flags);
int c_close(struct ctx *c, int fd);
int c_dup(struct ctx *c, const char *role, int fd);
/* Data goes through memory that ends at an unmapped page; at most 16 KiB. */
ssize_t c_read(struct ctx *c, int fd, void *data, size_t len);
ssize_t c_write(struct ctx *c, int fd, const void *data, size_t len);
ssize_t c_pread(struct ctx *c, int fd, void *data, size_t len, off_t pos);
ssize_t c_pwrite(struct ctx *c, int fd, const void *data, size_t len,
		 off_t pos);
ssize_t c_pread_at(struct ctx *c, int fd, void *at, size_t len, off_t pos);
ssize_t c_pwrite_at(struct ctx *c, int fd, const void *at, size_t len,
		    off_t pos);
off_t c_lseek(struct ctx *c, int fd, off_t pos, int whence);
/* NULL on failure; else memory named role, whose changes are not recorded. */
void *c_mmap(struct ctx *c, const char *role, int fd, size_t len, int prot,
	     int flags, off_t pos);
int c_munmap(struct ctx *c, void *at, size_t len);
/* Records revents. Does not wait. */
int c_poll(struct ctx *c, int fd, short events);
int c_epoll_add(struct ctx *c, int fd);
int c_fcntl(struct ctx *c, int fd, int cmd, const char *shown, long arg);

/* Other kinds of fds, for where they do not belong. */
int c_eventfd(struct ctx *c, const char *role);
int c_pipe(struct ctx *c, const char *reader, const char *writer);
/* Records what an eventfd counted since the last look, after a moment. */
uint64_t c_counter(struct ctx *c, int fd);

/* The fd with that role; -1 if there is none. Records nothing. */
int c_fd(struct ctx *c, const char *role);
/* Gives the fd a role; "" takes it away. Records nothing. */
void c_name_fd(struct ctx *c, const char *role, int fd);

/* ---- memory ---- */

/*
 * Zeroed memory with a name, between unmapped pages. Its changes are recorded
 * with every call. C_UNWATCHED for what is large, or what a device writes.
 */
#define C_UNWATCHED 1
void *c_mem(struct ctx *c, const char *name, size_t len, unsigned int flags);
void c_protect(struct ctx *c, void *at, size_t len, int prot);
/* bytes copied to the end of a page that can only be read. */
void *c_read_only(struct ctx *c, const void *data, size_t len);
/* bytes copied to the end of a page that cannot be touched. */
void *c_no_access(struct ctx *c, const void *data, size_t len);

/* ---- ready-made states: one line when all is well, each step when not ---- */

struct c_ready {
	int container, group, device;
};

/* Is the group with this path of the noiommu kind? */
bool c_is_noiommu(const char *group);
/* For SET_IOMMU: this type, but the one that noiommu groups have, for these. */
unsigned long c_iommu_type(const struct ctx *c, unsigned long type);
/* A container with the first group and this VFIO_TYPE1… type, or noiommu. */
struct c_ready c_ready(struct ctx *c, unsigned long type);
/* And its device. */
struct c_ready c_ready_device(struct ctx *c, unsigned long type);

/* ---- sysfs ---- */

/* The path of the first device's file there. */
void c_sysfs(const struct ctx *c, const char *name, char *path, size_t size);

/* ---- others: processes and threads ---- */

/*
 * An actor does what it is told and waits between; its lines begin with its
 * name. A process is a fork: it has the fds and the memory of that moment.
 */
struct c_actor *c_process(struct ctx *c, const char *name);
struct c_actor *c_thread(struct ctx *c, const char *name);
/* fn in the actor, with a ctx of its own; returns when done. c_fd() there. */
void c_on(struct c_actor *a, case_fn *fn);
/* Return at once; c_wait() until fn is done. */
void c_start(struct c_actor *a, case_fn *fn);
void c_wait(struct c_actor *a);
/* The process execs this program, and stays an actor. Fds keep their roles. */
void c_exec(struct c_actor *a);
/* Ends by exit, or by the signal if that is not 0, and is reaped. */
void c_end(struct c_actor *a, int signal);

/*
 * Both at once, rounds times, after setup (NULL: none): what they returned
 * is one outcome, such as "0, EBUSY". They return ≥ 0 or -errno, and may not
 * record. Which of the outcomes (ends with NULL) are seen is left to chance:
 * all of them are recorded, and any that is not among them.
 */
typedef long race_fn(struct ctx *c);
void c_race(struct ctx *c, int rounds, case_fn *setup, race_fn *one,
	    race_fn *two, const char *const *outcomes);

/* Without a record, for setup and for races. -errno on failure. */
long c_quiet(int fd, const struct c_cmd *cmd, void *arg);

/*
 * Any other system call: c_did(c, fsync(fd), "fsync(container)"). Memory is
 * not watched. Returns result.
 */
long c_did(struct ctx *c, long result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A line of one's own: "# …". */
void c_note(struct ctx *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A line "NAME = …" that is an observation. */
void c_say(struct ctx *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- walks ---- */

/*
 * WALK("area") { one step }. Random numbers come from c_random(), which starts
 * anew with each step: a step's choices depend on the seed, its number and the
 * state that it finds, so that steps can be left out (that is how a
 * difference is shrunk). What must be remembered from step to step is in
 * static variables, or in fds' roles. c_step_first(c) is true in the first.
 */
#define WALK(area) WALK_1(area, __LINE__)
#define WALK_1(area, line) WALK_2(area, line)
#define WALK_2(area, line)                                             \
	static void walk_##line(struct ctx *c);                        \
	static void __attribute__((constructor)) walk_add_##line(void) \
	{                                                              \
		conform_add_walk(walk_##line, area);                   \
	}                                                              \
	static void walk_##line(struct ctx *c)
void conform_add_walk(case_fn *step, const char *area);

/* 0 … n-1 */
unsigned long c_random(struct ctx *c, unsigned long n);
bool c_step_first(struct ctx *c);
/* One of an array's elements. */
#define C_PICK(c, array) \
	((array)[c_random(c, sizeof(array) / sizeof((array)[0]))])

#endif
