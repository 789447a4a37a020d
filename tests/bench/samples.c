// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>
#include <time.h>

#include "samples.h"

uint64_t samples_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

void samples_add(struct samples *samples, uint64_t ns)
{
	if (samples->count < SAMPLES_MAX)
		samples->ns[samples->count++] = ns < UINT32_MAX ? ns :
								  UINT32_MAX;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

double samples_percentile(struct samples *samples, unsigned int percent)
{
	qsort(samples->ns, samples->count, sizeof(samples->ns[0]), compare);
	if (!samples->count)
		return 0;
	return samples->ns[samples->count * percent / 100];
}
