// SPDX-License-Identifier: BSD-3-Clause
#include "region.h"

#include <errno.h>
#include <string.h>

#include "opregion.h"
#include "regs.h"
#include "vgpu.h"

static int access_config(struct vgpu *vgpu, uint64_t offset, void *buf,
			 unsigned int len, bool write)
{
	int ret;

	pthread_mutex_lock(&vgpu->lock);
	ret = write ? vgpu_config_write(&vgpu->config, offset, buf, len) :
		      vgpu_config_read(&vgpu->config, offset, buf, len);
	pthread_mutex_unlock(&vgpu->lock);
	return ret;
}

/* What the GTT does not map is the scratch page: it reads as 0. */
static int access_aperture(struct vgpu *vgpu, uint64_t offset, void *buf,
			   unsigned int len, bool write)
{
	uint64_t fault;

	if (offset >= VGPU_APERTURE_SIZE ||
	    !vgpu_gm_holds(&vgpu->gm, offset, len))
		return -EINVAL;
	if (vgpu_gtt_rw(&vgpu->gtt, offset, buf, len, write, &fault) && !write)
		memset(buf, 0, len);
	return 0;
}

static int access_edid(struct vgpu *vgpu, uint64_t offset, void *buf,
		       unsigned int len, bool write)
{
	int ret;

	pthread_mutex_lock(&vgpu->lock);
	ret = vgpu_edid_access(&vgpu->edid, offset, buf, len, write);
	pthread_mutex_unlock(&vgpu->lock);
	return ret;
}

static int access_region(struct vfio_device *vdev, uint64_t pos, void *buf,
			 unsigned int len, bool write)
{
	struct vgpu *vgpu = vfiod_get_drvdata(vdev);
	uint64_t offset = pos & VFIOD_OFFSET_MASK;

	switch (VFIOD_OFFSET_INDEX(pos)) {
	case VFIO_PCI_BAR0_REGION_INDEX:
		return vgpu_mmio_access(vgpu, offset, buf, len, write);
	case VFIO_PCI_BAR2_REGION_INDEX:
		return access_aperture(vgpu, offset, buf, len, write);
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return access_config(vgpu, offset, buf, len, write);
	case VGPU_OPREGION_INDEX:
		return write ? -EINVAL : vgpu_opregion_read(offset, buf, len);
	case VGPU_EDID_INDEX:
		return access_edid(vgpu, offset, buf, len, write);
	default:
		return -EINVAL;
	}
}

static int read_one(struct vfio_device *vdev, uint64_t pos, void *buf,
		    unsigned int len)
{
	return access_region(vdev, pos, buf, len, false);
}

static int write_one(struct vfio_device *vdev, uint64_t pos, void *buf,
		     unsigned int len)
{
	return access_region(vdev, pos, buf, len, true);
}

/* Entries of the GTT are accessed whole, all else by 4 bytes at most. */
static unsigned int widest(uint64_t pos)
{
	return VFIOD_OFFSET_INDEX(pos) == VFIO_PCI_BAR0_REGION_INDEX &&
			       (pos & VFIOD_OFFSET_MASK) >= VGPU_GTT_OFFSET ?
		       8 :
		       4;
}

/* Whatever goes wrong is EFAULT, also when some has been done before. */
static ssize_t access_all(struct vfio_device *vdev, void *buf, size_t count,
			  uint64_t pos, vfiod_access_fn *fn)
{
	ssize_t done = vfiod_rw_split(vdev, buf, count, pos, widest(pos), fn);

	return done == (ssize_t)count ? done : -EFAULT;
}

ssize_t vgpu_region_read(struct vfio_device *vdev, void *buf, size_t count,
			 uint64_t pos)
{
	return access_all(vdev, buf, count, pos, read_one);
}

ssize_t vgpu_region_write(struct vfio_device *vdev, const void *buf,
			  size_t count, uint64_t pos)
{
	/* write_one() does not change what it is given. */
	return access_all(vdev, (void *)(uintptr_t)buf, count, pos, write_one);
}
