/* SPDX-License-Identifier: BSD-3-Clause */
/* Times of one kind of call, and their percentiles. */
#ifndef VFIOD_BENCH_SAMPLES_H
#define VFIOD_BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#define SAMPLES_MAX 20000

struct samples {
	uint32_t ns[SAMPLES_MAX];
	size_t count;
};

/* Now, in nanoseconds of the monotonic clock. */
uint64_t samples_now(void);

/* More than SAMPLES_MAX are dropped. */
void samples_add(struct samples *samples, uint64_t ns);

/* In ns; @percent below 100. Sorts the samples; 0 when there are none. */
double samples_percentile(struct samples *samples, unsigned int percent);

#endif
