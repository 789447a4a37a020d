// SPDX-License-Identifier: BSD-3-Clause
/*
 * "doorbell PID CPU": how long a store to mapped memory takes to be found by
 * the bell-polled device of VFIOD_GROUP, while it is being looked at and after
 * pauses; and how much of a CPU vfiod, PID on CPU, uses while nothing is
 * stored. Beside it the same of a thread on that CPU that does nothing but
 * sleep as long, look, and answer: what a sleep costs is the machine's. Where a
 * timer is dear, as in virtual machines, that can be over what is wanted
 * already.
 */
#include <bell.h>
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
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
#define SLEEP_US 850 /* as vfiod does */

#define IDLE_WANTED 1000.0 /* us */
#define CPU_WANTED 1.0 /* % */

static uint64_t *doorbell, *answer;
static uint64_t value; /* the last one that was stored */
static struct samples samples;

static void ring(void)
{
	uint64_t start = samples_now();

	__atomic_store_n(doorbell, ++value, __ATOMIC_RELEASE);
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

static void first_after_pauses(void)
{
	for (int i = 0; i < IDLE_ROUNDS; i++) {
		nap(PAUSE_US + i * 7);
		ring();
	}
}

/* In percent of a CPU. */
static double cost(clockid_t clock)
{
	uint64_t begin, start;

	nap(PAUSE_US);
	begin = cpu_time(clock);
	start = samples_now();
	nap(WATCH_US);
	return (double)(cpu_time(clock) - begin) /
	       (double)(samples_now() - start) * 100;
}

static void measure(clockid_t clock)
{
	double cpu;

	for (int i = 0; i < HOT_ROUNDS; i++)
		ring();
	print("while it is looked at", 0);
	first_after_pauses();
	print("after 20 ms", IDLE_WANTED);
	cpu = cost(clock);
	printf("  %-30s %.2f %% of a CPU, wanted < %.0f %%  %s\n",
	       "while nothing is stored", cpu, CPU_WANTED,
	       cpu < CPU_WANTED ? "met" : "MISSED");
}

static atomic_bool stop;

static void *sleep_and_look(void *arg)
{
	while (!atomic_load(&stop)) {
		nap(SLEEP_US);
		__atomic_store_n(answer,
				 __atomic_load_n(doorbell, __ATOMIC_ACQUIRE),
				 __ATOMIC_RELEASE);
	}
	return arg;
}

static void measure_sleeper(int cpu)
{
	static uint64_t words[2];
	clockid_t clock;
	pthread_t thread;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	doorbell = &words[0];
	answer = &words[1];
	if (pthread_create(&thread, NULL, sleep_and_look, NULL) ||
	    pthread_setaffinity_np(thread, sizeof(set), &set) ||
	    pthread_getcpuclockid(thread, &clock))
		errx(EXIT_FAILURE, "no thread on CPU %d", cpu);
	first_after_pauses();
	print("a thread that only sleeps", 0);
	printf("  %-30s %.2f %% of a CPU\n", "", cost(clock));
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	value = 0;
}

int main(int argc, char **argv)
{
	struct vfio_session s;
	clockid_t clock;
	char *memory;

	if (argc != 3 || clock_getcpuclockid(atoi(argv[1]), &clock)) {
		fprintf(stderr, "usage: doorbell PID CPU\n");
		return 2;
	}
	measure_sleeper(atoi(argv[2]));
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
