// SPDX-License-Identifier: BSD-3-Clause
#include "program.h"

#include <errno.h>
#include <stdlib.h>

#include "data.h"

static bool is_tic(const struct ccw *ccw)
{
	return ccw->cmd == CCW_CMD_TIC;
}

/* A TIC of format 0 has four bits of its code to itself, and no flags. */
static struct ccw parse_format0(const uint8_t *bytes)
{
	if ((bytes[0] & 0xf) == CCW_CMD_TIC)
		return (struct ccw){ .cmd = CCW_CMD_TIC,
				     .cda = get_be32(bytes) & 0xffffff };
	return (struct ccw){
		.cmd = bytes[0],
		.cda = get_be32(bytes) & 0xffffff,
		.flags = bytes[4],
		.count = get_be16(bytes + 6),
	};
}

static struct ccw parse_format1(const uint8_t *bytes)
{
	return (struct ccw){
		.cmd = bytes[0],
		.flags = bytes[1],
		.count = get_be16(bytes + 2),
		.cda = get_be32(bytes + 4),
	};
}

/* Is @iova from the first to the start of the last of @nr CCWs at @head? */
static bool is_within(uint32_t iova, uint32_t head, unsigned int nr)
{
	return iova - head <= (nr - 1) * CCW_SIZE;
}

/*
 * ccwchain_calc_length(): a TIC back into the segment does not end it, since
 * a device may have the CCW before it skip to the one behind.
 */
static bool goes_on(const struct ccw *ccw, uint32_t head, unsigned int nr)
{
	if (ccw->flags & (CCW_FLAG_CC | CCW_FLAG_DC))
		return true;
	return is_tic(ccw) && is_within(ccw->cda, head, nr);
}

/* How many there are up to the end of the segment, or -EINVAL. */
static int parse_segment(const struct program *program, const uint8_t *bytes,
			 uint32_t head, struct ccw *ccws)
{
	for (unsigned int i = 0; i < PROGRAM_SEGMENT_CCWS; i++) {
		const uint8_t *at = bytes + i * CCW_SIZE;

		ccws[i] = program->orb.format1 ? parse_format1(at) :
						 parse_format0(at);
		if (!goes_on(&ccws[i], head, i + 1))
			return (int)(i + 1);
	}
	return -EINVAL;
}

/* ccwchain_handle_ccw(): 2048 bytes are read, however short it is. */
static int fetch_segment(struct program *program, uint32_t iova)
{
	uint8_t bytes[PROGRAM_SEGMENT_CCWS * CCW_SIZE];
	struct ccw ccws[PROGRAM_SEGMENT_CCWS];
	struct segment *segment;
	int ret;

	ret = vfiod_dma_rw(program->vdev, iova, bytes, sizeof(bytes), false);
	if (ret)
		return ret;
	ret = parse_segment(program, bytes, iova, ccws);
	if (ret < 0)
		return ret;
	if (program->nr_segments == PROGRAM_SEGMENTS)
		return -EINVAL;
	segment = &program->segments[program->nr_segments];
	segment->ccws = calloc((size_t)ret, sizeof(*ccws));
	if (!segment->ccws)
		return -ENOMEM;
	memcpy(segment->ccws, ccws, (size_t)ret * sizeof(*ccws));
	segment->iova = iova;
	segment->nr = (unsigned int)ret;
	program->nr_segments++;
	return 0;
}

/* Fetch where the TICs of @segment lead that is not there yet. */
static int fetch_targets(struct program *program, const struct segment *segment)
{
	const struct segment *found;
	int ret = 0;

	for (unsigned int i = 0; i < segment->nr && !ret; i++) {
		const struct ccw *ccw = &segment->ccws[i];

		if (is_tic(ccw) && !program_find(program, ccw->cda, &found))
			ret = fetch_segment(program, ccw->cda);
	}
	return ret;
}

static int fetch(struct program *program)
{
	int ret;

	ret = fetch_segment(program, program->orb.cpa);
	for (unsigned int i = 0; i < program->nr_segments && !ret; i++)
		ret = fetch_targets(program, &program->segments[i]);
	return ret;
}

static int pin_segment(struct program *program, struct segment *segment)
{
	int ret = 0;

	for (unsigned int i = 0; i < segment->nr && !ret; i++)
		if (!is_tic(&segment->ccws[i]))
			ret = data_pin(program, &segment->ccws[i]);
	return ret;
}

static void free_segment(struct program *program, struct segment *segment)
{
	for (unsigned int i = 0; i < segment->nr; i++)
		data_unpin(program, &segment->ccws[i]);
	free(segment->ccws);
	*segment = (struct segment){ 0 };
}

static void free_segments(struct program *program)
{
	while (program->nr_segments)
		free_segment(program,
			     &program->segments[--program->nr_segments]);
}

int program_load(struct program *program, const struct orb *orb)
{
	int ret;

	program->orb = *orb;
	ret = fetch(program);
	for (unsigned int i = 0; i < program->nr_segments && !ret; i++)
		ret = pin_segment(program, &program->segments[i]);
	if (ret)
		free_segments(program);
	program->loaded = !ret;
	return ret;
}

void program_free(struct program *program)
{
	free_segments(program);
	program->loaded = false;
}

static bool segment_pins(const struct segment *segment, uint64_t iova,
			 uint64_t length)
{
	for (unsigned int i = 0; i < segment->nr; i++)
		if (data_is_in(&segment->ccws[i], iova, length))
			return true;
	return false;
}

bool program_pins(const struct program *program, uint64_t iova, uint64_t length)
{
	for (unsigned int i = 0; i < program->nr_segments; i++)
		if (segment_pins(&program->segments[i], iova, length))
			return true;
	return false;
}

unsigned int program_block(const struct program *program)
{
	return program->orb.idaw64 && !program->orb.idaw2k ? 4096 : 2048;
}

const struct ccw *program_find(const struct program *program, uint32_t iova,
			       const struct segment **segment)
{
	for (unsigned int i = 0; i < program->nr_segments; i++) {
		const struct segment *s = &program->segments[i];

		if (is_within(iova, s->iova, s->nr)) {
			*segment = s;
			return &s->ccws[(iova - s->iova) / CCW_SIZE];
		}
	}
	return NULL;
}
