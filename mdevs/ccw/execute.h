/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The channel: executes a channel program, CCW by CCW, on the disk. In the
 * kernel's case that is the machine.
 */
#ifndef MDEVS_CCW_EXECUTE_H
#define MDEVS_CCW_EXECUTE_H

#include "disk.h"
#include "program.h"

struct execution {
	const struct program *program;
	struct disk *disk;
	uint32_t cpa; /* of the next CCW */
	bool data_chain; /* the next CCW goes on with the command */
	bool after_tic;
	/* How it ended: 0 while it has not. */
	uint8_t dstat;
	uint8_t cstat;
	uint16_t residual; /* of the last CCW's count */
};

/* @program stays the caller's, and must stay while it is executed. */
void execution_begin(struct execution *x, const struct program *program,
		     struct disk *disk);
/* One CCW. True: the program has ended, as dstat and cstat say. */
bool execution_step(struct execution *x);

#endif
