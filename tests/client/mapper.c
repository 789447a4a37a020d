// SPDX-License-Identifier: BSD-3-Clause
/*
 * mapper PID: a client whose vfiod ends while 16 threads map its device
 * (bars-mapped). Says "ready" when they do, and kills PID, so that CMD ends in
 * that moment. Once vfiod is gone all that is under way has to end, and what was
 * mapped has to be there; its last line is then "mapper: ok".
 */
#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../plugins/bars.h"
#include "vfio.h"

#define THREADS 16
#define SECONDS_TO_DIE 60

static struct vfio_session session;
static atomic_bool over;
static atomic_int mapped, wrong;

static void *map(void *arg)
{
	void *p;

	while (!over) {
		p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, session.device,
			 REGION(BARS_WHOLE));
		if (p == MAP_FAILED)
			continue;
		mapped++;
		if (!p || munmap(p, PAGE))
			wrong++;
	}
	return arg;
}

static bool is_alive(void)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	return vfio_ioctl(session.device, VFIO_DEVICE_GET_INFO, &info) == 0;
}

static void end_cmd(const char *pid)
{
	if (kill((pid_t)strtol(pid, NULL, 10), SIGKILL))
		err(EXIT_FAILURE, "kill");
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];

	if (argc != 2)
		errx(2, "usage: mapper PID");
	alarm(SECONDS_TO_DIE);
	session = vfio_session_open(1, VFIO_TYPE1v2_IOMMU);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, map, NULL))
			errx(EXIT_FAILURE, "no thread");
	while (mapped < THREADS)
		usleep(1000);
	puts("ready");
	fflush(stdout);
	end_cmd(argv[1]);
	while (is_alive())
		usleep(1000);
	over = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	vfio_session_close(&session);
	puts(wrong ? "mapper: FAIL" : "mapper: ok");
	return wrong != 0;
}
