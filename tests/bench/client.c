// SPDX-License-Identifier: BSD-3-Clause
/*
 * "client FLOOR PID": measure calls on three devices of the vfiod with that
 * pid against the file FLOOR of a null server, and print a table.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "calls.h"
#include "samples.h"

#define ROUNDS 40
#define CALLS 150 /* of one kind in a row */

enum {
	FLOOR_IOCTL,
	FLOOR_READ,
	API_VERSION,
	IOMMU_INFO,
	DEVICE_INFO,
	MAP,
	UNMAP,
	REGION_READ,
	MAP_MANY,
	UNMAP_MANY,
	DEVICE_FD,
	NR_ROWS
};

struct row {
	const char *name;
	call_fn *call;
	bool pair; /* the next row's call undoes it, in turns with it */
	int base; /* the row to compare with; itself: none */
	double wanted; /* at most, in medians of the base; no base: in µs */
};

static const struct row rows[NR_ROWS] = {
	[FLOOR_IOCTL] = { "floor: ioctl", call_floor_ioctl, false, FLOOR_IOCTL,
			  0 },
	[FLOOR_READ] = { "floor: pread of 4 bytes", call_floor_read, false,
			 FLOOR_READ, 0 },
	[API_VERSION] = { "VFIO_GET_API_VERSION", call_api_version, false,
			  FLOOR_IOCTL, 1.25 },
	[IOMMU_INFO] = { "VFIO_IOMMU_GET_INFO", call_iommu_info, false,
			 FLOOR_IOCTL, 1.6 },
	[DEVICE_INFO] = { "VFIO_DEVICE_GET_INFO", call_device_info, false,
			  FLOOR_IOCTL, 1.6 },
	[MAP] = { "VFIO_IOMMU_MAP_DMA", call_map, true, FLOOR_IOCTL, 1.6 },
	[UNMAP] = { "VFIO_IOMMU_UNMAP_DMA", call_unmap, false, FLOOR_IOCTL,
		    1.6 },
	[REGION_READ] = { "region pread of 4 bytes", call_region_read, false,
			  FLOOR_READ, 1.25 },
	[MAP_MANY] = { "MAP_DMA, 60000 live", call_map_many, true, MAP, 1.2 },
	[UNMAP_MANY] = { "UNMAP_DMA, 60000 live", call_unmap_many, false, UNMAP,
			 1.2 },
	[DEVICE_FD] = { "GET_DEVICE_FD + close", call_device_fd, false,
			DEVICE_FD, 1000 },
};

static int time_call(struct bench *bench, int row, unsigned int i,
		     struct samples *samples)
{
	uint64_t start = samples_now();
	int ret = rows[row].call(bench, i);

	samples_add(&samples[row], samples_now() - start);
	if (ret)
		fprintf(stderr, "bench: %s: %s\n", rows[row].name,
			strerror(-ret));
	return ret;
}

static int time_batch(struct bench *bench, int row, unsigned int first,
		      struct samples *samples)
{
	for (unsigned int i = first; i < first + CALLS; i++) {
		int ret = time_call(bench, row, i, samples);

		if (!ret && rows[row].pair)
			ret = time_call(bench, row + 1, i, samples);
		if (ret)
			return ret;
	}
	return 0;
}

/* All kinds take turns, so that what disturbs the machine disturbs all. */
static int measure(struct bench *bench, struct samples *samples)
{
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (int row = 0; row < NR_ROWS; row += 1 + rows[row].pair) {
			int ret =
				time_batch(bench, row, round * CALLS, samples);

			if (ret)
				return ret;
		}
	}
	return 0;
}

static const char *verdict(double value, double wanted)
{
	return value <= wanted ? "met" : "MISSED";
}

static void print_row(int row, struct samples *samples)
{
	double p50 = samples_percentile(&samples[row], 50);
	double p99 = samples_percentile(&samples[row], 99);
	double wanted = rows[row].wanted;
	double ratio;

	printf("  %-26s %8.1f %8.1f", rows[row].name, p50 / 1e3, p99 / 1e3);
	if (rows[row].base != row) {
		ratio = p50 / samples_percentile(&samples[rows[row].base], 50);
		printf(" %8.2f   <= %-7.2f  %s", ratio, wanted,
		       verdict(ratio, wanted));
	} else if (wanted > 0) {
		printf(" %8s   <= %4.0f us  %s", "", wanted,
		       verdict(p50 / 1e3, wanted));
	}
	printf("\n");
}

static void print_table(struct samples *samples)
{
	printf("  %-26s %8s %8s %8s   %-10s\n", "call", "p50 us", "p99 us",
	       "ratio", "wanted");
	for (int row = 0; row < NR_ROWS; row++)
		print_row(row, samples);
}

/* Resident memory of process @pid in bytes; 0 when it cannot be read. */
static uint64_t resident(const char *pid)
{
	char path[64], line[128];
	unsigned long kib = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	status = fopen(path, "re");
	if (!status)
		return 0;
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmRSS: %lu", &kib) == 1)
			break;
	fclose(status);
	return kib * UINT64_C(1024);
}

static void print_memory(uint64_t before, uint64_t after)
{
	double base = before / 1048576.0;
	double each = after > before ? (after - before) / (double)MANY : 0;

	printf("  %-26s %8.1f %8s %8s   <= %-7s  %s\n", "memory: MiB at start",
	       base, "", "", "20", verdict(base, 20));
	printf("  %-26s %8.1f %8s %8s   <= %-7s  %s\n",
	       "memory: bytes a mapping", each, "", "", "150",
	       verdict(each, 150));
}

static int open_all(struct bench *bench, const char *floor)
{
	const char *group[] = { getenv("VFIOD_GROUP"), getenv("VFIOD_GROUP_2"),
				getenv("VFIOD_GROUP_3") };
	const char *name = getenv("VFIOD_DEVICE");

	bench->idle_name = getenv("VFIOD_DEVICE_3");
	if (!group[0] || !group[1] || !group[2] || !name || !bench->idle_name) {
		fprintf(stderr, "bench: vfiod run gave fewer than 3 devices\n");
		return -1;
	}
	bench->floor = open(floor, O_RDWR | O_CLOEXEC);
	bench->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bench->floor < 0 || bench->page == MAP_FAILED) {
		perror("bench: floor");
		return -1;
	}
	if (calls_open(&bench->one, group[0]) ||
	    calls_open(&bench->many, group[1]) ||
	    calls_open(&bench->idle, group[2]))
		return -1;
	return calls_open_device(&bench->one, name);
}

int main(int argc, char **argv)
{
	struct samples *samples = calloc(NR_ROWS, sizeof(*samples));
	struct bench bench;
	uint64_t before, after;

	if (argc != 3 || !samples) {
		fprintf(stderr, "usage: client FLOOR PID\n");
		return 2;
	}
	if (open_all(&bench, argv[1]) || calls_fill(&bench, &bench.one, 1))
		return 1;
	before = resident(argv[2]);
	if (calls_fill(&bench, &bench.many, MANY))
		return 1;
	after = resident(argv[2]);
	if (measure(&bench, samples))
		return 1;
	print_table(samples);
	print_memory(before, after);
	free(samples);
	return 0;
}
