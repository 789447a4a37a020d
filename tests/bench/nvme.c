// SPDX-License-Identifier: BSD-3-Clause
/*
 * "nvme CPU": random reads of 4 KiB from the NVMe controller of VFIOD_GROUP by
 * its mapped doorbells, at queue depths 1 and 32, without interrupts; beside
 * them what such a read is made of: a copy of 4 KiB, and a ping through memory
 * to a thread that polls on CPU, where vfiod is to be.
 */
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../client/nvme_driver.h"
#include "samples.h"

#define ROUNDS 11 /* all in turn, so that noise meets all */
#define READS 10000 /* at depth 1, in a round */
#define DEEP_READS 20000
#define DEPTH 32
#define BLOCK 4096UL
#define SECTORS (BLOCK / 512)
#define DISK (64UL << 20) /* as bench.sh has it */
#define BLOCKS (DISK / BLOCK)
#define COPIES 16 /* timed at once */

#define IOPS_WANTED 300000.0
#define PINGS_WANTED 4.0

enum { COPY, PING, READ_1, READ_32, NR_ROWS };

/* Of each round. */
struct row {
	const char *name;
	double p50[ROUNDS], p99[ROUNDS], rate[ROUNDS];
};

static struct row rows[NR_ROWS] = {
	[COPY] = { .name = "memcpy of 4 KiB" },
	[PING] = { .name = "ping by shared memory" },
	[READ_1] = { .name = "read, depth 1" },
	[READ_32] = { .name = "read, depth 32" },
};

/* What two threads of the ping share, on cache lines of their own. */
struct ping {
	_Alignas(128) _Atomic uint64_t there;
	_Alignas(128) _Atomic uint64_t back;
};

static struct samples samples;

static void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

static uint64_t random_block(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % BLOCKS;
}

static void note(int row, int round, double rate)
{
	rows[row].p50[round] = samples_percentile(&samples, 50);
	rows[row].p99[round] = samples_percentile(&samples, 99);
	rows[row].rate[round] = rate;
	samples.count = 0;
}

static void time_copies(struct nvme_dev *dev, const uint8_t *from, int round)
{
	uint8_t *to = dev->memory + NVME_DATA;
	uint64_t begin = samples_now();

	for (unsigned int i = 0; i < READS / COPIES; i++) {
		uint64_t start = samples_now();

		for (unsigned int j = 0; j < COPIES; j++)
			memcpy(to + j % DEPTH * BLOCK,
			       from + random_block() * BLOCK, BLOCK);
		samples_add(&samples, (samples_now() - start) / COPIES);
	}
	note(COPY, round, READS * 1e9 / (double)(samples_now() - begin));
}

static void *answer_pings(void *arg)
{
	struct ping *ping = arg;
	uint64_t seen = 0;

	while (seen != UINT64_MAX) {
		uint64_t there = atomic_load(&ping->there);

		if (there == seen)
			relax();
		else
			atomic_store(&ping->back, seen = there);
	}
	return NULL;
}

static void ping_once(struct ping *ping, uint64_t value)
{
	atomic_store(&ping->there, value);
	while (atomic_load(&ping->back) != value)
		relax();
}

static void time_pings(int cpu, int round)
{
	static struct ping ping;
	uint64_t begin;
	pthread_t thread;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	ping = (struct ping){ 0 };
	if (pthread_create(&thread, NULL, answer_pings, &ping) ||
	    pthread_setaffinity_np(thread, sizeof(set), &set))
		errx(EXIT_FAILURE, "no thread on CPU %d", cpu);
	ping_once(&ping, READS + 1);
	begin = samples_now();
	for (uint64_t i = 1; i <= READS; i++) {
		uint64_t start = samples_now();

		ping_once(&ping, i);
		samples_add(&samples, samples_now() - start);
	}
	note(PING, round, READS * 1e9 / (double)(samples_now() - begin));
	ping_once(&ping, UINT64_MAX);
	pthread_join(thread, NULL);
}

/* Command @cid of the queue, with a buffer and a start of its own. */
static void submit(struct nvme_dev *dev, struct nvme_queue *queue, uint16_t cid)
{
	struct nvme_cmd cmd =
		nvme_rw(IO_READ, random_block() * SECTORS, SECTORS);

	nvme_set_data(dev, &cmd, dev->memory + NVME_DATA + cid * BLOCK, BLOCK,
		      cid);
	nvme_push(queue, &cmd, cid);
}

static void check(const struct nvme_cqe *cqe)
{
	if (cqe->status >> 1 || cqe->cid >= DEPTH)
		errx(EXIT_FAILURE, "command %u: status %#x", cqe->cid,
		     cqe->status >> 1);
}

