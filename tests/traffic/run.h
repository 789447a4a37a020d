/* SPDX-License-Identifier: BSD-3-Clause */
/* What both programs do: a record in a file, and a time to run. */
#ifndef TESTS_TRAFFIC_RUN_H
#define TESTS_TRAFFIC_RUN_H

#include "client.h"

/* The record in a new file @path, or in one that is there; no error returns. */
struct traffic_record *traffic_create_record(const char *path);
struct traffic_record *traffic_open_record(const char *path);

/* When @seconds from now are over. */
struct traffic_end {
	uint64_t ns;
	struct traffic_record *record;
};

struct traffic_end traffic_end_in(struct traffic_record *record,
				  double seconds);
/* Go on: it is not over, or not enough has happened; nothing has failed. */
bool traffic_goes_on(const struct traffic_end *end);

#endif
