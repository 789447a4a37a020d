// SPDX-License-Identifier: BSD-3-Clause
#include "ring.h"

#include <errno.h>

#include "command.h"
#include "regs.h"
#include "vgpu.h"

/* The registers when a command is fetched; addresses and sizes in bytes. */
struct view {
	uint64_t start;
	uint32_t size;
	uint32_t head;
	uint32_t left; /* from head to tail */
	unsigned int epoch;
};

void vgpu_ring_init(struct vgpu_ring *ring)
{
	pthread_mutex_init(&ring->run_lock, NULL);
	atomic_init(&ring->stops, 0);
}

void vgpu_ring_fini(struct vgpu_ring *ring)
{
	pthread_mutex_destroy(&ring->run_lock);
}

int vgpu_ring_start(struct vgpu_ring *ring)
{
	return ring->timer ? vfiod_timer_arm(ring->timer, 0) : 0;
}

void vgpu_ring_halt(struct vgpu_ring *ring)
{
	atomic_fetch_add(&ring->stops, 1);
	pthread_mutex_lock(&ring->run_lock);
}

void vgpu_ring_go_on(struct vgpu_ring *ring)
{
	atomic_fetch_sub(&ring->stops, 1);
	pthread_mutex_unlock(&ring->run_lock);
}

bool vgpu_ring_is_halting(struct vgpu_ring *ring)
{
	return atomic_load(&ring->stops);
}

/* False: there is nothing to do. With the lock. */
static bool look(struct vgpu *vgpu, struct view *v)
{
	const struct vgpu_mmio *mmio = &vgpu->mmio;
	uint32_t ctl = vgpu_mmio_get(mmio, BCS_CTL), tail;

	v->size = (ctl & RING_SIZE_MASK) + VGPU_PAGE_SIZE;
	v->start = vgpu_mmio_get(mmio, BCS_START) & ~(VGPU_PAGE_SIZE - 1);
	v->head = (vgpu_mmio_get(mmio, BCS_HEAD) & RING_OFFSET_MASK) % v->size;
	tail = (vgpu_mmio_get(mmio, BCS_TAIL) & RING_OFFSET_MASK) % v->size;
	v->left = (tail + v->size - v->head) % v->size;
	v->epoch = vgpu->ring.epoch;
	return (ctl & RING_VALID) && v->left && !vgpu_mmio_get(mmio, BCS_EIR);
}

/* One command; @used its bytes, 0 when its end is not there yet. */
static int run_one(struct vgpu_exec *exec, const struct view *v, uint32_t *used)
{
	struct vgpu_stream stream = { .base = v->start,
				      .size = v->size,
				      .at = v->head,
				      .left = v->left };
	int ret;

	*used = 0;
	ret = vgpu_command_fetch(exec, &stream);
	if (ret)
		return ret == -EAGAIN ? 0 : ret;
	ret = vgpu_command_run(exec);
	*used = v->left - stream.left;
	return ret;
}

static void put_acthd(struct vgpu_mmio *mmio, uint64_t address)
{
	vgpu_mmio_put(mmio, BCS_ACTHD, (uint32_t)address);
	vgpu_mmio_put(mmio, BCS_ACTHD_UDW, (uint32_t)(address >> 32));
}

/* The ring stands still at the command until the client clears EIR. */
static void put_error(struct vgpu *vgpu, const struct vgpu_exec *exec, int err)
{
	struct vgpu_mmio *mmio = &vgpu->mmio;
	uint32_t fault = RING_FAULT_VALID | RING_FAULT_BCS;

	put_acthd(mmio, exec->address);
	vgpu_mmio_put(mmio, BCS_IPEHR, exec->dw[0]);
	if (err == -EFAULT) {
		if (exec->fault_write)
			fault |= RING_FAULT_WRITE;
		vgpu_mmio_put(mmio, RING_FAULT, fault);
		vgpu_mmio_put(mmio, FAULT_TLB_DATA0,
			      (uint32_t)(exec->fault >> VGPU_PAGE_SHIFT));
		vgpu_mmio_put(mmio, FAULT_TLB_DATA1, FAULT_GGTT);
		vgpu_mmio_put(mmio, BCS_EIR, EIR_PAGE_TABLE);
	} else {
		vgpu_mmio_put(mmio, BCS_EIR, EIR_INSTRUCTION);
	}
	vgpu_irq_raise(vgpu, GT_BCS_ERROR);
}

/* Unless the client has set up the ring anew meanwhile. With the lock. */
static void done(struct vgpu *vgpu, const struct vgpu_exec *exec,
		 const struct view *v, uint32_t used, int ret)
{
	if (v->epoch != vgpu->ring.epoch || ret == -EINTR)
		return;
	if (ret) {
		put_error(vgpu, exec, ret);
		return;
	}
	vgpu_mmio_put(&vgpu->mmio, BCS_HEAD, (v->head + used) % v->size);
	put_acthd(&vgpu->mmio, exec->address);
}

/* True: there may be more. */
static bool step(struct vgpu *vgpu)
{
	struct vgpu_exec exec = { .vgpu = vgpu };
	uint32_t used;
	struct view v;
	bool ready;
	int ret;

	pthread_mutex_lock(&vgpu->lock);
	ready = look(vgpu, &v);
	exec.status_page = vgpu_mmio_get(&vgpu->mmio, BCS_HWS_PGA);
	pthread_mutex_unlock(&vgpu->lock);
	if (!ready)
		return false;

	ret = run_one(&exec, &v, &used);

	pthread_mutex_lock(&vgpu->lock);
	done(vgpu, &exec, &v, used, ret);
	pthread_mutex_unlock(&vgpu->lock);
	return used || ret;
}

static void run(void *arg)
{
	struct vgpu *vgpu = arg;

	pthread_mutex_lock(&vgpu->ring.run_lock);
	while (!vgpu_ring_is_halting(&vgpu->ring) && step(vgpu))
		;
	pthread_mutex_unlock(&vgpu->ring.run_lock);
}

int vgpu_ring_open(struct vgpu *vgpu)
{
	struct vfiod_timer *timer = vfiod_timer_new(vgpu->vdev, run, vgpu);

	if (!timer)
		return -errno;
	pthread_mutex_lock(&vgpu->lock);
	vgpu->ring.timer = timer;
	pthread_mutex_unlock(&vgpu->lock);
	return 0;
}

/* What has not been executed never will be: the ring is off. */
void vgpu_ring_close(struct vgpu *vgpu)
{
	struct vfiod_timer *timer;

	vgpu_ring_halt(&vgpu->ring);
	pthread_mutex_lock(&vgpu->lock);
	timer = vgpu->ring.timer;
	vgpu->ring.timer = NULL;
	vgpu_mmio_put(&vgpu->mmio, BCS_CTL, 0);
	vgpu->ring.epoch++;
	pthread_mutex_unlock(&vgpu->lock);
	vgpu_ring_go_on(&vgpu->ring);
	vfiod_timer_free(timer);
}
