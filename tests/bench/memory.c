// SPDX-License-Identifier: BSD-3-Clause
/*
 * "memory": what a device's copies of client memory cost beside a bare
 * process_vm_readv(2) of the same bytes by the same process, and for shared
 * memory beside memcpy(3). The copies-timed device of VFIOD_GROUP does them.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../client/vfio.h"
#include "copies.h"

#define ROUNDS 31 /* each row in turn, so that noise meets all */
#define ORDER_BYTES (8UL << 20) /* copied by an order, about */
#define ORDER_COPIES 500 /* of small ones */
#define MIB (1UL << 20)
#define PRIVATE_IOVA 0
#define SHARED_IOVA (1UL << 30)

struct row {
	const char *name;
	size_t len;
	bool write;
	bool shared;
	enum copies_way way;
	enum copies_way base;
	double wanted; /* at least, of the speed of the base; 0: none */
};

static const struct row rows[] = {
	{ "dma_rw read 4 KiB", 4096, false, false, COPIES_DMA_RW,
	  COPIES_PROCESS, 0.9 },
	{ "dma_rw write 4 KiB", 4096, true, false, COPIES_DMA_RW,
	  COPIES_PROCESS, 0.9 },
	{ "dma_rw read 1 MiB", MIB, false, false, COPIES_DMA_RW, COPIES_PROCESS,
	  0.9 },
	{ "dma_rw write 1 MiB", MIB, true, false, COPIES_DMA_RW, COPIES_PROCESS,
	  0.9 },
	{ "shared dma_rw 4 KiB", 4096, false, true, COPIES_DMA_RW,
	  COPIES_PROCESS, 0.9 },
	{ "shared dma_rw 4 KiB", 4096, false, true, COPIES_DMA_RW,
	  COPIES_MEMCPY, 0 },
	{ "shared read 1 MiB", MIB, false, true, COPIES_DMA_RW, COPIES_MEMCPY,
	  0.8 },
	{ "shared write 1 MiB", MIB, true, true, COPIES_DMA_RW, COPIES_MEMCPY,
	  0.8 },
	{ "shared page_rw 4 KiB", 4096, false, true, COPIES_PAGE_RW,
	  COPIES_MEMCPY, 0.8 },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

/* Nanoseconds a copy: of each row, of its base, and how fast it was by that
 * in the same instant. */
enum { OWN, BASE, SPEED, NR_VALUES };
static double values[NR_ROWS][NR_VALUES][ROUNDS];

static double time_copies(int device, const struct row *row,
			  enum copies_way way, const uint8_t *mem)
{
	struct copies order = {
		.way = way,
		.write = row->write,
		.iova = row->shared ? SHARED_IOVA : PRIVATE_IOVA,
		.vaddr = (uintptr_t)mem,
		.len = row->len,
		.pid = getpid(),
		.count = row->len < MIB ? ORDER_COPIES : ORDER_BYTES / MIB,
	};

	if (pwrite(device, &order, sizeof(order), 0) != sizeof(order) ||
	    pread(device, &order, sizeof(order), 0) != sizeof(order)) {
		perror(row->name);
		exit(1);
	}
	return (double)order.ns / order.count;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(size_t row, int what)
{
	double *v = values[row][what];

	qsort(v, ROUNDS, sizeof(*v), compare);
	return v[ROUNDS / 2];
}

static void print_row(size_t i)
{
	static const char *const bases[] = {
		[COPIES_PROCESS] = "process_vm",
		[COPIES_MEMCPY] = "memcpy",
	};
	const struct row *row = &rows[i];
	double speed = median(i, SPEED);
	char wanted[32] = "";

	if (row->wanted > 0)
		snprintf(wanted, sizeof(wanted), ">= %-7.2f  %s", row->wanted,
			 speed >= row->wanted ? "met" : "MISSED");
	printf("  %-22s %9.2f %9.2f  %-10s %8.2f   %s\n", row->name,
	       median(i, OWN) / 1e3, median(i, BASE) / 1e3, bases[row->base],
	       speed, wanted);
}

static uint8_t *map_memory(int container, uint64_t iova, int fd)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	uint8_t *mem =
		mmap(NULL, COPIES_MAX, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (mem == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	memset(mem, 1, COPIES_MAX);
	if (vfio_map(container, iova, mem, COPIES_MAX)) {
		fprintf(stderr, "VFIO_IOMMU_MAP_DMA failed\n");
		exit(1);
	}
	return mem;
}

static void measure(int device, uint8_t *const mem[2])
{
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < NR_ROWS; i++) {
			const struct row *row = &rows[i];
			double *own = &values[i][OWN][round];
			double *base = &values[i][BASE][round];

			*own = time_copies(device, row, row->way,
					   mem[row->shared]);
			*base = time_copies(device, row, row->base,
					    mem[row->shared]);
			values[i][SPEED][round] = *base / *own;
		}
}

int main(void)
{
	struct vfio_session s = vfio_session_open(1, VFIO_TYPE1v2_IOMMU);
	int fd = memfd_create("bench", MFD_CLOEXEC);
	uint8_t *mem[2];

	if (fd < 0 || ftruncate(fd, COPIES_MAX)) {
		perror("memfd_create");
		return 1;
	}
	mem[0] = map_memory(s.container, PRIVATE_IOVA, -1);
	mem[1] = map_memory(s.container, SHARED_IOVA, fd);
	measure(s.device, mem);
	printf("  %-22s %9s %9s  %-10s %8s   %s\n", "copy", "p50 us", "base us",
	       "base", "speed", "wanted");
	for (size_t i = 0; i < NR_ROWS; i++)
		print_row(i);
	vfio_session_close(&s);
	return 0;
}
