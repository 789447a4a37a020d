// SPDX-License-Identifier: BSD-3-Clause
/*
 * traffic-model SECONDS FILE: the traffic on the model, with clients in memory of
 * this process, and the record in FILE, which is made. Three clients are
 * threads of one process, the fourth is a process of its own. In the second
 * half of the time this one is killed now and then, and a device is closed and
 * opened.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../backend/container.h"
#include "../../backend/device.h"
#include "../../backend/driver.h"
#include "../../backend/group.h"
#include "../unit/host.h"
#include "run.h"

#include <vfiod/uapi.h>

#define BASE 0x10000000UL
#define MORTAL (TRAFFIC_CLIENTS - 1) /* the client that is killed */
#define COMING_AND_GOING (TRAFFIC_DEVICES - 1)
#define STEPS_TO_LIVE 200

extern const struct vfiod_plugin *vfiod_plugin_entry(void);

/* A page for each client's arguments, and one for a device's name. */
#define NAME_AT (BASE + TRAFFIC_CLIENTS * TRAFFIC_PAGE)
#define ARGS_PAGES (TRAFFIC_CLIENTS + 1)

/* Behind them is the memory that clients map. */
struct process {
	struct host_mm *mm;
	struct host_client client;
};

static struct traffic_record *record;
static struct vfio_iommu_drivers drivers;
static struct vfio_container *container;
static struct vfio_group *groups[TRAFFIC_DEVICES];
static struct vfio_device *devices[TRAFFIC_DEVICES];
static struct vfio_device_file *files[TRAFFIC_DEVICES];
static struct process family, loner;
static struct traffic_client clients[TRAFFIC_CLIENTS];
static struct traffic_end end_of_run;
static bool with_deaths;

static uint64_t args_of(const struct traffic_client *client)
{
	return BASE + client->n * TRAFFIC_PAGE;
}

static int model_map(struct traffic_client *client, uint64_t iova,
		     uint64_t vaddr, uint64_t size)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = vaddr,
		.iova = iova,
		.size = size,
	};

	vfio_copy_to_user(args_of(client), &map, sizeof(map));
	return vfio_container_ioctl(container, VFIO_IOMMU_MAP_DMA,
				    args_of(client));
}

static int64_t model_unmap(struct traffic_client *client, uint64_t iova,
			   uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};
	int ret;

	vfio_copy_to_user(args_of(client), &unmap, sizeof(unmap));
	ret = vfio_container_ioctl(container, VFIO_IOMMU_UNMAP_DMA,
				   args_of(client));
	vfio_copy_from_user(&unmap, args_of(client), sizeof(unmap));
	return ret ? ret : (int64_t)unmap.size;
}

static const struct traffic_ops ops = { .map = model_map,
					.unmap = model_unmap };

static void live(struct process *process, uint64_t npages)
{
	process->mm = host_mm_create(BASE, ARGS_PAGES + TRAFFIC_PAGES);
	atomic_store(&process->mm->memlock, npages);
	host_client_init(&process->client, process->mm);
}

static void place(struct traffic_client *client, struct process *process)
{
	client->vaddr = BASE + (ARGS_PAGES + client->n * TRAFFIC_CLIENT_PAGES) *
				       TRAFFIC_PAGE;
	client->mem = host_mm_ptr(process->mm, client->vaddr);
}

static struct process *process_of(const struct traffic_client *client)
{
	return client->n == MORTAL ? &loner : &family;
}

/* What it has mapped stays, and is unmapped by another process. */
static bool die_and_come_again(struct traffic_client *client)
{
	struct host_mm *old = loner.mm;
	const uint8_t *mem = client->mem;

	host_mm_exit(old);
	atomic_fetch_add(&record->deaths, 1);
	vfio_set_current(&family.client.client);
	if (!traffic_drop(client))
		return false;
	if (host_mm_locked(old))
		return traffic_fail(record, "a dead process has %lu pages",
				    host_mm_locked(old));
	live(&loner, TRAFFIC_CLIENT_PAGES);
	place(client, &loner);
	memcpy(host_mm_ptr(loner.mm, client->vaddr), mem,
	       TRAFFIC_CLIENT_PAGES * TRAFFIC_PAGE);
	host_mm_destroy(old);
	vfio_set_current(&loner.client.client);
	return true;
}

static void *client_thread(void *arg)
{
	struct traffic_client *client = arg;
	unsigned int steps = 0;

	vfio_set_current(&process_of(client)->client.client);
	while (traffic_goes_on(&end_of_run) && traffic_step(client)) {
		if (!with_deaths || client->n != MORTAL ||
		    ++steps % STEPS_TO_LIVE)
			continue;
		if (!die_and_come_again(client))
			break;
	}
	traffic_drop(client);
	return NULL;
}

static void open_device(int i)
{
	atomic_store(&record->devices[i].closed, false);
	ck_assert_int_eq(vfio_copy_to_user(NAME_AT, devices[i]->name,
					   strlen(devices[i]->name) + 1),
			 0);
	ck_assert_int_eq(vfio_group_get_device(groups[i], NAME_AT, &files[i]),
			 0);
}

