// SPDX-License-Identifier: BSD-3-Clause
/*
 * Two threads: one answers the kernel, the other vfiod. Neither waits for what
 * the other one has to answer, nor in the kernel for the connection: else this
 * process could not end when it is killed, nor could who waits for a page.
 */
#define FUSE_USE_VERSION 35
#include "pager_process.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOREVER 1e9 /* s */

/* All that it has, besides /dev/null as 0 to 2 and the fds of files. */
enum { FUSE = 3, SOCK, END };

struct file {
	LIST_ENTRY(file) next;
	fuse_ino_t ino;
	int content;
	int signal;
	bool armed; /* the next page that is read in is to be told of */
	uint64_t lookups; /* that the kernel has not forgotten */
};

struct server {
	struct fuse_session *session;
	/* Guards the list, and armed of those in it. All else of a file is for
	 * the thread that answers the kernel, which takes it out, too. */
	pthread_mutex_t lock;
	LIST_HEAD(, file) files; /* the newest first */
};

/* The lock is held. */
static struct file *by_ino(struct server *server, fuse_ino_t ino)
{
	struct file *file;

	LIST_FOREACH(file, &server->files, next)
		if (file->ino == ino)
			return file;
	return NULL;
}

/* Of a request; it stays, as the kernel forgets it by a request, too. */
static struct file *file_of(fuse_req_t req, fuse_ino_t ino)
{
	struct server *server = fuse_req_userdata(req);
	struct file *file;

	pthread_mutex_lock(&server->lock);
	file = by_ino(server, ino);
	pthread_mutex_unlock(&server->lock);
	return file;
}

static void init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	/* No page comes but those that are asked for, and none goes but those
	 * that are dropped. */
	conn->max_readahead = 0;
	conn->want &= ~FUSE_CAP_AUTO_INVAL_DATA;
	/* O_TRUNC is to be a setattr, which can be refused. */
	conn->want &= ~FUSE_CAP_ATOMIC_O_TRUNC;
}

static int get_attr(const struct file *file, struct stat *st)
{
	if (file && fstat(file->content, st))
		return errno;
	if (file)
		st->st_mode = S_IFREG | 0600;
	else
		*st = (struct stat){ .st_mode = S_IFDIR | 0700 };
	st->st_ino = file ? file->ino : FUSE_ROOT_ID;
	st->st_uid = geteuid();
	st->st_gid = getegid();
	st->st_nlink = 1;
	return 0;
}

/* By any name: vfiod opens what it has just made, and nobody else can. */
static void lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct server *server = fuse_req_userdata(req);
	struct fuse_entry_param entry = { .attr_timeout = FOREVER };
	struct file *file;
	int err = ENOENT;

	(void)parent, (void)name;
	pthread_mutex_lock(&server->lock);
	file = LIST_FIRST(&server->files);
	if (file)
		err = get_attr(file, &entry.attr);
	if (!err)
		file->lookups++;
	pthread_mutex_unlock(&server->lock);
	if (err) {
		fuse_reply_err(req, err);
		return;
	}
	entry.ino = file->ino;
	fuse_reply_entry(req, &entry);
}

/* The kernel then forgets it with the last fd or mapping. */
static void unlink_file(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent, (void)name;
	fuse_reply_err(req, 0);
}

static void destroy(struct file *file)
{
	LIST_REMOVE(file, next);
	close(file->content);
	close(file->signal);
	free(file);
}

static void forget(fuse_req_t req, fuse_ino_t ino, uint64_t lookups)
{
	struct server *server = fuse_req_userdata(req);
	struct file *file;

	pthread_mutex_lock(&server->lock);
	file = by_ino(server, ino);
	if (file) {
		file->lookups -= lookups;
		if (!file->lookups)
			destroy(file);
	}
	pthread_mutex_unlock(&server->lock);
	fuse_reply_none(req);
}

static void getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;
	int err = get_attr(file_of(req, ino), &st);

	(void)fi;
	if (err)
		fuse_reply_err(req, err);
	else
		fuse_reply_attr(req, &st, FOREVER);
}

/* As a sealed memfd has it. */
static void setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int what,
		    struct fuse_file_info *fi)
{
	(void)ino, (void)attr, (void)what, (void)fi;
	fuse_reply_err(req, EPERM);
}

static void open_file(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	/* Else each open would drop all pages. */
	fi->keep_cache = 1;
	fi->noflush = 1;
	fuse_reply_open(req, fi);
}

/* Before who waits for a page goes on, and so before it stores. */
static void tell(struct server *server, struct file *file)
{
	bool armed;

	pthread_mutex_lock(&server->lock);
	armed = file->armed;
	file->armed = false;
	pthread_mutex_unlock(&server->lock);
	if (armed)
		eventfd_write(file->signal, 1);
}

