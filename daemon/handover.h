/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Putting a new file descriptor into the table of a client that waits in an
 * ioctl: VFIO_GROUP_GET_DEVICE_FD, or a change of migration state. A file
 * server has no way to do it, so it is done from beside: with ptrace for any
 * process and either ioctl, or with a seccomp notification for the
 * GET_DEVICE_FD of the descendants of `vfiod run`. And with both together,
 * mapping memory into a client that waits in mmap(2).
 *
 * All functions return 0 or more for success and a negative errno otherwise.
 */
#ifndef VFIOD_HANDOVER_H
#define VFIOD_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- with ptrace (handover_ptrace.c) ---- */

#define HANDOVER_PATH_MAX 256 /* bytes of a path, with its NUL */

struct handover {
	pid_t tid; /* thread that waits in the ioctl */
	const char *path; /* the file, as that thread can open it */
	int flags; /* access mode */
	/*
	 * Where in the thread's memory the number of the fd goes, 32 bits,
	 * and the ioctl returns 0; 0: it goes where the ioctl's result does.
	 */
	uint64_t number_at;
	/*
	 * tid descends from this process, and so has at least its seccomp
	 * filters. True for `vfiod run`, false for the service.
	 */
	bool inherits;
	bool hooked; /* and the one of handover_filter_install() besides */
	/*
	 * Lets the ioctl return result. Called once at most, on the thread
	 * of handover_ptrace(), with 0.
	 */
	void (*answer)(void *opaque, int result);
	void *opaque;
	bool answered; /* out: answer has been called */
};

/*
 * Makes the thread open the path with flags and O_CLOEXEC, and its ioctl
 * return the new fd, or the errno with which that failed. The client notices
 * nothing else: registers, stack and signal mask are as they were, signals
 * that arrive meanwhile are delivered after the ioctl, a stopped client stays
 * stopped.
 *
 * Where: on a thread that was made for this one handover and ends soon after,
 * with 64 KiB of stack.
 * Never on one that serves FUSE, since the open asks FUSE. The thread's end
 * also lets go of a client that died in the middle: its zombie is not reaped
 * here, for it may be a child that somebody else waits for.
 *
 * Returns what the ioctl returns, or
 *   with answered still false (the ioctl waits on, the caller answers it):
 *     -EBUSY         the thread has a tracer already (gdb, strace)
 *     -EPERM         it may not be traced by us
 *     -ESRCH         it is gone
 *     -ENAMETOOLONG  path is longer than HANDOVER_PATH_MAX
 *   with answered true:
 *     -ESRCH         the client died. It may have had the fd for a moment;
 *                    its file is released as for any other death
 *     -EOPNOTSUPP    the ioctl came from 32-bit code, or not by the
 *                    architecture's syscall instruction
 *     -EPERM         a seccomp filter of the client would kill it for the
 *                    open or send it SIGSYS, or cannot be known (see
 *                    client_filter.h)
 *     -EFAULT        there is no room for the path below its stack, or
 *                    number_at cannot be written: the fd is closed again
 *     other          errno of the open, or what the ioctl returned instead
 *                    of the 0 of answer (a connection that went away)
 *   all of which but -ESRCH the client gets as the result of the ioctl.
 *
 * Needs PTRACE_MODE_ATTACH_REALCREDS for the thread. A client filter added
 * by SECCOMP_FILTER_FLAG_TSYNC from another thread between check and open is
 * not foreseen. If this process is killed in the middle, the client goes on
 * with all signals blocked.
 *
 * The stops of the client cause SIGCHLD here, unless SA_NOCLDSTOP is set. If
 * the client is a child of this very process, wait for it only after its
 * pidfd polls readable: any other wait would take the stops away from here.
 */
int handover_ptrace(struct handover *h);

/* ---- with seccomp notifications, Linux 5.14 (handover_seccomp.c) ---- */

enum handover_call { HANDOVER_GET_DEVICE_FD, HANDOVER_MMAP };

/* A thread that waits in a call, held up before the kernel has seen it. */
struct handover_notif {
	uint64_t id; /* names this call in all that follows */
	pid_t tid; /* 0: in a pid namespace that is not visible from here */
	enum handover_call call;
	int fd; /* that the call is about, in the client's terms */
	uint64_t arg[6]; /* of the call */
};

