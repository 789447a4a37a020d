/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIOD_DAEMON_SANDBOX_H
#define VFIOD_DAEMON_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The private view of `vfiod run`: a mount namespace in which a FUSE mount of
 * ours gives /dev/vfio and parts of /sys. It ends with the last process in
 * it, however that ends; nothing of it is ever seen outside.
 *
 * All functions are called by the main thread, in the order given here, each
 * once. They return 0 (or an fd) or a negative errno, and then @why says in
 * one line, without a newline, what failed and what to do. After a failure
 * the process can only end.
 */
struct sandbox {
	/*
	 * An ordinary user's: vfiod has all capabilities in a user namespace
	 * of its own, and CMD is to run one further in (child.h), so that it
	 * has none and vfiod has CAP_SYS_PTRACE over it.
	 */
	bool user_ns;
	char why[512];
	/* Private: the process that assembles, and the socket to it. */
	pid_t assembler;
	int sock;
};

/*
 * Enters the namespaces. The process must be single-threaded. Root enters a
 * mount namespace only, if allowed; everybody else, and root without
 * CAP_SYS_ADMIN, a user namespace too, in which his uid and gid are what they
 * were and no others exist. Mounts made later outside are seen inside.
 */
int sandbox_enter(struct sandbox *sb);

/*
 * Mounts a FUSE filesystem (allow_other, default_permissions, nosuid, nodev)
 * and returns the fd of its connection, close-on-exec, which the caller owns
 * and is to serve, with threads other than the main one, from now on.
 * Until sandbox_assemble() it covers /tmp. The process must be
 * single-threaded still.
 */
int sandbox_mount_fuse(struct sandbox *sb);

/*
 * Lays the directory `dev` of the FUSE root over /dev/vfio, and merges the
 * tree `sys` of it into /sys (merge.h says how); the rest of the FUSE root is
 * then out of reach, and /tmp back. Both directories must exist, with all
 * that is to be seen where the host's /sys has a non-empty directory. FUSE
 * must be served by others meanwhile. It is done by a process of its own: one
 * that is killed while it waits for an answer to be given by itself would
 * neither end nor let its connection end. The working directory stays where it
 * is by name.
 */
int sandbox_assemble(struct sandbox *sb);

#endif
