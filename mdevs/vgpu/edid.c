// SPDX-License-Identifier: BSD-3-Clause
#include "edid.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const uint8_t magic[8] = {
	0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00
};

#define VERSION 18 /* byte offsets in the EDID */
#define TIMING 54
#define TIMING_SIZE 18
#define NR_DESCRIPTORS 4
#define DUMMY_DESCRIPTOR 0x10

/* A detailed timing: a line or a frame is active, then front, sync, back. */
struct timing {
	unsigned int clock; /* 10 kHz */
	unsigned int width, hblank, hfront, hsync;
	unsigned int height, vblank, vfront, vsync;
};

/* VESA's, at 60 Hz; the larger with reduced blanking. */
static const struct timing timings[] = {
	{ 6500, 1024, 320, 24, 136, 768, 38, 3, 6 },
	{ 15400, 1920, 160, 48, 32, 1200, 35, 3, 6 },
};

static void put_timing(uint8_t *d, const struct timing *t)
{
	d[0] = t->clock & 0xff;
	d[1] = (uint8_t)(t->clock >> 8);
	d[2] = t->width & 0xff;
	d[3] = t->hblank & 0xff;
	d[4] = (uint8_t)((t->width >> 8) << 4 | t->hblank >> 8);
	d[5] = t->height & 0xff;
	d[6] = t->vblank & 0xff;
	d[7] = (uint8_t)((t->height >> 8) << 4 | t->vblank >> 8);
	d[8] = t->hfront & 0xff;
	d[9] = t->hsync & 0xff;
	d[10] = (uint8_t)(t->vfront << 4 | t->vsync);
	d[17] = 0x1e; /* digital, separate syncs, both positive */
}

static uint8_t sum(const uint8_t *blob)
{
	uint8_t total = 0;

	for (unsigned int i = 0; i < VGPU_EDID_SIZE; i++)
		total = (uint8_t)(total + blob[i]);
	return total;
}

static void make_blob(uint8_t *blob, const struct timing *t)
{
	memcpy(blob, magic, sizeof(magic));
	blob[8] = ('V' - '@') << 2 | ('F' - '@') >> 3; /* maker VFD */
	blob[9] = (uint8_t)(('F' - '@') << 5 | ('D' - '@'));
	blob[17] = 2022 - 1990;
	blob[VERSION] = 1;
	blob[VERSION + 1] = 4;
	blob[20] = 0xa5; /* digital, 8 bits a colour, DisplayPort */
	blob[23] = 120; /* gamma 2.2 */
	blob[24] = 0x02; /* the first timing is the preferred one */
	memset(&blob[38], 0x01, 16); /* no standard timings */
	put_timing(&blob[TIMING], t);
	for (unsigned int i = 1; i < NR_DESCRIPTORS; i++)
		blob[TIMING + i * TIMING_SIZE + 3] = DUMMY_DESCRIPTOR;
	blob[VGPU_EDID_SIZE - 1] = (uint8_t)-sum(blob);
}

void vgpu_edid_init(struct vgpu_edid *edid, unsigned int xres,
		    unsigned int yres)
{
	const struct timing *t = &timings[xres == timings[1].width];

	memset(edid, 0, sizeof(*edid));
	edid->regs.edid_offset = VGPU_EDID_OFFSET;
	edid->regs.edid_max_size = VGPU_EDID_SIZE;
	edid->regs.edid_size = VGPU_EDID_SIZE;
	edid->regs.max_xres = xres;
	edid->regs.max_yres = yres;
	make_blob(edid->blob, t);
}

static bool is_valid(const uint8_t *blob)
{
	return !memcmp(blob, magic, sizeof(magic)) && blob[VERSION] == 1 &&
	       !sum(blob);
}

static int set_link_state(struct vgpu_edid *edid, uint32_t state)
{
	if (state != VFIO_DEVICE_GFX_LINK_STATE_UP &&
	    state != VFIO_DEVICE_GFX_LINK_STATE_DOWN)
		return -EINVAL;
	if (state == VFIO_DEVICE_GFX_LINK_STATE_UP && !is_valid(edid->blob))
		return -EINVAL;
	edid->regs.link_state = state;
	return 0;
}

static int set_size(struct vgpu_edid *edid, uint32_t size)
{
	if (size > edid->regs.edid_max_size)
		return -EINVAL;
	edid->regs.edid_size = size;
	return 0;
}

static int write_reg(struct vgpu_edid *edid, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case offsetof(struct vfio_region_gfx_edid, link_state):
		return set_link_state(edid, value);
	case offsetof(struct vfio_region_gfx_edid, edid_size):
		return set_size(edid, value);
	default:
		return -EPERM;
	}
}

static int access_reg(struct vgpu_edid *edid, uint64_t offset, void *buf,
		      unsigned int len, bool write)
{
	uint32_t value;

	if (len != sizeof(value) || offset + len > sizeof(edid->regs))
		return -EINVAL;
	if (!write) {
		memcpy(buf, (const char *)&edid->regs + offset, len);
		return 0;
	}
	memcpy(&value, buf, sizeof(value));
	return write_reg(edid, offset, value);
}

int vgpu_edid_access(struct vgpu_edid *edid, uint64_t offset, void *buf,
		     unsigned int len, bool write)
{
	if (offset < VGPU_EDID_OFFSET)
		return access_reg(edid, offset, buf, len, write);
	offset -= VGPU_EDID_OFFSET;
	if (offset > edid->regs.edid_size ||
	    len > edid->regs.edid_size - offset)
		return -EINVAL;
	if (write)
		memcpy(&edid->blob[offset], buf, len);
	else
		memcpy(buf, &edid->blob[offset], len);
	return 0;
}
