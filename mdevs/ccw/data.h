/* SPDX-License-Identifier: BSD-3-Clause */
/* The data areas of one CCW: found, pinned, unpinned, copied. */
#ifndef MDEVS_CCW_DATA_H
#define MDEVS_CCW_DATA_H

#include "program.h"

/* ccwchain_fetch_ccw(): 0, or an errno and nothing is pinned. */
int data_pin(struct program *program, struct ccw *ccw);
/* Of one that has nothing: nothing. */
void data_unpin(struct program *program, struct ccw *ccw);
bool data_is_in(const struct ccw *ccw, uint64_t iova, uint64_t length);

/*
 * The longest piece of memory of @ccw from byte @at on: its length, and where
 * it is. 0: there is none, or an IDAW is not at the start of a block.
 */
size_t data_piece(const struct program *program, const struct ccw *ccw,
		  size_t at, struct vfio_page **page, size_t *offset);

#endif
