/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vGPU. Its locks, in the order in which they are taken: ring.run_lock,
 * lock, gtt.lock, cache.lock. dma_unmap takes the last only, so it never waits
 * for a command, only for an access to a page or a pin.
 */
#ifndef VGPU_H
#define VGPU_H

#include <pthread.h>

#include <vfiod/plugin.h>

#include "cache.h"
#include "config.h"
#include "edid.h"
#include "gm.h"
#include "gtt.h"
#include "irq.h"
#include "mmio.h"
#include "ring.h"

struct vgpu {
	struct vfio_device *vdev; /* constant, as is gm */
	struct vgpu_gm gm;
	struct vgpu_cache cache;
	struct vgpu_gtt gtt;
	struct vgpu_ring ring;
	/* Guards what follows. */
	pthread_mutex_t lock;
	struct vgpu_config config;
	struct vgpu_mmio mmio;
	struct vgpu_edid edid;
	struct vgpu_irq irq;
};

#endif
