// SPDX-License-Identifier: BSD-3-Clause
/*
 * "doorbell PID": how long a store to mapped memory takes to be found by the
 * bell-polled device of VFIOD_GROUP, while it is being looked at and after
 * pauses; and how much of a CPU vfiod, PID, uses while nothing is stored, beside
 * a thread that does nothing but sleep as often. Where a timer is dear, as in
 * virtual machines, that one can be over what is wanted already.
 */
#include <bell.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "../client/vfio.h"
#include "samples.h"

#define HOT_ROUNDS 10000
#define IDLE_ROUNDS 200
#define PAUSE_US 20137 /* no multiple of anything */
#define WATCH_US 2000000
#define SLEEP_US 700 /* as vfiod does */

#define IDLE_WANTED 1000.0 /* us */
#define CPU_WANTED 1.0 /* % */

static uint64_t *doorbell, *answer;
static struct samples samples;

static void ring(uint64_t value)
{
	uint64_t start = samples_now();

	__atomic_store_n(doorbell, value, __ATOMIC_RELEASE);
	while (__atomic_load_n(answer, __ATOMIC_ACQUIRE) != value)
		;
	samples_add(&samples, samples_now() - start);
}

static void nap(long usec)
{
	const struct timespec ts = { .tv_sec = usec / 1000000,
				     .tv_nsec = usec % 1000000 * 1000 };

	nanosleep(&ts, NULL);
}

/* In ns. */
static uint64_t cpu_time(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		err(EXIT_FAILURE, "clock_gettime");
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void print(const char *name, double wanted)
{
	double p50 = samples_percentile(&samples, 50) / 1e3;
	double p99 = samples_percentile(&samples, 99) / 1e3;

	printf("  %-30s p50 %8.2f us, p99 %8.2f us", name, p50, p99);
	if (wanted > 0)
		printf(", wanted <= %.0f us  %s", wanted,
		       p99 <= wanted ? "met" : "MISSED");
	printf("\n");
	samples.count = 0;
}

/* In percent of a CPU. */
static double cost_of_sleep(void)
{
	uint64_t begin = cpu_time(CLOCK_THREAD_CPUTIME_ID);
	uint64_t start = samples_now(), now;

	do
		nap(SLEEP_US);
	while ((now = samples_now()) - start < WATCH_US * 1000UL);
	return (double)(cpu_time(CLOCK_THREAD_CPUTIME_ID) - begin) /
	       (double)(now - start) * 100;
}

static void measure(clockid_t clock)
{
	uint64_t value = 0, begin;
	double cpu;

	while (value < HOT_ROUNDS)
		ring(++value);
	print("while it is looked at", 0);
	for (int i = 0; i < IDLE_ROUNDS; i++) {
		nap(PAUSE_US + i * 7);
		ring(++value);
	}
	print("after 20 ms", IDLE_WANTED);
	nap(PAUSE_US);
	begin = cpu_time(clock);
	nap(WATCH_US);
	cpu = (double)(cpu_time(clock) - begin) / (WATCH_US * 1000.0) * 100;
	printf("  %-30s %.2f %% of a CPU, wanted < %.0f %%  %s\n",
	       "while nothing is stored", cpu, CPU_WANTED,
	       cpu < CPU_WANTED ? "met" : "MISSED");
	printf("  %-30s %.2f %% of a CPU\n", "a thread that only sleeps",
	       cost_of_sleep());
}

int main(int argc, char **argv)
{
	struct vfio_session s;
	clockid_t clock;
	char *memory;

	if (argc != 2 || clock_getcpuclockid(atoi(argv[1]), &clock)) {
		fprintf(stderr, "usage: doorbell PID\n");
		return 2;
	}
	s = vfio_session_open(1, VFIO_TYPE1v2_IOMMU);
	memory = mmap(NULL, BELL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      s.device, (off_t)REGION(BELL_REGION));
	if (memory == MAP_FAILED) {
		printf("  not measured: regions cannot be mapped here\n");
		return 0;
	}
	doorbell = (uint64_t *)(memory + BELL_DOORBELL);
	answer = (uint64_t *)(memory + BELL_ANSWER);
	measure(clock);
	munmap(memory, BELL_SIZE);
	vfio_session_close(&s);
	return 0;
}
