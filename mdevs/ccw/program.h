/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A channel program: its CCWs, copied out of the client's memory, and its
 * data areas, pinned there (vfio_ccw_cp.c). The limits are the kernel's.
 */
#ifndef MDEVS_CCW_PROGRAM_H
#define MDEVS_CCW_PROGRAM_H

#include <vfiod/plugin.h>

#include "channel.h"

#define PROGRAM_SEGMENT_CCWS 256U
#define PROGRAM_SEGMENTS 16U

/* One command, and where its data are. */
struct ccw {
	uint8_t cmd;
	uint8_t flags;
	uint16_t count;
	uint32_t cda;
	/* A data area each, of up to program_block() bytes, up to the end of
	 * such a block; the pages are those of the IOVAs, pinned. */
	unsigned int nr_areas;
	uint64_t *iovas;
	struct vfio_page **pages;
};

/* CCWs that lie one behind the other. */
struct segment {
	uint32_t iova;
	unsigned int nr;
	struct ccw *ccws;
};

struct program {
	struct vfio_device *vdev;
	struct orb orb;
	bool loaded;
	unsigned int nr_segments;
	struct segment segments[PROGRAM_SEGMENTS];
};

/*
 * cp_init() and cp_prefetch(): 0, or, and then nothing is kept, EINVAL (a
 * segment of more than 256 CCWs, more than 16 segments, a hole in the memory),
 * another errno of vfiod_dma_rw() and vfiod_pin_pages(), ENOMEM.
 */
int program_load(struct program *program, const struct orb *orb);
/* cp_free(): unpin all. Of one that is not loaded: nothing. */
void program_free(struct program *program);
/* cp_iova_pinned(): is a page in the range one of its pins? */
bool program_pins(const struct program *program, uint64_t iova,
		  uint64_t length);

/* How many bytes an indirect data address word (IDAW) stands for. */
unsigned int program_block(const struct program *program);
/* The CCW at @iova and its segment; NULL: there is none. */
const struct ccw *program_find(const struct program *program, uint32_t iova,
			       const struct segment **segment);

#endif
