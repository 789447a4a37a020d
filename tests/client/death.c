// SPDX-License-Identifier: BSD-3-Clause
/*
 * death [SEED]: kill 200 clients by SIGKILL at random moments of what they
 * do, each at once followed by another on the same device, for which it has
 * to be free. Three live at any time.
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vfio.h"

#define DEATHS 200
#define DEVICES 3

static struct vfio_session session;

/* Each of these ends by death only, or by an error, which it returns. */

static int ask_for_devices(void)
{
	for (;;) {
		int fd = vfio_get_device(session.group, 1);

		for (int n = 2; n <= DEVICES && fd == -ENODEV; n++)
			fd = vfio_get_device(session.group, n);
		if (fd < 0)
			return fd;
		close(fd);
	}
}

static void *ask_in_thread(void *arg)
{
	(void)arg;
	ask_for_devices();
	return NULL;
}

static int ask_from_threads(void)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++) {
		int ret = pthread_create(&thread, NULL, ask_in_thread, NULL);

		if (ret)
			return -ret;
	}
	return ask_for_devices();
}

static int map_and_unmap(void)
{
	for (uint64_t i = 0;; i = (i + 1) % 512) {
		int64_t ret = vfio_map(session.container, i * PAGE, NULL, PAGE);

		if (ret == -EEXIST)
			ret = vfio_unmap(session.container, i * PAGE, PAGE, 0);
		if (ret < 0)
			return (int)ret;
	}
}

static int interrupts(void)
{
	for (;;) {
		int event = eventfd(0, EFD_CLOEXEC);
		int ret = vfio_set_trigger(session.device, 1, 0, event);

		if (ret)
			return ret;
		close(event);
	}
}

static int reads(void)
{
	char buf[64];

	for (;;)
		if (pread(session.device, buf, sizeof(buf), REGION(0)) < 0)
			return -errno;
}

static int rest(void)
{
	int ret = vfio_map(session.container, 0, NULL, PAGE);

	if (ret)
		return ret;
	for (;;)
		pause();
}

static int open_and_close(int device)
{
	for (;;) {
		int ret;

		vfio_session_close(&session);
		ret = vfio_session_try(&session, device, VFIO_TYPE1v2_IOMMU);
		if (ret)
			return ret;
	}
}

static int live(int device, unsigned int what)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	static int (*const ways[])(void) = {
		ask_for_devices, ask_from_threads,
		map_and_unmap,	 interrupts,
		reads,		 rest,
	};
	int ret = vfio_session_try(&session, device, VFIO_TYPE1v2_IOMMU);

	if (ret)
		return ret;
	ret = vfio_ioctl(session.device, VFIO_DEVICE_GET_INFO, &info);
	if (ret)
		return ret;
	if (what < sizeof(ways) / sizeof(ways[0]))
		return ways[what]();
	return open_and_close(device);
}

static pid_t start_client(int device, unsigned int what)
{
	pid_t pid = fork();
	int ret;

	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid)
		return pid;
	ret = live(device, what);
	warnx("a client of device %d (%u) got an error: %s", device, what,
	      strerror(-ret));
	_exit(EXIT_FAILURE);
}

/* How long clients live: some not even until they have a device. */
static void let_live(unsigned int *seed)
{
	struct timespec ts = { 0, (long)(rand_r(seed) % 20000) * 1000 };

	nanosleep(&ts, NULL);
}

static bool die(pid_t pid)
{
	int status;

	if (kill(pid, SIGKILL) || waitpid(pid, &status, 0) != pid)
		err(EXIT_FAILURE, "kill");
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static int check_free(int device)
{
	int ret = vfio_device_is_free(device);

	if (ret)
		warnx("device %d is still held: %s", device, strerror(-ret));
	return ret != 0;
}

int main(int argc, char **argv)
{
	unsigned int seed = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 0) :
				       (unsigned int)time(NULL);
	pid_t pids[DEVICES];
	int failed = 0;

	printf("death: seed %u\n", seed);
	fflush(stdout);
	for (int i = 0; i < DEVICES; i++)
		pids[i] = start_client(i + 1, rand_r(&seed) % 7);
	for (int deaths = 0; deaths < DEATHS; deaths++) {
		int i = deaths % DEVICES;

		let_live(&seed);
		failed |= !die(pids[i]);
		if (deaths < DEATHS - DEVICES)
			pids[i] = start_client(i + 1, rand_r(&seed) % 7);
	}
	for (int i = 0; i < DEVICES; i++)
		failed |= check_free(i + 1);
	printf("death: %d clients killed: %s\n", DEATHS,
	       failed ? "FAIL" : "ok");
	return failed;
}
