// SPDX-License-Identifier: BSD-3-Clause
#include "display.h"

#include <errno.h>

#include "regs.h"
#include "vgpu.h"

/* <drm/drm_fourcc.h>, <drm/drm_mode.h> and <drm/drm_plane.h>. */
#define FOURCC(a, b, c, d) \
	((uint32_t)(a) | (b) << 8 | (c) << 16 | (uint32_t)(d) << 24)
#define FORMAT_XRGB8888 FOURCC('X', 'R', '2', '4')
#define FORMAT_XBGR8888 FOURCC('X', 'B', '2', '4')
#define FORMAT_ARGB8888 FOURCC('A', 'R', '2', '4')
#define FORMAT_ABGR8888 FOURCC('A', 'B', '2', '4')
#define FORMAT_MOD_LINEAR 0
#define PLANE_PRIMARY 1
#define PLANE_CURSOR 2

#define PLANE_INFO_MINSZ 60

static uint32_t format_of(uint32_t ctl)
{
	if (ctl & PLANE_RGBX)
		return ctl & PLANE_ALPHA_MASK ? FORMAT_ABGR8888 :
						FORMAT_XBGR8888;
	return ctl & PLANE_ALPHA_MASK ? FORMAT_ARGB8888 : FORMAT_XRGB8888;
}

/*
 * With the lock. -ENODEV: it is off; -EINVAL: what cannot be shown; -EFAULT:
 * more than the vGPU's memory.
 */
static int decode_primary(struct vgpu *vgpu,
			  struct vfio_device_gfx_plane_info *info)
{
	const struct vgpu_mmio *mmio = &vgpu->mmio;
	uint32_t ctl = vgpu_mmio_get(mmio, PLANE_CTL);
	uint32_t src = vgpu_mmio_get(mmio, PIPE_SRC);
	uint64_t base = vgpu_mmio_get(mmio, PLANE_SURF) & ~0xfffU;

	if (!(vgpu_mmio_get(mmio, PIPE_CONF) & PIPE_ENABLE) ||
	    !(ctl & PLANE_ENABLE))
		return -ENODEV;
	if ((ctl & PLANE_FORMAT_MASK) != PLANE_FORMAT_8888 ||
	    (ctl & PLANE_TILED_MASK) ||
	    !(vgpu_gtt_get(&vgpu->gtt, base >> VGPU_PAGE_SHIFT) &
	      VGPU_PTE_VALID))
		return -EINVAL;
	info->drm_format = format_of(ctl);
	info->drm_format_mod = FORMAT_MOD_LINEAR;
	info->width = (src >> 16 & 0x1fff) + 1;
	info->height = (src & 0xfff) + 1;
	info->stride =
		(vgpu_mmio_get(mmio, PLANE_STRIDE) & PLANE_STRIDE_MASK) * 64;
	info->size = info->stride * info->height;
	if (!info->size)
		return -EINVAL;
	return vgpu_gm_holds(&vgpu->gm, base, info->size) ? 0 : -EFAULT;
}

/* The position and the hot spot are the cursor's; there is no cursor. */
static int query(struct vgpu *vgpu, struct vfio_device_gfx_plane_info *info)
{
	int ret;

	if (info->flags ==
	    (VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_DMABUF))
		return 0;
	if (info->flags != VFIO_GFX_PLANE_TYPE_DMABUF)
		return -EINVAL;
	if (info->drm_plane_type == PLANE_CURSOR)
		return 0;
	if (info->drm_plane_type != PLANE_PRIMARY)
		return -EINVAL;

	pthread_mutex_lock(&vgpu->lock);
	ret = decode_primary(vgpu, info);
	pthread_mutex_unlock(&vgpu->lock);
	if (ret)
		return ret == -ENODEV ? 0 : ret;
	info->x_pos = info->y_pos = 0;
	info->x_hot = info->y_hot = 0;
	info->dmabuf_id = 0; /* those of buffers begin with 1 */
	return 0;
}

long vgpu_display_query(struct vgpu *vgpu, uint64_t arg)
{
	struct vfio_device_gfx_plane_info info;
	int ret;

	if (vfiod_copy_from_user(&info, arg, PLANE_INFO_MINSZ))
		return -EFAULT;
	if (info.argsz < PLANE_INFO_MINSZ)
		return -EINVAL;
	ret = query(vgpu, &info);
	if (ret)
		return ret;
	return vfiod_copy_to_user(arg, &info, PLANE_INFO_MINSZ);
}

/* There is no buffer that could be meant: kvmgt's errno for that. */
long vgpu_display_get_dmabuf(struct vgpu *vgpu, uint64_t arg)
{
	uint32_t id;

	if (vfiod_copy_from_user(&id, arg, sizeof(id)))
		return -EFAULT;
	vfiod_log(vgpu->vdev, VFIOD_LOG_INFO,
		  "the display cannot be had as a dma-buf");
	return -EINVAL;
}