/* All that have completed, @max at most; each is followed by another one. */
static unsigned int reap(struct nvme_dev *dev, struct nvme_queue *queue,
			 uint64_t *start, unsigned int max)
{
	struct nvme_cqe cqe;
	unsigned int nr;

	for (nr = 0; nr < max && nvme_reap(queue, &cqe); nr++) {
		uint64_t now = samples_now();

		check(&cqe);
		samples_add(&samples, now - start[cqe.cid]);
		start[cqe.cid] = now;
		submit(dev, queue, cqe.cid);
	}
	if (nr) {
		nvme_ring(dev, queue);
		nvme_ack(dev, queue);
	}
	return nr;
}

static void drain(struct nvme_dev *dev, struct nvme_queue *queue,
		  unsigned int nr)
{
	struct nvme_cqe cqe;

	while (nr--) {
		if (!nvme_wait(dev, queue, &cqe))
			errx(EXIT_FAILURE, "a command has no completion");
		check(&cqe);
	}
}

static void time_reads(struct nvme_dev *dev, struct nvme_queue *queue,
		       unsigned int depth, unsigned int reads, int round)
{
	uint64_t start[DEPTH], begin = samples_now();
	unsigned int done = 0;

	for (uint16_t cid = 0; cid < depth; cid++) {
		start[cid] = begin;
		submit(dev, queue, cid);
	}
	nvme_ring(dev, queue);
	while (done < reads) {
		unsigned int nr = reap(dev, queue, start, depth);

		done += nr;
		if (!nr)
			relax();
	}
	note(depth == 1 ? READ_1 : READ_32, round,
	     done * 1e9 / (double)(samples_now() - begin));
	drain(dev, queue, depth);
}

/* What was never written would all be one page of zeroes. */
static void fill_disk(struct nvme_dev *dev, struct nvme_queue *queue)
{
	const uint64_t step = 32 * BLOCK;

	memset(dev->memory + NVME_DATA, 0x5a, step);
	for (uint64_t at = 0; at < DISK; at += step) {
		struct nvme_cmd cmd =
			nvme_rw(IO_WRITE, at / 512, (uint32_t)(step / 512));

		nvme_set_data(dev, &cmd, dev->memory + NVME_DATA, step, 0);
		if (nvme_do(dev, queue, &cmd, NULL))
			errx(EXIT_FAILURE, "cannot write");
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

static void print_wanted(const char *what, double is, double wanted, bool met)
{
	printf("  %-34s %10.0f, wanted %10.0f  %s\n", what, is, wanted,
	       met ? "met" : "MISSED");
}

static void print(void)
{
	double most;

	printf("  %-24s %9s %9s %12s\n", "", "p50 us", "p99 us", "a second");
	for (int i = 0; i < NR_ROWS; i++)
		printf("  %-24s %9.2f %9.2f %12.0f\n", rows[i].name,
		       median(rows[i].p50) / 1e3, median(rows[i].p99) / 1e3,
		       median(rows[i].rate));
	most = PINGS_WANTED * median(rows[PING].p50) + median(rows[COPY].p50);
	print_wanted("depth 32, reads a second", median(rows[READ_32].rate),
		     IOPS_WANTED, median(rows[READ_32].rate) >= IOPS_WANTED);
	print_wanted("depth 1, p50 in ns", median(rows[READ_1].p50), most,
		     median(rows[READ_1].p50) <= most);
}

static void measure(struct nvme_dev *dev, struct nvme_queue *queue, int cpu)
{
	uint8_t *disk = mmap(NULL, DISK, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (disk == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	memset(disk, 1, DISK);
	for (int round = 0; round < ROUNDS; round++) {
		time_copies(dev, disk, round);
		time_pings(cpu, round);
		time_reads(dev, queue, 1, READS, round);
		time_reads(dev, queue, DEPTH, DEEP_READS, round);
	}
	munmap(disk, DISK);
}

int main(int argc, char **argv)
{
	struct nvme_queue *queue;
	struct nvme_dev dev;

	if (argc != 2) {
		fprintf(stderr, "usage: nvme CPU\n");
		return 2;
	}
	nvme_open(&dev, 1, VFIO_TYPE1v2_IOMMU, NVME_SHARED | NVME_MMAP);
	if (!dev.bar)
		printf("  BAR 0 cannot be mapped here: doorbells by pwrite\n");
	nvme_enable(&dev, false);
	queue = nvme_create(&dev, 1, NVME_MAX_DEPTH);
	fill_disk(&dev, queue);
	measure(&dev, queue, atoi(argv[1]));
	nvme_disable(&dev);
	nvme_close(&dev);
	print();
	return 0;
}
