// SPDX-License-Identifier: BSD-3-Clause
#include "run.h"

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct traffic_record *map_record(const char *path, int flags)
{
	void *record;
	int fd = open(path, flags | O_RDWR | O_CLOEXEC, 0666);

	if (fd < 0 || ftruncate(fd, sizeof(struct traffic_record)))
		err(EXIT_FAILURE, "%s", path);
	record = mmap(NULL, sizeof(struct traffic_record),
		      PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (record == MAP_FAILED)
		err(EXIT_FAILURE, "%s", path);
	close(fd);
	return record;
}

struct traffic_record *traffic_create_record(const char *path)
{
	return map_record(path, O_CREAT | O_EXCL);
}

struct traffic_record *traffic_open_record(const char *path)
{
	return map_record(path, 0);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

struct traffic_end traffic_end_in(struct traffic_record *record, double seconds)
{
	return (struct traffic_end){
		.ns = now_ns() + (uint64_t)(seconds * 1e9),
		.record = record,
	};
}

bool traffic_goes_on(const struct traffic_end *end)
{
	if (atomic_load(&end->record->failed))
		return false;
	return now_ns() < end->ns || !traffic_enough(end->record);
}
