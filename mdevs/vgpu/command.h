/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands of the blitter, a few of gen9's in gen9's encoding. README.md
 * says which fields count.
 */
#ifndef VGPU_COMMAND_H
#define VGPU_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

struct vgpu;

#define VGPU_COMMAND_MAX 10 /* dwords */

/* Where commands come from; addresses of graphics memory, sizes in bytes. */
struct vgpu_stream {
	uint64_t base;
	uint32_t size; /* of a ring; 0: it does not wrap */
	uint64_t at; /* from base on */
	uint32_t left; /* until the ring's tail */
};

/* A command that is executed. Only the device's thread uses it. */
struct vgpu_exec {
	struct vgpu *vgpu;
	uint64_t status_page;
	uint64_t address; /* of the command */
	uint32_t dw[VGPU_COMMAND_MAX];
	bool in_batch;
	/* After -EFAULT: where, and was it a write. */
	uint64_t fault;
	bool fault_write;
};

/*
 * Fetch the next command whole, and move the stream behind it. 0; -EAGAIN:
 * its end is behind the tail; -EFAULT; -EINVAL: there is no such command.
 */
int vgpu_command_fetch(struct vgpu_exec *exec, struct vgpu_stream *stream);
/* Execute it. 0, -EFAULT, -EINVAL; -EINTR: the ring is halting. */
int vgpu_command_run(struct vgpu_exec *exec);
/* Access graphics memory for it: 0, -EFAULT, -EINTR. */
int vgpu_exec_rw(struct vgpu_exec *exec, uint64_t address, void *buf,
		 uint32_t len, bool write);

/* blit.c */
int vgpu_blit_fill(struct vgpu_exec *exec);
int vgpu_blit_copy(struct vgpu_exec *exec);

#endif