static void close_device(int i)
{
	vfio_device_file_release(files[i]);
	atomic_store(&record->devices[i].closed, true);
	atomic_fetch_add(&record->closes, 1);
}

static void come_and_go(void)
{
	while (traffic_goes_on(&end_of_run)) {
		close_device(COMING_AND_GOING);
		open_device(COMING_AND_GOING);
		/* It gets to do something before it goes again. */
		for (unsigned long seen = atomic_load(&clients[0].steps);
		     atomic_load(&clients[0].steps) < seen + 20 &&
		     traffic_goes_on(&end_of_run);)
			usleep(100);
	}
}

static void run(double seconds, bool deaths)
{
	pthread_t threads[TRAFFIC_CLIENTS];

	with_deaths = deaths;
	end_of_run = traffic_end_in(record, seconds);
	for (int i = 0; i < TRAFFIC_CLIENTS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						client_thread, &clients[i]),
				 0);
	if (deaths)
		come_and_go();
	for (int i = 0; i < TRAFFIC_CLIENTS; i++)
		pthread_join(threads[i], NULL);
	if (host_mm_locked(family.mm) || host_mm_locked(loner.mm))
		traffic_fail(record, "%lu and %lu pages are still charged",
			     host_mm_locked(family.mm),
			     host_mm_locked(loner.mm));
}

static void add_device(int i, int container_fd, const char *path)
{
	static const char *const numbers[] = { "0", "1", "2" };
	static struct vfio_device_param params[TRAFFIC_DEVICES][2];
	const struct vfiod_plugin *plugin = vfiod_plugin_entry();
	const struct vfio_device_desc desc = {
		.plugin = plugin,
		.type = plugin->types,
		.name = numbers[i],
		.params = params[i],
		.nr_params = 2,
	};
	int32_t fd = container_fd;

	params[i][0] = (struct vfio_device_param){ "record", path };
	params[i][1] = (struct vfio_device_param){ "n", numbers[i] };
	groups[i] = vfio_group_create(i, VFIO_EMULATED_IOMMU);
	ck_assert_int_eq(vfio_device_create(groups[i], &desc, &devices[i]), 0);
	ck_assert_int_eq(vfio_group_open(groups[i]), 0);
	memcpy(host_mm_ptr(family.mm, BASE), &fd, sizeof(fd));
	ck_assert_int_eq(
		vfio_group_ioctl(groups[i], VFIO_GROUP_SET_CONTAINER, BASE), 0);
}

static void set_up(const char *path)
{
	int fd;

	record = traffic_create_record(path);
	live(&family, (TRAFFIC_CLIENTS - 1) * TRAFFIC_CLIENT_PAGES);
	live(&loner, TRAFFIC_CLIENT_PAGES);
	vfio_set_current(&family.client.client);
	ck_assert_int_eq(
		vfio_register_iommu_driver(&drivers, &vfio_iommu_type1), 0);
	container = vfio_container_create(&drivers);
	fd = host_client_add_container(&family.client, container);
	for (int i = 0; i < TRAFFIC_DEVICES; i++)
		add_device(i, fd, path);
	ck_assert_int_eq(vfio_container_ioctl(container, VFIO_SET_IOMMU,
					      VFIO_TYPE1v2_IOMMU),
			 0);
	for (unsigned int i = 0; i < TRAFFIC_CLIENTS; i++) {
		clients[i].ops = &ops;
		clients[i].record = record;
		clients[i].n = clients[i].seed = i;
		place(&clients[i], process_of(&clients[i]));
	}
	for (int i = 0; i < TRAFFIC_DEVICES; i++)
		open_device(i);
}

static void tear_down(void)
{
	for (int i = 0; i < TRAFFIC_DEVICES; i++) {
		vfio_device_file_release(files[i]);
		vfio_group_close(groups[i]);
		vfio_device_destroy(devices[i]);
		vfio_group_destroy(groups[i]);
	}
	vfio_container_put(container);
	vfio_unregister_iommu_drivers(&drivers);
	host_mm_destroy(family.mm);
	host_mm_destroy(loner.mm);
}

/* host.c speaks libcheck: so this is one test. */
static double seconds;
static const char *path;

START_TEST(traffic)
{
	set_up(path);
	run(seconds / 2, false);
	run(seconds / 2, true);
	tear_down();
	if (host_log_count(3) || host_log_count(4))
		traffic_fail(record, "a device was blamed");
	ck_assert(traffic_finish(record));
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("traffic on the model");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	seconds = argc == 3 ? strtod(argv[1], NULL) : 0;
	if (seconds <= 0) {
		fprintf(stderr, "usage: traffic-model SECONDS FILE\n");
		return 2;
	}
	path = argv[2];
	tcase_set_timeout(tc, 2 * seconds + 60);
	tcase_add_test(tc, traffic);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
