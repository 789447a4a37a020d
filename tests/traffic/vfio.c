// SPDX-License-Identifier: BSD-3-Clause
/*
 * traffic SECONDS FILE: the traffic over /dev/vfio, with three devices of the
 * traffic plugin that share the record in FILE. Three clients are threads, the
 * fourth is a process of its own, with memory that both processes have. In the
 * second half of the time this one is killed now and then, and a device is
 * closed and opened. No capability and no more RLIMIT_MEMLOCK than is needed:
 * a page that stays charged makes a later pin fail.
 */
#include <err.h>
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../client/vfio.h"
#include "run.h"

#define MORTAL (TRAFFIC_CLIENTS - 1) /* the client that is killed */
#define COMING_AND_GOING (TRAFFIC_DEVICES - 1)
#define STEPS_TO_LIVE 20

static struct traffic_record *record;
static struct traffic_end end_of_run;
static int container;
/* Device i is device i + 1 of the environment. */
static int groups[TRAFFIC_DEVICES], devices[TRAFFIC_DEVICES];
static struct traffic_client *clients; /* shared with the process */

static int map_slot(struct traffic_client *client, uint64_t iova,
		    uint64_t vaddr, uint64_t size)
{
	(void)client;
	return vfio_map(container, iova, (void *)vaddr, size);
}

static int64_t unmap_slot(struct traffic_client *client, uint64_t iova,
			  uint64_t size)
{
	(void)client;
	return vfio_unmap(container, iova, size, 0);
}

static const struct traffic_ops ops = { .map = map_slot, .unmap = unmap_slot };

static int must(int ret, const char *what)
{
	if (ret < 0)
		errx(EXIT_FAILURE, "%s: %s", what, strerror(-ret));
	return ret;
}

static void *pages(size_t n, int flags)
{
	void *mem = mmap(NULL, n * TRAFFIC_PAGE, PROT_READ | PROT_WRITE,
			 flags | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	return mem;
}

static void limit_pages(rlim_t npages)
{
	const struct rlimit limit = { .rlim_cur = npages * TRAFFIC_PAGE,
				      .rlim_max = npages * TRAFFIC_PAGE };

	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		err(EXIT_FAILURE, "RLIMIT_MEMLOCK");
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	const struct __user_cap_data_struct none[2] = { 0 };

	if (syscall(SYS_capset, &header, none))
		err(EXIT_FAILURE, "capset");
}

static void *client_thread(void *arg)
{
	struct traffic_client *client = arg;

	while (traffic_goes_on(&end_of_run) && traffic_step(client))
		;
	traffic_drop(client);
	return NULL;
}

static pid_t start_mortal(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid)
		return pid;
	limit_pages(TRAFFIC_CLIENT_PAGES);
	client_thread(&clients[MORTAL]);
	_exit(atomic_load(&record->failed));
}

static void let_live(const struct traffic_client *client)
{
	unsigned long seen = atomic_load(&client->steps);

	while (atomic_load(&client->steps) < seen + STEPS_TO_LIVE &&
	       traffic_goes_on(&end_of_run))
		usleep(1000);
}

/* What the dead has mapped stays, and is unmapped here. */
static void mortal_lives(bool deaths)
{
	int status;

	do {
		pid_t pid = start_mortal();

		if (deaths) {
			let_live(&clients[MORTAL]);
			kill(pid, SIGKILL);
			atomic_fetch_add(&record->deaths, 1);
		}
		if (waitpid(pid, &status, 0) != pid)
			err(EXIT_FAILURE, "waitpid");
		if (status && !(deaths && WIFSIGNALED(status) &&
				WTERMSIG(status) == SIGKILL))
			traffic_fail(record, "the process ended with %#x",
				     (unsigned int)status);
		traffic_drop(&clients[MORTAL]);
	} while (traffic_goes_on(&end_of_run));
}

static void open_device(int i)
{
	atomic_store(&record->devices[i].closed, false);
	devices[i] = must(vfio_get_device(groups[i], i + 1), "GET_DEVICE_FD");
}

/* Over when the group is asked for something. */
static void close_device(int i)
{
	close(devices[i]);
	must(vfio_group_flags(groups[i]), "GET_STATUS");
	atomic_store(&record->devices[i].closed, true);
	atomic_fetch_add(&record->closes, 1);
}

static void *come_and_go(void *arg)
{
	while (traffic_goes_on(&end_of_run)) {
		close_device(COMING_AND_GOING);
		open_device(COMING_AND_GOING);
		let_live(&clients[0]);
	}
	return arg;
}

static void start(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	must(-pthread_create(thread, NULL, fn, arg), "pthread_create");
}

static void run(double seconds, bool deaths)
{
	pthread_t threads[TRAFFIC_CLIENTS];
	int n = 0;

	end_of_run = traffic_end_in(record, seconds);
	for (; n < MORTAL; n++)
		start(&threads[n], client_thread, &clients[n]);
	if (deaths)
		start(&threads[n++], come_and_go, NULL);
	mortal_lives(deaths);
	while (n--)
		pthread_join(threads[n], NULL);
	if (vfio_dma_avail(container) != 65535)
		traffic_fail(record, "something is still mapped");
}

static void set_up_clients(void)
{
	clients = pages(sizeof(*clients) * TRAFFIC_CLIENTS / TRAFFIC_PAGE + 1,
			MAP_SHARED);
	for (unsigned int i = 0; i < TRAFFIC_CLIENTS; i++) {
		clients[i].ops = &ops;
		clients[i].record = record;
		clients[i].n = clients[i].seed = i;
		clients[i].mem = pages(TRAFFIC_CLIENT_PAGES,
				       i == MORTAL ? MAP_SHARED : MAP_PRIVATE);
		clients[i].vaddr = (uintptr_t)clients[i].mem;
	}
}

static void set_up_devices(void)
{
	container = must(vfio_open_container(), "container");
	for (int i = 0; i < TRAFFIC_DEVICES; i++) {
		groups[i] = must(vfio_open_group(i + 1), "group");
		must(vfio_set_container(groups[i], container), "SET_CONTAINER");
	}
	must(vfio_ioctl(container, VFIO_SET_IOMMU, (void *)VFIO_TYPE1v2_IOMMU),
	     "SET_IOMMU");
	for (int i = 0; i < TRAFFIC_DEVICES; i++)
		open_device(i);
}

static void tear_down(void)
{
	for (int i = 0; i < TRAFFIC_DEVICES; i++) {
		close(devices[i]);
		close(groups[i]);
	}
	close(container);
	for (int i = 0; i < TRAFFIC_DEVICES; i++)
		if (vfio_device_is_free(i + 1))
			traffic_fail(record, "device %d is still held", i);
}

int main(int argc, char **argv)
{
	double seconds = argc == 3 ? strtod(argv[1], NULL) : 0;
	bool good;

	if (seconds <= 0) {
		fprintf(stderr, "usage: traffic SECONDS FILE\n");
		return 2;
	}
	record = traffic_open_record(argv[2]);
	limit_pages((TRAFFIC_CLIENTS - 1) * TRAFFIC_CLIENT_PAGES);
	set_up_clients();
	set_up_devices();
	drop_capabilities();
	run(seconds / 2, false);
	run(seconds / 2, true);
	tear_down();
	good = traffic_finish(record);
	printf("traffic: %s\n", good ? "ok" : "FAIL");
	return !good;
}
