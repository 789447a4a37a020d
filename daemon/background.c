// SPDX-License-Identifier: BSD-3-Clause
#include "background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

/* The child's word, or its end. */
static _Noreturn void wait_for(int fd, pid_t child)
{
	int status;
	char ready;

	if (read(fd, &ready, 1) == 1)
		_exit(EXIT_SUCCESS);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	_exit(EXIT_FAILURE);
}

int background_start(void)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid) {
		close(fds[1]);
		wait_for(fds[0], pid);
	}
	close(fds[0]);
	setsid();
	return fds[1];
}

void background_ready(int fd)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	log_to_syslog();
	if (null_fd >= 0) {
		dup2(null_fd, STDIN_FILENO);
		dup2(null_fd, STDOUT_FILENO);
		dup2(null_fd, STDERR_FILENO);
		close(null_fd);
	}
	if (chdir("/"))
		vfio_log(LOG_LEVEL_WARNING, "cannot leave the directory");
	if (write(fd, "", 1) != 1)
		vfio_log(LOG_LEVEL_WARNING, "nobody waits for the service");
	close(fd);
}
