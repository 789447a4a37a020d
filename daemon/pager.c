// SPDX-License-Identifier: BSD-3-Clause
#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pager_process.h"

struct pager {
	/* A leaf. Guards what follows; one request at a time. */
	pthread_mutex_t lock;
	int mount; /* its root; a negative errno: why there is no process */
	int sock;
	uint64_t last_id;
};

struct pager *pager_create(void)
{
	struct pager *pager = calloc(1, sizeof(*pager));

	if (!pager)
		return NULL;
	pthread_mutex_init(&pager->lock, NULL);
	pager->mount = -ENXIO;
	pager->sock = -1;
	pager->last_id = 1; /* the root's */
	return pager;
}

void pager_destroy(struct pager *pager)
{
	if (pager->mount >= 0)
		close(pager->mount);
	if (pager->sock >= 0)
		close(pager->sock);
	pthread_mutex_destroy(&pager->lock);
	free(pager);
}

static int configure(int fs, int fuse_fd)
{
	static const char *const keys[] = { "fd", "user_id", "group_id" };
	const unsigned int values[] = { fuse_fd, geteuid(), getegid() };
	char text[16];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(text, sizeof(text), "%u", values[i]);
		if (fsconfig(fs, FSCONFIG_SET_STRING, keys[i], text, 0))
			return -errno;
	}
	if (fsconfig(fs, FSCONFIG_SET_STRING, "rootmode", "40000", 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "subtype", "vfiod", 0) ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	return 0;
}

/* At no place that has a name: the root's fd, or a negative errno. */
static int mount_nowhere(int fuse_fd)
{
	int ret, fs = fsopen("fuse", FSOPEN_CLOEXEC);

	if (fs < 0)
		return -errno;
	ret = configure(fs, fuse_fd);
	if (!ret) {
		ret = fsmount(fs, FSMOUNT_CLOEXEC,
			      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
		if (ret < 0)
			ret = -errno;
	}
	close(fs);
	return ret;
}

static int start_process(struct pager *pager, int fuse_fd)
{
	int sock[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		return -errno;
	pid = fork();
	if (!pid)
		pager_process(fuse_fd, sock[1]);
	if (pid < 0)
		pid = -errno;
	close(sock[1]);
	if (pid < 0) {
		close(sock[0]);
		return pid;
	}
	pager->sock = sock[0];
	return 0;
}

/*
 * Its first answer. Without it the root has no owner in a user namespace, and
 * nothing can be unlinked there. And the process has a mount namespace of its
 * own by then, in which what vfiod mounts next is not.
 */
static int ask_for_root(int mount)
{
	struct stat st;

	return fstat(mount, &st) ? -errno : 0;
}

/*
 * Its copy of the connection is the only one from here on: that ends when the
 * process does, and who waits for an answer gets an error.
 */
static int mount_and_start(struct pager *pager)
{
	int mount, ret, fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fuse_fd < 0)
		return -errno;
	mount = mount_nowhere(fuse_fd);
	ret = mount < 0 ? mount : start_process(pager, fuse_fd);
	close(fuse_fd);
	if (!ret)
		ret = ask_for_root(mount);
	if (!ret)
		return mount;
	if (mount >= 0)
		close(mount);
	return ret;
}

void pager_start(struct pager *pager)
{
	pager->mount = mount_and_start(pager);
}

static void add_fds(struct msghdr *msg, const int *fds)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(PAGER_NR_FDS * sizeof(*fds));
	memcpy(CMSG_DATA(cmsg), fds, PAGER_NR_FDS * sizeof(*fds));
}

/* With PAGER_NR_FDS @fds, or none. The lock is held. */
static int ask(const struct pager *pager, struct pager_request *request,
	       const int *fds)
{
	_Alignas(struct cmsghdr) char
		control[CMSG_SPACE(PAGER_NR_FDS * sizeof(int))];
	struct iovec iov = { request, sizeof(*request) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct pager_answer answer;
	ssize_t n;

	if (pager->mount < 0)
		return pager->mount;
	if (fds) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		add_fds(&msg, fds);
	}
	do {
		n = sendmsg(pager->sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n != sizeof(*request))
		return -EIO;
	do {
		n = recv(pager->sock, &answer, sizeof(answer), 0);
	} while (n < 0 && errno == EINTR);
	return n == sizeof(answer) ? answer.ret : -EIO;
}

/*
 * The lock is held over all. The name is for this open only, or for none: the
 * kernel would keep the file by it when nobody has it any more, and would take
 * it for the next one of that name.
 */
static int open_new(struct pager *pager, struct pager_request *request,
		    const char *name, const int *fds)
{
	int fd, ret = ask(pager, request, fds);

	if (ret)
		return ret;
	fd = openat(pager->mount, name, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		ret = -errno;
	if (unlinkat(pager->mount, name, 0) && !ret)
		ret = -errno;
	if (!ret)
		return fd;
	if (fd >= 0)
		close(fd);
	return ret;
}

int pager_open(struct pager *pager, int fd, const char *name, int signal,
	       uint64_t *id)
{
	const int fds[PAGER_NR_FDS] = { fd, signal };
	struct pager_request request = { .is_new = 1 };
	int ret;

	pthread_mutex_lock(&pager->lock);
	request.id = *id = ++pager->last_id;
	ret = open_new(pager, &request, name, fds);
	pthread_mutex_unlock(&pager->lock);
	return ret;
}

/* From now on it tells of the next page that is read in. */
static int arm(struct pager *pager, uint64_t id)
{
	struct pager_request request = { .id = id };
	int ret;

	pthread_mutex_lock(&pager->lock);
	ret = ask(pager, &request, NULL);
	pthread_mutex_unlock(&pager->lock);
	return ret;
}

/*
 * A direct write has the kernel write back the pages, and take them away, before
 * it looks at what is to be written; and that is nothing, as it is not there.
 * The pager could have it all by one message to the kernel. But then it would
 * wait there with the connection in its hands, for an answer that nobody gives
 * when it is killed; and the kernel ends a connection only when all have let it
 * go. So the wait is ours.
 */
static int take_pages(int view, uint64_t offset, uint64_t size)
{
	const void *volatile nothing = NULL;

	if (pwrite(view, nothing, size, (off_t)offset) >= 0)
		return -EIO;
	return errno == EFAULT ? 0 : -errno;
}

/* Armed first: who faults from the moment on in which a page goes is told of. */
int pager_drop(struct pager *pager, int view, uint64_t id, uint64_t offset,
	       uint64_t size)
{
	int ret = arm(pager, id);

	return ret ? ret : take_pages(view, offset, size);
}
