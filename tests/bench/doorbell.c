// SPDX-License-Identifier: BSD-3-Clause
/*
 * "doorbell PID CPU": how long a store to mapped memory takes to be found by
 * the bell-polled device of VFIOD_GROUP, while it is being looked at and after
 * pauses; and how much of a CPU vfiod, PID on CPU, and its pager use while
 * nothing is stored. Beside it the same of a thread on that CPU that does nothing but
 * sleep, look, and answer, as a device would that is not told of stores.
 */
#include <bell.h>
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "../client/vfio.h"
#include "samples.h"

#define HOT_ROUNDS 10000
#define IDLE_ROUNDS 200
#define PAUSE_US 20137 /* no multiple of anything */
#define WATCH_US 2000000
#define SLEEP_US 850

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

/* Of both, in percent of a CPU. */
static double cost(const clockid_t *clocks)
{
	uint64_t begin, start;

	nap(PAUSE_US);
	begin = cpu_time(clocks[0]) + cpu_time(clocks[1]);
	start = samples_now();
	nap(WATCH_US);
	return (double)(cpu_time(clocks[0]) + cpu_time(clocks[1]) - begin) /
	       (double)(samples_now() - start) * 100;
}

static bool is_pager(int pid)
{
	char path[64], name[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		name[0] = '\0';
	fclose(f);
	return !strcmp(name, "vfiod-pager\n");
}

/* A child of vfiod, whose pid is @vfiod. */
static int find_pager(const char *vfiod)
{
	int pid, pager = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/task/%s/children", vfiod, vfiod);
	f = fopen(path, "re");
	while (f && !pager && fscanf(f, "%d", &pid) == 1)
		if (is_pager(pid))
			pager = pid;
	if (!pager)
		errx(EXIT_FAILURE, "%s has no vfiod-pager", path);
	fclose(f);
	return pager;
}

static void measure(const clockid_t *clocks)
{
	double cpu;

	for (int i = 0; i < HOT_ROUNDS; i++)
		ring();
	print("while it is looked at", 0);
	first_after_pauses();
	print("after 20 ms", IDLE_WANTED);
	cpu = cost(clocks);
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
	clockid_t clocks[2];
	pthread_t thread;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	doorbell = &words[0];
	answer = &words[1];
	if (pthread_create(&thread, NULL, sleep_and_look, NULL) ||
	    pthread_setaffinity_np(thread, sizeof(set), &set) ||
	    pthread_getcpuclockid(thread, &clocks[0]))
		errx(EXIT_FAILURE, "no thread on CPU %d", cpu);
	clocks[1] = clocks[0]; /* it is alone, and counted twice */
	first_after_pauses();
	print("a thread that only sleeps", 0);
	printf("  %-30s %.2f %% of a CPU\n", "", cost(clocks) / 2);
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	value = 0;
}

int main(int argc, char **argv)
{
	struct vfio_session s;
	clockid_t clocks[2];
	char *memory;

	if (argc != 3 || clock_getcpuclockid(atoi(argv[1]), &clocks[0]) ||
	    clock_getcpuclockid(find_pager(argv[1]), &clocks[1])) {
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
	measure(clocks);
	munmap(memory, BELL_SIZE);
	vfio_session_close(&s);
	return 0;
}