static void read_file(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		      struct fuse_file_info *fi)
{
	struct file *file = file_of(req, ino);
	char *buf = malloc(size);
	ssize_t n;

	(void)fi;
	tell(fuse_req_userdata(req), file);
	n = buf ? pread(file->content, buf, size, off) : -1;
	if (n < 0)
		fuse_reply_err(req, buf ? errno : ENOMEM);
	else
		fuse_reply_buf(req, buf, n);
	free(buf);
}

static void write_file(fuse_req_t req, fuse_ino_t ino, const char *buf,
		       size_t size, off_t off, struct fuse_file_info *fi)
{
	ssize_t n = pwrite(file_of(req, ino)->content, buf, size, off);

	(void)fi;
	if (n < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_write(req, n);
}

static const struct fuse_lowlevel_ops ops = {
	.init = init,
	.lookup = lookup,
	.unlink = unlink_file,
	.forget = forget,
	.getattr = getattr,
	.setattr = setattr,
	.open = open_file,
	.read = read_file,
	.write = write_file,
};

static int add_file(struct server *server, const struct pager_request *request,
		    const int *fds)
{
	struct file *file = calloc(1, sizeof(*file));

	if (!file) {
		close(fds[0]);
		close(fds[1]);
		return -ENOMEM;
	}
	file->ino = request->id;
	file->content = fds[0];
	file->signal = fds[1];
	pthread_mutex_lock(&server->lock);
	LIST_INSERT_HEAD(&server->files, file, next);
	pthread_mutex_unlock(&server->lock);
	return 0;
}

static int arm(struct server *server, const struct pager_request *request)
{
	struct file *file;

	pthread_mutex_lock(&server->lock);
	file = by_ino(server, request->id);
	if (file)
		file->armed = true;
	pthread_mutex_unlock(&server->lock);
	return file ? 0 : -ENOENT;
}

/* One request; false: vfiod has ended. */
static bool serve_request(struct server *server)
{
	_Alignas(struct cmsghdr) char
		control[CMSG_SPACE(PAGER_NR_FDS * sizeof(int))];
	struct pager_request request;
	struct iovec iov = { &request, sizeof(request) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct pager_answer answer = { .ret = -EBADF };
	const struct cmsghdr *cmsg;
	int fds[PAGER_NR_FDS];

	if (recvmsg(SOCK, &msg, MSG_CMSG_CLOEXEC) != sizeof(request))
		return false;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_len == CMSG_LEN(sizeof(fds))) {
		memcpy(fds, CMSG_DATA(cmsg), sizeof(fds));
		answer.ret = add_file(server, &request, fds);
	} else if (!request.is_new) {
		answer.ret = arm(server, &request);
	}
	return send(SOCK, &answer, sizeof(answer), 0) == sizeof(answer);
}

static void *serve_requests(void *arg)
{
	while (serve_request(arg))
		;
	close(SOCK);
	return NULL;
}

/* Above all others first, so that none is in another's place. */
static int keep_fds(int fuse_fd, int sock)
{
	int null_fd = open("/dev/null", O_RDWR);

	null_fd = fcntl(null_fd, F_DUPFD, END);
	fuse_fd = fcntl(fuse_fd, F_DUPFD, END);
	sock = fcntl(sock, F_DUPFD, END);
	for (int i = 0; i < FUSE; i++)
		if (dup2(null_fd, i) < 0)
			return -errno;
	if (dup2(fuse_fd, FUSE) < 0 || dup2(sock, SOCK) < 0 ||
	    close_range(END, ~0U, 0))
		return -errno;
	return 0;
}

static struct fuse_session *create_session(struct server *server)
{
	char *argv[] = { "vfiod", NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *session;
	char path[16];

	session = fuse_session_new(&args, &ops, sizeof(ops), server);
	fuse_opt_free_args(&args);
	snprintf(path, sizeof(path), "/dev/fd/%d", FUSE);
	if (session && fuse_session_mount(session, path)) {
		fuse_session_destroy(session);
		return NULL;
	}
	return session;
}

static int serve(struct server *server)
{
	pthread_t thread;
	int ret;

	pthread_mutex_init(&server->lock, NULL);
	LIST_INIT(&server->files);
	server->session = create_session(server);
	if (!server->session ||
	    pthread_create(&thread, NULL, serve_requests, server))
		return -ENOMEM;
	/* It ends with vfiod, or with this process. */
	pthread_detach(thread);
	ret = fuse_session_loop(server->session);
	/* So says a read in whose middle the last file goes. */
	return ret == -ECONNABORTED ? 0 : ret;
}

/*
 * It is no business of those who end vfiod by a signal to its group. In the
 * mount namespace of vfiod it would be kept by the mount there, that by the
 * files that are lent to it, and those by this process.
 */
_Noreturn void pager_process(int fuse_fd, int sock)
{
	struct server server;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "vfiod-pager");
	if (keep_fds(fuse_fd, sock) || unshare(CLONE_NEWNS) || chdir("/"))
		_exit(EXIT_FAILURE);
	_exit(serve(&server) ? EXIT_FAILURE : EXIT_SUCCESS);
}
