// SPDX-License-Identifier: BSD-3-Clause
/* Blits: rectangles of 32-bit pixels, filled or copied, linear. */
#include <errno.h>

#include "cache.h"
#include "command.h"

/* XY_COLOR_BLT, XY_SRC_COPY_BLT: dwords 0 and 1. */
#define BLT_TILED (1U << 11 | 1U << 15)
#define BLT_WRITE_RGBA (3U << 20)
#define BR13_CLIP (1U << 30)
#define BR13_DEPTH_32 (3U << 24)
#define BR13_DEPTH_MASK (3U << 24)
#define BR13_ROP(br13) ((br13) >> 16 & 0xff)
#define BR13_PITCH(br13) ((br13)&0xffff)
#define ROP_COPY_PATTERN 0xf0
#define ROP_COPY_SOURCE 0xcc
#define PITCH_MAX 0x7fff /* above, it is negative */

#define ADDRESS_MASK (((uint64_t)1 << 48) - 1)
#define PIXEL 4U

/* One side of a blit, in bytes but for y. */
struct surface {
	uint64_t base;
	uint32_t pitch;
	uint32_t x;
	uint32_t y;
};

struct rect {
	uint32_t width; /* bytes */
	uint32_t height;
};

static uint64_t address_of(const uint32_t *dw)
{
	return (dw[0] | (uint64_t)dw[1] << 32) & ADDRESS_MASK;
}

static uint64_t row_of(const struct surface *s, uint32_t row)
{
	return s->base + (uint64_t)(s->y + row) * s->pitch + s->x;
}

/* Dwords 1 to 5, the same in both. An empty rectangle is none. */
static int parse(const struct vgpu_exec *exec, uint8_t rop, struct surface *dst,
		 struct rect *rect)
{
	const uint32_t *dw = exec->dw;
	uint32_t x1 = dw[2] & 0xffff, y1 = dw[2] >> 16;
	uint32_t x2 = dw[3] & 0xffff, y2 = dw[3] >> 16;

	if ((dw[0] & BLT_TILED) || (dw[0] & BLT_WRITE_RGBA) != BLT_WRITE_RGBA ||
	    (dw[1] & BR13_CLIP) || (dw[1] & BR13_DEPTH_MASK) != BR13_DEPTH_32 ||
	    BR13_ROP(dw[1]) != rop || BR13_PITCH(dw[1]) > PITCH_MAX)
		return -EINVAL;
	*dst = (struct surface){ .base = address_of(&dw[4]),
				 .pitch = BR13_PITCH(dw[1]),
				 .x = x1 * PIXEL,
				 .y = y1 };
	*rect = (struct rect){ .width = x2 > x1 ? (x2 - x1) * PIXEL : 0,
			       .height = y2 > y1 ? y2 - y1 : 0 };
	return 0;
}

static uint32_t chunk(const struct rect *rect, uint32_t done)
{
	uint32_t left = rect->width - done;

	return left < VGPU_PAGE_SIZE ? left : (uint32_t)VGPU_PAGE_SIZE;
}

int vgpu_blit_fill(struct vgpu_exec *exec)
{
	uint32_t pixels[VGPU_PAGE_SIZE / PIXEL];
	struct surface dst;
	struct rect rect;
	int ret = parse(exec, ROP_COPY_PATTERN, &dst, &rect);

	for (uint32_t i = 0; i < VGPU_PAGE_SIZE / PIXEL; i++)
		pixels[i] = exec->dw[6];
	for (uint32_t row = 0; !ret && row < rect.height; row++)
		for (uint32_t at = 0; !ret && at < rect.width;
		     at += chunk(&rect, at))
			ret = vgpu_exec_rw(exec, row_of(&dst, row) + at, pixels,
					   chunk(&rect, at), true);
	return ret;
}

static int copy_row(struct vgpu_exec *exec, uint64_t to, uint64_t from,
		    const struct rect *rect)
{
	uint8_t pixels[VGPU_PAGE_SIZE];
	int ret = 0;

	for (uint32_t at = 0; !ret && at < rect->width; at += chunk(rect, at)) {
		uint32_t len = chunk(rect, at);

		ret = vgpu_exec_rw(exec, from + at, pixels, len, false);
		if (!ret)
			ret = vgpu_exec_rw(exec, to + at, pixels, len, true);
	}
	return ret;
}

int vgpu_blit_copy(struct vgpu_exec *exec)
{
	const uint32_t *dw = exec->dw;
	struct surface dst, src = {
		.base = address_of(&dw[8]),
		.pitch = BR13_PITCH(dw[7]),
		.x = (dw[6] & 0xffff) * PIXEL,
		.y = dw[6] >> 16,
	};
	struct rect rect;
	int ret = parse(exec, ROP_COPY_SOURCE, &dst, &rect);

	if (src.pitch > PITCH_MAX)
		return -EINVAL;
	for (uint32_t row = 0; !ret && row < rect.height; row++)
		ret = copy_row(exec, row_of(&dst, row), row_of(&src, row),
			       &rect);
	return ret;
}
