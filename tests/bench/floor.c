// SPDX-License-Identifier: BSD-3-Clause
/*
 * The floor: what a request to any FUSE server costs. "floor FILE CMD…" runs
 * CMD while FILE is a file of a null server on libfuse's single-threaded
 * loop, and exits with its status.
 */
#define FUSE_USE_VERSION 314

#include <errno.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void floor_getattr(fuse_req_t req, fuse_ino_t ino,
			  struct fuse_file_info *fi)
{
	struct stat st = { .st_ino = ino,
			   .st_mode = S_IFREG | 0600,
			   .st_nlink = 1,
			   .st_uid = getuid(),
			   .st_gid = getgid() };

	(void)fi;
	fuse_reply_attr(req, &st, 3600.0);
}

static void floor_open(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	(void)ino;
	fi->direct_io = 1;
	fuse_reply_open(req, fi);
}

static void floor_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	const char zeros[4] = "";

	(void)ino;
	(void)off;
	(void)fi;
	fuse_reply_buf(req, zeros, size < sizeof(zeros) ? size : sizeof(zeros));
}

static void floor_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned int cmd,
			void *arg, struct fuse_file_info *fi,
			unsigned int flags, const void *in_buf, size_t in_size,
			size_t out_size)
{
	(void)ino;
	(void)cmd;
	(void)arg;
	(void)fi;
	(void)flags;
	(void)in_buf;
	(void)in_size;
	(void)out_size;
	fuse_reply_ioctl(req, 0, NULL, 0);
}

static const struct fuse_lowlevel_ops floor_ops = {
	.getattr = floor_getattr,
	.open = floor_open,
	.read = floor_read,
	.ioctl = floor_ioctl,
};

static void *serve(void *session)
{
	fuse_session_loop(session);
	return NULL;
}

/* The exit status of CMD. */
static int run(char **cmd)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execvp(cmd[0], cmd);
		fprintf(stderr, "floor: %s: %s\n", cmd[0], strerror(errno));
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("floor");
		return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *session;
	pthread_t thread;
	int status = 1;

	if (argc < 3) {
		fprintf(stderr, "usage: floor FILE CMD…\n");
		return 2;
	}
	session = fuse_session_new(&args, &floor_ops, sizeof(floor_ops), NULL);
	if (!session || fuse_session_mount(session, argv[1])) {
		fprintf(stderr, "floor: cannot mount on %s\n", argv[1]);
		return 1;
	}
	if (pthread_create(&thread, NULL, serve, session) == 0) {
		status = run(argv + 2);
		/* Ends the loop: reading /dev/fuse says ENODEV. */
		fuse_session_unmount(session);
		pthread_join(thread, NULL);
	}
	fuse_session_destroy(session);
	return status;
}
