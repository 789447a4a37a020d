// SPDX-License-Identifier: BSD-3-Clause
/*
 * orphan: a client whose vfiod dies. Says "ready" when it holds the first
 * device (mtty-2) and, in a read that sleeps, the second (sleepy-slow), while
 * it waits for the third (sleepy-slow, which opens for longer than vfiod
 * lives); then makes calls until one fails, after which all of them have to,
 * each within ten seconds. Its last line is "orphan: ok".
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../plugins/sleepy.h"
#include "vfio.h"

#define SECONDS_A_CALL 10
#define SECONDS_TO_DIE 60

static struct vfio_session session;

/* Reads over and over, so that one is under way when vfiod dies. */
static void *sleep_in_reads(void *arg)
{
	struct vfio_session *sleepy = arg;
	uint64_t value;

	while (pread(sleepy->device, &value, 8, SLEEPY_READ) == 8)
		;
	return NULL;
}

/* Waits in GET_DEVICE_FD when vfiod dies. */
static void *sleep_in_open(void *arg)
{
	struct vfio_session s;

	return vfio_session_try(&s, 3, VFIO_TYPE1v2_IOMMU) < 0 ? NULL : arg;
}

static int version(void)
{
	return vfio_ioctl(session.container, VFIO_GET_API_VERSION, NULL);
}

static int map(void)
{
	return vfio_map(session.container, 0, NULL, PAGE);
}

static int unmap(void)
{
	return (int)vfio_unmap(session.container, 0, PAGE, 0);
}

static int status(void)
{
	return vfio_group_flags(session.group);
}

static int get_device(void)
{
	return vfio_get_device(session.group, 1);
}

static int info(void)
{
	struct vfio_device_info arg = { .argsz = sizeof(arg) };

	return vfio_ioctl(session.device, VFIO_DEVICE_GET_INFO, &arg);
}

static int set_irqs(void)
{
	int event = eventfd(0, EFD_CLOEXEC);
	int ret = vfio_set_trigger(session.device, 1, 0, event);

	close(event);
	return ret;
}

static int read_device(void)
{
	char c;

	return pread(session.device, &c, 1, REGION(7)) < 0 ? -errno : 0;
}

static int write_device(void)
{
	return pwrite(session.device, "", 1, REGION(7)) < 0 ? -errno : 0;
}

static int open_anew(void)
{
	return vfio_open_container();
}

static const struct {
	const char *name;
	int (*call)(void);
} calls[] = {
	{ "GET_API_VERSION", version },	 { "MAP_DMA", map },
	{ "UNMAP_DMA", unmap },		 { "GET_STATUS", status },
	{ "GET_DEVICE_FD", get_device }, { "GET_INFO", info },
	{ "SET_IRQS", set_irqs },	 { "pread", read_device },
	{ "pwrite", write_device },	 { "open", open_anew },
};

static void wait_for_the_end(void)
{
	alarm(SECONDS_TO_DIE);
	while (info() == 0)
		usleep(1000);
	alarm(0);
}

static int check_calls(void)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		alarm(SECONDS_A_CALL);
		if (calls[i].call() >= 0) {
			warnx("%s works without vfiod", calls[i].name);
			failed = 1;
		}
	}
	return failed;
}

int main(void)
{
	struct vfio_session sleepy;
	pthread_t thread, opener;
	void *opened;
	int failed;

	/* It is there before the others have been opened. */
	if (pthread_create(&opener, NULL, sleep_in_open, &sleepy))
		errx(EXIT_FAILURE, "no thread");
	session = vfio_session_open(1, VFIO_TYPE1v2_IOMMU);
	sleepy = vfio_session_open(2, VFIO_TYPE1v2_IOMMU);
	if (pthread_create(&thread, NULL, sleep_in_reads, &sleepy))
		errx(EXIT_FAILURE, "no thread");
	puts("ready");
	fflush(stdout);
	wait_for_the_end();
	failed = check_calls();
	alarm(SECONDS_A_CALL);
	pthread_join(thread, NULL);
	pthread_join(opener, &opened);
	failed |= !!opened;
	vfio_session_close(&sleepy);
	vfio_session_close(&session);
	puts(failed ? "orphan: FAIL" : "orphan: ok");
	return failed;
}