/*
 * Puts the calling thread, and all that descends from it, under a filter that
 * reports ioctl(…, VFIO_GROUP_GET_DEVICE_FD, …) of native code and lets all
 * else pass. If @reach is not 0 it also reports mmap(2) of files with
 * MAP_SHARED or MAP_SHARED_VALIDATE, when the offset is below @reach, and the
 * length not above it, or the offset is 4 GiB or more, where other files hardly
 * ever are. Returns the listener, a close-on-exec fd, which another process has
 * to fetch (pidfd_getfd) before the exec; -EBUSY: an older filter has a
 * listener. Where the caller has no CAP_SYS_ADMIN in its user namespace, it
 * sets no_new_privs, for no filter is to be had without.
 *
 * For a child between fork and exec: makes system calls only, no memory, no
 * locks. Reads and sets errno.
 */
int handover_filter_install(uint32_t reach);

/* Can it report mmap? Linux 5.19. Any thread. */
bool handover_filter_can_mmap(void);

/*
 * The rest is for whoever holds the listener, on any thread, with signals
 * blocked. poll() reports POLLIN for a waiting call, POLLHUP when nobody under
 * the filter is left. Once the last copy of the listener is closed, the calls
 * fail with ENOSYS.
 *
 * Every call received is answered by exactly one of answer and continue.
 * A client that dies, or that takes a signal on kernels before 5.19 (the ioctl
 * is then reported again under a new id), makes these return -ENOENT: the
 * caller undoes what it did for the call.
 *
 * A signal that comes before a call is received interrupts it: the call is
 * restarted, or fails with EINTR if the handler lacks SA_RESTART.
 */

/*
 * Calls to come wake up whoever receives them on their own CPU, and the other
 * way round: they wait either way, and another CPU takes longer. From Linux 6.6
 * on; before, nothing happens.
 */
void handover_listener_hurry(int listener);

/* Waits for a call. -ENOENT: it went away again; go back to poll(). */
int handover_notif_recv(int listener, struct handover_notif *n);

/*
 * 0 while the call waits. What was read by tid before (memory, fds) was that
 * client's; what is read later may be another's.
 */
int handover_notif_valid(int listener, uint64_t id);

/*
 * Copies fd to the client, close-on-exec, and returns its number there, which
 * is then to be the answer. In between the caller can close its own: the
 * client does not run yet, and is to have the only one. After an error
 * (-EMFILE: the client's table is full) the call still waits for its answer.
 */
int handover_notif_addfd(int listener, uint64_t id, int fd);

/* Lets the kernel perform the call as if there were no filter. */
int handover_notif_continue(int listener, uint64_t id);

/* Lets the call return result, or fail with it, a negative errno. */
int handover_notif_answer(int listener, uint64_t id, int result);

/* ---- mmap, with both (handover_map.c) ---- */

/*
 * The mmap(2) of @n becomes one of @fd, which is ours, with all else as the
 * client gave it. The client is given @fd for a moment: another thread of it
 * may see it there, and one that is refused in the very moment may keep it.
 * The call is answered in any case. @inherits as in struct handover. Where:
 * as handover_ptrace(). If this process is killed in the middle, the client goes
 * on with all signals blocked, @fd may stay in its table, and the mmap may
 * return 0.
 *
 * Returns 0, or the errno with which the client's mmap failed:
 *   -EPERM         the client has a seccomp filter of its own
 *   -EBUSY, -EPERM, -EOPNOTSUPP
 *                  as handover_ptrace()
 *   -EMFILE        its fd table is full
 *   other          errno of the mmap;
 * or -ESRCH: the client died.
 */
int handover_map(int listener, const struct handover_notif *n, int fd,
		 bool inherits);

/*
 * The upper half of mmap's fd, of which the kernel takes the lower one: with
 * this and nothing else there the filter lets the call pass. Those of a client
 * may have anything left there, as ints have.
 */
#define HANDOVER_FD_PASSES (1UL << 32)

#endif
