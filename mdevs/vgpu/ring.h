/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The blitter's ring: commands in graphics memory between HEAD and TAIL,
 * executed by a timer of the device on the device's thread.
 */
#ifndef VGPU_RING_H
#define VGPU_RING_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <vfiod/plugin.h>

struct vgpu;

struct vgpu_ring {
	/* Held while commands run. The first of the device's locks. */
	pthread_mutex_t run_lock;
	/* How many want it to stand still; looked at between pages. */
	atomic_uint stops;
	/* struct vgpu's lock guards what follows. */
	struct vfiod_timer *timer; /* NULL while the device is closed */
	/* Counts changes of the registers other than TAIL: what was fetched
	 * before does not move HEAD after. */
	unsigned int epoch;
};

void vgpu_ring_init(struct vgpu_ring *ring);
void vgpu_ring_fini(struct vgpu_ring *ring);
/* The device is opened: 0 or an errno. The device is closed. */
int vgpu_ring_open(struct vgpu *vgpu);
void vgpu_ring_close(struct vgpu *vgpu);

/* Look at the registers soon; with struct vgpu's lock. 0 or -ENOMEM. */
int vgpu_ring_start(struct vgpu_ring *ring);
/*
 * From halt to go on no command runs; one that was running has been given up
 * between two pages. Without struct vgpu's lock.
 */
void vgpu_ring_halt(struct vgpu_ring *ring);
void vgpu_ring_go_on(struct vgpu_ring *ring);
bool vgpu_ring_is_halting(struct vgpu_ring *ring);

#endif
