// SPDX-License-Identifier: BSD-3-Clause
/*
 * stress [SEED]: 8 processes make 2,000 random calls each on 4 devices,
 * right and wrong ones; afterwards nothing is held. What a call returns may
 * be any of the errors that VFIO has, but not one of a broken transport.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "vfio.h"

#define PROCESSES 8

static int wait_for_actors(void)
{
	int failed = 0, wstatus;

	while (wait(&wstatus) > 0)
		if (wstatus) {
			warnx("an actor ended with status %#x", wstatus);
			failed = 1;
		}
	return failed;
}

static int check_all_free(void)
{
	int failed = 0;

	for (int n = 1; n <= ACTOR_DEVICES; n++) {
		int ret = vfio_device_is_free(n);

		if (ret) {
			warnx("device %d is still held: %s", n, strerror(-ret));
			failed = 1;
		}
	}
	return failed;
}

int main(int argc, char **argv)
{
	unsigned int seed = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 0) :
				       (unsigned int)time(NULL);
	int failed;

	printf("stress: seed %u\n", seed);
	fflush(stdout);
	for (unsigned int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(EXIT_FAILURE, "fork");
		if (!pid)
			_exit(act(seed + i));
	}
	failed = wait_for_actors();
	failed |= check_all_free();
	printf("stress: %d processes, %d calls each: %s\n", PROCESSES,
	       ACTOR_CALLS, failed ? "FAIL" : "ok");
	return failed;
}
